/** YAML bodies. What YAML has beyond JSON is resolved here, and kept from becoming a weapon. */
import { isUtf8 } from 'node:buffer';
import { withoutLoneSurrogates } from '../../base/utf8.ts';
import { MAX_DEPTH } from '../../openapi/json.ts';
import { BODY_MAX_BYTES } from '../http/body.ts';

/** Beyond this many aliases upstream's parser refuses, too. */
const ALIASES_MAX = 100;
const EXCESSIVE = 'document contains excessive aliasing';

/**
 * The body as a JSON value. Throws an error, in words for the client, for what is no YAML or stands for too much. Of a key
 * that an object has twice the last counts with `loosely`; without it is an error.
 */
export async function parseYaml(bytes: Buffer, loosely = false): Promise<unknown> {
  if (!isUtf8(bytes)) throw new Error('invalid leading UTF-8 octet');
  const text = bytes.toString();
  if ((text.match(/(^|[\s[{,:-])\*[A-Za-z0-9_]/g)?.length ?? 0) > ALIASES_MAX) throw new Error(EXCESSIVE);
  if (/^(?: *(?:#.*)?\r?\n)*\t/.test(text)) throw new Error('found character that cannot start any token');
  const { load, CORE_SCHEMA } = await import('js-yaml');
  const value = load(text, { schema: CORE_SCHEMA, json: loosely, maxDepth: MAX_DEPTH });
  if (value === undefined) return null;
  // Aliases of aliases let half a kilobyte stand for a gigabyte: they may add no more than a whole body.
  if (expandedSize(value, new Map()) > text.length + BODY_MAX_BYTES) throw new Error(EXCESSIVE);
  return JSON.parse(withoutLoneSurrogates(JSON.stringify(value)));
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

/** What upstream says of a key that an object has twice; `undefined` when `parseYaml` threw for something else. */
export function duplicateKey(error: unknown, bytes: Buffer): string | undefined {
  const { reason, mark } = error as { reason?: unknown; mark?: { line: number; position: number } };
  if (reason !== 'duplicated mapping key' || !mark) return undefined;
  const key = /^(?:"([^"]*)"|'([^']*)'|([^\s:,}]+))/.exec(bytes.toString().slice(mark.position));
  const name = JSON.stringify(key?.[1] ?? key?.[2] ?? key?.[3] ?? '');
  return `yaml: unmarshal errors:\n  line ${mark.line + 1}: key ${name} already set in map`;
}
