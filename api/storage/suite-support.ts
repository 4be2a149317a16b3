/** What the parts of the storage suite share. */
import assert from 'node:assert/strict';
import { type Storage, StorageError, type StorageErrorCode, type StorageEvent, type WatchBatch } from './interface.ts';

export interface OpenedStorage {
  /** Empty. */
  storage: Storage;
  /** Opens the same store again, after it was closed; absent where an engine keeps nothing. */
  reopen?(): Promise<Storage>;
  /** Releases everything, also when `storage` is closed already. */
  cleanup(): Promise<void>;
}

export type OpenStorage = () => Promise<OpenedStorage>;

/** A test with a store of its own. */
export function withStorage(open: OpenStorage, test: (storage: Storage, opened: OpenedStorage) => Promise<void>) {
  return async () => {
    const opened = await open();
    try {
      await test(opened.storage, opened);
    } finally {
      await opened.cleanup();
    }
  };
}

export async function failsWith(code: StorageErrorCode, promise: Promise<unknown>): Promise<StorageError> {
  let caught: unknown;
  await assert.rejects(promise, (error) => {
    caught = error;
    assert.ok(error instanceof StorageError, String(error));
    assert.equal(error.code, code);
    return true;
  });
  return caught as StorageError;
}

export const bytes = (text: string) => Buffer.from(text);

/** Creates the keys one after the other, each with itself as its value; returns their revisions. */
export async function fill(storage: Storage, keys: readonly string[]): Promise<number[]> {
  const revisions: number[] = [];
  for (const key of keys) revisions.push(await storage.create(key, bytes(key)));
  return revisions;
}

/** Creates the keys at once, in whatever order; returns their revisions. */
export function fillAtOnce(storage: Storage, keys: readonly string[]): Promise<number[]> {
  return Promise.all(keys.map((key) => storage.create(key, bytes(key))));
}

/** Reads batches until `enough`, then ends the watch. */
export async function collect(
  storage: Storage,
  prefix: string,
  after: number,
  enough: (events: StorageEvent[], batch: WatchBatch) => boolean,
): Promise<StorageEvent[]> {
  const abort = new AbortController();
  const events: StorageEvent[] = [];
  for await (const batch of storage.watch(prefix, after, abort.signal)) {
    assert.ok(batch.events.every((event) => event.revision <= batch.revision));
    events.push(...batch.events);
    if (enough(events, batch)) abort.abort();
  }
  return events;
}

/** The events up to `revision`. */
export function collectUntil(storage: Storage, prefix: string, after: number, revision: number) {
  return collect(storage, prefix, after, (_, batch) => batch.revision >= revision);
}

/** `put /a@3=x<w@1`, for comparing at a glance. */
export function describeEvent(event: StorageEvent): string {
  const before = event.previous ? `<${event.previous.value}@${event.previous.modRevision}` : '';
  const after = event.type === 'put' ? `=${event.value}` : '';
  return `${event.type} ${event.key}@${event.revision}${after}${before}`;
}

export function first<T>(items: Iterable<T>): T {
  for (const item of items) return item;
  throw new Error('bug: there is no first item');
}
