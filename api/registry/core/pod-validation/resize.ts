/** What an update of `pods/resize` may do: change how much cpu and memory containers ask for. */
import type { V1Container, V1Pod, V1PodSpec, V1ResourceRequirements } from '../../../../openapi/generated/types.ts';
import { qosClassOf } from '../../../../openapi/quota/qos.ts';
import type { FieldError } from '../../../../openapi/status.ts';
import { semanticEqual } from '../../validation/equality.ts';
import { forbiddenField, invalidValue } from '../../validation/errors.ts';
import { validatePod } from './pod.ts';
import { RESIZABLE } from './resize-policy.ts';

const MIRROR = 'kubernetes.io/config.mirror';
const ONLY_CPU_AND_MEMORY = 'only cpu and memory resources are mutable';
const LISTS = ['containers', 'initContainers'] as const;

export function validatePodResize(pod: V1Pod, old: V1Pod): FieldError[] {
  const refused = refusedKind(old);
  if (refused) return [forbiddenField('[]', refused)];
  const spec = pod.spec ?? { containers: [] };
  const before = old.spec ?? { containers: [] };
  const errors = [
    ...validatePod(pod),
    ...validateQosClass(pod, old),
    ...(supportsResize(old) ? [] : [forbiddenField('spec', 'Pod running on node without support for resize')]),
    ...validatePodLevel(spec, before),
    ...(old.status?.nodeAllocatableResourceClaimStatuses?.length
      ? [forbiddenField('spec', 'pods with node allocatable resource claims cannot be resized')]
      : []),
  ];
  const others = LISTS.flatMap((list) => validateSameContainers(spec[list] ?? [], before[list] ?? [], list));
  if (others.length > 0) return [...errors, ...others];
  errors.push(...validateContainers(spec, before));
  if (errors.length > 0 || semanticEqual(withoutResizes(spec, before), before)) return errors;
  return [forbiddenField('spec', ONLY_CPU_AND_MEMORY)];
}

function refusedKind({ metadata, spec }: V1Pod): string | undefined {
  if (metadata?.annotations?.[MIRROR] !== undefined) return 'static pods cannot be resized';
  return spec?.os?.name === 'windows' ? 'windows pods cannot be resized' : undefined;
}

function validateQosClass(pod: V1Pod, old: V1Pod): FieldError[] {
  if ((old.status?.qosClass || qosClassOf(old)) === qosClassOf(pod)) return [];
  return [invalidValue('spec', pod.status?.qosClass ?? '', 'Pod QOS Class may not change as a result of resizing')];
}

/** A kubelet that reports what a running container has can also change it. Without one running nobody can tell. */
function supportsResize({ status }: V1Pod): boolean {
  const running = status?.containerStatuses?.find(({ state }) => state?.running);
  return running === undefined || running.resources !== undefined;
}

function validatePodLevel(spec: V1PodSpec, old: V1PodSpec): FieldError[] {
  if (!hasResources(spec.resources) && !hasResources(old.resources)) return [];
  const field = 'spec.resources';
  if (old.resources && !spec.resources) return [forbiddenField(field, 'pod-level resources cannot be removed')];
  const errors = validateNoneRemoved(spec.resources, old.resources, field, 'pod-level resource');
  if (!semanticEqual(resourcesOf(spec.resources, old.resources), old.resources)) {
    errors.push(forbiddenField('spec', `${ONLY_CPU_AND_MEMORY} at pod-level`));
  }
  return errors;
}

function hasResources({ requests, limits }: V1ResourceRequirements = {}): boolean {
  return Object.keys({ ...requests, ...limits }).length > 0;
}

