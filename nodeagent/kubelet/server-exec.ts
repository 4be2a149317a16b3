/** Exec over WebSocket: `v5.channel.k8s.io` and `v4.channel.k8s.io`. The first byte of each message is its channel. */
import type { IncomingMessage } from 'node:http';
import { type Duplex, PassThrough, Writable } from 'node:stream';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { messageOf } from '../../base/errors.ts';
import type { V1Pod } from '../../openapi/generated/types.ts';
import { internalError } from '../../openapi/status.ts';
import { HttpError, type ServerDeps } from './server.ts';
import { bareId, drained, statusOf } from './server-logs.ts';

export interface ExecRequest {
  request: IncomingMessage;
  socket: Duplex;
  head: Buffer;
  pod: V1Pod;
  container: string;
  query: URLSearchParams;
}

const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const ERROR = 3;
const RESIZE = 4;
const CLOSE = 255;
const PROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];
/** A client that sends faster than the command reads is made to wait once this much is held. */
const STDIN_BYTES_MAX = 64 * 1024;
const MESSAGE_BYTES_MAX = 4 * 1024 * 1024;

/** Rejects with `HttpError` while a refusal can still be an HTTP answer. */
export async function serveExec(call: ExecRequest, deps: ServerDeps): Promise<void> {
  const { request, socket, head } = call;
  const { containerId, command, streams } = execTarget(call, deps);
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  const protocol = PROTOCOLS.find((name) => offered.includes(name));
  if (!protocol) {
    throw new HttpError(
      403,
      `unable to upgrade: unable to negotiate protocol: client supports [${offered.join(' ')}], server accepts [${PROTOCOLS.join(' ')}]`,
    );
  }
  const webSockets = new WebSocketServer({
    noServer: true,
    maxPayload: MESSAGE_BYTES_MAX,
    handleProtocols: () => protocol,
  });
  // The handshake knows only GET; upstream takes POST for exec as well.
  request.method = 'GET';
  const client = await new Promise<WebSocket>((resolve) => webSockets.handleUpgrade(request, socket, head, resolve));
  await run(client, containerId, command, streams, deps);
}

/** What a request asks for, however it comes. Throws `HttpError`. */
export function execTarget(
  { pod, container, query }: Pick<ExecRequest, 'pod' | 'container' | 'query'>,
  deps: ServerDeps,
): { containerId: string; command: string[]; streams: Streams } {
  const command = query.getAll('command');
  if (command.length === 0) throw new HttpError(400, 'you must specify at least 1 command');
  const flag = (...names: string[]) => names.some((name) => ['1', 'true'].includes(query.get(name) ?? ''));
  const streams = {
    stdin: flag('input', 'stdin'),
    stdout: flag('output', 'stdout'),
    stderr: flag('error', 'stderr'),
    tty: flag('tty'),
  };
  if (!streams.stdin && !streams.stdout && !streams.stderr) {
    throw new HttpError(400, 'you must specify at least 1 of stdin, stdout, stderr');
  }
  const status = statusOf(deps.statusOf(pod), container);
  if (!status?.state?.running || !status.containerID) throw new HttpError(500, `container not found ("${container}")`);
  return { containerId: bareId(status.containerID), command, streams };
}

export interface Streams {
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  tty: boolean;
}

async function run(
  client: WebSocket,
  containerId: string,
  command: string[],
  wants: Streams,
  deps: ServerDeps,
): Promise<void> {
  const gone = new AbortController();
  const sizes = new SizeQueue();
  const stdin = wants.stdin ? new PassThrough({ highWaterMark: STDIN_BYTES_MAX }) : undefined;
  const stdout = wants.stdout ? channel(client, STDOUT) : undefined;
  // With a terminal there is one stream.
  const stderr = wants.stderr && !wants.tty ? channel(client, STDERR) : undefined;
  client.on('close', () => {
    gone.abort();
    stdout?.destroy();
    stderr?.destroy();
    sizes.end();
    stdin?.destroy();
  });
  client.on('error', () => client.terminate());
  // A command that ends early takes its end of the pipe with it.
  stdin?.on('error', () => client.resume());
  client.on('message', (data: RawData, isBinary: boolean) => receive(client, data, isBinary, stdin, sizes));
  let report: object;
  try {
    const exitCode = await deps.runtime.exec(containerId, {
      command,
      tty: wants.tty,
      ...(stdin ? { stdin } : {}),
      ...(stdout ? { stdout } : {}),
      ...(stderr ? { stderr } : {}),
      ...(wants.tty ? { resize: sizes } : {}),
      signal: gone.signal,
    });
    report = exitStatus(exitCode, command);
  } catch (error) {
    if (!gone.signal.aborted) {
      deps.log.info({ container: containerId, error: messageOf(error) }, 'kubelet: exec failed');
    }
    report = internalError(`error executing command in container: ${messageOf(error)}`).status;
  }
  sizes.end();
  stdin?.destroy();
  await Promise.all([stdout, stderr].map((sink) => sink && drained(sink)));
  if (client.readyState === client.OPEN) {
    client.resume();
    client.send(framed(ERROR, Buffer.from(JSON.stringify(report))), () => client.close(1000));
  }
}

/** The Status on the error channel: how the command ended. */
export function exitStatus(exitCode: number, command: readonly string[]): object {
  if (exitCode === 0) return { metadata: {}, status: 'Success' };
  return {
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: error executing command [${command.join(' ')}], exit code ${exitCode}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
  };
}

function framed(number: number, data: Buffer): Buffer {
  return Buffer.concat([Buffer.from([number]), data]);
}

/** Writes to a channel; the next write waits until this one has left. */
function channel(client: WebSocket, number: number): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, callback) {
      if (client.readyState !== client.OPEN) callback();
      else client.send(framed(number, chunk), () => callback());
    },
  });
}

function receive(
  client: WebSocket,
  data: RawData,
  isBinary: boolean,
  stdin: PassThrough | undefined,
  sizes: SizeQueue,
): void {
  const message = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer);
  if (!isBinary || message.length === 0) return;
  const body = message.subarray(1);
  switch (message[0]) {
    case STDIN:
      if (!stdin || stdin.destroyed || stdin.writableEnded || body.length === 0) return;
      if (!stdin.write(body)) {
        client.pause();
        stdin.once('drain', () => client.resume());
      }
      return;
    case RESIZE:
      sizes.push(body);
      return;
    case CLOSE:
      if (body[0] === STDIN) stdin?.end();
      return;
  }
}

/** Terminal sizes: only the newest counts for a reader that lags. */
export class SizeQueue implements AsyncIterable<{ width: number; height: number }> {
  #newest: { width: number; height: number } | undefined;
  #ended = false;
  #wake: () => void = () => undefined;

  push(json: Buffer): void {
    const size = parseSize(json);
    if (!size) return;
    this.#newest = size;
    this.#wake();
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<{ width: number; height: number }> {
    while (!this.#ended) {
      const size = this.#newest;
      this.#newest = undefined;
      if (size) yield size;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}

function parseSize(json: Buffer): { width: number; height: number } | undefined {
  try {
    const { Width: width, Height: height } = JSON.parse(json.toString()) as { Width?: number; Height?: number };
    if (typeof width === 'number' && typeof height === 'number') return { width, height };
  } catch {
    // What cannot be read is not a size; upstream ignores it as well.
  }
  return undefined;
}
