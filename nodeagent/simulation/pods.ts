/**
 * The pods of all simulated nodes, by one loop: a queue of keys, one heap of due times, and the pure stages. Beside the
 * informer's shared object a pod costs one small record.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../base/clock.ts';
import { isAbort, messageOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import type { Client } from '../../client/client.ts';
import { Informer } from '../../client/informer.ts';
import { WorkQueue } from '../../client/work-queue.ts';
import type { V1Pod, V1PodStatus } from '../../openapi/generated/types.ts';
import { keyOf } from '../../openapi/object.ts';
import { isStatus } from '../../openapi/status.ts';
import { isTerminal } from '../kubelet/names.ts';
import { DueTimes } from './due-times.ts';
import type { PlayedNode } from './nodes.ts';
import { fnv, type Runs } from './pod-record.ts';
import { scriptOf } from './script.ts';
import { nextPodStatus, type PodStep } from './stages.ts';
import { statusPatch } from './status-patch.ts';

export interface PodsOptions {
  client: Client;
  clock: Clock;
  random: Random;
  log: Log;
  node(name: string): PlayedNode | undefined;
  /** How many pods are written at a time. */
  workers: number;
  signal: AbortSignal;
}

/** All that is kept of a pod. */
interface PodState {
  uid: string;
  node: PlayedNode;
  boundAt: number;
  /** Its own; empty on the host's network and once it has ended. */
  ip: string;
  runs: Runs;
  /** The version of our last write: older objects are not worth a look. */
  version: number;
  /** Whether the object of that version says nothing that was not known when we wrote it: it needs no look. */
  echo: boolean;
  /** Its time has come, or its node's has: a look is due though the object is the same. */
  due: boolean;
  /** A hash of what was last asked for in vain: a server that drops fields is not written to for ever. */
  inVain: number | undefined;
  /** Counts among its node's pods. */
  taken: boolean;
  removed: boolean;
  failures: number;
}

const BY_NODE = 'node';
const NO_RUNS: Runs = new Map();
const RETRY_FIRST_MS = 100;
const RETRY_MAX_MS = 10_000;

export class SimulatedPods {
  readonly #options: PodsOptions;
  readonly #informer: Informer<V1Pod>;
  readonly #queue: WorkQueue;
  readonly #due: DueTimes;
  readonly #states = new Map<string, PodState>();

