/**
 * Looks at every node at intervals: makes silent ones Ready=Unknown, marks the pods of those that are not ready, and puts
 * on the NoExecute taints that drive pods away, no faster than the zones allow.
 */
import { rfc3339 } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { EventRecorder } from '../../client/events.ts';
import { NODES, PODS } from '../../client/resources.ts';
import type { V1Node, V1Pod } from '../../openapi/generated/types.ts';
import { isStatus } from '../../openapi/status.ts';
import { type ControllerContext, typed } from '../runtime/context.ts';
import { type Controller, periodicController } from '../runtime/controller.ts';
import { NODE_LEASE_NAMESPACE, PODS_BY_NODE } from '../runtime/informers.ts';
import { readyCondition } from '../runtime/pods.ts';
import { conditionsWhenSilent, isSilent, type NodeHealth, observe, readinessOf } from './health.ts';
import { changeTaints, isEmptyChange, noExecuteChange } from './taints.ts';
import { EVICTION_RATES, type EvictionRates, Zones, zoneOf } from './zones.ts';

export interface NodeLifecycleOptions {
  /** How often nodes are looked at. 5 s. */
  monitorPeriodMs?: number;
  /** How long a node may be silent. 40 s. */
  monitorGraceMs?: number;
  /** How long a node may take to post its first status. 60 s. */
  startupGraceMs?: number;
  evictionRates?: EvictionRates;
}

/** A node after a look: what its readiness was, and is now. */
interface Seen {
  node: V1Node;
  was: string;
  is: string;
}

export function nodeMonitor(context: ControllerContext, options: NodeLifecycleOptions = {}): Controller {
  const { informers, clock, log } = context;
  const monitor = new NodeMonitor(context, context.recorder('node-controller'), options);
  return periodicController({
    name: 'nodelifecycle',
    periodMs: options.monitorPeriodMs ?? 5000,
    tick: () => monitor.pass(),
    synced: [informers.nodes.synced(), informers.pods.synced(), informers.nodeLeases.synced()],
    clock,
    log,
  });
}

const ATTEMPTS = 5;

class NodeMonitor {
  readonly #context: ControllerContext;
  readonly #recorder: EventRecorder;
  readonly #grace: { monitor: number; startup: number };
  readonly #zones: Zones;
  readonly #health = new Map<string, NodeHealth>();
  readonly #known = new Map<string, V1Node>();
  /** Nodes whose pods could not all be marked. */
  readonly #unmarked = new Set<string>();

  constructor(context: ControllerContext, recorder: EventRecorder, options: NodeLifecycleOptions) {
    this.#context = context;
    this.#recorder = recorder;
    this.#grace = { monitor: options.monitorGraceMs ?? 40_000, startup: options.startupGraceMs ?? 60_000 };
    this.#zones = new Zones(context.clock, options.evictionRates ?? EVICTION_RATES);
  }

