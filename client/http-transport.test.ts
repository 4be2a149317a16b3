import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { isStatus, StatusError } from '../openapi/status.ts';
import type { ApiCall } from '../openapi/transport.ts';
import { Client } from './client.ts';
import { HttpTransport, type HttpTransportOptions } from './http-transport.ts';

type Handler = (request: http.IncomingMessage, response: http.ServerResponse) => void;

const get = (path: string, more: Partial<ApiCall> = {}): ApiCall => ({ method: 'GET', path, ...more });

describe('HttpTransport', () => {
  let server: http.Server;
  let handler: Handler;
  let transport: HttpTransport;
  let requests: { method: string; url: string; headers: http.IncomingHttpHeaders; body: string }[];

  beforeEach(async () => {
    requests = [];
    handler = (_request, response) => response.end('{}');
    server = http.createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        const { method = '', url = '', headers } = request;
        requests.push({ method, url, headers, body: Buffer.concat(parts).toString() });
        handler(request, response);
      });
    });
    await listen(server);
    transport = make();
  });

  afterEach(async () => {
    await transport.close();
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  function make(options: Partial<HttpTransportOptions> = {}): HttpTransport {
    const { port } = server.address() as AddressInfo;
    return new HttpTransport({ server: `http://127.0.0.1:${port}/prefix/`, userAgent: 'test/1', ...options });
  }

  function answer(code: number, body: unknown, headers: Record<string, string> = {}): void {
    handler = (_request, response) => {
      response.writeHead(code, headers);
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    };
  }

  it('sends method, path, query, headers and body as JSON', async () => {
    transport = make({ token: 'secret', headers: { 'x-more': '1' } });
    await transport.call({ method: 'POST', path: '/api/v1/x', query: { a: 'b c' }, body: { n: 1 } });
    const [request] = requests;
    assert.equal(request!.method, 'POST');
    assert.equal(request!.url, '/prefix/api/v1/x?a=b+c');
    assert.equal(request!.body, '{"n":1}');
    const { authorization, accept, 'content-type': type, 'user-agent': agent, 'x-more': more } = request!.headers;
    assert.deepEqual(
      { authorization, accept, type, agent, more },
      {
        authorization: 'Bearer secret',
        accept: 'application/json',
        type: 'application/json',
        agent: 'test/1',
        more: '1',
      },
    );
  });

  it('names the type of a patch', async () => {
    await transport.call({ method: 'PATCH', path: '/x', body: {}, contentType: 'application/merge-patch+json' });
    assert.equal(requests[0]!.headers['content-type'], 'application/merge-patch+json');
  });

  it('gives items of a list the kind that servers leave out', async () => {
    answer(200, { kind: 'PodList', apiVersion: 'v1', items: [{ metadata: { name: 'a' } }] });
    const { items } = await new Client(transport).pods.list();
    assert.deepEqual([items[0]!.kind, items[0]!.apiVersion], ['Pod', 'v1']);
    answer(200, { kind: 'List', apiVersion: 'v1', items: [{ kind: 'Pod' }] });
    assert.deepEqual(await transport.call(get('/x')), { kind: 'List', apiVersion: 'v1', items: [{ kind: 'Pod' }] });
  });

  it('rejects with the Status that the server sends', async () => {
    const status = { kind: 'Status', status: 'Failure', message: 'pods "x" not found', reason: 'NotFound', code: 404 };
    answer(404, status);
    await assert.rejects(transport.call(get('/x')), (error) => {
      assert.ok(isStatus(error, 'NotFound'));
      assert.equal(error.message, 'pods "x" not found');
      return true;
    });
  });

  for (const { code, body, reason, message } of [
    {
      code: 401,
      body: 'nope',
      reason: 'Unauthorized',
      message: 'the server has asked for the client to provide credentials',
    },
    {
      code: 404,
      body: '404 page not found',
      reason: 'NotFound',
      message: 'the server could not find the requested resource',
    },
    {
      code: 500,
      body: '{"not":"a status"}',
      reason: 'InternalError',
      message: 'an error on the server ("{\\"not\\":\\"a status\\"}") has prevented the request from succeeding',
    },
    {
      code: 502,
      body: '',
      reason: 'InternalError',
      message: 'an error on the server ("") has prevented the request from succeeding',
    },
    {
      code: 503,
      body: '',
      reason: 'ServiceUnavailable',
      message: 'the server is currently unable to handle the request',
    },
  ]) {
    it(`makes up a Status for ${code} with the body ${JSON.stringify(body)}`, async () => {
      answer(code, body);
      await assert.rejects(transport.call(get('/x')), (error) => {
        assert.ok(error instanceof StatusError);
        assert.deepEqual([error.code, error.reason, error.message], [code, reason, message]);
        return true;
      });
    });
  }

  it('tells after how many seconds an overloaded server wants to be asked again', async () => {
    for (const code of [429, 503]) {
      answer(code, 'busy', { 'retry-after': '7' });
      await assert.rejects(transport.call(get('/x')), (error) => {
        assert.ok(error instanceof StatusError);
        assert.equal(error.status.details?.retryAfterSeconds, 7);
        return true;
      });
    }
    assert.equal(requests.length, 2, 'it does not ask again by itself');
  });

  it('rejects an answer that is not JSON', async () => {
    answer(200, '<html>');
    await assert.rejects(transport.call(get('/x')), /not JSON \(status 200\)/);
  });

  it('rejects with the signal’s reason when a call is aborted, before and while it runs', async () => {
    const early = AbortSignal.abort(new Error('early'));
    await assert.rejects(transport.call(get('/x', { signal: early })), /early/);
    assert.equal(requests.length, 0);
    const late = new AbortController();
    handler = () => late.abort(new Error('late'));
    await assert.rejects(transport.call(get('/x', { signal: late.signal })), /late/);
    const midway = new AbortController();
    handler = (_request, response) => {
      response.write('{');
      setImmediate(() => midway.abort(new Error('midway')));
    };
    await assert.rejects(transport.call(get('/x', { signal: midway.signal })), /midway/);
  });

  it('uses one connection again and again', async () => {
    const ports = new Set<number | undefined>();
    handler = (request, response) => {
      ports.add(request.socket.remotePort);
      response.end('{}');
    };
    for (let i = 0; i < 5; i++) await transport.call(get('/x'));
    assert.equal(ports.size, 1);
  });

  it('sends a GET again when the server closed the idle connection, but nothing else', async () => {
    await transport.call(get('/x'));
    let dropped = 0;
    handler = (request, response) => {
      if (dropped++ === 0) request.socket.destroy();
      else response.end('{"ok":true}');
    };
    assert.deepEqual(await transport.call(get('/x')), { ok: true });
    dropped = 0;
    await assert.rejects(transport.call({ method: 'POST', path: '/x', body: {} }));
    assert.equal(dropped, 1);
  });

  describe('watch', () => {
    const event = (name: string) => `${JSON.stringify({ type: 'ADDED', object: { metadata: { name } } })}\n`;

    async function names(call: ApiCall, take = Number.POSITIVE_INFINITY): Promise<(string | undefined)[]> {
      const seen: (string | undefined)[] = [];
      for await (const { object } of transport.watch(call)) {
        seen.push(object.metadata?.name);
        if (seen.length === take) break;
      }
      return seen;
    }

    it('yields events however they are cut into chunks, and ends with the server', async () => {
      handler = (_request, response) => {
        const text = event('a') + event('b');
        response.write(text.slice(0, 10));
        setImmediate(() => {
          response.write(text.slice(10));
          response.end();
        });
      };
      assert.deepEqual(await names(get('/x')), ['a', 'b']);
    });

    it('closes the connection when the consumer stops early', async () => {
      let closed = Promise.resolve();
      handler = (request, response) => {
        closed = closeOf(request);
        response.write(event('a') + event('b'));
      };
      assert.deepEqual(await names(get('/x'), 1), ['a']);
      await closed;
    });

    it('closes the connection and rejects when the signal aborts', async () => {
      const abort = new AbortController();
      let closed = Promise.resolve();
      handler = (request, response) => {
        closed = closeOf(request);
        response.write(event('a'));
        setImmediate(() => abort.abort(new Error('enough')));
      };
      await assert.rejects(names(get('/x', { signal: abort.signal })), /enough/);
      await closed;
    });

    it('rejects with the Status of a server that refuses it', async () => {
      answer(410, { kind: 'Status', status: 'Failure', reason: 'Expired', message: 'too old', code: 410 });
      await assert.rejects(names(get('/x')), (error) => isStatus(error, 'Expired'));
    });

    it('rejects an event that is longer than the limit', async () => {
      transport = make({ lineBytesMax: 100 });
      handler = (_request, response) => response.write(event('x'.repeat(200)));
      await assert.rejects(names(get('/x')), /longer than 100 bytes/);
    });

    it('ends quietly when the server is cut off', async () => {
      handler = (request, response) => {
        response.write(event('a'));
        setImmediate(() => request.socket.destroy());
      };
      assert.deepEqual(await names(get('/x')), ['a']);
    });

    it('leaves room for calls, however many watches are open', async () => {
      handler = (request, response) => {
        if (request.url?.includes('watch')) response.write(event('a'));
        else response.end('{}');
      };
      const open = Array.from({ length: 100 }, () => transport.watch(get('/watch')));
      await Promise.all(open.map((watch) => watch.next()));
      await transport.call(get('/x'));
      await Promise.all(open.map((watch) => watch.return(undefined)));
    });
  });

  it('ends what is in flight, refuses more and leaves no connection when it is closed', async () => {
    handler = () => undefined;
    const call = transport.call(get('/x'));
    const watch = (async () => {
      for await (const _event of transport.watch(get('/y'))) assert.fail('no event was sent');
    })();
    while (requests.length < 2) await new Promise((resolve) => setImmediate(resolve));
    const ends = Promise.all([assert.rejects(call, /closed/), assert.rejects(watch, /closed/)]);
    await transport.close();
    await ends;
    await assert.rejects(transport.call(get('/x')), /closed/);
    const connections = () =>
      new Promise<number>((resolve) => server.getConnections((_error, count) => resolve(count)));
    while ((await connections()) > 0) await new Promise((resolve) => setImmediate(resolve));
  });
});

