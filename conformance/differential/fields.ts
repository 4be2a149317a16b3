/** Which fields each kind has, as a server's own OpenAPI document says; and bodies without those that are too new. */
import { isObject, type Json, type JsonObject } from './json.ts';

/** A field's type: the definition it refers to, behind `[]` for a list and `{}` for a map; empty for plain values. */
type FieldType = string;

export interface Fields {
  /** `batch/v1/Job` → name of its definition. */
  kinds: Record<string, string>;
  definitions: Record<string, Record<string, FieldType>>;
  /** Definitions, and fields as `Definition.field`, that are owned as a whole. */
  atomic: string[];
}

interface Schema {
  $ref?: string;
  items?: Schema;
  additionalProperties?: Schema;
  properties?: Record<string, Schema>;
  'x-kubernetes-map-type'?: string;
  'x-kubernetes-list-type'?: string;
  'x-kubernetes-group-version-kind'?: { group: string; version: string; kind: string }[];
}

const OBJECT_META = 'apimachinery.meta.v1.ObjectMeta';

/** Reads the definitions of an OpenAPI v2 document. */
export function fieldsOf(document: { definitions: Record<string, Schema> }): Fields {
  const fields: Fields = { kinds: {}, definitions: {}, atomic: [] };
  for (const [name, schema] of Object.entries(document.definitions)) {
    const short = shortName(name);
    const types = Object.entries(schema.properties ?? {}).map(([field, type]) => [field, typeOf(type)]);
    fields.definitions[short] = Object.fromEntries(types);
    if (isAtomic(schema)) fields.atomic.push(short);
    for (const [field, type] of Object.entries(schema.properties ?? {})) {
      if (isAtomic(type)) fields.atomic.push(`${short}.${field}`);
    }
    for (const { group, version, kind } of schema['x-kubernetes-group-version-kind'] ?? []) {
      const apiVersion = group ? `${group}/${version}` : version;
      fields.kinds[`${apiVersion}/${kind}`] = short;
    }
  }
  return fields;
}

/** Only what the kinds of these apiVersions need, lists left out: a list is known by its items. */
export function pruneFields(fields: Fields, apiVersions: Set<string>): Fields {
  const pruned: Fields = { kinds: {}, definitions: {}, atomic: [] };
  const keep = (name: string): void => {
    const types = fields.definitions[name];
    if (!types || name in pruned.definitions) return;
    pruned.definitions[name] = types;
    for (const type of Object.values(types)) keep(type.replace(/^(\[\]|\{\})+/, ''));
  };
  for (const [kind, name] of Object.entries(fields.kinds)) {
    if (kind.endsWith('List') || kind.endsWith('/DeleteOptions') || kind.endsWith('/WatchEvent')) continue;
    if (!apiVersions.has(kind.slice(0, kind.lastIndexOf('/')))) continue;
    pruned.kinds[kind] = name;
    keep(name);
  }
  return pruned;
}

function shortName(name: string): string {
  return name.replace(/^io\.k8s\.(api\.)?/, '').replace('.pkg.apis.', '.');
}

function isAtomic(schema: Schema): boolean {
  return schema['x-kubernetes-map-type'] === 'atomic' || schema['x-kubernetes-list-type'] === 'atomic';
}

function typeOf(schema: Schema): FieldType {
  if (schema.$ref) return shortName(schema.$ref.replace('#/definitions/', ''));
  const inner = schema.items ?? schema.additionalProperties;
  if (!inner) return '';
  const type = typeOf(inner);
  const prefix = schema.items ? '[]' : '{}';
  return type === '' ? '' : `${prefix}${type}`;
}

/**
 * The body without the fields that `newer` has and `older` does not: those that came after the older release. A field
 * that neither knows stays, to be seen as a difference. `olderVersion` maps an apiVersion to the older server's;
 * `kindOfMetadata` is the kind of metadata alone, as in the rows of a table.
 */
export function dropNewerFields(
  body: Json,
  older: Fields,
  newer: Fields,
  olderVersion: (apiVersion: string) => string = (version) => version,
  kindOfMetadata = '',
): Json {
  const drop = new Dropper(older, newer, olderVersion, kindOfMetadata);
  return drop.object(body);
}

class Dropper {
  readonly #older: Fields;
  readonly #newer: Fields;
  readonly #olderVersion: (apiVersion: string) => string;
  readonly #kindOfMetadata: string;

