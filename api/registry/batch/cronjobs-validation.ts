/** Validation of cron jobs. */
import type { V1CronJob, V1CronJobSpec, V1JobTemplateSpec } from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { invalidValue, notSupported, required } from '../validation/errors.ts';
import { validateNonnegative } from '../validation/fields.ts';
import { maxLength } from '../validation/names.ts';
import { cronScheduleError } from './cron-schedule.ts';
import { validateJobSpec } from './jobs-validation.ts';
import { timeZoneError, validateTimeZone } from './time-zone.ts';

/** Jobs are called after their cron job, with 11 more bytes. */
const NAME_MAX_BYTES = 63 - 11;
const CONCURRENCY_POLICIES = ['Allow', 'Forbid', 'Replace'];
const NO_ZONE = 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead';

/** A cron job, new or changed, without its metadata but for the length of its name. */
export function validateCronJob({ metadata, spec = {} as V1CronJobSpec }: V1CronJob): FieldError[] {
  const name = metadata?.name ?? '';
  return [
    ...validateSchedule(spec.schedule, 'spec.schedule'),
    ...validateNonnegative(spec.startingDeadlineSeconds, 'spec.startingDeadlineSeconds'),
    ...validateTimeZone(spec.timeZone, 'spec.timeZone'),
    ...validateConcurrencyPolicy(spec.concurrencyPolicy, 'spec.concurrencyPolicy'),
    ...validateJobTemplate(spec.jobTemplate ?? {}, 'spec.jobTemplate.spec'),
    ...validateNonnegative(spec.successfulJobsHistoryLimit, 'spec.successfulJobsHistoryLimit'),
    ...validateNonnegative(spec.failedJobsHistoryLimit, 'spec.failedJobsHistoryLimit'),
    ...(name.length > NAME_MAX_BYTES ? [invalidValue('metadata.name', name, maxLength(NAME_MAX_BYTES))] : []),
  ];
}

function validateSchedule(schedule: string | undefined, field: string): FieldError[] {
  if (!schedule) return [required(field)];
  const error = cronScheduleError(schedule, timeZoneError);
  return [
    ...(error === undefined ? [] : [invalidValue(field, schedule, error)]),
    ...(schedule.includes('TZ') ? [invalidValue(field, schedule, NO_ZONE)] : []),
  ];
}

function validateConcurrencyPolicy(policy: string | undefined, field: string): FieldError[] {
  if (!policy) return [required(field)];
  return CONCURRENCY_POLICIES.includes(policy) ? [] : [notSupported(field, policy, CONCURRENCY_POLICIES)];
}

function validateJobTemplate({ spec = { template: {} } }: V1JobTemplateSpec, path: string): FieldError[] {
  const errors = validateJobSpec(spec, path);
  if (spec.selector) {
    errors.push(invalidValue(`${path}.selector`, spec.selector, '`selector` will be auto-generated'));
  }
  if (spec.manualSelector) errors.push(notSupported(`${path}.manualSelector`, true, ['nil', 'false']));
  return errors;
}
