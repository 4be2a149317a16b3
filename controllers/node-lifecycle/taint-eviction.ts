/** Deletes pods from nodes with NoExecute taints once they have been there for as long as they tolerate. */
import { rfc3339 } from '../../base/clock.ts';
import type { EventRecorder } from '../../client/events.ts';
import { PODS } from '../../client/resources.ts';
import { WorkQueue } from '../../client/work-queue.ts';
import type { V1Node, V1Pod } from '../../openapi/generated/types.ts';
import { keyOf, splitKey } from '../../openapi/object.ts';
import { isStatus } from '../../openapi/status.ts';
import { type ControllerContext, typed } from '../runtime/context.ts';
import { type Controller, controllerOf, type ReconcileResult } from '../runtime/controller.ts';
import { PODS_BY_NODE } from '../runtime/informers.ts';
import { noExecuteTaints, toleratedMs } from './tolerations.ts';

const WORKERS = 8;

export function taintEviction(context: ControllerContext): Controller {
  const { informers, clock, log } = context;
  const queue = new WorkQueue({ clock });
  const eviction = new TaintEviction(context, context.recorder('taint-eviction-controller'));
  const enqueuePodsOn = (node: V1Node) => {
    for (const pod of informers.pods.byIndex(PODS_BY_NODE, node.metadata?.name ?? '')) queue.add(keyOf(pod));
  };
  informers.nodes.addHandler({
    added: (node) => {
      if (noExecuteTaints(node).length > 0) enqueuePodsOn(node);
    },
    updated: (node, old) => {
      if (JSON.stringify(noExecuteTaints(node)) !== JSON.stringify(noExecuteTaints(old))) enqueuePodsOn(node);
    },
    deleted: enqueuePodsOn,
  });
  informers.pods.addHandler({
    added: (pod) => queue.add(keyOf(pod)),
    updated: (pod, old) => {
      const moved = pod.spec?.nodeName !== old.spec?.nodeName;
      const tolerates = JSON.stringify(pod.spec?.tolerations) !== JSON.stringify(old.spec?.tolerations);
      if (moved || tolerates) queue.add(keyOf(pod));
    },
    deleted: (pod) => queue.add(keyOf(pod)),
  });
  return controllerOf({
    name: 'taint-eviction',
    queue,
    workers: WORKERS,
    reconcile: (key) => eviction.reconcile(key),
    synced: [informers.pods.synced(), informers.nodes.synced()],
    clock,
    log,
  });
}

class TaintEviction {
  readonly #context: ControllerContext;
  readonly #recorder: EventRecorder;
  /** Pods that will be evicted unless something changes, and since when their time runs. */
  readonly #scheduled = new Map<string, { uid: string; sinceMs: number }>();

  constructor(context: ControllerContext, recorder: EventRecorder) {
    this.#context = context;
    this.#recorder = recorder;
  }

  async reconcile(key: string): Promise<ReconcileResult> {
    const { informers, clock } = this.#context;
    const pod = informers.pods.get(key);
    if (!pod?.spec?.nodeName || pod.metadata?.deletionTimestamp !== undefined) {
      this.#cancel(key, pod?.metadata?.deletionTimestamp === undefined);
      return undefined;
    }
    const taints = noExecuteTaints(informers.nodes.get(pod.spec.nodeName));
    const mayStayMs = taints.length === 0 ? Number.POSITIVE_INFINITY : toleratedMs(pod.spec.tolerations, taints);
    if (mayStayMs === Number.POSITIVE_INFINITY) {
      this.#cancel(key, true);
      return undefined;
    }
    const uid = pod.metadata?.uid ?? '';
    const known = this.#scheduled.get(key);
    const sinceMs = known?.uid === uid ? known.sinceMs : clock.now();
    this.#scheduled.set(key, { uid, sinceMs });
    const leftMs = sinceMs + mayStayMs - clock.now();
    if (leftMs > 0) return { requeueAfterMs: leftMs };
    await this.#evict(key, pod);
    return undefined;
  }

  /** Upstream tells of every eviction that it called off, also where the pod went by itself. */
  #cancel(key: string, tell: boolean): void {
    if (!this.#scheduled.delete(key) || !tell) return;
    this.#tell(key, `Cancelling deletion of Pod ${key}`);
  }

  async #evict(key: string, pod: V1Pod): Promise<void> {
    const { client, clock } = this.#context;
    const { name = '', namespace, uid } = pod.metadata ?? {};
    this.#tell(key, `Marking for deletion Pod ${key}`);
    const condition = {
      type: 'DisruptionTarget',
      status: 'True',
      lastTransitionTime: rfc3339(clock.now()),
      reason: 'DeletionByTaintManager',
      message: 'Taint manager: deleting due to NoExecute taint',
    };
    const patch = { metadata: { uid }, status: { conditions: [condition] } };
    try {
      await client.pods.patch(name, namespace, patch, 'application/strategic-merge-patch+json', 'status');
      await client.pods.delete(name, namespace, uid ? { preconditions: { uid } } : {});
    } catch (error) {
      if (!isStatus(error, 'NotFound')) throw error;
    }
    this.#scheduled.delete(key);
  }

  #tell(key: string, message: string): void {
    const pod = typed(PODS, { metadata: splitKey(key) });
    this.#recorder.event(pod, 'Normal', 'TaintManagerEviction', message);
  }
}