  constructor(older: Fields, newer: Fields, olderVersion: (apiVersion: string) => string, kindOfMetadata: string) {
    this.#kindOfMetadata = kindOfMetadata;
    this.#older = older;
    this.#newer = newer;
    this.#olderVersion = olderVersion;
  }

  /** An object that says its own kind, a list or a table of such, or a watch event with one. */
  object(value: Json, kindOfItem?: string): Json {
    if (!isObject(value)) return value;
    const { kind, apiVersion } = value;
    const own = typeof kind === 'string' && typeof apiVersion === 'string' ? `${apiVersion}/${kind}` : kindOfItem;
    if (own === undefined) {
      return isObject(value.object) ? { ...value, object: this.object(value.object) } : value;
    }
    if (Array.isArray(value.items) && own.endsWith('List')) {
      const item = own.slice(0, -'List'.length);
      return { ...value, items: value.items.map((one) => this.object(one, item)) };
    }
    if (own.endsWith('/Table')) {
      const rows = Array.isArray(value.rows) ? value.rows : [];
      return { ...value, rows: rows.map((row) => this.object(row)) };
    }
    const names = this.#names(own);
    if (names) return this.#fields(value, ...names, names);
    // A custom resource, or metadata alone.
    const owner = own.endsWith('/PartialObjectMetadata') ? this.#names(this.#kindOfMetadata) : undefined;
    return isObject(value.metadata)
      ? { ...value, metadata: this.#fields(value.metadata, OBJECT_META, OBJECT_META, owner) }
      : value;
  }

  #names(own: string): [older: string, newer: string] | undefined {
    const at = own.lastIndexOf('/');
    const older = this.#older.kinds[`${this.#olderVersion(own.slice(0, at))}/${own.slice(at + 1)}`];
    const newer = this.#newer.kinds[own];
    return older === undefined || newer === undefined ? undefined : [older, newer];
  }

  #fields(value: Json, olderName: string, newerName: string, managed?: [string, string]): Json {
    if (!isObject(value)) return value;
    const older = this.#older.definitions[olderName];
    const newer = this.#newer.definitions[newerName];
    // Definitions without fields are values of their own: quantities, times, anything at all.
    if (!older || !newer || Object.keys(older).length === 0) return value;
    const kept: JsonObject = {};
    for (const [field, inner] of Object.entries(value)) {
      if (!(field in older) && field in newer) continue;
      kept[field] = this.#typed(inner, older[field] ?? '', newer[field] ?? '', managed);
    }
    if (managed && 'fieldsV1' in kept) kept.fieldsV1 = this.#managed(kept.fieldsV1 ?? null, ...managed);
    return kept;
  }

  #typed(value: Json, older: FieldType, newer: FieldType, managed?: [string, string]): Json {
    if (older === '' || newer === '') return value;
    if (older.startsWith('[]') && newer.startsWith('[]')) {
      return Array.isArray(value)
        ? value.map((item) => this.#typed(item, older.slice(2), newer.slice(2), managed))
        : value;
    }
    if (older.startsWith('{}') && newer.startsWith('{}')) {
      if (!isObject(value)) return value;
      return Object.fromEntries(
        Object.entries(value).map(([key, item]) => [key, this.#typed(item, older.slice(2), newer.slice(2))]),
      );
    }
    return this.#fields(value, older, newer, managed);
  }

  /** The set of fields in managedFields: `f:` a field, `k:` and `v:` an item, `.` the thing itself. */
  #managed(value: Json, older: FieldType, newer: FieldType): Json {
    if (!isObject(value)) return value;
    const kept: JsonObject = {};
    for (const [key, inner] of Object.entries(value)) {
      if (!key.startsWith('f:')) {
        const through = (type: FieldType) =>
          key.startsWith('k:') || key.startsWith('i:') ? type.replace(/^\[\]/, '') : type;
        kept[key] = this.#managed(inner, through(older), through(newer));
        continue;
      }
      const field = key.slice(2);
      if (older.startsWith('{}') && newer.startsWith('{}')) {
        kept[key] = this.#managed(inner, older.slice(2), newer.slice(2));
        continue;
      }
      const olderFields = this.#older.definitions[older];
      const newerFields = this.#newer.definitions[newer];
      if (olderFields && newerFields && !(field in olderFields) && field in newerFields) continue;
      kept[key] = this.#managed(inner, olderFields?.[field] ?? '', newerFields?.[field] ?? '');
    }
    return kept;
  }
}
