import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { failsWith } from '../suite-support.ts';
import { openTables } from './environment.ts';
import { inspect } from './inspect.ts';
import { contentOf, refuses, withFolder, writeSomething } from './lmdb.fixture.ts';
import { openLmdb } from './lmdb.ts';
import { backupStore, checkStore, restoreStore } from './maintenance.ts';
import { encodeChange, encodeObject, revisionKey } from './records.ts';

const WRITER = fileURLToPath(import.meta.url).replace(/maintenance\.test\.(js|ts)$/, 'writer.fixture.$1');

async function filled(folder: string): Promise<{ store: string; content: string }> {
  const store = join(folder, 'store');
  const storage = await openLmdb(store, { history: { entries: 250 }, durability: 'relaxed' });
  await writeSomething(storage);
  const content = await contentOf(storage);
  await storage.close();
  return { store, content };
}

async function contentIn(store: string): Promise<string> {
  const storage = await openLmdb(store);
  const content = await contentOf(storage);
  await storage.close();
  return content;
}

/** A process that writes without end; `written` gives what it has been told is written. */
async function withWriter(store: string, use: (written: () => string[], child: ChildProcess) => Promise<void>) {
  const child = spawn(process.execPath, [WRITER, store, 'relaxed'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  try {
    const lines: string[] = [];
    const reader = createInterface(child.stdout!);
    reader.on('line', (line) => lines.push(line));
    await once(reader, 'line');
    await use(() => [...lines], child);
  } finally {
    child.kill('SIGKILL');
    await closed;
  }
}

describe('checkStore', () => {
  it(
    'says what there is',
    withFolder(async (folder) => {
      const { store } = await filled(folder);
      const found = await checkStore(store);
      assert.equal(found.summary.count, 240);
      assert.equal(found.revision, 460);
      assert.equal(found.changes, found.revision - found.compacted);
      assert.ok(found.changes > 200 && found.changes <= 250, `${found.changes} changes`);
      assert.deepEqual(await readdir(store), ['data.mdb', 'lock.mdb'], 'no lock is left');
    }),
  );

  it(
    'says that there is no store where there is none, and makes none',
    withFolder(async (folder) => {
      await failsWith('Unavailable', checkStore(join(folder, 'store')));
      assert.deepEqual(await readdir(folder), []);
    }),
  );

  it(
    'finds every store sound, and more in each, while another process writes to it',
    withFolder(async (folder) => {
      await withWriter(folder, async (written) => {
        let last = 0;
        for (let i = 0; i < 15; i++) {
          const before = written().length;
          const { revision, summary } = await checkStore(folder);
          assert.equal(summary.count, revision);
          assert.ok(revision >= before && revision >= last, `${revision} after ${before} writes`);
          last = revision;
        }
        assert.ok(last > 100);
      });
    }),
  );

  it(
    'notices that history and objects contradict each other',
    withFolder(async (folder) => {
      const { store } = await filled(folder);
      const tables = openTables(store, {});
      const change = { type: 'put' as const, key: '/k/0', revision: 460 };
      tables.root.transactionSync(() => void tables.changes.put(revisionKey(460), encodeChange(change)));
      await tables.root.close();
      const { message } = await failsWith('Damaged', checkStore(store));
      assert.match(message, /\/k\/0/);
    }),
  );
});

describe('backupStore and restoreStore', () => {
  it(
    'bring objects back, with revisions that were never used and a history that begins anew',
    withFolder(async (folder) => {
      const { store, content } = await filled(folder);
      const file = join(folder, 'backup');
      await backupStore(store, file);
      assert.deepEqual((await readdir(folder)).sort(), ['backup', 'store']);
      assert.equal(((await stat(file)).mode & 0o777).toString(8), '600');
      assert.equal(await contentIn(store), content, 'the store is as it was');

      const restored = join(folder, 'elsewhere', 'store');
      await restoreStore(file, restored, false);
      const storage = await openLmdb(restored);
      const { items, revision } = await storage.list('/');
      assert.deepEqual(JSON.parse(JSON.stringify(items)), JSON.parse(content).items);
      assert.ok(revision > 1_000_000, `${revision}`);
      await failsWith('Compacted', storage.list('/', { revision: 460 }));
      assert.equal(await storage.create('/next', Buffer.from('1')), revision + 1);
      await storage.close();
    }),
  );

  it(
    'keep what was acknowledged before, while another process writes',
    withFolder(async (folder) => {
      const [store, file] = [join(folder, 'store'), join(folder, 'backup')];
      await withWriter(store, async (written, child) => {
        for (let i = 0; i < 5; i++) {
          const before = written();
          const { revision } = await backupStore(store, file);
          assert.ok(revision >= before.length);
          const restored = join(folder, `restored-${i}`);
          await restoreStore(file, restored, false);
          const storage = await openLmdb(restored);
          const keys = new Set((await storage.list('/')).items.map(({ key }) => key));
          for (const line of before) assert.ok(keys.has(line.split(' ')[0]!), line);
          await storage.close();
        }
        assert.equal(child.exitCode, null, 'the writer goes on');
      });
      await checkStore(store);
    }),
  );

  it(
    'do not restore over a store, but by force',
    withFolder(async (folder) => {
      const { store } = await filled(folder);
      const file = join(folder, 'backup');
      await backupStore(store, file);
      const storage = await openLmdb(store);
      await storage.create('/lost', Buffer.from('1'));
      assert.match((await failsWith('Unavailable', restoreStore(file, store, true))).message, /in use by this process/);
      await storage.close();
      assert.match((await failsWith('Unavailable', restoreStore(file, store, false))).message, /--force/);
      assert.match(await contentIn(store), /\/lost/);
      await restoreStore(file, store, true);
      assert.doesNotMatch(await contentIn(store), /\/lost/);
    }),
  );

  it(
    'do not restore from what is damaged, or no backup at all',
    withFolder(async (folder) => {
      const { store, content } = await filled(folder);
      const file = join(folder, 'backup');
      await backupStore(store, file);
      const backup = await readFile(file);
      backup[backup.lastIndexOf('uuuu')]! ^= 1;
      for (const bad of [backup, backup.subarray(0, 50_000), Buffer.from('hello '.repeat(2_000))]) {
        await writeFile(file, bad);
        await failsWith('Damaged', restoreStore(file, store, true));
      }
      await failsWith('Unavailable', restoreStore(join(folder, 'nothing'), store, true));
      assert.equal(await contentIn(store), content);
      assert.deepEqual((await readdir(store)).sort(), ['data.mdb', 'lock.mdb']);
    }),
  );

  it(
    'leave a store that is not opened where a restore was cut short, until it is done again or given up',
    withFolder(async (folder) => {
      const { store } = await filled(folder);
      const file = join(folder, 'backup');
      await backupStore(store, file);
      for (const half of [Buffer.alloc(0), (await readFile(file)).subarray(0, 50_000)]) {
        await mkdir(join(store, 'restoring'));
        await writeFile(join(store, 'restoring', 'data.mdb'), half);
        await refuses(store, 'Damaged', /a restore did not come to its end\. Run it again, or delete \S+restoring/);
        await restoreStore(file, store, true);
        assert.equal(JSON.parse(await contentIn(store)).items.length, 240);
      }
    }),
  );
});

describe('a store of the first version', () => {
  it(
    'is taken over with all its objects and its history',
    withFolder(async (folder) => {
      const tables = openTables(folder, {});
      const value = Buffer.from('value');
      tables.root.transactionSync(() => {
        void tables.objects.put(Buffer.from('/a'), encodeObject(value, 1));
        void tables.changes.put(revisionKey(1), encodeChange({ type: 'put', key: '/a', revision: 1 }));
        void tables.meta.put(Buffer.from('state'), Buffer.from('fbc05f1600000000000000010000000000000000', 'hex'));
        void tables.meta.put(Buffer.from('format'), Buffer.from('{"format":"kubets","version":1}'));
      });
      await tables.root.close();
      const storage = await openLmdb(folder);
      assert.deepEqual((await storage.get('/a')).item, { key: '/a', value, modRevision: 1 });
      assert.equal(await storage.create('/b', value), 2);
      await storage.close();
      const found = inspect(join(folder, 'data.mdb'));
      assert.equal(found?.version, 2);
      assert.equal(found?.summary.count, 2);
    }),
  );
});
