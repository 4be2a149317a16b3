/** The messages of the wire: numbers, types and presence of their fields, read once and parsed where first used. */
import { readGenerated } from './generated-file.ts';
import { EXTRA_GROUPS, EXTRA_MESSAGES } from './protobuf-extra.ts';

/** What a field, a list's item or a map's value holds. `raw` is JSON in bytes. */
export type ValueType =
  | { kind: 'string' | 'bytes' | 'bool' | 'int32' | 'int64' | 'double' }
  | { kind: 'quantity' | 'intOrString' | 'time' | 'microTime' | 'raw' }
  | { kind: 'message'; id: string };

/**
 * When a field is in JSON. On the protobuf wire `pointer` and `nullable` are there only where they are set; other
 * single fields always are, as Go writes them even when they are zero.
 */
export type Presence =
  /** Where it is not zero and not empty. */
  | 'filled'
  /** Always: zero, or null for a list or map without entries. */
  | 'always'
  /** Where it is set, zero or not. */
  | 'pointer'
  /** Always: null where it is not set. */
  | 'nullable'
  /** A struct that is left out where it is zero. */
  | 'omitZero'
  /** Never by its own name: its fields are the parent's. */
  | 'inline';

export interface WireField {
  /** In JSON. */
  name: string;
  number: number;
  label: 'single' | 'list' | 'map';
  presence: Presence;
  type: ValueType;
  /** Its place in `Message.fields`. */
  index: number;
}

/** How a message looks in JSON: an object; its list alone; its list or else its first; its object or else its bool. */
export type Shape = 'object' | 'items' | 'listOr' | 'boolOr';

export interface Message {
  id: string;
  /** Go's name without the package: `PodSpec`. */
  struct: string;
  shape: Shape;
  /** In the order of Go's declaration, which is JSON's. */
  fields: readonly WireField[];
  /** In the order of the wire. */
  ascending: readonly WireField[];
  byNumber: ReadonlyMap<number, WireField>;
}

interface Table {
  groups: Record<string, string>;
  messages: Record<string, string>;
}

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';
/** Kinds that are registered with every group and version. */
const EVERYWHERE = /^(?:Status|WatchEvent|API\w+|\w+Options)$/;

const PRESENCES: Record<string, Presence> = {
  '?': 'filled',
  '!': 'always',
  '*': 'pointer',
  '&': 'nullable',
  '-': 'omitZero',
  '^': 'inline',
};

let table: Table | undefined;
const parsed = new Map<string, Message>();

function load(): Table {
  if (table) return table;
  const { groups, messages } = readGenerated('protobuf.json') as Table;
  table = { groups: { ...groups, ...EXTRA_GROUPS }, messages: { ...messages, ...EXTRA_MESSAGES } };
  return table;
}

/** The message of a definition, for example `io.k8s.api.core.v1.Pod`; `undefined` when protobuf has none of it. */
export function messageOf(id: string): Message | undefined {
  const known = parsed.get(id);
  if (known) return known;
  const { messages } = load();
  const text = Object.hasOwn(messages, id) ? messages[id] : undefined;
  if (text === undefined) return undefined;
  const message = parseMessage(id, text);
  parsed.set(id, message);
  return message;
}

/** The definition a kind stands for; `undefined` when there is no such message. */
export function definitionOfKind(apiVersion: string, kind: string): string | undefined {
  const { groups, messages } = load();
  const home = Object.hasOwn(groups, apiVersion) ? groups[apiVersion] : undefined;
  if (home === undefined) return undefined;
  if (Object.hasOwn(messages, `${home}.${kind}`)) return `${home}.${kind}`;
  return EVERYWHERE.test(kind) && Object.hasOwn(messages, `${META}.${kind}`) ? `${META}.${kind}` : undefined;
}

/** Whether a group has kinds of its own in protobuf: built-in groups do, those of custom resources do not. */
export function isProtobufGroup(group: string): boolean {
  const prefix = `${group}/`;
  return group === '' || Object.keys(load().groups).some((apiVersion) => apiVersion.startsWith(prefix));
}

function parseMessage(id: string, text: string): Message {
  const words = text === '' ? [] : text.split(' ');
  const shape = words[0]?.startsWith('~') ? (words.shift()?.slice(1) as Shape) : 'object';
  const home = id.slice(0, id.lastIndexOf('.'));
  const fields = words.map((word, index) => parseField(word, index, home));
  return {
    id,
    struct: id.slice(home.length + 1),
    shape,
    fields,
    ascending: [...fields].sort((a, b) => a.number - b.number),
    byNumber: new Map(fields.map((field) => [field.number, field])),
  };
}

/** Reads `name:number`, a mark of presence, `[]` or `{}` of a list or map, and the type. */
function parseField(word: string, index: number, home: string): WireField {
  const [, name = '', number = '', mark = '', container, type = ''] =
    /^([^:]+):(\d+)([?!*&^-])(\[\]|\{\})?(.+)$/.exec(word) ?? [];
  const presence = PRESENCES[mark];
  if (!presence) throw new Error(`read the protobuf table: malformed field ${word}`);
  const label = container === '[]' ? 'list' : container === '{}' ? 'map' : 'single';
  return { name, number: Number(number), label, presence, type: parseType(type, home), index };
}

function parseType(text: string, home: string): ValueType {
  if (text.startsWith('@.')) return { kind: 'message', id: home + text.slice(1) };
  if (text.startsWith('@')) return { kind: 'message', id: text.slice(1) };
  return { kind: text as Exclude<ValueType['kind'], 'message'> };
}
