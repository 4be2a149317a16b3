import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { failsWith } from '../suite-support.ts';
import { acquireLock, type Lock } from './lock.ts';

/** No process has such an id on Linux. */
const dead = (n: number) => JSON.stringify({ pid: 2 ** 22 + n, started: 'boot 1' });

describe('acquireLock', () => {
  let directory: string;
  let path: string;
  const acquire = () => acquireLock(path, 'the thing');

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'kubets-lock-'));
    path = join(directory, 'owner');
  });

  afterEach(() => rm(directory, { recursive: true }));

  it('gives a lock to one, and after its release to the next', async () => {
    for (let i = 0; i < 3; i++) {
      const lock = await acquire();
      await failsWith('Unavailable', acquire());
      await lock.release();
    }
    assert.deepEqual(await readdir(directory), []);
  });

  it('gives the lock of a dead process to exactly one of many, however they come', async () => {
    for (let round = 0; round < 25; round++) {
      await writeFile(path, dead(1));
      const results = await Promise.allSettled(Array.from({ length: 8 }, (_, i) => acquireAfter(i * round)));
      const winners = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
      assert.equal(winners.length, 1);
      assert.deepEqual(await readdir(directory), ['owner']);
      await winners[0]?.release();
    }
  });

  it('is not hindered by a process that died while it took a lock over', async () => {
    await writeFile(path, dead(1));
    await writeFile(`${path}.takeover`, dead(2));
    const lock = await acquire();
    await lock.release();
    assert.deepEqual(await readdir(directory), []);
  });

  it('says how to get rid of a lock that nobody can read', async () => {
    await writeFile(path, '');
    const { message } = await failsWith('Unavailable', acquire());
    assert.ok(message.includes(`delete ${path}`), message);
  });

  /** Some turns of the event loop later, so that in one round or another everybody meets a takeover half done. */
  async function acquireAfter(turns: number): Promise<Lock> {
    for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
    return acquire();
  }
});
