/** What a probe or a lifecycle hook does once: run a command, GET a page, open a connection. */
import { connect as connectHttp2 } from 'node:http2';
import type { Clock } from '../../base/clock.ts';
import { isAbort, messageOf } from '../../base/errors.ts';
import type { V1Container, V1HTTPGetAction, V1Probe } from '../../openapi/generated/types.ts';
import type { ContainerRuntime } from '../runtime/runtime.ts';
import { expand } from './env.ts';
import { deadline, type HttpGet, httpGet, ProbeNetworkError, tcpConnect } from './http-get.ts';
import { collector } from './messages.ts';
import { goDuration } from './names.ts';

export interface HandlerDeps {
  runtime: ContainerRuntime;
  clock: Clock;
}

export type ProbeOutcome =
  | { result: 'success' }
  | { result: 'warning' | 'failure'; output: string }
  /** The probe itself could not be made: it says nothing of the container. */
  | { result: 'unknown'; error: string };

const OUTPUT_BYTES_MAX = 10 * 1024;

/** Runs one probe. `podIP` is where the pod listens. Never rejects but for an abort. */
export async function runProbe(
  deps: HandlerDeps,
  probe: V1Probe,
  target: { container: V1Container; containerId: string; podIP: string },
  signal: AbortSignal,
): Promise<ProbeOutcome> {
  const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000;
  const { container, containerId, podIP } = target;
  const answer = deps.runtime.probe?.(containerId);
  if (answer !== undefined) return answer ? { result: 'success' } : { result: 'failure', output: 'simulated' };
  try {
    if (probe.exec) {
      const command = expandStatic(probe.exec.command ?? [], container);
      return await execProbe(deps, containerId, command, timeoutMs, signal);
    }
    if (probe.httpGet) return await httpProbe(deps, requestOf(probe.httpGet, container, podIP), timeoutMs, signal);
    if (probe.tcpSocket) {
      const port = portNumber(probe.tcpSocket.port, container);
      await tcpConnect(probe.tcpSocket.host || podIP, port, timeoutMs, deps.clock, signal);
      return { result: 'success' };
    }
    if (probe.grpc) return await grpcProbe(deps, podIP, probe.grpc.port, probe.grpc.service ?? '', timeoutMs, signal);
    return { result: 'unknown', error: 'missing probe handler' };
  } catch (error) {
    if (isAbort(error, signal)) throw error;
    if (error instanceof ProbeNetworkError) return { result: 'failure', output: error.message };
    return { result: 'unknown', error: messageOf(error) };
  }
}

/** Only literal variables of the spec: the real environment is the container's own. */
function expandStatic(command: string[], container: V1Container): string[] {
  const variables = new Map((container.env ?? []).map(({ name, value }) => [name, value ?? '']));
  return command.map((word) => expand(word, variables));
}

async function execProbe(
  deps: HandlerDeps,
  containerId: string,
  command: string[],
  timeoutMs: number,
  signal: AbortSignal,
): Promise<ProbeOutcome> {
  const { exitCode, output, timedOut } = await runInContainer(deps, containerId, command, timeoutMs, signal);
  if (timedOut) {
    const words = command.join(' ');
    return {
      result: 'failure',
      output: `command timed out: ${JSON.stringify(words)} timed out after ${goDuration(timeoutMs)}`,
    };
  }
  return exitCode === 0 ? { result: 'success' } : { result: 'failure', output };
}

/** Runs a command to its end, or to the timeout. `output` is stdout and stderr together, the last 10 KiB. */
export async function runInContainer(
  { runtime, clock }: HandlerDeps,
  containerId: string,
  command: string[],
  timeoutMs: number | undefined,
  signal: AbortSignal,
): Promise<{ exitCode: number; output: string; timedOut: boolean }> {
  const { stream, text } = collector(OUTPUT_BYTES_MAX);
  const run = (limit: AbortSignal) =>
    untilAborted(
      runtime.exec(containerId, { command, tty: false, stdout: stream, stderr: stream, signal: limit }),
      limit,
    );
  if (timeoutMs === undefined) return { exitCode: await run(signal), output: text(), timedOut: false };
  return deadline(timeoutMs, clock, signal, async (limit) => {
    try {
      return { exitCode: await run(limit), output: text(), timedOut: false };
    } catch (error) {
      if (limit.aborted && !signal.aborted) return { exitCode: -1, output: text(), timedOut: true };
      throw error;
    }
  });
}

