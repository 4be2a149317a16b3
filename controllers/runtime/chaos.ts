/**
 * For tests: controllers at work among seeded faults. Writes are refused, or carried out without that the answer
 * arrives; watches are cut; the controllers are stopped at any moment and started anew. Kubelets run pods meanwhile.
 */
import { settle } from '../../base/fake-clock.ts';
import { type Random, seededRandom } from '../../base/random.ts';
import { PODS } from '../../client/resources.ts';
import type { V1Pod } from '../../openapi/generated/types.ts';
import { conflict, internalError, tooManyRequests } from '../../openapi/status.ts';
import type { ApiCall } from '../../openapi/transport.ts';
import { FakeCluster } from './fake-cluster.ts';

/** How many of the writes fail while faults happen. */
const REFUSED = 0.15;
const LOST = 0.05;
/** Rounds in which everything must come to rest, each of some seconds. */
const SETTLING_ROUNDS = 5;
const CALM_ROUNDS = 400;
const ROUND_MS = 5000;

export class Chaos {
  readonly cluster = new FakeCluster();
  readonly random: Random;
  readonly #controllers: readonly string[];
  readonly #hasNode: (name: string) => boolean;
  #faulty = true;

  /** Pods run only on nodes that `hasNode` knows; on others they are collected. */
  constructor(seed: number, controllers: readonly string[], hasNode: (name: string) => boolean = () => true) {
    this.random = seededRandom(seed);
    this.#controllers = controllers;
    this.#hasNode = hasNode;
    const { api } = this.cluster;
    api.intercept = (call) => this.#refuse(call);
    const answer = api.call.bind(api);
    api.call = async (call) => {
      const result = await answer(call);
      if (this.#faulty && isWrite(call) && this.random.next() < LOST) throw new Error('the answer was lost');
      return result;
    };
  }

  /** Takes `steps` steps, each one of `edits` or of what may happen to any cluster. */
  async run(steps: number, edits: readonly (() => unknown)[]): Promise<void> {
    const { cluster, random } = this;
    await cluster.start(this.#controllers);
    const happenings = [
      ...edits,
      () => this.playKubelets(),
      () => this.playKubelets(),
      () => this.#pickPod((name) => cluster.client.pods.delete(name, 'default')),
      () => this.#pickPod((name) => cluster.changePod(name, (pod) => ({ ...pod, status: { phase: 'Failed' } }))),
      () => this.#pickPod((name) => this.#run(name, false)),
      () => cluster.api.dropWatches(),
      () => cluster.clock.advance(random.next() * ROUND_MS),
      () => this.#restart(),
    ];
    for (let step = 0; step < steps; step++) {
      await happenings[Math.floor(random.next() * happenings.length)]?.();
      // At times the next happens while the controllers are in the middle of something.
      if (random.next() < 0.5) await settle();
    }
  }

  /** Faults end; kubelets and time go on until `done`. Throws when that never comes. */
  async calm(what: string, done: () => boolean): Promise<void> {
    this.#faulty = false;
    for (let round = 0; round < CALM_ROUNDS; round++) {
      this.playKubelets();
      await this.cluster.clock.advance(ROUND_MS);
      // What is seen in the first rounds may only look well.
      if (round >= SETTLING_ROUNDS && done()) return;
    }
    throw new Error(`never: ${what}`);
  }

  /** Nothing more is written once everything is as it should be. Stops the cluster. */
  async assertQuiet(): Promise<void> {
    const written = () => this.cluster.api.writes.filter((write) => !write.includes('/events')).length;
    await this.cluster.clock.advance(ROUND_MS);
    const before = written();
    await this.cluster.clock.advance(10 * ROUND_MS);
    const since = written() - before;
    await this.cluster.stop();
    if (since > 0)
      throw new Error(`${since} writes though nothing was to do: ${this.cluster.api.writes.slice(-since)}`);
  }

  /** What is being deleted, or bound to a node that is not there, is gone; the rest runs, but for what has failed. */
  playKubelets(): void {
    for (const pod of this.cluster.pods()) {
      const { name = '', deletionTimestamp } = pod.metadata ?? {};
      const isLost = pod.spec?.nodeName !== undefined && !this.#hasNode(pod.spec.nodeName);
      if (deletionTimestamp !== undefined || isLost) this.cluster.api.remove(PODS, name, 'default');
      else if (pod.status?.phase !== 'Failed' && !isReady(pod)) this.#run(name, true);
    }
  }

  #run(name: string, ready: boolean): void {
    const pod = this.cluster.pod(name);
    if (pod && this.#hasNode(nodeOf(pod))) this.cluster.run(name, { ready, node: nodeOf(pod) });
  }

  async #restart(): Promise<void> {
    await this.cluster.stop();
    await this.cluster.start(this.#controllers);
  }

  #pickPod(happen: (name: string) => unknown): unknown {
    const pods = this.cluster.live();
    const pod = pods[Math.floor(this.random.next() * pods.length)];
    return pod?.metadata?.name === undefined ? undefined : Promise.resolve(happen(pod.metadata.name)).catch(ignored);
  }

  #refuse(call: ApiCall): void {
    if (!this.#faulty || !isWrite(call) || this.random.next() >= REFUSED) return;
    const kinds = [
      () => conflict(PODS, 'x', 'the object has been modified'),
      () => tooManyRequests('try again', 1),
      () => internalError('a fault'),
    ];
    throw kinds[Math.floor(this.random.next() * kinds.length)]?.() ?? new Error('a fault');
  }
}

/** The user's own deletion may meet a fault, too: then the pod stays. */
function ignored(): undefined {
  return undefined;
}

function isWrite(call: ApiCall): boolean {
  return call.method !== 'GET' && !call.path.endsWith('/events');
}

function isReady(pod: V1Pod): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;
}

/** The node it is bound to or meant for. */
function nodeOf(pod: V1Pod): string {
  const required = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return pod.spec?.nodeName ?? required?.nodeSelectorTerms[0]?.matchFields?.[0]?.values?.[0] ?? 'n1';
}
