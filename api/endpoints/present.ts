/** Turns what a handler answered into bytes of the negotiated form. Stored bytes are passed on as they are. */
import { apiVersionOf, type KubeObject } from '../../openapi/object.ts';
import { badRequest } from '../../openapi/status.ts';
import type { ApiResult, ListMetadata, WatchFrame, WatchType } from '../http/request.ts';
import type { ResourceDeclaration } from '../registry/declaration.ts';
import { CachedObject } from '../storage/watch-cache.ts';
import type { Presentation } from './negotiate.ts';
import { partialOf, type TableOptions, tableOf } from './table.ts';

export interface PresentOptions {
  presentation: Presentation;
  /** The request's `includeObject`. */
  includeObject: string | null;
  now: number;
}

/** Bytes of one object, in pieces to be written one after the other. */
export async function presentObject(
  result: Extract<ApiResult, { kind: 'object' }>,
  options: PresentOptions,
): Promise<Buffer[]> {
  const { presentation } = options;
  if (result.object instanceof CachedObject && isPlain(presentation)) return [result.object.bytes];
  return encode(shape(objectOf(result.object), result.resource, options), presentation);
}

/** Bytes of a list. The plain form joins stored bytes with commas and parses nothing. */
export async function presentList(
  result: Extract<ApiResult, { kind: 'list' }>,
  options: PresentOptions,
): Promise<Buffer[]> {
  const { presentation } = options;
  const { resource, items, metadata } = result;
  if (isPlain(presentation)) return listBytes(resource, items, metadata);
  const objects = items.map((item) => item.object);
  if (presentation.as?.kind === 'Table')
    return encode(tableOf(resource, objects, metadata, tableOptions(options, true)), presentation);
  if (presentation.as) {
    const { version } = presentation.as;
    const list = {
      kind: 'PartialObjectMetadataList',
      apiVersion: `meta.k8s.io/${version}`,
      metadata,
      items: objects.map((o) => partialOf(o, version)),
    };
    return encode(list, presentation);
  }
  return encode(JSON.parse(Buffer.concat(listBytes(resource, items, metadata)).toString()), presentation);
}

/**
 * Encodes the frames of one watch, in pieces to be written one after the other; keeps what must differ between the
 * first and the later ones. Throws BadRequest for options that no frame can meet.
 */
export function framePresenter(
  resource: ResourceDeclaration,
  options: PresentOptions,
): (frames: readonly WatchFrame[], now: number) => Iterable<Buffer> {
  const { as } = options.presentation;
  if (!as) return plainFrames;
  const shown =
    as.kind === 'Table' ? tableRows(resource, options) : (object: KubeObject) => partialOf(object, as.version);
  return function* (frames, now) {
    for (const { type, object } of frames)
      yield Buffer.from(`${JSON.stringify({ type, object: shown(objectOf(object), now) })}\n`);
  };
}

/** Tables of one row each, of which only the first says what the columns are. */
function tableRows(
  resource: ResourceDeclaration,
  options: PresentOptions,
): (object: KubeObject, now: number) => object {
  let table = tableOptions(options, true);
  return (object, now) => {
    const metadata = { resourceVersion: object.metadata?.resourceVersion };
    const shown = tableOf(resource, [object], metadata, { ...table, now });
    table = { ...table, headers: false };
    return shown;
  };
}

const FRAME_HEADS: Record<WatchType, Buffer> = {
  ADDED: Buffer.from('{"type":"ADDED","object":'),
  MODIFIED: Buffer.from('{"type":"MODIFIED","object":'),
  DELETED: Buffer.from('{"type":"DELETED","object":'),
  BOOKMARK: Buffer.from('{"type":"BOOKMARK","object":'),
};
const FRAME_TAIL = Buffer.from('}\n');

/** Events as plain JSON: the object's bytes are those that were encoded when it was committed, for all watchers. */
function* plainFrames(frames: readonly WatchFrame[]): Generator<Buffer> {
  for (const { type, object } of frames) {
    yield FRAME_HEADS[type];
    yield object instanceof CachedObject ? object.bytes : Buffer.from(JSON.stringify(object));
    yield FRAME_TAIL;
  }
}

/** As much as is worth a write, and no more than may wait in memory for a client that reads slowly. */
const SLICE_BYTES = 64 * 1024;

/** Joins pieces to slices, each to be written before the next is made. */
export function* slices(pieces: Iterable<Buffer>): Generator<Buffer> {
  let gathered: Buffer[] = [];
  let size = 0;
  for (const piece of pieces) {
    gathered.push(piece);
    size += piece.length;
    if (size < SLICE_BYTES) continue;
    yield joined(gathered, size);
    gathered = [];
    size = 0;
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

function shape(object: KubeObject, resource: ResourceDeclaration | undefined, options: PresentOptions): unknown {
  const { as } = options.presentation;
  if (!as || !resource) return object;
  if (as.kind === 'Table') {
    return tableOf(
      resource,
      [object],
      { resourceVersion: object.metadata?.resourceVersion },
      tableOptions(options, true),
    );
  }
  return partialOf(object, as.version);
}

function tableOptions(options: PresentOptions, headers: boolean): TableOptions {
  const includeObject = options.includeObject || 'Metadata';
  if (includeObject !== 'None' && includeObject !== 'Metadata' && includeObject !== 'Object') {
    throw badRequest(
      `Unable to convert to Table as requested: includeObject: Invalid value: ${JSON.stringify(includeObject)}: must be 'Metadata', 'Object', 'None', or empty`,
    );
  }
  return { version: options.presentation.as?.version ?? 'v1', includeObject, headers, now: options.now };
}

function isPlain(presentation: Presentation): boolean {
  return presentation.format === 'json' && !presentation.as && !presentation.pretty;
}

const COMMA = Buffer.from(',');
const OPEN = Buffer.from('{');

/** Items of a list carry no kind and apiVersion of their own upstream; both lead the stored bytes, so they are cut off. */
function listBytes(resource: ResourceDeclaration, items: readonly CachedObject[], metadata: ListMetadata): Buffer[] {
  const apiVersion = apiVersionOf(resource);
  const lead = Buffer.from(`{"kind":${JSON.stringify(resource.kind)},"apiVersion":${JSON.stringify(apiVersion)},`);
  const pieces: Buffer[] = [
    Buffer.from(
      `{"kind":"${resource.kind}List","apiVersion":${JSON.stringify(apiVersion)},"metadata":${JSON.stringify(metadata)},"items":[`,
    ),
  ];
  for (const item of items) {
    if (pieces.length > 1) pieces.push(COMMA);
    if (item.bytes.subarray(0, lead.length).equals(lead)) pieces.push(OPEN, item.bytes.subarray(lead.length));
    else pieces.push(item.bytes);
  }
  pieces.push(Buffer.from(']}'));
  return pieces;
}

/** Bytes of any value. */
export async function encode(value: unknown, presentation: Presentation): Promise<Buffer[]> {
  if (presentation.format === 'yaml') {
    const { dump } = await import('js-yaml');
    return [Buffer.from(dump(value, { noRefs: true }))];
  }
  return [Buffer.from(presentation.pretty ? JSON.stringify(value, null, 2) : JSON.stringify(value))];
}