/** The runtime may be slow to notice an abort; we are not. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

async function httpProbe(
  { clock }: HandlerDeps,
  get: HttpGet,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<ProbeOutcome> {
  const { status, body } = await httpGet(get, timeoutMs, clock, signal);
  if (status >= 200 && status < 300) return { result: 'success' };
  if (status >= 300 && status < 400) {
    return { result: 'warning', output: `Probe terminated redirects, Response body: ${body}` };
  }
  return { result: 'failure', output: `HTTP probe failed with statuscode: ${status}` };
}

/** An httpGet action as a request; a port by name is looked up in the container. Throws when there is none. */
export function requestOf(action: V1HTTPGetAction, container: V1Container, podIP: string): HttpGet {
  return {
    scheme: action.scheme?.toLowerCase() === 'https' ? 'https' : 'http',
    host: action.host || podIP,
    port: portNumber(action.port, container),
    path: action.path ?? '/',
    headers: action.httpHeaders ?? [],
  };
}

/** As upstream's ResolveContainerPort. */
export function portNumber(port: number | string, container: V1Container): number {
  const named = container.ports?.find(({ name }) => name === port)?.containerPort;
  const number = named ?? Number(port);
  if (!Number.isInteger(number)) throw new Error(`strconv.Atoi: parsing ${JSON.stringify(port)}: invalid syntax`);
  if (number <= 0 || number > 65_535) throw new Error(`invalid port number: ${number}`);
  return number;
}

const SERVING = 1;

/** grpc.health.v1.Health/Check over HTTP/2 without TLS. */
async function grpcProbe(
  { clock }: HandlerDeps,
  host: string,
  port: number,
  service: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<ProbeOutcome> {
  const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  return deadline(timeoutMs, clock, signal, async (limit) => {
    try {
      const status = await grpcHealth(`http://${address}`, service, limit);
      if (status === SERVING) return { result: 'success' };
      return { result: 'failure', output: `service unhealthy (responded with "${statusName(status)}")` };
    } catch (error) {
      if (signal.aborted) throw error;
      const what = limit.aborted ? `within ${goDuration(timeoutMs)}: context deadline exceeded` : messageOf(error);
      return { result: 'failure', output: `failed to connect service "${address}" ${what}` };
    }
  });
}

function statusName(status: number): string {
  return ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'][status] ?? String(status);
}

function grpcHealth(url: string, service: string, signal: AbortSignal): Promise<number> {
  const name = Buffer.from(service);
  const message = name.length > 0 ? Buffer.concat([Buffer.from([0x0a, name.length]), name]) : name;
  const frame = Buffer.alloc(5 + message.length);
  frame.writeUInt32BE(message.length, 1);
  message.copy(frame, 5);
  return new Promise((resolve, reject) => {
    const session = connectHttp2(url);
    const end = (settle: () => void) => {
      session.destroy();
      settle();
    };
    session.once('error', (error) => end(() => reject(error)));
    signal.addEventListener('abort', () => end(() => reject(signal.reason)), { once: true });
    const stream = session.request({
      ':method': 'POST',
      ':path': '/grpc.health.v1.Health/Check',
      'content-type': 'application/grpc',
      te: 'trailers',
      'user-agent': 'kube-probe/1.36',
    });
    const chunks: Buffer[] = [];
    let code = '0';
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    const noteStatus = (headers: Record<string, unknown>) => {
      code = String(headers['grpc-status'] ?? code);
    };
    stream.once('response', noteStatus);
    stream.once('trailers', noteStatus);
    stream.once('error', (error) => end(() => reject(error)));
    stream.once('end', () => {
      const body = Buffer.concat(chunks).subarray(5);
      // One field of one byte: the status. Absent is its zero value.
      const status = body[0] === 0x08 ? (body[1] ?? 0) : 0;
      end(() => (code === '0' ? resolve(status) : reject(new Error(`rpc error: code = ${code}`))));
    });
    stream.end(frame);
  });
}
