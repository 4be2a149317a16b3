/** Turns what a handler answered into bytes of the negotiated form. Stored bytes are passed on as they are. */
import { apiVersionOf, type KubeObject } from '../../openapi/object.ts';
import { badRequest } from '../../openapi/status.ts';
import type { ApiResult, ListMetadata, WatchFrame } from '../http/request.ts';
import type { ResourceDeclaration } from '../registry/declaration.ts';
import { CachedObject } from '../storage/watch-cache.ts';
import type { Presentation } from './negotiate.ts';
import { partialOf, tableOf } from './table.ts';

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

/** Encodes the frames of one watch; keeps what must differ between the first and the later ones. */
export function framePresenter(
  resource: ResourceDeclaration,
  options: PresentOptions,
): (frames: readonly WatchFrame[], now: number) => Buffer {
  const { as } = options.presentation;
  let headers = true;
  return (frames, now) => {
    if (!as) return Buffer.concat(frames.map(plainFrame));
    const lines = frames.map((frame) => {
      const object = objectOf(frame.object);
      const shown =
        as.kind === 'Table'
          ? tableOf(
              resource,
              [object],
              { resourceVersion: object.metadata?.resourceVersion },
              tableOptions({ ...options, now }, headers),
            )
          : partialOf(object, as.version);
      headers = false;
      return `${JSON.stringify({ type: frame.type, object: shown })}\n`;
    });
    return Buffer.from(lines.join(''));
  };
}

const encodedFrames = new WeakMap<CachedObject, Map<string, Buffer>>();

/** One event as plain JSON, encoded once however many watchers there are. */
function plainFrame(frame: WatchFrame): Buffer {
  const { type, object } = frame;
  if (!(object instanceof CachedObject)) return Buffer.from(`${JSON.stringify({ type, object })}\n`);
  let byType = encodedFrames.get(object);
  if (!byType) {
    byType = new Map();
    encodedFrames.set(object, byType);
  }
  let bytes = byType.get(type);
  if (!bytes) {
    bytes = Buffer.concat([Buffer.from(`{"type":"${type}","object":`), object.bytes, Buffer.from('}\n')]);
    byType.set(type, bytes);
  }
  return bytes;
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

function tableOptions(options: PresentOptions, headers: boolean) {
  const includeObject = options.includeObject || 'Metadata';
  if (includeObject !== 'None' && includeObject !== 'Metadata' && includeObject !== 'Object') {
    throw badRequest(`unrecognized includeObject value: ${JSON.stringify(includeObject)}`);
  }
  return { version: options.presentation.as?.version ?? 'v1', includeObject, headers, now: options.now } as const;
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
