/**
 * Exec over SPDY/3.1, as clients before 1.31 do it: the client opens a stream for each of error, stdin, stdout, stderr
 * and resize, names it with the header `streamType`, and reads from the error stream how the command ended.
 */
import type { Duplex } from 'node:stream';
import { messageOf } from '../../../base/errors.ts';
import { internalError } from '../../../openapi/status.ts';
import { HttpError, type ServerDeps } from '../server.ts';
import { type ExecRequest, execTarget, exitStatus, SizeQueue, type Streams } from '../server-exec.ts';
import { drained } from '../server-logs.ts';
import { SpdyConnection } from './connection.ts';
import type { SpdyStream } from './stream.ts';

/** The last is the first version, from before there were numbers. */
const PROTOCOLS = ['v4.channel.k8s.io', 'v3.channel.k8s.io', 'v2.channel.k8s.io', 'channel.k8s.io'];
const WITH_STATUS = 'v4.channel.k8s.io';
const WITH_RESIZE = new Set(['v4.channel.k8s.io', 'v3.channel.k8s.io']);
const UNNUMBERED = 'channel.k8s.io';

/** As upstream: for the client to open all its streams. */
const STREAMS_WAIT_MS = 30_000;
/** As upstream: for a session in which nothing happens. */
const IDLE_MS = 4 * 60 * 60 * 1000;
const SIZE_BYTES_MAX = 1024;

type StreamType = 'error' | 'stdin' | 'stdout' | 'stderr' | 'resize';
type StreamsByType = ReadonlyMap<string, SpdyStream>;

/** Resolves once the connection is closed. Rejects with `HttpError` while a refusal can still be an HTTP answer. */
export async function serveSpdyExec(call: ExecRequest, deps: ServerDeps): Promise<void> {
  const { request, socket, head, container } = call;
  const target = execTarget(call, deps);
  const protocol = negotiate(request.headersDistinct['x-stream-protocol-version'] ?? []);
  acceptUpgrade(socket, protocol);
  const expected = expectedStreams(target.streams, protocol);
  const arrival = new Arrival(expected);
  const connection = new SpdyConnection(socket, head, {
    clock: deps.clock,
    idleMs: IDLE_MS,
    onStream: (stream) => arrival.add(stream),
  });
  const { signal } = connection;
  const stopListening = () => arrival.fail(signal.reason);
  if (signal.aborted) stopListening();
  signal.addEventListener('abort', stopListening, { once: true });
  const patience = deps.clock.after(STREAMS_WAIT_MS, () =>
    arrival.fail(new Error('timed out waiting for client to create streams')),
  );
  try {
    await run(target, { streams: await arrival.complete, protocol, signal }, deps);
  } catch (error) {
    deps.log.info({ container, error: messageOf(error) }, 'kubelet: exec over SPDY failed');
  } finally {
    patience.cancel();
    await connection.close();
  }
}

/** The first version of the client's list that we know. */
function negotiate(lines: readonly string[]): string {
  const offered = lines
    .flatMap((line) => line.split(','))
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (offered.length === 0) throw new HttpError(400, 'unable to upgrade: X-Stream-Protocol-Version is required');
  const protocol = offered.find((name) => PROTOCOLS.includes(name));
  if (protocol !== undefined) return protocol;
  throw new HttpError(
    403,
    `unable to upgrade: unable to negotiate protocol: client supports [${offered.join(' ')}], server accepts [${PROTOCOLS.join(' ')}]`,
    PROTOCOLS.map((name) => `X-Accepted-Stream-Protocol-Versions: ${name}`),
  );
}

function acceptUpgrade(socket: Duplex, protocol: string): void {
  socket.write(
    'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n' +
      `X-Stream-Protocol-Version: ${protocol}\r\n\r\n`,
  );
}

