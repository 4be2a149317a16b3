/** Whatever happens, in whatever order: nothing is overbooked, and no pod waits that could be placed. */
import assert from 'node:assert/strict';
import { settle } from '../base/fake-clock.ts';
import { seededRandom } from '../base/random.ts';
import type { V1Node, V1Pod, V1PodSpec } from '../openapi/generated/types.ts';
import { schedule } from './algorithm.ts';
import { podInfoOf } from './pod-info.ts';
import { clusterOf } from './testing/cluster.ts';
import { container, node, pod } from './testing/objects.ts';
import { profileFor } from './testing/profile.ts';
import { RunningScheduler } from './testing/running.ts';

const ZONE = 'topology.kubernetes.io/zone';

class Churn {
  readonly #scheduler: RunningScheduler;
  readonly #below: (limit: number) => number;
  #made = 0;

  constructor(scheduler: RunningScheduler, seed: number) {
    const random = seededRandom(seed);
    this.#scheduler = scheduler;
    this.#below = (limit) => Math.floor(random.next() * limit);
  }

  step(): void {
    const steps = [
      () => this.#makePod(),
      () => this.#makePod(),
      () => this.#makePod(),
      () => this.#putNode(),
      () => this.#putNode(),
      () => this.#removePod(),
      () => this.#removePod(),
      () => this.#relabelPod(),
      () => this.#removeNode(),
    ];
    steps[this.#below(steps.length)]?.();
  }

  #pick<T>(...items: T[]): T {
    return items[this.#below(items.length)] as T;
  }

  #putNode(): void {
    const labels = { [ZONE]: this.#pick('a', 'b', 'c'), disk: this.#pick('ssd', 'hdd') };
    const taints = this.#below(4) === 0 ? [{ key: 'k', effect: 'NoSchedule' }] : [];
    const allocatable = { cpu: this.#pick('1', '2', '4'), pods: this.#pick('3', '10') };
    const unschedulable = this.#below(6) === 0;
    const name = `n${this.#below(6)}`;
    this.#scheduler.api.put('nodes', node(name, { labels, taints, allocatable, unschedulable }));
  }

  #removeNode(): void {
    const [gone] = this.#scheduler.api.list<V1Node>('nodes');
    if (!gone || this.#below(3) > 0) return;
    const name = gone.metadata?.name ?? '';
    for (const each of this.#scheduler.api.list<V1Pod>('pods')) {
      if (each.spec?.nodeName === name) this.#scheduler.api.remove('pods', 'default', each.metadata?.name ?? '');
    }
    this.#scheduler.api.remove('nodes', undefined, name);
  }

  #makePod(): void {
    const app = this.#pick('web', 'db', 'cache');
    const own = { matchLabels: { app } };
    const other = { matchLabels: { app: this.#pick('web', 'db', 'cache') } };
    const topologyKey = this.#pick(ZONE, 'kubernetes.io/hostname');
    const wants = this.#pick<Partial<V1PodSpec>>(
      {},
      {},
      { nodeSelector: { disk: 'ssd' } },
      { tolerations: [{ operator: 'Exists' }] },
      {
        affinity: {
          podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ labelSelector: other, topologyKey }] },
        },
      },
      {
        affinity: {
          podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ labelSelector: other, topologyKey }] },
        },
      },
      {
        topologySpreadConstraints: [
          { maxSkew: 1, topologyKey, whenUnsatisfiable: 'DoNotSchedule', labelSelector: own },
        ],
      },
    );
    const ports = this.#below(4) === 0 ? [{ containerPort: 80, hostPort: this.#pick(80, 81) }] : [];
    const containers = [container({ cpu: this.#pick('250m', '500m', '1') }, { ports })];
    const name = `p${this.#made++}`;
    const priority = this.#pick(0, 0, 0, 10);
    this.#scheduler.api.put('pods', pod(name, { containers, priority, ...wants }, { labels: { app } }));
  }

  #removePod(): void {
    const pods = this.#scheduler.api.list<V1Pod>('pods');
    const gone = pods[this.#below(pods.length)];
    if (gone) this.#scheduler.api.remove('pods', 'default', gone.metadata?.name ?? '');
  }

  #relabelPod(): void {
    const pods = this.#scheduler.api.list<V1Pod>('pods').filter(({ spec }) => spec?.nodeName);
    const changed = pods[this.#below(pods.length)];
    if (!changed) return;
    const labels = { app: this.#pick('web', 'db', 'cache') };
    this.#scheduler.api.put('pods', { ...changed, metadata: { ...changed.metadata, labels } });
  }
}

/** Judges by what the server has, with nothing remembered. */
function judge({ api }: RunningScheduler): void {
  const pods = api.list<V1Pod>('pods');
  const placed = pods.filter(({ spec }) => spec?.nodeName);
  const profile = profileFor();
  for (const waiting of pods.filter(({ spec }) => !spec?.nodeName)) {
    const cluster = clusterOf(api.list<V1Node>('nodes'), placed);
    for (const other of pods) {
      const promised = other.spec?.nodeName ? undefined : other.status?.nominatedNodeName;
      if (promised) cluster.nominator.set(podInfoOf(other), promised);
    }
    const decision = schedule(podInfoOf(waiting), cluster, profile, seededRandom(1));
    const where = 'node' in decision ? decision.node.name : undefined;
    assert.equal(where, undefined, `${waiting.metadata?.name} waits: ${JSON.stringify(waiting.status?.conditions)}`);
  }
}

describe('the scheduler in a cluster that never rests', () => {
  for (let seed = 1; seed <= 10; seed++) {
    it(`leaves no pod waiting that could be placed (seed ${seed})`, async () => {
      const scheduler = new RunningScheduler();
      const churn = new Churn(scheduler, seed);
      await scheduler.start();
      try {
        for (let round = 0; round < 70; round++) {
          // Few changes at a time: a later one would hide that an earlier one was missed.
          for (let i = round < 10 ? 5 : 2; i > 0; i--) churn.step();
          await settle();
          // Back-offs end; the five minutes after which everything is tried again do not.
          await scheduler.clock.advance(11_000);
          await settle();
          judge(scheduler);
        }
      } finally {
        await scheduler.stop();
      }
    });
  }
});
