/**
 * Nodes by the thousand, with nothing behind them: no kubelet, no runtime, one identity, two informers. They and their
 * pods go through the stages that real ones go through, as annotations on either say (`script.ts`).
 */
import type { Clock } from '../../base/clock.ts';
import { isAbort, messageOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import type { Client } from '../../client/client.ts';
import { NetworkPlan } from './network.ts';
import { DEFAULT_CAPACITY, type NodeShape, podsPerNodeOf } from './node-object.ts';
import { SimulatedNodes } from './nodes.ts';
import { SimulatedPods } from './pods.ts';

export interface SimulationOptions {
  client: Client;
  clock: Clock;
  random: Random;
  log: Log;
  /** Stops the simulation as `stop()` does. */
  signal: AbortSignal;
  /** How many nodes to make, called `PREFIX-0` and so on; those that are there already are played as they are. */
  count: number;
  /** `node` unless told otherwise. */
  prefix?: string;
  shape?: Partial<NodeShape>;
  /** Where pods and nodes have their addresses; two simulations of one cluster need networks of their own. */
  podCidr?: string;
  nodeCidr?: string;
  /** 40 s, as a kubelet's. */
  leaseDurationSeconds?: number;
  /** How often each lease is renewed; 10 s, as a kubelet's, and up to 20 s where there are thousands of nodes. */
  leaseRenewMs?: number;
  /** 5 min, as a kubelet's. */
  statusReportMs?: number;
  /** How many pods are written at a time. */
  workers?: number;
}

export interface Simulation {
  /** Resolves once all nodes are there and the pods are known. */
  ready: Promise<void>;
  readonly nodes: SimulatedNodes;
  readonly pods: SimulatedPods;
  /** Releases everything; the nodes stay, and fall silent. */
  stop(): Promise<void>;
}

/** The name under which a simulation acts. */
export const SIMULATOR_USER = 'system:kube-node-simulator';

const DEFAULTS = { prefix: 'node', podCidr: '10.128.0.0/9', nodeCidr: '100.64.0.0/10', workers: 32 };
const LEASE_RENEW_MIN_MS = 10_000;
const LEASE_RENEW_MAX_MS = 20_000;
/** Not more than this many leases a second, where the longest period allows. */
const LEASES_PER_MS = 0.25;

export function startSimulation(options: SimulationOptions): Simulation {
  const { client, clock, random, log, count } = options;
  const abort = new AbortController();
  const { signal } = abort;
  const shape = shapeOf(options.shape);
  const network = new NetworkPlan({
    podCidr: options.podCidr ?? DEFAULTS.podCidr,
    nodeCidr: options.nodeCidr ?? DEFAULTS.nodeCidr,
    podsPerNode: podsPerNodeOf(shape),
  });
  const nodes = new SimulatedNodes({
    ...{ client, clock, random, log, shape, network, signal },
    leaseDurationSeconds: options.leaseDurationSeconds ?? 40,
    leaseRenewMs: options.leaseRenewMs ?? leaseRenewMs(count),
    statusReportMs: options.statusReportMs ?? 300_000,
    onUp: (name) => pods.wakeNode(name),
  });
  const pods = new SimulatedPods({
    ...{ client, clock, random, log, signal },
    node: (name) => nodes.get(name),
    workers: options.workers ?? DEFAULTS.workers,
  });
  const running = [nodes.run(), pods.run()];
  const names = Array.from({ length: count }, (_, index) => `${options.prefix ?? DEFAULTS.prefix}-${index}`);
  const ready = Promise.all([nodes.synced(), pods.synced()]).then(async () => {
    if (signal.aborted) return;
    const making = nodes.make(names);
    running.push(making);
    await making;
  });
  ready.catch((error: unknown) => {
    if (!isAbort(error, signal)) log.error({ error: messageOf(error) }, 'simulation: could not become ready');
  });

  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopped ??= (async () => {
      options.signal.removeEventListener('abort', onAbort);
      abort.abort(new DOMException('the simulation stops', 'AbortError'));
      await Promise.allSettled(running);
    })();
    return stopped;
  };
  const onAbort = () => {
    stop().catch((error: unknown) => log.error({ error: messageOf(error) }, 'simulation: could not stop cleanly'));
  };
  if (options.signal.aborted) onAbort();
  options.signal.addEventListener('abort', onAbort, { once: true });
  return { ready, nodes, pods, stop };
}

function shapeOf(shape: Partial<NodeShape> = {}): NodeShape {
  return {
    simulator: shape.simulator ?? 'kubets',
    capacity: { ...DEFAULT_CAPACITY, ...shape.capacity },
    ...(shape.allocatable ? { allocatable: shape.allocatable } : {}),
    labels: shape.labels ?? {},
    annotations: shape.annotations ?? {},
    taints: shape.taints ?? [],
    zones: shape.zones ?? [],
  };
}

/** Kubelets' period, longer where that would be too many writes, and always short enough to miss one. */
function leaseRenewMs(count: number): number {
  return Math.min(Math.max(count / LEASES_PER_MS, LEASE_RENEW_MIN_MS), LEASE_RENEW_MAX_MS);
}
