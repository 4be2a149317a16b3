/** The listener over real sockets: whatever clients do, others are served, and nothing is left behind. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { constants } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { FakeClock } from '../../base/fake-clock.ts';
import { isStatus } from '../../openapi/status.ts';
import { BODY_MAX_BYTES } from './body.ts';
import type { Listener } from './listener.ts';
import {
  type Certificates,
  collectingLog,
  endSession,
  eventually,
  fetchOver,
  type Handler,
  listen,
  makeCertificates,
  openSession,
  RawConnection,
} from './wire.fixture.ts';

const echo: Handler = async (request, response) => {
  try {
    const body = await request.bytes();
    const text = Buffer.from(`${request.method} ${request.url} ${body.length} bytes`);
    response.start(200, { 'content-length': String(text.length) });
    response.end(request.method === 'HEAD' ? undefined : text);
  } catch (error) {
    if (response.closed) return;
    response.start(isStatus(error) ? error.code : 500, { 'content-length': '0' });
    response.end();
  }
};

/** Answers headers, and then nothing until the request is to end. */
const hang: Handler = async ({ ending: { signal } }, response) => {
  response.start(200, {});
  await response.write(Buffer.from('begun'));
  if (!signal.aborted) await once(signal, 'abort');
  response.end(Buffer.from(isStatus(signal.reason, 'ServiceUnavailable') ? 'stopped' : 'gone'));
};

