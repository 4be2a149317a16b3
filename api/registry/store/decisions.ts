/** What the store decides about an object before it writes it: pure. */
import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from '../../../openapi/object.ts';
import { type FieldError, requestTooLarge } from '../../../openapi/status.ts';
import type { StorageError } from '../../storage/interface.ts';
import type { CachedObject } from '../../storage/watch-cache.ts';
import { tooLong } from '../validation/errors.ts';

/** What fits into a request fits into the store; patches must not make an object grow beyond that. */
const OBJECT_MAX_BYTES = 3 * 1024 * 1024;

/** What every engine has room for; etcd alone would have more. */
const KEY_MAX_BYTES = 1900;

/** Whether another write came first. */
export function isRace(error: StorageError): boolean {
  return error.code === 'Conflict' || error.code === 'NotFound';
}

/** A deleted object whose last finalizer went, and whose grace period is over, is to be removed by this very update. */
export function isFinished(object: KubeObject, held: ((object: KubeObject) => boolean) | undefined): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, finalizers = [] } = object.metadata ?? {};
  return (
    deletionTimestamp !== undefined &&
    deletionGracePeriodSeconds === 0 &&
    finalizers.length === 0 &&
    held?.(object) !== true
  );
}

/** Whether a write of `object`, which is encoded as `stored`, would change nothing. */
export function isSame(stored: Buffer, object: KubeObject, current: CachedObject): boolean {
  if (stored.length !== current.size) return false;
  if (current.isStoredAs(stored)) return true;
  const { resourceVersion: _version, ...metadata } = current.object.metadata ?? {};
  return isDeepStrictEqual(JSON.parse(JSON.stringify(object)), { ...current.object, metadata });
}

/** Throws 413 for an object that is too large to be kept. */
export function checkSize(stored: Buffer): void {
  if (stored.length > OBJECT_MAX_BYTES) throw requestTooLarge(OBJECT_MAX_BYTES);
}

/** What is wrong with a name that makes too long a key. Some kinds' names may be of any length. */
export function keyErrors(key: string, name: string): FieldError[] {
  const bytes = Buffer.byteLength(key);
  return bytes <= KEY_MAX_BYTES ? [] : [tooLong('metadata.name', KEY_MAX_BYTES - bytes + Buffer.byteLength(name))];
}
