/** Reading a request's body off the wire, and getting rid of one that nobody reads. */
import type { IncomingMessage } from 'node:http';
import { constants, type Http2ServerRequest } from 'node:http2';
import type { Clock } from '../../base/clock.ts';
import { requestTooLarge, timeout } from '../../openapi/status.ts';

/** Upstream's limit for a request's body. */
export const BODY_MAX_BYTES = 3 * 1024 * 1024;
/** As long as upstream gives any request that is no watch. */
const BODY_TIMEOUT_MS = 60_000;
/** What a client may still send of a body that has been refused, so that it gets to read the refusal. */
const DRAIN_MAX_BYTES = 64 * 1024 * 1024;

/**
 * The whole body. Rejects with 413 past the limit, 504 when the client takes too long, with the signal's reason when it
 * aborts. The rest of a body that was refused is left unread: see `discardBody`.
 */
export function readBody(
  request: IncomingMessage | Http2ServerRequest,
  clock: Clock,
  signal: AbortSignal,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    if (Number(request.headers['content-length'] ?? 0) > BODY_MAX_BYTES) {
      reject(requestTooLarge(BODY_MAX_BYTES));
      return;
    }
    const chunks: Buffer[] = [];
    let size = 0;
    const onData = (chunk: Buffer) => {
      size += chunk.length;
      if (size > BODY_MAX_BYTES) fail(requestTooLarge(BODY_MAX_BYTES));
      else chunks.push(chunk);
    };
    const onEnd = () => {
      done();
      resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks));
    };
    const onAbort = () => fail(signal.reason);
    const done = () => {
      timer.cancel();
      request.removeListener('data', onData);
      request.removeListener('end', onEnd);
      signal.removeEventListener('abort', onAbort);
    };
    const fail = (error: unknown) => {
      done();
      request.pause();
      reject(error);
    };
    const timer = clock.after(BODY_TIMEOUT_MS, () =>
      fail(timeout('request did not complete within the allotted timeout', 1)),
    );
    request.on('data', onData);
    request.on('end', onEnd);
    signal.addEventListener('abort', onAbort);
  });
}

/**
 * For a request that has been answered: what the client still sends is read and forgotten, up to a limit, so that it
 * keeps the connection from nobody. An HTTP/2 stream must not be reset before that: nghttp2 sends a reset ahead of
 * what it has still to write, and the client would lose its answer.
 */
export function discardBody(request: IncomingMessage | Http2ServerRequest): void {
  if (request.readableEnded || request.destroyed) return;
  let left = DRAIN_MAX_BYTES;
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left >= 0) return;
    if ('stream' in request) request.stream.close(constants.NGHTTP2_NO_ERROR);
    else request.destroy();
  });
  request.resume();
}
