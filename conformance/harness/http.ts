/** Raw requests over keep-alive HTTP/1.1 connections: what goes out is exactly what the test wrote. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import https from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import { systemClock } from '../../base/clock.ts';
import { codeOf } from '../../base/errors.ts';

export interface RequestOptions {
  headers?: Record<string, string>;
  /** An object is sent as JSON; a string or bytes are sent as they are. */
  body?: object | string | Buffer;
  signal?: AbortSignal;
  /** Milliseconds until the request fails; 30,000 unless told otherwise. */
  deadlineMs?: number;
  /** On a connection of its own, as a second attempt is. */
  fresh?: boolean;
}

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  /** The body as JSON. Throws, with the text, if it is none. */
  json<T = unknown>(): T;
}

/** Where the server is and who we are to it. */
export class HttpTarget {
  readonly url: URL;
  readonly #identity: Record<string, string>;
  readonly #tls: https.AgentOptions;
  readonly #agent: https.Agent;

  private constructor(url: URL, identity: Record<string, string>, tls: https.AgentOptions, maxSockets = 16) {
    this.url = url;
    this.#identity = identity;
    this.#tls = tls;
    this.#agent = new https.Agent({ ...tls, keepAlive: true, maxSockets, scheduling: 'fifo' });
  }

  /** The current context of a kubeconfig: server, CA, token or client certificate. */
  static async of(config: KubeConfig): Promise<HttpTarget> {
    const cluster = config.getCurrentCluster();
    if (!cluster) throw new Error('conformance: the kubeconfig has no current cluster');
    const options: https.RequestOptions = {};
    await config.applyToHTTPSOptions(options);
    const { ca, cert, key, rejectUnauthorized, servername } = options;
    const tls = Object.fromEntries(
      Object.entries({ ca, cert, key, rejectUnauthorized, servername }).filter(([, value]) => value !== undefined),
    );
    return new HttpTarget(new URL(cluster.server), flatHeaders(options.headers), tls);
  }

  /** What a connection of another kind needs to reach the server as us. */
  get connection(): { tls: https.AgentOptions; headers: Record<string, string> } {
    return { tls: this.#tls, headers: this.#identity };
  }

  /** The same server without our credentials; `headers` go with every request. */
  withIdentity(headers: Record<string, string>): HttpTarget {
    const { cert: _cert, key: _key, ...tls } = this.#tls;
    return new HttpTarget(this.url, headers, tls);
  }

  /** The same server and identity over a pool of connections of its own. */
  withSockets(maxSockets: number): HttpTarget {
    return new HttpTarget(this.url, this.#identity, this.#tls, maxSockets);
  }

  /** Sends one request and reads the whole answer. */
  async fetch(method: string, path: string, options: RequestOptions = {}): Promise<Answer> {
    const response = await this.open(method, path, options);
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString('utf8');
    const json = <T>() => parse<T>(`${method} ${path}`, text);
    return { status: response.statusCode ?? 0, headers: response.headers, text, json };
  }

  /** Sends one request and resolves when the headers of the answer are there; the body is still to be read. */
  open(method: string, path: string, options: RequestOptions = {}): Promise<IncomingMessage> {
    const body = encode(options.body);
    const headers: Record<string, string> = { accept: 'application/json', ...this.#identity };
    if (body !== undefined) {
      headers['content-type'] = 'application/json';
      headers['content-length'] = String(body.length);
    }
    for (const [name, value] of Object.entries(options.headers ?? {})) headers[name.toLowerCase()] = value;
    const { hostname, port } = this.url;
    return new Promise((resolve, reject) => {
      const request = https.request(
        {
          agent: options.fresh ? false : this.#agent,
          ...(options.fresh ? this.#tls : {}),
          hostname,
          port,
          method,
          path,
          headers,
          signal: options.signal,
        },
        (response) => {
          response.once('close', () => timer.cancel());
          resolve(response);
        },
      );
      const timer = systemClock.after(options.deadlineMs ?? 30_000, () =>
        request.destroy(new Error(`no answer within the deadline: ${method} ${path.slice(0, 200)}`)),
      );
      request.once('error', (error) => {
        timer.cancel();
        // The server may close an idle connection just as we take it up again: once more, on another.
        if (request.reusedSocket && codeOf(error) === 'ECONNRESET' && !options.fresh) {
          resolve(this.open(method, path, { ...options, fresh: true }));
          return;
        }
        reject(new Error(`${method} ${path.slice(0, 200)}: ${error.message}`, { cause: error }));
      });
      request.end(body);
    });
  }

  /** Closes the pooled connections. */
  close(): void {
    this.#agent.destroy();
  }
}

function flatHeaders(headers: https.RequestOptions['headers']): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers ?? {})) flat[name.toLowerCase()] = String(value);
  return flat;
}

function encode(body: RequestOptions['body']): Buffer | undefined {
  if (body === undefined) return undefined;
  if (Buffer.isBuffer(body)) return body;
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}

function parse<T>(request: string, text: string): T {
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    throw new Error(`${request}: the answer is no JSON: ${text.slice(0, 500)}`, { cause });
  }
}
