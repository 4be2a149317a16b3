/** Ten minutes of churn among faults, or some seconds of it: at the end every workload is exactly as declared. */
import assert from 'node:assert/strict';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../base/clock.ts';
import { type Random, seededRandom } from '../../base/random.ts';
import type { KubeObject } from '../../openapi/object.ts';
import { check } from './checker.ts';
import { ChurnCluster } from './cluster.ts';
import { eventStorms, mostPerMinute } from './events.ts';
import { FAULTS } from './faults.ts';
import { Recorder } from './recorder.ts';
import { changes, listPaths, snapshot } from './snapshot.ts';
import { User } from './user.ts';
import { NAMESPACE } from './workloads.ts';

/** The long form: `CHURN_SECONDS=600`; other churn, other faults: `CHURN_SEED`. */
const SECONDS = Number(process.env.CHURN_SECONDS ?? 45);
const SEED = Number(process.env.CHURN_SEED ?? 36);
/** A pod of a node that is gone is collected 40 s later, counted from when the leader took over. */
const SETTLE_SECONDS = 120;
const QUIET_MS = 5_000;
const ACT_MS_MAX = 250;
const KILL_MS_MAX = 5_000;
/** Upstream's own limit lets 25 through at once; each killed leader's successor begins anew. */
const EVENTS_PER_MINUTE_MAX = 100;
const SHOWN_MAX = 20;

describe(`${SECONDS} seconds of churn among faults`, function () {
  this.timeout((SECONDS + SETTLE_SECONDS + 60) * 1000);
  let cluster: ChurnCluster;
  let recorder: Recorder;
  let user: User;
  let kills = 0;

  before(async () => {
    cluster = await ChurnCluster.start(seededRandom(SEED + 1));
    recorder = new Recorder(cluster.client, seededRandom(SEED + 2));
    user = new User(cluster.client, seededRandom(SEED));
    await recorder.start();
  });
  after(async () => {
    await recorder?.stop();
    await cluster?.stop();
  });

  it('is survived by whoever is not killed', async () => {
    const until = systemClock.monotonic() + SECONDS * 1000;
    cluster.proxy.faulty = true;
    await Promise.all([
      repeatedly(until, seededRandom(SEED + 3), ACT_MS_MAX, () => user.act()),
      repeatedly(until, seededRandom(SEED + 4), KILL_MS_MAX, (random) => kill(cluster, random)),
      loseNodes(user),
    ]);
    cluster.proxy.faulty = false;
    await user.finish();
    summarise(cluster, user, kills);
    assert.deepEqual(cluster.crashes, []);
    for (const name of FAULTS) assert.ok(cluster.proxy.happened.get(name), `${name} has never happened`);
  });

  it(`leaves every workload as declared, and nothing to do, within ${SETTLE_SECONDS} seconds`, async () => {
    const paths = await listPaths(cluster.client);
    const begun = systemClock.monotonic();
    let last: string[] = [];
    let objects: KubeObject[] = [];
    while (systemClock.monotonic() - begun < SETTLE_SECONDS * 1000) {
      const before = await snapshot(cluster.client, paths);
      await systemClock.sleep(QUIET_MS);
      objects = await snapshot(cluster.client, paths);
      last = [...check(objects, NAMESPACE, recorder.ledgers()), ...changes(before, objects)];
      if (last.length === 0) break;
    }
    console.log(
      `      settled in ${((systemClock.monotonic() - begun) / 1000).toFixed(0)} s; ${objects.length} objects`,
    );
    if (last.length > 0) await keep(cluster, objects, last);
    assert.deepEqual(last.slice(0, SHOWN_MAX), []);
    assert.deepEqual(cluster.crashes, []);
  });

  it('and tells of it without a storm of events', () => {
    const most = Math.max(...mostPerMinute(recorder.events).values());
    console.log(`      ${recorder.events.length} events, at most ${most} about one object within a minute`);
    assert.ok(recorder.events.length > 0);
    assert.deepEqual(eventStorms(recorder.events, EVENTS_PER_MINUTE_MAX), []);
  });

  /** One that works, as often as any. */
  async function kill({ victims }: ChurnCluster, random: Random): Promise<void> {
    const working = victims.filter(({ isLeading }) => isLeading);
    const among = random.next() < 0.5 && working.length > 0 ? working : victims;
    const victim = among[Math.floor(random.next() * among.length)];
    kills++;
    await victim?.crash(random.next() * 1_500);
  }
});

/** Does it again and again, with pauses of up to so long. */
async function repeatedly(
  until: number,
  random: Random,
  pauseMsMax: number,
  act: (random: Random) => Promise<void>,
): Promise<void> {
  while (systemClock.monotonic() < until) {
    await systemClock.sleep(random.next() * pauseMsMax);
    await act(random);
  }
}

/** One is deleted, and one falls silent for long enough that its pods are replaced. */
async function loseNodes(user: User): Promise<void> {
  const part = (SECONDS * 1000) / 5;
  await systemClock.sleep(part);
  await user.deleteNode('node-3');
  await user.silenceNode('node-7', true);
  await systemClock.sleep(3 * part);
  await user.silenceNode('node-7', false);
}

function summarise(cluster: ChurnCluster, user: User, kills: number): void {
  if (!process.env.CHURN_VERBOSE) return;
  const words = (counts: Map<string, number>) => [...counts].map(([name, count]) => `${name} ${count}`).join(', ');
  console.log(`      ${kills} kills; ${words(cluster.proxy.happened)}\n      ${words(user.done)}`);
}

/** Leaves everything for whoever has to find the cause. */
async function keep(cluster: ChurnCluster, objects: readonly KubeObject[], problems: readonly string[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), `kubets-churn-${SEED}-`));
  await writeFile(join(folder, 'objects.json'), JSON.stringify(objects, undefined, 1));
  await writeFile(join(folder, 'problems.txt'), problems.join('\n'));
  await cluster.keepLogs(folder);
  console.log(
    `${problems.length} problems; what there is is in ${folder}; CHURN_SEED=${SEED} draws the same plan again`,
  );
}
