/**
 * Removes pods that nobody else will: of nodes that are gone, of no node at all, and of the many that have finished.
 * They are deleted at once, since there is no kubelet to wait for.
 */
import { rfc3339 } from '../base/clock.ts';
import { WorkQueue } from '../client/work-queue.ts';
import type { V1Pod, V1PodCondition } from '../openapi/generated/types.ts';
import { keyOf } from '../openapi/object.ts';
import { isStatus } from '../openapi/status.ts';
import type { ControllerContext } from './runtime/context.ts';
import { type Controller, controllerOf, type ReconcileResult } from './runtime/controller.ts';
import { PODS_BY_NODE } from './runtime/informers.ts';
import { isFinished } from './runtime/pods.ts';

export interface PodGcOptions {
  /** How long a node must be missing before its pods go. 40 s. */
  quarantineMs?: number;
  /** Finished pods that are kept; the oldest beyond go. 12,500. */
  terminatedPodThreshold?: number;
}

/** Finished pods are counted this long after the last of them finished. */
const TERMINATED_DELAY_MS = 20_000;
/** The server itself removes most pods that were never scheduled, a moment after it marks them. */
const UNSCHEDULED_DELAY_MS = 2000;
/** Keys: `ns/name` of a pod, the name of a node, or this. A node's name has no slash and a pod's does not begin so. */
const TERMINATED = '/terminated';

export function podGarbageCollector(context: ControllerContext, options: PodGcOptions = {}): Controller {
  const { informers, clock, log } = context;
  const { quarantineMs = 40_000 } = options;
  const queue = new WorkQueue({ clock });
  const look = (pod: V1Pod) => {
    const { nodeName } = pod.spec ?? {};
    if (nodeName && !informers.nodes.get(nodeName)) queue.addAfter(nodeName, quarantineMs);
    if (!nodeName && pod.metadata?.deletionTimestamp !== undefined) queue.addAfter(keyOf(pod), UNSCHEDULED_DELAY_MS);
    if (isFinished(pod)) queue.addAfter(TERMINATED, TERMINATED_DELAY_MS);
  };
  informers.pods.addHandler({ added: look, updated: look });
  informers.nodes.addHandler({ deleted: (node) => queue.addAfter(keyOf(node), quarantineMs) });
  return controllerOf({
    name: 'podgc',
    queue,
    workers: 1,
    reconcile: (key) => reconcilePodGc(context, options, key),
    synced: [informers.pods.synced(), informers.nodes.synced()],
    clock,
    log,
  });
}

async function reconcilePodGc(
  context: ControllerContext,
  options: PodGcOptions,
  key: string,
): Promise<ReconcileResult> {
  if (key === TERMINATED) await collectTerminated(context, options.terminatedPodThreshold ?? 12_500);
  else if (key.includes('/')) await collectUnscheduled(context, key);
  else await collectOrphaned(context, key);
  return undefined;
}

async function collectTerminated(context: ControllerContext, threshold: number): Promise<void> {
  const finished = context.informers.pods.list().filter(isFinished);
  const surplus = finished.length - threshold;
  if (threshold <= 0 || surplus <= 0) return;
  finished.sort((a, b) => (ageKey(a) < ageKey(b) ? -1 : 1));
  for (const pod of finished.slice(0, surplus)) await forceDelete(context, pod);
}

function ageKey(pod: V1Pod): string {
  return `${pod.metadata?.creationTimestamp} ${pod.metadata?.name}`;
}

async function collectUnscheduled(context: ControllerContext, key: string): Promise<void> {
  const pod = context.informers.pods.get(key);
  if (!pod || pod.spec?.nodeName || pod.metadata?.deletionTimestamp === undefined) return;
  await forceDelete(context, pod);
}

/** The copy may be behind, so the server is asked whether the node is gone. */
async function collectOrphaned(context: ControllerContext, nodeName: string): Promise<void> {
  const { client, informers, clock } = context;
  const pods = informers.pods.byIndex(PODS_BY_NODE, nodeName);
  if (pods.length === 0 || informers.nodes.get(nodeName)) return;
  try {
    await client.nodes.get(nodeName);
    return;
  } catch (error) {
    if (!isStatus(error, 'NotFound')) throw error;
  }
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    lastTransitionTime: rfc3339(clock.now()),
    reason: 'DeletionByPodGC',
    message: 'PodGC: node no longer exists',
  };
  for (const pod of pods) await forceDelete(context, pod, condition);
}

/** Marks a pod that had not finished as Failed, then deletes it without grace. */
async function forceDelete({ client, log }: ControllerContext, pod: V1Pod, condition?: V1PodCondition): Promise<void> {
  const { name = '', namespace, uid } = pod.metadata ?? {};
  log.info({ pod: keyOf(pod), node: pod.spec?.nodeName }, 'podgc: deleting pod');
  try {
    if (!isFinished(pod)) {
      const status = { phase: 'Failed', ...(condition ? { conditions: [condition] } : {}) };
      const patch = { metadata: { uid }, status };
      await client.pods.patch(name, namespace, patch, 'application/strategic-merge-patch+json', 'status');
    }
    await client.pods.delete(name, namespace, { gracePeriodSeconds: 0, ...(uid ? { preconditions: { uid } } : {}) });
  } catch (error) {
    if (!isStatus(error, 'NotFound')) throw error;
  }
}