function validateNoneRemoved(
  { requests = {}, limits = {} }: V1ResourceRequirements = {},
  old: V1ResourceRequirements = {},
  path: string,
  what: string,
): FieldError[] {
  const removed = (list: object, before: object = {}) => Object.keys(before).some((name) => !Object.hasOwn(list, name));
  return [
    ...(removed(requests, old.requests)
      ? [forbiddenField(`${path}.requests`, `${what} requests cannot be removed`)]
      : []),
    ...(removed(limits, old.limits) ? [forbiddenField(`${path}.limits`, `${what} limits cannot be removed`)] : []),
  ];
}

type List = (typeof LISTS)[number];

function validateSameContainers(
  containers: readonly V1Container[],
  old: readonly V1Container[],
  list: List,
): FieldError[] {
  if (containers.length !== old.length) {
    return [forbiddenField(`spec.${list}`, `${list} may not be added or removed on resize`)];
  }
  return old.flatMap(({ name }, i) =>
    containers[i]?.name === name
      ? []
      : [forbiddenField(`spec.${list}[${i}].name`, `${list} may not be renamed or reordered on resize`)],
  );
}

function validateContainers(spec: V1PodSpec, old: V1PodSpec): FieldError[] {
  const removals = (list: List) =>
    (spec[list] ?? []).flatMap(({ resources }, i) =>
      validateNoneRemoved(resources, old[list]?.[i]?.resources, `spec.${list}[${i}].resources`, 'resource'),
    );
  const regular = spec.containers.filter((container, i) => !isOnlyResized(container, old.containers[i]));
  return [
    ...removals('initContainers'),
    ...removals('containers'),
    ...regular.map(() => forbiddenField('spec', ONLY_CPU_AND_MEMORY)),
    ...(spec.initContainers ?? []).flatMap((container, i) => validateInit(container, old.initContainers?.[i], i)),
  ];
}

function validateInit(container: V1Container, old: V1Container | undefined, index: number): FieldError[] {
  const field = `spec.initContainers[${index}]`;
  const errors: FieldError[] = [];
  if (!isOnlyResized(container, old)) {
    const detail = 'only cpu and memory resources for init or sidecar containers are mutable';
    errors.push(forbiddenField(field, detail));
  }
  const restarts = container.resizePolicy?.some(({ restartPolicy }) => restartPolicy === 'RestartContainer');
  if (restarts && container.restartPolicy !== 'Always' && !semanticEqual(container, old)) {
    const detail = 'non-sidecar init containers with a resize policy of RestartContainer cannot be resized';
    errors.push(forbiddenField(field, detail));
  }
  return errors;
}

function isOnlyResized(container: V1Container, old: V1Container | undefined): boolean {
  return semanticEqual({ ...container, resources: resourcesOf(container.resources, old?.resources) }, old);
}

/** The requirements as they would be had the update left alone what it may change. */
function resourcesOf(
  resources: V1ResourceRequirements | undefined,
  old: V1ResourceRequirements | undefined,
): V1ResourceRequirements {
  const unresized = (list: Record<string, string> = {}, before: Record<string, string> = {}) => {
    const result = { ...list };
    for (const name of RESIZABLE) {
      const text = before[name];
      if (text === undefined) delete result[name];
      else result[name] = text;
    }
    return Object.keys(result).length > 0 ? result : undefined;
  };
  const { limits: _limits, requests: _requests, ...rest } = resources ?? {};
  const limits = unresized(resources?.limits, old?.limits);
  const requests = unresized(resources?.requests, old?.requests);
  return { ...rest, ...(limits ? { limits } : {}), ...(requests ? { requests } : {}) };
}

function withoutResizes(spec: V1PodSpec, old: V1PodSpec): V1PodSpec {
  const reset = (containers: readonly V1Container[] = [], before: readonly V1Container[] = []) =>
    containers.map((container, i) => ({
      ...container,
      resources: resourcesOf(container.resources, before[i]?.resources),
    }));
  return {
    ...spec,
    containers: reset(spec.containers, old.containers),
    initContainers: reset(spec.initContainers, old.initContainers),
    ...(spec.resources ? { resources: resourcesOf(spec.resources, old.resources) } : {}),
  };
}
