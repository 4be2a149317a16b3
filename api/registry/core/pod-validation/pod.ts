/** Validation of pods and pod templates. */
import type { V1Pod, V1PodSpec, V1PodTemplateSpec } from '../../../../openapi/generated/types.ts';
import type { FieldError } from '../../../../openapi/status.ts';
import { forbiddenField, invalidEach, invalidValue } from '../../validation/errors.ts';
import {
  NOT_NEGATIVE,
  validateDns1123Label,
  validateDns1123Subdomain,
  validateLabels,
  validateOneOf,
} from '../../validation/fields.ts';
import { validateAnnotations } from '../../validation/metadata.ts';
import { inclusiveRange, isQualifiedName } from '../../validation/names.ts';
import { compareQuantities, validateQuantityValue } from '../../validation/quantities.ts';
import { validateContainers, validateEphemeralContainers, validateInitContainers } from './containers.ts';
import { validateDnsConfig, validateHostAliases, validateHostNetwork } from './network.ts';
import { validateAffinity, validateTolerations, validateTopologySpread } from './scheduling.ts';
import { validatePodSecurity } from './security.ts';
import { validateVolumes } from './volumes.ts';

const MIRROR = 'kubernetes.io/config.mirror';
export const INT32_MAX = 2_147_483_647;

/** A pod, new or changed, without its metadata. */
export function validatePod(pod: V1Pod): FieldError[] {
  const spec = pod.spec ?? { containers: [] };
  const errors = validateMirror(pod, spec);
  errors.push(...validatePodSpec(spec, 'spec'));
  for (const [list, path] of [
    [spec.containers, 'spec.containers'],
    [spec.initContainers ?? [], 'spec.initContainers'],
  ] as const) {
    for (const [i, { image = '' }] of list.entries()) {
      if (image === image.trim()) continue;
      errors.push(invalidValue(`${path}[${i}].image`, image, 'must not have leading or trailing whitespace'));
    }
  }
  // The subresource that adds them bumps the generation, so a pod of the first one is new.
  if (spec.ephemeralContainers?.length && pod.metadata?.generation === 1) {
    errors.push(forbiddenField('spec.ephemeralContainers', 'cannot be set on create'));
  }
  return errors;
}

function validateMirror(pod: V1Pod, spec: V1PodSpec): FieldError[] {
  const mirror = pod.metadata?.annotations?.[MIRROR];
  if (mirror === undefined || spec.nodeName) return [];
  const detail = 'must set spec.nodeName if mirror pod annotation is set';
  return [invalidValue(`metadata.annotations[${MIRROR}]`, mirror, detail)];
}

/** The template of a controller; `path` leads to it. */
export function validatePodTemplate(template: V1PodTemplateSpec, path: string): FieldError[] {
  const spec = template.spec ?? { containers: [] };
  const errors = [
    ...validateLabels(template.metadata?.labels, `${path}.labels`),
    ...validateAnnotations(template.metadata?.annotations, `${path}.annotations`),
    ...validatePodSpec(spec, `${path}.spec`),
  ];
  if (spec.ephemeralContainers?.length) {
    errors.push(forbiddenField(`${path}.spec.ephemeralContainers`, 'ephemeral containers not allowed in pod template'));
  }
  return errors;
}

