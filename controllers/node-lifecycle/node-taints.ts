/** Keeps each node's NoSchedule taints in agreement with its conditions, and its labels of old with those of today. */
import { WorkQueue } from '../../client/work-queue.ts';
import type { V1Node } from '../../openapi/generated/types.ts';
import { keyOf } from '../../openapi/object.ts';
import type { ControllerContext } from '../runtime/context.ts';
import { type Controller, controllerOf } from '../runtime/controller.ts';
import { changeTaints, noScheduleChange } from './taints.ts';

const WORKERS = 8;
/** Labels that hold the same under an old name. */
const OLD_LABELS: Readonly<Record<string, string>> = {
  'kubernetes.io/os': 'beta.kubernetes.io/os',
  'kubernetes.io/arch': 'beta.kubernetes.io/arch',
};

export function nodeTaints(context: ControllerContext): Controller {
  const { client, informers, clock, log } = context;
  const queue = new WorkQueue({ clock });
  const enqueue = (node: V1Node) => queue.add(keyOf(node));
  informers.nodes.addHandler({ added: enqueue, updated: enqueue });
  return controllerOf({
    name: 'nodelifecycle taints',
    queue,
    workers: WORKERS,
    reconcile: async (name) => {
      const node = informers.nodes.get(name);
      if (!node) return;
      await changeTaints(client, node, clock.now(), noScheduleChange);
      const labels = missingLabels(node);
      if (Object.keys(labels).length > 0) {
        await client.nodes.patch(name, undefined, { metadata: { labels } }, 'application/merge-patch+json');
      }
    },
    synced: [informers.nodes.synced()],
    clock,
    log,
  });
}

/** Labels of old that are missing or say something else than those of today. */
export function missingLabels(node: V1Node): Record<string, string> {
  const labels = node.metadata?.labels ?? {};
  const missing: Record<string, string> = {};
  for (const [today, old] of Object.entries(OLD_LABELS)) {
    const value = labels[today];
    if (value !== undefined && labels[old] !== value) missing[old] = value;
  }
  return missing;
}
