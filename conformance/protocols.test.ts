/** HTTP/1.1 and HTTP/2 on one port, as clients of either kind find it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http2 from 'node:http2';
import tls from 'node:tls';
import { behaves, includes, suite, target, testNamespace } from './harness.ts';

suite('protocols', () => {
  const namespace = testNamespace();
  const { hostname, port, origin } = target.url;
  const { tls: options, headers } = target.connection;

  for (const protocol of ['h2', 'http/1.1']) {
    behaves(`ALPN agrees on ${protocol}`, async () => {
      const socket = tls.connect({ ...options, host: hostname, port: Number(port), ALPNProtocols: [protocol] });
      await once(socket, 'secureConnect');
      assert.equal(socket.alpnProtocol, protocol);
      socket.destroy();
    });
  }

  const sessions: http2.ClientHttp2Session[] = [];
  const connect = () => {
    const session = http2.connect(origin, options);
    sessions.push(session);
    return session;
  };
  after(() => {
    for (const session of sessions) session.destroy();
  });

  const ask = async (session: http2.ClientHttp2Session, request: http2.OutgoingHttpHeaders, body = '') => {
    const stream = session.request({ ...headers, ...request }, { endStream: body === '' });
    const response = once(stream, 'response') as Promise<[http2.IncomingHttpHeaders]>;
    if (body !== '') stream.end(body);
    const [answer] = await response;
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    return { status: answer[':status'], text: Buffer.concat(chunks).toString() };
  };

  behaves('over HTTP/2 objects are made, read at once and refused', async () => {
    const session = connect();
    const path = namespace.path('configmaps');
    const create = { ':method': 'POST', ':path': path, 'content-type': 'application/json' };
    const created = await ask(session, create, '{"metadata":{"name":"h2"},"data":{"a":"b"}}');
    assert.equal(created.status, 201, created.text);
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(session, { ':path': `${path}/h2` })));
    for (const { status, text } of answers) {
      assert.equal(status, 200);
      includes(JSON.parse(text), { data: { a: 'b' } });
    }
    const missing = await ask(session, { ':path': `${path}/absent` });
    includes(JSON.parse(missing.text), { kind: 'Status', code: 404, reason: 'NotFound' });
  });

  behaves('a watch streams over HTTP/2 beside other requests', async () => {
    const session = connect();
    const path = namespace.path('configmaps');
    const watch = session.request({ ...headers, ':path': `${path}?watch=true&labelSelector=h2` });
    const first = new Promise<string>((resolve) => watch.once('data', (data: Buffer) => resolve(data.toString())));
    await once(watch, 'response');
    const create = { ':method': 'POST', ':path': path, 'content-type': 'application/json' };
    await ask(session, create, '{"metadata":{"name":"streamed","labels":{"h2":"yes"}}}');
    includes(JSON.parse(await first), { type: 'ADDED', object: { metadata: { name: 'streamed' } } });
    watch.close();
  });
});