describe('HttpTransport over TLS', () => {
  let server: https.Server;
  let pem: { cert: string; key: string };
  before(async () => {
    pem = await selfSigned();
  });
  beforeEach(async () => {
    server = https.createServer({ ...pem, requestCert: true, rejectUnauthorized: false }, (request, response) => {
      const { subject } = (request.socket as import('node:tls').TLSSocket).getPeerCertificate();
      response.end(JSON.stringify({ client: subject?.CN ?? '' }));
    });
    await listen(server);
  });
  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  async function ask(options: Partial<HttpTransportOptions>): Promise<unknown> {
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const transport = new HttpTransport({ server: url, userAgent: 't', ...options });
    try {
      return await transport.call(get('/'));
    } finally {
      await transport.close();
    }
  }

  it('trusts only the authority it was given, unless told not to look', async () => {
    await assert.rejects(ask({}), /self-signed certificate/);
    assert.deepEqual(await ask({ ca: pem.cert }), { client: '' });
    assert.deepEqual(await ask({ insecureSkipTlsVerify: true }), { client: '' });
  });

  it('presents its client certificate', async () => {
    assert.deepEqual(await ask({ ca: pem.cert, cert: pem.cert, key: pem.key }), { client: 'tester' });
  });
});

/** Not `once`, which would reject where the connection is reset. */
function closeOf(request: http.IncomingMessage): Promise<void> {
  return new Promise((resolve) => request.socket.once('close', () => resolve()));
}

async function listen(server: http.Server | https.Server): Promise<void> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
}

async function selfSigned(): Promise<{ cert: string; key: string }> {
  // The library asks for this to be there before it.
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=tester',
    keys,
    signingAlgorithm: algorithm,
    notBefore: new Date(Date.UTC(2020, 0, 1)),
    notAfter: new Date(Date.UTC(2090, 0, 1)),
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }])],
  });
  const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  return { cert: certificate.toString('pem'), key: `-----BEGIN PRIVATE KEY-----\n${der}\n-----END PRIVATE KEY-----\n` };
}
