/**
 * The two forms of an object in bytes. Stored: JSON with kind, apiVersion and metadata first and no resourceVersion,
 * which is the revision of the write and so not known before it. Served: the same with the resourceVersion put in.
 */
import { getOwn, type JsonObject, jsonText, setOwn } from '../../openapi/json.ts';
import type { KubeObject } from '../../openapi/object.ts';
import { StorageError } from './interface.ts';

/** What goes into storage. Keys after `metadata` keep their order. */
export function encodeStored(object: KubeObject): Buffer {
  const { kind, apiVersion, metadata = {} } = object;
  // What is undefined is not written.
  const others = metadata.resourceVersion === undefined ? metadata : { ...metadata, resourceVersion: undefined };
  return Buffer.from(jsonText(withRest({ kind, apiVersion, metadata: others }, object)));
}

/** `head` with whatever else the object has after it. */
function withRest(head: object, object: KubeObject): KubeObject {
  const whole = head as JsonObject;
  for (const name of Object.keys(object))
    if (!HEAD_KEYS.has(name)) setOwn(whole, name, getOwn(object as JsonObject, name));
  return whole;
}

const HEAD_KEYS: ReadonlySet<string> = new Set(['kind', 'apiVersion', 'metadata']);

/** Everything up to the first key of metadata, as `encodeStored` and upstream begin an object. */
const HEAD = /^\{(?:"kind":"[^"\\]*",)?(?:"apiVersion":"[^"\\]*",)?"metadata":\{/;
/** Kinds and API versions are DNS names: at most 63 and 253 + 63 characters. */
const HEAD_LIMIT = 512;
const RESOURCE_VERSION = Buffer.from('"resourceVersion":');
const CLOSING_BRACE = 0x7d;

/**
 * The bytes to serve for what was stored at `revision`. JSON that others wrote in another order is parsed and encoded
 * again. Throws `Damaged` for what is no JSON object. `parsed` is what `stored` says, for who has it at hand.
 */
export function served(stored: Buffer, revision: number, parsed?: KubeObject): Buffer {
  const head = HEAD.exec(stored.toString('latin1', 0, HEAD_LIMIT))?.[0];
  if (head === undefined) return encodeServed(parsed ?? parseObject(stored), revision);
  if (parsed || stored.includes(RESOURCE_VERSION)) {
    // Mostly that of another object, which this one refers to.
    const object = parsed ?? parseObject(stored);
    if (object.metadata?.resourceVersion !== undefined) return encodeServed(object, revision);
  }
  return splice(stored, head.length, revision);
}

function splice(stored: Buffer, at: number, revision: number): Buffer {
  const insert = `"resourceVersion":"${revision}"${stored[at] === CLOSING_BRACE ? '' : ','}`;
  // What is kept for long must not lie in the pool, where it would hold on to its neighbours' memory.
  const bytes = Buffer.allocUnsafeSlow(stored.length + insert.length);
  stored.copy(bytes, 0, 0, at);
  bytes.write(insert, at, 'latin1');
  stored.copy(bytes, at + insert.length, at);
  return bytes;
}

function encodeServed(object: KubeObject, revision: number): Buffer {
  return Buffer.from(jsonText(atRevision(object, revision)));
}

/** The object at another revision, its keys in the order of `served`. Shares all but itself and its metadata. */
export function atRevision(object: KubeObject, revision: number): KubeObject {
  const { kind, apiVersion, metadata } = object;
  const resourceVersion = String(revision);
  // It comes first, and is that of the revision whatever the object says.
  const renewed = { resourceVersion, ...metadata };
  renewed.resourceVersion = resourceVersion;
  const head: JsonObject = {};
  if (kind !== undefined) head.kind = kind;
  if (apiVersion !== undefined) head.apiVersion = apiVersion;
  head.metadata = renewed;
  return withRest(head, object);
}

export function parseObject(bytes: Buffer): KubeObject {
  let parsed: unknown;
  try {
    parsed = JSON.parse(bytes.toString());
  } catch (cause) {
    throw new StorageError('Damaged', '', 'a stored value is not JSON', 0, { cause });
  }
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed;
  throw new StorageError('Damaged', '', 'a stored value is not an object');
}
