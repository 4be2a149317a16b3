/**
 * Started by `durability.test.ts` as a process to be killed: writes without end, several at once, and prints
 * `key revision` for each write that was acknowledged. With `big` it writes until the disk is full, prints
 * `refused code`, then writes something small and prints `after revision`. With `relaxed` it does not wait for the disk.
 */
import { writeSync } from 'node:fs';
import { StorageError } from '../interface.ts';
import { openLmdb } from './lmdb.ts';

const [, , directory = '', mode] = process.argv;
const storage = await openLmdb(directory, { durability: mode === 'relaxed' ? 'relaxed' : 'strict' });

async function write(key: string, value = Buffer.from(`value of ${key}`)): Promise<void> {
  const revision = await storage.create(key, value);
  writeSync(1, `${key} ${revision}\n`);
}

async function writeForever(lane: number): Promise<void> {
  for (let i = 0; ; i++) await write(`/${lane}/${i}`);
}

async function fillDisk(): Promise<void> {
  try {
    for (let i = 0; ; i++) await write(`/big/${i}`, Buffer.alloc(50_000));
  } catch (error) {
    writeSync(1, `refused ${error instanceof StorageError ? error.code : error}\n`);
  }
  writeSync(1, `after ${await storage.create('/small', Buffer.from('1'))}\n`);
  await storage.close();
}

if (mode === 'big') await fillDisk();
else await Promise.all([0, 1, 2, 3].map(writeForever));
