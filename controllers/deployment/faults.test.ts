/** Deployments under a server that conflicts, refuses, loses answers and drops watches, with controllers that die. */
import assert from 'node:assert/strict';
import { type Random, seededRandom } from '../../base/random.ts';
import { DEPLOYMENTS, PODS, REPLICA_SETS } from '../../client/resources.ts';
import type { V1Deployment, V1Pod, V1ReplicaSet } from '../../openapi/generated/types.ts';
import { conflict, internalError } from '../../openapi/status.ts';
import type { ApiCall } from '../../openapi/transport.ts';
import { FakeCluster } from '../runtime/fake-cluster.ts';
import { isReady } from '../runtime/pods.ts';

const CONTROLLERS = ['deployment', 'replicaset'];
const SEEDS = [1, 2, 3, 4, 5, 6];
const STEPS = 60;

describe('deployments under faults', () => {
  for (const seed of SEEDS) {
    it(`are as declared in the end, with no pod too many (seed ${seed})`, async () => {
      const churn = new Churn(seed);
      await churn.run();
      await churn.settle();
    });
  }
});

class Churn {
  readonly #cluster = new FakeCluster();
  readonly #random: Random;
  #faulty = true;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  async run(): Promise<void> {
    this.#breakServer();
    this.#cluster.api.create<V1Deployment>(DEPLOYMENTS, 'default', {
      metadata: { name: 'web' },
      spec: {
        replicas: 5,
        selector: { matchLabels: { app: 'web' } },
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
        revisionHistoryLimit: 2,
        progressDeadlineSeconds: 600,
        template: templateOf('i:0'),
      },
    });
    await this.#cluster.start(CONTROLLERS);
    for (let step = 0; step < STEPS; step++) {
      await this.#disturb(step);
      this.#stepPods();
      await this.#cluster.clock.advance(this.#below(400));
    }
  }

  /** Without faults from now on everything comes to what was asked for last, and stays. */
  async settle(): Promise<void> {
    const cluster = this.#cluster;
    this.#faulty = false;
    this.#change((spec) => ({ ...spec, paused: false }));
    for (let i = 0; i < 300 && !this.#isSettled(); i++) {
      this.#stepPods();
      await cluster.clock.advance(1000);
    }
    const { spec, status } = this.#deployment;
    assert.ok(this.#isSettled(), JSON.stringify({ spec, status, sets: this.#sets.map((set) => set.spec?.replicas) }));
    const current = this.#sets.find((set) => set.spec?.replicas === spec?.replicas);
    const image = spec?.template?.spec?.containers[0]?.image;
    for (const pod of cluster.pods()) {
      assert.equal(pod.metadata?.deletionTimestamp, undefined);
      assert.equal(pod.metadata?.ownerReferences?.[0]?.uid, current?.metadata?.uid);
      assert.equal(pod.spec?.containers[0]?.image, image);
    }
    assert.ok(this.#sets.length <= 3, `${this.#sets.length} ReplicaSets`);
    const before = cluster.api.writes.length;
    await cluster.clock.advance(60_000);
    assert.deepEqual(cluster.api.writes.slice(before), [], 'no write once all is well');
    await cluster.stop();
    assert.equal(cluster.clock.timers, 0, 'no timer is left');
  }

  #isSettled(): boolean {
    const { spec, status, metadata } = this.#deployment;
    const wanted = spec?.replicas ?? 0;
    return (
      status?.observedGeneration === metadata?.generation &&
      (status?.updatedReplicas ?? 0) === wanted &&
      (status?.availableReplicas ?? 0) === wanted &&
      (status?.replicas ?? 0) === wanted &&
      (status?.terminatingReplicas ?? 0) === 0 &&
      this.#cluster.pods().length === wanted
    );
  }

  async #disturb(step: number): Promise<void> {
    const cluster = this.#cluster;
    const pods = cluster.pods();
    switch (this.#below(8)) {
      case 0:
        return this.#change((spec) => ({ ...spec, template: templateOf(`i:${step % 4}`) }));
      case 1:
        return this.#change((spec) => ({ ...spec, replicas: 1 + this.#below(12) }));
      case 2:
        return this.#change((spec) => ({ ...spec, paused: this.#below(3) === 0 }));
      case 3:
        await cluster.stop();
        return cluster.start(CONTROLLERS);
      case 4:
        return cluster.api.dropWatches();
      case 5:
        cluster.api.compact();
        return cluster.api.dropWatches();
      case 6:
        if (pods.length > 0) this.#lose(pods[this.#below(pods.length)]!);
        return;
      default:
        return;
    }
  }

  #lose(pod: V1Pod): void {
    const name = pod.metadata?.name ?? '';
    if (this.#below(2) === 0) this.#cluster.api.remove(PODS, name, 'default');
    else this.#cluster.changePod(name, (old) => ({ ...old, status: { phase: 'Failed' } }));
  }

  /** As a kubelet and the garbage collector would: most new pods become ready, what goes is gone, the failed go. */
  #stepPods(): void {
    for (const pod of this.#cluster.pods()) {
      const name = pod.metadata!.name!;
      const isOver = pod.metadata?.deletionTimestamp !== undefined || pod.status?.phase === 'Failed';
      if (isOver) this.#cluster.api.remove(PODS, name, 'default');
      else if (!isReady(pod) && this.#below(3) > 0) this.#cluster.run(name);
    }
  }

  /** Refuses some writes, and of some that were carried out loses the answer. */
  #breakServer(): void {
    const { api } = this.#cluster;
    const call = api.call.bind(api);
    api.call = async (request: ApiCall) => {
      const draw = this.#faulty && request.method !== 'GET' ? this.#random.next() : 1;
      if (draw < 0.05) throw conflict(REPLICA_SETS, 'x', 'the object has been modified');
      if (draw < 0.1) throw internalError('injected');
      const answer = await call(request);
      if (draw < 0.15) throw new Error('the connection was lost');
      return answer;
    };
  }

  #change(edit: (spec: NonNullable<V1Deployment['spec']>) => V1Deployment['spec']): void {
    this.#cluster.api.change<V1Deployment>(DEPLOYMENTS, 'web', 'default', (old) => ({
      ...old,
      spec: edit(old.spec!)!,
    }));
  }

  get #deployment(): V1Deployment {
    return this.#cluster.api.peek<V1Deployment>(DEPLOYMENTS, 'web', 'default')!;
  }

  get #sets(): V1ReplicaSet[] {
    return this.#cluster.api.all<V1ReplicaSet>(REPLICA_SETS, 'default');
  }

  #below(limit: number): number {
    return Math.floor(this.#random.next() * limit);
  }
}

function templateOf(image: string) {
  return { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image }] } };
}
