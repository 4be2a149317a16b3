/** Each pod of a job is counted once, and once only; cron jobs know of none that is done. */
import type { V1CronJob, V1Job, V1Pod } from '../../openapi/generated/types.ts';
import { differences, finishOf, nameOf, type Objects } from './objects.ts';

/** What became of the pods that a job ever had, as the watch told it. */
export interface JobLedger {
  /** Ended well before anybody deleted them. */
  succeeded: number;
  failed: number;
  /** Were deleted before they had ended: such a pod may count as either, or, where the job was done, as none. */
  deleted: number;
}

export const NO_PODS: JobLedger = { succeeded: 0, failed: 0, deleted: 0 };

export function checkJob(job: V1Job, objects: Objects, ledger: JobLedger): string[] {
  const finish = finishOf(job);
  if (!finish) return [`${nameOf(job)}: has not come to its end: ${JSON.stringify(job.status)}`];
  const problems: string[] = [];
  const {
    succeeded = 0,
    failed = 0,
    active = 0,
    terminating = 0,
    ready = 0,
    uncountedTerminatedPods,
  } = job.status ?? {};
  const told = (what: string) => problems.push(`${nameOf(job)}: ${what} (${finish}, ${JSON.stringify(ledger)})`);
  if (active + terminating + ready > 0) told(`active ${active}, terminating ${terminating}, ready ${ready}`);
  const uncounted = [...(uncountedTerminatedPods?.succeeded ?? []), ...(uncountedTerminatedPods?.failed ?? [])];
  if (uncounted.length > 0) told(`pods are not counted yet: ${uncounted}`);
  const { completions = 1 } = job.spec ?? {};
  if (finish === 'Complete' && succeeded !== completions) told(`${succeeded} have succeeded, of ${completions}`);
  // Whom a suspension meets that has just ended goes uncounted, upstream too. Only that changes the spec of a job here.
  const least = (job.metadata?.generation ?? 1) > 1 ? NO_PODS : ledger;
  if (succeeded < least.succeeded || succeeded > ledger.succeeded + ledger.deleted) told(`${succeeded} have succeeded`);
  if (failed < least.failed || failed > ledger.failed + ledger.deleted) told(`${failed} have failed`);
  if (succeeded + failed > ledger.succeeded + ledger.failed + ledger.deleted) told('counts a pod twice');
  for (const pod of objects.controlledBy<V1Pod>(job, 'Pod')) {
    const found = differences(pod, job.spec?.template);
    if (found.length > 0) told(`${pod.metadata?.name} is not of its template: ${found}`);
  }
  return problems;
}

export function checkCronJob(cronJob: V1CronJob, objects: Objects): string[] {
  const problems = (cronJob.status?.active ?? []).map(({ name }) => `${nameOf(cronJob)}: takes ${name} to be active`);
  const jobs = objects.controlledBy<V1Job>(cronJob, 'Job');
  const { successfulJobsHistoryLimit = 3, failedJobsHistoryLimit = 1 } = cronJob.spec ?? {};
  const limits = { Complete: successfulJobsHistoryLimit, Failed: failedJobsHistoryLimit };
  for (const finish of ['Complete', 'Failed'] as const) {
    const kept = jobs.filter((job) => finishOf(job) === finish).length;
    if (kept > limits[finish]) problems.push(`${nameOf(cronJob)}: keeps ${kept} jobs that are ${finish}`);
  }
  return problems;
}
