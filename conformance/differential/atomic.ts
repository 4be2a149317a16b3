/** managedFields as today's schema has them: what has become atomic since is one leaf. */
import type { Fields } from './fields.ts';
import { isObject, type Json, type JsonObject } from './json.ts';

/** `apps/v1/Deployment`; undefined for what does not say it. */
export function kindNamed(body: Json): string | undefined {
  const { kind, apiVersion } = isObject(body) ? body : {};
  return typeof kind === 'string' && typeof apiVersion === 'string' ? `${apiVersion}/${kind}` : undefined;
}

/**
 * The body with the managedFields in it folded; `newer` says which types and fields are atomic. Metadata alone, as in
 * the rows of a table, does not say whose it is: `kindOfMetadata` does.
 */
export function foldAtomic(body: Json, newer: Fields, kindOfMetadata?: string, kindOfItem?: string): Json {
  if (!isObject(body)) return body;
  const said = kindNamed(body) ?? kindOfItem;
  const own = said?.endsWith('/PartialObjectMetadata') ? kindOfMetadata : said;
  const folded: JsonObject = { ...body };
  for (const list of ['rows', 'items']) {
    const item = own?.endsWith('List') ? own.slice(0, -'List'.length) : undefined;
    const values = folded[list];
    if (Array.isArray(values)) folded[list] = values.map((value) => foldAtomic(value, newer, kindOfMetadata, item));
  }
  if (isObject(body.object)) folded.object = foldAtomic(body.object, newer, kindOfMetadata);
  const definition = own === undefined ? undefined : newer.kinds[own];
  if (definition === undefined || !isObject(body.metadata)) return folded;
  const { managedFields } = body.metadata;
  if (!Array.isArray(managedFields)) return folded;
  const entries = managedFields.map((entry) =>
    isObject(entry) && entry.fieldsV1 !== undefined
      ? { ...entry, fieldsV1: foldSet(entry.fieldsV1, definition, newer) }
      : entry,
  );
  return { ...folded, metadata: { ...body.metadata, managedFields: entries } };
}

function foldSet(set: Json, type: string, newer: Fields): Json {
  if (!isObject(set)) return set;
  const folded: JsonObject = {};
  for (const [key, inner] of Object.entries(set)) folded[key] = foldEntry(key, inner, type, newer);
  return folded;
}

function foldEntry(key: string, inner: Json, type: string, newer: Fields): Json {
  if (key.startsWith('k:') || key.startsWith('v:')) {
    const item = type.replace(/^\[\]/, '');
    return newer.atomic.includes(item) ? {} : foldSet(inner, item, newer);
  }
  if (!key.startsWith('f:')) return inner;
  const field = key.slice(2);
  const value = type.startsWith('{}') ? type.slice(2) : (newer.definitions[type]?.[field] ?? '');
  return newer.atomic.includes(`${type}.${field}`) || newer.atomic.includes(value) ? {} : foldSet(inner, value, newer);
}