/** What pods and templates have in common. */
export function validatePodSpec(spec: V1PodSpec, path: string): FieldError[] {
  const { volumes, errors } = validateVolumes(spec.volumes ?? [], `${path}.volumes`);
  return [
    ...errors,
    ...validateContainers(spec, volumes, `${path}.containers`),
    ...validateInitContainers(spec, volumes, `${path}.initContainers`),
    ...validateEphemeralContainers(spec, volumes, `${path}.ephemeralContainers`),
    ...validateOneOf(spec.restartPolicy, `${path}.restartPolicy`, ['Always', 'OnFailure', 'Never']),
    ...validateOneOf(spec.dnsPolicy, `${path}.dnsPolicy`, [
      'ClusterFirstWithHostNet',
      'ClusterFirst',
      'Default',
      'None',
    ]),
    ...validateLabels(spec.nodeSelector, `${path}.nodeSelector`),
    ...(spec.hostNetwork ? validateHostNetwork(spec, path) : []),
    ...validatePodSecurity(spec, `${path}.securityContext`),
    ...validateAffinity(spec.affinity, `${path}.affinity`),
    ...validateDnsConfig(spec, `${path}.dnsConfig`),
    ...(spec.readinessGates ?? []).flatMap(({ conditionType }, i) =>
      invalidEach(`${path}.readinessGates[${i}].conditionType`, conditionType, isQualifiedName(conditionType)),
    ),
    ...(spec.schedulingGates ?? []).flatMap(({ name }, i) =>
      invalidEach(`${path}.schedulingGates[${i}]`, name, isQualifiedName(name)),
    ),
    ...validateTopologySpread(spec.topologySpreadConstraints ?? [], `${path}.topologySpreadConstraints`),
    ...validateNames(spec, path),
    ...validateTimes(spec, path),
    ...validateTolerations(spec.tolerations ?? [], `${path}.tolerations`),
    ...validateHostAliases(spec.hostAliases ?? [], `${path}.hostAliases`),
    ...(spec.preemptionPolicy
      ? validateOneOf(spec.preemptionPolicy, `${path}.preemptionPolicy`, ['PreemptLowerPriority', 'Never'])
      : []),
    ...validatePodResources(spec, path),
    ...(spec.os ? validateOneOf(spec.os.name, `${path}.os.name`, ['linux', 'windows']) : []),
  ];
}

function validateNames(spec: V1PodSpec, path: string): FieldError[] {
  const subdomain = (field: 'serviceAccountName' | 'nodeName' | 'priorityClassName' | 'runtimeClassName') => {
    const value = spec[field];
    return value ? validateDns1123Subdomain(value, `${path}.${field}`) : [];
  };
  return [
    ...subdomain('serviceAccountName'),
    ...subdomain('nodeName'),
    ...(spec.hostname ? validateDns1123Label(spec.hostname, `${path}.hostname`) : []),
    ...(spec.subdomain ? validateDns1123Label(spec.subdomain, `${path}.subdomain`) : []),
    ...subdomain('priorityClassName'),
    ...subdomain('runtimeClassName'),
  ];
}

function validateTimes(spec: V1PodSpec, path: string): FieldError[] {
  const { activeDeadlineSeconds: deadline, terminationGracePeriodSeconds: grace } = spec;
  const errors: FieldError[] = [];
  if (deadline !== undefined && (deadline < 1 || deadline > INT32_MAX)) {
    errors.push(invalidValue(`${path}.activeDeadlineSeconds`, deadline, inclusiveRange(1, INT32_MAX)));
  }
  if (grace !== undefined && grace < 0) {
    errors.push(invalidValue(`${path}.terminationGracePeriodSeconds`, grace, NOT_NEGATIVE));
  }
  return errors;
}

function validatePodResources(spec: V1PodSpec, path: string): FieldError[] {
  const { limits = {}, requests = {} } = spec.resources ?? {};
  const field = `${path}.resources`;
  const values = (list: Record<string, string>, name: string) =>
    Object.entries(list).flatMap(([key, text]) => validateQuantityValue(key, text, `${field}.${name}[${key}]`));
  const over = Object.entries(requests).filter(([key, text]) => {
    const limit = limits[key];
    return limit !== undefined && compareQuantities(text, limit) > 0;
  });
  return [
    ...Object.entries(spec.overhead ?? {}).flatMap(([key, text]) =>
      validateQuantityValue(key, text, `${path}.overhead.limits[${key}]`),
    ),
    ...values(limits, 'limits'),
    ...values(requests, 'requests'),
    ...over.map(([key, text]) =>
      invalidValue(`${field}.requests`, text, `must be less than or equal to ${key} limit of ${limits[key]}`),
    ),
  ];
}