const TOO_MUCH = 'a'.repeat(BODY_MAX_BYTES + 1);
const chunked = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`;

describe('Listener', () => {
  let certificates: Certificates;
  let listener: Listener | undefined;
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => warnings.push(warning);

  before(async () => {
    certificates = await makeCertificates();
    process.on('warning', onWarning);
  });
  after(() => {
    process.removeListener('warning', onWarning);
  });
  afterEach(async () => {
    await listener?.close();
    listener = undefined;
    assert.deepEqual(warnings, []);
  });

  const serve = async (handle: Handler, options: Parameters<typeof listen>[2] = {}): Promise<Listener> => {
    listener = await listen(certificates, handle, options);
    return listener;
  };

  describe('over HTTP/1.1', () => {
    const cases: {
      title: string;
      line: string;
      headers?: Record<string, string>;
      body?: string;
      answer: RegExp;
      /** Whether the connection can be used again. */
      reusable?: boolean;
    }[] = [
      { title: 'a GET', line: 'GET /a?b=c', answer: /^HTTP\/1.1 200 OK\r\n[\s\S]*GET \/a\?b=c 0 bytes$/ },
      {
        title: 'the whole URL, as to a proxy',
        line: 'GET https://example.com:6443/a?b=c',
        answer: /GET \/a\?b=c 0 bytes$/,
      },
      { title: 'the whole URL without a path', line: 'GET https://example.com', answer: /GET \/ 0 bytes$/ },
      { title: 'two question marks', line: 'GET /a?b=c?d', answer: /GET \/a\?b=c\?d 0 bytes$/ },
      { title: 'OPTIONS *', line: 'OPTIONS *', answer: /OPTIONS \/? ?\*? ?0 bytes$/ },
      { title: 'HEAD', line: 'HEAD /a', answer: /^HTTP\/1.1 200 OK\r\n[\s\S]*content-length: 15\r\n[\s\S]*\r\n\r\n$/ },
      {
        title: 'a body of known length',
        line: 'POST /a',
        headers: { 'content-length': '5' },
        body: 'hello',
        answer: /POST \/a 5 bytes$/,
      },
      {
        title: 'a body in chunks',
        line: 'POST /a',
        headers: { 'transfer-encoding': 'chunked' },
        body: chunked('hello'),
        answer: /POST \/a 5 bytes$/,
      },
      {
        title: 'a body of just as much as may be',
        line: 'POST /a',
        headers: { 'content-length': String(BODY_MAX_BYTES) },
        body: TOO_MUCH.slice(1),
        answer: /POST \/a 3145728 bytes$/,
      },
      {
        title: 'a body that says it is too large',
        line: 'POST /a',
        headers: { 'content-length': String(TOO_MUCH.length) },
        body: TOO_MUCH,
        answer: /^HTTP\/1.1 413 /,
      },
      {
        title: 'a body in chunks that turns out to be too large',
        line: 'POST /a',
        headers: { 'transfer-encoding': 'chunked' },
        body: chunked(TOO_MUCH),
        answer: /^HTTP\/1.1 413 /,
      },
      {
        title: 'a client that waits for leave to send its body',
        line: 'POST /a',
        headers: { 'content-length': '5', expect: '100-continue' },
        body: 'hello',
        answer: /^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 OK\r\n[\s\S]*POST \/a 5 bytes$/,
      },
      {
        title: 'headers of 400 KB',
        line: 'GET /a',
        headers: { 'x-large': 'x'.repeat(400_000) },
        answer: /GET \/a 0 bytes$/,
      },
      {
        title: 'headers beyond the limit',
        line: 'GET /a',
        headers: { 'x-large': 'x'.repeat(1_200_000) },
        answer: /^HTTP\/1.1 431 /,
        reusable: false,
      },
      { title: 'garbage', line: 'what is this', answer: /^HTTP\/1.1 400 Bad Request\r\n/, reusable: false },
      {
        title: 'two lengths that contradict each other',
        line: 'POST /a',
        headers: { 'content-length': '3', 'Content-Length': '4' },
        body: 'abcd',
        answer: /^HTTP\/1.1 400 Bad Request\r\n/,
        reusable: false,
      },
      { title: 'CONNECT', line: 'CONNECT a:1', answer: /^HTTP\/1.1 405 Method Not Allowed\r\n/, reusable: false },
    ];
    for (const { title, line, headers, body, answer, reusable = true } of cases) {
      it(`answers ${title}${reusable ? ', and what comes next on the connection' : ', and closes'}`, async () => {
        const { port } = await serve(echo);
        const connection = await RawConnection.open(port);
        connection.request(line, headers, body);
        await connection.until(answer);
        if (!reusable) return connection.closed();
        connection.received = '';
        connection.request('GET /next');
        await connection.until(/^HTTP\/1.1 200 OK\r\n[\s\S]*GET \/next 0 bytes$/);
        connection.destroy();
      });
    }

    it('answers requests that come all at once in order', async () => {
      const { port } = await serve(echo);
      const connection = await RawConnection.open(port);
      for (let i = 0; i < 20; i++) connection.request(`GET /${i}`);
      await connection.until(/GET \/0 [\s\S]*GET \/9 [\s\S]*GET \/19 0 bytes$/);
      connection.destroy();
    });

    it('gives up a client that does not send the rest of its body', async () => {
      const clock = new FakeClock();
      const { port } = await serve(echo, { clock });
      const connection = await RawConnection.open(port);
      connection.request('POST /a', { 'content-length': '5' }, 'he');
      await eventually(() => clock.timers > 0, 'the body is awaited');
      await clock.advance(60_000);
      await connection.until(/^HTTP\/1.1 504 /);
      // It may go on sending for a while, so that it gets to read that, but not for ever.
      await clock.advance(9_999);
      connection.socket.write('l');
      await clock.advance(1);
      await connection.closed();
      assert.equal(clock.timers, 0);
    });

    it('gives up a client that does not send the rest of what has been refused', async () => {
      const clock = new FakeClock();
      const { port } = await serve(echo, { clock });
      const connection = await RawConnection.open(port);
      connection.request('what is this');
      await connection.until(/^HTTP\/1.1 400 /);
      connection.socket.write('and this');
      await clock.advance(5_000);
      await connection.closed();
      assert.equal(clock.timers, 0);
    });

    it('begins with a request when the one before it is answered, and takes only so many ahead', async () => {
      let begun = 0;
      const answers: (() => void)[] = [];
      const { port } = await serve(async (_request, response) => {
        begun++;
        await new Promise<void>((resolve) => answers.push(resolve));
        response.start(200, { 'content-length': '0' });
        response.end();
      });
      const connection = await RawConnection.open(port);
      for (let i = 0; i < 3; i++) connection.request(`GET /${i}`);
      for (let i = 0; i < 3; i++) {
        await eventually(() => answers.length === 1, `request ${i} is there`);
        assert.equal(begun, i + 1);
        answers.pop()?.();
      }
      await connection.until(/(HTTP\/1.1 200 OK[\s\S]*){3}$/);
      for (let i = 0; i < 300; i++) connection.request(`GET /${i}`);
      await connection.closed();
      assert.ok(begun <= 4, String(begun));
      for (const answer of answers) answer();
    });

    for (const [title, status] of [
      ['refused', 403],
      ['answered as if it were none', 200],
    ] as const) {
      it(`writes a whole HTTP answer to an upgrade that is ${title}, and closes`, async () => {
        const { port } = await serve(async (request, response) => {
          assert.ok(request.upgrade);
          response.start(status, { 'content-length': '2', 'x-many': ['a', 'b'] });
          response.end(Buffer.from('ok'));
        });
        const connection = await RawConnection.open(port);
        connection.request('GET /exec', { connection: 'Upgrade', upgrade: 'websocket' });
        const text = status === 403 ? 'Forbidden' : 'OK';
        await connection.until(
          new RegExp(
            `^HTTP/1.1 ${status} ${text}\r\ncontent-length: 2\r\nx-many: a\r\nx-many: b\r\nconnection: close\r\n\r\nok$`,
          ),
        );
        await connection.closed();
      });
    }
  });

  describe('over HTTP/2', () => {
    const cases: { title: string; headers: Record<string, string>; body?: string; status: number; text: RegExp }[] = [
      { title: 'a GET', headers: { ':path': '/a' }, status: 200, text: /^GET \/a 0 bytes$/ },
      { title: 'HEAD', headers: { ':path': '/a', ':method': 'HEAD' }, status: 200, text: /^$/ },
      {
        title: 'a body',
        headers: { ':path': '/a', ':method': 'POST' },
        body: 'hello',
        status: 200,
        text: /^POST \/a 5 bytes$/,
      },
      {
        title: 'a body that turns out to be too large',
        headers: { ':path': '/a', ':method': 'POST' },
        body: TOO_MUCH,
        status: 413,
        text: /^$/,
      },
      {
        title: 'a body that says it is too large',
        headers: { ':path': '/a', ':method': 'POST', 'content-length': String(TOO_MUCH.length) },
        body: TOO_MUCH,
        status: 413,
        text: /^$/,
      },
    ];
    for (const { title, headers, body, status, text } of cases) {
      it(`answers ${title}, and what comes next`, async () => {
        const { port } = await serve(echo);
        const session = await openSession(port);
        const answer = await fetchOver(session, headers, body);
        assert.equal(answer.status, status);
        assert.match(answer.text, text);
        assert.equal((await fetchOver(session, { ':path': '/next' })).text, 'GET /next 0 bytes');
        await endSession(session);
      });
    }

    it('survives streams that are reset by the thousand', async () => {
      const server = await serve(hang);
      const session = await openSession(server.port);
      for (let i = 0; i < 3_000 && !session.destroyed; i++) {
        const stream = session.request({ ':path': '/watch' });
        stream.on('error', () => undefined);
        stream.close(constants.NGHTTP2_CANCEL);
        if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      await endSession(session);
      await eventually(() => server.underWay === 0, 'every request has ended');
      const other = await openSession(server.port);
      const answer = other.request({ ':path': '/' });
      await once(answer, 'response');
      await endSession(other);
    });

    it('closes a session on which nothing has happened for long, but none with a request under way', async () => {
      const server = await serve(hang);
      const idle = await openSession(server.port);
      const busy = await openSession(server.port);
      const stream = busy.request({ ':path': '/watch' });
      await once(stream, 'response');
      const closed = once(idle, 'close');
      server.closeIdleSessions();
      await closed;
      assert.equal(busy.closed, false);
      assert.equal(server.underWay, 1);
      await endSession(busy);
    });
  });

  it('aborts the signal of a request whose client is gone, whatever it was doing', async () => {
    let aborted = 0;
    const server = await serve(async ({ ending, bytes, method }, response) => {
      ending.signal.addEventListener('abort', () => aborted++);
      // That the body never comes whole is what the signal tells.
      if (method === 'POST') await bytes().catch(() => undefined);
      else await hang({ ending } as Parameters<Handler>[0], response);
    });
    const [first, second] = [await RawConnection.open(server.port), await RawConnection.open(server.port)];
    const session = await openSession(server.port);
    first.request('GET /watch');
    second.request('POST /a', { 'content-length': '5' }, 'he');
    const streams = ['GET', 'POST'].map((method) =>
      session.request({ ':path': '/', ':method': method }, { endStream: method === 'GET' }),
    );
    for (const stream of streams) stream.on('error', () => undefined);
    await eventually(() => server.underWay === 4, 'all are under way');
    first.destroy();
    second.destroy();
    for (const stream of streams) stream.close(constants.NGHTTP2_CANCEL);
    await eventually(() => server.underWay === 0, 'all have ended');
    assert.equal(aborted, 4);
    await endSession(session);
  });

  it('breaks off the answer of a handler that fails, and says so in the log', async () => {
    const { log, lines } = collectingLog();
    const { port } = await serve(
      async (_request, response) => {
        response.start(200, { 'content-length': '100' });
        await response.write(Buffer.from('half'));
        throw new Error('out of order');
      },
      { log },
    );
    const connection = await RawConnection.open(port);
    connection.request('GET /a');
    await connection.closed();
    const session = await openSession(port);
    await assert.rejects(fetchOver(session, { ':path': '/a' }), /NGHTTP2_INTERNAL_ERROR/);
    await endSession(session);
    assert.deepEqual(
      lines.map(({ level, message }) => `${level} ${message}`),
      ['error bug: a handler failed', 'error bug: a handler failed'],
    );
  });

  it('holds a writer back until its client reads, and lets it go when the client leaves', async () => {
    let written = 0;
    let ended: unknown;
    const server = await serve(async (_request, response) => {
      response.start(200, {});
      try {
        for (;;) {
          await response.write(Buffer.alloc(64 * 1024));
          written++;
        }
      } catch (error) {
        ended = error;
      }
    });
    const connection = await RawConnection.open(server.port);
    connection.socket.pause();
    connection.request('GET /stream');
    let last = -1;
    await eventually(() => {
      const still = written === last && written > 0;
      last = written;
      return still;
    }, 'the writer is held back');
    connection.destroy();
    await eventually(() => ended !== undefined, 'the writer is told');
    assert.match(String(ended), /the client is gone/);
    assert.equal(server.underWay, 0);
  });

  it('goes on serving while connections bring garbage, or nothing', async () => {
    const { port } = await serve(echo);
    const connections = await Promise.all(
      Array.from({ length: 50 }, async (_, i) => {
        const socket = connectTcp(port, '127.0.0.1');
        socket.on('error', () => undefined);
        await once(socket, 'connect');
        if (i % 3 === 0) socket.write('GET / HTTP/1.1\r\n\r\n');
        if (i % 3 === 1) socket.write(Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, ...Array(60).fill(i)]));
        return socket;
      }),
    );
    const session = await openSession(port);
    assert.equal((await fetchOver(session, { ':path': '/a' })).status, 200);
    await endSession(session);
    for (const socket of connections) socket.destroy();
  });

  describe('closing', () => {
    it('ends hundreds of requests with their last words, and leaves nothing', async () => {
      const server = await serve(hang);
      const sessions = await Promise.all(Array.from({ length: 5 }, () => openSession(server.port)));
      const streams = sessions.flatMap((session) =>
        Array.from({ length: 60 }, () => session.request({ ':path': '/watch' })),
      );
      const connections = await Promise.all(Array.from({ length: 50 }, () => RawConnection.open(server.port)));
      for (const connection of connections) connection.request('GET /watch');
      const texts = streams.map(async (stream) => {
        const chunks: Buffer[] = [];
        for await (const chunk of stream) chunks.push(chunk as Buffer);
        return Buffer.concat(chunks).toString();
      });
      await eventually(() => server.underWay === 350, 'all are under way');
      await server.close();
      assert.equal(server.underWay, 0);
      for (const text of await Promise.all(texts)) assert.equal(text, 'begunstopped');
      for (const connection of connections) {
        await connection.closed();
        assert.match(connection.received, /stopped\r\n0\r\n\r\n$/);
      }
    });

    it('answers a write that is under way before it goes', async () => {
      let finish: () => void = () => undefined;
      const server = await serve(async (_request, response) => {
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
        response.start(201, { 'content-length': '0' });
        response.end();
      });
      const connection = await RawConnection.open(server.port);
      connection.request('POST /a', { 'content-length': '0' });
      await eventually(() => server.underWay === 1, 'it is under way');
      const closing = server.close();
      finish();
      await connection.until(/^HTTP\/1.1 201 Created\r\n/);
      await closing;
    });

    it('waits no longer than its grace for a handler that does not end', async () => {
      const clock = new FakeClock();
      const server = await serve(() => new Promise(() => undefined), { clock });
      const connection = await RawConnection.open(server.port);
      connection.request('GET /a');
      await eventually(() => server.underWay === 1, 'it is under way');
      const closing = server.close();
      await clock.advance(2_000);
      await closing;
      await connection.closed();
      assert.equal(clock.timers, 0);
    });

    it('does not wait for a client that reads nothing', async () => {
      const clock = new FakeClock();
      const server = await serve(
        async ({ ending }, response) => {
          response.start(200, {});
          while (!ending.over) await response.write(Buffer.alloc(1 << 20)).catch(() => response.abort());
        },
        { clock },
      );
      const connection = await RawConnection.open(server.port);
      connection.socket.pause();
      connection.request('GET /stream');
      await eventually(() => server.underWay === 1, 'it is under way');
      // Time stands still, so this ends only if no grace is waited for.
      await server.close();
      connection.destroy();
    });

    it('takes a listener that was never used, and one with idle connections', async () => {
      const server = await serve(echo);
      const connection = await RawConnection.open(server.port);
      connection.request('GET /a');
      await connection.until(/0 bytes$/);
      const session = await openSession(server.port);
      await server.close();
      await connection.closed();
      await eventually(() => session.destroyed, 'the session is closed');
    });
  });

  it('says what to do when the port is taken', async () => {
    const { port } = await serve(echo);
    const { Listener } = await import('./listener.ts');
    const { log, lines } = collectingLog();
    const again = Listener.open({
      host: '127.0.0.1',
      port,
      ...certificates.server,
      clientCa: certificates.ca,
      clock: new FakeClock(),
      log,
      handle: echo,
    });
    await assert.rejects(again, /choose another with --secure-port/);
    assert.deepEqual(lines, []);
  });
});
