/** Validation of jobs, and of the specs that cron jobs make jobs of. */
import type { V1Job, V1JobSpec } from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { validateSelected } from '../apps/templates.ts';
import { validatePodTemplate } from '../core/pod-validation/pod.ts';
import { validateDomainPrefixedPath } from '../validation/domains.ts';
import { invalidValue, notSupported, required, tooLong } from '../validation/errors.ts';
import { validateLabelSelector, validateNonnegative } from '../validation/fields.ts';
import { isDns1123Label } from '../validation/names.ts';
import { goSuccessPolicy, validatePodFailurePolicy, validateSuccessPolicy } from './job-policies-validation.ts';
import { validateGeneratedSelector } from './jobs-selector.ts';

const INDEXED = 'Indexed';
const MODES = ['NonIndexed', INDEXED];
const PARALLELISM_MAX = 100_000;
const FAILED_INDEXES_MAX = 100_000;
/** Above so many completions the other limits are tighter, so that the status stays small enough. */
const MANY_COMPLETIONS = 100_000;
const PARALLELISM_MAX_OF_MANY = 10_000;
const FAILED_INDEXES_MAX_OF_MANY = 10_000;
const MANAGED_BY_MAX_BYTES = 63;
const REPLACEMENT_POLICIES = ['Failed', 'TerminatingOrFailed'];

/** A job, new or changed, without its metadata. */
export function validateJob(job: V1Job): FieldError[] {
  const { spec = {} as V1JobSpec } = job;
  return [
    ...validateGeneratedSelector(job),
    ...validateSelectingJobSpec(spec),
    ...validateHostname(job.metadata?.name ?? '', spec),
  ];
}

/** The spec of a job, which selects its pods. */
export function validateSelectingJobSpec(spec: V1JobSpec): FieldError[] {
  return [
    ...validateJobSpec(spec, 'spec'),
    ...(spec.selector ? validateLabelSelector(spec.selector, 'spec.selector') : [required('spec.selector')]),
    ...validateSelected(spec.selector, spec.template, 'spec.template'),
  ];
}

/** Pods of an indexed job are called after it and their index. */
function validateHostname(name: string, { completionMode, completions = 0 }: V1JobSpec): FieldError[] {
  if (completionMode !== INDEXED || completions <= 0) return [];
  const hostname = `${name}-${completions - 1}`;
  if (isDns1123Label(hostname).length === 0) return [];
  const detail = `will not able to create pod with invalid DNS label: ${hostname}`;
  return [invalidValue('metadata.name', name, detail)];
}

/** What jobs and templates of jobs have in common. */
export function validateJobSpec(spec: V1JobSpec, path: string): FieldError[] {
  return [
    ...validateNumbers(spec, path),
    ...(spec.managedBy === undefined ? [] : validateManagedBy(spec.managedBy, `${path}.managedBy`)),
    ...validateCompletionMode(spec, path),
    ...validatePodFailurePolicy(spec, `${path}.podFailurePolicy`),
    ...validateSuccess(spec, `${path}.successPolicy`),
    ...validateReplacementPolicy(spec, `${path}.podReplacementPolicy`),
    ...validatePodTemplate(spec.template ?? {}, `${path}.template`),
    ...validateRestartPolicy(spec, `${path}.template.spec.restartPolicy`),
  ];
}

function validateNumbers(spec: V1JobSpec, path: string): FieldError[] {
  const fields = [
    'parallelism',
    'completions',
    'activeDeadlineSeconds',
    'backoffLimit',
    'ttlSecondsAfterFinished',
    'backoffLimitPerIndex',
    'maxFailedIndexes',
  ] as const;
  const errors = fields.flatMap((field) => validateNonnegative(spec[field], `${path}.${field}`));
  if (spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined) {
    errors.push(required(`${path}.backoffLimitPerIndex`, 'when maxFailedIndexes is specified'));
  }
  return errors;
}

function validateManagedBy(managedBy: string, field: string): FieldError[] {
  const errors = validateDomainPrefixedPath(managedBy, field);
  if (Buffer.byteLength(managedBy) > MANAGED_BY_MAX_BYTES) errors.push(tooLong(field, MANAGED_BY_MAX_BYTES));
  return errors;
}

