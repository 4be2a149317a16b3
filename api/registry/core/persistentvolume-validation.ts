/** Validation of persistent volumes. */
import { posix } from 'node:path';
import { parseQuantity, quantityUnits } from '../../../base/quantity.ts';
import type {
  V1NodeSelectorRequirement,
  V1PersistentVolume,
  V1PersistentVolumeSpec,
  V1VolumeNodeAffinity,
} from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { semanticEqual } from '../validation/equality.ts';
import { forbiddenField, invalidValue, notSupported, required } from '../validation/errors.ts';
import { validateDns1123Subdomain } from '../validation/fields.ts';
import { sourceOf, validateSources } from './persistentvolume-sources.ts';
import { validateAffinity } from './pod-validation/scheduling.ts';

export const ACCESS_MODES = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];
export const VOLUME_MODES = ['Block', 'Filesystem'];
const RECLAIM_POLICIES = ['Delete', 'Recycle', 'Retain'];
const INLINE = 'in the context of inline volumes';
const NOT_POSITIVE = 'must be greater than zero';

export function validatePersistentVolume({ metadata, spec = {} }: V1PersistentVolume): FieldError[] {
  return validatePersistentVolumeSpec(spec, metadata?.name ?? '', 'spec', false);
}

/** `inline`: the spec is part of a volume attachment, and may say less. */
export function validatePersistentVolumeSpec(
  spec: V1PersistentVolumeSpec,
  volume: string,
  path: string,
  inline: boolean,
): FieldError[] {
  return [
    ...(inline ? validateInline(spec, path) : []),
    ...(spec.accessModes?.length ? [] : [required(`${path}.accessModes`)]),
    ...validateAccessModes(spec.accessModes ?? [], `${path}.accessModes`),
    ...(inline ? [] : validateCapacity(spec.capacity, `${path}.capacity`)),
    ...validateReclaimPolicy(spec.persistentVolumeReclaimPolicy, `${path}.persistentVolumeReclaimPolicy`, inline),
    ...validateNodeAffinity(spec.nodeAffinity, `${path}.nodeAffinity`, inline),
    ...validateSources(spec, volume, path),
    ...(spec.local && !spec.nodeAffinity
      ? [required(`${path}.nodeAffinity`, 'Local volume requires node affinity')]
      : []),
    ...validateRecycledRoot(spec, path),
    ...validateClasses(spec, path, inline),
    ...validateVolumeMode(spec.volumeMode, `${path}.volumeMode`, inline),
    ...(inline ? [] : validateAttributesClass(spec, path)),
  ];
}

function validateInline({ claimRef, capacity, csi }: V1PersistentVolumeSpec, path: string): FieldError[] {
  return [
    ...(claimRef ? [forbiddenField(`${path}.claimRef`, `may not be specified ${INLINE}`)] : []),
    ...(capacity ? [forbiddenField(`${path}.capacity`, `may not be specified ${INLINE}`)] : []),
    ...(csi ? [] : [required(`${path}.csi`, `has to be specified ${INLINE}`)]),
  ];
}

/** Of volumes and claims. */
export function validateAccessModes(modes: readonly string[], field: string): FieldError[] {
  const known = modes.filter((mode) => ACCESS_MODES.includes(mode));
  const mixed = known.includes('ReadWriteOncePod') && known.some((mode) => mode !== 'ReadWriteOncePod');
  return [
    ...modes.filter((mode) => !known.includes(mode)).map((mode) => notSupported(field, mode, ACCESS_MODES)),
    ...(mixed ? [forbiddenField(field, 'may not use ReadWriteOncePod with other access modes')] : []),
  ];
}

function validateCapacity(capacity: Record<string, string> | undefined, field: string): FieldError[] {
  const errors: FieldError[] = [];
  const names = Object.keys(capacity ?? {});
  if (names.length === 0) errors.push(required(field));
  if (names.length !== 1 || names[0] !== 'storage') {
    // Go shows a map that is not there as plain null.
    const shown = capacity ? JSON.stringify(capacity) : 'null';
    const message = `Unsupported value: ${shown}: supported values: "storage"`;
    errors.push({ type: 'FieldValueNotSupported', field, message });
  }
  for (const [name, text] of Object.entries(capacity ?? {})) {
    errors.push(...validateBasicResource(text, `${field}[${name}]`), ...validatePositive(text, `${field}[${name}]`));
  }
  return errors;
}

export function validateBasicResource(text: string, field: string): FieldError[] {
  const units = quantityUnits(text);
  return units < 0 ? [invalidValue(field, units, 'must be a valid resource quantity')] : [];
}

export function validatePositive(text: string, field: string): FieldError[] {
  return (parseQuantity(text) ?? 0n) > 0n ? [] : [invalidValue(field, text, NOT_POSITIVE)];
}

function validateReclaimPolicy(policy: string | undefined, field: string, inline: boolean): FieldError[] {
  if (!policy) return [];
  if (inline) return policy === 'Retain' ? [] : [forbiddenField(field, `may only be Retain ${INLINE}`)];
  return RECLAIM_POLICIES.includes(policy) ? [] : [notSupported(field, policy, RECLAIM_POLICIES)];
}

