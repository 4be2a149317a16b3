/** The cron job controller. */
import { CRON_JOBS, JOBS } from '../../client/resources.ts';
import { WorkQueue } from '../../client/work-queue.ts';
import type { V1CronJob, V1Job } from '../../openapi/generated/types.ts';
import type { ControllerContext } from '../runtime/context.ts';
import { type Controller, controllerOf } from '../runtime/controller.ts';
import { CronJobManager } from './manager.ts';

const WORKERS = 5;

export function cronJobController(context: ControllerContext): Controller {
  const { informers, clock, log } = context;
  const queue = new WorkQueue({ clock });
  const manager = new CronJobManager(context, queue);
  manager.watch();
  return controllerOf({
    name: 'cronjob',
    queue,
    workers: WORKERS,
    reconcile: (key) => manager.reconcile(key),
    synced: [informers.of<V1CronJob>(CRON_JOBS).synced(), informers.of<V1Job>(JOBS).synced()],
    clock,
    log,
  });
}
