/** Paths that are no resources: discovery, schema documents, version, health. */
import { createHash } from 'node:crypto';
import type { OpenApiDocuments } from '../../openapi/documents.ts';
import { isProtobufGroup } from '../../openapi/protobuf-table.ts';
import { pageNotFound } from '../../openapi/status.ts';
import { type HealthCheck, health, isHealthPath } from '../http/health.ts';
import type { ApiRequest, ApiResult } from '../http/request.ts';
import type { Registry } from '../registry/registry.ts';
import { wrongMethod } from './context.ts';
import {
  aggregatedDiscovery,
  apiGroupList,
  apiGroupOf,
  apiResourceList,
  apiVersions,
  type Discovered,
  groupsOf,
} from './discovery.ts';
import { protobufDiscovery } from './encode-protobuf.ts';
import { CONTENT_TYPES, checkRoute, type Format, negotiate, type Presentation, parseAccept } from './negotiate.ts';
import { nothingThere } from './nothing-there.ts';
import { openapi } from './openapi.ts';
import { encode } from './present.ts';
import { versionInfo } from './version.ts';

export interface NonResourceContext {
  registry: Registry;
  documents: OpenApiDocuments;
  checks: readonly HealthCheck[];
  serverAddress(): string;
}

type Raw = Extract<ApiResult, { kind: 'raw' }>;

/** Answers a GET of a path that is no resource. Throws 404 for what is not served. */
export async function handleNonResource(request: ApiRequest, context: NonResourceContext): Promise<ApiResult> {
  const { path } = request.info;
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    if (isKnownPath(path)) throw wrongMethod();
    return nothingThere();
  }
  if (isHealthPath(path)) return health(path, request.query, context.checks);
  if (path === '/version') return indented(versionInfo());
  if (path === '/api' || path === '/apis' || path.startsWith('/api/') || path.startsWith('/apis/'))
    return discovery(request, context);
  if (path.startsWith('/openapi/')) return openapi(request, context.documents);
  if (path === '/') return indented({ paths: paths(context) });
  if (path.startsWith('/version/')) throw pageNotFound();
  return nothingThere();
}

function isKnownPath(path: string): boolean {
  return path === '/' || path === '/version' || isHealthPath(path) || /^\/(api|apis|openapi)(\/|$)/.test(path);
}

function discovery(request: ApiRequest, context: NonResourceContext): Raw {
  const { path } = request.info;
  const served = context.registry.served();
  if (path === '/api' || path === '/apis') {
    const wanted = aggregatedForm(request.header('accept') ?? '');
    if (wanted) return aggregated(request, aggregatedDiscovery(served, path === '/api', wanted.version), wanted);
  }
  const [root, group = '', version] = path.split('/').slice(1);
  const document = documentAt(path, served, context);
  if (!document) {
    if (root === 'apis' && !served.some(({ declaration }) => declaration.group === group)) return nothingThere();
    throw pageNotFound();
  }
  // Only what was compiled in has a route of its own.
  if (root === 'api' || (version !== undefined && isProtobufGroup(group))) checkRoute(request.header('accept'));
  return presented(document, legacyForm(request));
}

function documentAt(path: string, served: readonly Discovered[], context: NonResourceContext): object | undefined {
  const [root, first, second] = path.split('/').slice(1);
  if (root === 'api')
    return first === undefined ? apiVersions(context.serverAddress()) : apiResourceList(served, '', first);
  if (first === undefined) return apiGroupList(served);
  return second === undefined ? apiGroupOf(served, first) : apiResourceList(served, first, second);
}

function legacyForm(request: ApiRequest): Presentation {
  return negotiate(request.header('accept'), {
    userAgent: request.header('user-agent') ?? '',
    pretty: request.query.get('pretty'),
  });
}

function presented(document: object, presentation: Presentation): Raw {
  const { format } = presentation;
  const body = format === 'protobuf' ? protobufDiscovery(document) : Buffer.concat(encode(document, presentation));
  return { kind: 'raw', status: 200, contentType: CONTENT_TYPES[format], body };
}

interface AggregatedForm {
  version: string;
  format: Format;
}

const FORMATS_OF: Readonly<Record<string, Format>> = {
  'application/json': 'json',
  'application/yaml': 'yaml',
  'application/vnd.kubernetes.protobuf': 'protobuf',
  'application/*': 'json',
  '*/*': 'json',
};

/** The first aggregated form that the client accepts, whatever else it might like better: upstream looks for no other. */
function aggregatedForm(accept: string): AggregatedForm | undefined {
  for (const { type, parameters } of parseAccept(accept)) {
    const format = FORMATS_OF[type];
    const version = parameters.get('v') ?? '';
    const isAggregated =
      parameters.get('as') === 'APIGroupDiscoveryList' && parameters.get('g') === 'apidiscovery.k8s.io';
    if (format && isAggregated && (version === 'v2' || version === 'v2beta1')) return { version, format };
  }
  return undefined;
}

function aggregated(request: ApiRequest, document: object, { version, format }: AggregatedForm): Raw {
  const etag = `"${createHash('sha512').update(JSON.stringify(document)).digest('hex').toUpperCase()}"`;
  const headers = { etag, vary: 'Accept', 'cache-control': 'public' };
  if (request.header('if-none-match') === etag) return { kind: 'raw', status: 304, contentType: '', body: '', headers };
  const { pretty } = negotiate(undefined, {
    userAgent: request.header('user-agent') ?? '',
    pretty: request.query.get('pretty'),
  });
  const { body } = presented(document, { format, pretty });
  const contentType = `${CONTENT_TYPES[format]};g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;
  return { kind: 'raw', status: 200, contentType, body, headers };
}

/** What `/` lists: every path that is no resource. */
function paths({ registry, checks }: NonResourceContext): string[] {
  const groups = groupsOf(registry.served()).flatMap(({ name, versions }) => [
    `/apis/${name}`,
    ...versions.map((version) => `/apis/${name}/${version}`),
  ]);
  const probes = ['/healthz', '/livez', '/readyz'].flatMap((root) => [
    root,
    ...checks.map(({ name }) => `${root}/${name}`),
  ]);
  const others = ['/api', '/api/v1', '/apis', '/apis/', '/openapi/v2', '/openapi/v3', '/version'];
  return [...others, ...groups, ...probes].sort();
}

/** Documents that are no API objects: always JSON, and always for people. */
function indented(value: object): Raw {
  return { kind: 'raw', status: 200, contentType: 'application/json', body: JSON.stringify(value, null, 2) };
}
