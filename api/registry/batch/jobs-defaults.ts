/** Defaults of jobs, and of what jobs and cron jobs share. */
import type { V1Job, V1JobSpec } from '../../../openapi/generated/types.ts';
import { defaultPodTemplate } from '../core/pod-defaults.ts';

const INT32_MAX = 2_147_483_647;
const BACKOFF_LIMIT = 6;

/** Changes the job in place. Idempotent. */
export function defaultJob(job: V1Job): void {
  job.spec ??= {} as V1JobSpec;
  job.status ??= {};
  job.metadata ??= {};
  const { spec } = job;
  defaultJobTemplate(spec);
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1;
  spec.parallelism ??= 1;
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? BACKOFF_LIMIT : INT32_MAX;
  const labels = spec.template.metadata?.labels;
  // The very same map: labels that are put on the template later are the job's, too.
  if (labels && Object.keys(job.metadata.labels ?? {}).length === 0) job.metadata.labels = labels;
  spec.completionMode ??= 'NonIndexed';
  spec.suspend ??= false;
  spec.podReplacementPolicy ??= spec.podFailurePolicy ? 'Failed' : 'TerminatingOrFailed';
  spec.manualSelector ??= false;
}

/** The defaults that a cron job's template gets, too. */
export function defaultJobTemplate(spec: V1JobSpec): void {
  spec.template ??= {};
  defaultPodTemplate(spec.template);
  for (const { onPodConditions } of spec.podFailurePolicy?.rules ?? []) {
    for (const pattern of onPodConditions ?? []) pattern.status ||= 'True';
  }
}
