/** Validation of CustomResourceDefinitions. */
import { isDeepStrictEqual } from 'node:util';
import type {
  V1CustomResourceDefinitionNames,
  V1CustomResourceDefinitionVersion,
} from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { invalidEach, invalidValue, notSupported, required } from '../validation/errors.ts';
import { validateImmutable } from '../validation/metadata.ts';
import { isDns1035Label, isDns1123Subdomain } from '../validation/names.ts';
import { validateApproval } from './approval.ts';
import { type Crd, isConditionTrue } from './conditions.ts';
import { validateConversion } from './crd-conversion-validation.ts';
import { validateVersionSchema } from './crd-schema-validation.ts';
import { validateColumn, validateSelectableFields, validateSubresources } from './crd-version-validation.ts';

/** What is wrong with a definition, new or changed. */
export function validateCrd(crd: Crd): FieldError[] {
  return [
    ...validateName(crd),
    ...validateSpec(crd),
    ...validateCrdStatus(crd),
    ...validateStoredVersions(crd),
    // Of an update `validateCrdUpdate` has more to say.
    ...(crd.status?.conditions ? [] : validateApproval(crd)),
    ...validatePreserveUnknownFields(crd),
  ];
}

/** What an update may not do. */
export function validateCrdUpdate(crd: Crd, old: Crd): FieldError[] {
  const { spec } = crd;
  const established = isConditionTrue(old, 'Established');
  return [
    ...(established ? validateImmutable(spec.scope, old.spec.scope, 'spec.scope') : []),
    ...(established ? validateImmutable(spec.names.kind, old.spec.names.kind, 'spec.names.kind') : []),
    ...validateImmutable(spec.group, old.spec.group, 'spec.group'),
    ...validateImmutable(spec.names.plural, old.spec.names.plural, 'spec.names.plural'),
  ];
}

export function validateCrdStatus(crd: Crd): FieldError[] {
  const { acceptedNames } = crd.status ?? {};
  return acceptedNames ? validateNames(acceptedNames, 'status.acceptedNames') : [];
}

function validateName({ metadata, spec }: Crd): FieldError[] {
  // Only of new ones, as upstream: a change of what the name is made of is refused by itself.
  if (metadata?.generation !== 1) return [];
  const wanted = `${spec?.names?.plural ?? ''}.${spec?.group ?? ''}`;
  const name = metadata?.name ?? '';
  return name === '' || name === wanted
    ? []
    : [invalidValue('metadata.name', name, 'must be spec.names.plural+"."+spec.group')];
}

function validateStoredVersions({ spec, status }: Crd): FieldError[] {
  const field = 'status.storedVersions';
  const stored = status?.storedVersions ?? [];
  if (stored.length === 0) {
    const message = 'Invalid value: null: must have at least one stored version';
    return [{ type: 'FieldValueInvalid', field, message }];
  }
  const missing = (spec.versions ?? []).filter(({ name, storage }) => storage && !stored.includes(name));
  return [
    ...missing.map((version) => invalidValue(field, version, `must have the storage version ${version.name}`)),
    ...stored.flatMap((name, i) =>
      spec.versions?.some((version) => version.name === name)
        ? []
        : [invalidValue(`${field}[${i}]`, name, 'must appear in spec.versions')],
    ),
  ];
}

function validatePreserveUnknownFields({ spec }: Crd): FieldError[] {
  if (spec.preserveUnknownFields !== true) return [];
  const detail =
    'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead';
  return [invalidValue('spec.preserveUnknownFields', true, detail)];
}

function validateSpec({ spec }: Crd): FieldError[] {
  const { group = '', scope = '', names = { plural: '', kind: '' } } = spec ?? {};
  // Null as Go writes it.
  const versions = spec?.versions ?? [];
  const shared = sharedBy(versions);
  const anyStatus = versions.some(({ subresources }) => subresources?.status !== undefined);
  return [
    ...validateGroup(group),
    ...validateEnum(scope, 'spec.scope', ['Cluster', 'Namespaced']),
    ...versions.flatMap((version, i) =>
      version.schema?.openAPIV3Schema
        ? []
        : [required(`spec.versions[${i}].schema.openAPIV3Schema`, 'schemas are required')],
    ),
    ...versions.flatMap((version, i) => validateVersion(version, i, shared, anyStatus)),
    ...validateVersions(versions),
    ...validateRequiredNames(names),
    ...validateNames(names, 'spec.names'),
    ...validateConversion(spec?.conversion, 'spec.conversion'),
  ];
}

function validateGroup(group: string): FieldError[] {
  const field = 'spec.group';
  if (group === '') return [required(field)];
  const messages = isDns1123Subdomain(group);
  if (messages.length > 0) return [invalidValue(field, group, messages.join(','))];
  return group.includes('.') ? [] : [invalidValue(field, group, 'should be a domain with at least one dot')];
}

export function validateEnum(value: string, field: string, accepted: readonly string[]): FieldError[] {
  if (value === '') return [required(field)];
  return accepted.includes(value) ? [] : [notSupported(field, value, accepted)];
}

