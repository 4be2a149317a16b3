/** A client that reads what it has asked for, on one connection. */
import type { ClientRequest, IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';

export interface Answer {
  code: number;
  headers: IncomingMessage['headers'];
  text: string;
}

export class PoliteClient {
  readonly #port: number;
  readonly #token: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false });

  constructor(port: number, token: string) {
    this.#port = port;
    this.#token = token;
  }

  get(path: string): Promise<Answer> {
    return this.send('GET', path);
  }

  post(path: string, body: unknown): Promise<Answer> {
    return this.send('POST', path, JSON.stringify(body));
  }

  put(path: string, body: unknown): Promise<Answer> {
    return this.send('PUT', path, JSON.stringify(body));
  }

  async send(method: string, path: string, body?: string): Promise<Answer> {
    const response = await answered(this.#request(method, path, body));
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    return { code: response.statusCode ?? 0, headers: response.headers, text: Buffer.concat(chunks).toString() };
  }

  /** Lines of a stream, such as a watch; ends with it. */
  async *lines(path: string): AsyncGenerator<string> {
    const response = await answered(this.#request('GET', path));
    let rest = '';
    for await (const chunk of response) {
      const lines = (rest + (chunk as Buffer).toString('latin1')).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  #request(method: string, path: string, body?: string): ClientRequest {
    const headers = {
      authorization: `Bearer ${this.#token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
    };
    const options = { host: '127.0.0.1', port: this.#port, agent: this.#agent, rejectUnauthorized: false };
    return request({ ...options, method, path, headers }).end(body);
  }
}

function answered(outgoing: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => outgoing.once('response', resolve).once('error', reject));
}
