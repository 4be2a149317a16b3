/** Validation of stateful sets. */
import type {
  V1PodTemplateSpec,
  V1StatefulSet,
  V1StatefulSetPersistentVolumeClaimRetentionPolicy,
  V1StatefulSetSpec,
  V1StatefulSetUpdateStrategy,
} from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { validateClaimSpec } from '../core/persistentvolumeclaim-validation.ts';
import { validatePodTemplate } from '../core/pod-validation/pod.ts';
import { semanticEqual } from '../validation/equality.ts';
import { forbiddenField, invalidValue, notSupported, required } from '../validation/errors.ts';
import { validateDns1123Label, validateNonnegative } from '../validation/fields.ts';
import { validateAtMost, validateCollisionCount, validateCounts } from './counts.ts';
import { validateRollingUpdateStatefulSet } from './rolling-update.ts';
import { isReadable, validateLongRunning, validateSelected, validateSelector } from './templates.ts';

const MUTABLE = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
] as const;
const FORBIDDEN_UPDATE =
  "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";

/** A stateful set, new or changed, without its metadata. */
export function validateStatefulSet({ spec = {} as V1StatefulSetSpec }: V1StatefulSet): FieldError[] {
  return [
    ...validatePodManagementPolicy(spec.podManagementPolicy),
    ...validateUpdateStrategy(spec.updateStrategy ?? {}, 'spec.updateStrategy'),
    ...validateRetentionPolicy(spec.persistentVolumeClaimRetentionPolicy ?? {}),
    ...(spec.volumeClaimTemplates ?? []).flatMap((claim, i) =>
      validateClaimSpec(claim.spec ?? {}, `spec.volumeClaimTemplates[${i}].spec`),
    ),
    ...validateNonnegative(spec.replicas, 'spec.replicas'),
    ...validateNonnegative(spec.minReadySeconds, 'spec.minReadySeconds'),
    ...validateNonnegative(spec.ordinals?.start, 'spec.ordinals.start'),
    ...(spec.serviceName ? validateDns1123Label(spec.serviceName, 'spec.serviceName') : []),
    ...validateSelector(spec.selector, 'spec.selector', 'statefulset'),
    ...validateTemplate(spec, 'spec.template'),
    ...validateLongRunning(spec.template, 'spec.template', 'StatefulSet'),
  ];
}

function validatePodManagementPolicy(policy: string | undefined): FieldError[] {
  const field = 'spec.podManagementPolicy';
  if (!policy) return [required(field)];
  if (policy === 'OrderedReady' || policy === 'Parallel') return [];
  return [invalidValue(field, policy, "must be 'OrderedReady' or 'Parallel'")];
}

function validateUpdateStrategy(strategy: V1StatefulSetUpdateStrategy, path: string): FieldError[] {
  const { type, rollingUpdate } = strategy;
  switch (type) {
    case undefined:
    case '':
      return [required(path)];
    case 'OnDelete': {
      const detail = "only allowed for updateStrategy 'RollingUpdate'";
      return rollingUpdate ? [invalidValue(`${path}.rollingUpdate`, goRollingUpdate(strategy), detail)] : [];
    }
    case 'RollingUpdate':
      return rollingUpdate ? validateRollingUpdateStatefulSet(rollingUpdate, `${path}.rollingUpdate`) : [];
    default: {
      const value = { Type: type, RollingUpdate: goRollingUpdate(strategy) };
      return [invalidValue(path, value, "must be 'RollingUpdate' or 'OnDelete'")];
    }
  }
}

/** Upstream's own type has no JSON names. */
function goRollingUpdate({ rollingUpdate: update }: V1StatefulSetUpdateStrategy): object | null {
  return update ? { Partition: update.partition ?? 0, MaxUnavailable: update.maxUnavailable ?? null } : null;
}

function validateRetentionPolicy(policy: V1StatefulSetPersistentVolumeClaimRetentionPolicy): FieldError[] {
  const policies = ['Retain', 'Delete'];
  return (['whenDeleted', 'whenScaled'] as const).flatMap((field) => {
    const value = policy[field] ?? '';
    if (policies.includes(value)) return [];
    return [notSupported(`spec.persistentVolumeClaimRetentionPolicy.${field}`, value, policies)];
  });
}

function validateTemplate(spec: V1StatefulSetSpec, path: string): FieldError[] {
  const { selector, template = {} } = spec;
  if (!isReadable(selector)) return [invalidValue('spec.selector', selector, '')];
  const own = template.spec?.volumes?.length ?? 0;
  const volumes = `${path}.spec.volumes[`;
  return [
    ...validateSelected(selector, template, path),
    // What is wrong with a claim is said about the claim, not about the volume made of it.
    ...validatePodTemplate(withClaims(spec), path).filter(({ field = '' }) => {
      return !field.startsWith(volumes) || Number.parseInt(field.slice(volumes.length), 10) < own;
    }),
  ];
}

/** The template as the controller will use it: its containers may mount the claims. */
function withClaims({ template = {}, volumeClaimTemplates }: V1StatefulSetSpec): V1PodTemplateSpec {
  const volumes = template.spec?.volumes ?? [];
  const taken = new Set(volumes.map(({ name }) => name));
  const claims = (volumeClaimTemplates ?? [])
    .map(({ metadata }) => metadata?.name ?? '')
    .filter((name) => !taken.has(name))
    .map((name) => ({ name, persistentVolumeClaim: { claimName: name } }));
  if (claims.length === 0) return template;
  return { ...template, spec: { ...(template.spec ?? { containers: [] }), volumes: [...volumes, ...claims] } };
}

/** What no update may change. `validateStatefulSet` checks the rest. */
export function validateStatefulSetUpdate(set: V1StatefulSet, old: V1StatefulSet): FieldError[] {
  const before: Partial<V1StatefulSetSpec> = { ...old.spec };
  const after: Partial<V1StatefulSetSpec> = { ...set.spec };
  for (const field of MUTABLE) {
    delete before[field];
    delete after[field];
  }
  return semanticEqual(before, after) ? [] : [forbiddenField('spec', FORBIDDEN_UPDATE)];
}

/** The status that a controller writes. */
export function validateStatefulSetStatus({ status }: V1StatefulSet, old: V1StatefulSet): FieldError[] {
  const counts = status ?? { replicas: 0 };
  return [
    ...validateCounts(counts, [
      'replicas',
      'readyReplicas',
      'currentReplicas',
      'updatedReplicas',
      'availableReplicas',
      'observedGeneration',
      'collisionCount',
    ]),
    ...validateAtMost(counts, 'readyReplicas', 'replicas'),
    ...validateAtMost(counts, 'currentReplicas', 'replicas'),
    ...validateAtMost(counts, 'updatedReplicas', 'replicas'),
    ...validateAtMost(counts, 'availableReplicas', 'replicas'),
    ...validateAtMost(counts, 'availableReplicas', 'readyReplicas'),
    ...validateCollisionCount(counts.collisionCount, old.status?.collisionCount),
  ];
}
