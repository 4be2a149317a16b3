/** A disk that is full, which a small file system in memory stands for: mounting one needs root. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { seededRandom } from '../../../base/random.ts';
import { type Storage, StorageError } from '../interface.ts';
import { failsWith } from '../suite-support.ts';
import { writeError } from './disk-full.ts';
import { inspect } from './inspect.ts';
import { withFolder } from './lmdb.fixture.ts';
import { openLmdb } from './lmdb.ts';
import { checkStore } from './maintenance.ts';

const run = promisify(execFile);
const FULL = /no space left for the store in \S+: nothing was written; make room on its disk or delete objects/;

function withSmallDisk(test: (disk: string) => Promise<void>) {
  return withFolder(async (folder) => {
    const disk = join(folder, 'disk');
    await mkdir(disk);
    await run('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', disk]);
    try {
      await test(disk);
    } finally {
      await run('umount', ['-l', disk]);
    }
  });
}

/** Writes until nothing more goes; gives the revision of each key that was acknowledged. */
async function fillUp(storage: Storage, size: number): Promise<Map<string, number>> {
  const written = new Map<string, number>();
  for (let i = 0; ; i++) {
    const key = `/${size}/${i}`;
    try {
      written.set(key, await storage.create(key, Buffer.alloc(size, i)));
    } catch (error) {
      assert.ok(error instanceof StorageError && error.code === 'Unavailable', String(error));
      assert.match(error.message, FULL);
      return written;
    }
  }
}

async function requireAll(storage: Storage, written: Map<string, number>): Promise<void> {
  const { items } = await storage.list('/');
  assert.deepEqual(new Map(items.map(({ key, modRevision }) => [key, modRevision])), written);
}

describe('writeError', () => {
  const as = (code: number) => writeError(Object.assign(new Error(`lmdb ${code}`), { code }), '/store');
  const cases: [string, number, RegExp][] = [
    ['no room on the disk', 28, FULL],
    ['a file of the greatest size there may be', 27, FULL],
    ['a quota that is used up', 122, FULL],
    ['no address space to map more of the file into (MDB_MAP_FULL)', -30792, FULL],
    ['a write that was cut short', 5, FULL],
    ['anything else', -30778, /^cannot write to the store in \/store: nothing was written$/],
  ];
  for (const [what, code, message] of cases) {
    it(`tells ${what}`, () => {
      const error = as(code);
      assert.equal(error.code, 'Unavailable');
      assert.match(error.message, message);
    });
  }
});

describe('a full disk', () => {
  it(
    'refuses writes, reads on, lets objects be deleted, and takes writes again that fit',
    withSmallDisk(async (disk) => {
      const storage = await openLmdb(disk);
      const written = await fillUp(storage, 200_000);
      for (const [key, revision] of await fillUp(storage, 3_000)) written.set(key, revision);
      await requireAll(storage, written);
      await failsWith('Unavailable', storage.create('/large', Buffer.alloc(500_000)));
      for (const [key, revision] of [...written].slice(0, 8)) {
        await storage.delete(key, revision);
        written.delete(key);
      }
      written.set('/large', await storage.create('/large', Buffer.alloc(500_000)));
      await requireAll(storage, written);
      await storage.close();
      assert.equal((await checkStore(disk)).summary.count, written.size);
      const again = await openLmdb(disk);
      await requireAll(again, written);
      await again.close();
    }),
  );

  it(
    'takes writes again when others have made room',
    withSmallDisk(async (disk) => {
      const [storage, ballast] = [await openLmdb(join(disk, 'store')), join(disk, 'ballast')];
      await writeFile(ballast, Buffer.alloc(4 * 1024 ** 2));
      const written = await fillUp(storage, 50_000);
      await rm(ballast);
      written.set('/more', await storage.create('/more', Buffer.alloc(1_000_000)));
      await requireAll(storage, written);
      await storage.close();
      await checkStore(join(disk, 'store'));
    }),
  );

  it(
    'gives up history before it refuses a write',
    withSmallDisk(async (disk) => {
      const storage = await openLmdb(disk);
      let revision = await storage.create('/a', Buffer.alloc(100_000));
      for (let i = 0; i < 300; i++) revision = await storage.update('/a', Buffer.alloc(100_000, i), revision);
      assert.equal(revision, 301);
      await failsWith('Compacted', storage.list('/', { revision: 1 }));
      assert.ok((await statfs(disk)).bavail > 0);
      await storage.close();
      await checkStore(disk);
    }),
  );

  it(
    'never leaves half a write behind, whatever is written when',
    withSmallDisk(async (disk) => {
      const random = seededRandom(3);
      const storage = await openLmdb(disk);
      const written = new Map<string, number>();
      let refusals = 0;
      const write = async () => {
        const key = `/${Math.floor(random.next() * 60)}`;
        const revision = written.get(key);
        const value = Buffer.alloc(Math.floor(random.next() ** 4 * 800_000));
        try {
          if (revision === undefined) written.set(key, await storage.create(key, value));
          else if (random.next() < 0.3) await storage.delete(key, revision).then(() => written.delete(key));
          else written.set(key, await storage.update(key, value, revision));
        } catch (error) {
          assert.ok(error instanceof StorageError && error.code === 'Unavailable', String(error));
          refusals++;
        }
      };
      for (let i = 0; i < 400; i++) await write();
      assert.ok(refusals > 10, `${refusals} refused`);
      await requireAll(storage, written);
      await storage.close();
      assert.equal(inspect(join(disk, 'data.mdb'))?.summary.count, written.size);
    }),
  );
});
