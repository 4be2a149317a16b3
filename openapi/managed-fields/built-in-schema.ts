/** The apply schema of built-in kinds, read off the wire schema as far as somebody asks. */
import { fillAlwaysWritten } from '../always-written.ts';
import { type Ownership, type ScalarKind, type WireDefinition, type WireType, wireDefinition } from '../wire-schema.ts';
import { type ApplySchema, UNTYPED } from './apply-schema.ts';

const known = new Map<string, ApplySchema>();

/** The schema of a definition, for example `io.k8s.api.core.v1.Pod`, as if it were not atomic. Throws when there is none. */
export function builtInSchema(definitionId: string): ApplySchema {
  const found = known.get(definitionId);
  if (found) return found;
  const definition = wireDefinition(definitionId);
  if (!definition) throw new Error(`apply schema: no definition ${definitionId}`);
  const schema = structSchema(definition);
  known.set(definitionId, schema);
  return schema;
}

/** What upstream compares a new object with: the JSON of Go's zero value. A new object each time. */
export function zeroObject(definitionId: string): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  fillAlwaysWritten(definitionId, object);
  return object;
}

function structSchema(definition: WireDefinition): ApplySchema {
  const fields = new Map<string, ApplySchema>();
  return {
    kind: 'struct',
    field(name) {
      const found = fields.get(name);
      if (found) return found;
      const type = definition.fields.get(name);
      if (!type) return undefined;
      const schema = typeSchema(type, definition.ownership.get(name));
      fields.set(name, schema);
      return schema;
    },
  };
}

const ANY_SCALAR: ApplySchema = { kind: 'atomic', scalar: 'any' };

const SCALARS: Partial<Record<ScalarKind, ApplySchema>> = {
  string: { kind: 'atomic', scalar: 'string' },
  byte: { kind: 'atomic', scalar: 'string' },
  boolean: { kind: 'atomic', scalar: 'boolean' },
  int32: { kind: 'atomic', scalar: 'numeric' },
  int64: { kind: 'atomic', scalar: 'numeric' },
  number: { kind: 'atomic', scalar: 'numeric' },
  quantity: ANY_SCALAR,
  intOrString: ANY_SCALAR,
  time: ANY_SCALAR,
  microTime: ANY_SCALAR,
};

function typeSchema(type: WireType, ownership: Ownership | undefined): ApplySchema {
  switch (type.kind) {
    case 'array':
      return listSchema(type.items, ownership);
    case 'map': {
      const schema: ApplySchema = { kind: 'map', values: typeSchema(type.values, undefined) };
      return ownership?.kind === 'atomic' ? { kind: 'atomic', content: () => schema } : schema;
    }
    case 'ref': {
      const definition = wireDefinition(type.ref);
      if (!definition) return UNTYPED;
      const { ref } = type;
      const isAtomic = definition.atomic && ownership?.kind !== 'granular';
      return isAtomic ? { kind: 'atomic', content: () => builtInSchema(ref) } : builtInSchema(ref);
    }
    default:
      return SCALARS[type.kind] ?? UNTYPED;
  }
}

function listSchema(items: WireType, ownership: Ownership | undefined): ApplySchema {
  if (ownership?.kind === 'set') return { kind: 'set' };
  if (ownership?.kind !== 'map') return { kind: 'atomic', items: () => typeSchema(items, undefined) };
  const { keys } = ownership;
  const zero = items.kind === 'ref' ? zeroObject(items.ref) : {};
  const zeroKeys = keys.filter((key) => zero[key] !== undefined && zero[key] !== null);
  const defaults = { ...Object.fromEntries(zeroKeys.map((key) => [key, zero[key]])), ...ownership.defaults };
  return { kind: 'associative', keys, items: typeSchema(items, undefined), defaults };
}
