/** What rude clients do. Each attack is begun, held for as long as the test looks, and then dropped. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { openMany, openTcp, openTls, pour, requestText, type Target } from './connections.ts';
import { END_HEADERS, END_STREAM, frame, headerBlock, PREFACE, ping, reset, settings } from './frames.ts';

export interface Attack {
  sockets: Iterable<Socket>;
  /** What goes on while the attack is held: done again and again, with a pause of so many ms. */
  every?: { ms: number; act(): void | Promise<void> };
}

export type AttackKind = keyof typeof ATTACKS;

const MAPS = '/api/v1/namespaces/rude/configmaps';
const LIST = '/api/v1/namespaces/large/configmaps';
const WATCH = `${MAPS}?watch=1`;
const JSON_BODY = { 'content-type': 'application/json' };

/** Of clients that speak HTTP/2: the frames that open it, with windows that let nothing through where asked for. */
async function openSession({ port }: Target, initialWindow?: number): Promise<Socket> {
  const socket = await openTls(port, 'h2');
  socket.write(Buffer.concat([PREFACE, settings(initialWindow)]));
  return socket;
}

const authorized = ({ token }: Target) => ({ authorization: `Bearer ${token}` });

/** Requests on the streams 1, 3, 5 … of one session. */
function streams(count: number, block: Buffer, flags: number, after?: (stream: number) => Buffer): Buffer {
  return Buffer.concat(
    Array.from({ length: count }, (_, index) => {
      const stream = 2 * index + 1;
      const head = frame('headers', flags | END_HEADERS, stream, block);
      return after ? Buffer.concat([head, after(stream)]) : head;
    }),
  );
}

/** Connections that each send the same and then nothing, nor read anything. */
async function sending(target: Target, count: number, text: string): Promise<Attack> {
  const sockets = await openMany(count, () => openTls(target.port));
  for (const socket of sockets) socket.write(text);
  return { sockets };
}

