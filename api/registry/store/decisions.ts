/** What the store decides about an object before it writes it: pure. */
import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from '../../../openapi/object.ts';
import { requestTooLarge } from '../../../openapi/status.ts';
import type { StorageError } from '../../storage/interface.ts';
import { type CachedObject, served } from '../../storage/watch-cache.ts';

/** What fits into a request fits into the store; patches must not make an object grow beyond that. */
const OBJECT_MAX_BYTES = 3 * 1024 * 1024;

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
  const bytes = served(stored, current.revision);
  if (bytes.length !== current.bytes.length) return false;
  if (bytes.equals(current.bytes)) return true;
  const { resourceVersion: _version, ...metadata } = current.object.metadata ?? {};
  return isDeepStrictEqual(JSON.parse(JSON.stringify(object)), { ...current.object, metadata });
}

/** Throws 413 for an object that is too large to be kept. */
export function checkSize(stored: Buffer): void {
  if (stored.length > OBJECT_MAX_BYTES) throw requestTooLarge(OBJECT_MAX_BYTES);
}
