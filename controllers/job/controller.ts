/** The job controller: one queue of jobs, and one of pods that no job looks after. */
import { JOBS } from '../../client/resources.ts';
import { WorkQueue } from '../../client/work-queue.ts';
import type { V1Job } from '../../openapi/generated/types.ts';
import type { ControllerContext } from '../runtime/context.ts';
import { type Controller, controllerOf } from '../runtime/controller.ts';
import { JobManager } from './manager.ts';

const WORKERS = 5;
/** A job whose look failed is looked at again after 1 s, 2 s, 4 s, … at most a minute. */
const RETRY = { baseDelayMs: 1000, maxDelayMs: 60_000 };

export function jobControllers(context: ControllerContext): Controller[] {
  const { informers, clock, log } = context;
  const queue = new WorkQueue({ clock, ...RETRY });
  const orphans = new WorkQueue({ clock, ...RETRY });
  const manager = new JobManager(context, queue, orphans);
  manager.watch();
  const synced = [informers.pods.synced(), informers.of<V1Job>(JOBS).synced()];
  return [
    controllerOf({
      name: 'job',
      queue,
      workers: WORKERS,
      reconcile: (key) => manager.reconcile(key),
      synced,
      clock,
      log,
    }),
    controllerOf({
      name: 'job-orphan-pods',
      queue: orphans,
      workers: 1,
      reconcile: (key) => manager.releaseOrphan(key),
      synced,
      clock,
      log,
    }),
  ];
}
