/** An answer without what differs from one run to the next: identities, times, versions, addresses and ports. */
import { isObject, type Json, type JsonObject, parseJson } from './json.ts';

export interface RawAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

export interface NormalisedAnswer {
  status: number;
  headers: Record<string, string>;
  /** A value if it was JSON, else the text. */
  body: Json;
}

export interface Circumstances {
  /** The namespace of the case. */
  namespace: string;
  /** apiVersions of the case, and what this server calls them. */
  asked?: Record<string, string>;
  managedFields?: boolean;
  /** The status is controllers' business. */
  withoutStatus?: boolean;
  /** A list out of the reference's watch cache, which keeps no order. */
  unordered?: boolean;
}

/** Headers that clients act on. Of an ETag only the presence is told. */
const HEADERS = ['content-type', 'warning', 'retry-after', 'allow', 'location', 'vary', 'cache-control'];

/** Pure. Bodies that are no JSON are kept as text, binary ones as their kind. */
export function normalise(answer: RawAnswer, circumstances: Circumstances): NormalisedAnswer {
  const text = (value: string) => normaliseText(value, circumstances);
  const headers: Record<string, string> = {};
  for (const name of HEADERS) {
    const value = answer.headers[name];
    if (value !== undefined) headers[name] = text([value].flat().join(', '));
  }
  if (answer.headers.etag !== undefined) headers.etag = 'present';
  return { status: answer.status, headers, body: bodyOf(answer, circumstances) };
}

function bodyOf(answer: RawAnswer, circumstances: Circumstances): Json {
  if (String(answer.headers['content-type']).includes('protobuf')) return '{protobuf}';
  const json = parseJson(answer.text);
  if (json !== undefined) return new Normaliser(circumstances).value(json);
  const lines = answer.text.trim().split('\n').map(parseJson);
  if (lines.length > 1 && lines.every((line) => line !== undefined)) {
    const events = lines.filter((event) => !(isObject(event) && isPublished(event.object)));
    return events.map((line) => new Normaliser(circumstances).value(line ?? null));
  }
  return normaliseYaml(normaliseText(answer.text, circumstances), circumstances);
}

