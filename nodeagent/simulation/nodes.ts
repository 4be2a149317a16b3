/**
 * The nodes of a simulation: made once, then kept Ready with their leases renewed, all of them by one loop. What is due
 * is spread over the period, so that thousands of nodes cost a steady trickle of small writes.
 */
import { type Clock, rfc3339Micro } from '../../base/clock.ts';
import { isAbort, messageOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import type { Client } from '../../client/client.ts';
import { Informer } from '../../client/informer.ts';
import { WorkQueue } from '../../client/work-queue.ts';
import type { V1Lease, V1Node } from '../../openapi/generated/types.ts';
import { isStatus } from '../../openapi/status.ts';
import { AddressPool } from '../runtime/simulated/addresses.ts';
import { DueTimes } from './due-times.ts';
import type { NetworkPlan, NodeNetwork } from './network.ts';
import { type NodeShape, nextNodeStatus, podsMaxOf, SIMULATOR_LABEL, simulatedNode } from './node-object.ts';
import { type PodScript, SILENT_ANNOTATION, scriptOf } from './script.ts';

export interface NodesOptions {
  client: Client;
  clock: Clock;
  random: Random;
  log: Log;
  shape: NodeShape;
  network: NetworkPlan;
  leaseDurationSeconds: number;
  leaseRenewMs: number;
  /** How often a node's status is written though it has not changed. */
  statusReportMs: number;
  /** Told of a node that is new, or is back after a silence: its pods are to be looked at. */
  onUp(name: string): void;
  signal: AbortSignal;
}

/** A node as its pods see it. */
export interface PlayedNode {
  readonly name: string;
  silent: boolean;
  hostIP: string;
  podCidr: string;
  addresses: AddressPool;
  script: PodScript;
  podsMax: number;
  /** Pods that it has taken and that have not ended. */
  pods: number;
}

interface NodeState extends PlayedNode {
  uid: string;
  /** The version whose status was last found to be as it ought to be. */
  wellVersion: string | undefined;
  leaseVersion: string | undefined;
  leaseDueAt: number;
  reportDueAt: number;
}

const LEASE_NAMESPACE = 'kube-node-lease';
const WORKERS = 8;
const MAKERS = 16;
const RETRY_MS = 1_000;
/** Leases that fall due within it are renewed together. */
const GRID_MS = 500;

export class SimulatedNodes {
  readonly #options: NodesOptions;
  readonly #informer: Informer<V1Node>;
  readonly #queue: WorkQueue;
  readonly #due: DueTimes;
  readonly #nodes = new Map<string, NodeState>();

  constructor(options: NodesOptions) {
    this.#options = options;
    const { client, clock, random, log, shape } = options;
    const labelSelector = `${SIMULATOR_LABEL}=${shape.simulator}`;
    this.#informer = new Informer<V1Node>(client.nodes, { clock, random, log, labelSelector });
    this.#queue = new WorkQueue({ clock });
    this.#due = new DueTimes(clock, (name) => this.#queue.add(name), GRID_MS);
    this.#informer.addHandler({
      added: (node) => this.#observe(node),
      updated: (node) => this.#observe(node),
      deleted: (node) => this.#forget(node.metadata?.name ?? ''),
    });
  }

  get(name: string): PlayedNode | undefined {
    return this.#nodes.get(name);
  }

  /** How many nodes are played. */
  get size(): number {
    return this.#nodes.size;
  }

  /** Resolves once the nodes that there are are known. */
  synced(): Promise<void> {
    return this.#informer.synced();
  }

  /** Plays nodes until the signal aborts. */
  async run(): Promise<void> {
    const { signal } = this.#options;
    const stop = () => {
      this.#queue.close();
      this.#due.close();
    };
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    await Promise.all([this.#informer.run(signal), ...Array.from({ length: WORKERS }, () => this.#work())]);
  }

  /** Makes those of `names` that are not there. Resolves when all are; tries until they are, or the signal aborts. */
  async make(names: readonly string[]): Promise<void> {
    const missing = names.map((name, index) => ({ name, index })).filter(({ name }) => !this.#nodes.has(name));
    const makers = Array.from({ length: MAKERS }, async () => {
      for (let next = missing.shift(); next; next = missing.shift()) await this.#make(next.name, next.index);
    });
    await Promise.all(makers);
  }

  async #make(name: string, index: number): Promise<void> {
    const { client, clock, log, shape, network, signal } = this.#options;
    const own = network.take();
    for (;;) {
      signal.throwIfAborted();
      try {
        await client.nodes.create(simulatedNode(name, index, shape, own, clock.now()));
        return;
      } catch (error) {
        if (isAbort(error, signal)) throw error;
        if (isStatus(error, 'AlreadyExists')) {
          network.release(own.podCidr);
          log.debug({ node: name }, 'simulation: the node is there already');
          return;
        }
        if (isStatus(error) && error.code < 500 && error.code !== 429) throw error;
        log.warn({ node: name, error: messageOf(error) }, 'simulation: node could not be made, trying again');
        await clock.sleep(RETRY_MS, signal);
      }
    }
  }

  #observe(node: V1Node): void {
    const name = node.metadata?.name ?? '';
    const state = this.#nodes.get(name) ?? this.#meet(node, name);
    const wasSilent = state.silent;
    state.silent = node.metadata?.annotations?.[SILENT_ANNOTATION] === 'true';
    state.script = scriptOf(node.metadata?.annotations);
    state.podsMax = podsMaxOf(node);
    if (wasSilent && !state.silent) {
      state.leaseDueAt = 0;
      this.#options.onUp(name);
    }
    this.#queue.add(name);
  }

  #meet(node: V1Node, name: string): NodeState {
    const own = this.#networkOf(node);
    const state: NodeState = {
      name,
      uid: node.metadata?.uid ?? '',
      silent: true, // so that its pods are told when it is not
      hostIP: node.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address ?? own.address,
      podCidr: own.podCidr,
      addresses: new AddressPool(own.podCidr),
      script: scriptOf(undefined),
      podsMax: 0,
      pods: 0,
      wellVersion: undefined,
      leaseVersion: undefined,
      leaseDueAt: 0,
      reportDueAt: this.#options.clock.now() + this.#options.random.next() * this.#options.statusReportMs,
    };
    this.#nodes.set(name, state);
    return state;
  }

  /** A Node that somebody else made gets a network of its own where it says nothing of one. */
  #networkOf(node: V1Node): NodeNetwork {
    const { network } = this.#options;
    const told = node.spec?.podCIDR ? network.claim(node.spec.podCIDR) : undefined;
    const address = node.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address ?? told?.address;
    if (told && address) return { podCidr: told.podCidr, address };
    const own = network.take();
    return told ? { podCidr: told.podCidr, address: own.address } : own;
  }

  #forget(name: string): void {
    const state = this.#nodes.get(name);
    if (state) this.#options.network.release(state.podCidr);
    this.#nodes.delete(name);
    this.#due.delete(name);
  }

  async #work(): Promise<void> {
    for (let name = await this.#queue.get(); name !== undefined; name = await this.#queue.get()) {
      try {
        await this.#sync(name);
      } catch (error) {
        if (isAbort(error, this.#options.signal)) return;
        this.#options.log.warn({ node: name, error: messageOf(error) }, 'simulation: node could not be kept up');
        this.#due.set(name, this.#options.clock.now() + RETRY_MS);
      } finally {
        this.#queue.done(name);
      }
    }
  }

  async #sync(name: string): Promise<void> {
    const { clock } = this.#options;
    const state = this.#nodes.get(name);
    const node = this.#informer.get(name);
    if (!state || !node) return;
    if (state.silent) {
      this.#due.delete(name);
      return;
    }
    await this.#report(node, state);
    if (clock.now() >= state.leaseDueAt) await this.#renew(state);
    if (this.#nodes.get(name) === state) this.#due.set(name, Math.min(state.leaseDueAt, state.reportDueAt));
  }

  async #report(node: V1Node, state: NodeState): Promise<void> {
    const { client, clock, shape, statusReportMs } = this.#options;
    const now = clock.now();
    const version = node.metadata?.resourceVersion;
    if (version === state.wellVersion && now < state.reportDueAt) return;
    const status = nextNodeStatus(node, shape, state.hostIP, now, now >= state.reportDueAt);
    if (!status) {
      state.wellVersion = version;
      return;
    }
    const patch = { metadata: { uid: state.uid }, status };
    try {
      await client.nodes.patch(state.name, undefined, patch, 'application/strategic-merge-patch+json', 'status');
    } catch (error) {
      // Gone: the informer will tell. A conflict may also come of a race that the server has lost.
      if (!isStatus(error, 'NotFound')) throw error;
    }
    state.reportDueAt = now + statusReportMs;
  }

  async #renew(state: NodeState): Promise<void> {
    const { client, clock, random, leaseRenewMs } = this.#options;
    const isFirst = state.leaseVersion === undefined;
    const lease = this.#leaseOf(state);
    try {
      const stored = isFirst ? await client.leases.create(lease) : await client.leases.update(lease);
      state.leaseVersion = stored.metadata?.resourceVersion;
    } catch (error) {
      if (isStatus(error, 'AlreadyExists') || isStatus(error, 'Conflict')) {
        state.leaseVersion = (await client.leases.get(state.name, LEASE_NAMESPACE)).metadata?.resourceVersion;
        return;
      }
      if (!isStatus(error, 'NotFound')) throw error;
      state.leaseVersion = undefined;
      return;
    }
    // The first wait is drawn, so that the nodes do not stay in step.
    state.leaseDueAt = clock.now() + leaseRenewMs * (isFirst ? random.next() : 1);
  }

  #leaseOf({ name, uid, leaseVersion }: NodeState): V1Lease {
    return {
      metadata: {
        name,
        namespace: LEASE_NAMESPACE,
        ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid }],
        ...(leaseVersion === undefined ? {} : { resourceVersion: leaseVersion }),
      },
      spec: {
        holderIdentity: name,
        leaseDurationSeconds: this.#options.leaseDurationSeconds,
        renewTime: rfc3339Micro(this.#options.clock.now()),
      },
    };
  }
}
