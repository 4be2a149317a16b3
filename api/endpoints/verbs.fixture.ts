/** What the tests of the verbs share: requests as they come from the wire, and what is answered to them. */
import assert from 'node:assert/strict';
import { silentLog } from '../../base/log.ts';
import { seededRandom } from '../../base/random.ts';
import type { KubeObject } from '../../openapi/object.ts';
import type { ApiRequest, ApiResult } from '../http/request.ts';
import { requestInfo } from '../http/request-info.ts';
import type { Fixture, Loose } from '../registry/store/store.fixture.ts';
import { NAMESPACE } from '../registry/store/store.fixture.ts';
import type { EndpointContext } from './context.ts';
import { objectOf } from './present.ts';
import { handleResource } from './resource.ts';

export interface RequestOptions {
  body?: unknown;
  /** Instead of `body`: the bytes as they are. */
  raw?: string | Buffer;
  contentType?: string | undefined;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** A request of an administrator. The path may have a query. */
export function requestTo(method: string, pathAndQuery: string, options: RequestOptions = {}): ApiRequest {
  const [path = '', search = ''] = pathAndQuery.split('?');
  const query = new URLSearchParams(search);
  const { contentType = 'application/json', signal = new AbortController().signal } = options;
  const headers: Record<string, string> = { 'content-type': contentType, ...options.headers };
  const text = options.raw ?? (options.body === undefined ? '' : JSON.stringify(options.body));
  return {
    method,
    info: requestInfo(method, path, query),
    query,
    header: (name) => headers[name],
    bytes: async () => Buffer.from(text),
    user: { name: 'admin', groups: ['system:masters'] },
    signal,
    warnings: [],
  };
}

export function contextOf({ registry, clock }: Fixture): EndpointContext {
  return {
    registry,
    clock,
    random: seededRandom(3),
    log: silentLog,
    known: (apiVersion, kind) => registry.knows(apiVersion, kind),
  };
}

/** The answer to a request; throws the refusal. */
export async function handle(fixture: Fixture, request: ApiRequest): Promise<ApiResult> {
  const { resource } = request.info;
  assert.ok(resource, request.info.path);
  return handleResource(request, resource, contextOf(fixture));
}

/** The object that a request is answered with. */
export async function ask<T extends KubeObject = Loose>(
  fixture: Fixture,
  method: string,
  path: string,
  options: RequestOptions = {},
): Promise<T> {
  const result = await handle(fixture, requestTo(method, path, options));
  assert.equal(result.kind, 'object');
  return objectOf((result as Extract<ApiResult, { kind: 'object' }>).object) as T;
}

/** The path of a core resource in the namespace of the tests. */
export const pathTo = (plural: string, name = '', subresource = '') =>
  `/api/v1/namespaces/${NAMESPACE}/${plural}${name && `/${name}`}${subresource && `/${subresource}`}`;
