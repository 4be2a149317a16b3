/** What a request asks for, read off its method, path and query: upstream's RequestInfo. */
import { badRequest } from '../../openapi/status.ts';
import type { Verb } from '../registry/declaration.ts';

export interface ResourceInfo {
  verb: Verb | 'connect';
  group: string;
  version: string;
  /** `''` for all namespaces and for cluster-scoped resources. */
  namespace: string;
  /** The plural. */
  resource: string;
  /** `''` for collections. */
  name: string;
  subresource: string;
  /** Of `proxy` the path beyond, without a slash before it. */
  rest?: string;
}

export interface RequestInfo {
  /** Decoded, without a slash at the end. */
  path: string;
  /** Lower-case method for paths that are no resources. */
  verb: string;
  resource?: ResourceInfo;
}

/** Subresources of a namespace itself; any other third segment below `namespaces` is a resource within it. */
const NAMESPACE_SUBRESOURCES = new Set(['status', 'finalize']);

/** Reads a request's method, raw path and query. Throws BadRequest where the path is not valid percent-encoding. */
export function requestInfo(method: string, rawPath: string, query: URLSearchParams): RequestInfo {
  const path = decodePath(rawPath);
  const info: RequestInfo = { path, verb: method.toLowerCase() };
  const parts = path.split('/').slice(1);
  const [root] = parts;
  if (root === 'api' && parts.length >= 3) {
    info.resource = resourceInfo(method, '', parts[1] ?? '', parts.slice(2), query);
  } else if (root === 'apis' && parts.length >= 4) {
    info.resource = resourceInfo(method, parts[1] ?? '', parts[2] ?? '', parts.slice(3), query);
  }
  if (info.resource) info.verb = info.resource.verb;
  return info;
}

function decodePath(rawPath: string): string {
  const trimmed = rawPath.length > 1 && rawPath.endsWith('/') ? rawPath.slice(0, -1) : rawPath;
  if (!trimmed.includes('%')) return trimmed;
  try {
    return decodeURIComponent(trimmed);
  } catch (error) {
    throw badRequest(`invalid URL escape in path: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function resourceInfo(
  method: string,
  group: string,
  version: string,
  segments: string[],
  query: URLSearchParams,
): ResourceInfo {
  let namespace = '';
  // Before there was the parameter, a watch was a path of its own; upstream still serves it.
  const watches = segments[0] === 'watch' && segments.length > 1 && (method === 'GET' || method === 'HEAD');
  let rest = watches ? segments.slice(1) : segments;
  if (rest[0] === 'namespaces' && rest.length > 2 && !NAMESPACE_SUBRESOURCES.has(rest[2] ?? '')) {
    namespace = rest[1] ?? '';
    rest = rest.slice(2);
  }
  const [resource = '', name = '', ...sub] = rest;
  const isProxy = sub[0] === 'proxy';
  return {
    verb: watches ? 'watch' : verbOf(method, name, query),
    group,
    version,
    namespace,
    resource,
    name,
    subresource: isProxy ? 'proxy' : sub.join('/'),
    ...(isProxy ? { rest: sub.slice(1).join('/') } : {}),
  };
}

function verbOf(method: string, name: string, query: URLSearchParams): ResourceInfo['verb'] {
  switch (method) {
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return name === '' ? 'deletecollection' : 'delete';
    case 'GET':
    case 'HEAD':
      if (booleanParameter(query, 'watch')) return 'watch';
      return name === '' ? 'list' : 'get';
    default:
      return 'connect';
  }
}

/** Upstream's reading of a boolean parameter: there and not `false` or `0`. */
export function booleanParameter(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  return value !== null && value !== '0' && value.toLowerCase() !== 'false';
}