function validateCompletionMode(spec: V1JobSpec, path: string): FieldError[] {
  const { completionMode, backoffLimitPerIndex, maxFailedIndexes } = spec;
  if (completionMode === INDEXED) return [...validateIndexed(spec, path), ...validateManyCompletions(spec, path)];
  if (completionMode !== undefined && completionMode !== 'NonIndexed') {
    return [notSupported(`${path}.completionMode`, completionMode, MODES)];
  }
  const detail = 'requires indexed completion mode';
  return Object.entries({ backoffLimitPerIndex, maxFailedIndexes }).flatMap(([field, value]) =>
    value === undefined ? [] : [invalidValue(`${path}.${field}`, value, detail)],
  );
}

function validateIndexed(spec: V1JobSpec, path: string): FieldError[] {
  const { completions, parallelism = 0, maxFailedIndexes = 0 } = spec;
  const errors: FieldError[] = [];
  if (completions === undefined) errors.push(required(`${path}.completions`, 'when completion mode is Indexed'));
  if (parallelism > PARALLELISM_MAX) {
    const detail = `must be less than or equal to ${PARALLELISM_MAX} when completion mode is Indexed`;
    errors.push(invalidValue(`${path}.parallelism`, parallelism, detail));
  }
  if (completions !== undefined && maxFailedIndexes > completions) {
    const detail = 'must be less than or equal to completions';
    errors.push(invalidValue(`${path}.maxFailedIndexes`, maxFailedIndexes, detail));
  }
  if (maxFailedIndexes > FAILED_INDEXES_MAX) {
    const detail = `must be less than or equal to ${FAILED_INDEXES_MAX}`;
    errors.push(invalidValue(`${path}.maxFailedIndexes`, maxFailedIndexes, detail));
  }
  return errors;
}

function validateManyCompletions(spec: V1JobSpec, path: string): FieldError[] {
  const { completions = 0, parallelism = 0, maxFailedIndexes, backoffLimitPerIndex } = spec;
  if (completions <= MANY_COMPLETIONS || backoffLimitPerIndex === undefined) return [];
  const detail = (limit: number) =>
    `must be less than or equal to ${limit} when completions are above ${MANY_COMPLETIONS} and used with backoff limit per index`;
  const errors: FieldError[] = [];
  if (maxFailedIndexes === undefined) {
    const when = `must be specified when completions is above ${MANY_COMPLETIONS}`;
    errors.push(required(`${path}.maxFailedIndexes`, when));
  }
  if (parallelism > PARALLELISM_MAX_OF_MANY) {
    errors.push(invalidValue(`${path}.parallelism`, parallelism, detail(PARALLELISM_MAX_OF_MANY)));
  }
  if (maxFailedIndexes !== undefined && maxFailedIndexes > FAILED_INDEXES_MAX_OF_MANY) {
    errors.push(invalidValue(`${path}.maxFailedIndexes`, maxFailedIndexes, detail(FAILED_INDEXES_MAX_OF_MANY)));
  }
  return errors;
}

function validateSuccess(spec: V1JobSpec, path: string): FieldError[] {
  if (!spec.successPolicy) return [];
  if (spec.completionMode === INDEXED) return validateSuccessPolicy(spec, path);
  return [invalidValue(path, goSuccessPolicy(spec.successPolicy), 'requires indexed completion mode')];
}

function validateReplacementPolicy({ podReplacementPolicy, podFailurePolicy }: V1JobSpec, field: string): FieldError[] {
  if (podReplacementPolicy === undefined) return [];
  const supported = podFailurePolicy ? ['Failed'] : REPLACEMENT_POLICIES;
  return supported.includes(podReplacementPolicy) ? [] : [notSupported(field, podReplacementPolicy, supported)];
}

function validateRestartPolicy({ template, podFailurePolicy }: V1JobSpec, field: string): FieldError[] {
  const policy = template?.spec?.restartPolicy;
  if (!policy || policy === 'Always') return [required(field, 'valid values: "OnFailure", "Never"')];
  if (policy !== 'OnFailure' && policy !== 'Never') return [notSupported(field, policy, ['OnFailure', 'Never'])];
  if (!podFailurePolicy || policy === 'Never') return [];
  return [invalidValue(field, policy, 'only "Never" is supported when podFailurePolicy is specified')];
}

/** What is allowed but may not work out. */
export function jobSpecWarnings(spec: V1JobSpec | undefined, path: string): string[] {
  const { completionMode, completions = 0, parallelism = 0 } = spec ?? ({} as V1JobSpec);
  const isLarge = completions > MANY_COMPLETIONS && parallelism > PARALLELISM_MAX_OF_MANY;
  if (completionMode !== INDEXED || !isLarge) return [];
  const text =
    'In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail';
  return [`${path}: ${text}`];
}
