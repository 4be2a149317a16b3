/** Objects and lists in protobuf. An object's message is made once, and lists and watch events are put together of it. */

import { apiVersionOf, type KubeObject } from '../../openapi/object.ts';
import { ProtobufWriter } from '../../openapi/protobuf.ts';
import { encodeTyped, envelopeAround, enveloped } from '../../openapi/protobuf-codec.ts';
import { definitionOfKind, isProtobufGroup } from '../../openapi/protobuf-table.ts';
import type { ListMetadata } from '../http/request.ts';
import type { ResourceDeclaration } from '../registry/declaration.ts';
import { CachedObject } from '../storage/watch-cache.ts';

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const PARTIAL = 'PartialObjectMetadata';

/** Whether a resource's kind has a message, as all but custom resources have. */
export function hasProtobuf(resource: Kind): boolean {
  return definitionOf(resource) !== undefined;
}

/** The same of what a path names, before it is known whether that is served. */
export function mayHaveProtobuf(group: string): boolean {
  return isProtobufGroup(group);
}

type Kind = Pick<ResourceDeclaration, 'group' | 'version' | 'kind'>;

function definitionOf(resource: Kind): string | undefined {
  return definitionOfKind(apiVersionOf(resource), resource.kind);
}

/** The enveloped bytes of an object. Throws an Error for a kind that has no message. */
export function protobufObject(object: CachedObject | KubeObject): Buffer {
  if (!(object instanceof CachedObject)) return envelopedValue(object);
  return object.derived('protobuf envelope', () => {
    const { apiVersion = '', kind = '' } = object.object;
    return enveloped({ apiVersion, kind }, rawOf(object, messageFor(apiVersion, kind)));
  });
}

/** The same of any value. */
export function envelopedValue(value: object): Buffer {
  const { apiVersion = '', kind = '' } = value as KubeObject;
  return enveloped({ apiVersion, kind }, encodeTyped(messageFor(apiVersion, kind), value));
}

function messageFor(apiVersion: string, kind: string): string {
  const definition = definitionOfKind(apiVersion, kind);
  if (definition === undefined) throw new Error(`encode protobuf: no message for kind ${kind} in ${apiVersion}`);
  return definition;
}

/** A discovery document, whose `apiVersion` upstream leaves out for the sake of its oldest clients. */
export function protobufDiscovery(value: object): Buffer {
  const { apiVersion = '', kind = '' } = value as KubeObject;
  return enveloped({ apiVersion, kind }, encodeTyped(messageFor(apiVersion || 'v1', kind), value));
}

/** The enveloped `PartialObjectMetadata` of an object. */
export function protobufPartial(object: CachedObject | KubeObject, version: string): Buffer {
  const typeMeta = { apiVersion: `meta.k8s.io/${version}`, kind: PARTIAL };
  if (!(object instanceof CachedObject)) return enveloped(typeMeta, partialRaw(object));
  return object.derived(`protobuf partial ${version}`, () => enveloped(typeMeta, cachedPartial(object)));
}

/** A list in pieces: what was encoded once an object is only joined. */
export function protobufList(
  resource: ResourceDeclaration,
  items: readonly CachedObject[],
  metadata: ListMetadata,
): Buffer[] {
  const apiVersion = apiVersionOf(resource);
  const definition = messageFor(apiVersion, resource.kind);
  const raws = items.map((item) => rawOf(item, definition));
  return listOf({ apiVersion, kind: `${resource.kind}List` }, metadata, raws);
}

/** The same of their metadata. */
export function protobufPartialList(version: string, items: readonly CachedObject[], metadata: ListMetadata): Buffer[] {
  const typeMeta = { apiVersion: `meta.k8s.io/${version}`, kind: `${PARTIAL}List` };
  const raws = items.map((item) => cachedPartial(item));
  return listOf(typeMeta, metadata, raws, version === 'v1beta1');
}

/** As many as are encoded before others get their turn. */
const TURN_ITEMS = 256;

/** Encodes what is not yet, some in each turn of the loop, so that a long list holds nobody else up. */
export async function encodeAhead(resource: ResourceDeclaration, items: readonly CachedObject[]): Promise<void> {
  const definition = messageFor(apiVersionOf(resource), resource.kind);
  for (let at = 0; at < items.length; at += TURN_ITEMS) {
    if (at > 0) await new Promise((resolve) => setImmediate(resolve));
    for (const item of items.slice(at, at + TURN_ITEMS)) rawOf(item, definition);
  }
}

function rawOf(object: CachedObject, definition: string): Buffer {
  return object.derived('protobuf', () => encodeTyped(definition, object.object));
}

function cachedPartial(object: CachedObject): Buffer {
  return object.derived('protobuf partial', () => partialRaw(object.object));
}

function partialRaw({ metadata = {} }: KubeObject): Buffer {
  return encodeTyped(`${META}.${PARTIAL}`, { metadata });
}

/** Every list has its metadata in field 1 and its items in field 2, but for one where they have changed places. */
function listOf(
  typeMeta: { apiVersion: string; kind: string },
  metadata: ListMetadata,
  items: readonly Buffer[],
  itemsFirst = false,
): Buffer[] {
  const meta = new ProtobufWriter().bytes(itemsFirst ? 2 : 1, encodeTyped(`${META}.ListMeta`, metadata)).finish();
  const field = itemsFirst ? 1 : 2;
  const pieces: Buffer[] = [];
  for (const item of items) pieces.push(new ProtobufWriter(16).lengthOf(field, item.length).finish(), item);
  const size = pieces.reduce((sum, piece) => sum + piece.length, meta.length);
  const { head, tail } = envelopeAround(typeMeta, size);
  return itemsFirst ? [head, ...pieces, meta, tail] : [head, meta, ...pieces, tail];
}

/** A watch event around an enveloped object, in pieces; nothing frames it yet. */
export function protobufEvent(type: string, object: Buffer): Buffer[] {
  // The object stands in a message of its own, whose only field is its bytes.
  const inner = new ProtobufWriter(16).lengthOf(1, object.length).finish();
  const head = new ProtobufWriter(32)
    .string(1, type)
    .lengthOf(2, inner.length + object.length)
    .raw(inner)
    .finish();
  return [head, object];
}
