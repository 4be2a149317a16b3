import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { FakeClock, settle } from '../../../base/fake-clock.ts';
import { eventually } from '../fixtures.ts';
import { SpdyConnection } from './connection.ts';
import { type Frame, FrameWriter, SETTINGS_INITIAL_WINDOW_SIZE } from './frames.ts';
import type { SpdyStream } from './stream.ts';
import { TestClient } from './test-client.ts';

const IDLE_MS = 60_000;
const MIB = 1024 * 1024;

describe('a SPDY connection', () => {
  let server: Server;
  let clock: FakeClock;
  let client: TestClient;
  let connection: SpdyConnection;
  let streams: SpdyStream[];
  /** The server's end. */
  let socket: Socket;

  const stream = (index = 0) =>
    eventually(() => {
      const found = streams[index];
      if (!found) throw new Error(`stream ${index} has not come`);
      return found;
    });

  beforeEach(async () => {
    clock = new FakeClock();
    streams = [];
    server = createServer({ allowHalfOpen: true, noDelay: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const outgoing = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    [socket] = (await once(server, 'connection')) as [Socket];
    client = new TestClient(outgoing);
    const onStream = (opened: SpdyStream) => streams.push(opened);
    connection = new SpdyConnection(socket, Buffer.alloc(0), { clock, idleMs: IDLE_MS, onStream });
  });
  afterEach(async () => {
    client.socket.destroy();
    socket.destroy();
    await connection.close();
    assert.equal(clock.timers, 0, 'timers are left');
    await new Promise((resolve) => server.close(resolve));
  });

  it('answers each stream and tells its headers', async () => {
    client.open(1, 'error');
    client.open(3, 'stdin');
    await eventually(() => assert.equal(client.frames.length, 2));
    assert.deepEqual(
      client.frames,
      [1, 3].map((streamId) => ({ type: 'SYN_REPLY', streamId, headers: new Map(), fin: false })),
    );
    assert.deepEqual(
      streams.map(({ id, headers }) => [id, headers.get('streamtype')]),
      [
        [1, ['error']],
        [3, ['stdin']],
      ],
    );
  });

  it('reads first what came with the request', async () => {
    const head = new FrameWriter().write({
      type: 'SYN_STREAM',
      streamId: 1,
      associatedTo: 0,
      priority: 0,
      headers: new Map(),
      fin: false,
      unidirectional: false,
    });
    const other = new Duplex({ read: () => undefined, write: (_chunk, _encoding, callback) => callback() });
    const opened: number[] = [];
    const early = new SpdyConnection(other, head, { clock, idleMs: IDLE_MS, onStream: ({ id }) => opened.push(id) });
    assert.deepEqual(opened, [1]);
    other.destroy();
    await early.close();
  });

  it('lets go of a client that asks and asks and reads no answers', async () => {
    const ping = new FrameWriter().write({ type: 'PING', id: 1 });
    const deaf = new Duplex({ read: () => undefined, write: () => undefined });
    const options = { clock, idleMs: IDLE_MS, onStream: () => undefined };
    const asked = new SpdyConnection(deaf, Buffer.concat(Array(20_000).fill(ping)), options);
    assert.equal(deaf.destroyed, false);
    deaf.push(Buffer.concat(Array(5000).fill(ping)));
    await eventually(() => assert.equal(deaf.destroyed, true));
    await asked.close();
  });

  it('carries data both ways to both ends', async () => {
    client.open(1, 'stdin');
    client.data(1, 'ping', true);
    const both = await stream();
    const texts: string[] = [];
    both.on('data', (chunk) => texts.push(String(chunk)));
    await once(both, 'end');
    assert.deepEqual(texts, ['ping']);
    both.end('pong');
    await eventually(() => assert.ok(client.finished(1)));
    assert.equal(client.received(1).toString(), 'pong');
    assert.equal(client.of('RST_STREAM').length, 0);
  });

  it('takes a stream that ends as it begins', async () => {
    client.open(1, 'stdin', { fin: true });
    const read = await stream();
    read.resume();
    await once(read, 'end');
  });

  it('sends nothing on a stream that goes one way', async () => {
    client.open(1, 'stdin', { unidirectional: true });
    client.data(1, 'x', true);
    const read = await stream();
    for await (const chunk of read) assert.equal(String(chunk), 'x');
    client.send({ type: 'PING', id: 1 });
    await client.awaits('PING');
    assert.deepEqual(
      client.frames.map(({ type }) => type),
      ['PING'],
    );
  });

  it('sends much to a peer that grants nothing', async () => {
    client.open(1, 'stdout');
    // More than fits into a frame.
    (await stream()).end(Buffer.alloc(17 * MIB, 'x'));
    await eventually(() => assert.ok(client.finished(1)));
    assert.equal(client.received(1).length, 17 * MIB);
  });

  it('waits while a peer that counts has granted nothing more', async () => {
    client.send({ type: 'SETTINGS', settings: [{ id: SETTINGS_INITIAL_WINDOW_SIZE, flags: 0, value: 1000 }] });
    client.open(1, 'stdout');
    (await stream()).end(Buffer.alloc(2500, 'x'));
    const granted = async (bytes: number) => {
      client.send({ type: 'PING', id: bytes * 2 + 1 });
      await eventually(() => assert.equal(client.of('PING').at(-1)?.id, bytes * 2 + 1));
      assert.equal(client.received(1).length, bytes);
    };
    await granted(1000);
    client.send({ type: 'WINDOW_UPDATE', streamId: 1, delta: 1200 });
    await granted(2200);
    client.send({ type: 'SETTINGS', settings: [{ id: SETTINGS_INITIAL_WINDOW_SIZE, flags: 0, value: 1100 }] });
    await granted(2300);
    client.send({ type: 'WINDOW_UPDATE', streamId: 1, delta: 5000 });
    await eventually(() => assert.ok(client.finished(1)));
    assert.equal(client.received(1).length, 2500);
  });

  it('waits as well for the window of all streams together', async () => {
    client.send({ type: 'WINDOW_UPDATE', streamId: 0, delta: 1 });
    client.open(1, 'stdout');
    client.open(3, 'stderr');
    (await stream(0)).end(Buffer.alloc(40_000));
    (await stream(1)).end(Buffer.alloc(40_000));
    await eventually(() => assert.equal(client.received(1).length + client.received(3).length, 65_537));
    client.send({ type: 'WINDOW_UPDATE', streamId: 0, delta: 65_536 });
    await eventually(() => assert.ok(client.finished(1) && client.finished(3)));
  });

  it('resets a stream whose window is granted beyond what there is', async () => {
    client.open(1, 'stdout');
    await stream();
    client.send({ type: 'WINDOW_UPDATE', streamId: 1, delta: 0x7fff_ffff });
    assert.deepEqual(await client.awaits('RST_STREAM'), { type: 'RST_STREAM', streamId: 1, status: 7 });
  });

  it('grants more as its reader reads', async () => {
    client.open(1, 'stdin');
    const read = await stream();
    for (let i = 0; i < 6; i++) client.data(1, Buffer.alloc(16 * 1024));
    await eventually(() => assert.ok(read.readableLength > 64 * 1024));
    const sum = (id: number) =>
      client.of('WINDOW_UPDATE').reduce((total, { streamId, delta }) => total + (streamId === id ? delta : 0), 0);
    const before = sum(1);
    read.resume();
    await eventually(() => assert.ok(sum(1) > before && sum(1) >= 64 * 1024, `${sum(1)} after ${before}`));
    await eventually(() => assert.equal(sum(0), 96 * 1024));
  });

  it('makes a client wait that sends faster than the reader reads, and probes whether it is there', async () => {
    client.open(1, 'stdin');
    const read = await stream();
    for (let i = 0; i < 64; i++) client.data(1, Buffer.alloc(256 * 1024));
    client.data(1, '', true);
    await eventually(() => assert.ok(socket.isPaused()));
    assert.ok(read.readableLength < MIB, `${read.readableLength} bytes are held`);
    await clock.advance(2000);
    assert.deepEqual(await client.awaits('SETTINGS'), { type: 'SETTINGS', settings: [] });
    let total = 0;
    for await (const chunk of read) total += (chunk as Buffer).length;
    assert.equal(total, 64 * 256 * 1024);
    assert.equal(clock.timers, 1, 'only that for an idle connection is left');
  });

  it('notices that a client it keeps waiting has gone', async () => {
    client.open(1, 'stdin');
    const read = await stream();
    for (let i = 0; i < 64; i++) client.data(1, Buffer.alloc(256 * 1024));
    await eventually(() => assert.ok(socket.isPaused()));
    client.socket.resetAndDestroy();
    for (let i = 0; i < 10 && !connection.signal.aborted; i++) await clock.advance(2000);
    assert.equal(connection.signal.aborted, true);
    assert.equal(read.destroyed, true);
  });

  it('does not let one slow stream keep others once it is gone', async () => {
    client.open(1, 'stdin');
    client.open(3, 'resize');
    const slow = await stream(0);
    const other = await stream(1);
    client.data(1, Buffer.alloc(MIB));
    client.data(3, 'size');
    await eventually(() => assert.ok(socket.isPaused()));
    slow.destroy();
    const [chunk] = (await once(other, 'data')) as [Buffer];
    assert.equal(chunk.toString(), 'size');
    assert.deepEqual(await client.awaits('RST_STREAM'), { type: 'RST_STREAM', streamId: 1, status: 5 });
  });

  it('ends for its reader a stream that the client resets, and drops what is written to it', async () => {
    client.open(1, 'stdin');
    const both = await stream();
    client.data(1, 'last words');
    client.send({ type: 'RST_STREAM', streamId: 1, status: 5 });
    const texts: string[] = [];
    both.on('data', (chunk) => texts.push(String(chunk)));
    await once(both, 'end');
    assert.deepEqual(texts, ['last words']);
    await new Promise<void>((resolve) => both.end('nobody listens', () => resolve()));
    client.send({ type: 'PING', id: 1 });
    await client.awaits('PING');
    assert.equal(client.received(1).length, 0);
  });

  for (const [title, frames, status] of [
    ['that goes backwards', [3, 1], 1],
    ['of a server', [2], 1],
  ] as const) {
    it(`resets a stream with a number ${title}`, async () => {
      for (const id of frames) client.open(id, 'x');
      assert.deepEqual(await client.awaits('RST_STREAM'), { type: 'RST_STREAM', streamId: frames.at(-1), status });
      assert.equal(streams.length, frames.length - 1);
    });
  }

  it('refuses more streams than anybody needs', async () => {
    for (let i = 0; i < 101; i++) client.open(2 * i + 1, 'x');
    assert.deepEqual(await client.awaits('RST_STREAM'), { type: 'RST_STREAM', streamId: 201, status: 3 });
    assert.equal(streams.length, 100);
  });

  it('resets a stream that was never opened, and forgives what comes late', async () => {
    client.open(1, 'x');
    (await stream()).destroy();
    client.data(1, 'late');
    client.data(5, 'lost');
    await eventually(() => assert.equal(client.of('RST_STREAM').length, 2));
    assert.deepEqual(client.of('RST_STREAM').at(-1), { type: 'RST_STREAM', streamId: 5, status: 2 });
  });

  it('answers a ping of the client, and no other', async () => {
    client.send({ type: 'PING', id: 2 }, { type: 'PING', id: 7 });
    await client.awaits('PING');
    assert.deepEqual(client.of('PING'), [{ type: 'PING', id: 7 }]);
  });

  it('reads headers that come later: the next block builds on them', async () => {
    client.open(1, 'x');
    client.send({ type: 'HEADERS', streamId: 1, headers: new Map([['more', ['words']]]), fin: true });
    client.open(3, 'more words');
    assert.deepEqual((await stream(1)).headers.get('streamtype'), ['more words']);
    const first = await stream(0);
    first.resume();
    await once(first, 'end');
  });

  it('says goodbye and ends when the protocol is broken', async () => {
    client.open(1, 'x');
    const broken = await stream();
    client.socket.write(Buffer.alloc(8));
    assert.deepEqual(await client.awaits('GOAWAY'), { type: 'GOAWAY', lastStreamId: 1, status: 1 });
    assert.equal(broken.destroyed, true);
    assert.match(String(connection.signal.reason), /data belongs to no stream/);
  });

  it('aborts before its streams close when the connection breaks', async () => {
    client.open(1, 'x');
    const broken = await stream();
    let aborted: boolean | undefined;
    const closed = new Promise<void>((resolve) =>
      broken.once('close', () => {
        aborted = connection.signal.aborted;
        resolve();
      }),
    );
    client.socket.destroy();
    await closed;
    assert.equal(aborted, true);
  });

  it('closes when the client has said goodbye and has no streams left', async () => {
    client.open(1, 'x');
    await stream();
    client.send({ type: 'GOAWAY', lastStreamId: 0, status: 0 });
    client.send({ type: 'PING', id: 1 });
    await client.awaits('PING');
    assert.equal(connection.signal.aborted, false);
    client.send({ type: 'RST_STREAM', streamId: 1, status: 5 });
    await eventually(() => assert.equal(connection.signal.aborted, true));
  });

  it('resets what is open when it closes, and lets the client close first', async () => {
    client.open(1, 'x');
    await stream();
    const closed = connection.close();
    await client.awaits('GOAWAY');
    assert.deepEqual(client.frames.slice(1), [
      { type: 'RST_STREAM', streamId: 1, status: 5 },
      { type: 'GOAWAY', lastStreamId: 1, status: 0 },
    ] satisfies Frame[]);
    assert.equal(client.ended, false);
    client.data(1, Buffer.alloc(MIB));
    client.socket.end();
    await closed;
    await eventually(() => assert.equal(client.ended, true));
  });

  it('closes first if the client does not, and breaks off if that does not help', async () => {
    const closed = connection.close();
    await client.awaits('GOAWAY');
    for (let i = 0; i < 20; i++) await settle();
    assert.equal(client.ended, false);
    await clock.advance(1000);
    await eventually(() => assert.equal(client.ended, true));
    await clock.advance(5000);
    await closed;
    assert.equal(socket.destroyed, true);
  });

  it('ends when nothing has moved for long, but not while something does', async () => {
    await clock.advance(IDLE_MS - 1000);
    client.send({ type: 'PING', id: 1 });
    await client.awaits('PING');
    await clock.advance(IDLE_MS - 1000);
    assert.equal(connection.signal.aborted, false);
    await clock.advance(1000);
    assert.match(String(connection.signal.reason), /idle/);
  });
});
