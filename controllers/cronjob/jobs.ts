/** The jobs of a cron job: what to make, which are over, and which are too old to keep. */
import type { V1CronJob, V1CronJobStatus, V1Job, V1ObjectReference } from '../../openapi/generated/types.ts';
import { controllerReference } from '../runtime/claim.ts';
import { zonedTime } from './time-zone.ts';

const SCHEDULED_TIMESTAMP = 'batch.kubernetes.io/cronjob-scheduled-timestamp';

/** The name of the job for a scheduled time: the same time gives the same name, so that it is never made twice. */
export function jobNameOf(cronJob: V1CronJob, scheduledMs: number): string {
  return `${cronJob.metadata?.name}-${Math.floor(scheduledMs / 60_000)}`;
}

/** The job for a scheduled time. `cronJob` must carry its kind. */
export function jobOf(cronJob: V1CronJob, scheduledMs: number): V1Job {
  const { metadata, spec } = cronJob.spec.jobTemplate;
  const scheduled = zonedTime(scheduledMs, cronJob.spec.timeZone ?? 'UTC');
  return {
    metadata: {
      name: jobNameOf(cronJob, scheduledMs),
      namespace: cronJob.metadata?.namespace ?? '',
      ...(metadata?.labels ? { labels: metadata.labels } : {}),
      annotations: { ...metadata?.annotations, [SCHEDULED_TIMESTAMP]: scheduled },
      ownerReferences: [controllerReference(cronJob)],
    },
    ...(spec ? { spec } : {}),
  };
}

/** How a cron job's status refers to a job. */
export function referenceOf({ metadata }: V1Job): V1ObjectReference {
  const { name = '', namespace = '', uid = '', resourceVersion = '' } = metadata ?? {};
  return { kind: 'Job', apiVersion: 'batch/v1', name, namespace, uid, resourceVersion };
}

/** `Complete` or `Failed` for a job that is over. */
export function endOf({ status }: V1Job): string | undefined {
  return status?.conditions?.find(({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True')
    ?.type;
}

export function isListed(status: V1CronJobStatus, uid: string | undefined): boolean {
  return status.active?.some((reference) => reference.uid === uid) === true;
}

/** The status without a job among the active ones. */
export function withoutActive(status: V1CronJobStatus, uid: string | undefined): V1CronJobStatus {
  const { active = [], ...rest } = status;
  const left = active.filter((reference) => reference.uid !== uid);
  return left.length > 0 ? { ...rest, active: left } : rest;
}

export interface Review {
  status: V1CronJobStatus;
  /** Jobs that were active and are over now. */
  ended: readonly V1Job[];
  /** Jobs that run and that the status does not know. */
  unexpected: readonly V1Job[];
  /** What the status takes for active and is not among the jobs. */
  missing: readonly V1ObjectReference[];
}

/** Compares the status with the jobs there are. */
export function reviewJobs(before: V1CronJobStatus, jobs: readonly V1Job[]): Review {
  let status = before;
  const ended: V1Job[] = [];
  const unexpected: V1Job[] = [];
  for (const job of jobs) {
    const end = endOf(job);
    const listed = isListed(status, job.metadata?.uid);
    if (end === undefined && !listed) unexpected.push(job);
    if (end !== undefined && listed) {
      ended.push(job);
      status = withoutActive(status, job.metadata?.uid);
    }
    if (end === 'Complete') status = withSuccess(status, job.status?.completionTime);
  }
  const uids = new Set(jobs.map(({ metadata }) => metadata?.uid));
  const missing = (status.active ?? []).filter(({ uid }) => !uids.has(uid));
  return { status, ended, unexpected, missing };
}

function withSuccess(status: V1CronJobStatus, completionTime: string | undefined): V1CronJobStatus {
  const { lastSuccessfulTime } = status;
  if (!completionTime || (lastSuccessfulTime && Date.parse(completionTime) <= Date.parse(lastSuccessfulTime))) {
    return status;
  }
  return { ...status, lastSuccessfulTime: completionTime };
}

/** The finished jobs that are more than the history may hold, oldest first. */
export function surplusHistory(cronJob: V1CronJob, jobs: readonly V1Job[]): V1Job[] {
  const { successfulJobsHistoryLimit, failedJobsHistoryLimit } = cronJob.spec;
  const surplus = (end: string, limit: number | undefined) => {
    if (limit === undefined) return [];
    const finished = jobs.filter((job) => endOf(job) === end).sort(byStart);
    return finished.slice(0, Math.max(0, finished.length - limit));
  };
  return [...surplus('Complete', successfulJobsHistoryLimit), ...surplus('Failed', failedJobsHistoryLimit)];
}

/** Those that never started come last. */
function byStart(a: V1Job, b: V1Job): number {
  const [first, second] = [a, b].map(({ status }) => Date.parse(status?.startTime ?? '9999-12-31T00:00:00Z'));
  return (first ?? 0) - (second ?? 0) || ((a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1);
}
