/** Validation of `metadata`, the same for every kind. */
import type { V1ObjectMeta, V1OwnerReference } from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { semanticEqual } from './equality.ts';
import { forbiddenField, invalidEach, invalidValue, quote, required, tooLong } from './errors.ts';
import { validateLabels, validateNonnegative } from './fields.ts';
import { isDns1123Label, isQualifiedName, nameIsDnsSubdomain } from './names.ts';

const ANNOTATIONS_MAX_BYTES = 256 * 1024;
const IMMUTABLE = 'field is immutable';
const STANDARD_FINALIZERS = ['kubernetes', 'orphan', 'foregroundDeletion'];

export interface ObjectMetaRules {
  namespaced: boolean;
  /** A DNS-1123 subdomain when absent. */
  validateName?: ((name: string, prefix: boolean) => string[]) | undefined;
  /** Finalizers need no prefix, as with custom resources. */
  anyFinalizers?: boolean;
}

/** What is wrong with the metadata of an object, new or changed. */
export function validateObjectMeta(meta: V1ObjectMeta, rules: ObjectMetaRules, path = 'metadata'): FieldError[] {
  return [
    ...validateNames(meta, rules, path),
    ...validateNamespace(meta.namespace ?? '', rules.namespaced, `${path}.namespace`),
    ...validateNonnegative(meta.generation, `${path}.generation`),
    ...validateLabels(meta.labels, `${path}.labels`),
    ...validateAnnotations(meta.annotations, `${path}.annotations`),
    ...validateOwnerReferences(meta.ownerReferences ?? [], `${path}.ownerReferences`),
    ...validateFinalizers(meta.finalizers ?? [], rules.anyFinalizers === true, `${path}.finalizers`),
  ];
}

function validateNames(meta: V1ObjectMeta, rules: ObjectMetaRules, path: string): FieldError[] {
  const validateName = rules.validateName ?? nameIsDnsSubdomain;
  const { name, generateName } = meta;
  return [
    ...(generateName ? invalidEach(`${path}.generateName`, generateName, validateName(generateName, true)) : []),
    ...(name
      ? invalidEach(`${path}.name`, name, validateName(name, false))
      : [required(`${path}.name`, 'name or generateName is required')]),
  ];
}

function validateNamespace(namespace: string, namespaced: boolean, field: string): FieldError[] {
  if (!namespaced) return namespace === '' ? [] : [forbiddenField(field, 'not allowed on this type')];
  return namespace === '' ? [required(field)] : invalidEach(field, namespace, isDns1123Label(namespace));
}

/** Keys must be qualified names when written in lower case; all together are limited in size. */
export function validateAnnotations(annotations: Record<string, string> = {}, field: string): FieldError[] {
  const entries = Object.entries(annotations);
  const errors = entries.flatMap(([key]) => invalidEach(field, key, isQualifiedName(key.toLowerCase())));
  const bytes = entries.reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0);
  if (bytes > ANNOTATIONS_MAX_BYTES) errors.push(tooLong(field, ANNOTATIONS_MAX_BYTES));
  return errors;
}

function validateOwnerReferences(references: readonly V1OwnerReference[], field: string): FieldError[] {
  const errors = references.flatMap((reference) => validateOwnerReference(reference, field));
  const [first, second] = references.filter((reference) => reference.controller === true);
  if (first && second) {
    const detail = `Only one reference can have Controller set to true. Found "true" in references for ${first.name} and ${second.name}`;
    errors.push(invalidValue(field, references, detail));
  }
  return errors;
}

function validateOwnerReference(reference: V1OwnerReference, field: string): FieldError[] {
  const { apiVersion = '', kind = '', name = '', uid = '' } = reference;
  const errors: FieldError[] = [];
  const parts = apiVersion.split('/');
  if (parts.length > 2 || parts.at(-1) === '') {
    errors.push(invalidValue(`${field}.apiVersion`, apiVersion, 'version must not be empty'));
  }
  if (kind === '') errors.push(invalidValue(`${field}.kind`, kind, 'must not be empty'));
  if (name === '') errors.push(invalidValue(`${field}.name`, name, 'must not be empty'));
  if (uid === '') errors.push(invalidValue(`${field}.uid`, uid, 'must not be empty'));
  if (apiVersion === 'v1' && kind === 'Event') {
    errors.push(invalidValue(field, reference, '/v1, Kind=Event is disallowed from being an owner'));
  }
  return errors;
}

function validateFinalizers(finalizers: readonly string[], any: boolean, field: string): FieldError[] {
  const errors = finalizers.flatMap((finalizer) => invalidEach(field, finalizer, isQualifiedName(finalizer)));
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion')) {
    errors.push(invalidValue(field, finalizers, 'finalizer orphan and foregroundDeletion cannot be both set'));
  }
  if (any) return errors;
  return [...errors, ...finalizers.flatMap((finalizer, i) => validateFinalizerPrefix(finalizer, `${field}[${i}]`))];
}

/** Only Kubernetes' own finalizers have no prefix. */
export function validateFinalizerPrefix(finalizer: string, field: string): FieldError[] {
  if (finalizer.includes('/') || STANDARD_FINALIZERS.includes(finalizer)) return [];
  const detail = 'name is neither a standard finalizer name nor is it fully qualified';
  return [invalidValue(field, finalizer, detail)];
}

/** `field is immutable`, unless both mean the same. */
export function validateImmutable(value: unknown, old: unknown, field: string): FieldError[] {
  return semanticEqual(value, old) ? [] : [invalidValue(field, value, IMMUTABLE)];
}

/** What an update changed in the metadata that no update may change. `validateObjectMeta` checks the rest. */
export function validateObjectMetaUpdate(meta: V1ObjectMeta, old: V1ObjectMeta, path = 'metadata'): FieldError[] {
  const errors = old.deletionTimestamp ? validateNoNewFinalizers(meta, old, `${path}.finalizers`) : [];
  if ((meta.generation ?? 0) < (old.generation ?? 0)) {
    errors.push(invalidValue(`${path}.generation`, meta.generation ?? 0, 'must not be decremented'));
  }
  return [
    ...errors,
    ...validateImmutable(meta.name ?? '', old.name, `${path}.name`),
    ...validateImmutable(meta.namespace ?? '', old.namespace, `${path}.namespace`),
    ...validateImmutable(meta.uid ?? '', old.uid, `${path}.uid`),
    ...validateImmutable(meta.creationTimestamp, old.creationTimestamp, `${path}.creationTimestamp`),
    ...validateImmutable(meta.deletionTimestamp, old.deletionTimestamp, `${path}.deletionTimestamp`),
    ...validateImmutable(
      meta.deletionGracePeriodSeconds,
      old.deletionGracePeriodSeconds,
      `${path}.deletionGracePeriodSeconds`,
    ),
  ];
}

function validateNoNewFinalizers(meta: V1ObjectMeta, old: V1ObjectMeta, field: string): FieldError[] {
  const before = new Set(old.finalizers);
  const added = [...new Set(meta.finalizers)].filter((finalizer) => !before.has(finalizer)).sort();
  if (added.length === 0) return [];
  const list = `[]string{${added.map(quote).join(', ')}}`;
  const detail = `no new finalizers can be added if the object is being deleted, found new finalizers ${list}`;
  return [forbiddenField(field, detail)];
}
