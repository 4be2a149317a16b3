/** For tests of stores on disk: folders of their own, a store with a past, and all that can be read of one. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '../../../base/errors.ts';
import { type Storage, StorageError, type StorageErrorCode } from '../interface.ts';
import { collectUntil } from '../suite-support.ts';
import { openLmdb } from './lmdb.ts';

/** A test with a folder of its own. */
export function withFolder(test: (folder: string) => Promise<void>) {
  return async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kubets-lmdb-'));
    try {
      await test(folder);
    } finally {
      await rm(folder, { recursive: true });
    }
  };
}

/** Everything there is to read, as one text: objects, and history as far as it goes back. */
export async function contentOf(storage: Storage): Promise<string> {
  const { items, revision } = await storage.list('/');
  const oldest = await storage.list('/', { revision: 0 }).then(
    () => 0,
    (error: unknown) => (error instanceof StorageError ? error.revision : Promise.reject(error)),
  );
  const events = oldest === revision ? [] : await collectUntil(storage, '/', oldest, revision);
  return JSON.stringify({ items, revision, oldest, events });
}

/** Writes, overwrites and deletes, small and large: trees of several levels, values on pages of their own, free pages. */
export async function writeSomething(storage: Storage): Promise<void> {
  const revisions: number[] = [];
  for (let i = 0; i < 300; i++) revisions.push(await storage.create(`/k/${i}`, Buffer.alloc(i % 50 ? 150 : 9_000, i)));
  for (let i = 0; i < 300; i += 3) {
    revisions[i] = await storage.update(`/k/${i}`, Buffer.alloc(i % 5 ? 100 : 5_000, 'u'), revisions[i]!);
  }
  for (let i = 1; i < 300; i += 5) await storage.delete(`/k/${i}`, revisions[i]!);
}

/** Opening must fail, in these words. */
export async function refuses(folder: string, code: StorageErrorCode, message: RegExp): Promise<void> {
  await assert.rejects(openLmdb(folder), (error) => {
    assert.ok(error instanceof StorageError, messageOf(error));
    assert.equal(error.code, code, messageOf(error));
    assert.match(messageOf(error), message);
    return true;
  });
}
