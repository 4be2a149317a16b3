/** Answers without an end of their own: watches and logs, over HTTP or a WebSocket. */
import type { Clock, Timer } from '../../base/clock.ts';
import type { PresentOptions } from '../endpoints/present.ts';
import { slices } from '../endpoints/present.ts';
import { errorEvent, eventPresenter, framed, type PresentEvent, streamType } from '../endpoints/present-watch.ts';
import type { ApiRequest, ApiResult, WatchFrame } from './request.ts';
import { statusOf } from './respond.ts';
import { type Handshake, isWebSocketRequest, MessageSocket, streamHandshake, watchHandshake } from './websocket.ts';
import type { Headers, WireResponse } from './wire-response.ts';

type Watch = Extract<ApiResult, { kind: 'watch' }>;
type Stream = Extract<ApiResult, { kind: 'stream' }>;

/** How long a client may take to read what is under way when its watch is over. */
const LAST_EVENTS_MS = 2_000;

/** Writes events until there are no more. Rejects, with nothing written yet, for a form that no event can have. */
export async function respondWatch(
  result: Watch,
  request: ApiRequest,
  response: WireResponse,
  clock: Clock,
  headers: Headers,
  options: PresentOptions,
): Promise<void> {
  const present = eventPresenter(result.resource, options);
  if (request.upgrade && isWebSocketRequest(request))
    return overWebSocket(request, watchHandshake(request.header), response, clock, (socket) =>
      sendEvents(result, request, socket, clock, present, options),
    );
  response.start(200, { ...headers, 'content-type': streamType(options.presentation) });
  // The client waits for the headers to know that its watch stands; an empty chunk sends them.
  await response.write(Buffer.alloc(0));
  const cutOff = cuttingOff(result, clock, () => response.abort());
  try {
    for await (const frames of result.frames) {
      for (const slice of slices(framesOf(frames, clock.now(), present, options))) await response.write(slice);
    }
  } catch (error) {
    // The client is gone, or does not read what is waiting for it and the server will not wait.
    if (request.signal.aborted) throw error;
    const { presentation } = options;
    await response.write(Buffer.concat(framed(errorEvent(statusOf(error).status, presentation), presentation)));
  } finally {
    cutOff.cancel();
  }
  response.end();
}

/** Calls `cut` soon after a watch is over, unless it is cancelled: a client that does not read would hold it for ever. */
function cuttingOff({ over }: Watch, clock: Clock, cut: () => void): Timer {
  let timer: Timer | undefined;
  const onOver = () => {
    timer = clock.after(LAST_EVENTS_MS, cut);
  };
  if (over?.aborted) onOver();
  else over?.addEventListener('abort', onOver);
  return {
    cancel() {
      over?.removeEventListener('abort', onOver);
      timer?.cancel();
    },
  };
}

function* framesOf(
  frames: readonly WatchFrame[],
  now: number,
  present: PresentEvent,
  { presentation }: PresentOptions,
): Generator<Buffer> {
  for (const frame of frames) yield* framed(present(frame, now), presentation);
}

/** Each event is a message, of text where it is JSON. */
async function sendEvents(
  watch: Watch,
  { signal }: ApiRequest,
  socket: MessageSocket,
  clock: Clock,
  present: PresentEvent,
  { presentation }: PresentOptions,
): Promise<void> {
  const binary = presentation.format === 'protobuf';
  const cutOff = cuttingOff(watch, clock, () => socket.close());
  try {
    for await (const batch of watch.frames) {
      for (const frame of batch) await socket.send(Buffer.concat(present(frame, clock.now())), binary);
    }
  } catch (error) {
    if (signal.aborted) throw error;
    await socket.send(Buffer.concat(errorEvent(statusOf(error).status, presentation)), binary);
  } finally {
    cutOff.cancel();
  }
}

/** Writes bytes as they come, such as a log. */
export async function respondStream(
  result: Stream,
  request: ApiRequest,
  response: WireResponse,
  clock: Clock,
  headers: Headers,
): Promise<void> {
  if (request.upgrade && isWebSocketRequest(request)) {
    const handshake = streamHandshake(request.header);
    const base64 = 'protocol' in handshake && handshake.protocol.startsWith('base64.');
    return overWebSocket(request, handshake, response, clock, (socket) => sendBytes(result, socket, base64));
  }
  response.start(result.status, { ...headers, 'content-type': result.contentType });
  for await (const chunk of result.body) await response.write(chunk);
  response.end();
}

async function sendBytes({ body }: Stream, socket: MessageSocket, base64: boolean): Promise<void> {
  // Upstream shows by an empty message that the stream stands.
  await socket.send(Buffer.alloc(0), !base64);
  for await (const chunk of body) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    await socket.send(base64 ? Buffer.from(bytes.toString('base64')) : bytes, !base64);
  }
}

async function overWebSocket(
  request: ApiRequest,
  handshake: Handshake,
  response: WireResponse,
  clock: Clock,
  send: (socket: MessageSocket) => Promise<void>,
): Promise<void> {
  if (!request.upgrade) return;
  if ('refused' in handshake) {
    response.start(handshake.refused, {});
    response.end();
    return;
  }
  const socket = await MessageSocket.accept(request.upgrade, handshake.protocol, clock);
  response.handOver();
  // A client that does not read would hold up a message, and with it a server that stops.
  const close = () => socket.close();
  request.signal.addEventListener('abort', close, { once: true });
  try {
    await send(socket);
  } finally {
    request.signal.removeEventListener('abort', close);
    close();
  }
}