/** Samples write times of 2001; any other is the server's own. */
const TIME = /\b(?!2001)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)/g;
const UID = /\b[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}\b/g;
const TOKEN = /\beyJ[\w-]+\.[\w-]+\.[\w-]+/g;
const SERVICE_ADDRESS = /\b10\.96\.\d+\.\d+\b/g;
const NODE_PORT = /(?<=:)3[0-2]\d{3}(?=\/(TCP|UDP|SCTP)\b)/g;
/** An object in a message, with everything that changes in it. */
const PATCHED_OBJECT = /(?<=patch: Invalid value: )"(?:\{|map\[)(?:[^"\\]|\\.)*"/g;
const POINTER = /\b0x[0-9a-f]{8,}\b/g;
/** What the reference's JSON decoder shows of the text around a mistake; where it cuts depends on lengths. */
const DECODER_CONTEXT = /error found in #\d+ byte of [\s\S]*$/;
/** The same character over and over. */
const LONG_RUN = /(\w)\1{49,}/g;
const VERSION_IN_MESSAGE =
  /(ResourceVersion in object meta: |[Rr]esource version: |ResourceVersion in record \(|, current: )\d+( \(\d+\))?/g;

function normaliseText(text: string, { namespace, asked = {} }: Circumstances): string {
  let result = text.replaceAll(namespace, '{ns}');
  for (const [name, version] of Object.entries(asked)) {
    result = result.replaceAll(version, name);
    const bare = (groupVersion: string) => groupVersion.split('/').pop() ?? '';
    result = result.replaceAll(`in version "${bare(version)}"`, `in version "${bare(name)}"`);
    result = result.replaceAll(`(${bare(version)}.`, `(${bare(name)}.`);
  }
  return result
    .replace(UID, '{uid}')
    .replace(TIME, '{time}')
    .replace(TOKEN, '{token}')
    .replace(SERVICE_ADDRESS, '{ip}')
    .replace(NODE_PORT, '{port}')
    .replace(VERSION_IN_MESSAGE, '$1{rv}')
    .replace(PATCHED_OBJECT, '"{object}"')
    .replace(POINTER, '{pointer}')
    .replace(DECODER_CONTEXT, 'error found in {context}')
    .replace(LONG_RUN, (run) => `{${run.length} times ${run[0]}}`);
}

function normaliseYaml(text: string, { managedFields }: Circumstances): string {
  const result = text.replace(/resourceVersion: "\d+"/g, 'resourceVersion: "{rv}"');
  // The block ends where a line is indented less than its items, which YAML of either server indents as the key.
  return managedFields ? result : result.replace(/^( *)managedFields:\n(?:\1[- ].*\n)*?(?=\1[^- ]|(?! *- )\S)/m, '');
}

class Normaliser {
  readonly #circumstances: Circumstances;

  constructor(circumstances: Circumstances) {
    this.#circumstances = circumstances;
  }

  value(value: Json, key = ''): Json {
    if (typeof value === 'string') return this.#string(value, key);
    if (typeof value === 'number') return isNodePort(key, value) ? '{port}' : value;
    if (Array.isArray(value)) return value.map((item) => this.value(item, key === 'cells' ? 'cell' : ''));
    return isObject(value) ? this.#object(value, key) : value;
  }

  #string(value: string, key: string): Json {
    if (key === 'resourceVersion' && /^[1-9]\d*$/.test(value)) return '{rv}';
    if (key === 'continue' && value !== '') return '{continue}';
    if (key === 'serverAddress') return '{server}';
    if (key === 'cell' && /^(\d+[smhdy])+$/.test(value)) return '{age}';
    return normaliseText(value, this.#circumstances);
  }

  #object(value: JsonObject, key: string): JsonObject {
    const { managedFields, withoutStatus } = this.#circumstances;
    const result: JsonObject = {};
    for (const [name, inner] of Object.entries(withoutProvisions(value))) {
      if (name === 'managedFields' && !managedFields) continue;
      if (name === 'managedFields' && withoutStatus && Array.isArray(inner)) {
        result.managedFields = this.value(inner.filter((entry) => !isStatusOnly(entry)));
        continue;
      }
      if (name === 'status' && withoutStatus && isObject(inner)) continue;
      result[this.#key(name)] = this.value(inner, name);
    }
    if (key === 'metadata' || 'generateName' in value) generated(result, value);
    if (this.#circumstances.unordered && Array.isArray(result.items)) result.items = sorted(result.items);
    if (Array.isArray(result.columnDefinitions)) return byColumn(result);
    if (result.kind === 'APIResourceList') return byName(result);
    if (Array.isArray(result.causes)) result.causes = withoutRepetition(result.causes);
    return result;
  }

  #key(name: string): string {
    return normaliseText(name, this.#circumstances);
  }
}

/**
 * Without what a cluster with controllers provides for pods, and the reference, which runs none, does not: the volume
 * of a pod's token, and the certificate published in each namespace.
 */
function withoutProvisions(object: JsonObject): JsonObject {
  const result = { ...object };
  for (const name of ['volumes', 'volumeMounts', 'items', 'rows']) {
    const list = object[name];
    if (!Array.isArray(list)) continue;
    const kept = list.filter((item) => !isTokenVolume(item) && !isPublished(item));
    if (kept.length === list.length) continue;
    if (kept.length === 0 && name.startsWith('volume')) delete result[name];
    else result[name] = kept;
  }
  return result;
}

function isTokenVolume(item: Json): boolean {
  return isObject(item) && /^kube-api-access-\w{5}$/.test(String(item.name));
}

/** An object, or the row of a table about one. */
function isPublished(item: Json | undefined): boolean {
  if (!isObject(item)) return false;
  const { metadata } = isObject(item.object) ? item.object : item;
  return isObject(metadata) && metadata.name === 'kube-root-ca.crt';
}

/** A name made from generateName. */
function generated(result: JsonObject, { generateName, name }: JsonObject): void {
  if (typeof generateName !== 'string' || typeof name !== 'string' || generateName === '') return;
  if (/[bcdfghjklmnpqrstvwxz2456789]{5}$/.test(name) && typeof result.name === 'string') {
    result.name = result.name.replace(/.{5}$/, '*****');
  }
}

/**
 * A Table whose columns and cells go by their names: a column more is one difference, not many. Descriptions, which are
 * the documentation of fields and have been revised since, are left out.
 */
function byColumn(table: JsonObject): JsonObject {
  const definitions = (Array.isArray(table.columnDefinitions) ? table.columnDefinitions : []).filter(isObject);
  const columns = definitions.map(({ description: _, ...rest }) => rest);
  const names = definitions.map(({ name }) => String(name));
  const rows = (Array.isArray(table.rows) ? table.rows : []).filter(isObject).map((row) => {
    const cells = Array.isArray(row.cells) ? row.cells : [];
    return { ...row, cells: Object.fromEntries(cells.map((cell, index) => [names[index] ?? index, cell])) };
  });
  return { ...table, columnDefinitions: Object.fromEntries(names.map((name, i) => [name, columns[i] ?? null])), rows };
}

/** Discovery by the names of the resources, without the hashes that each release has of its own. */
function byName(list: JsonObject): JsonObject {
  const resources = (Array.isArray(list.resources) ? list.resources : []).filter(isObject);
  const described = resources.map(({ storageVersionHash: _, verbs, ...rest }) => {
    const verbNames = Array.isArray(verbs) ? verbs.map((verb) => [String(verb), true] as const) : [];
    return [String(rest.name), { ...rest, verbs: Object.fromEntries(verbNames) }] as const;
  });
  return { ...list, resources: Object.fromEntries(described) };
}

/** How often the same cause is told depends on how often it is looked for. */
function withoutRepetition(causes: Json[]): Json[] {
  const seen = new Set<string>();
  return causes.filter((cause) => {
    const text = JSON.stringify(cause);
    if (seen.has(text)) return false;
    seen.add(text);
    return true;
  });
}

/** Whether an entry of managedFields is about nothing but the status. */
function isStatusOnly(entry: Json): boolean {
  return isObject(entry) && isObject(entry.fieldsV1) && Object.keys(entry.fieldsV1).join() === 'f:status';
}

function sorted(items: Json[]): Json[] {
  const nameOf = (item: Json) => (isObject(item) && isObject(item.metadata) ? String(item.metadata.name) : '');
  return [...items].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}

function isNodePort(key: string, value: number): boolean {
  return ['nodePort', 'healthCheckNodePort'].includes(key) && value >= 30_000 && value < 32_768;
}
