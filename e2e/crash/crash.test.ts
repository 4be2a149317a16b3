/** `kill -9`, again and again, under a load of writes, reads and watches: nothing that was said turns out untrue. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../base/clock.ts';
import { type Random, seededRandom } from '../../base/random.ts';
import { eventually } from '../harness.ts';
import { check } from './checker.ts';
import { Load } from './load.ts';
import { Recorder } from './recorder.ts';
import { etcdTarget, lmdbTarget, type Target, type Victim } from './targets.ts';

/** The long form: `CRASHES=50`; another plan of when to kill what: `CRASH_SEED`. */
const CRASHES = process.env.CRASHES ? Number(process.env.CRASHES) : undefined;
const SEED = Number(process.env.CRASH_SEED ?? 36);
const CLIENTS = 8;
const WRITES_BEFORE_KILL_MAX = 400;
const STARTUP_MS_MAX = 1_000;
const SHOWN_MAX = 12;

const targets: { name: string; start(): Promise<Target>; crashes: number }[] = [
  { name: 'an API server on its own store', start: lmdbTarget, crashes: 8 },
  { name: 'etcd and two API servers on it', start: () => etcdTarget({ members: 1, servers: 2 }), crashes: 6 },
  {
    name: 'three members of etcd and two API servers',
    start: () => etcdTarget({ members: 3, servers: 2 }),
    crashes: 5,
  },
];

for (const { name, start, crashes: few } of targets) {
  const crashes = CRASHES ?? few;
  describe(`kill -9 of ${name}`, function () {
    const limitMs = 30_000 + crashes * 8_000;
    // The test ends itself before mocha would, so that nothing is left running.
    this.timeout(limitMs + 30_000);
    let target: Target;

    before(async () => {
      target = await start();
    });
    after(() => target?.destroy());

    it(`loses nothing in ${crashes} crashes`, async () => {
      const recorder = new Recorder();
      const clients = { random: seededRandom(SEED + 1), clients: CLIENTS };
      const load = new Load({ endpoints: target.endpoints, recorder, ...clients });
      try {
        const history = await within(limitMs, async () => {
          await load.start();
          await crashUnder(load, target, recorder, crashes);
          return recorder.history(await load.finish());
        });
        const problems = check(history);
        if (problems.length > 0) await keep(JSON.stringify(history), problems);
        // One fault has many consequences; the first few are enough to see which.
        assert.deepEqual(problems.slice(0, SHOWN_MAX), []);
        assert.deepEqual([...recorder.oddities], []);
      } finally {
        if (process.env.CRASH_VERBOSE) console.log(recorder.summary());
        await load.close();
      }
    });
  });
}

async function within<T>(ms: number, work: () => Promise<T>): Promise<T> {
  const abort = new AbortController();
  const late = systemClock.sleep(ms, abort.signal).then(() => Promise.reject(new Error(`not done within ${ms} ms`)));
  try {
    return await Promise.race([work(), late]);
  } finally {
    // The sleep that nobody waits for any more rejects too.
    late.catch(() => undefined);
    abort.abort();
  }
}

/** Each process has its turn; now and then all die at once. */
async function crashUnder(load: Load, target: Target, recorder: Recorder, crashes: number): Promise<void> {
  const random = seededRandom(SEED);
  const { victims } = target;
  for (let crash = 0; crash < crashes; crash++) {
    // Squared: a good part of the kills meets the first requests.
    await writes(Math.ceil(random.next() ** 2 * WRITES_BEFORE_KILL_MAX), recorder, load);
    await systemClock.sleep(random.next() * 10);
    const all = random.next() < 0.2;
    await Promise.all((all ? victims : [victims[crash % victims.length]!]).map((victim) => crashOnce(victim, random)));
  }
  await writes(50, recorder, load);
}

/** Kills a process and starts it again; now and then kills it once more while it starts. */
async function crashOnce(victim: Victim, random: Random): Promise<void> {
  const again = random.next() < 0.3 ? random.next() * STARTUP_MS_MAX : undefined;
  assert.equal(await victim.kill(), undefined);
  victim.begin();
  if (again !== undefined) {
    await systemClock.sleep(again);
    assert.equal(await victim.kill(), undefined);
    victim.begin();
  }
  await victim.ready();
}

/** Waits for so many more acknowledged writes. */
async function writes(count: number, recorder: Recorder, load: Load): Promise<void> {
  const wanted = recorder.acknowledged + count;
  await Promise.race([eventually(`${count} writes`, async () => recorder.acknowledged >= wanted), load.failed]);
}

/** Leaves the history for whoever has to find the cause. */
async function keep(history: string, problems: readonly string[]): Promise<void> {
  const file = join(tmpdir(), `kubets-crash-${SEED}.json`);
  await writeFile(file, history);
  console.log(`${problems.length} problems; the history is in ${file}; CRASH_SEED=${SEED} draws the same plan again`);
}
