import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { messageOf } from '../../../base/errors.ts';
import { seededRandom } from '../../../base/random.ts';
import { type Storage, StorageError, type StorageErrorCode } from '../interface.ts';
import { collectUntil, failsWith, fillAtOnce } from '../suite-support.ts';
import { openLmdb } from './lmdb.ts';

const WRITER = fileURLToPath(import.meta.url).replace(/durability\.test\.(js|ts)$/, 'writer.fixture.$1');

/** A test with a directory of its own, and no process left behind. */
function withDirectory(test: (directory: string, children: ChildProcess[]) => Promise<void>) {
  return async () => {
    const directory = await mkdtemp(join(tmpdir(), 'kubets-lmdb-'));
    const children: ChildProcess[] = [];
    try {
      await test(directory, children);
    } finally {
      for (const child of children) child.kill('SIGKILL');
      await rm(directory, { recursive: true });
    }
  };
}

/** A process that writes without end and says what was acknowledged, a line each: `key revision`. */
function startWriter(directory: string, children: ChildProcess[], shell = 'exec "$@"') {
  const child = spawn('/bin/sh', ['-c', shell, 'sh', process.execPath, WRITER, directory]);
  children.push(child);
  const lines: string[] = [];
  createInterface(child.stdout).on('line', (line) => lines.push(line));
  let errors = '';
  child.stderr.on('data', (data) => {
    errors += data;
  });
  const closed = once(child, 'close');
  const until = async (count: number) => {
    while (lines.length < count) {
      if (child.exitCode !== null) throw new Error(`the writer ended: ${errors}`);
      await Promise.race([once(child.stdout, 'data'), closed]);
    }
  };
  return { child, lines, until, closed };
}

async function requireWritten(storage: Storage, lines: readonly string[]): Promise<void> {
  for (const line of lines) {
    const [key = '', revision] = line.split(' ');
    const { item } = await storage.get(key);
    assert.equal(String(item?.modRevision), revision, key);
    assert.equal(item?.value.toString(), `value of ${key}`);
  }
}

async function refuses(directory: string, code: StorageErrorCode, message: RegExp): Promise<void> {
  const opened = openLmdb(directory);
  await assert.rejects(opened, (error) => {
    assert.ok(error instanceof StorageError, messageOf(error));
    assert.equal(error.code, code, messageOf(error));
    assert.match(messageOf(error), message);
    return true;
  });
}

describe('a process killed while it writes', () => {
  const random = seededRandom(7);
  for (let round = 1; round <= 4; round++) {
    it(
      `loses nothing that was acknowledged (round ${round})`,
      withDirectory(async (directory, children) => {
        const writer = startWriter(directory, children);
        await writer.until(20 + Math.floor(random.next() * 400));
        writer.child.kill('SIGKILL');
        await writer.closed;
        const storage = await openLmdb(directory);
        await requireWritten(storage, writer.lines);
        const { items, revision } = await storage.list('/');
        assert.equal(items.length, revision, 'nothing is there in half');
        assert.equal((await collectUntil(storage, '/', 0, revision)).length, revision);
        assert.equal(await storage.create('/next', Buffer.from('1')), revision + 1);
        await storage.close();
      }),
    );
  }
});

describe('the lock of a store', () => {
  it(
    'refuses another process, and says who has it',
    withDirectory(async (directory, children) => {
      const writer = startWriter(directory, children);
      await writer.until(1);
      await refuses(directory, 'Unavailable', new RegExp(`in use by process ${writer.child.pid}.*stop that one first`));
    }),
  );

  it(
    'refuses a second opening in the same process, until the first is closed',
    withDirectory(async (directory) => {
      const storage = await openLmdb(directory);
      await refuses(directory, 'Unavailable', /in use by this process/);
      await storage.create('/a', Buffer.from('1'));
      await storage.close();
      const again = await openLmdb(directory);
      assert.equal(await again.revision(), 1);
      await again.close();
    }),
  );

  it(
    'is taken over from a process that is dead, also when its id is in use again',
    withDirectory(async (directory) => {
      for (const owner of [
        { pid: 2 ** 22 + 1, started: 'boot 1' },
        { pid: process.pid, started: 'another-boot 1' },
      ]) {
        await writeFile(join(directory, 'owner'), JSON.stringify(owner));
        await (await openLmdb(directory)).close();
      }
    }),
  );
});

