/** Paths that are no resources: discovery, schema documents, version, health. */
import { createHash } from 'node:crypto';
import type { OpenApiDocuments } from '../../openapi/documents.ts';
import { pageNotFound } from '../../openapi/status.ts';
import { type HealthCheck, health, isHealthPath } from '../http/health.ts';
import type { ApiRequest, ApiResult } from '../http/request.ts';
import type { Registry } from '../registry/registry.ts';
import { wrongMethod } from './context.ts';
import { aggregatedDiscovery, apiGroupList, apiGroupOf, apiResourceList, apiVersions } from './discovery.ts';
import { negotiate, parseAccept } from './negotiate.ts';
import { openapi } from './openapi.ts';
import { versionInfo } from './version.ts';

export interface NonResourceContext {
  registry: Registry;
  documents: OpenApiDocuments;
  checks: readonly HealthCheck[];
  serverAddress(): string;
}

/** Answers a GET of a path that is no resource. Throws 404 for what is not served. */
export async function handleNonResource(request: ApiRequest, context: NonResourceContext): Promise<ApiResult> {
  const { path } = request.info;
  if (request.method !== 'GET' && request.method !== 'HEAD') throw isKnownPath(path) ? wrongMethod() : pageNotFound();
  if (isHealthPath(path)) return health(path, request.query, context.checks);
  if (path === '/version') return json(versionInfo());
  if (path === '/api' || path === '/apis' || path.startsWith('/api/') || path.startsWith('/apis/'))
    return discovery(request, context);
  if (path.startsWith('/openapi/')) return openapi(request, context.documents);
  if (path === '/')
    return json({
      paths: ['/api', '/api/v1', '/apis', '/healthz', '/livez', '/openapi/v2', '/openapi/v3', '/readyz', '/version'],
    });
  throw pageNotFound();
}

function isKnownPath(path: string): boolean {
  return path === '/' || path === '/version' || isHealthPath(path) || /^\/(api|apis|openapi)(\/|$)/.test(path);
}

function discovery(request: ApiRequest, context: NonResourceContext): ApiResult {
  const { path } = request.info;
  const declarations = context.registry.declarations();
  if (path === '/api' || path === '/apis') {
    const version = aggregatedVersion(request.header('accept') ?? '');
    if (version !== undefined)
      return aggregated(request, aggregatedDiscovery(declarations, path === '/api', version), version);
  }
  negotiate(request.header('accept'), { stream: false });
  const document = documentAt(path, declarations, context);
  if (!document) throw pageNotFound();
  return json(document, request);
}

function documentAt(
  path: string,
  declarations: ReturnType<Registry['declarations']>,
  context: NonResourceContext,
): object | undefined {
  const [root, first, second] = path.split('/').slice(1);
  if (root === 'api')
    return first === undefined ? apiVersions(context.serverAddress()) : apiResourceList(declarations, '', first);
  if (first === undefined) return apiGroupList(declarations);
  return second === undefined ? apiGroupOf(declarations, first) : apiResourceList(declarations, first, second);
}

/** The version of aggregated discovery that the client prefers over the legacy form, if it does. */
function aggregatedVersion(accept: string): string | undefined {
  for (const { type, parameters } of parseAccept(accept)) {
    if (type !== 'application/json' && type !== '*/*') continue;
    const as = parameters.get('as');
    if (as === undefined) return undefined;
    const version = parameters.get('v') ?? '';
    if (
      as === 'APIGroupDiscoveryList' &&
      parameters.get('g') === 'apidiscovery.k8s.io' &&
      (version === 'v2' || version === 'v2beta1')
    )
      return version;
  }
  return undefined;
}

function aggregated(request: ApiRequest, document: object, version: string): ApiResult {
  const body = JSON.stringify(document);
  const etag = `"${createHash('sha256').update(body).digest('hex').toUpperCase()}"`;
  const headers = { etag, vary: 'Accept', 'cache-control': 'public' };
  const contentType = `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;
  if (request.header('if-none-match') === etag) return { kind: 'raw', status: 304, contentType, body: '', headers };
  return { kind: 'raw', status: 200, contentType, body, headers };
}

function json(value: object, request?: ApiRequest): ApiResult {
  const pretty = request
    ? negotiate(undefined, {
        userAgent: request.header('user-agent') ?? '',
        pretty: request.query.get('pretty'),
        stream: false,
      }).pretty
    : true;
  return {
    kind: 'raw',
    status: 200,
    contentType: 'application/json',
    body: JSON.stringify(value, null, pretty ? 2 : 0),
  };
}