export const ATTACKS = {
  /** Each has asked once, read the answer, and says no more. */
  idle: async (target: Target, count: number): Promise<Attack> => {
    const sockets = await openMany(count, async () => {
      const socket = await openTls(target.port);
      socket.write(requestText('GET /healthz', target.token));
      socket.resume();
      await once(socket, 'data');
      return socket;
    });
    return { sockets };
  },

  watchers: (target: Target, count: number) => sending(target, count, requestText(`GET ${WATCH}`, target.token)),

  watchersH2: async (target: Target, count: number): Promise<Attack> => {
    const sockets = await openMany(Math.ceil(count / 100), () => openSession(target, 0));
    const block = headerBlock('GET', WATCH, authorized(target));
    for (const socket of sockets) socket.write(streams(100, block, END_STREAM));
    return { sockets };
  },

  watchersWebSocket: (target: Target, count: number) =>
    sending(target, count, requestText(`GET ${WATCH}`, target.token, webSocketHeaders())),

  /** Half a body, and then gone without a good-bye. */
  vanish: async (target: Target, count: number): Promise<Attack> => {
    const half = Buffer.alloc(512 * 1024, ' ');
    const head = requestText(`POST ${MAPS}`, target.token, { ...JSON_BODY, 'content-length': String(2 * half.length) });
    for (let left = count; left > 0; left -= 20) {
      const sockets = await openMany(Math.min(20, left), () => openTls(target.port));
      await Promise.all(sockets.map((socket) => pour(socket, Buffer.concat([Buffer.from(head), half]), 1)));
      for (const socket of sockets) socket.destroy();
    }
    return { sockets: [] };
  },

  drip: async (target: Target, count: number): Promise<Attack> => {
    const head = requestText(`POST ${MAPS}`, target.token, { ...JSON_BODY, 'content-length': '100000' });
    const sockets = await openMany(count, () => openTls(target.port));
    for (const socket of sockets) socket.write(head);
    return { sockets, every: { ms: 1_000, act: () => writeAll(sockets, '{') } };
  },

  dripH2: async (target: Target, count: number): Promise<Attack> => {
    const sockets = await openMany(Math.ceil(count / 100), () => openSession(target));
    const block = headerBlock('POST', MAPS, { ...authorized(target), ...JSON_BODY });
    for (const socket of sockets) socket.write(streams(100, block, 0));
    const byte = Buffer.concat(
      Array.from({ length: 100 }, (_, index) => frame('data', 0, 2 * index + 1, Buffer.from('{'))),
    );
    return { sockets, every: { ms: 1_000, act: () => writeAll(sockets, byte) } };
  },

  /** A body of a great many pieces of one byte, as large as a body may be. */
  crumbs: async (target: Target, count: number): Promise<Attack> => {
    const head = requestText(`POST ${MAPS}`, target.token, { ...JSON_BODY, 'transfer-encoding': 'chunked' });
    const sockets = await openMany(count, () => openTls(target.port));
    for (const socket of sockets) socket.write(head);
    await Promise.all(sockets.map((socket) => pour(socket, Buffer.from('1\r\n \r\n'.repeat(10_000)), 30)));
    return { sockets };
  },

  rapidReset: async (target: Target, count: number): Promise<Attack> => {
    const sockets = await openMany(Math.ceil(count / 1_000), () => openSession(target));
    const block = headerBlock('GET', LIST, authorized(target));
    for (const socket of sockets) socket.write(streams(1_000, block, END_STREAM, reset));
    return { sockets };
  },

  /** The same all the time: so many a second. */
  rapidResets: async (target: Target, count: number): Promise<Attack> => {
    const sockets = new Set<Socket>();
    const all = streams(500, headerBlock('GET', LIST, authorized(target)), END_STREAM, reset);
    const act = async () => {
      const socket = await openSession(target);
      sockets.add(socket);
      socket.resume().once('close', () => sockets.delete(socket));
      socket.end(all);
    };
    return { sockets, every: { ms: 500_000 / count, act } };
  },

  pings: async (target: Target, count: number): Promise<Attack> => {
    const sockets = await openMany(20, () => openSession(target));
    const chunk = Buffer.concat(Array.from({ length: 1_000 }, ping));
    void Promise.all(sockets.map((socket) => pour(socket, chunk, Math.ceil(count / 20_000))));
    return { sockets };
  },

  settings: async (target: Target, count: number): Promise<Attack> => {
    const sockets = await openMany(20, () => openSession(target));
    const chunk = Buffer.concat(Array.from({ length: 1_000 }, () => settings(65_535)));
    void Promise.all(sockets.map((socket) => pour(socket, chunk, Math.ceil(count / 20_000))));
    return { sockets };
  },

  /** Header lines without an end: over HTTP/2 in frames that each announce another. */
  continuations: async (target: Target, count: number): Promise<Attack> => {
    const sockets = await openMany(20, () => openSession(target));
    const block = headerBlock('GET', LIST, authorized(target));
    const more = Buffer.concat(
      Array.from({ length: 100 }, () => frame('continuation', 0, 1, headerLine('x-rude', 'x'.repeat(100)))),
    );
    for (const socket of sockets) socket.write(frame('headers', END_STREAM, 1, block));
    void Promise.all(sockets.map((socket) => pour(socket, more, Math.ceil(count / 2_000))));
    return { sockets };
  },

  slowHeaders: async (target: Target, count: number): Promise<Attack> => {
    const sockets = await openMany(count, () => openTls(target.port));
    for (const socket of sockets) socket.write('GET /api HTTP/1.1\r\nhost: rude\r\n');
    return { sockets, every: { ms: 1_000, act: () => writeAll(sockets, 'x-rude: x\r\n') } };
  },

  /** Half of them say nothing at all, half begin a handshake. */
  handshakes: async (target: Target, count: number): Promise<Attack> => {
    const sockets = await openMany(count, () => openTcp(target.port));
    for (const [index, socket] of sockets.entries())
      if (index % 2 === 0) socket.write(Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]));
    return { sockets };
  },

  pipelined: async (target: Target, count: number): Promise<Attack> => {
    const sockets = await openMany(Math.ceil(count / 200), () => openTls(target.port));
    const requests = Buffer.from(requestText(`GET ${LIST}`, target.token).repeat(200));
    for (const socket of sockets) socket.write(requests);
    return { sockets };
  },

  /** The same without an end. */
  pipelinedFlood: async (target: Target, count: number): Promise<Attack> => {
    const sockets = await openMany(20, () => openTls(target.port));
    const requests = Buffer.from(requestText('GET /healthz', target.token).repeat(1_000));
    void Promise.all(sockets.map((socket) => pour(socket, requests, Math.ceil(count / 20_000))));
    return { sockets };
  },

  gzip: (target: Target, count: number) =>
    sending(target, count, requestText(`GET ${LIST}`, target.token, { 'accept-encoding': 'gzip' })),

  lists: (target: Target, count: number) => sending(target, count, requestText(`GET ${LIST}`, target.token)),

  tables: (target: Target, count: number) =>
    sending(
      target,
      count,
      requestText(`GET ${LIST}`, target.token, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }),
    ),

  listsH2: async (target: Target, count: number): Promise<Attack> => {
    const sockets = await openMany(Math.ceil(count / 100), () => openSession(target, 0));
    const block = headerBlock('GET', LIST, authorized(target));
    for (const socket of sockets) socket.write(streams(100, block, END_STREAM));
    return { sockets };
  },

  /** Over WebSockets: asks all the time whether the server is still there, and listens to no answer. */
  webSocketPings: async (target: Target, count: number): Promise<Attack> => {
    const sockets = await openMany(20, () => openTls(target.port));
    const head = requestText(`GET ${WATCH}`, target.token, webSocketHeaders());
    const one = Buffer.concat([Buffer.from([0x89, 0x80 | 125, 0, 0, 0, 0]), Buffer.alloc(125)]);
    const chunk = Buffer.concat(Array.from({ length: 1_000 }, () => one));
    for (const socket of sockets) socket.write(head);
    void Promise.all(sockets.map((socket) => pour(socket, chunk, Math.ceil(count / 20_000))));
    return { sockets };
  },
} satisfies Record<string, (target: Target, count: number) => Promise<Attack>>;

function headerLine(name: string, value: string): Buffer {
  return Buffer.concat([
    Buffer.from([0, name.length]),
    Buffer.from(name),
    Buffer.from([value.length]),
    Buffer.from(value),
  ]);
}

function webSocketHeaders(): Record<string, string> {
  return {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': randomBytes(16).toString('base64'),
    origin: 'https://rude',
  };
}

function writeAll(sockets: readonly Socket[], chunk: Buffer | string): void {
  for (const socket of sockets) if (!socket.destroyed) socket.write(chunk);
}