function validateVersions(versions: readonly V1CustomResourceDefinitionVersion[]): FieldError[] {
  const errors: FieldError[] = [];
  const names = versions.map(({ name }) => name);
  if (new Set(names).size !== names.length)
    errors.push(invalidValue('spec.versions', versions, 'must contain unique version names'));
  if (versions.filter(({ storage }) => storage).length !== 1)
    errors.push(invalidValue('spec.versions', versions, 'must have exactly one version marked as storage version'));
  return errors;
}

/** Where what versions have in common is told of: upstream holds it once, above the versions. */
interface Shared {
  schema: boolean;
  subresources: boolean;
  columns: boolean;
  selectableFields: boolean;
}

function sharedBy(versions: readonly V1CustomResourceDefinitionVersion[]): Shared {
  const isShared = (part: (version: V1CustomResourceDefinitionVersion) => unknown) => {
    const [first, ...others] = versions.map(part);
    const isThere = first !== undefined && !(Array.isArray(first) && first.length === 0);
    return isThere && others.every((other) => isDeepStrictEqual(other, first));
  };
  return {
    schema: isShared(({ schema }) => schema),
    subresources: isShared(({ subresources }) => subresources),
    columns: isShared(({ additionalPrinterColumns }) => additionalPrinterColumns),
    selectableFields: isShared(({ selectableFields }) => selectableFields),
  };
}

function validateVersion(
  version: V1CustomResourceDefinitionVersion,
  index: number,
  shared: Shared,
  anyStatus: boolean,
): FieldError[] {
  const { name = '', schema, subresources, additionalPrinterColumns = [], selectableFields = [] } = version;
  const path = `spec.versions[${index}]`;
  /** What is shared is told of with the first version; nothing where it is not to be told again. */
  const place = (isShared: boolean, above: string, own: string) =>
    isShared ? (index === 0 ? `spec.${above}` : undefined) : `${path}.${own}`;
  const at = {
    schema: place(shared.schema, 'validation.openAPIV3Schema', 'schema.openAPIV3Schema'),
    subresources: place(shared.subresources, 'subresources', 'subresources'),
    columns: place(shared.columns, 'additionalPrinterColumns', 'additionalPrinterColumns'),
    fields: place(shared.selectableFields, 'selectableFields', 'selectableFields'),
  };
  const hasStatus = shared.schema ? anyStatus : subresources?.status !== undefined;
  const messages = isDns1035Label(name);
  const badName = (field: string) => (messages.length > 0 ? [invalidValue(field, name, messages.join(','))] : []);
  return [
    ...badName(`${path}.name`),
    ...(index === 0 ? badName('spec.version') : []),
    ...invalidEach(`${path}.deprecationWarning`, version.deprecationWarning, deprecationErrors(version)),
    ...(at.schema ? validateVersionSchema(schema?.openAPIV3Schema, hasStatus, at.schema) : []),
    ...(at.subresources ? validateSubresources(subresources, at.subresources) : []),
    ...additionalPrinterColumns.flatMap((column, i) =>
      at.columns ? validateColumn(column, `${at.columns}[${i}]`) : [],
    ),
    ...(at.fields ? validateSelectableFields(selectableFields, schema?.openAPIV3Schema, at.fields) : []),
  ];
}

function deprecationErrors({ deprecated, deprecationWarning }: V1CustomResourceDefinitionVersion): string[] {
  if (deprecationWarning === undefined) return [];
  if (!deprecated) return ['can only be set for deprecated versions'];
  const errors: string[] = [];
  if (Buffer.byteLength(deprecationWarning) > 256) errors.push('must be <= 256 characters long');
  if (deprecationWarning === '') errors.push('must not be an empty string');
  const odd = deprecationWarning.search(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u);
  if (odd >= 0) {
    const index = Buffer.byteLength(deprecationWarning.slice(0, odd));
    errors.push(`must only contain printable UTF-8 characters; non-printable character found at index ${index}`);
  }
  return errors;
}

function validateRequiredNames(names: V1CustomResourceDefinitionNames): FieldError[] {
  return (['plural', 'singular', 'kind', 'listKind'] as const)
    .filter((name) => !names[name])
    .map((name) => required(`spec.names.${name}`));
}

function validateNames(names: V1CustomResourceDefinitionNames, path: string): FieldError[] {
  const { plural = '', singular = '', kind = '', listKind = '', shortNames = [], categories = [] } = names;
  const label = (value: string, field: string, prefix = ''): FieldError[] => {
    const messages = value === '' && !field.endsWith(']') ? [] : isDns1035Label(value.toLowerCase());
    const wrongCase = prefix === '' && value !== value.toLowerCase() ? isDns1035Label(value) : [];
    const all = messages.length > 0 ? messages : wrongCase;
    return all.length > 0 ? [invalidValue(field, value, prefix + all.join(','))] : [];
  };
  const mixed = 'may have mixed case, but should otherwise match: ';
  const same = kind !== '' && isDeepStrictEqual(kind, listKind);
  return [
    ...label(plural, `${path}.plural`),
    ...label(singular, `${path}.singular`),
    ...label(kind, `${path}.kind`, mixed),
    ...label(listKind, `${path}.listKind`, mixed),
    ...shortNames.flatMap((name, i) => label(name, `${path}.shortNames[${i}]`)),
    ...(same ? [invalidValue(`${path}.listKind`, listKind, 'kind and listKind may not be the same')] : []),
    ...categories.flatMap((name, i) => label(name, `${path}.categories[${i}]`)),
  ];
}
