import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Storage } from '../interface.ts';
import { runStorageSuite } from '../suite.ts';
import { openLmdb } from './lmdb.ts';

runStorageSuite('lmdb', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'kubets-lmdb-'));
  const opened: Storage[] = [];
  const open = async () => {
    const storage = await openLmdb(directory);
    opened.push(storage);
    return storage;
  };
  const cleanup = async () => {
    for (const storage of opened) await storage.close();
    await rm(directory, { recursive: true });
  };
  return { storage: await open(), reopen: open, cleanup };
});