describe('the files of a store', () => {
  it(
    'are private, even where the directory was not',
    withDirectory(async (directory) => {
      await chmod(directory, 0o755);
      const storage = await openLmdb(directory);
      const mode = async (file: string) => ((await stat(join(directory, file))).mode & 0o777).toString(8);
      assert.equal(await mode('.'), '700');
      for (const file of await readdir(directory)) assert.equal(await mode(file), '600', file);
      await storage.close();
    }),
  );

  it(
    'may be in a directory that does not exist, whatever its name',
    withDirectory(async (directory) => {
      const storage = await openLmdb(join(directory, 'deep', 'store.v1'));
      await storage.create('/a', Buffer.from('1'));
      await storage.close();
    }),
  );

  it(
    'grow beyond the address space that was reserved at first',
    withDirectory(async (directory) => {
      const storage = await openLmdb(directory, { mapSizeBytes: 256 * 1024 });
      for (let i = 0; i < 8; i++) await storage.create(`/${i}`, Buffer.alloc(500_000, i));
      await fillAtOnce(
        storage,
        Array.from({ length: 2_000 }, (_, i) => `/many/${i}`),
      );
      assert.ok((await storage.get('/7')).item?.value.equals(Buffer.alloc(500_000, 7)));
      assert.equal((await storage.list('/many/')).items.length, 2_000);
      await storage.close();
    }),
  );

  it(
    'stop growing when the same keys are written again and again',
    withDirectory(async (directory) => {
      const storage = await openLmdb(directory, { history: { entries: 50 } });
      const size = async () => (await stat(join(directory, 'data.mdb'))).size;
      let revision = await storage.create('/a', Buffer.alloc(2_000));
      const rewrite = async () => {
        for (let i = 0; i < 100; i++) revision = await storage.update('/a', Buffer.alloc(2_000, i), revision);
        return size();
      };
      await rewrite();
      const settled = await rewrite();
      for (let i = 0; i < 3; i++) await rewrite();
      assert.ok((await size()) <= settled * 1.5, `${await size()} after ${settled}`);
      assert.ok((await failsWith('Compacted', storage.list('/', { revision: 1 }))).revision >= revision - 50);
      assert.equal((await collectUntil(storage, '/', revision - 40, revision)).length, 40);
      await storage.close();
    }),
  );
});

describe('a store that is not in order', () => {
  const openedOnce = async (directory: string) => {
    const storage = await openLmdb(directory);
    await fillAtOnce(
      storage,
      Array.from({ length: 500 }, (_, i) => `/${i}/${'x'.repeat(200)}`),
    );
    await storage.close();
    return join(directory, 'data.mdb');
  };

  it(
    'is refused when the file is something else',
    withDirectory(async (directory) => {
      await writeFile(join(directory, 'data.mdb'), 'hello '.repeat(2_000));
      await refuses(directory, 'Damaged', /not a store/);
      await writeFile(join(directory, 'data.mdb'), 'short');
      await refuses(directory, 'Damaged', /not a store/);
    }),
  );

  it(
    'is refused when half of the file is missing',
    withDirectory(async (directory) => {
      const file = await openedOnce(directory);
      await truncate(file, Math.floor((await stat(file)).size / 2));
      await refuses(directory, 'Damaged', /damaged/);
    }),
  );

  it(
    'is refused when a value has changed on disk',
    withDirectory(async (directory) => {
      const file = await openedOnce(directory);
      const content = await readFile(file);
      const at = content.lastIndexOf('/250/xxx');
      for (let i = content.indexOf('/250/xxx'); i >= 0; i = content.indexOf('/250/xxx', i + 1)) content[i + 100] = 0x79;
      assert.ok(at > 0);
      await writeFile(file, content);
      await refuses(
        directory,
        'Damaged',
        /data.mdb is damaged: the record of \/250\/[xy]+ has changed.*`kubets store check`/,
      );
    }),
  );

  it(
    'is refused when a newer version wrote it',
    withDirectory(async (directory) => {
      const file = await openedOnce(directory);
      const content = await readFile(file, 'latin1');
      await writeFile(file, content.replaceAll('"version":2}', '"version":3}'), 'latin1');
      await refuses(directory, 'Damaged', /written by a newer kubets \(format 3, this one reads 2\)/);
    }),
  );

  it(
    'leaves no lock behind when it is refused',
    withDirectory(async (directory) => {
      await writeFile(join(directory, 'data.mdb'), 'hello '.repeat(2_000));
      await refuses(directory, 'Damaged', /damaged/);
      assert.deepEqual(await readdir(directory), ['data.mdb']);
    }),
  );
});

describe('a disk that is full', () => {
  it(
    'refuses the write, leaves everything as it was, and takes writes again that fit',
    withDirectory(async (directory, children) => {
      // The limit is on the size of a file, in blocks of 512 bytes; without the trap exceeding it is fatal.
      const writer = startWriter(directory, children, 'trap "" XFSZ; ulimit -f 2000; exec "$@" big');
      await writer.closed;
      const [refused, after] = writer.lines.slice(-2);
      assert.match(refused ?? '', /^refused Unavailable$/);
      assert.match(after ?? '', /^after /);
      const acknowledged = writer.lines.slice(0, -2);
      assert.ok(acknowledged.length > 0);
      const storage = await openLmdb(directory);
      await requireWritten(
        storage,
        acknowledged.filter((line) => !line.startsWith('/big')),
      );
      assert.equal(await storage.revision(), Number(after?.split(' ')[1]));
      assert.equal((await storage.list('/')).items.length, acknowledged.length + 1);
      await storage.close();
    }),
  );
});
