/** YAML bodies. What YAML has beyond JSON is resolved here, and kept from becoming a weapon. */
import { BODY_MAX_BYTES } from '../http/body.ts';

/** Beyond this many aliases upstream's parser refuses, too. */
const ALIASES_MAX = 100;
const EXCESSIVE = 'document contains excessive aliasing';

/**
 * The body as a JSON value. Throws an error, in words for the client, for what is no YAML or stands for too much. Of a key
 * that an object has twice the last counts with `loosely`; without it is an error.
 */
export async function parseYaml(bytes: Buffer, loosely = false): Promise<unknown> {
  const text = bytes.toString('utf8');
  if ((text.match(/(^|[\s[{,:-])\*[A-Za-z0-9_]/g)?.length ?? 0) > ALIASES_MAX) throw new Error(EXCESSIVE);
  const { load, CORE_SCHEMA } = await import('js-yaml');
  const value = load(text, { schema: CORE_SCHEMA, json: loosely });
  if (value === undefined) return null;
  // Aliases of aliases let half a kilobyte stand for a gigabyte: they may add no more than a whole body.
  if (expandedSize(value, new Map()) > text.length + BODY_MAX_BYTES) throw new Error(EXCESSIVE);
  return JSON.parse(JSON.stringify(value));
}

/** About the characters of `value` when every alias is replaced by what it stands for; infinite when one holds itself. */
function expandedSize(value: unknown, known: Map<object, number>): number {
  if (typeof value !== 'object' || value === null) return String(value).length;
  const counted = known.get(value);
  if (counted !== undefined) return counted;
  known.set(value, Number.POSITIVE_INFINITY);
  let size = 2;
  for (const [key, part] of Object.entries(value)) {
    size += expandedSize(part, known) + (Array.isArray(value) ? 0 : key.length);
  }
  known.set(value, size);
  return size;
}
