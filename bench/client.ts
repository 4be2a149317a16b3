/** A client that costs little beside the server it measures: HTTP/1.1, bodies of answers mostly thrown away. */
import { once } from 'node:events';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import type { Subject } from './subjects.ts';

/** Requests under way at once. */
const WORKERS = 16;
const TYPES: Readonly<Record<string, string>> = { PATCH: 'application/merge-patch+json' };
const NEWLINE = 0x0a;

export class Client {
  readonly #server: string;
  readonly #authorization: string;
  readonly #calls = new Agent({ keepAlive: true, maxSockets: WORKERS, rejectUnauthorized: false });
  readonly #watches = new Agent({ keepAlive: false, rejectUnauthorized: false });

  constructor({ server, token }: Subject) {
    this.#server = server;
    this.#authorization = `Bearer ${token}`;
  }

  /** Resolves with the answer's length in bytes. Rejects when it is no success. */
  async call(method: string, path: string, body?: object): Promise<number> {
    const response = await this.#answer(this.#calls, method, path, body);
    let length = 0;
    response.on('data', (chunk: Buffer) => {
      length += chunk.length;
    });
    await once(response, 'end');
    return length;
  }

  /** Resolves with the answer. */
  async json(method: string, path: string, body?: object): Promise<unknown> {
    const chunks: Buffer[] = [];
    for await (const chunk of await this.#answer(this.#calls, method, path, body)) chunks.push(chunk as Buffer);
    return JSON.parse(Buffer.concat(chunks).toString());
  }

  /** On a connection of its own. Calls `onEvent` with the number of events that have come together. */
  async watch(path: string, onEvent: (count: number) => void): Promise<IncomingMessage> {
    const response = await this.#answer(this.#watches, 'GET', path);
    response.on('data', (chunk: Buffer) => {
      let count = 0;
      for (const byte of chunk) if (byte === NEWLINE) count++;
      if (count > 0) onEvent(count);
    });
    // It ends with the connection, which whoever measures destroys.
    response.on('error', () => undefined);
    return response;
  }

  /** So many calls of `work`, some at a time. */
  async each(count: number, work: (i: number) => Promise<unknown>): Promise<void> {
    let next = 0;
    const worker = async () => {
      while (next < count) await work(next++);
    };
    await Promise.all(Array.from({ length: WORKERS }, worker));
  }

  close(): void {
    this.#calls.destroy();
    this.#watches.destroy();
  }

  async #answer(agent: Agent, method: string, path: string, body?: object): Promise<IncomingMessage> {
    const text = body && JSON.stringify(body);
    const length = text && { 'content-type': TYPES[method] ?? 'application/json', 'content-length': text.length };
    const headers = { authorization: this.#authorization, accept: 'application/json', ...length };
    const asked: ClientRequest = request(`${this.#server}${path}`, { agent, method, headers });
    asked.end(text);
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    if ((response.statusCode ?? 0) < 300) return response;
    response.resume();
    throw new Error(`bench: ${method} ${path}: HTTP ${response.statusCode}`);
  }
}
