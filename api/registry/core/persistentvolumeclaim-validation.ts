/** Validation of persistent volume claims. */
import type {
  V1PersistentVolumeClaim,
  V1PersistentVolumeClaimSpec,
  V1PersistentVolumeClaimStatus,
  V1TypedObjectReference,
} from '../../../openapi/generated/types.ts';
import { BETA_CLASS } from '../../../openapi/quota/claim-class.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { semanticEqual } from '../validation/equality.ts';
import { forbiddenField, invalidEach, invalidValue, notSupported, required } from '../validation/errors.ts';
import { validateDns1123Label, validateDns1123Subdomain, validateLabelSelector } from '../validation/fields.ts';
import { isDns1123Subdomain, isQualifiedName } from '../validation/names.ts';
import { compareQuantities, validateQuantityValue } from '../validation/quantities.ts';
import {
  VOLUME_MODES,
  validateAccessModes,
  validateBasicResource,
  validatePositive,
} from './persistentvolume-validation.ts';

const RESIZE_STATUSES = [
  'ControllerResizeInProgress',
  'ControllerResizeInfeasible',
  'NodeResizeInProgress',
  'NodeResizeInfeasible',
  'NodeResizePending',
].sort();

export function validateClaim({ spec = {} }: V1PersistentVolumeClaim): FieldError[] {
  return validateClaimSpec(spec, 'spec');
}

/** Of claims, and of the templates of those that come with a pod or a stateful set. */
export function validateClaimSpec(spec: V1PersistentVolumeClaimSpec, path: string): FieldError[] {
  const { accessModes = [], storageClassName, volumeMode, volumeAttributesClassName } = spec;
  return [
    ...(accessModes.length > 0 ? [] : [required(`${path}.accessModes`, 'at least 1 access mode is required')]),
    ...validateLabelSelector(spec.selector, `${path}.selector`),
    ...validateAccessModes(accessModes, `${path}.accessModes`),
    ...validateRequest(spec.resources?.requests?.storage, `${path}.resources[storage]`),
    ...(storageClassName ? validateDns1123Subdomain(storageClassName, `${path}.storageClassName`) : []),
    ...(volumeMode === undefined || VOLUME_MODES.includes(volumeMode)
      ? []
      : [notSupported(`${path}.volumeMode`, volumeMode, VOLUME_MODES)]),
    ...validateDataSources(spec, path),
    ...(volumeAttributesClassName
      ? validateDns1123Subdomain(volumeAttributesClassName, `${path}.volumeAttributesClassName`)
      : []),
  ];
}

function validateRequest(storage: string | undefined, field: string): FieldError[] {
  if (storage === undefined) return [required(field)];
  const errors = validatePositive(storage, field);
  return errors.length > 0 ? errors : validateQuantityValue('storage', storage, field);
}

function validateDataSources({ dataSource, dataSourceRef }: V1PersistentVolumeClaimSpec, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (dataSource) errors.push(...validateDataSource(dataSource, `${path}.dataSource`));
  if (dataSourceRef) errors.push(...validateDataSource(dataSourceRef, `${path}.dataSourceRef`));
  if (!dataSource || !dataSourceRef) return errors;
  // Upstream gives the path for the value.
  const refuse = (detail: string) => errors.push(invalidValue(path, {}, detail));
  if (dataSourceRef.namespace) refuse('may not be specified when dataSourceRef.namespace is specified');
  else if (!semanticEqual(dataSource, { ...dataSourceRef, namespace: undefined })) refuse('must match dataSourceRef');
  return errors;
}

function validateDataSource({ apiGroup, kind, name, namespace }: V1TypedObjectReference, path: string): FieldError[] {
  const own = "must be 'PersistentVolumeClaim' when referencing the default apiGroup";
  return [
    ...(name ? [] : [required(`${path}.name`)]),
    ...(kind ? [] : [required(`${path}.kind`)]),
    ...(!apiGroup && kind !== 'PersistentVolumeClaim' ? [invalidValue(path, kind ?? '', own)] : []),
    ...(apiGroup ? invalidEach(`${path}.apiGroup`, apiGroup, isDns1123Subdomain(apiGroup)) : []),
    ...(namespace ? validateDns1123Label(namespace, `${path}.namespace`) : []),
  ];
}

