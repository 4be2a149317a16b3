/** Structural schemas as OpenAPI documents publish them. */
import { itemsOf, preservesUnknown, type Schema, valuesOf } from './schema.ts';

type Published = Record<string, unknown>;

/** Refers to a definition that all documents share. */
export interface PublishOptions {
  version: 'v2' | 'v3';
  refer(definition: string): Published;
  /** Texts of the fields that every object has. */
  texts: { apiVersion: string; kind: string; metadata: string };
}

export interface PublishedKind {
  group: string;
  version: string;
  kind: string;
  listKind: string;
  plural: string;
  /** Definition ids of the kind and of its list. */
  definition: string;
  listDefinition: string;
}

const OBJECT_META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';
const LIST_META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta';

/** The definition of a custom resource. */
export function publishedSchema(schema: Schema | undefined, kind: PublishedKind, options: PublishOptions): Published {
  const gvk = [{ group: kind.group, kind: kind.kind, version: kind.version }];
  // Old kubectls take what is described for all there may be: where there may be more, nothing is.
  if (!schema || (options.version === 'v2' && preservesUnknown(schema)))
    return { type: 'object', ...(schema ? describe(schema) : {}), 'x-kubernetes-group-version-kind': gvk };
  const published = options.version === 'v2' ? publishV2(schema, options) : publishV3(schema, options);
  const properties = { ...(published.properties as Published | undefined), ...typeAndMeta(options) };
  return { ...published, properties: sorted(properties), 'x-kubernetes-group-version-kind': gvk };
}

/** The definition of its list. */
export function publishedList(
  kind: PublishedKind,
  { refer, texts, version }: PublishOptions,
  listText: string,
): Published {
  const more = 'More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md';
  const items = { description: `List of ${kind.plural}. ${more}`, type: 'array', items: refer(kind.definition) };
  return {
    description: `${kind.listKind} is a list of ${kind.kind}`,
    type: 'object',
    required: ['items'],
    properties: {
      apiVersion: { description: texts.apiVersion, type: 'string' },
      items,
      kind: { description: texts.kind, type: 'string' },
      metadata: referring(refer(LIST_META), listText, version),
    },
    'x-kubernetes-group-version-kind': [{ group: kind.group, kind: kind.listKind, version: kind.version }],
  };
}

function typeAndMeta({ refer, texts, version }: PublishOptions): Published {
  return {
    apiVersion: { description: texts.apiVersion, type: 'string' },
    kind: { description: texts.kind, type: 'string' },
    metadata: referring(refer(OBJECT_META), texts.metadata, version),
  };
}

function referring(reference: Published, description: string, version: 'v2' | 'v3'): Published {
  return version === 'v2' ? { description, ...reference } : { allOf: [reference], description };
}

function describe(schema: Schema): Published {
  return schema.description ? { description: schema.description } : {};
}

function sorted(properties: Published): Published {
  return Object.fromEntries(Object.entries(properties).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Version 3 says all that the schema says. */
function publishV3(schema: Schema, options: PublishOptions): Published {
  const { properties, items: _items, additionalProperties, 'x-kubernetes-validations': rules, ...rest } = schema;
  const result: Published = { ...rest };
  const items = itemsOf(schema);
  const values = valuesOf(schema);
  if (items) result.items = publishV3(items, options);
  if (values) result.additionalProperties = publishV3(values, options);
  else if (additionalProperties !== undefined) result.additionalProperties = additionalProperties;
  if (properties) {
    const published = Object.entries(properties).map(([name, inner]) => [name, publishV3(inner, options)]);
    result.properties = Object.fromEntries(published);
  }
  if (rules) result['x-kubernetes-validations'] = rules;
  if (schema['x-kubernetes-int-or-string'] && !saysIntOrString(schema)) Object.assign(result, intOrString(schema));
  return schema['x-kubernetes-embedded-resource'] ? embedded(result, options) : result;
}

const INT_OR_STRING = [{ type: 'integer' }, { type: 'string' }];

function saysIntOrString({ anyOf, allOf }: Schema): boolean {
  const says = (branches: Schema[] | undefined) => JSON.stringify(branches) === JSON.stringify(INT_OR_STRING);
  return says(anyOf) || says(allOf?.[0]?.anyOf);
}

function intOrString({ anyOf, allOf = [] }: Schema): Published {
  return anyOf ? { allOf: [{ anyOf: INT_OR_STRING }, ...allOf] } : { anyOf: INT_OR_STRING };
}

/** Version 2 has no alternatives and no nulls, and clients that read it know nothing of unknown fields. */
function publishV2(schema: Schema, options: PublishOptions): Published {
  const { allOf: _allOf, anyOf: _anyOf, oneOf: _oneOf, not: _not, nullable, ...rest } = publishless(schema);
  const result: Published = { ...rest };
  const items = itemsOf(schema);
  const values = valuesOf(schema);
  const open = preservesUnknown(schema);
  if (!nullable && !open && items) result.items = publishV2(items, options);
  if (!nullable && !open && schema.properties) {
    const published = Object.entries(schema.properties).map(([name, inner]) => [name, publishV2(inner, options)]);
    result.properties = Object.fromEntries(published);
  }
  if (values) result.additionalProperties = publishV2(values, options);
  else if (schema.additionalProperties !== undefined) result.additionalProperties = schema.additionalProperties;
  if (nullable || open || (schema.type === 'array' && !result.items)) delete result.type;
  const required = (schema.required ?? []).filter((name) => schema.properties?.[name]?.nullable !== true);
  if (required.length > 0 && values?.nullable !== true) result.required = required;
  else delete result.required;
  return schema['x-kubernetes-embedded-resource'] && !open ? embedded(result, options) : result;
}

/** The schema without what is published apart. */
function publishless(schema: Schema): Published & Pick<Schema, 'allOf' | 'anyOf' | 'oneOf' | 'not' | 'nullable'> {
  const { properties: _properties, items: _items, additionalProperties: _values, ...rest } = schema;
  return rest;
}

function embedded(schema: Published, options: PublishOptions): Published {
  const required = [...new Set([...((schema.required as string[] | undefined) ?? []), 'apiVersion', 'kind'])];
  const properties = { ...(schema.properties as Published | undefined), ...typeAndMeta(options) };
  return { ...schema, properties: sorted(properties), required };
}
