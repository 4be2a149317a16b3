/** The tables in `openapi/facts`, with embedded structs flattened the way their JSON is. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Definition, WireFact } from './model.ts';

/** What the declarations say about one field beside its type. */
export interface Rule {
  listType?: 'map' | 'set' | 'atomic';
  listMapKeys?: string[];
  mapType?: 'atomic' | 'granular';
  structType?: 'atomic' | 'granular';
  patchStrategy?: string;
  patchMergeKey?: string;
  /** A JSON text, or `ref(Constant)`. */
  default?: string;
  /** Name of the string type that has constants. */
  enum?: string;
  /** All values there are, where upstream says that the type is closed. */
  values?: string[];
}

export interface Facts {
  wire: Record<string, WireFact>;
  rules: Record<string, Record<string, Rule>>;
  closed: Record<string, Record<string, string[]>>;
  kinds: Record<string, unknown>;
  declared: Record<string, Declared>;
}

/** Fields by how Go declares them; see `openapi/facts/README.md`. */
export interface Declared {
  pointer?: string[];
  always?: string[];
  omitZero?: string[];
  inline?: string[];
}

export function readFacts(root: string): Facts {
  const read = (name: string) => JSON.parse(readFileSync(join(root, 'openapi', 'facts', `${name}.json`), 'utf8'));
  return {
    wire: read('wire-fields'),
    rules: read('merge-rules'),
    closed: read('enum-fields'),
    kinds: read('kinds'),
    declared: read('pointer-fields'),
  };
}

/** Structs in Go, which `omitempty` does not leave out; no lists, maps or scalars. */
const STRUCTS = new Set(['ref', 'time', 'microTime', 'quantity', 'intOrString', 'any', 'object']);

/** Fields that Go leaves out of JSON where they are zero or empty: values with `omitempty`. */
export function omittedWhenEmpty(definition: Definition, facts: Facts): Set<string> {
  const { pointer, always } = declaredOf(definition.id, facts);
  const names = definition.fields.filter(
    ({ type, name }) => !STRUCTS.has(type.kind) && !pointer.has(name) && !always.has(name),
  );
  return new Set(names.map(({ name }) => name));
}

/** What Go's zero value of a field that is always written can be told from the type for. */
const UNTOLD = new Set(['intOrString', 'any', 'object']);

/** Fields that Go writes to JSON even where they are zero: values without `omitempty`, and structs. */
export function alwaysWritten(definition: Definition, facts: Facts): string[] {
  const { pointer, always, omitZero, known } = declaredOf(definition.id, facts);
  if (!known) return [];
  const names = definition.fields.filter(
    ({ type, name }) =>
      !pointer.has(name) &&
      !omitZero.has(name) &&
      !UNTOLD.has(type.kind) &&
      (always.has(name) || STRUCTS.has(type.kind)),
  );
  return names.map(({ name }) => name);
}

interface DeclaredFields {
  pointer: Set<string>;
  always: Set<string>;
  omitZero: Set<string>;
  /** Whether the tables know the struct at all. */
  known: boolean;
}

/** How Go declares the fields of a struct, with those of embedded structs. */
function declaredOf(id: string, facts: Facts): DeclaredFields {
  const { pointer = [], always = [], omitZero = [], inline = [] } = facts.declared[id] ?? {};
  const embedded = inline.map((name) => declaredOf(facts.wire[id]?.[name]?.[2] ?? '', facts));
  const all = (own: string[], of: 'pointer' | 'always' | 'omitZero') =>
    new Set([...own, ...embedded.flatMap((each) => [...each[of]])]);
  return {
    pointer: all(pointer, 'pointer'),
    always: all(always, 'always'),
    omitZero: all(omitZero, 'omitZero'),
    known: id in facts.wire,
  };
}

/** The rules of all fields of a definition, those of structs embedded in it too (`Volume` embeds `VolumeSource`). */
export function rulesOf(definition: Definition, facts: Facts): Record<string, Rule> {
  const own = new Set(definition.fields.map((field) => field.name));
  return collect(definition.id, own, facts, new Set());
}

function collect(id: string, wanted: Set<string>, facts: Facts, seen: Set<string>): Record<string, Rule> {
  if (seen.has(id)) return {};
  seen.add(id);
  const embedded = Object.entries(facts.wire[id] ?? {})
    .filter(([name, [, cardinality]]) => !wanted.has(name) && cardinality === 'optional')
    .map(([, [, , type]]) => type);
  const rules: Record<string, Rule> = {};
  for (const type of embedded) Object.assign(rules, collect(type, wanted, facts, seen));
  Object.assign(rules, facts.rules[id]);
  for (const [name, values] of Object.entries(facts.closed[id] ?? {})) rules[name] = { ...rules[name], values };
  return rules;
}
