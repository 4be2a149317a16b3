/** What an update of a pod, or of its status, may change. */
import type {
  V1Container,
  V1ContainerStatus,
  V1Pod,
  V1PodSpec,
  V1Toleration,
} from '../../../../openapi/generated/types.ts';
import type { FieldError } from '../../../../openapi/status.ts';
import { semanticEqual } from '../../validation/equality.ts';
import { forbiddenField, invalidEach, invalidValue, required } from '../../validation/errors.ts';
import { validateDns1123Subdomain } from '../../validation/fields.ts';
import { inclusiveRange, isQualifiedName } from '../../validation/names.ts';
import { INT32_MAX } from './pod.ts';

const MIRROR = 'kubernetes.io/config.mirror';
const UPDATABLE = [
  '`spec.containers[*].image`',
  '`spec.initContainers[*].image`',
  '`spec.activeDeadlineSeconds`',
  '`spec.tolerations` (only additions to existing tolerations)',
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
].join(',');

const EMPTY: V1PodSpec = { containers: [] };

export function validatePodUpdate(pod: V1Pod, old: V1Pod): FieldError[] {
  const spec = pod.spec ?? EMPTY;
  const before = old.spec ?? EMPTY;
  const errors = validateMirrorAnnotation(pod, old);
  for (const field of ['containers', 'initContainers'] as const) {
    const found = validateContainerUpdates(spec[field] ?? [], before[field] ?? [], `spec.${field}`);
    errors.push(...found.errors);
    if (found.stop) return errors;
  }
  const deadline = validateDeadline(spec.activeDeadlineSeconds, before.activeDeadlineSeconds);
  errors.push(...deadline.errors);
  if (deadline.stop) return errors;
  errors.push(...validateAddedTolerations(spec.tolerations ?? [], before.tolerations ?? []));
  errors.push(...validateRemovedGates(spec, before));
  if (!semanticEqual(withoutUpdatable(spec, before), before)) {
    errors.push(forbiddenField('spec', `pod updates may not change fields other than ${UPDATABLE}`));
  }
  return errors;
}

function validateMirrorAnnotation(pod: V1Pod, old: V1Pod): FieldError[] {
  const value = pod.metadata?.annotations?.[MIRROR];
  const before = old.metadata?.annotations?.[MIRROR];
  if (value === before) return [];
  const detail =
    before === undefined ? 'may not add mirror pod annotation' : 'may not remove or update mirror pod annotation';
  return [forbiddenField(`metadata.annotations[${MIRROR}]`, detail)];
}

interface Found {
  errors: FieldError[];
  /** What comes after could not be compared any more. */
  stop: boolean;
}

function validateContainerUpdates(
  containers: readonly V1Container[],
  old: readonly V1Container[],
  path: string,
): Found {
  if (containers.length !== old.length) {
    return { errors: [forbiddenField(path, 'pod updates may not add or remove containers')], stop: true };
  }
  // Whitespace around an image is found by the validation of the pod as such.
  const errors = containers.flatMap(({ image }, i) => (image ? [] : [required(`${path}[${i}].image`)]));
  return { errors, stop: false };
}

function validateDeadline(deadline: number | undefined, old: number | undefined): Found {
  const field = 'spec.activeDeadlineSeconds';
  if (deadline === undefined) {
    const detail = 'must not update from a positive integer to nil value';
    return { errors: old === undefined ? [] : [invalidValue(field, undefined, detail)], stop: false };
  }
  if (deadline < 0 || deadline > INT32_MAX) {
    return { errors: [invalidValue(field, deadline, inclusiveRange(0, INT32_MAX))], stop: true };
  }
  if (old !== undefined && old < deadline) {
    return { errors: [invalidValue(field, deadline, 'must be less than or equal to previous value')], stop: true };
  }
  return { errors: [], stop: false };
}

function validateAddedTolerations(tolerations: readonly V1Toleration[], old: readonly V1Toleration[]): FieldError[] {
  const timeless = (toleration: V1Toleration) => ({ ...toleration, tolerationSeconds: undefined });
  const lost = old.some((before) => !tolerations.some((after) => semanticEqual(timeless(before), timeless(after))));
  if (!lost) return [];
  return [forbiddenField('spec.tolerations', 'existing toleration can not be modified except its tolerationSeconds')];
}

function validateRemovedGates(spec: V1PodSpec, old: V1PodSpec): FieldError[] {
  const before = new Set(old.schedulingGates?.map(({ name }) => name));
  return (spec.schedulingGates ?? []).flatMap(({ name }, i) => {
    if (before.has(name)) return [];
    const detail = `only deletion is allowed, but found new scheduling gate '${name}'`;
    return [forbiddenField(`spec.schedulingGates[${i}]`, detail)];
  });
}

/** The spec as it would be had the update left alone what it may change. */
function withoutUpdatable(spec: V1PodSpec, old: V1PodSpec): V1PodSpec {
  const sameImages = (containers: V1Container[] | undefined, before: V1Container[] | undefined) =>
    containers?.map((container, i) => ({ ...container, image: before?.[i]?.image }));
  const { terminationGracePeriodSeconds: grace } = spec;
  const wasNegative = (old.terminationGracePeriodSeconds ?? 0) < 0 && grace === 1;
  return {
    ...spec,
    containers: sameImages(spec.containers, old.containers) ?? [],
    initContainers: sameImages(spec.initContainers, old.initContainers),
    activeDeadlineSeconds: old.activeDeadlineSeconds,
    tolerations: old.tolerations,
    schedulingGates: old.schedulingGates,
    terminationGracePeriodSeconds: wasNegative ? old.terminationGracePeriodSeconds : grace,
  };
}

export function validatePodStatusUpdate(pod: V1Pod, old: V1Pod): FieldError[] {
  const status = pod.status ?? {};
  const before = old.status ?? {};
  const errors = (status.conditions ?? []).flatMap(({ type }, i) =>
    // Upstream's path, as it is.
    invalidEach(`metadata.conditions[${i}].Type`, type, isQualifiedName(type)),
  );
  const nominated = status.nominatedNodeName;
  if (nominated && nominated !== before.nominatedNodeName) {
    errors.push(...validateDns1123Subdomain(nominated, 'status.nominatedNodeName'));
  }
  if (before.observedGeneration && (status.observedGeneration ?? 0) < 0) {
    errors.push(
      invalidValue('status.observedGeneration', status.observedGeneration, 'must be greater than or equal to 0'),
    );
  }
  for (const field of ['containerStatuses', 'initContainerStatuses'] as const) {
    errors.push(...validateTransitions(status[field] ?? [], before[field] ?? [], old.spec ?? EMPTY, `status.${field}`));
  }
  return errors;
}

/** What has ended for good does not start again. */
function validateTransitions(
  statuses: readonly V1ContainerStatus[],
  old: readonly V1ContainerStatus[],
  spec: V1PodSpec,
  path: string,
): FieldError[] {
  const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? [])];
  const policyOf = (name: string) =>
    containers.find((container) => container.name === name)?.restartPolicy ?? spec.restartPolicy;
  return old.flatMap(({ name, state }, i) => {
    const ended = state?.terminated;
    const policy = policyOf(name);
    if (!ended || policy === 'Always' || (ended.exitCode !== 0 && policy === 'OnFailure')) return [];
    const now = statuses.find((status) => status.name === name);
    if (!now || now.state?.terminated) return [];
    return [forbiddenField(`${path}[${i}].state`, 'may not be transitioned to non-terminated state')];
  });
}
