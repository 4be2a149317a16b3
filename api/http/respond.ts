/** Writes what a handler answered, in the form the client asked for. */
import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import { internalError, isStatus, PlainError, type Status, type StatusError, timeout } from '../../openapi/status.ts';
import { encodeAhead, hasProtobuf, mayHaveProtobuf } from '../endpoints/encode-protobuf.ts';
import {
  CONTENT_TYPES,
  checkRoute,
  LIST_TYPES,
  MEDIA_TYPES,
  negotiate,
  PLAIN,
  type Presentation,
} from '../endpoints/negotiate.ts';
import { encode, hasTables, type PresentOptions, presentList, presentObject, slices } from '../endpoints/present.ts';
import type { ResourceDeclaration } from '../registry/declaration.ts';
import { storageToStatus } from '../registry/store/errors.ts';
import { StorageError } from '../storage/interface.ts';
import { acceptsGzip, GZIP_MIN_BYTES, sendCompressed } from './compress.ts';
import type { WireRequest } from './listener.ts';
import type { ApiRequest, ApiResult } from './request.ts';
import { respondStream, respondWatch } from './respond-stream.ts';
import type { Headers, WireResponse } from './wire-response.ts';

/**
 * How the request wants its answer. Throws 406. Without a resource, as long as nobody knows whether what the path
 * names is served, it is guessed by the group what forms there can be.
 */
export function presentationOf(request: ApiRequest, resource?: ResourceDeclaration): Presentation {
  const { info } = request;
  const { group = '', subresource = '' } = info.resource ?? {};
  if (PASSED_ON.test(subresource)) return PLAIN;
  const protobuf = resource ? hasProtobuf(resource) : mayHaveProtobuf(group);
  const tables = resource ? hasTables(resource) : !REVIEWS.has(group);
  const accept = request.header('accept');
  // Custom resources are served past the router.
  if (protobuf) checkRoute(accept, info.resource?.name === '' && request.method === 'GET' ? LIST_TYPES : MEDIA_TYPES);
  return negotiate(accept, {
    userAgent: request.header('user-agent') ?? '',
    pretty: request.query.get('pretty'),
    stream: info.verb === 'watch',
    transforms: true,
    tables,
    protobuf,
  });
}

/** What answers for itself, in whatever form it likes. */
const PASSED_ON = /^(?:attach|exec|log|portforward|proxy)(?:\/|$)/;

/** Groups of which everything is answered and nothing kept. */
const REVIEWS: ReadonlySet<string> = new Set(['authentication.k8s.io', 'authorization.k8s.io']);

/** Writes a result; resolves when all of it is out, or the client is gone. */
export async function respond(
  result: ApiResult,
  request: ApiRequest,
  response: WireResponse,
  clock: Clock,
  headers: Headers,
): Promise<void> {
  switch (result.kind) {
    case 'taken':
      return;
    case 'raw':
      return respondRaw(result, request, response, headers);
    case 'stream':
      return respondStream(result, request, response, clock, headers);
  }
  const presentation = presentationOf(request, result.resource);
  const options = { presentation, includeObject: request.query.get('includeObject'), now: clock.now() };
  if (result.kind === 'watch') {
    const watchHeaders = { ...headers, ...warningHeaders(request) };
    return respondWatch(result, request, response, clock, watchHeaders, options);
  }
  await respondObject(result, request, response, headers, options);
}

async function respondRaw(
  result: Extract<ApiResult, { kind: 'raw' }>,
  request: ApiRequest,
  response: WireResponse,
  headers: Headers,
): Promise<void> {
  const body = typeof result.body === 'string' ? Buffer.from(result.body) : result.body;
  const own = { ...headers, ...result.headers };
  const start = { ...own, ...(result.contentType === '' ? {} : { 'content-type': result.contentType }) };
  await send([body], result.status, request, response, start);
}

