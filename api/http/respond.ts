/** Writes what a handler answered, in the form the client asked for. */
import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import { internalError, isStatus, type Status, type StatusError, timeout } from '../../openapi/status.ts';
import { negotiate, PLAIN, type Presentation } from '../endpoints/negotiate.ts';
import { encode, framePresenter, presentList, presentObject, slices } from '../endpoints/present.ts';
import { storageToStatus } from '../registry/store/errors.ts';
import { StorageError } from '../storage/interface.ts';
import type { WireRequest } from './listener.ts';
import type { ApiRequest, ApiResult } from './request.ts';
import type { WireResponse } from './wire-response.ts';

const CONTENT_TYPES: Record<Presentation['format'], string> = { json: 'application/json', yaml: 'application/yaml' };

/** How the request wants its answer. Throws 406. */
export function presentationOf(request: ApiRequest): Presentation {
  return negotiate(request.header('accept'), {
    userAgent: request.header('user-agent') ?? '',
    pretty: request.query.get('pretty'),
    stream: request.info.verb === 'watch',
  });
}

/** Writes a result; resolves when all of it is out, or the client is gone. */
export async function respond(
  result: ApiResult,
  request: ApiRequest,
  response: WireResponse,
  clock: Clock,
  headers: Record<string, string | string[]>,
): Promise<void> {
  if (result.kind === 'taken') return;
  if (result.kind === 'raw') {
    const body = typeof result.body === 'string' ? Buffer.from(result.body) : result.body;
    response.start(result.status, {
      ...headers,
      ...result.headers,
      'content-type': result.contentType,
      'content-length': String(body.length),
    });
    response.end(request.method === 'HEAD' ? undefined : body);
    return;
  }
  if (result.kind === 'stream') {
    response.start(result.status, { ...headers, 'content-type': result.contentType });
    for await (const chunk of result.body) await response.write(chunk);
    response.end();
    return;
  }
  const presentation = presentationOf(request);
  const options = { presentation, includeObject: request.query.get('includeObject'), now: clock.now() };
  if (result.kind === 'watch') return streamFrames(result, request, response, clock, headers, options);
  const chunks = result.kind === 'list' ? await presentList(result, options) : await presentObject(result, options);
  const status = result.kind === 'list' ? 200 : result.status;
  const warnings = warningHeaders(request);
  response.start(status, {
    ...headers,
    ...warnings,
    'content-type': CONTENT_TYPES[presentation.format],
    'content-length': String(lengthOf(chunks)),
  });
  if (request.method === 'HEAD') response.end();
  else await send(response, chunks);
}

/** Writes a whole body no faster than the client reads it. */
async function send(response: WireResponse, pieces: readonly Buffer[]): Promise<void> {
  let last: Buffer | undefined;
  for (const slice of slices(pieces)) {
    if (last) await response.write(last);
    last = slice;
  }
  response.end(last);
}

function lengthOf(pieces: readonly Buffer[]): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0);
}

async function streamFrames(
  result: Extract<ApiResult, { kind: 'watch' }>,
  request: ApiRequest,
  response: WireResponse,
  clock: Clock,
  headers: Record<string, string | string[]>,
  options: { presentation: Presentation; includeObject: string | null; now: number },
): Promise<void> {
  const encode = framePresenter(result.resource, options);
  response.start(200, { ...headers, 'content-type': CONTENT_TYPES[options.presentation.format] });
  // The client waits for the headers to know that its watch stands; an empty chunk sends them.
  await response.write(Buffer.alloc(0));
  try {
    for await (const frames of result.frames) {
      for (const slice of slices(encode(frames, clock.now()))) await response.write(slice);
    }
  } catch (error) {
    // The client is gone, or does not read what is waiting for it and the server will not wait.
    if (request.signal.aborted) throw error;
    const { status } = statusOf(error);
    await response.write(Buffer.from(`${JSON.stringify({ type: 'ERROR', object: status })}\n`));
  }
  response.end();
}

/** Writes a refusal as a `Status`, in YAML to whom accepts nothing else of ours. */
export async function respondError(
  error: unknown,
  request: Pick<WireRequest, 'method' | 'header'>,
  response: WireResponse,
  headers: Record<string, string | string[]>,
): Promise<Status> {
  const { status } = statusOf(error);
  const presentation = refusalPresentation(request.header('accept'));
  const chunks = await encode(status, presentation);
  const retry = status.details?.retryAfterSeconds;
  response.start(status.code, {
    ...headers,
    'content-type': CONTENT_TYPES[presentation.format],
    'content-length': String(lengthOf(chunks)),
    ...(retry === undefined ? {} : { 'retry-after': String(retry) }),
    ...(status.code === 401 ? { 'www-authenticate': 'Bearer realm="kubernetes-master"' } : {}),
  });
  response.end(request.method === 'HEAD' ? undefined : Buffer.concat(chunks));
  return status;
}

function refusalPresentation(accept: string | undefined): Presentation {
  try {
    return negotiate(accept, { stream: false });
  } catch (error) {
    if (isStatus(error)) return PLAIN;
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

function warningHeaders(request: ApiRequest): Record<string, string[]> {
  if (request.warnings.length === 0) return {};
  return { warning: request.warnings.map((text) => `299 - ${JSON.stringify(text.replace(/[^\x20-\x7e]/g, '?'))}`) };
}