function validateNodeAffinity(affinity: V1VolumeNodeAffinity | undefined, path: string, inline: boolean): FieldError[] {
  if (!affinity) return [];
  if (inline) return [forbiddenField(path, `may not be specified ${INLINE}`)];
  const { required: selector } = affinity;
  if (!selector) return [required(`${path}.required`, 'must specify required node constraints')];
  // The rules are those of a pod's required node affinity, under another path.
  const field = 'requiredDuringSchedulingIgnoredDuringExecution';
  return validateAffinity({ nodeAffinity: { [field]: selector } }, '').map((error) => ({
    ...error,
    field: error.field.replace(`.nodeAffinity.${field}`, `${path}.required`),
  }));
}

function validateRecycledRoot(spec: V1PersistentVolumeSpec, path: string): FieldError[] {
  const root = spec.hostPath?.path ? posix.resolve('/', spec.hostPath.path) === '/' : false;
  if (!root || spec.persistentVolumeReclaimPolicy !== 'Recycle') return [];
  const detail = "may not be 'recycle' for a hostPath mount of '/'";
  return [forbiddenField(`${path}.persistentVolumeReclaimPolicy`, detail)];
}

function validateClasses({ storageClassName }: V1PersistentVolumeSpec, path: string, inline: boolean): FieldError[] {
  const field = `${path}.storageClassName`;
  if (!storageClassName) return [];
  return inline
    ? [forbiddenField(field, `may not be specified ${INLINE}`)]
    : validateDns1123Subdomain(storageClassName, field);
}

function validateVolumeMode(mode: string | undefined, field: string, inline: boolean): FieldError[] {
  if (mode === undefined) return [];
  if (!inline) return VOLUME_MODES.includes(mode) ? [] : [notSupported(field, mode, VOLUME_MODES)];
  if (mode === 'Filesystem') return [];
  return [forbiddenField(field, `may not specify volumeMode other than Filesystem ${INLINE}`)];
}

function validateAttributesClass({ volumeAttributesClassName: name, csi }: V1PersistentVolumeSpec, path: string) {
  if (name === undefined) return [];
  const field = `${path}.volumeAttributesClassName`;
  return [
    ...(name === '' ? [required(field, 'an empty string is disallowed')] : validateDns1123Subdomain(name, field)),
    ...(csi ? [] : [required(`${path}.csi`, 'has to be specified when using volumeAttributesClassName')]),
  ];
}

/** Without what `validatePersistentVolume` finds. */
export function validatePersistentVolumeUpdate(volume: V1PersistentVolume, old: V1PersistentVolume): FieldError[] {
  const spec = volume.spec ?? {};
  const before = old.spec ?? {};
  const errors: FieldError[] = [];
  if (!semanticEqual(withoutAddedSecret(spec, before), sourceOf(before))) {
    const detail = 'spec.persistentvolumesource is immutable after creation';
    errors.push(forbiddenField('spec.persistentvolumesource', detail));
  }
  if (spec.volumeMode !== before.volumeMode) {
    errors.push(invalidValue('volumeMode', spec.volumeMode, 'field is immutable'));
  }
  if (before.nodeAffinity && !semanticEqual(renamed(spec.nodeAffinity), renamed(before.nodeAffinity))) {
    errors.push(invalidValue('nodeAffinity', shownAffinity(spec.nodeAffinity), 'field is immutable'));
  }
  if (before.volumeAttributesClassName !== undefined && spec.volumeAttributesClassName === undefined) {
    errors.push(forbiddenField('spec.volumeAttributesClassName', 'update from non-nil value to nil is forbidden'));
  }
  return errors;
}

/** The secret for expanding a volume may come later. */
function withoutAddedSecret(spec: V1PersistentVolumeSpec, before: V1PersistentVolumeSpec): object {
  const source = sourceOf(spec);
  if (!source.csi || !before.csi || before.csi.controllerExpandSecretRef) return source;
  const { controllerExpandSecretRef: _, ...csi } = source.csi;
  return { ...source, csi };
}

/** Labels whose beta names may be exchanged for the ones they have today. */
const TODAYS_LABELS: Record<string, string> = {
  'failure-domain.beta.kubernetes.io/zone': 'topology.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region': 'topology.kubernetes.io/region',
  'beta.kubernetes.io/instance-type': 'node.kubernetes.io/instance-type',
  'beta.kubernetes.io/os': 'kubernetes.io/os',
  'beta.kubernetes.io/arch': 'kubernetes.io/arch',
};

function renamed(affinity: V1VolumeNodeAffinity | undefined): V1VolumeNodeAffinity | undefined {
  if (!affinity?.required) return affinity;
  const rename = (requirement: V1NodeSelectorRequirement) => ({
    ...requirement,
    key: TODAYS_LABELS[requirement.key] ?? requirement.key,
  });
  const nodeSelectorTerms = (affinity.required.nodeSelectorTerms ?? []).map((term) => ({
    ...term,
    matchExpressions: (term.matchExpressions ?? []).map(rename),
  }));
  return { required: { nodeSelectorTerms } };
}

/** As upstream's internal type shows itself. */
function shownAffinity(affinity: V1VolumeNodeAffinity | undefined): object | undefined {
  if (!affinity) return undefined;
  const shown = (list: readonly V1NodeSelectorRequirement[] | undefined) =>
    list?.map(({ key, operator, values }) => ({ Key: key, Operator: operator, Values: values ?? null })) ?? null;
  const terms = affinity.required?.nodeSelectorTerms?.map((term) => ({
    MatchExpressions: shown(term.matchExpressions),
    MatchFields: shown(term.matchFields),
  }));
  return { Required: affinity.required ? { NodeSelectorTerms: terms ?? null } : null };
}
