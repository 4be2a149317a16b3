/** Taints that the control plane puts on nodes, from what their conditions say. */
import { rfc3339 } from '../../base/clock.ts';
import type { Client } from '../../client/client.ts';
import type { V1Node, V1Taint } from '../../openapi/generated/types.ts';
import { isStatus } from '../../openapi/status.ts';

export const NOT_READY = 'node.kubernetes.io/not-ready';
export const UNREACHABLE = 'node.kubernetes.io/unreachable';
const UNSCHEDULABLE = 'node.kubernetes.io/unschedulable';

/** The taint that a condition calls for, by its type and status. */
const TAINT_KEYS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Ready: { False: NOT_READY, Unknown: UNREACHABLE },
  MemoryPressure: { True: 'node.kubernetes.io/memory-pressure' },
  DiskPressure: { True: 'node.kubernetes.io/disk-pressure' },
  NetworkUnavailable: { True: 'node.kubernetes.io/network-unavailable' },
  PIDPressure: { True: 'node.kubernetes.io/pid-pressure' },
};
const OWN_KEYS: ReadonlySet<string> = new Set([
  UNSCHEDULABLE,
  ...Object.values(TAINT_KEYS).flatMap((byStatus) => Object.values(byStatus)),
]);

export interface TaintChange {
  effect: string;
  /** Keys that must be there with this effect, and keys that must not. */
  add: string[];
  remove: string[];
}

/** What must change so that the NoSchedule taints agree with the node's conditions and `spec.unschedulable`. */
export function noScheduleChange(node: V1Node): TaintChange {
  const wanted = new Set<string>();
  for (const condition of node.status?.conditions ?? []) {
    const key = TAINT_KEYS[condition.type]?.[condition.status];
    if (key) wanted.add(key);
  }
  if (node.spec?.unschedulable) wanted.add(UNSCHEDULABLE);
  const present = (node.spec?.taints ?? []).filter(({ effect, key }) => effect === 'NoSchedule' && OWN_KEYS.has(key));
  const keys = new Set(present.map(({ key }) => key));
  return {
    effect: 'NoSchedule',
    add: [...wanted].filter((key) => !keys.has(key)),
    remove: [...keys].filter((key) => !wanted.has(key)),
  };
}

/** The same for the NoExecute taint of a node that is not ready (`False`), silent (`Unknown`) or well (`True`). */
export function noExecuteChange(node: V1Node, readiness: string): TaintChange {
  const wanted = TAINT_KEYS.Ready?.[readiness];
  const has = (key: string) =>
    (node.spec?.taints ?? []).some((taint) => taint.key === key && taint.effect === 'NoExecute');
  return {
    effect: 'NoExecute',
    add: wanted && !has(wanted) ? [wanted] : [],
    remove: [NOT_READY, UNREACHABLE].filter((key) => key !== wanted && has(key)),
  };
}

export function isEmptyChange(change: TaintChange): boolean {
  return change.add.length === 0 && change.remove.length === 0;
}

/** The taints after a change; those added carry the time. */
export function applyChange(taints: readonly V1Taint[] | undefined, change: TaintChange, nowMs: number): V1Taint[] {
  const touched = new Set([...change.add, ...change.remove]);
  const kept = (taints ?? []).filter((taint) => taint.effect !== change.effect || !touched.has(taint.key));
  const added = change.add.map((key) => ({ key, effect: change.effect, timeAdded: rfc3339(nowMs) }));
  return [...kept, ...added];
}

const ATTEMPTS = 5;

/**
 * Writes the change that `changeOf` finds necessary, on the latest version of the node. Resolves without a write when
 * there is none, or when the node is gone.
 */
export async function changeTaints(
  client: Client,
  node: V1Node,
  nowMs: number,
  changeOf: (node: V1Node) => TaintChange,
): Promise<void> {
  let current = node;
  for (let attempt = 1; ; attempt++) {
    const change = changeOf(current);
    if (isEmptyChange(change)) return;
    const { name = '', uid, resourceVersion } = current.metadata ?? {};
    const taints = applyChange(current.spec?.taints, change, nowMs);
    const patch = { metadata: { uid, resourceVersion }, spec: { taints: taints.length > 0 ? taints : null } };
    try {
      await client.nodes.patch(name, undefined, patch, 'application/merge-patch+json');
      return;
    } catch (error) {
      if (isStatus(error, 'NotFound')) return;
      if (!isStatus(error, 'Conflict') || attempt === ATTEMPTS) throw error;
    }
    const latest = await client.nodes.get(name);
    if (latest.metadata?.uid !== uid) return;
    current = latest;
  }
}
