/** Connections of rude clients: they are opened, kept, and at the end dropped without a word. */
import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';

export interface Target {
  port: number;
  /** Bearer token. */
  token: string;
}

/** Handshakes at a time, so that a thousand of them do not all wait for each other. */
const AT_ONCE = 32;

/** Opens so many connections; rejects when the server refuses one. */
export async function openMany(count: number, open: () => Promise<Socket>): Promise<Socket[]> {
  const sockets: Socket[] = [];
  let left = count;
  const worker = async () => {
    while (left-- > 0) sockets.push(await open());
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return sockets;
}

export async function openTls(port: number, protocol: 'http/1.1' | 'h2' = 'http/1.1'): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ALPNProtocols: [protocol] });
  await once(socket, 'secureConnect');
  return quiet(socket);
}

export async function openTcp(port: number): Promise<Socket> {
  const socket = connectTcp(port, '127.0.0.1');
  await once(socket, 'connect');
  return quiet(socket);
}

/** Nobody minds that the server hangs up; nothing is read unless somebody asks for it. */
function quiet<T extends Socket>(socket: T): T {
  socket.on('error', () => undefined);
  socket.pause();
  return socket;
}

/** A request over HTTP/1.1, without its body. */
export function requestText(line: string, token: string, headers: Record<string, string> = {}): string {
  const lines = Object.entries({ host: 'rude', authorization: `Bearer ${token}`, ...headers });
  return `${line} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
}

/** Writes as long as the other end reads; resolves when everything is out of our hands, or the connection is closed. */
export function pour(socket: Socket, chunk: Buffer, times: number): Promise<void> {
  return new Promise((resolve) => {
    let left = times;
    const go = () => {
      while (left > 0) {
        if (socket.destroyed) break;
        left--;
        if (!socket.write(chunk)) {
          socket.once('drain', go);
          return;
        }
      }
      resolve();
    };
    socket.once('close', () => resolve());
    go();
  });
}
