/** What is to be seen, and to be done, on one node for one DaemonSet. Pure. */
import type { V1Pod } from '../../openapi/generated/types.ts';
import { REVISION_HASH_LABEL } from '../history/revision.ts';
import { isAvailable, isFinished, isReady } from '../runtime/pods.ts';
import type { Fit } from './placement.ts';
import { isUpdated } from './template.ts';

/** What holds on all nodes. */
export interface Terms {
  /** The revision that pods should have. */
  hash: string;
  generation: string | undefined;
  minReadySeconds: number;
  /** Whether a new pod may run beside an old one. */
  surges: boolean;
}

export interface OnNode {
  node: string;
  /** False for a node that is gone: pods that were bound to it are for others to delete. */
  exists: boolean;
  fit: Fit;
  /** The set's pods on the node, but for those that are finished and on their way out. */
  pods: readonly V1Pod[];
  /** Pods that were made, and uids of those deleted, without that it shows. */
  creations: number;
  deletions: ReadonlySet<string>;
  nowMs: number;
}

/**
 * What a rolling update has to do with the node. `old`, `new`, `both`: the revisions of its pods; `waiting`: the new one
 * is not available yet; `unwell`: the old one is not; `stray`: no new pod should come here.
 */
export type Rollout =
  | 'excess'
  | 'empty'
  | 'new'
  | 'new waiting'
  | 'old'
  | 'old unwell'
  | 'old stray'
  | 'old stray unwell'
  | 'both'
  | 'both waiting';

export interface NodeView {
  fit: Fit;
  /** Whether there is a pod; of the oldest one, whether it is ready, available and of the right revision. */
  scheduled: boolean;
  ready: boolean;
  available: boolean;
  updated: boolean;
  rollout: Rollout;
  oldPod: V1Pod | undefined;
  /** Whether the old pod, or without one the new pod, serves. */
  serves: boolean;
}

/** `undefined` when there is nothing on the node, and nothing to come. */
export function viewOf(on: OnNode, terms: Terms): NodeView | undefined {
  const { fit, pods, exists } = on;
  if (fit !== 'run' && pods.length === 0) return undefined;
  const [oldest] = byAge(pods);
  const available = (pod: V1Pod | undefined) => pod !== undefined && isAvailable(pod, terms.minReadySeconds, on.nowMs);
  const live = livePods(on);
  const newPods = live.filter((pod) => isUpdated(pod, terms.hash, terms.generation));
  const oldPods = live.filter((pod) => !newPods.includes(pod));
  const [newPod] = newPods;
  const [oldPod] = oldPods;
  const isExcess = newPods.length > 1 || oldPods.length > 1;
  const seen = { newPod: newPod !== undefined || on.creations > 0, oldPod: oldPod !== undefined };
  const up = { newPod: available(newPod), oldPod: available(oldPod) };
  return {
    fit,
    scheduled: exists && oldest !== undefined,
    ready: oldest !== undefined && isReady(oldest),
    available: available(oldest),
    updated: oldest !== undefined && isUpdated(oldest, terms.hash, terms.generation),
    rollout: isExcess ? 'excess' : rolloutOf(fit, seen, up),
    oldPod,
    serves: !isExcess && (oldPod ? up.oldPod : up.newPod),
  };
}

interface Pair {
  newPod: boolean;
  oldPod: boolean;
}

function rolloutOf(fit: Fit, seen: Pair, up: Pair): Rollout {
  if (seen.newPod) {
    if (seen.oldPod) return up.newPod ? 'both' : 'both waiting';
    return up.newPod ? 'new' : 'new waiting';
  }
  if (!seen.oldPod) return 'empty';
  if (fit === 'run') return up.oldPod ? 'old' : 'old unwell';
  return up.oldPod ? 'old stray' : 'old stray unwell';
}

export interface NodeSteps {
  /** Whether a pod is to be made for the node. */
  create: boolean;
  delete: V1Pod[];
  /** Those among them that ended by themselves. */
  failed: V1Pod[];
  succeeded: V1Pod[];
  /** Whether a failed pod must wait for the end of its back-off. */
  backsOff: boolean;
}

/** What to do on the node before any rolling update. `inBackOff`: whether its last pod failed just now. */
export function stepsOn(on: OnNode, terms: Terms, inBackOff: boolean): NodeSteps {
  const steps: NodeSteps = { create: false, delete: [], failed: [], succeeded: [], backsOff: false };
  const live = livePods(on);
  if (!on.exists) return { ...steps, delete: live.filter((pod) => !pod.spec?.nodeName) };
  if (on.fit === 'leave') return { ...steps, delete: live };
  const isExpected = on.creations > 0;
  if (on.pods.length === 0) return { ...steps, create: on.fit === 'run' && !isExpected };
  const failed = live.filter((pod) => pod.status?.phase === 'Failed');
  const succeeded = live.filter((pod) => pod.status?.phase === 'Succeeded');
  const running = byAge(live.filter((pod) => !isFinished(pod)));
  return {
    // A pod that goes makes room for the next only where both may be there for a while.
    create: terms.surges && running.length === 0 && on.fit === 'run' && !isExpected,
    delete: [...(inBackOff ? [] : failed), ...succeeded, ...surplus(running, on, terms)],
    failed: inBackOff ? [] : failed,
    succeeded,
    backsOff: inBackOff && failed.length > 0,
  };
}

/** All but the oldest, or where pods may surge all but the oldest of each revision while the new one is not yet well. */
function surplus(running: readonly V1Pod[], on: OnNode, terms: Terms): V1Pod[] {
  if (!terms.surges) return running.slice(1);
  if (running.length <= 1) return [];
  const isNew = (pod: V1Pod) => pod.metadata?.labels?.[REVISION_HASH_LABEL] === terms.hash;
  const newest = running.find(isNew);
  const former = running.find((pod) => !isNew(pod));
  const others = running.filter((pod) => pod !== newest && pod !== former);
  if (!newest || !former) return others;
  const isReplaced = !isReady(former) || isAvailable(newest, terms.minReadySeconds, on.nowMs);
  return isReplaced ? [...others, former] : others;
}

/** Pods that are to stay as far as anybody has said. */
function livePods({ pods, deletions }: OnNode): V1Pod[] {
  return pods.filter(
    ({ metadata }) => metadata?.deletionTimestamp === undefined && !deletions.has(metadata?.uid ?? ''),
  );
}

/** Bound pods first, then the oldest, then by name. */
function byAge(pods: readonly V1Pod[]): V1Pod[] {
  if (pods.length <= 1) return [...pods];
  return [...pods].sort(
    (a, b) =>
      Number(!a.spec?.nodeName) - Number(!b.spec?.nodeName) ||
      compareText(a.metadata?.creationTimestamp, b.metadata?.creationTimestamp) ||
      compareText(a.metadata?.name, b.metadata?.name),
  );
}

function compareText(a = '', b = ''): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
