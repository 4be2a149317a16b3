/** Turns what a handler answered into bytes of the negotiated form. Stored bytes are passed on as they are. */
import { jsonText } from '../../openapi/json.ts';
import { apiVersionOf, type KubeObject } from '../../openapi/object.ts';
import { badRequest, notAcceptable, StatusError } from '../../openapi/status.ts';
import type { ApiResult, ListMetadata } from '../http/request.ts';
import type { ResourceDeclaration } from '../registry/declaration.ts';
import { CachedObject } from '../storage/watch-cache.ts';
import {
  envelopedValue,
  hasProtobuf,
  protobufList,
  protobufObject,
  protobufPartial,
  protobufPartialList,
} from './encode-protobuf.ts';
import { MEDIA_TYPES, type Presentation } from './negotiate.ts';
import { partialOf, scaleColumns, type TableOptions, tableOf } from './table.ts';
import { emitYaml } from './yaml-emit.ts';

export interface PresentOptions {
  presentation: Presentation;
  /** The request's `includeObject`. */
  includeObject: string | null;
  now: number;
}

/** Bytes of one object, in pieces to be written one after the other. Throws 406 for a form that it does not have. */
export function presentObject(result: Extract<ApiResult, { kind: 'object' }>, options: PresentOptions): Buffer[] {
  const { presentation } = options;
  const { object, resource } = result;
  if (isPlain(presentation) && object instanceof CachedObject) return [object.bytes, NEWLINE];
  const { as, format } = presentation;
  // A Status is never shown as something else.
  if (!as || isStatusObject(object)) {
    return format === 'protobuf' ? [protobufObject(object)] : encode(objectOf(object), presentation);
  }
  if (as.kind === 'PartialObjectMetadataList')
    throw isNoList(resource ?? { group: '', kind: objectOf(object).kind ?? '' });
  if (as.kind === 'Table') return encode(tableOfOne(objectOf(object), resource, options), presentation);
  if (format === 'protobuf') return [protobufPartial(object, as.version)];
  return encode(partialOf(objectOf(object), as.version), presentation);
}

/** Bytes of a list. The plain forms join stored bytes and parse nothing. Throws 406 as `presentObject` does. */
export function presentList(result: Extract<ApiResult, { kind: 'list' }>, options: PresentOptions): Buffer[] {
  const { presentation } = options;
  const { resource, items, metadata } = result;
  const { as, format } = presentation;
  if (isPlain(presentation)) return listBytes(resource, items, metadata);
  if (!as) {
    if (format === 'protobuf') return protobufList(resource, items, metadata);
    return encode(JSON.parse(Buffer.concat(listBytes(resource, items, metadata)).toString()), presentation);
  }
  if (as.kind === 'PartialObjectMetadata') throw isList(resource);
  if (as.kind === 'Table') {
    if (!hasTables(resource)) throw notAcceptable([...MEDIA_TYPES]);
    const objects = items.map((item) => item.object);
    return encode(tableOf(resource, objects, metadata, tableOptions(options, true)), presentation);
  }
  if (format === 'protobuf') return protobufPartialList(as.version, items, metadata);
  const list = {
    kind: 'PartialObjectMetadataList',
    apiVersion: `meta.k8s.io/${as.version}`,
    metadata,
    items: items.map((item) => partialOf(item.object, as.version)),
  };
  return encode(list, presentation);
}

/** Bytes of any value. In protobuf only of kinds that have a message. */
export function encode(value: object, presentation: Presentation): Buffer[] {
  switch (presentation.format) {
    case 'protobuf':
      return [envelopedValue(value)];
    case 'yaml':
      return [Buffer.from(emitYaml(value))];
    case 'json':
      // Only what machines read ends with a newline.
      return [Buffer.from(presentation.pretty ? jsonText(value, 2) : `${jsonText(value)}\n`)];
  }
}

/** As much as is worth a write. */
const SLICE_BYTES = 64 * 1024;
/** No more than this may wait in memory for a client that reads slowly. Larger ones would cost as much to encrypt. */
const SLICE_MAX_BYTES = 512 * 1024;

/** Joins pieces to slices, each to be written before the next is made, and larger than it for a client that reads on. */
export function* slices(pieces: Iterable<Buffer>): Generator<Buffer> {
  let gathered: Buffer[] = [];
  let size = 0;
  let enough = SLICE_BYTES;
  for (const piece of pieces) {
    gathered.push(piece);
    size += piece.length;
    if (size < enough) continue;
    yield joined(gathered, size);
    gathered = [];
    size = 0;
    enough = Math.min(enough * 2, SLICE_MAX_BYTES);
  }
  if (size > 0) yield joined(gathered, size);
}

function joined(pieces: readonly Buffer[], size: number): Buffer {
  return pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces, size);
}