  async pass(): Promise<void> {
    const nodes = this.#context.informers.nodes.list();
    this.#tellComingAndGoing(nodes);
    const seen = await Promise.all(nodes.map((node) => this.#look(node)));
    const judged = seen.filter((entry) => entry !== undefined);
    await this.#judge(judged);
    for (const entry of judged) await this.#markPods(entry);
  }

  /** Updates what is known of the node's health, and its status where it is silent. `undefined` when that failed. */
  async #look(cached: V1Node): Promise<Seen | undefined> {
    const { client, informers, clock, log } = this.#context;
    const name = cached.metadata?.name ?? '';
    const was = readinessOf(cached);
    let node = cached;
    for (let attempt = 1; ; attempt++) {
      const lease = informers.nodeLeases.get(`${NODE_LEASE_NAMESPACE}/${name}`);
      const health = observe(this.#health.get(name), node, lease, clock.now());
      this.#health.set(name, health);
      const silent = isSilent(health, this.#grace, clock.now());
      const conditions = silent ? conditionsWhenSilent(node, clock.now()) : undefined;
      if (!conditions) return { node, was, is: readinessOf(node) };
      try {
        node = await client.nodes.updateStatus({ ...node, status: { ...node.status, conditions } });
        return { node, was, is: readinessOf(node) };
      } catch (error) {
        if (attempt === ATTEMPTS || !isStatus(error, 'Conflict')) {
          log.warn({ node: name, error: messageOf(error) }, 'nodelifecycle: status could not be updated');
          return undefined;
        }
      }
      const latest = await client.nodes.get(name).catch(() => undefined);
      if (!latest) return undefined;
      node = latest;
    }
  }

  async #judge(seen: readonly Seen[]): Promise<void> {
    const { log } = this.#context;
    const readiness = new Map<string, string[]>();
    for (const { node, is } of seen) {
      if (node.metadata?.labels?.['node.kubernetes.io/exclude-disruption'] !== undefined) continue;
      const zone = zoneOf(node);
      readiness.set(zone, [...(readiness.get(zone) ?? []), is]);
    }
    const disruption = this.#zones.update(readiness);
    if (disruption === 'entered') {
      log.warn({}, 'nodelifecycle: no node is ready, evictions are suspended');
      for (const { node } of seen) await this.#taint(node, 'True');
    } else if (disruption === 'left') {
      log.info({}, 'nodelifecycle: nodes are ready again, evictions are resumed');
    } else if (disruption === 'none') {
      for (const { node, is } of seen) await this.#taintInTurn(node, is);
    }
  }

  /** Taking a taint off, or exchanging one for the other, need not wait; a first one waits for the zone's turn. */
  async #taintInTurn(node: V1Node, readiness: string): Promise<void> {
    const change = noExecuteChange(node, readiness);
    if (isEmptyChange(change)) return;
    const first = change.add.length > 0 && change.remove.length === 0;
    if (first && !this.#zones.admit(zoneOf(node))) return;
    await this.#taint(node, readiness);
  }

  async #taint(node: V1Node, readiness: string): Promise<void> {
    const { client, clock, log } = this.#context;
    try {
      await changeTaints(client, node, clock.now(), (current) => noExecuteChange(current, readiness));
    } catch (error) {
      log.warn({ node: node.metadata?.name, error: messageOf(error) }, 'nodelifecycle: taints could not be changed');
    }
  }

  async #markPods({ node, was, is }: Seen): Promise<void> {
    const name = node.metadata?.name ?? '';
    if (is === 'True') {
      this.#unmarked.delete(name);
      return;
    }
    if (was === 'True') {
      this.#tell(node, 'NodeNotReady', `Node ${name} status is now: NodeNotReady`);
      this.#unmarked.add(name);
    }
    if (!this.#unmarked.has(name)) return;
    const pods = this.#context.informers.pods.byIndex(PODS_BY_NODE, name);
    const results = await Promise.allSettled(pods.map((pod) => this.#markNotReady(pod)));
    if (results.every((result) => result.status === 'fulfilled')) this.#unmarked.delete(name);
  }

  async #markNotReady(pod: V1Pod): Promise<void> {
    const { client, clock } = this.#context;
    if (readyCondition(pod)?.status !== 'True') return;
    const { name = '', namespace, uid } = pod.metadata ?? {};
    const condition = { type: 'Ready', status: 'False', lastTransitionTime: rfc3339(clock.now()) };
    const patch = { metadata: { uid }, status: { conditions: [condition] } };
    try {
      await client.pods.patch(name, namespace, patch, 'application/strategic-merge-patch+json', 'status');
      this.#recorder.event(typed(PODS, pod), 'Warning', 'NodeNotReady', 'Node is not ready');
    } catch (error) {
      if (!isStatus(error, 'NotFound')) throw error;
    }
  }

  #tellComingAndGoing(nodes: readonly V1Node[]): void {
    const present = new Set<string>();
    for (const node of nodes) {
      const name = node.metadata?.name ?? '';
      present.add(name);
      if (!this.#known.has(name)) {
        this.#tell(node, 'RegisteredNode', `Node ${name} event: Registered Node ${name} in Controller`);
        this.#known.set(name, node);
      }
    }
    for (const [name, node] of this.#known) {
      if (present.has(name)) continue;
      this.#tell(node, 'RemovingNode', `Node ${name} event: Removing Node ${name} from Controller`);
      this.#known.delete(name);
      this.#health.delete(name);
      this.#unmarked.delete(name);
    }
  }

  #tell(node: V1Node, reason: string, message: string): void {
    const { name = '', uid = '' } = node.metadata ?? {};
    this.#recorder.event(typed(NODES, { metadata: { name, uid } }), 'Normal', reason, message);
  }
}
