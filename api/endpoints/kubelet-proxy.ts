/** Logs and exec: passed on to the kubelet of the pod's node, byte for byte, so that any protocol both ends speak works. */

import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import { connect } from 'node:tls';
import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { V1Node, V1Pod } from '../../openapi/generated/types.ts';
import {
  badRequest,
  type FieldError,
  internalError,
  invalid,
  isStatus,
  notFound,
  pageNotFound,
  type Status,
  StatusError,
} from '../../openapi/status.ts';
import { type ApiResult, integerParameter } from '../http/request.ts';
import type { ResourceInfo } from '../http/request-info.ts';
import type { KubeletAccess, ResourceRequest } from './context.ts';

/** Query parameters that mean something to the kubelet; `container` goes into the path. */
const LOG_PARAMETERS = [
  'follow',
  'tailLines',
  'sinceSeconds',
  'sinceTime',
  'timestamps',
  'previous',
  'limitBytes',
  'stream',
];
const EXEC_PARAMETERS = ['stdin', 'stdout', 'stderr', 'tty', 'command'];
const RENAMED: Record<string, string> = { stdin: 'input', stdout: 'output', stderr: 'error' };
const HEAD_MAX_BYTES = 64 * 1024;
/** How long a client may take to read the last of a tunnel whose other end is gone. */
const LINGER_MS = 5_000;

interface Target {
  host: string;
  port: number;
  access: KubeletAccess;
  path: string;
}

/** GET of `pods/NAME/log`. */
export async function podLog(target: ResourceRequest): Promise<ApiResult> {
  const { request, info } = target;
  const errors = logOptionErrors(request.query);
  if (errors.length > 0) throw invalid({ group: '', kind: 'PodLogOptions' }, info.name, errors);
  const container = containerOf(target, 'logs');
  if (!container.pod.spec?.nodeName) return { kind: 'raw', status: 204, contentType: '', body: '' };
  const kubelet = kubeletTarget(target, 'containerLogs', container, pick(request.query, LOG_PARAMETERS));
  const response = await get(kubelet, request.signal);
  if (response.statusCode !== 200) throw await failure(response);
  return { kind: 'stream', status: 200, contentType: response.headers['content-type'] ?? 'text/plain', body: response };
}

/** GET or POST of `pods/NAME/exec` and `attach`: the connection becomes a tunnel to the kubelet. */
export async function podTunnel(target: ResourceRequest): Promise<ApiResult> {
  const { request, info } = target;
  const container = containerOf(target, info.subresource);
  if (!container.pod.spec?.nodeName) throw badRequest(`pod ${info.name} does not have a host assigned`);
  if (!request.upgrade) throw badRequest('Upgrade request required');
  if (info.subresource === 'exec' && !request.query.get('command'))
    throw badRequest('you must specify at least 1 command for the container');
  const kubelet = kubeletTarget(target, info.subresource, container, pick(request.query, EXEC_PARAMETERS));
  await tunnel(kubelet, request.upgrade, request.signal, target.context.clock);
  return { kind: 'taken' };
}

/** GET or POST of `pods/NAME/portforward`. */
export async function podPortForward(target: ResourceRequest): Promise<ApiResult> {
  const { request, info, store } = target;
  const pod = store.get(info.namespace, info.name).object as V1Pod;
  if (!pod.spec?.nodeName) throw badRequest(`pod ${info.name} does not have a host assigned`);
  if (!request.upgrade) throw badRequest('Upgrade request required');
  const { path, ...kubelet } = kubeletTarget(target, 'portForward', { pod, name: '' }, pick(request.query, ['ports']));
  await tunnel(
    { ...kubelet, path: path.replace(/\/(?=\?|$)/, '') },
    request.upgrade,
    request.signal,
    target.context.clock,
  );
  return { kind: 'taken' };
}

/** What is wrong with the options of a log, in upstream's words. Throws BadRequest for what is no number. */
function logOptionErrors(query: URLSearchParams): FieldError[] {
  const errors: FieldError[] = [];
  const check = (name: string, least: 0 | 1) => {
    const value = integerParameter(query, name);
    if (value === undefined || value >= least) return;
    const wanted = least === 0 ? 'greater than or equal to 0' : 'greater than 0';
    errors.push({ type: 'FieldValueInvalid', field: name, message: `Invalid value: ${value}: must be ${wanted}` });
  };
  check('tailLines', 0);
  check('limitBytes', 1);
  if (query.has('sinceSeconds') && query.has('sinceTime')) {
    const message = 'Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified';
    errors.push({ type: 'FieldValueForbidden', field: '', message });
  } else check('sinceSeconds', 1);
  return errors;
}

interface Container {
  pod: V1Pod;
  name: string;
}

/** The container that is meant: the one named, or the only one. Upstream's words where that leaves a choice. */
function containerOf({ request, info, store }: ResourceRequest, _use: string): Container {
  const pod = store.get(info.namespace, info.name).object as V1Pod;
  const names = (pod.spec?.containers ?? []).map((container) => container.name);
  const inits = (pod.spec?.initContainers ?? []).map((container) => container.name);
  const named = request.query.get('container');
  if (named) {
    if (![...names, ...inits].includes(named)) throw badRequest(`container ${named} is not valid for pod ${info.name}`);
    return { pod, name: named };
  }
  const [first] = names;
  if (first !== undefined && names.length === 1) return { pod, name: first };
  const choices =
    inits.length > 0
      ? `, choose one of: [${names.join(' ')}] or one of the init containers: [${inits.join(' ')}]`
      : `, choose one of: [${names.join(' ')}]`;
  throw badRequest(`a container name must be specified for pod ${info.name}${choices}`);
}

