/**
 * The kubelet's own HTTPS server: logs, exec, health. Whoever calls must show a certificate of the cluster's CA; in
 * practice that is the API server, which passes bytes through.
 */
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../base/clock.ts';
import { isAbort, messageOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { V1Pod, V1PodStatus } from '../../openapi/generated/types.ts';
import type { ContainerRuntime } from '../runtime/runtime.ts';
import { findContainer } from './names.ts';
import { serveLogs } from './server-logs.ts';
import { UsageReport } from './usage-report.ts';

export interface ServingOptions {
  /** PEM. */
  cert: string | Buffer;
  key: string | Buffer;
  /** PEM: whose certificates may call. */
  clientCa: string | Buffer;
  /** 10250 as upstream; 0 for any. */
  port?: number;
  /** 127.0.0.1 unless told otherwise. */
  host?: string;
}

export interface ServerDeps {
  nodeName: string;
  runtime: ContainerRuntime;
  log: Log;
  clock: Clock;
  pods(): V1Pod[];
  findPod(namespace: string, name: string): V1Pod | undefined;
  /** What the kubelet last worked out, fresher than the object. */
  statusOf(pod: V1Pod): V1PodStatus | undefined;
}

export interface KubeletServer {
  port: number;
  /** Ends all connections. */
  close(): Promise<void>;
}

/** An answer that is not 200; `message` is the body, plain text as upstream's. `headers` are for refused upgrades. */
export class HttpError extends Error {
  readonly code: number;
  readonly headers: readonly string[];

  constructor(code: number, message: string, headers: readonly string[] = []) {
    super(message);
    this.code = code;
    this.headers = headers;
  }
}

/** Resolves once it listens. */
export async function startServer(options: ServingOptions, deps: ServerDeps): Promise<KubeletServer> {
  const { cert, key, clientCa, port = 10_250, host = '127.0.0.1' } = options;
  const report = new UsageReport(deps);
  const server = createServer({ cert, key, ca: clientCa, requestCert: true, rejectUnauthorized: true });
  const sockets = new Set<Duplex>();
  server.on('secureConnection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    // Whatever goes wrong on it is told to those who read and write; this keeps it from being nobody's.
    socket.on('error', () => socket.destroy());
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('request', (request, response) => {
    handle(request, response, deps, report).catch((error: unknown) => refuse(response, error, deps.log));
  });
  server.on('upgrade', (request, socket, head) => {
    upgrade(request, socket, head, deps).catch((error: unknown) => refuseUpgrade(socket, error, deps.log));
  });
  await listening(server, port, host);
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function listening(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  deps: ServerDeps,
  report: UsageReport,
): Promise<void> {
  const url = urlOf(request);
  const [, verb = '', ...rest] = url.pathname.split('/').map(decodeURIComponent);
  switch (verb) {
    case 'healthz':
      return answer(response, 'text/plain; charset=utf-8', 'ok');
    case 'pods':
      return answer(
        response,
        'application/json',
        JSON.stringify({ kind: 'PodList', apiVersion: 'v1', metadata: {}, items: deps.pods() }),
      );
    case 'stats':
      if (rest.join('/') !== 'summary') throw new HttpError(404, '404 page not found');
      return answer(response, 'application/json', JSON.stringify(await report.summary()));
    case 'metrics':
      if (rest.join('/') !== 'resource') throw new HttpError(404, '404 page not found');
      return answer(response, METRICS_TYPE, await report.resourceMetrics());
    case 'containerLogs': {
      if (request.method !== 'GET') throw new HttpError(405, 'Method Not Allowed');
      const { pod, container } = target(rest, deps);
      return serveLogs({ request, response, pod, container, query: url.searchParams }, deps);
    }
    case 'exec':
      throw new HttpError(400, 'unable to upgrade: missing upgrade headers in request');
    case 'attach':
    case 'portForward':
    case 'run':
      throw new HttpError(501, `${verb} is not supported by this kubelet`);
    default:
      throw new HttpError(404, '404 page not found');
  }
}

const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

function urlOf(request: IncomingMessage): URL {
  return new URL(request.url ?? '/', 'https://kubelet');
}

function answer(response: ServerResponse, type: string, body: string): void {
  response.writeHead(200, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

/** The pod and container a path names. Throws `HttpError` with upstream's texts. */
function target([namespace = '', name = '', container = '']: string[], deps: ServerDeps) {
  if (!name) throw new HttpError(400, '{"message": "Missing podID."}');
  if (!container) throw new HttpError(400, '{"message": "Missing container name."}');
  if (!namespace) throw new HttpError(400, '{"message": "Missing podNamespace."}');
  const pod = deps.findPod(namespace, name);
  if (!pod) throw new HttpError(404, `pod "${name}" does not exist`);
  if (!findContainer(pod, container)) {
    throw new HttpError(404, `container "${container}" not found in pod "${name}"`);
  }
  return { pod, container };
}

async function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, deps: ServerDeps): Promise<void> {
  const url = urlOf(request);
  const [, verb = '', ...rest] = url.pathname.split('/').map(decodeURIComponent);
  if (verb !== 'exec') throw new HttpError(501, `${verb} is not supported by this kubelet`);
  const wanted = (request.headers.upgrade ?? '').toLowerCase();
  if (wanted !== 'websocket' && wanted !== 'spdy/3.1') {
    throw new HttpError(400, 'unable to upgrade: this kubelet speaks WebSocket and SPDY/3.1 only');
  }
  const call = { request, socket, head, ...target(rest, deps), query: url.searchParams };
  if (wanted === 'websocket') await (await import('./server-exec.ts')).serveExec(call, deps);
  else await (await import('./spdy/exec.ts')).serveSpdyExec(call, deps);
}

function refuse(response: ServerResponse, error: unknown, log: Log): void {
  if (response.headersSent || response.destroyed) {
    // Half an answer must not look like a whole one.
    response.destroy();
    return;
  }
  const { code, text } = failureOf(error, log);
  response.writeHead(code, { 'content-type': 'text/plain; charset=utf-8', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

function refuseUpgrade(socket: Duplex, error: unknown, log: Log): void {
  if (socket.destroyed) return;
  const { code, text } = failureOf(error, log);
  const headers = [
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(text)}`,
    'Connection: close',
    ...(error instanceof HttpError ? error.headers : []),
  ];
  socket.end(`HTTP/1.1 ${code} ${STATUS_CODES[code] ?? 'Error'}\r\n${headers.join('\r\n')}\r\n\r\n${text}`);
}

function failureOf(error: unknown, log: Log): { code: number; text: string } {
  if (error instanceof HttpError) return { code: error.code, text: error.message };
  if (error instanceof URIError) return { code: 400, text: 'Bad Request' };
  if (!isAbort(error)) log.warn({ error: messageOf(error) }, 'kubelet: a request failed');
  return { code: 500, text: messageOf(error) };
}
