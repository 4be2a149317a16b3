/** YAML bodies. What YAML has beyond JSON is resolved here, and kept from becoming a weapon. */
import { isUtf8 } from 'node:buffer';
import { withoutLoneSurrogates } from '../../base/utf8.ts';
import { MAX_DEPTH } from '../../openapi/json.ts';
import { BODY_MAX_BYTES } from '../http/body.ts';

/** Beyond this many aliases upstream's parser refuses, too. */
const ALIASES_MAX = 100;
const EXCESSIVE = 'document contains excessive aliasing';

export interface Yaml {
  value: unknown;
  /** What upstream says of the first key that an object has twice. Its last value counts. */
  duplicate?: string;
}

/** The body as a JSON value. Throws an error, in words for the client, for what is no YAML or stands for too much. */
export async function parseYaml(bytes: Buffer): Promise<Yaml> {
  try {
    return { value: await parse(bytes, false) };
  } catch (error) {
    const duplicate = duplicateKey(error, bytes);
    if (duplicate === undefined) throw error;
    return { value: await parse(bytes, true), duplicate };
  }
}

async function parse(bytes: Buffer, loosely: boolean): Promise<unknown> {
  if (!isUtf8(bytes)) throw new Error('invalid leading UTF-8 octet');
  const text = bytes.toString();
  if ((text.match(/(^|[\s[{,:-])\*[A-Za-z0-9_]/g)?.length ?? 0) > ALIASES_MAX) throw new Error(EXCESSIVE);
  if (/^(?: *(?:#.*)?\r?\n)*\t/.test(text)) throw new Error('found character that cannot start any token');
  const { load, CORE_SCHEMA } = await import('js-yaml');
  const value = load(text, { schema: CORE_SCHEMA, json: loosely, maxDepth: MAX_DEPTH });
  if (value === undefined) return null;
  // Aliases of aliases let half a kilobyte stand for a gigabyte: they may add no more than a whole body.
  if (expandedSize(value, new Map()) > text.length + BODY_MAX_BYTES) throw new Error(EXCESSIVE);
  const json = JSON.stringify(value);
  if (withoutLoneSurrogates(json) !== json) throw new Error('found invalid Unicode character escape code');
  return JSON.parse(json);
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

/** `undefined` when something else was wrong. */
function duplicateKey(error: unknown, bytes: Buffer): string | undefined {
  const { reason, mark } = error as { reason?: unknown; mark?: { line: number; position: number } };
  if (reason !== 'duplicated mapping key' || !mark) return undefined;
  const key = /^(?:"([^"]*)"|'([^']*)'|([^\s:,}]+))/.exec(bytes.toString().slice(mark.position));
  const name = JSON.stringify(key?.[1] ?? key?.[2] ?? key?.[3] ?? '');
  return `yaml: unmarshal errors:\n  line ${mark.line + 1}: key ${name} already set in map`;
}
