/** Definitions as OpenAPI writes them: `definitions` of version 2, `components.schemas` of version 3. */
import type { DefinitionsFile, DocumentedDefinition, DocumentedField, GroupVersionKind } from './documents-file.ts';
import { parseType, type WireType, wireDefinition } from './wire-schema.ts';

export type Schema = Record<string, unknown>;
export type Version = 'v2' | 'v3';

export const PATCH = 'io.k8s.apimachinery.pkg.apis.meta.v1.Patch';
const PREFIX: Record<Version, string> = { v2: '#/definitions/', v3: '#/components/schemas/' };
const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const INT_OR_STRING = 'io.k8s.apimachinery.pkg.util.intstr.IntOrString';
const QUANTITY = 'io.k8s.apimachinery.pkg.api.resource.Quantity';

/** Types that are no struct: what client-node folds into its fields, upstream refers to by name. */
const SPECIAL: Record<string, { id: string; v2: Schema; v3: Schema }> = {
  quantity: special(QUANTITY, { type: 'string' }, { oneOf: [{ type: 'string' }, { type: 'number' }] }),
  intOrString: special(
    INT_OR_STRING,
    { type: 'string', format: 'int-or-string' },
    { format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] },
  ),
  time: special(`${META}.Time`, { type: 'string', format: 'date-time' }),
  microTime: special(`${META}.MicroTime`, { type: 'string', format: 'date-time' }),
  raw: special('io.k8s.apimachinery.pkg.runtime.RawExtension', { type: 'object' }),
  fields: special(`${META}.FieldsV1`, { type: 'object' }),
  patch: special(PATCH, { type: 'object' }),
};

function special(id: string, v2: Schema, v3: Schema = v2): { id: string; v2: Schema; v3: Schema } {
  return { id, v2, v3 };
}

const SPECIAL_BY_ID = new Map(Object.values(SPECIAL).map((entry) => [entry.id, entry]));

const SCALARS: Record<string, Schema> = {
  string: { type: 'string' },
  boolean: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  number: { type: 'number', format: 'double' },
  byte: { type: 'string', format: 'byte' },
  any: {},
};

/** Kinds that belong to every group that is served. */
const EVERYWHERE = new Set([`${META}.DeleteOptions`, `${META}.WatchEvent`]);

export function reference(id: string, version: Version): Schema {
  return { $ref: `${PREFIX[version]}${id}` };
}

/** The schemas of `roots` and of all they refer to, by name. `served` are the group versions that exist. */
export function schemasOf(
  file: DefinitionsFile,
  roots: Iterable<string>,
  version: Version,
  served: readonly { group: string; version: string }[],
): Record<string, Schema> {
  const schemas = new Map<string, Schema>();
  const pending = [...new Set(roots)];
  for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
    if (schemas.has(id)) continue;
    const refer = (other: string) => {
      pending.push(other);
      return reference(other, version);
    };
    const schema = schemaOf(file, id, version, refer, served);
    if (schema) schemas.set(id, schema);
  }
  return Object.fromEntries([...schemas].sort(([a], [b]) => (a < b ? -1 : 1)));
}

type Refer = (id: string) => Schema;

function schemaOf(
  file: DefinitionsFile,
  id: string,
  version: Version,
  refer: Refer,
  served: readonly { group: string; version: string }[],
): Schema | undefined {
  const named = SPECIAL_BY_ID.get(id);
  if (named) return { ...describe(specialText(file, id)), ...named[version] };
  const definition = file.definitions[id];
  if (!definition) return undefined;
  const required = new Set(definition.required);
  const properties = Object.fromEntries(
    Object.entries(definition.f).map(([name, field]) => [
      name,
      version === 'v2'
        ? fieldV2(field, textOf(field, file), refer)
        : fieldV3(field, textOf(field, file), required.has(name) || isPartOf(definition, name), refer),
    ]),
  );
  const kinds = kindsOf(id, definition, served);
  return {
    ...describe(definition.d),
    type: 'object',
    ...(definition.required ? { required: definition.required } : {}),
    ...(Object.keys(properties).length > 0 ? { properties } : {}),
    ...(kinds.length > 0 ? { 'x-kubernetes-group-version-kind': kinds } : {}),
    ...(wireDefinition(id)?.atomic ? { 'x-kubernetes-map-type': 'atomic' } : {}),
  };
}

