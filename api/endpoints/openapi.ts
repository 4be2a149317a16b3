/** The schema documents under `/openapi/`. */
import {
  type CustomSchema,
  type OpenApiDocument,
  OpenApiDocuments,
  type ServedResource,
  V2_PROTOBUF_CONTENT_TYPE,
  V2_PROTOBUF_MEDIA_TYPES,
} from '../../openapi/documents.ts';
import { notAcceptable, pageNotFound } from '../../openapi/status.ts';
import type { ApiRequest, ApiResult } from '../http/request.ts';
import { ALL_VERBS } from '../registry/declaration.ts';
import type { Registry } from '../registry/registry.ts';
import { subresourcesOf } from './discovery.ts';
import { parseAccept } from './negotiate.ts';
import { KUBERNETES_VERSION } from './version.ts';

/** Documents of what the registry serves at the time somebody first asks. */
export function openapiDocuments(
  registry: Registry,
  custom: (definition: string) => CustomSchema | undefined,
): OpenApiDocuments {
  const documented = () => registry.declarations().filter(({ undocumented }) => !undocumented);
  const resources = () => documented().map((declaration) => served(declaration, custom));
  const documents = new OpenApiDocuments(resources, KUBERNETES_VERSION);
  registry.onChange(() => documents.invalidate());
  return documents;
}

function served(
  declaration: ReturnType<Registry['declarations']>[number],
  custom: (definition: string) => CustomSchema | undefined,
): ServedResource {
  const { group, version, kind, plural, namespaced, definition, verbs = ALL_VERBS } = declaration;
  const subresources = subresourcesOf(declaration).map((subresource) => ({
    ...subresource,
    verbs: [...subresource.verbs],
  }));
  const schema = custom(definition);
  const all = { group, version, kind, plural, namespaced, definition, verbs: [...verbs], subresources };
  return schema ? { ...all, custom: schema } : all;
}

/** GET below `/openapi/`. */
export function openapi(request: ApiRequest, documents: OpenApiDocuments): ApiResult {
  const { path } = request.info;
  if (path === '/openapi/v2') return version2(request, documents);
  if (path === '/openapi/v3') return answer(request, documents.v3Index(), 'application/json');
  const document = path.startsWith('/openapi/v3/') ? documents.v3(path.slice('/openapi/v3/'.length)) : undefined;
  if (!document) throw pageNotFound();
  const hash = request.query.get('hash');
  return hash && hash !== document.etag
    ? moved(`${path}?hash=${document.etag}`)
    : answer(request, document, 'application/json');
}

/** kubectl up to 1.26 or so reads this document only as protobuf, later ones prefer it. */
function version2(request: ApiRequest, documents: OpenApiDocuments): ApiResult {
  for (const { type } of parseAccept(request.header('accept') || '*/*')) {
    if (V2_PROTOBUF_MEDIA_TYPES.includes(type))
      return answer(request, documents.v2Protobuf(), V2_PROTOBUF_CONTENT_TYPE);
    if (type === 'application/json' || type === '*/*' || type === 'application/*')
      return answer(request, documents.v2(), 'application/json');
  }
  throw notAcceptable(['application/json', V2_PROTOBUF_CONTENT_TYPE]);
}

const YEAR_SECONDS = 31_536_000;

function answer(request: ApiRequest, document: OpenApiDocument, contentType: string): ApiResult {
  const etag = `"${document.etag}"`;
  const headers: Record<string, string> = { etag, vary: 'Accept' };
  // A URL that names the hash always means the same document.
  if (request.query.get('hash') === document.etag)
    headers['cache-control'] = `public, immutable, max-age=${YEAR_SECONDS}`;
  if (namesTag(request.header('if-none-match'), etag))
    return { kind: 'raw', status: 304, contentType: '', body: '', headers };
  return { kind: 'raw', status: 200, contentType, body: document.body, headers };
}

/** Whether an `If-None-Match` names the tag, in a list or not, weak or not. */
function namesTag(header: string | undefined, etag: string): boolean {
  const tags = header?.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags?.some((tag) => tag === etag || tag === '*') ?? false;
}

/** To the document as it is today, for who asks for an older one by its hash. */
function moved(location: string): ApiResult {
  const body = `<a href="${location}">Moved Permanently</a>.\n\n`;
  return { kind: 'raw', status: 301, contentType: 'text/html; charset=utf-8', body, headers: { location } };
}