function expectedStreams({ stdin, stdout, stderr, tty }: Streams, protocol: string): StreamType[] {
  const expected: StreamType[] = ['error'];
  if (stdin) expected.push('stdin');
  if (stdout) expected.push('stdout');
  // With a terminal there is one stream.
  if (stderr && !tty) expected.push('stderr');
  if (tty && WITH_RESIZE.has(protocol)) expected.push('resize');
  return expected;
}

/** Collects the streams a client opens until all that are expected are there. */
class Arrival {
  readonly complete: Promise<StreamsByType>;
  readonly #missing: Set<string>;
  readonly #streams = new Map<string, SpdyStream>();
  readonly #settle: { resolve(streams: StreamsByType): void; reject(reason: unknown): void };

  constructor(expected: readonly StreamType[]) {
    this.#missing = new Set(expected);
    const { promise, resolve, reject } = promiseWithResolvers<StreamsByType>();
    this.complete = promise;
    this.#settle = { resolve, reject };
  }

  add(stream: SpdyStream): void {
    const type = stream.headers.get('streamtype')?.[0] ?? '';
    const expected = this.#missing.delete(type);
    if (expected) this.#streams.set(type, stream);
    // Nothing is to be read from the others; what comes on them must not fill the connection.
    if (!expected || (type !== 'stdin' && type !== 'resize')) stream.resume();
    if (this.#missing.size === 0) this.#settle.resolve(this.#streams);
  }

  fail(reason: unknown): void {
    this.#settle.reject(reason);
  }
}

interface Session {
  streams: StreamsByType;
  protocol: string;
  signal: AbortSignal;
}

async function run(
  { containerId, command, streams: wants }: ReturnType<typeof execTarget>,
  { streams, protocol, signal }: Session,
  deps: ServerDeps,
): Promise<void> {
  const [stdin, stdout, stderr] = [streams.get('stdin'), streams.get('stdout'), streams.get('stderr')];
  // What clients of the unnumbered version wait for.
  if (protocol === UNNUMBERED) stdin?.end();
  const sizes = new SizeQueue();
  followSizes(streams.get('resize'), sizes);
  signal.addEventListener('abort', () => sizes.end(), { once: true });
  let report: Report;
  try {
    const exitCode = await deps.runtime.exec(containerId, {
      command,
      tty: wants.tty,
      ...(stdin ? { stdin } : {}),
      ...(stdout ? { stdout } : {}),
      ...(stderr ? { stderr } : {}),
      ...(wants.tty ? { resize: sizes } : {}),
      signal,
    });
    report = exitStatus(exitCode, command);
  } catch (error) {
    if (signal.aborted) return;
    deps.log.info({ container: containerId, error: messageOf(error) }, 'kubelet: exec failed');
    report = internalError(`error executing command in container: ${messageOf(error)}`).status;
  }
  // Nobody reads what is left; a client that sends it all before it reads must get to that.
  stdin?.resume();
  await Promise.all([stdout, stderr].map((sink) => sink && drained(sink)));
  const error = streams.get('error');
  if (!error || error.destroyed) return;
  error.write(protocol === WITH_STATUS ? JSON.stringify(report) : plainText(report));
  await drained(error);
}

interface Report {
  status?: string;
  message?: string;
}

/** What the versions before v4 are told: nothing, or what went wrong. */
function plainText({ status, message }: Report): string {
  return status === 'Success' ? '' : (message ?? '');
}

/** Sizes come as JSON objects one after the other, cut anywhere. */
function followSizes(stream: SpdyStream | undefined, sizes: SizeQueue): void {
  let text = '';
  stream?.on('data', (chunk: Buffer) => {
    const parts = (text + chunk.toString('latin1')).split('}');
    text = (parts.pop() ?? '').slice(-SIZE_BYTES_MAX);
    for (const part of parts) sizes.push(Buffer.from(`${part}}`));
  });
}

function promiseWithResolvers<T>() {
  let resolve: (value: T) => void = () => undefined;
  let reject: (reason: unknown) => void = () => undefined;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
