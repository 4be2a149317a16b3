/** Watch events in the negotiated form. What was encoded once an object is shared by all watchers. */
import type { KubeObject } from '../../openapi/object.ts';
import type { Status } from '../../openapi/status.ts';
import type { WatchFrame } from '../http/request.ts';
import type { ResourceDeclaration } from '../registry/declaration.ts';
import { CachedObject } from '../storage/watch-cache.ts';
import { envelopedValue, protobufEvent, protobufObject, protobufPartial } from './encode-protobuf.ts';
import { CONTENT_TYPES, type Presentation } from './negotiate.ts';
import { isNoList, objectOf, type PresentOptions, tableOfOne, tableOptions } from './present.ts';
import { partialOf } from './table.ts';

/** One event in pieces, as a message of its own. JSON ends with the newline that frames it on a stream. */
export type PresentEvent = (frame: WatchFrame, now: number) => Buffer[];

/** What a watch is answered as. */
export function streamType({ format }: Presentation): string {
  return format === 'json' ? CONTENT_TYPES.json : `${CONTENT_TYPES[format]};stream=watch`;
}

/**
 * Encodes the events of one watch; keeps what must differ between the first and the later ones. Throws BadRequest or
 * NotAcceptable for options that no event can meet.
 */
export function eventPresenter(resource: ResourceDeclaration, options: PresentOptions): PresentEvent {
  const { as, format } = options.presentation;
  if (format === 'protobuf') {
    if (!as) return ({ type, object }) => protobufEvent(type, protobufObject(object));
    if (as.kind === 'PartialObjectMetadata')
      return ({ type, object }) => protobufEvent(type, protobufPartial(object, as.version));
  }
  switch (as?.kind) {
    case undefined:
      return ({ type, object }) => jsonEvent(type, bytesOf(object));
    case 'PartialObjectMetadata':
      return ({ type, object }) => jsonEvent(type, partialBytes(object, as.version));
    case 'PartialObjectMetadataList':
      throw isNoList(resource);
    case 'Table':
      return tableEvents(resource, options);
  }
}

/** The event that says why a watch has broken off. */
export function errorEvent(status: Status, { format }: Presentation): Buffer[] {
  if (format === 'protobuf') return protobufEvent('ERROR', envelopedValue(status));
  return jsonEvent('ERROR', Buffer.from(JSON.stringify(status)));
}

/** Puts what a stream needs around an event to tell where it ends. */
export function framed(event: Buffer[], { format }: Presentation): Buffer[] {
  if (format !== 'protobuf') return event;
  const length = Buffer.allocUnsafe(4);
  length.writeUInt32BE(event.reduce((sum, piece) => sum + piece.length, 0));
  return [length, ...event];
}

/** Tables of one row each, of which only the first says what the columns are. */
function tableEvents(resource: ResourceDeclaration, options: PresentOptions): PresentEvent {
  tableOptions(options, true);
  let headers = true;
  return ({ type, object }, now) => {
    const table = tableOfOne(objectOf(object), resource, { ...options, now }, headers);
    headers = false;
    return jsonEvent(type, Buffer.from(JSON.stringify(table)));
  };
}

const HEADS: Record<WatchFrame['type'] | 'ERROR', Buffer> = {
  ADDED: Buffer.from('{"type":"ADDED","object":'),
  MODIFIED: Buffer.from('{"type":"MODIFIED","object":'),
  DELETED: Buffer.from('{"type":"DELETED","object":'),
  BOOKMARK: Buffer.from('{"type":"BOOKMARK","object":'),
  ERROR: Buffer.from('{"type":"ERROR","object":'),
};
const TAIL = Buffer.from('}\n');

function jsonEvent(type: keyof typeof HEADS, object: Buffer): Buffer[] {
  return [HEADS[type], object, TAIL];
}

function bytesOf(object: CachedObject | KubeObject): Buffer {
  return object instanceof CachedObject ? object.bytes : Buffer.from(JSON.stringify(object));
}

function partialBytes(object: CachedObject | KubeObject, version: string): Buffer {
  const make = () => Buffer.from(JSON.stringify(partialOf(objectOf(object), version)));
  return object instanceof CachedObject ? object.derived(`partial ${version}`, make) : make();
}
