/** A store's file damaged on purpose, in many places: it is refused in clear words, or nothing is missing from it. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '../../../base/random.ts';
import { StorageError } from '../interface.ts';
import { inspect } from './inspect.ts';
import { contentOf, refuses, withFolder, writeSomething } from './lmdb.fixture.ts';
import { openLmdb } from './lmdb.ts';

const PAGE = 4096;
/** Of the pages that tell where everything else is. */
const META_BYTES = 168;
/** `DAMAGE=long` tries ten times as many places. */
const OFTEN = process.env.DAMAGE === 'long' ? 10 : 1;
const CLEAR = /data\.mdb (is damaged: .+\. Nothing was changed; .*`kubets store check`|was written by a newer kubets)/;

describe('a store that was damaged', () => {
  let folder: string;
  let sound: Buffer;
  let content: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kubets-damage-'));
    const storage = await openLmdb(folder, { history: { entries: 250 }, durability: 'relaxed' });
    await writeSomething(storage);
    content = await contentOf(storage);
    await storage.close();
    sound = await readFile(join(folder, 'data.mdb'));
  });

  after(() => rm(folder, { recursive: true }));

  /** Whether it was refused. Otherwise it has everything, can be written to, and is sound afterwards. */
  async function refused(file: Buffer, what: string): Promise<boolean> {
    await rm(folder, { recursive: true });
    await mkdir(folder);
    await writeFile(join(folder, 'data.mdb'), file);
    const storage = await openLmdb(folder).catch((error: unknown) => {
      assert.ok(error instanceof StorageError && error.code === 'Damaged', `${what}: ${error}`);
      assert.match(error.message, CLEAR, what);
      return undefined;
    });
    if (!storage) return true;
    assert.equal(await contentOf(storage), content, what);
    const { item } = await storage.get('/k/2');
    await storage.update('/k/2', Buffer.alloc(5_000), item!.modRevision);
    await storage.close();
    inspect(join(folder, 'data.mdb'));
    return false;
  }

  function flipped(bit: number): Buffer {
    const file = Buffer.from(sound);
    file[bit >> 3]! ^= 1 << (bit & 7);
    return file;
  }

  /** Every which bit of the bytes from `begin` to `end`; gives how many were refused. */
  async function flipBits(begin: number, end: number, step: number): Promise<{ tried: number; refusals: number }> {
    let [tried, refusals] = [0, 0];
    for (let bit = begin * 8; bit < end * 8; bit += Math.ceil(step / OFTEN), tried++) {
      if (await refused(flipped(bit), `bit ${bit & 7} of byte ${bit >> 3}`)) refusals++;
    }
    return { tried, refusals };
  }

  it('is opened as long as it was not', async () => {
    assert.equal(await refused(sound, 'sound'), false);
  });

  it('is refused or complete after a flipped bit in one of the two pages that lmdb begins with', async () => {
    for (const page of [0, 1]) {
      const { tried, refusals } = await flipBits(page * PAGE, page * PAGE + META_BYTES, 11);
      assert.ok(refusals > tried / 5, `${refusals} of ${tried} refused`);
    }
  });

  it('is refused or complete after a flipped bit in the head of any page', async () => {
    for (let page = 2; page < sound.length / PAGE; page++) await flipBits(page * PAGE, page * PAGE + 40, 127);
  });

  it('is refused or complete after a flipped bit anywhere', async () => {
    const { tried, refusals } = await flipBits(0, sound.length, 20_011);
    assert.ok(refusals > tried / 5, `${refusals} of ${tried} refused`);
  });

  it('is refused or complete after a page has become zeros, noise, or what another one is', async () => {
    const random = seededRandom(11);
    const pages = sound.length / PAGE;
    for (let page = 0; page < pages; page++) {
      const file = Buffer.from(sound);
      const kind = page % 3;
      if (kind === 0) file.fill(0, page * PAGE, (page + 1) * PAGE);
      else if (kind === 1) Buffer.from(random.bytes(PAGE)).copy(file, page * PAGE);
      else
        sound.copy(
          file,
          page * PAGE,
          2 * PAGE + ((page * 7) % (pages - 2)) * PAGE,
          3 * PAGE + ((page * 7) % (pages - 2)) * PAGE,
        );
      await refused(file, `page ${page}`);
    }
  });

  it('is refused or complete when its end is missing', async () => {
    assert.equal(await refused(sound.subarray(0, Math.floor(sound.length / 2)), 'half of it'), true);
    for (let length = 1; length < sound.length; length += 13_001)
      await refused(sound.subarray(0, length), `${length} bytes`);
  });

  it('is refused when it is an earlier state with a part of a later one', async () => {
    // As after a copy that was made while it was written to, or a disk that lost some writes.
    const storage = await openLmdb(await remade());
    await storage.create('/later', Buffer.alloc(20_000));
    await storage.close();
    const later = await readFile(join(folder, 'data.mdb'));
    let refusals = 0;
    for (let page = 2; page < sound.length / PAGE; page++) {
      const begin = page * PAGE;
      if (later.subarray(begin, begin + PAGE).equals(sound.subarray(begin, begin + PAGE))) continue;
      const mixed = Buffer.from(later);
      sound.copy(mixed, begin, begin, begin + PAGE);
      await rm(folder, { recursive: true });
      await mkdir(folder);
      await writeFile(join(folder, 'data.mdb'), mixed);
      await refuses(folder, 'Damaged', CLEAR);
      refusals++;
    }
    assert.ok(refusals > 0);
  });

  async function remade(): Promise<string> {
    await rm(folder, { recursive: true });
    await mkdir(folder);
    await writeFile(join(folder, 'data.mdb'), sound);
    return folder;
  }
});

describe('a store that was never finished', () => {
  it(
    'is new when the process died before anything was written to it',
    withFolder(async (folder) => {
      const { openTables } = await import('./environment.ts');
      await openTables(folder, {}).root.close();
      const storage = await openLmdb(folder);
      assert.equal(await storage.create('/a', Buffer.from('1')), 1);
      await storage.close();
    }),
  );
});
