/** The transport of clients in the server's own process: no socket, no encoding, the same filters and handlers. */
import type { KubeList, KubeObject } from '../openapi/object.ts';
import { apiVersionOf } from '../openapi/object.ts';
import { internalError, pageNotFound } from '../openapi/status.ts';
import type { ApiCall, Transport, WatchEvent } from '../openapi/transport.ts';
import { objectOf } from './endpoints/present.ts';
import { Ending } from './http/ending.ts';
import type { ApiRequest, ApiResult, UserInfo, WatchFrame } from './http/request.ts';
import { requestInfo } from './http/request-info.ts';
import { statusOf } from './http/respond.ts';

/** Why a call's signal aborts when it has its answer. */
const CALL_ENDED = new DOMException('the call has ended', 'AbortError');

export class DirectTransport implements Transport {
  readonly #user: UserInfo;
  readonly #handle: (request: ApiRequest) => Promise<ApiResult>;
  readonly #userAgent: string;
  readonly #open = new Set<Ending>();
  #closed = false;

  constructor(user: UserInfo, handle: (request: ApiRequest) => Promise<ApiResult>) {
    this.#user = { ...user, groups: [...user.groups, 'system:authenticated'] };
    this.#userAgent = userAgentOf(user.name);
    this.#handle = handle;
  }

  async call(call: ApiCall): Promise<unknown> {
    const { ending, end } = this.#begin(call);
    try {
      const result = await this.#send(call, ending);
      return result.kind === 'stream' ? await streamed(result) : shared(result);
    } finally {
      end();
    }
  }

  async *watch(call: ApiCall): AsyncGenerator<WatchEvent> {
    const { ending, end } = this.#begin(call);
    try {
      const result = await this.#send(call, ending);
      if (result.kind !== 'watch') throw internalError(`bug: watch of ${call.path} was answered with ${result.kind}`);
      yield* eventsOf(result.frames);
    } finally {
      end();
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const ending of this.#open) ending.end(CALL_ENDED);
  }

  /** The life of one call, which `end` ends, and whatever still hangs on it. */
  #begin({ signal }: ApiCall): { ending: Ending; end(): void } {
    if (this.#closed) throw new Error('the transport is closed');
    signal?.throwIfAborted();
    const ending = new Ending();
    const onAbort = () => ending.end(signal?.reason);
    signal?.addEventListener('abort', onAbort);
    this.#open.add(ending);
    const end = () => {
      signal?.removeEventListener('abort', onAbort);
      this.#open.delete(ending);
      ending.end(CALL_ENDED);
    };
    return { ending, end };
  }

  #header(name: string, call: ApiCall): string | undefined {
    if (name === 'content-type') return call.contentType ?? 'application/json';
    return name === 'user-agent' ? this.#userAgent : undefined;
  }

  async #send(call: ApiCall, ending: Ending): Promise<ApiResult> {
    const query = new URLSearchParams(call.query);
    const request: ApiRequest = {
      method: call.method,
      info: requestInfo(call.method, call.path, query),
      query,
      header: (name) => this.#header(name, call),
      bytes: async () => Buffer.alloc(0),
      // A copy by way of JSON: what the wire would drop is dropped, and nothing is shared with the caller.
      ...(call.body === undefined ? {} : { value: JSON.parse(JSON.stringify(call.body)) }),
      user: this.#user,
      get signal() {
        return ending.signal;
      },
      warnings: [],
    };
    try {
      const result = await this.#handle(request);
      // Over the wire clients make a Status of what is only text.
      if (result.kind === 'raw' && result.status === 404) throw pageNotFound();
      return result;
    } catch (error) {
      throw call.signal?.aborted ? call.signal.reason : statusOf(error);
    }
  }
}

/** The program upstream has for a component of that name, which is what manages the fields that it writes. */
function userAgentOf(user: string): string {
  if (user.startsWith('system:node:')) return 'kubelet';
  if (user.startsWith('system:serviceaccount:kube-system:')) return 'kube-controller-manager';
  return user.slice(user.lastIndexOf(':') + 1);
}

/** A watch that breaks off says why in its last event, as on the wire. */
async function* eventsOf(batches: AsyncIterable<WatchFrame[]>): AsyncGenerator<WatchEvent> {
  try {
    for await (const frames of batches) {
      for (const frame of frames) yield { type: frame.type, object: objectOf(frame.object) };
    }
  } catch (error) {
    const { status } = statusOf(error);
    yield { type: 'ERROR', object: status as unknown as KubeObject };
  }
}

/** What another server answered, through a proxy. */
async function streamed({ status, contentType, body }: Extract<ApiResult, { kind: 'stream' }>): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  if (status >= 400) throw internalError(`the server behind the proxy answered ${status}: ${text}`);
  return contentType.startsWith('application/json') ? JSON.parse(text) : text;
}

function shared(result: ApiResult): unknown {
  switch (result.kind) {
    case 'object':
      return objectOf(result.object);
    case 'list': {
      const { resource, metadata, items } = result;
      const list: KubeList<KubeObject> = {
        kind: `${resource.kind}List`,
        apiVersion: apiVersionOf(resource),
        metadata,
        items: items.map((item) => item.object),
      };
      return list;
    }
    case 'raw':
      return result.contentType.startsWith('application/json')
        ? JSON.parse(result.body.toString())
        : result.body.toString();
    default:
      throw internalError(`bug: a call was answered with ${result.kind}`);
  }
}
