/** Watches and logs over WebSockets, with the handshakes of Go's server, which upstream's clients are written for. */
import type { WebSocket } from 'ws';
import type { Clock } from '../../base/clock.ts';
import { badRequest } from '../../openapi/status.ts';
import type { ApiRequest } from './request.ts';

type Upgrade = NonNullable<ApiRequest['upgrade']>;

/** What a client may send that only ever listens. */
const PAYLOAD_MAX_BYTES = 64 * 1024;
/** What may wait for a client to read it when it is told that we are alive. */
const PONGS_MAX_BYTES = 64 * 1024;
/** How long a client may take to read what is left when its socket is closed. */
const CLOSE_MS = 2_000;
const CLOSE_NORMAL = 1000;
const BEARER_PROTOCOL = 'base64url.bearer.authorization.k8s.io.';

/** Whether a request asks for a WebSocket. */
export function isWebSocketRequest({ upgrade, header }: ApiRequest): boolean {
  return upgrade !== undefined && header('upgrade')?.toLowerCase() === 'websocket';
}

/** Answers to a handshake that is refused carry no body. */
export type Handshake = { protocol: string } | { refused: 400 | 403 };

/**
 * The handshake of a watch: any subprotocol will do and changes nothing, but there may be only one, and browsers and
 * others have to say where they come from.
 */
export function watchHandshake(header: ApiRequest['header']): Handshake {
  const origin = header('origin') ?? '';
  // Where Go reads a URL: anything with a scheme, or a path.
  if (!/^([a-z][a-z0-9+.-]*:|\/)/i.test(origin)) return { refused: 403 };
  const protocols = protocolsOf(header);
  return protocols.length > 1 ? { refused: 400 } : { protocol: protocols[0] ?? '' };
}

const STREAM_PROTOCOLS = ['', 'binary.k8s.io', 'base64.binary.k8s.io'];

/** The handshake of a stream of bytes: the first subprotocol that we know. */
export function streamHandshake(header: ApiRequest['header']): Handshake {
  const asked = protocolsOf(header);
  const protocol = (asked.length > 0 ? asked : ['']).find((name) => STREAM_PROTOCOLS.includes(name));
  return protocol === undefined ? { refused: 403 } : { protocol };
}

/** What the client offers to speak, without the one that carries its token: that is never sent back. */
function protocolsOf(header: ApiRequest['header']): string[] {
  const names = (header('sec-websocket-protocol') ?? '').split(',').map((name) => name.trim());
  return names.filter((name) => name !== '' && !name.startsWith(BEARER_PROTOCOL));
}

/** A connection that only we send on. */
export class MessageSocket {
  readonly #socket: WebSocket;
  readonly #upgrade: Upgrade;
  readonly #clock: Clock;

  private constructor(socket: WebSocket, upgrade: Upgrade, clock: Clock) {
    this.#socket = socket;
    this.#upgrade = upgrade;
    this.#clock = clock;
    // The connection closes after it, and with that the request ends.
    socket.on('error', () => undefined);
    // A client that asks without reading gets no further answers: they would pile up.
    socket.on('ping', (data: Buffer) => {
      if (socket.bufferedAmount < PONGS_MAX_BYTES) socket.pong(data);
    });
  }

  /** Completes the handshake. Rejects with 400, and nothing written yet, for a request that is no such handshake. */
  static async accept(upgrade: Upgrade, protocol: string, clock: Clock): Promise<MessageSocket> {
    const { WebSocketServer } = await import('ws');
    const server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      autoPong: false,
      maxPayload: PAYLOAD_MAX_BYTES,
      handleProtocols: () => (protocol === '' ? false : protocol),
    });
    const socket = await new Promise<WebSocket>((resolve, reject) => {
      server.once('wsClientError', (error: Error) => reject(badRequest(error.message)));
      server.handleUpgrade(upgrade.request, upgrade.socket, upgrade.head, resolve);
    });
    return new MessageSocket(socket, upgrade, clock);
  }

  /** Sends one message; resolves when the connection has taken it, rejects when it is gone. */
  send(message: Buffer, binary: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.send(message, { binary }, (error) => (error ? reject(error) : resolve()));
    });
  }

  /** Says good-bye and waits for no answer; a client that does not read is cut off, at once or soon. */
  close(): void {
    if (this.#socket.bufferedAmount > 0) {
      this.#socket.terminate();
      return;
    }
    this.#socket.close(CLOSE_NORMAL);
    const { socket } = this.#upgrade;
    const timer = this.#clock.after(CLOSE_MS, () => this.#socket.terminate());
    socket.once('close', () => timer.cancel());
    if (socket.destroyed) timer.cancel();
    else socket.end();
  }
}