/** Without what `validateClaim` finds. */
export function validateClaimUpdate(claim: V1PersistentVolumeClaim, old: V1PersistentVolumeClaim): FieldError[] {
  const spec = claim.spec ?? {};
  const before = old.spec ?? {};
  const errors: FieldError[] = [];
  const annotation = claim.metadata?.annotations?.[BETA_CLASS];
  const annotationBefore = old.metadata?.annotations?.[BETA_CLASS];
  if (!isMovedFromAnnotation(claim, old) && (annotation ?? '') !== (annotationBefore ?? '')) {
    errors.push(invalidValue(`metadata.annotations.${BETA_CLASS}`, annotation ?? '', 'field is immutable'));
  }
  if (!semanticEqual(withoutMutable(claim, old), before)) {
    const mutable = 'resources.requests and volumeAttributesClassName for bound claims';
    errors.push(forbiddenField('spec', `spec is immutable after creation except ${mutable}`));
  }
  errors.push(...validateShrinking(claim, old));
  if (spec.volumeMode !== before.volumeMode) {
    errors.push(invalidValue('volumeMode', spec.volumeMode, 'field is immutable'));
  }
  return [...errors, ...validateAttributesClass(spec.volumeAttributesClassName, before.volumeAttributesClassName)];
}

function isMovedFromAnnotation(claim: V1PersistentVolumeClaim, old: V1PersistentVolumeClaim): boolean {
  const before = old.metadata?.annotations?.[BETA_CLASS];
  const after = claim.metadata?.annotations?.[BETA_CLASS];
  if (before === undefined || old.spec?.storageClassName !== undefined) return false;
  return claim.spec?.storageClassName === before && (after === undefined || after === before);
}

/** The spec as it would be had the update left alone what it may change. */
function withoutMutable(claim: V1PersistentVolumeClaim, old: V1PersistentVolumeClaim): V1PersistentVolumeClaimSpec {
  const spec = structuredClone(claim.spec ?? {});
  const before = old.spec ?? {};
  const keep = (field: 'volumeName' | 'storageClassName' | 'volumeAttributesClassName') => {
    if (before[field] === undefined) delete spec[field];
    else spec[field] = before[field];
  };
  if (!before.volumeName) keep('volumeName');
  const annotation = old.metadata?.annotations?.[BETA_CLASS];
  const { storageClassName } = spec;
  const fromNothing = storageClassName !== undefined && before.storageClassName === undefined;
  if (fromNothing && (annotation === undefined || annotation === storageClassName)) keep('storageClassName');
  keep('volumeAttributesClassName');
  const storage = before.resources?.requests?.storage;
  if (claim.status?.phase === 'Bound' && spec.resources?.requests && storage !== undefined) {
    spec.resources.requests.storage = storage;
  }
  return spec;
}

/** A request may go back, to recover from an expansion that failed, but not to what the volume has already. */
function validateShrinking(claim: V1PersistentVolumeClaim, old: V1PersistentVolumeClaim): FieldError[] {
  const size = claim.spec?.resources?.requests?.storage;
  if (compareQuantities(size, old.spec?.resources?.requests?.storage) >= 0) return [];
  if (compareQuantities(size, old.status?.capacity?.storage) > 0) return [];
  return [forbiddenField('spec.resources.requests.storage', 'field can not be less than status.capacity')];
}

function validateAttributesClass(name: string | undefined, old: string | undefined): FieldError[] {
  if (old === undefined || name === old) return [];
  const field = 'spec.volumeAttributesClassName';
  if (name === undefined) return [forbiddenField(field, 'update from non-nil value to nil is forbidden')];
  return name === '' ? [forbiddenField(field, 'update from non-nil value to an empty string is forbidden')] : [];
}

export function validateClaimStatus({ spec, status = {} }: V1PersistentVolumeClaim): FieldError[] {
  return [
    ...(spec?.accessModes?.length ? [] : [required('Spec.accessModes')]),
    ...Object.entries(status.capacity ?? {}).flatMap(([name, text]) =>
      validateBasicResource(text, `status.capacity[${name}]`),
    ),
    ...validateResize(status),
  ];
}

function validateResize(status: V1PersistentVolumeClaimStatus): FieldError[] {
  const errors: FieldError[] = [];
  const statusField = 'status.allocatedResourceStatus';
  for (const [name, state] of Object.entries(status.allocatedResourceStatuses ?? {})) {
    errors.push(...validateResourceKey(name, statusField));
    if (!RESIZE_STATUSES.includes(state)) errors.push(notSupported(statusField, name, RESIZE_STATUSES));
  }
  for (const [name, text] of Object.entries(status.allocatedResources ?? {})) {
    const wrongKey = validateResourceKey(name, 'status.allocatedResources');
    const field = `status.allocatedResources[${name}]`;
    const basic = validateBasicResource(text, field);
    if (wrongKey.length > 0) errors.push(...wrongKey);
    else errors.push(...(basic.length > 0 ? basic : validateQuantityValue('storage', text, field)));
  }
  return errors;
}

function validateResourceKey(name: string, field: string): FieldError[] {
  const errors = invalidEach(field, name, isQualifiedName(name));
  if (errors.length > 0) return errors;
  const native = !name.includes('/') || name.includes('kubernetes.io/');
  return native && name !== 'storage' ? [notSupported(field, name, ['storage'])] : [];
}
