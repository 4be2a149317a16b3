/**
 * Whether a node is alive, judged by when it was last heard of: by its status or by its lease. The controller's own
 * clock says when that was, so that a node whose clock is wrong is not taken for dead.
 */
import { rfc3339 } from '../../base/clock.ts';
import type { V1Lease, V1Node, V1NodeCondition } from '../../openapi/generated/types.ts';

export interface NodeHealth {
  /** When a sign of life was last seen. */
  probeMs: number;
  /** What the Ready condition said then; absent when there was none. */
  heartbeat?: string;
  leaseRenewal?: string;
}

export function conditionOf(node: V1Node, type: string): V1NodeCondition | undefined {
  return node.status?.conditions?.find((condition) => condition.type === type);
}

/** True, False or Unknown; Unknown where the node never said. */
export function readinessOf(node: V1Node): string {
  return conditionOf(node, 'Ready')?.status ?? 'Unknown';
}

/** What is known of the node's health after a look at its status and lease. */
export function observe(
  before: NodeHealth | undefined,
  node: V1Node,
  lease: V1Lease | undefined,
  nowMs: number,
): NodeHealth {
  const ready = conditionOf(node, 'Ready');
  const heartbeat = ready ? (ready.lastHeartbeatTime ?? '') : undefined;
  const renewal = lease?.spec?.renewTime;
  let probeMs: number;
  if (!before) probeMs = ready ? nowMs : Date.parse(node.metadata?.creationTimestamp ?? '') || nowMs;
  else probeMs = heartbeat === before.heartbeat ? before.probeMs : nowMs;
  if (renewal !== undefined && (before?.leaseRenewal === undefined || before.leaseRenewal < renewal)) probeMs = nowMs;
  return {
    probeMs,
    ...(heartbeat === undefined ? {} : { heartbeat }),
    ...(renewal === undefined ? {} : { leaseRenewal: renewal }),
  };
}

/** Whether the node has been silent for longer than it is allowed: longer while it has never posted a status. */
export function isSilent(health: NodeHealth, graceMs: { monitor: number; startup: number }, nowMs: number): boolean {
  return nowMs > health.probeMs + (health.heartbeat === undefined ? graceMs.startup : graceMs.monitor);
}

/** Conditions that only the kubelet sets. NetworkUnavailable is not among them. */
const KUBELET_CONDITIONS = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'];

/** The node's conditions, made Unknown because it is silent; `undefined` when Ready is so already. */
export function conditionsWhenSilent(node: V1Node, nowMs: number): V1NodeCondition[] | undefined {
  if (conditionOf(node, 'Ready')?.status === 'Unknown') return undefined;
  const conditions = [...(node.status?.conditions ?? [])];
  for (const type of KUBELET_CONDITIONS) {
    const index = conditions.findIndex((condition) => condition.type === type);
    const current = conditions[index];
    if (!current) {
      conditions.push({
        type,
        status: 'Unknown',
        lastHeartbeatTime: node.metadata?.creationTimestamp ?? rfc3339(nowMs),
        lastTransitionTime: rfc3339(nowMs),
        reason: 'NodeStatusNeverUpdated',
        message: 'Kubelet never posted node status.',
      });
    } else if (current.status !== 'Unknown') {
      conditions[index] = {
        ...current,
        status: 'Unknown',
        lastTransitionTime: rfc3339(nowMs),
        reason: 'NodeStatusUnknown',
        message: 'Kubelet stopped posting node status.',
      };
    }
  }
  return conditions;
}