async function respondObject(
  result: Extract<ApiResult, { kind: 'object' | 'list' }>,
  request: ApiRequest,
  response: WireResponse,
  headers: Headers,
  options: PresentOptions,
): Promise<void> {
  const { format, as } = options.presentation;
  if (result.kind === 'list' && format === 'protobuf' && !as) await encodeAhead(result.resource, result.items);
  const pieces = result.kind === 'list' ? presentList(result, options) : presentObject(result, options);
  await send(pieces, result.kind === 'list' ? 200 : result.status, request, response, {
    ...headers,
    ...warningHeaders(request),
    'content-type': CONTENT_TYPES[options.presentation.format],
  });
}

/** Writes a whole body no faster than the client reads it, compressed where it is large and the client reads that. */
async function send(
  pieces: readonly Buffer[],
  status: number,
  request: ApiRequest,
  response: WireResponse,
  headers: Headers,
): Promise<void> {
  const size = lengthOf(pieces);
  if (request.method === 'GET' && size > GZIP_MIN_BYTES && acceptsGzip(request.header('accept-encoding'))) {
    const vary = [headers.vary ?? [], 'Accept-Encoding'].flat().join(', ');
    response.start(status, { ...headers, vary, 'content-encoding': 'gzip' });
    return sendCompressed(slices(pieces), response);
  }
  response.start(status, status === 304 ? headers : { ...headers, 'content-length': String(size) });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  let left = size;
  for (const slice of slices(pieces)) {
    left -= slice.length;
    if (left > 0) await response.write(slice);
    else response.end(slice);
  }
  if (size === 0) response.end();
}

function lengthOf(pieces: readonly Buffer[]): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0);
}

/** Writes a refusal as a `Status`, in whatever the client accepts of what a Status can be written in, or in JSON. */
export async function respondError(
  error: unknown,
  request: Pick<WireRequest, 'method' | 'header' | 'url'>,
  response: WireResponse,
  headers: Headers,
): Promise<Status> {
  const { status } = statusOf(error);
  if (error instanceof PlainError) return respondPlain(error, request, response, headers);
  const presentation = refusalPresentation(request);
  const body = Buffer.concat(encode(status, presentation));
  const retry = status.details?.retryAfterSeconds;
  response.start(status.code, {
    ...headers,
    'content-type': CONTENT_TYPES[presentation.format],
    'content-length': String(body.length),
    ...(retry === undefined ? {} : { 'retry-after': String(retry) }),
    ...(status.code === 401 ? { 'www-authenticate': 'Bearer realm="kubernetes-master"' } : {}),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
  return status;
}

function respondPlain(
  { status, message }: PlainError,
  request: Pick<WireRequest, 'method' | 'url'>,
  response: WireResponse,
  headers: Headers,
): Status {
  const text = `Internal Server Error: ${JSON.stringify(request.url)}: ${message}`;
  const body = Buffer.from(`${text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')}\n`);
  response.start(status.code, {
    ...headers,
    'content-type': 'text/plain; charset=utf-8',
    'content-length': String(body.length),
    'x-content-type-options': 'nosniff',
  });
  response.end(request.method === 'HEAD' ? undefined : body);
  return status;
}

function refusalPresentation({ header, url }: Pick<WireRequest, 'header' | 'url'>): Presentation {
  const mark = url.indexOf('?');
  const pretty = mark < 0 ? null : new URLSearchParams(url.slice(mark + 1)).get('pretty');
  try {
    return negotiate(header('accept'), { userAgent: header('user-agent') ?? '', pretty });
  } catch (error) {
    // Whoever accepts none of our forms is somebody looking at it.
    if (isStatus(error)) return { ...PLAIN, pretty: true };
    throw error;
  }
}

/** Any error as a `StatusError`: what is none of ours is an internal error. */
export function statusOf(error: unknown): StatusError {
  if (isStatus(error)) return error;
  if (error instanceof StorageError) {
    const translated = storageToStatus(error, { group: '', resource: '' }, '');
    if (isStatus(translated)) return translated;
  }
  if (error instanceof Error && error.name === 'AbortError')
    return timeout('the request was ended before it was answered', 1);
  return internalError(messageOf(error));
}

/** What the client should know beside the answer. */
export function warningHeaders(request: ApiRequest): Headers {
  if (request.warnings.length === 0) return {};
  return { warning: request.warnings.map((text) => `299 - ${JSON.stringify(text.replace(/[^\x20-\x7e]/g, '?'))}`) };
}
