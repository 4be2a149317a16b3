/**
 * What Go writes even where nobody set it: structs, and fields without `omitempty`. Clients see `status: {}`,
 * `resources: {}` or `rules: null` in every object of a real server, so ours have them too.
 */
import { isJsonObject, type JsonObject } from './json.ts';
import { type WireDefinition, type WireType, wireDefinition } from './wire-schema.ts';

/** Where an object of one definition, or something in it, may lack a field. */
interface Plan {
  /** Fields of the definition itself. */
  own: readonly [name: string, type: WireType][];
  /** Fields whose values may lack something. */
  inner: readonly [name: string, type: WireType][];
}

const plans = new Map<string, Plan>();

/** Fills in the zero values that Go would write, in place. Does nothing for a definition that does not exist. */
export function fillAlwaysWritten(definitionId: string, object: object): void {
  const plan = planOf(definitionId);
  if (plan) fill(plan, object as JsonObject);
}

function fill(plan: Plan, object: JsonObject): void {
  for (const [name, type] of plan.own) {
    const value = object[name];
    // To Go a struct that is null is an empty one.
    if (value === undefined || (value === null && type.kind === 'ref')) object[name] = zeroOf(type);
  }
  for (const [name, type] of plan.inner) {
    const value = object[name];
    if (value !== undefined && value !== null) fillValue(type, value);
  }
}

function fillValue(type: WireType, value: unknown): void {
  if (type.kind === 'ref') {
    const plan = planOf(type.ref);
    if (plan && isJsonObject(value)) fill(plan, value);
  } else if (type.kind === 'array' && Array.isArray(value)) {
    const isStructs = type.items.kind === 'ref';
    for (const [index, item] of value.entries()) {
      if (item === null && isStructs) value[index] = {};
      fillValue(type.items, value[index]);
    }
  } else if (type.kind === 'map' && isJsonObject(value)) {
    for (const item of Object.values(value)) fillValue(type.values, item);
  }
}

/** A struct is filled further by the plan's `inner`. */
function zeroOf(type: WireType): unknown {
  switch (type.kind) {
    case 'ref':
      return {};
    case 'boolean':
      return false;
    case 'int32':
    case 'int64':
    case 'number':
      return 0;
    case 'quantity':
      return '0';
    case 'string':
      return '';
    default:
      return null;
  }
}

function planOf(id: string): Plan | undefined {
  const known = plans.get(id);
  if (known) return known;
  const definition = wireDefinition(id);
  if (!definition) return undefined;
  const own = definition.alwaysWritten.flatMap((name): [string, WireType][] => {
    const type = definition.fields.get(name);
    return type ? [[name, type]] : [];
  });
  const plan = { own, inner: [...definition.fields].filter(([, type]) => mayLack(type, new Set())) };
  plans.set(id, plan);
  return plan;
}

/** Whether a value of the type may lack a field anywhere in it. */
function mayLack(type: WireType, seen: Set<string>): boolean {
  if (type.kind === 'array') return mayLack(type.items, seen);
  if (type.kind === 'map') return mayLack(type.values, seen);
  if (type.kind !== 'ref' || seen.has(type.ref)) return false;
  seen.add(type.ref);
  const definition: WireDefinition | undefined = wireDefinition(type.ref);
  if (!definition) return false;
  return definition.alwaysWritten.length > 0 || [...definition.fields.values()].some((inner) => mayLack(inner, seen));
}
