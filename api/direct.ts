/** The transport of clients in the server's own process: no socket, no encoding, the same filters and handlers. */
import type { Clock } from '../base/clock.ts';
import type { KubeList, KubeObject } from '../openapi/object.ts';
import { apiVersionOf } from '../openapi/object.ts';
import { internalError, isStatus } from '../openapi/status.ts';
import type { ApiCall, Transport, WatchEvent } from '../openapi/transport.ts';
import { objectOf } from './endpoints/present.ts';
import type { ApiRequest, ApiResult, UserInfo } from './http/request.ts';
import { requestInfo } from './http/request-info.ts';
import { statusOf } from './http/respond.ts';

export class DirectTransport implements Transport {
  readonly #user: UserInfo;
  readonly #handle: (request: ApiRequest) => Promise<ApiResult>;
  readonly #closing = new AbortController();

  constructor(user: UserInfo, handle: (request: ApiRequest) => Promise<ApiResult>, _clock: Clock) {
    this.#user = { ...user, groups: [...user.groups, 'system:authenticated'] };
    this.#handle = handle;
  }

  async call(call: ApiCall): Promise<unknown> {
    return shared(await this.#send(call));
  }

  async *watch(call: ApiCall): AsyncGenerator<WatchEvent> {
    const result = await this.#send(call);
    if (result.kind !== 'watch') throw internalError(`bug: watch of ${call.path} was answered with ${result.kind}`);
    try {
      for await (const frames of result.frames) {
        for (const frame of frames) yield { type: frame.type, object: objectOf(frame.object) };
      }
    } catch (error) {
      const { status } = statusOf(error);
      yield { type: 'ERROR', object: status as unknown as KubeObject };
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
  }

  async #send(call: ApiCall): Promise<ApiResult> {
    const query = new URLSearchParams(call.query);
    const request: ApiRequest = {
      method: call.method,
      info: requestInfo(call.method, call.path, query),
      query,
      header: (name) => (name === 'content-type' ? (call.contentType ?? 'application/json') : undefined),
      bytes: async () => Buffer.alloc(0),
      // A copy by way of JSON: what the wire would drop is dropped, and nothing is shared with the caller.
      ...(call.body === undefined ? {} : { value: JSON.parse(JSON.stringify(call.body)) }),
      user: this.#user,
      signal: call.signal ? AbortSignal.any([call.signal, this.#closing.signal]) : this.#closing.signal,
      warnings: [],
    };
    try {
      return await this.#handle(request);
    } catch (error) {
      throw isStatus(error) ? error : statusOf(error);
    }
  }
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
      return JSON.parse(result.body.toString());
    default:
      throw internalError(`bug: a call was answered with ${result.kind}`);
  }
}
