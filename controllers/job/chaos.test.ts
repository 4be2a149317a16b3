/** The job controller among faults of every kind: at the end each pod must have counted exactly once. */
import assert from 'node:assert/strict';
import { type Random, seededRandom } from '../../base/random.ts';
import { JOBS } from '../../client/resources.ts';
import type { V1Job, V1JobStatus, V1Pod } from '../../openapi/generated/types.ts';
import { conflict, internalError, tooManyRequests } from '../../openapi/status.ts';
import { FakeCluster } from '../runtime/fake-cluster.ts';
import { isActive } from '../runtime/pods.ts';
import { finishedCondition } from './conditions.ts';
import { indexedJob, jobWith } from './fixtures.ts';
import { completionIndexOf } from './pods.ts';

const SEEDS = 12;
const STEPS_MAX = 2000;
const PARALLELISM = 4;

class Chaos {
  readonly cluster = new FakeCluster();
  readonly random: Random;
  /** Uids of pods that ended well, and of those that did not. */
  readonly succeeded = new Set<string>();
  readonly failed = new Set<string>();
  quiet = false;

  constructor(seed: number) {
    this.random = seededRandom(seed);
    const call = this.cluster.api.call.bind(this.cluster.api);
    this.cluster.api.call = async (one) => {
      const isEvent = one.path.endsWith('/events');
      if (this.quiet || one.method === 'GET' || isEvent) return call(one);
      if (this.chance(0.06)) throw internalError('fault');
      if (this.chance(0.04)) throw tooManyRequests('fault', 1);
      if (one.method === 'PUT' && this.chance(0.1)) throw conflict(JOBS, 'work', 'fault');
      const answer = await call(one);
      // A pod that was made without anybody knowing is one too many, and may be stopped uncounted.
      if (one.method !== 'POST' && this.chance(0.08)) throw internalError('the answer was lost');
      return answer;
    };
  }

  chance(probability: number): boolean {
    return this.random.next() < probability;
  }

  get job(): V1Job {
    return this.cluster.api.peek<V1Job>(JOBS, 'work', 'default')!;
  }

  get status(): V1JobStatus {
    return this.job.status ?? {};
  }

  async run(job: V1Job): Promise<void> {
    this.cluster.api.create(JOBS, 'default', job);
    await this.cluster.start(['job']);
    for (let step = 0; !finishedCondition(this.job); step++) {
      assert.ok(step < STEPS_MAX, `not over: ${JSON.stringify(this.status)}`);
      this.quiet = step > STEPS_MAX / 2;
      await this.disturb();
      for (const pod of this.cluster.pods()) this.live(pod);
      await this.cluster.clock.advance(this.chance(0.2) ? 15_000 : 700);
      const active = this.cluster.pods().filter(isActive);
      assert.ok(active.length <= PARALLELISM, `${active.length} active`);
    }
    this.quiet = true;
    await this.cluster.clock.advance(100_000);
  }

  async disturb(): Promise<void> {
    if (this.quiet) return;
    if (this.chance(0.05)) this.cluster.api.dropWatches();
    if (this.chance(0.02)) {
      this.cluster.api.compact();
      this.cluster.api.dropWatches();
    }
    if (this.chance(0.08)) {
      await this.cluster.stop();
      await this.cluster.start(['job']);
    }
  }

  /** What kubelets and people do to a pod. */
  live(pod: V1Pod): void {
    const { name = '', uid = '', deletionTimestamp } = pod.metadata ?? {};
    if (deletionTimestamp !== undefined || this.succeeded.has(uid) || this.failed.has(uid)) return;
    if (this.chance(0.25)) this.end(pod, this.chance(0.3) ? 'Failed' : 'Succeeded');
    else if (this.chance(0.05)) this.delete(pod);
    else if (!pod.spec?.nodeName) this.cluster.run(name);
  }

  end({ metadata }: V1Pod, phase: string): void {
    (phase === 'Succeeded' ? this.succeeded : this.failed).add(metadata?.uid ?? '');
    this.cluster.changePod(metadata?.name ?? '', (pod) => ({ ...pod, status: { phase } }));
  }

  /** Counts as a failure, too: nobody waits for such a pod to end. */
  delete({ metadata }: V1Pod): void {
    this.failed.add(metadata?.uid ?? '');
    this.cluster.changePod(metadata?.name ?? '', (pod) => ({
      ...pod,
      metadata: { ...pod.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' },
    }));
  }
}

describe('job controller among faults', function () {
  this.timeout(20_000);
  for (let seed = 1; seed <= SEEDS; seed++) {
    it(`counts each pod once (seed ${seed})`, async () => {
      const chaos = new Chaos(seed);
      await chaos.run(jobWith({ completions: 12, parallelism: PARALLELISM, backoffLimit: 1000 }));
      const { status } = chaos;
      assert.equal(finishedCondition(chaos.job)?.type, 'Complete');
      assert.deepEqual(
        [status.succeeded, status.failed ?? 0, status.uncountedTerminatedPods],
        [12, chaos.failed.size, {}],
      );
      assert.equal(chaos.succeeded.size, 12);
      for (const pod of chaos.cluster.pods()) assert.equal(pod.metadata?.finalizers, undefined);
      await chaos.cluster.stop();
      assert.equal(chaos.cluster.clock.timers, 0);
    });

    it(`has each index succeed once (seed ${seed})`, async () => {
      const chaos = new Chaos(seed);
      const limits = { backoffLimit: 2 ** 31 - 1, backoffLimitPerIndex: 1000 };
      await chaos.run(indexedJob(10, { parallelism: PARALLELISM, ...limits }));
      const { status } = chaos;
      assert.equal(finishedCondition(chaos.job)?.type, 'Complete');
      assert.deepEqual([status.completedIndexes, status.failedIndexes, status.succeeded], ['0-9', '', 10]);
      assert.equal(status.failed ?? 0, chaos.failed.size);
      const indexes = chaos.cluster
        .pods()
        .filter(({ status: own }) => own?.phase === 'Succeeded')
        .map(completionIndexOf);
      assert.equal(new Set(indexes).size, indexes.length);
      await chaos.cluster.stop();
    });
  }
});