  constructor(options: PodsOptions) {
    this.#options = options;
    const { client, clock, random, log } = options;
    this.#informer = new Informer<V1Pod>(client.pods, { clock, random, log, fieldSelector: 'spec.nodeName!=' });
    this.#informer.addIndex(BY_NODE, ({ spec }) => (spec?.nodeName ? [spec.nodeName] : []));
    this.#queue = new WorkQueue({ clock });
    this.#due = new DueTimes(clock, (key) => this.#force(key));
    this.#informer.addHandler({
      added: (pod) => this.#wake(pod),
      updated: (pod) => this.#wake(pod),
      deleted: (pod) => this.#forget(keyOf(pod)),
    });
  }

  /** How many pods are played. */
  get size(): number {
    return this.#states.size;
  }

  /** The pods of a node, as the API has them. */
  on(node: string): V1Pod[] {
    return this.#informer.byIndex(BY_NODE, node);
  }

  /** Looks at all pods of a node. */
  wakeNode(node: string): void {
    for (const pod of this.on(node)) this.#force(keyOf(pod));
  }

  synced(): Promise<void> {
    return this.#informer.synced();
  }

  /** Plays pods until the signal aborts. */
  async run(): Promise<void> {
    const { signal, workers } = this.#options;
    const stop = () => {
      this.#queue.close();
      this.#due.close();
    };
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    await Promise.all([this.#informer.run(signal), ...Array.from({ length: workers }, () => this.#work())]);
  }

  #wake(pod: V1Pod): void {
    if (this.#options.node(pod.spec?.nodeName ?? '')) this.#queue.add(keyOf(pod));
  }

  #force(key: string): void {
    const state = this.#states.get(key);
    if (state) state.due = true;
    this.#queue.add(key);
  }

  async #work(): Promise<void> {
    for (let key = await this.#queue.get(); key !== undefined; key = await this.#queue.get()) {
      try {
        await this.#sync(key);
      } catch (error) {
        if (isAbort(error, this.#options.signal)) return;
        this.#retry(key, error);
      } finally {
        this.#queue.done(key);
      }
    }
  }

  #retry(key: string, error: unknown): void {
    const { log, clock } = this.#options;
    const state = this.#states.get(key);
    const retryMs = state ? Math.min(RETRY_FIRST_MS * 2 ** state.failures++, RETRY_MAX_MS) : RETRY_MAX_MS;
    const level = isStatus(error, 'Conflict') ? 'debug' : 'warn';
    log[level]({ pod: key, error: messageOf(error), retryMs }, 'simulation: pod could not be written, trying again');
    this.#due.set(key, clock.now() + retryMs);
  }

  async #sync(key: string): Promise<void> {
    const pod = this.#informer.get(key);
    const node = this.#options.node(pod?.spec?.nodeName ?? '');
    if (!pod || !node || node.silent) return;
    const isOver = isTerminal(pod.status?.phase) && pod.metadata?.deletionTimestamp === undefined;
    // What has ended holds neither an address nor a place.
    if (isOver) return this.#forget(key);
    const state = this.#stateOf(key, pod, node);
    const version = versionOf(pod);
    // Our own last write has not come back yet; when it does, the pod is looked at again.
    if (version < state.version || (version === state.version && state.echo && !state.due)) return;
    state.due = false;
    const step = this.#next(pod, state);
    const hasRestarted = [...step.runs.values()].some(({ attempt }) => attempt > 0);
    state.runs = step.at !== undefined || hasRestarted ? step.runs : NO_RUNS;
    if (step.status) await this.#write(pod, state, step.status);
    if (step.remove) await this.#remove(pod, state);
    else if (step.at !== undefined) this.#due.set(key, step.at);
    state.failures = 0;
  }

  #next(pod: V1Pod, state: PodState): PodStep {
    const { node, boundAt, ip, runs } = state;
    const full = !state.taken && !pod.status?.startTime && node.pods >= node.podsMax;
    if (!state.taken && !full) {
      state.taken = true;
      node.pods++;
    }
    return nextPodStatus(pod, this.#options.clock.now(), {
      hostIP: node.hostIP,
      podIP: ip || node.hostIP,
      boundAt,
      script: scriptOf(pod.metadata?.annotations),
      nodeScript: node.script,
      runs,
      ...(full ? { rejection: outOfPods(node) } : {}),
    });
  }

  #stateOf(key: string, pod: V1Pod, node: PlayedNode): PodState {
    const uid = pod.metadata?.uid ?? '';
    const known = this.#states.get(key);
    if (known?.uid === uid && known.node === node) return known;
    if (known) this.#forget(key);
    const state: PodState = {
      uid,
      node,
      boundAt: this.#options.clock.now(),
      ip: '',
      runs: NO_RUNS,
      version: 0,
      echo: false,
      due: false,
      inVain: undefined,
      taken: false,
      removed: false,
      failures: 0,
    };
    const has = pod.status?.podIP;
    if (!pod.spec?.hostNetwork) state.ip = has ?? node.addresses.take();
    if (has && state.ip) node.addresses.claim(has);
    this.#states.set(key, state);
    return state;
  }

  async #write(pod: V1Pod, state: PodState, status: V1PodStatus): Promise<void> {
    const { name = '', namespace } = pod.metadata ?? {};
    if (versionOf(pod) === state.version) {
      const asked = fnv(JSON.stringify(status));
      if (state.inVain === asked) return;
      state.inVain = asked;
    }
    const patch = { metadata: { uid: state.uid }, status: statusPatch(pod.status ?? {}, status) };
    try {
      const type = 'application/strategic-merge-patch+json';
      const answer = await this.#options.client.pods.patch(name, namespace, patch, type, 'status');
      state.version = versionOf(answer);
      state.echo = saysNothingNew(answer, pod);
    } catch (error) {
      // It was not in vain yet: nobody knows what would have come of it.
      state.inVain = undefined;
      // Gone: the informer will tell. A conflict may also come of a race that the server has lost.
      if (!isStatus(error, 'NotFound')) throw error;
    }
  }

  /** The object goes, unless finalizers keep it: then there is nothing more to do here. */
  async #remove(pod: V1Pod, state: PodState): Promise<void> {
    if (state.removed) return;
    const { name = '', namespace } = pod.metadata ?? {};
    const options = { gracePeriodSeconds: 0, preconditions: { uid: state.uid } };
    try {
      await this.#options.client.pods.delete(name, namespace, options);
    } catch (error) {
      if (!isStatus(error, 'NotFound')) throw error;
    }
    state.removed = true;
  }

  #forget(key: string): void {
    const state = this.#states.get(key);
    this.#due.delete(key);
    if (!state) return;
    if (state.ip) state.node.addresses.release(state.ip);
    if (state.taken) state.node.pods--;
    this.#states.delete(key);
  }
}

/** Whether nobody else has changed what stages depend on between the object we looked at and our write. */
function saysNothingNew(answer: V1Pod, { metadata, spec }: V1Pod): boolean {
  return (
    !spec?.readinessGates?.length &&
    answer.metadata?.generation === metadata?.generation &&
    answer.metadata?.deletionTimestamp === metadata?.deletionTimestamp &&
    isDeepStrictEqual(answer.metadata?.annotations, metadata?.annotations)
  );
}

function versionOf(pod: V1Pod): number {
  return Number(pod.metadata?.resourceVersion ?? 0);
}

function outOfPods({ pods, podsMax }: PlayedNode): { reason: string; message: string } {
  const have = `requested: 1, used: ${pods}, capacity: ${podsMax}`;
  return { reason: 'OutOfpods', message: `Pod was rejected: Node didn't have enough resource: pods, ${have}` };
}
