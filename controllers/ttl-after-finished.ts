/** Deletes jobs some time after they have finished, when their `ttlSecondsAfterFinished` says so. */
import { JOBS } from '../client/resources.ts';
import { WorkQueue } from '../client/work-queue.ts';
import type { V1Job } from '../openapi/generated/types.ts';
import { keyOf, splitKey } from '../openapi/object.ts';
import { isStatus } from '../openapi/status.ts';
import type { ControllerContext } from './runtime/context.ts';
import { type Controller, controllerOf } from './runtime/controller.ts';

const WORKERS = 5;

export function ttlAfterFinished(context: ControllerContext): Controller {
  const { client, informers, clock, log } = context;
  const queue = new WorkQueue({ clock });
  const jobs = informers.of<V1Job>(JOBS);
  const resource = client.resource<V1Job>(JOBS);
  const enqueue = (job: V1Job) => {
    if (expiryMs(job) !== undefined) queue.add(keyOf(job));
  };
  jobs.addHandler({ added: enqueue, updated: enqueue });
  /** Whether the job's time is up; looks again when it will be. */
  const hasExpired = (job: V1Job | undefined) => {
    const atMs = job && expiryMs(job);
    if (!job || atMs === undefined) return false;
    const leftMs = atMs - clock.now();
    if (leftMs > 0) queue.addAfter(keyOf(job), leftMs);
    return leftMs <= 0;
  };
  return controllerOf({
    name: 'ttl-after-finished',
    queue,
    workers: WORKERS,
    async reconcile(key) {
      if (!hasExpired(jobs.get(key))) return;
      const { namespace, name } = splitKey(key);
      try {
        // The copy may be behind, and the time have been changed.
        const fresh = await resource.get(name, namespace);
        if (!hasExpired(fresh)) return;
        const uid = fresh.metadata?.uid ?? '';
        await resource.delete(name, namespace, { propagationPolicy: 'Foreground', preconditions: { uid } });
      } catch (error) {
        if (!isStatus(error, 'NotFound')) throw error;
      }
    },
    synced: [jobs.synced()],
    clock,
    log,
  });
}

/** When the job is to go, in milliseconds; `undefined` when it has not finished, is to stay, or is going already. */
export function expiryMs({ metadata, spec, status }: V1Job): number | undefined {
  const seconds = spec?.ttlSecondsAfterFinished;
  if (seconds === undefined || metadata?.deletionTimestamp !== undefined) return undefined;
  const finished = status?.conditions?.find(
    ({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True',
  );
  return finished?.lastTransitionTime ? Date.parse(finished.lastTransitionTime) + seconds * 1000 : undefined;
}
