/** A structural schema is the `openAPIV3Schema` of a version of a CustomResourceDefinition, as it stands on the wire. */
import type { V1JSONSchemaProps } from '../generated/types.ts';
import { isJsonObject } from '../json.ts';

export type Schema = V1JSONSchemaProps;
export type JsonObject = Record<string, unknown>;

/** The schema of list items; `undefined` where there is none, or several. */
export function itemsOf(schema: Schema | undefined): Schema | undefined {
  return isJsonObject(schema?.items) ? (schema.items as Schema) : undefined;
}

/** The schema of values of a map; `undefined` where there is none or `additionalProperties` is but a boolean. */
export function valuesOf(schema: Schema | undefined): Schema | undefined {
  return isJsonObject(schema?.additionalProperties) ? (schema.additionalProperties as Schema) : undefined;
}

/** Whether fields that `properties` does not name belong to a map. */
export function isMap(schema: Schema): boolean {
  return schema.additionalProperties !== undefined && schema.additionalProperties !== false;
}

/** The schema of a property that is declared. Names such as `constructor` are no more than names. */
export function propertyOf(schema: Schema | undefined, name: string): Schema | undefined {
  const { properties } = schema ?? {};
  return properties && Object.hasOwn(properties, name) ? properties[name] : undefined;
}

export function preservesUnknown(schema: Schema): boolean {
  return schema['x-kubernetes-preserve-unknown-fields'] === true;
}

export function isEmbedded(schema: Schema): boolean {
  return schema['x-kubernetes-embedded-resource'] === true;
}

/** The schema of a whole object: its type and metadata are Kubernetes' own, as in an embedded resource. */
export function asResource(schema: Schema | undefined): Schema {
  return { ...schema, 'x-kubernetes-embedded-resource': true };
}

/** Fields of a resource that no schema has a say in. */
export const META_FIELDS: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata']);

/** Every schema within, `schema` itself first, with its path below `path`. */
export function* schemasWithin(schema: Schema, path: string): Generator<{ schema: Schema; path: string }> {
  yield { schema, path };
  const items = itemsOf(schema);
  if (items) yield* schemasWithin(items, `${path}.items`);
  const values = valuesOf(schema);
  if (values) yield* schemasWithin(values, `${path}.additionalProperties`);
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    yield* schemasWithin(property, `${path}.properties[${name}]`);
  for (const key of ['allOf', 'anyOf', 'oneOf'] as const) {
    for (const [i, nested] of (schema[key] ?? []).entries()) yield* schemasWithin(nested, `${path}.${key}[${i}]`);
  }
  if (schema.not) yield* schemasWithin(schema.not, `${path}.not`);
}

/** Whether some schema within has defaults. Worked out by whoever keeps the schema, once. */
export function hasDefaults(schema: Schema): boolean {
  for (const { schema: inner } of schemasWithin(schema, '')) if (inner.default !== undefined) return true;
  return false;
}
