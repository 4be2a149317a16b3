/** The horizontal pod autoscaler controller. */
import { HORIZONTAL_POD_AUTOSCALERS } from '../../client/resources.ts';
import { WorkQueue } from '../../client/work-queue.ts';
import type { V2HorizontalPodAutoscaler } from '../../openapi/generated/types.ts';
import type { ControllerContext } from '../runtime/context.ts';
import { type Controller, controllerOf } from '../runtime/controller.ts';
import { type AutoscalerSettings, DEFAULT_SETTINGS } from './decision.ts';
import { AutoscalerManager } from './manager.ts';

export interface AutoscalerOptions extends Partial<AutoscalerSettings> {
  /** How often each autoscaler is looked at; 15 s as upstream's `--horizontal-pod-autoscaler-sync-period`. */
  periodMs?: number;
}

const PERIOD_MS = 15_000;
const WORKERS = 5;

export function horizontalPodAutoscaler(context: ControllerContext, options: AutoscalerOptions = {}): Controller {
  const { informers, clock, log } = context;
  const { periodMs = PERIOD_MS, ...settings } = options;
  const queue = new WorkQueue({ clock });
  const manager = new AutoscalerManager(context, queue, { periodMs, settings: { ...DEFAULT_SETTINGS, ...settings } });
  manager.watch();
  return controllerOf({
    name: 'horizontal-pod-autoscaler',
    queue,
    workers: WORKERS,
    reconcile: (key) => manager.reconcile(key),
    synced: [informers.of<V2HorizontalPodAutoscaler>(HORIZONTAL_POD_AUTOSCALERS).synced(), informers.pods.synced()],
    clock,
    log,
  });
}
