/** GET /containerLogs: a container's output as it was written, or as it is being written. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Writable } from 'node:stream';
import { isAbort } from '../../base/errors.ts';
import type { V1ContainerStatus, V1Pod, V1PodStatus } from '../../openapi/generated/types.ts';
import type { LogOptions } from '../runtime/runtime.ts';
import { identityOf } from './names.ts';
import { HttpError, type ServerDeps } from './server.ts';

export interface LogRequest {
  request: IncomingMessage;
  response: ServerResponse;
  pod: V1Pod;
  container: string;
  query: URLSearchParams;
}

export async function serveLogs(call: LogRequest, deps: ServerDeps): Promise<void> {
  const { response, pod, container, query } = call;
  const { options, limitBytes, stream } = parseQuery(query, deps.clock.now());
  const id = logContainerId(identityOf(pod).name, deps.statusOf(pod), container, query.get('previous') === 'true');
  const gone = new AbortController();
  const quota = { left: limitBytes ?? Number.POSITIVE_INFINITY, end: () => gone.abort() };
  const sink = (wanted: boolean) => (wanted ? limited(response, quota) : nothing());
  const [stdout, stderr] = [sink(stream !== 'Stderr'), sink(stream !== 'Stdout')];
  const onClose = () => {
    gone.abort();
    stdout.destroy();
    stderr.destroy();
  };
  response.once('close', onClose);
  response.on('error', () => response.destroy());
  response.writeHead(200, { 'content-type': 'text/plain' });
  response.flushHeaders();
  try {
    await deps.runtime.logs(id, { ...options, signal: gone.signal }, stdout, stderr);
  } catch (error) {
    if (!isAbort(error, gone.signal)) throw error;
  }
  await Promise.all([drained(stdout), drained(stderr)]);
  response.removeListener('close', onClose);
  if (!response.destroyed) response.end();
}

/** Resolves once all that was written has left, or the sink is gone: who writes to it does not wait for the last bytes. */
export function drained(sink: Writable): Promise<void> {
  return new Promise((resolve) => {
    if (sink.destroyed) resolve();
    sink.once('close', resolve);
    sink.once('error', () => resolve());
    sink.end(() => resolve());
  });
}

function parseQuery(query: URLSearchParams, now: number) {
  const number = (name: string, min: number): number | undefined => {
    const text = query.get(name);
    if (text === null || text === '') return undefined;
    if (!/^-?\d+$/.test(text)) throw new HttpError(400, '{"message": "Unable to decode query."}');
    if (Number(text) < min) throw new HttpError(422, '{"message": "Invalid request."}');
    return Number(text);
  };
  const flag = (name: string) => ['true', '1'].includes(query.get(name) ?? '');
  const sinceSeconds = number('sinceSeconds', 1);
  const sinceTime = query.get('sinceTime');
  if (sinceSeconds !== undefined && sinceTime) throw new HttpError(422, '{"message": "Invalid request."}');
  const since = sinceTime ? Date.parse(sinceTime) : sinceSeconds === undefined ? undefined : now - sinceSeconds * 1000;
  if (Number.isNaN(since)) throw new HttpError(400, '{"message": "Unable to decode query."}');
  const tailLines = number('tailLines', 0);
  const options: Omit<LogOptions, 'signal'> = {
    follow: flag('follow'),
    timestamps: flag('timestamps'),
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(since === undefined ? {} : { since }),
  };
  return { options, limitBytes: number('limitBytes', 1), stream: query.get('stream') ?? 'All' };
}

/** The instance whose logs are meant. Throws 400 with upstream's texts when there is none. */
export function logContainerId(
  podName: string,
  status: V1PodStatus | undefined,
  container: string,
  previous: boolean,
): string {
  const found = statusOf(status, container);
  const what = `container "${container}" in pod "${podName}"`;
  const { state, lastState } = found ?? {};
  if (!found) throw new HttpError(400, `${what} is not available`);
  const last = lastState?.terminated?.containerID;
  if (previous) {
    if (!last) throw new HttpError(400, `previous terminated ${what} not found`);
    return bareId(last);
  }
  if (state?.running && found.containerID) return bareId(found.containerID);
  if (state?.terminated) {
    const id = state.terminated.containerID || last;
    if (!id) throw new HttpError(400, `${what} is terminated`);
    return bareId(id);
  }
  if (lastState?.terminated) {
    if (!last) throw new HttpError(400, `${what} is terminated`);
    return bareId(last);
  }
  const reason = state?.waiting?.reason;
  if (reason === 'ErrImagePull') throw new HttpError(400, `${what} is waiting to start: image can't be pulled`);
  if (reason === 'ImagePullBackOff') {
    throw new HttpError(400, `${what} is waiting to start: trying and failing to pull image`);
  }
  throw new HttpError(400, `${what} is waiting to start: ${reason ?? 'ContainerCreating'}`);
}

export function statusOf(status: V1PodStatus | undefined, container: string): V1ContainerStatus | undefined {
  return [
    ...(status?.containerStatuses ?? []),
    ...(status?.initContainerStatuses ?? []),
    ...(status?.ephemeralContainerStatuses ?? []),
  ].find(({ name }) => name === container);
}

/** `3f2a…` of `docker://3f2a…`. */
export function bareId(containerID: string): string {
  return containerID.replace(/^[^:]*:\/\//, '');
}

function nothing(): Writable {
  return new Writable({ write: (_chunk, _encoding, callback) => callback() });
}

/** Writes to the response no faster than its reader reads, and no more than the quota. */
function limited(response: ServerResponse, quota: { left: number; end(): void }): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, callback) {
      const part = chunk.length > quota.left ? chunk.subarray(0, quota.left) : chunk;
      quota.left -= part.length;
      // Callbacks come when the bytes have left: that is the backpressure.
      if (part.length === 0 || response.destroyed) callback();
      else response.write(part, () => callback());
      if (quota.left <= 0) quota.end();
    },
  });
}
