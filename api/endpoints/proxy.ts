/** The `proxy` subresource of pods, services and nodes: a request passed on to what they stand for, and its answer back. */
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { BlockList, isIP } from 'node:net';
import { messageOf } from '../../base/errors.ts';
import type { V1Endpoints, V1Node, V1Pod, V1Service } from '../../openapi/generated/types.ts';
import { badRequest, internalError, isStatus, notFound, serviceUnavailable } from '../../openapi/status.ts';
import type { ApiRequest, ApiResult } from '../http/request.ts';
import type { Verb } from '../registry/declaration.ts';
import type { ResourceRequest } from './context.ts';

export const PROXY_VERBS: readonly Verb[] = ['create', 'delete', 'get', 'patch', 'update'];

/** Where a request is to go. */
interface Location {
  scheme: 'http' | 'https';
  host: string;
  port: number;
  /** With the server's own certificate, as kubelets want it. */
  asServer?: boolean;
}

/** `[scheme:]name[:port]`; undefined for what is none. */
export function splitSchemeNamePort(id: string): { scheme: string; name: string; port: string } | undefined {
  const parts = id.split(':');
  const [scheme = '', name = '', port = ''] = parts.length === 3 ? parts : ['', ...parts];
  if (parts.length > 3 || name === '' || !['', 'http', 'https'].includes(scheme)) return undefined;
  return { scheme, name, port };
}

/** Passes a request on. Throws 400 for addresses that are not to be reached, 503 where nobody answers. */
export async function proxy(target: ResourceRequest): Promise<ApiResult> {
  const { request, info } = target;
  const id = splitSchemeNamePort(info.name);
  if (!id) throw badRequest(`invalid ${target.declaration.singular} request ${JSON.stringify(info.name)}`);
  const scheme = id.scheme === 'https' ? 'https' : 'http';
  const location = LOCATE[info.resource]?.(target, id.name, id.port, scheme);
  if (!location) throw new Error(`proxy: ${info.resource} lead nowhere`);
  if (request.upgrade) throw badRequest('connections of other protocols are not proxied');
  const query = request.query.toString();
  const path = `/${encodeURI(info.rest ?? '')}${query ? `?${query}` : ''}`;
  const response = await send(target, location, path);
  const contentType = response.headers['content-type'] ?? 'text/plain';
  return { kind: 'stream', status: response.statusCode ?? 500, contentType, body: response };
}

type Locate = (target: ResourceRequest, name: string, port: string, scheme: 'http' | 'https') => Location;

const LOCATE: Record<string, Locate> = { pods: locatePod, services: locateService, nodes: locateNode };

function locatePod({ info, store }: ResourceRequest, name: string, port: string, scheme: 'http' | 'https'): Location {
  const pod = store.get(info.namespace, name).object as V1Pod;
  const declared = pod.spec?.containers.find(({ ports = [] }) => ports.length > 0)?.ports?.[0]?.containerPort;
  const host = pod.status?.podIPs?.[0]?.ip ?? pod.status?.podIP ?? '';
  if (!isProxyable(host)) throw badRequest('address not allowed');
  return { scheme, host, port: Number(port) || declared || (scheme === 'https' ? 443 : 80) };
}

function locateService(target: ResourceRequest, name: string, port: string, scheme: 'http' | 'https'): Location {
  const { info, context } = target;
  const wanted = /^\d+$/.test(port) ? portName(target, name, Number(port)) : port;
  const endpoints = context.registry.store('', 'v1', 'endpoints');
  let subsets: V1Endpoints['subsets'];
  try {
    ({ subsets } = endpoints.get(info.namespace, name).object as V1Endpoints);
  } catch (error) {
    throw isStatus(error, 'NotFound') ? notFound({ group: '', resource: 'services' }, name) : error;
  }
  if (!subsets?.length) throw serviceUnavailable(`no endpoints available for service ${JSON.stringify(name)}`);
  const candidates = subsets.flatMap(({ addresses = [], ports = [] }) =>
    ports
      .filter((candidate) => (candidate.name ?? '') === wanted)
      .flatMap((candidate) => addresses.map(({ ip }) => ({ scheme, host: ip, port: candidate.port }))),
  );
  const allowed = candidates.filter(({ host }) => isProxyable(host));
  const chosen = allowed[Math.floor(context.random.next() * allowed.length)];
  if (!chosen) throw serviceUnavailable(`no endpoints available for service ${JSON.stringify(info.name)}`);
  return chosen;
}

function portName({ info, store }: ResourceRequest, name: string, port: number): string {
  const service = store.get(info.namespace, name).object as V1Service;
  const declared = service.spec?.ports?.find((candidate) => candidate.port === port);
  if (!declared) throw serviceUnavailable(`no service port ${port} found for service ${JSON.stringify(name)}`);
  return declared.name ?? '';
}

function locateNode(
  { store, context }: ResourceRequest,
  name: string,
  port: string,
  scheme: 'http' | 'https',
): Location {
  const node = store.get('', name).object as V1Node;
  const host = node.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address;
  const kubelet = node.status?.daemonEndpoints?.kubeletEndpoint?.Port;
  if (!host || !kubelet || !context.kubelet) {
    throw internalError(`node ${name} offers no kubelet to ask: its status names no address or port`);
  }
  if (port === '' || port === String(kubelet)) return { scheme: 'https', host, port: kubelet, asServer: true };
  if (!isProxyable(host)) throw badRequest('address not allowed');
  return { scheme, host, port: Number(port) };
}

/** Addresses that would lead back to the server itself or its surroundings. */
const FORBIDDEN = new BlockList();
for (const [address, bits] of [
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['224.0.0.0', 24],
] as const) {
  FORBIDDEN.addSubnet(address, bits, 'ipv4');
}
for (const [address, bits] of [
  ['::1', 128],
  ['fe80::', 10],
  ['ff01::', 16],
  ['ff02::', 16],
] as const) {
  FORBIDDEN.addSubnet(address, bits, 'ipv6');
}

function isProxyable(host: string): boolean {
  const family = isIP(host);
  return family !== 0 && !FORBIDDEN.check(host, family === 4 ? 'ipv4' : 'ipv6');
}

/** What of the client's headers goes along: nothing that is meant for us, as tokens are. */
const PASSED_ON = ['accept', 'accept-language', 'content-type', 'range', 'user-agent'];

async function send({ request, context }: ResourceRequest, location: Location, path: string): Promise<IncomingMessage> {
  const { scheme, host, port, asServer } = location;
  const body = await request.bytes();
  const options: RequestOptions = { host, port, path, method: request.method, signal: request.signal, agent: false };
  const own = asServer && context.kubelet ? context.kubelet.tls() : { rejectUnauthorized: false };
  const headers = headersOf(request);
  return new Promise((resolve, reject) => {
    const outgoing =
      scheme === 'https'
        ? httpsRequest({ ...options, headers, ...own, checkServerIdentity: () => undefined }, resolve)
        : httpRequest({ ...options, headers }, resolve);
    outgoing.on('error', (error) =>
      reject(request.signal.aborted ? error : serviceUnavailable(`error trying to reach service: ${messageOf(error)}`)),
    );
    // An answer that is none, such as a protocol that nobody asked for, ends without an error.
    outgoing.on('close', () =>
      reject(request.signal.aborted ? request.signal.reason : serviceUnavailable('error trying to reach service: EOF')),
    );
    outgoing.end(body);
  });
}

function headersOf(request: ApiRequest): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const name of PASSED_ON) {
    const value = request.header(name);
    if (value !== undefined) headers[name] = value;
  }
  return headers;
}
