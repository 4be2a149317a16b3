/** The compact wire schema: field types and merge rules of every definition, read once and parsed where first used. */
import { readGenerated } from './generated-file.ts';

/** What a field holds on the wire. `name` is Go's name of the type, as upstream's messages show it. */
export type WireType =
  | { kind: ScalarKind; name: string }
  | { kind: 'array'; items: WireType; name: string }
  | { kind: 'map'; values: WireType; name: string }
  | { kind: 'ref'; ref: string; name: string };

export type ScalarKind =
  | 'string'
  | 'boolean'
  | 'int32'
  | 'int64'
  | 'number'
  | 'quantity'
  | 'intOrString'
  | 'time'
  | 'microTime'
  | 'byte'
  | 'any';

/** How strategic merge treats a list or a struct. */
export interface MergeRule {
  merge: boolean;
  replace: boolean;
  retainKeys: boolean;
  /** Empty for lists of scalars. */
  key: string;
}

export interface WireDefinition {
  id: string;
  /** Go's name without the package: `PodSpec`. */
  struct: string;
  fields: ReadonlyMap<string, WireType>;
  merges: ReadonlyMap<string, MergeRule>;
  /** Fields that are left out where they are zero or empty. */
  omittedWhenEmpty: ReadonlySet<string>;
  /** Fields that are written even then, as Go does with structs and with what has no `omitempty`. */
  alwaysWritten: readonly string[];
  /** How the ownership of fields is divided that are not treated in the ordinary way. */
  ownership: ReadonlyMap<string, Ownership>;
  /** The struct is owned as a whole. */
  atomic: boolean;
}

/** What server-side apply tells apart in a field; ordinarily lists are owned as a whole and all else field by field. */
export type Ownership =
  | { kind: 'set' | 'atomic' | 'granular' }
  /** `defaults` are declared for keys that an item may leave out. */
  | { kind: 'map'; keys: readonly string[]; defaults: Readonly<Record<string, unknown>> };

interface CompactDefinition {
  f: Record<string, string>;
  m?: Record<string, string>;
  o?: string[];
  a?: string[];
  l?: Record<string, string>;
  x?: 1;
}

const GO_NAMES: Record<ScalarKind, string> = {
  string: 'string',
  boolean: 'bool',
  int32: 'int32',
  int64: 'int64',
  number: 'float64',
  quantity: 'resource.Quantity',
  intOrString: 'intstr.IntOrString',
  time: 'v1.Time',
  microTime: 'v1.MicroTime',
  byte: '[]uint8',
  any: 'interface {}',
};

let compact: Record<string, CompactDefinition> | undefined;
const parsed = new Map<string, WireDefinition>();

/** The definition of that id, for example `io.k8s.api.core.v1.Pod`; `undefined` when there is none. */
export function wireDefinition(id: string): WireDefinition | undefined {
  const known = parsed.get(id);
  if (known) return known;
  compact ??= readGenerated('wire-schema.json') as Record<string, CompactDefinition>;
  const raw = Object.hasOwn(compact, id) ? compact[id] : undefined;
  if (!raw) return undefined;
  const definition = {
    id,
    struct: id.slice(id.lastIndexOf('.') + 1),
    fields: new Map(Object.entries(raw.f).map(([name, code]) => [name, parseType(code)])),
    merges: new Map(Object.entries(raw.m ?? {}).map(([name, code]) => [name, parseRule(code)])),
    omittedWhenEmpty: new Set(raw.o ?? []),
    alwaysWritten: raw.a ?? [],
    ownership: new Map(Object.entries(raw.l ?? {}).map(([name, code]) => [name, parseOwnership(code)])),
    atomic: raw.x === 1,
  };
  parsed.set(id, definition);
  return definition;
}

/** `io.k8s.api.core.v1.Pod` → `v1.Pod`. */
export function goTypeName(id: string): string {
  return id.split('.').slice(-2).join('.');
}

/** Reads `string`, `[]` + items, `{}` + values, `@` + definition id; `!` and Go's name of the (inner) type may follow. */
export function parseType(code: string): WireType {
  const bang = code.indexOf('!');
  return bang < 0 ? typeOf(code, undefined) : typeOf(code.slice(0, bang), code.slice(bang + 1));
}

function typeOf(code: string, name: string | undefined): WireType {
  if (code.startsWith('[]')) {
    const items = typeOf(code.slice(2), name);
    return { kind: 'array', items, name: `[]${items.name}` };
  }
  if (code.startsWith('{}')) {
    const isMapName = name !== undefined && code === '{}quantity';
    const values = typeOf(code.slice(2), isMapName ? undefined : name);
    return { kind: 'map', values, name: isMapName ? name : `map[string]${values.name}` };
  }
  if (code.startsWith('@')) return { kind: 'ref', ref: code.slice(1), name: goTypeName(code) };
  const kind = code as ScalarKind;
  return { kind, name: name ?? GO_NAMES[kind] };
}

function parseRule(code: string): MergeRule {
  const [strategies = '', key = ''] = code.split(':');
  const list = strategies.split(',');
  return {
    merge: list.includes('merge'),
    replace: list.includes('replace'),
    retainKeys: list.includes('retainKeys'),
    key,
  };
}

function parseOwnership(code: string): Ownership {
  if (!code.startsWith('map:')) return { kind: code as 'set' | 'atomic' | 'granular' };
  const keys: string[] = [];
  const defaults: Record<string, unknown> = {};
  for (const part of code.slice('map:'.length).split(',')) {
    const [key = '', fallback] = part.split('=');
    keys.push(key);
    if (fallback !== undefined) defaults[key] = JSON.parse(fallback);
  }
  return { kind: 'map', keys, defaults };
}
