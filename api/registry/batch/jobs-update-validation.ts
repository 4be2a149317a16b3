/** What an update may change of a job. */
import type { V1Container, V1Job, V1JobSpec, V1PodTemplateSpec } from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { semanticEqual } from '../validation/equality.ts';
import { invalidValue } from '../validation/errors.ts';
import { validateImmutable } from '../validation/metadata.ts';
import { isConditionTrue } from './job-conditions.ts';
import { goPodFailurePolicy, goSuccessPolicy } from './job-policies-validation.ts';
import { validateSelectingJobSpec } from './jobs-validation.ts';

const IMMUTABLE = 'field is immutable';

/** `validateJob` checks the rest. Upstream validates the spec of an update twice, which shows in the causes. */
export function validateJobUpdate(job: V1Job, old: V1Job): FieldError[] {
  const spec = job.spec ?? ({} as V1JobSpec);
  const before = old.spec ?? ({} as V1JobSpec);
  return [
    ...validateSelectingJobSpec(spec),
    ...validateCompletions(spec, before),
    ...validateImmutable(spec.selector, before.selector, 'spec.selector'),
    ...validateTemplateUpdate(job, old),
    ...validateImmutable(spec.completionMode, before.completionMode, 'spec.completionMode'),
    ...validateKept('podFailurePolicy', spec, before, goPodFailurePolicy),
    ...validatePointer(spec.backoffLimitPerIndex, before.backoffLimitPerIndex, 'spec.backoffLimitPerIndex'),
    ...validateImmutable(spec.managedBy, before.managedBy, 'spec.managedBy'),
    ...validateKept('successPolicy', spec, before, goSuccessPolicy),
  ];
}

/** A number that may be absent, which is not the same as 0. */
function validatePointer(value: number | undefined, old: number | undefined, field: string): FieldError[] {
  return value === old ? [] : [invalidValue(field, value, IMMUTABLE)];
}

function validateKept<K extends 'podFailurePolicy' | 'successPolicy'>(
  field: K,
  spec: V1JobSpec,
  old: V1JobSpec,
  shown: (value: NonNullable<V1JobSpec[K]>) => object,
): FieldError[] {
  const value = spec[field];
  if (semanticEqual(value, old[field])) return [];
  return [invalidValue(`spec.${field}`, value ? shown(value) : undefined, IMMUTABLE)];
}

/** Indexed jobs may grow and shrink, as many pods at a time as there are indexes. */
function validateCompletions(spec: V1JobSpec, old: V1JobSpec): FieldError[] {
  const field = 'spec.completions';
  if (spec.completionMode !== 'Indexed') return validatePointer(spec.completions, old.completions, field);
  const { completions, parallelism } = spec;
  if (completions === old.completions || completions === undefined || completions === parallelism) return [];
  return [invalidValue(field, completions, 'can only be modified in tandem with spec.parallelism')];
}

/** While a job is suspended and none of its pods is left, where and with what its pods will run is still open. */
function validateTemplateUpdate({ spec }: V1Job, old: V1Job): FieldError[] {
  const template = spec?.template ?? {};
  const before = old.spec?.template ?? {};
  const isSuspended = old.spec?.suspend === true;
  const isNew = old.status?.startTime === undefined;
  const isAtRest = isSuspended && (old.status?.active ?? 0) === 0;
  const isOpen = isAtRest && (isNew || isConditionTrue(old.status, 'Suspended'));
  const expected = isOpen || (isSuspended && isNew) ? withDirectives(before, template) : before;
  if (!isOpen) return validateImmutable(template, expected, 'spec.template');
  return validateImmutable(template.spec, withResources(expected, template).spec, 'spec.template.spec');
}

/** The old template with the new one's directives for the scheduler, which are labels and annotations, too. */
function withDirectives(old: V1PodTemplateSpec, template: V1PodTemplateSpec): V1PodTemplateSpec {
  const { labels, annotations } = template.metadata ?? {};
  const { nodeSelector, tolerations, schedulingGates, affinity } = template.spec ?? {};
  const { nodeAffinity: _, ...otherAffinity } = old.spec?.affinity ?? {};
  const nodeAffinity = affinity?.nodeAffinity;
  const expected = structuredClone(old);
  expected.metadata = { ...expected.metadata };
  Object.assign(expected.metadata, { labels, annotations });
  expected.spec = { ...(expected.spec ?? { containers: [] }) };
  Object.assign(expected.spec, { nodeSelector, tolerations, schedulingGates });
  // An affinity that says nothing else may go, or come, altogether.
  const isBare = Object.values(otherAffinity).every((value) => value === undefined);
  if (affinity === undefined && isBare) delete expected.spec.affinity;
  else expected.spec.affinity = { ...otherAffinity, ...(nodeAffinity ? { nodeAffinity } : {}) };
  return expected;
}

function withResources(old: V1PodTemplateSpec, template: V1PodTemplateSpec): V1PodTemplateSpec {
  const { containers = [], initContainers } = old.spec ?? { containers: [] };
  return {
    ...old,
    spec: {
      ...old.spec,
      containers: replaceResources(containers, template.spec?.containers ?? []),
      ...(initContainers
        ? { initContainers: replaceResources(initContainers, template.spec?.initContainers ?? []) }
        : {}),
    },
  };
}

function replaceResources(old: V1Container[], containers: readonly V1Container[]): V1Container[] {
  if (old.length !== containers.length) return old;
  return old.map((container, i) => {
    const next = containers[i];
    if (next?.name !== container.name) return container;
    const { resources: _, ...rest } = container;
    return { ...rest, ...(next.resources ? { resources: next.resources } : {}) };
  });
}
