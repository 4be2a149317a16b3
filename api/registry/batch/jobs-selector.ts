/** How a job finds its pods: labels that carry its name and uid, which the server puts on the template. */
import type { V1Job } from '../../../openapi/generated/types.ts';
import { selectorRequirements } from '../../../openapi/label-selector.ts';
import { matchesLabels } from '../../../openapi/selectors.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { invalidValue, required } from '../validation/errors.ts';
import { invalidGoValue, sortedMap } from '../validation/go-values.ts';

const CONTROLLER_UID = 'batch.kubernetes.io/controller-uid';
const JOB_NAME = 'batch.kubernetes.io/job-name';
/** Older names of the same. */
const LEGACY_CONTROLLER_UID = 'controller-uid';
const LEGACY_JOB_NAME = 'job-name';

/** Fills in selector and labels unless the user has asked to do so. What the user gave already stays, right or wrong. */
export function generateSelector(job: V1Job): void {
  const { spec, metadata = {} } = job;
  if (!spec || spec.manualSelector) return;
  const template = spec.template;
  template.metadata ??= {};
  // Labels that the job took from its template are the template's, also those that come now.
  const isShared = metadata.labels === undefined || metadata.labels === template.metadata.labels;
  template.metadata.labels = { ...expectedLabels(job), ...template.metadata.labels };
  if (isShared) metadata.labels = { ...template.metadata.labels };
  job.metadata = metadata;
  spec.selector ??= {};
  spec.selector.matchLabels = { [CONTROLLER_UID]: metadata.uid ?? '', ...spec.selector.matchLabels };
}

function expectedLabels({ metadata }: V1Job): Record<string, string> {
  const { name = '', uid = '' } = metadata ?? {};
  return { [LEGACY_CONTROLLER_UID]: uid, [LEGACY_JOB_NAME]: name, [CONTROLLER_UID]: uid, [JOB_NAME]: name };
}

/** That a generated selector is as generated. A manual one may be anything. */
export function validateGeneratedSelector(job: V1Job): FieldError[] {
  const { spec, metadata } = job;
  if (!spec?.selector || spec.manualSelector) return [];
  const expected = expectedLabels(job);
  const errors: FieldError[] = metadata?.uid ? [] : [required('metadata.uid')];
  const labels = spec.template.metadata?.labels;
  for (const [key, value] of Object.entries(expected)) {
    errors.push(...validateHasLabel(labels, key, value));
  }
  const requirements = selectorRequirements(spec.selector);
  if (requirements && !matchesLabels(requirements, expected)) {
    errors.push(invalidValue('spec.selector', spec.selector, '`selector` not auto-generated'));
  }
  return errors;
}

function validateHasLabel(labels: Record<string, string> | undefined, key: string, value: string): FieldError[] {
  const field = `spec.template.metadata.labels[${key}]`;
  if (labels?.[key] === undefined) return [required(field, `must be '${value}'`)];
  if (labels[key] === value) return [];
  return [invalidGoValue(field, sortedMap(labels), `must be '${value}'`)];
}
