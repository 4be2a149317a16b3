/** Requests on the wire as no HTTP client would send them. */
import { connect } from 'node:tls';
import { systemClock } from '../base/clock.ts';
import { target } from './harness.ts';

const DEADLINE_MS = 10_000;

/** What the server says to those bytes before it closes the connection, or before the deadline. */
export function converse(bytes: Buffer | string, { hangUp = false } = {}): Promise<string> {
  const { hostname, port } = target.url;
  const { tls } = target.connection;
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect({ ...tls, host: hostname, port: Number(port), ALPNProtocols: ['http/1.1'] }, () => {
      socket.write(bytes, () => {
        if (hangUp) socket.destroy();
      });
    });
    const timer = systemClock.after(DEADLINE_MS, () => socket.destroy());
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    // Cut off in the middle of a request that it has refused, it may say so in no other way.
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') reject(error);
    });
    socket.on('close', () => {
      timer.cancel();
      resolve(Buffer.concat(chunks).toString());
    });
  });
}

/** The head of a request with our identity; lines of its own come last. */
export function head(method: string, path: string, ...lines: string[]): string {
  const identity = Object.entries(target.connection.headers).map(([name, value]) => `${name}: ${value}`);
  const all = [`${method} ${path} HTTP/1.1`, `host: ${target.url.host}`, 'connection: close', ...identity, ...lines];
  return `${all.join('\r\n')}\r\n\r\n`;
}