/** client-node keeps a special type's text on the fields that are of that type alone. */
function specialText(file: DefinitionsFile, id: string): string | undefined {
  const name = id.slice(id.lastIndexOf('.') + 1);
  const code = Object.keys(SPECIAL).find((key) => SPECIAL[key]?.id === id);
  for (const definition of Object.values(file.definitions)) {
    for (const field of Object.values(definition.f)) {
      if (field.t === code && field.d?.startsWith(`${name} is `)) return field.d;
    }
  }
  return undefined;
}

function kindsOf(
  id: string,
  definition: DocumentedDefinition,
  served: readonly { group: string; version: string }[],
): GroupVersionKind[] {
  if (!EVERYWHERE.has(id)) return definition.gvk ? [definition.gvk] : [];
  const kind = id.slice(id.lastIndexOf('.') + 1);
  return served.map(({ group, version }) => ({ group, kind, version }));
}

/** client-node keeps no text on a field that is one reference: it gets its type's, as clients list a field's only. */
function textOf(field: DocumentedField, file: DefinitionsFile): string | undefined {
  return field.d ?? (field.t.startsWith('@') ? file.definitions[field.t.slice(1)]?.d : undefined);
}

function fieldV2(field: DocumentedField, text: string | undefined, refer: Refer): Schema {
  return { ...describe(text), ...closed(typeV2(typeOf(field), refer), field), ...extras(field) };
}

function typeV2(type: CodedType, refer: Refer): Schema {
  if ('special' in type) return refer(type.special);
  switch (type.kind) {
    case 'ref':
      return refer(type.ref);
    case 'array':
      return { type: 'array', items: typeV2(coded(type.items), refer) };
    case 'map':
      return { type: 'object', additionalProperties: typeV2(coded(type.values), refer) };
    default:
      return SCALARS[type.kind] ?? {};
  }
}

/** Version 3 wraps references, so that a description and a default can stand beside them. */
function fieldV3(field: DocumentedField, text: string | undefined, isValue: boolean, refer: Refer): Schema {
  const type = typeOf(field);
  const rest = { ...describe(text), ...extras(field) };
  if ('special' in type) return { allOf: [refer(type.special)], ...rest };
  if (type.kind === 'ref') return { allOf: [refer(type.ref)], ...(isValue ? { default: {} } : {}), ...rest };
  const zero = isValue ? ZEROS[type.kind] : undefined;
  return { ...(zero === undefined ? {} : { default: zero }), ...closed(typeV3(type, refer), field), ...rest };
}

/** Says which values there are: of the field, or of each item in it. */
function closed(schema: Schema, field: DocumentedField): Schema {
  if (!field.enum) return schema;
  const { items, additionalProperties } = schema;
  if (items) return { ...schema, items: { ...items, enum: field.enum } };
  if (additionalProperties) return { ...schema, additionalProperties: { ...additionalProperties, enum: field.enum } };
  return { ...schema, enum: field.enum };
}

/** The parts of an object that Go holds as structs, not as pointers. */
function isPartOf(definition: DocumentedDefinition, name: string): boolean {
  return definition.gvk !== undefined && /^(metadata|spec|status)$/.test(name);
}

const ZEROS: Record<string, unknown> = { string: '', boolean: false, int32: 0, int64: 0, number: 0 };

function typeV3(type: CodedType, refer: Refer): Schema {
  if ('special' in type) return refer(type.special);
  switch (type.kind) {
    case 'ref':
      return refer(type.ref);
    case 'array':
      return { type: 'array', items: elementV3(coded(type.items), refer) };
    case 'map':
      return { type: 'object', additionalProperties: elementV3(coded(type.values), refer) };
    default:
      return SCALARS[type.kind] ?? {};
  }
}

function elementV3(type: CodedType, refer: Refer): Schema {
  if ('special' in type) return refer(type.special);
  if (type.kind === 'ref') return { allOf: [refer(type.ref)], default: {} };
  const zero = ZEROS[type.kind];
  return { ...(zero === undefined ? {} : { default: zero }), ...typeV3(type, refer) };
}

type CodedType = WireType | { special: string };

function typeOf(field: DocumentedField): CodedType {
  const named = SPECIAL[field.t];
  return named ? { special: named.id } : coded(parseType(field.t));
}

function coded(type: WireType): CodedType {
  const named = SPECIAL[type.kind];
  return named ? { special: named.id } : type;
}

function describe(text: string | undefined): Schema {
  return text ? { description: text } : {};
}

function extras(field: DocumentedField): Schema {
  const extensions = Object.entries(field.x ?? {}).map(([name, value]) => [`x-kubernetes-${name}`, value]);
  return {
    ...(field.default === undefined ? {} : { default: field.default }),
    ...Object.fromEntries(extensions),
  };
}
