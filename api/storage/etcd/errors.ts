/** `StorageError`s of this engine. */
import { StorageError } from '../interface.ts';
import { EtcdFailure } from './failure.ts';

/** `oldest`: the revision of the last compaction. */
export function compacted(key: string, asked: number, oldest: number): StorageError {
  return new StorageError('Compacted', key, `revision ${asked} is too old, the oldest kept is ${oldest}`, oldest);
}

export function unavailable(key: string, message: string, cause?: unknown): StorageError {
  return new StorageError('Unavailable', key, message, 0, cause === undefined ? {} : { cause });
}

/** For a write that etcd may have carried out, or may yet. */
export function outcomeUnknown(key: string, cause: unknown): StorageError {
  const message = 'etcd did not answer in time: the write may have been made';
  return new StorageError('Timeout', key, message, 0, { cause });
}

/** What a reader, or a writer of whose write nothing came, is told. */
export function asStorageError(error: unknown, key: string): unknown {
  if (!(error instanceof EtcdFailure)) return error;
  if (/request is too large|larger than max/.test(error.message)) {
    return new StorageError('TooLarge', key, 'etcdserver: request is too large');
  }
  return unavailable(key, `etcd: ${error.message}`, error);
}
