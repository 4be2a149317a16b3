/** The pods a job makes. */
import type {
  V1Container,
  V1EnvVar,
  V1Job,
  V1Pod,
  V1PodSpec,
  V1PodTemplateSpec,
} from '../../openapi/generated/types.ts';
import {
  COMPLETION_INDEX,
  countIn,
  INDEX_FAILURE_COUNT,
  INDEX_IGNORED_FAILURE_COUNT,
  isIndexed,
  specOf,
  TRACKING_FINALIZER,
} from './pods.ts';
import { matchFailurePolicy } from './policies.ts';

/** What may be before the five letters that the server adds. */
const PREFIX_MAX = 58;
const INDEX_VARIABLE: V1EnvVar = {
  name: 'JOB_COMPLETION_INDEX',
  valueFrom: { fieldRef: { fieldPath: `metadata.labels['${COMPLETION_INDEX}']` } },
};

/** What all pods of the job have in common. */
export function trackedTemplate(job: V1Job): V1PodTemplateSpec {
  const { metadata, spec } = specOf(job).template;
  const finalizers = [...new Set([...(metadata?.finalizers ?? []), TRACKING_FINALIZER])];
  return {
    metadata: { ...metadata, finalizers },
    ...(spec ? { spec: isIndexed(job) ? withIndexVariable(spec) : spec } : {}),
  };
}

function withIndexVariable(spec: V1PodSpec): V1PodSpec {
  return {
    ...spec,
    containers: spec.containers.map(addIndexVariable),
    ...(spec.initContainers ? { initContainers: spec.initContainers.map(addIndexVariable) } : {}),
  };
}

/** A variable of this name that the user has set stays. */
function addIndexVariable(container: V1Container): V1Container {
  const env = container.env ?? [];
  if (env.some(({ name }) => name === INDEX_VARIABLE.name)) return container;
  return { ...container, env: [...env, INDEX_VARIABLE] };
}

/** The template for one index; `replaced` is the pod of the index that failed before, if any. */
export function indexedTemplate(
  job: V1Job,
  common: V1PodTemplateSpec,
  index: number,
  replaced: V1Pod | undefined,
): V1PodTemplateSpec {
  const { metadata, spec } = common;
  const isPerIndex = specOf(job).backoffLimitPerIndex !== undefined;
  return {
    metadata: {
      ...metadata,
      annotations: {
        ...metadata?.annotations,
        [COMPLETION_INDEX]: `${index}`,
        ...(isPerIndex ? failureCounts(job, replaced) : {}),
      },
      labels: { ...metadata?.labels, [COMPLETION_INDEX]: `${index}` },
    },
    ...(spec ? { spec: { ...spec, hostname: `${job.metadata?.name}-${index}` } } : {}),
  };
}

/** The pod itself remembers how often its index has failed. */
function failureCounts(job: V1Job, replaced: V1Pod | undefined): Record<string, string> {
  if (!replaced) return { [INDEX_FAILURE_COUNT]: '0' };
  const { counted } = matchFailurePolicy(specOf(job).podFailurePolicy, replaced);
  const failures = countIn(replaced, INDEX_FAILURE_COUNT) + (counted ? 1 : 0);
  const ignored = countIn(replaced, INDEX_IGNORED_FAILURE_COUNT) + (counted ? 0 : 1);
  return {
    [INDEX_FAILURE_COUNT]: `${failures}`,
    ...(ignored > 0 ? { [INDEX_IGNORED_FAILURE_COUNT]: `${ignored}` } : {}),
  };
}

/** `web-3-`, cut so that the index stays whole. */
export function indexedGenerateName(job: V1Job, index: number): string {
  const suffix = `-${index}-`;
  return `${(job.metadata?.name ?? '').slice(0, PREFIX_MAX - suffix.length)}${suffix}`;
}
