/** How server-side apply sees custom resources: as their structural schema says. */
import { type ApplySchema, DEDUCED } from '../managed-fields/apply-schema.ts';
import { isEmbedded, isMap, itemsOf, preservesUnknown, propertyOf, type Schema, valuesOf } from './schema.ts';

/** The schema of a whole object; `metadata` is that of ObjectMeta, which is no custom resource's own business. */
export function applySchemaOf(schema: Schema | undefined, metadata: ApplySchema): ApplySchema {
  return resource(schema ?? { 'x-kubernetes-preserve-unknown-fields': true }, metadata);
}

const TEXT: ApplySchema = { kind: 'atomic', scalar: 'string' };

function resource(schema: Schema, metadata: ApplySchema): ApplySchema {
  const fields = new Map<string, ApplySchema | undefined>();
  return {
    kind: 'struct',
    field(name) {
      if (name === 'metadata') return metadata;
      if (name === 'apiVersion' || name === 'kind') return TEXT;
      if (!fields.has(name)) fields.set(name, fieldOf(schema, name, metadata));
      return fields.get(name);
    },
  };
}

function fieldOf(schema: Schema, name: string, metadata: ApplySchema): ApplySchema | undefined {
  const property = propertyOf(schema, name);
  if (property) return typed(property, metadata);
  return preservesUnknown(schema) ? DEDUCED : undefined;
}

function typed(schema: Schema, metadata: ApplySchema): ApplySchema {
  if (schema['x-kubernetes-int-or-string']) return { kind: 'atomic' };
  switch (schema.type) {
    case 'array':
      return list(schema, metadata);
    case 'object':
      return schema['x-kubernetes-map-type'] === 'atomic'
        ? { kind: 'atomic', content: () => object(schema, metadata) }
        : object(schema, metadata);
    case 'string':
      return TEXT;
    case 'integer':
    case 'number':
      return { kind: 'atomic', scalar: 'numeric' };
    case 'boolean':
      return { kind: 'atomic', scalar: 'boolean' };
    default:
      return preservesUnknown(schema) ? DEDUCED : { kind: 'atomic' };
  }
}

function object(schema: Schema, metadata: ApplySchema): ApplySchema {
  if (isEmbedded(schema)) return resource(schema, metadata);
  const values = valuesOf(schema);
  if (values) return { kind: 'map', values: typed(values, metadata) };
  if (schema.properties === undefined && (preservesUnknown(schema) || isMap(schema))) return DEDUCED;
  const fields = new Map<string, ApplySchema | undefined>();
  return {
    kind: 'struct',
    field(name) {
      if (!fields.has(name)) fields.set(name, fieldOf(schema, name, metadata));
      return fields.get(name);
    },
  };
}

function list(schema: Schema, metadata: ApplySchema): ApplySchema {
  const itemSchema = itemsOf(schema);
  const items = () => (itemSchema ? typed(itemSchema, metadata) : DEDUCED);
  switch (schema['x-kubernetes-list-type']) {
    case 'set':
      return { kind: 'set' };
    case 'map': {
      const keys = schema['x-kubernetes-list-map-keys'] ?? [];
      const defaults = keys.flatMap((key) => {
        const value = propertyOf(itemSchema, key)?.default;
        return value === undefined ? [] : [[key, value]];
      });
      return {
        kind: 'associative',
        keys,
        items: items(),
        defaults: Object.fromEntries(defaults) as Record<string, unknown>,
      };
    }
    default:
      return { kind: 'atomic', items };
  }
}
