/** One client's connection to one server, over HTTP/1.1 or HTTP/2: made when it is needed, again when it has broken. */
import http2 from 'node:http2';
import { Agent, request as httpsRequest } from 'node:https';
import type { Readable } from 'node:stream';
import { codeOf } from '../../base/errors.ts';

export interface Endpoint {
  /** For example `https://127.0.0.1:6443`. */
  origin: string;
  ca: string;
  token: string;
}

export interface Request {
  method: string;
  path: string;
  body?: string;
  contentType?: string;
}

interface Response {
  status: number;
  body: Readable;
}

/** Nobody listened: the request has certainly not been seen. */
export class NotSentError extends Error {}

/** The connection broke, so that nobody knows what came of the request. */
export class LostError extends Error {}

const ANSWER_MS_MAX = 20_000;

export class Connection {
  readonly #send: (request: Request, signal: AbortSignal) => Promise<Response>;
  readonly #abort = new AbortController();
  readonly #close: () => void;

  constructor(endpoint: Endpoint, version: 1 | 2) {
    const wire = version === 1 ? overHttp1(endpoint) : overHttp2(endpoint);
    this.#send = wire.send;
    this.#close = wire.close;
  }

  /** The status and the whole body, parsed. Rejects with NotSentError or LostError; another error after 20 seconds. */
  async ask(request: Request): Promise<{ status: number; body: unknown }> {
    const late = AbortSignal.timeout(ANSWER_MS_MAX);
    const signal = AbortSignal.any([late, this.#abort.signal]);
    try {
      const { status, body } = await this.#send(request, signal);
      const text = await textOf(body, signal);
      return { status, body: JSON.parse(text) as unknown };
    } catch (error) {
      if (late.aborted) throw new Error(`no answer within ${ANSWER_MS_MAX} ms: ${request.method} ${request.path}`);
      throw translated(error);
    }
  }

  /**
   * Calls back with each line, parsed; resolves when the server has ended the stream, rejects as `ask` does, and with
   * LostError when the signal aborts.
   */
  async follow(
    path: string,
    signal: AbortSignal,
    onOpen: (status: number) => void,
    onLine: (line: unknown) => void,
  ): Promise<void> {
    const either = AbortSignal.any([signal, this.#abort.signal]);
    try {
      const { status, body } = await this.#send({ method: 'GET', path }, either);
      onOpen(status);
      await linesOf(body, either, (line) => {
        // What comes after the client has left is not taken any more.
        if (!either.aborted) onLine(JSON.parse(line));
      });
    } catch (error) {
      throw translated(error);
    }
  }

  close(): void {
    this.#abort.abort();
    this.#close();
  }
}

function translated(error: unknown): Error {
  const message = error instanceof Error ? error.message : String(error);
  if (codeOf(error) === 'ECONNREFUSED') return new NotSentError(message, { cause: error });
  return new LostError(message, { cause: error });
}

interface Wire {
  send(request: Request, signal: AbortSignal): Promise<Response>;
  close(): void;
}

function headersOf({ token }: Endpoint, { body, contentType }: Request): Record<string, string> {
  return {
    authorization: `Bearer ${token}`,
    accept: 'application/json',
    ...(body === undefined ? {} : { 'content-type': contentType ?? 'application/json' }),
  };
}

function overHttp1(endpoint: Endpoint): Wire {
  const agent = new Agent({ keepAlive: true, ca: endpoint.ca });
  return {
    send: (request, signal) =>
      new Promise((resolve, reject) => {
        const url = `${endpoint.origin}${request.path}`;
        const length = request.body === undefined ? {} : { 'content-length': Buffer.byteLength(request.body) };
        const headers = { ...headersOf(endpoint, request), ...length };
        const outgoing = httpsRequest(url, { method: request.method, agent, headers, signal }, (response) =>
          resolve({ status: response.statusCode ?? 0, body: response }),
        );
        outgoing.on('error', reject);
        outgoing.end(request.body);
      }),
    close: () => agent.destroy(),
  };
}

function overHttp2(endpoint: Endpoint): Wire {
  let session: http2.ClientHttp2Session | undefined;
  const connected = async () => {
    if (session && !session.closed && !session.destroyed) return session;
    const made = http2.connect(endpoint.origin, { ca: endpoint.ca });
    session = made;
    // Requests under way are told themselves.
    made.on('error', () => made.destroy());
    await new Promise<void>((resolve, reject) => {
      made.once('connect', () => resolve());
      made.once('error', reject);
      made.once('close', () => reject(new Error('closed before it was connected')));
    });
    return made;
  };
  const send = async (request: Request, signal: AbortSignal): Promise<Response> => {
    const { method, path, body } = request;
    const headers = { ':method': method, ':path': path, ...headersOf(endpoint, request) };
    // Left to itself, node takes a DELETE to have no body.
    const stream = (await connected()).request(headers, { signal, endStream: body === undefined });
    return new Promise((resolve, reject) => {
      stream.on('response', (answer) => resolve({ status: Number(answer[':status']), body: stream }));
      stream.on('error', reject);
      stream.on('close', () => reject(new Error('the stream was closed without an answer')));
      if (body !== undefined) stream.end(body);
    });
  };
  return { send, close: () => session?.destroy() };
}

/** Reads to a proper end. A body that just stops, because the server died, is a failure. */
async function read(body: Readable, signal: AbortSignal, onText: (text: string) => void): Promise<void> {
  body.setEncoding('utf8');
  await new Promise<void>((resolve, reject) => {
    const stop = () => {
      body.destroy();
      reject(new Error('the client has closed'));
    };
    let ended = false;
    signal.addEventListener('abort', stop, { once: true });
    body.on('data', onText);
    body.on('error', reject);
    body.on('aborted', () => reject(new Error('aborted')));
    body.on('end', () => {
      ended = true;
    });
    body.on('close', () => {
      signal.removeEventListener('abort', stop);
      if (ended && !wasCut(body)) resolve();
      else reject(new Error('the body was cut off'));
    });
  });
}

function wasCut(body: Readable): boolean {
  if ('complete' in body) return body.complete !== true;
  return 'rstCode' in body && body.rstCode !== http2.constants.NGHTTP2_NO_ERROR;
}

async function textOf(body: Readable, signal: AbortSignal): Promise<string> {
  let text = '';
  await read(body, signal, (part) => {
    text += part;
  });
  return text;
}

async function linesOf(body: Readable, signal: AbortSignal, onLine: (line: string) => void): Promise<void> {
  let rest = '';
  await read(body, signal, (part) => {
    const lines = (rest + part).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') onLine(line);
  });
}