function kubeletTarget(
  { info, context }: ResourceRequest,
  verb: string,
  container: Container,
  query: URLSearchParams,
): Target {
  const nodeName = container.pod.spec?.nodeName ?? '';
  const node = nodeOf(context, nodeName, info);
  const host = node.status?.addresses?.find((address) => address.type === 'InternalIP')?.address;
  const port = node.status?.daemonEndpoints?.kubeletEndpoint?.Port;
  if (!context.kubelet || !host || !port) {
    throw internalError(`node ${nodeName} offers no kubelet to ask for ${verb}: its status names no address or port`);
  }
  const text = query.toString();
  const path = `/${verb}/${info.namespace}/${info.name}/${container.name}${text ? `?${text}` : ''}`;
  return { host, port, access: context.kubelet, path };
}

/** The node of a pod. That it is not there is said, as upstream does, in terms of what was asked for. */
function nodeOf({ registry }: ResourceRequest['context'], name: string, asked: ResourceInfo): V1Node {
  try {
    return registry.store('', 'v1', 'nodes').get('', name).object as V1Node;
  } catch (error) {
    if (!isStatus(error, 'NotFound')) throw error;
    throw notFound({ group: asked.group, resource: asked.resource }, name);
  }
}

function pick(query: URLSearchParams, names: readonly string[]): URLSearchParams {
  const picked = new URLSearchParams();
  for (const name of names) for (const value of query.getAll(name)) picked.append(RENAMED[name] ?? name, value);
  return picked;
}

function get({ host, port, path, access }: Target, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const outgoing = httpsRequest(
      { host, port, path, method: 'GET', signal, agent: false, ...access.tls(), checkServerIdentity: () => undefined },
      resolve,
    );
    outgoing.on('error', (error) =>
      reject(
        signal.aborted
          ? error
          : internalError(`error trying to reach the kubelet at ${host}:${port}: ${messageOf(error)}`),
      ),
    );
    // An answer that is none, such as a protocol that nobody asked for, ends without an error.
    outgoing.on('close', () =>
      reject(signal.aborted ? signal.reason : internalError(`the kubelet at ${host}:${port} gave no answer`)),
    );
    outgoing.end();
  });
}

/** The kubelet's refusal as ours: its Status, or its text with its code. */
async function failure(response: IncomingMessage): Promise<StatusError> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    size += (chunk as Buffer).length;
    if (size <= HEAD_MAX_BYTES) chunks.push(chunk as Buffer);
  }
  const text = Buffer.concat(chunks).toString().trim();
  const code = response.statusCode ?? 500;
  if (code === 404) return pageNotFound();
  try {
    const status = JSON.parse(text) as Status;
    if (status.kind === 'Status' && status.code >= 400 && status.code < 600) return new StatusError(status);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return code === 400 ? badRequest(text) : internalError(text || `the kubelet answered ${code}`);
}

/** Sends the client's own upgrade request to the kubelet and then joins the two connections. */
function tunnel(
  target: Target,
  client: { request: IncomingMessage; socket: Duplex; head: Buffer },
  signal: AbortSignal,
  clock: Clock,
): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const { host, port, path } = target;
    let joined = false;
    const upstream = connect({
      host,
      port,
      ...target.access.tls(),
      checkServerIdentity: () => undefined,
      ALPNProtocols: ['http/1.1'],
    });
    const stop = () => {
      upstream.destroy();
      client.socket.destroy();
    };
    upstream.once('error', (error) => {
      // Before the two are joined the client can still be told why.
      if (joined) client.socket.destroy();
      reject(internalError(`error trying to reach the kubelet at ${host}:${port}: ${messageOf(error)}`));
    });
    upstream.once('secureConnect', () => {
      joined = true;
      upstream.write(requestHead(client.request, path, host, port));
      if (client.head.length > 0) upstream.write(client.head);
      upstream.pipe(client.socket);
      client.socket.pipe(upstream);
    });
    client.socket.once('error', stop);
    signal.addEventListener('abort', stop, { once: true });
    upstream.once('close', () => {
      signal.removeEventListener('abort', stop);
      if (joined) endSoon(client.socket, clock);
      resolve();
    });
    client.socket.once('close', () => upstream.destroy());
  });
}

/** Ends a connection, also where the other end never does. */
function endSoon(socket: Duplex, clock: Clock): void {
  if (socket.destroyed) return;
  socket.end();
  const timer = clock.after(LINGER_MS, () => socket.destroy());
  socket.once('close', () => timer.cancel());
}

/** The client's headers go along, but for those that were meant for us. */
const OURS = new Set(['host', 'authorization', 'cookie']);

function requestHead(request: IncomingMessage, path: string, host: string, port: number): string {
  const lines = [`${request.method ?? 'GET'} ${path} HTTP/1.1`, `Host: ${host}:${port}`];
  for (let i = 0; i + 1 < request.rawHeaders.length; i += 2) {
    const name = request.rawHeaders[i] ?? '';
    const value = request.rawHeaders[i + 1] ?? '';
    // Some clients put their token into the subprotocol list; it is not the kubelet's business.
    if (!OURS.has(name.toLowerCase()))
      lines.push(`${name}: ${value.replace(/base64url\.bearer\.authorization\.k8s\.io\.[^,\s]+,?\s*/g, '')}`);
  }
  return `${lines.join('\r\n')}\r\n\r\n`;
}