/** The object behind either form. */
export function objectOf(object: CachedObject | KubeObject): KubeObject {
  return object instanceof CachedObject ? object.object : object;
}

function isStatusObject(object: CachedObject | KubeObject): boolean {
  return !(object instanceof CachedObject) && object.kind === 'Status' && object.apiVersion === 'v1';
}

/** A Table of one row. Throws 406 for a kind without columns of its own, 400 for an unknown `includeObject`. */
export function tableOfOne(
  object: KubeObject,
  resource: ResourceDeclaration | undefined,
  options: PresentOptions,
  headers = true,
): object {
  const table = tableOptions(options, headers);
  const columns = columnsOf(object, resource);
  if (!columns) throw notAcceptable([...MEDIA_TYPES]);
  return tableOf({ columns }, [object], { resourceVersion: object.metadata?.resourceVersion }, table);
}

function columnsOf(
  object: KubeObject,
  resource: ResourceDeclaration | undefined,
): ResourceDeclaration['columns'] | undefined {
  if (object.kind === resource?.kind) return resource && hasTables(resource) ? resource.columns : undefined;
  return object.kind === 'Scale' ? scaleColumns(resource?.columns) : undefined;
}

/** What is only ever created, such as a review, has nothing to be listed. */
export function hasTables({ virtual }: ResourceDeclaration): boolean {
  return virtual === undefined || virtual.list !== undefined;
}

/** Throws 400 for an unknown `includeObject`. */
export function tableOptions(options: PresentOptions, headers: boolean): TableOptions {
  const includeObject = options.includeObject || 'Metadata';
  if (includeObject !== 'None' && includeObject !== 'Metadata' && includeObject !== 'Object') {
    throw badRequest(
      `Unable to convert to Table as requested: includeObject: Invalid value: ${JSON.stringify(includeObject)}: must be 'Metadata', 'Object', 'None', or empty`,
    );
  }
  return { version: options.presentation.as?.version ?? 'v1', includeObject, headers, now: options.now };
}

function isList(resource: Named): StatusError {
  return wrongForm(`you requested PartialObjectMetadata, but the requested object is a list (${goType(resource)}List)`);
}

/** Also of a watch's events. */
export function isNoList(resource: Named): StatusError {
  return wrongForm(
    `you requested PartialObjectMetadataList, but the requested object is not a list (${goType(resource)})`,
  );
}

type Named = Pick<ResourceDeclaration, 'group' | 'kind' | 'decode'> & { version?: string };

/** As Go names the type of the object in memory. */
function goType(resource: Named): string {
  if (isCustom(resource)) return '*unstructured.Unstructured';
  return `*${resource.group.split('.')[0] || 'core'}.${resource.kind}`;
}

function wrongForm(message: string): StatusError {
  const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure' } as const;
  return new StatusError({ ...status, message, reason: 'NotAcceptable', code: 406 });
}

function isPlain(presentation: Presentation): boolean {
  return presentation.format === 'json' && !presentation.as && !presentation.pretty;
}

/** Only custom resources read their bodies themselves and have no message. */
function isCustom({ group, version = '', kind, decode }: Named): boolean {
  return decode !== undefined && !hasProtobuf({ group, version, kind });
}

const COMMA = Buffer.from(',');
const OPEN = Buffer.from('{');
const COMMA_OPEN = Buffer.from(',{');
const NEWLINE = Buffer.from('\n');
const NO_LEAD = Buffer.alloc(0);

/**
 * Items of a list carry no kind and apiVersion of their own upstream, but for custom resources; both lead the stored
 * bytes, so they are cut off.
 */
function listBytes(resource: ResourceDeclaration, items: readonly CachedObject[], metadata: ListMetadata): Buffer[] {
  const apiVersion = JSON.stringify(apiVersionOf(resource));
  const lead = isCustom(resource)
    ? NO_LEAD
    : Buffer.from(`{"kind":${JSON.stringify(resource.kind)},"apiVersion":${apiVersion},`);
  // Upstream holds lists of custom resources as maps, in which an empty token is written, too.
  const shown = isCustom(resource) ? { continue: '', ...metadata } : metadata;
  const pieces: Buffer[] = [
    Buffer.from(
      `{"kind":"${resource.kind}List","apiVersion":${apiVersion},"metadata":${JSON.stringify(shown)},"items":[`,
    ),
  ];
  for (const { bytes } of items) {
    const isFirst = pieces.length === 1;
    if (lead.length > 0 && bytes.compare(lead, 0, lead.length, 0, lead.length) === 0) {
      pieces.push(isFirst ? OPEN : COMMA_OPEN, bytes.subarray(lead.length));
    } else if (isFirst) pieces.push(bytes);
    else pieces.push(COMMA, bytes);
  }
  pieces.push(Buffer.from(']}\n'));
  return pieces;
}
