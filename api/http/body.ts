/** Reading a request's body off the wire, and getting rid of one that nobody reads. */
import type { IncomingMessage } from 'node:http';
import { constants, type Http2ServerRequest } from 'node:http2';
import type { Clock } from '../../base/clock.ts';
import { requestTooLarge, timeout, tooManyRequests } from '../../openapi/status.ts';
import type { Ending } from './ending.ts';

/** Upstream's limit for a request's body. */
export const BODY_MAX_BYTES = 3 * 1024 * 1024;
/** As long as upstream gives any request that is no watch. */
export const BODY_TIMEOUT_MS = 60_000;
/** What a client may still send of a body that has been refused, so that it gets to read the refusal. */
const DRAIN_MAX_BYTES = 64 * 1024 * 1024;
/** How long it may take to send that. */
const DRAIN_MS = 10_000;
/** For all bodies that are being read at a time: 40 of the largest there may be. */
export const BODIES_MAX_BYTES = 40 * BODY_MAX_BYTES;
/** Pieces below half of this are gathered in a buffer of this size: each by itself costs a hundred times its bytes. */
const GATHER_BYTES = 4 * 1024;

type Incoming = IncomingMessage | Http2ServerRequest;

/**
 * What unfinished bodies hold in memory. Where it is too much, the one that was begun first has to go: whoever sends as
 * fast as he can is done long before those who only hold on to what they have.
 */
export class BodyMemory {
  readonly #limit: number;
  readonly #bodies = new Set<Body>();
  #bytes = 0;

  constructor(limit = BODIES_MAX_BYTES) {
    this.#limit = limit;
  }

  get bytes(): number {
    return this.#bytes;
  }

  begin(body: Body): void {
    this.#bodies.add(body);
  }

  grow(body: Body, bytes: number): void {
    body.held += bytes;
    this.#bytes += bytes;
    while (this.#bytes > this.#limit) {
      const [oldest] = this.#bodies;
      if (!oldest) return;
      oldest.fail(tooManyRequests('Too many requests, please try again later.', 1));
    }
  }

  end(body: Body): void {
    if (this.#bodies.delete(body)) this.#bytes -= body.held;
  }
}

interface Body {
  held: number;
  /** Ends the reading; must call `end`. */
  fail(error: unknown): void;
}

/**
 * The whole body. Rejects with 413 past the limit, 504 when the client takes too long, 429 when all bodies together are
 * too much, with `ending`'s reason when it comes. The rest of a body that was refused is left unread: see
 * `discardBody`.
 */
export function readBody(request: Incoming, clock: Clock, ending: Ending, memory: BodyMemory): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    if (ending.over) {
      reject(ending.reason);
      return;
    }
    if (Number(request.headers['content-length'] ?? 0) > BODY_MAX_BYTES) {
      reject(requestTooLarge(BODY_MAX_BYTES));
      return;
    }
    const pieces = new Pieces();
    const onData = (chunk: Buffer) => {
      if (pieces.size + chunk.length > BODY_MAX_BYTES) {
        body.fail(requestTooLarge(BODY_MAX_BYTES));
        return;
      }
      pieces.add(chunk);
      memory.grow(body, chunk.length);
    };
    const onEnd = () => {
      done();
      resolve(pieces.joined());
    };
    const done = () => {
      timer.cancel();
      memory.end(body);
      request.removeListener('data', onData);
      request.removeListener('end', onEnd);
      takeBack();
    };
    const body: Body = {
      held: 0,
      fail(error) {
        done();
        request.pause();
        reject(error);
      },
    };
    const timer = clock.after(BODY_TIMEOUT_MS, () =>
      body.fail(timeout('request did not complete within the allotted timeout', 1)),
    );
    const takeBack = ending.once(() => body.fail(ending.reason));
    memory.begin(body);
    request.on('data', onData);
    request.on('end', onEnd);
  });
}

/** Chunks as they come, small ones copied together, so that the memory they take is near the bytes they hold. */
class Pieces {
  size = 0;
  readonly #whole: Buffer[] = [];
  #gathering = EMPTY;
  #gathered = 0;

  add(chunk: Buffer): void {
    this.size += chunk.length;
    if (this.#gathered + chunk.length > this.#gathering.length) this.#flush();
    // The first is mostly the only one; it is kept as it is.
    if (chunk.length >= GATHER_BYTES / 2 || this.size === chunk.length) {
      this.#flush();
      this.#whole.push(chunk);
      return;
    }
    if (this.#gathering.length === 0) this.#gathering = Buffer.allocUnsafeSlow(GATHER_BYTES);
    chunk.copy(this.#gathering, this.#gathered);
    this.#gathered += chunk.length;
  }

  joined(): Buffer {
    this.#flush();
    return this.#whole.length === 1 && this.#whole[0] ? this.#whole[0] : Buffer.concat(this.#whole);
  }

  #flush(): void {
    if (this.#gathered > 0) this.#whole.push(this.#gathering.subarray(0, this.#gathered));
    this.#gathering = EMPTY;
    this.#gathered = 0;
  }
}

const EMPTY = Buffer.alloc(0);

/**
 * For a request that has been answered: what the client still sends is read and forgotten, up to limits, so that it
 * keeps the connection from nobody. An HTTP/2 stream must not be reset before that: nghttp2 sends a reset ahead of
 * what it has still to write, and the client would lose its answer.
 */
export function discardBody(request: Incoming, clock: Clock): void {
  if (request.readableEnded || request.destroyed) return;
  if (!hasAll(request)) {
    let left = DRAIN_MAX_BYTES;
    request.on('data', (chunk: Buffer) => {
      left -= chunk.length;
      if (left < 0) breakOff(request);
    });
    const timer = clock.after(DRAIN_MS, () => breakOff(request));
    request.once('end', () => timer.cancel()).once('close', () => timer.cancel());
  }
  request.resume();
}

/** Whether the client has sent everything, read or not. */
function hasAll(request: Incoming): boolean {
  return 'stream' in request ? request.stream.endAfterHeaders : request.complete;
}

function breakOff(request: Incoming): void {
  if ('stream' in request) request.stream.close(constants.NGHTTP2_NO_ERROR);
  else request.destroy();
}
