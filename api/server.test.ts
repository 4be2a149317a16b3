/** The API server as its clients meet it: who gets in, what is refused, and how watches and the server itself end. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { ClientHttp2Session } from 'node:http2';
import { fileURLToPath } from 'node:url';
import { FakeClock, settle } from '../base/fake-clock.ts';
import type { Status } from '../openapi/status.ts';
import {
  type Answer,
  type Certificates,
  collectingLog,
  endSession,
  eventually,
  fetchOver,
  makeCertificates,
  openSession,
  RawConnection,
} from './http/wire.fixture.ts';
import { ADMIN, AS_ADMIN, bearer, startServer } from './server.fixture.ts';
import type { ApiServer } from './server.ts';
import { StorageError } from './storage/interface.ts';
import { MemoryStorage } from './storage/memory.ts';

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const JSON_BODY = { 'content-type': 'application/json' };

const statusOf = (answer: Answer) => JSON.parse(answer.text) as Status;

describe('ApiServer', () => {
  let certificates: Certificates;
  let server: ApiServer;
  let session: ClientHttp2Session;
  const { log, lines } = collectingLog();
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => warnings.push(warning);

  before(async () => {
    certificates = await makeCertificates();
    server = await startServer({ certificates, log });
    session = await openSession(server.port);
    process.on('warning', onWarning);
  });
  after(async () => {
    process.removeListener('warning', onWarning);
    await endSession(session);
    await server.stop();
  });
  afterEach(() => {
    assert.deepEqual(warnings, []);
  });

  const get = (path: string, headers: Record<string, string> = AS_ADMIN) =>
    fetchOver(session, { ':path': path, ...headers });
  const post = (path: string, body: Buffer | string, headers: Record<string, string> = {}) =>
    fetchOver(session, { ':path': path, ':method': 'POST', ...AS_ADMIN, ...JSON_BODY, ...headers }, body);

  describe('lets in', () => {
    const cases: { title: string; path: string; headers?: Record<string, string>; code: number; message?: RegExp }[] = [
      { title: 'nobody without an identity', path: CONFIG_MAPS, code: 401, message: /^Unauthorized$/ },
      {
        title: 'nobody with a wrong token',
        path: CONFIG_MAPS,
        headers: bearer('wrong'),
        code: 401,
        message: /^Unauthorized$/,
      },
      {
        title: 'nobody with a wrong token, not even to what is open to all',
        path: '/version',
        headers: bearer('wrong'),
        code: 401,
      },
      { title: 'an administrator', path: CONFIG_MAPS, headers: AS_ADMIN, code: 200 },
      {
        title: 'a component to what it needs',
        path: '/api/v1/pods',
        headers: bearer('scheduler-token'),
        code: 200,
      },
      {
        title: 'a component to nothing else',
        path: '/api/v1/secrets',
        headers: bearer('scheduler-token'),
        code: 403,
        message:
          /^secrets is forbidden: User "system:kube-scheduler" cannot list resource "secrets" in API group "" at the cluster scope$/,
      },
      {
        title: 'somebody without rights to no resource',
        path: `${CONFIG_MAPS}/a`,
        headers: bearer('nobody-token'),
        code: 403,
        message:
          /^configmaps "a" is forbidden: User "nobody" cannot get resource "configmaps" in API group "" in the namespace "default"$/,
      },
      { title: 'somebody without rights to discovery', path: '/api', headers: bearer('nobody-token'), code: 200 },
      {
        title: 'somebody without rights to no other path',
        path: '/metrics',
        headers: bearer('nobody-token'),
        code: 403,
        message: /^forbidden: User "nobody" cannot get path "\/metrics"$/,
      },
      ...['/version', '/healthz', '/livez', '/readyz', '/readyz/etcd'].map((path) => ({
        title: `anybody to ${path}`,
        path,
        code: 200,
      })),
    ];
    for (const { title, path, headers = {}, code, message } of cases) {
      it(title, async () => {
        const answer = await get(path, headers);
        assert.equal(answer.status, code, answer.text);
        if (code >= 400) {
          assert.equal(statusOf(answer).code, code);
          assert.match(statusOf(answer).message ?? '', message ?? /./);
        }
        assert.equal(code === 401, answer.headers['www-authenticate'] !== undefined);
        assert.match(String(answer.headers['audit-id']), /^[0-9a-f-]{36}$/);
      });
    }

    it('who shows a certificate of the cluster’s CA, by the name in it', async () => {
      const carol = await openSession(server.port, certificates.client);
      const answer = await fetchOver(carol, { ':path': '/api/v1/secrets' });
      assert.match(statusOf(answer).message ?? '', /User "carol" cannot list/);
      await endSession(carol);
      const stranger = await openSession(server.port, certificates.stranger);
      assert.equal((await fetchOver(stranger, { ':path': '/api' })).status, 401);
      await endSession(stranger);
    });
  });

  describe('answers with a Status', () => {
    const big = 'a'.repeat(3 * 1024 * 1024 + 1);
    const cases: { title: string; run(): Promise<Answer>; code: number; reason?: string }[] = [
      { title: 'a body over the limit', run: () => post(CONFIG_MAPS, big), code: 413, reason: 'RequestEntityTooLarge' },
      { title: 'a name that is no name', run: () => get('/api/v1/namespaces/%2e%2e'), code: 400, reason: 'BadRequest' },
      { title: 'a broken escape', run: () => get('/api/v1/namespaces/%zz'), code: 400, reason: 'BadRequest' },
      { title: 'a path that is not served', run: () => get('/apis/apps/v1/things'), code: 404, reason: 'NotFound' },
      {
        title: 'a form nobody can write',
        run: () => get('/api/v1/namespaces', { ...AS_ADMIN, accept: 'image/png' }),
        code: 406,
        reason: 'NotAcceptable',
      },
      {
        title: 'HEAD of a resource',
        run: () => fetchOver(session, { ':path': '/api/v1/namespaces', ':method': 'HEAD', ...AS_ADMIN }),
        code: 405,
      },
      {
        title: 'a Table with rows of an unknown kind',
        run: () =>
          get('/api/v1/namespaces?watch=1&includeObject=All', {
            ...AS_ADMIN,
            accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
          }),
        code: 400,
        reason: 'BadRequest',
      },
    ];
    for (const { title, run, code, reason } of cases) {
      it(`to ${title}: ${code}`, async () => {
        const answer = await run();
        assert.equal(answer.status, code, answer.text);
        if (reason) assert.equal(statusOf(answer).reason, reason);
      });
    }

    it('to a version that does not come in time: 504', async () => {
      const clock = new FakeClock();
      const other = await startServer({ certificates, clock, log });
      const client = await openSession(other.port);
      const waiting = fetchOver(client, { ':path': '/api/v1/namespaces?resourceVersion=999999', ...AS_ADMIN });
      await eventually(() => clock.timers > 0, 'it waits');
      await clock.advance(3_000);
      assert.match((await waiting).text, /"message":"Timeout: Too large resource version: 999999, current: \d+"/);
      await endSession(client);
      await other.stop();
    });

    it('to an upgrade that is refused, as to any other request', async () => {
      const exec = '/api/v1/namespaces/default/pods/none/exec?command=sh';
      const upgrade = { connection: 'Upgrade', upgrade: 'websocket' };
      for (const [line, headers, expected] of [
        [`GET ${exec}`, {}, /^HTTP\/1.1 401 Unauthorized\r\n[\s\S]*"reason":"Unauthorized"/],
        [`GET ${exec}`, bearer('nobody-token'), /^HTTP\/1.1 403 Forbidden\r\n[\s\S]*"reason":"Forbidden"/],
        [`GET ${exec}`, AS_ADMIN, /^HTTP\/1.1 404 Not Found\r\n[\s\S]*pods \\"none\\" not found/],
        ['GET /api/v1/%zz', AS_ADMIN, /^HTTP\/1.1 400 Bad Request\r\n[\s\S]*"reason":"BadRequest"/],
      ] as const) {
        const connection = await RawConnection.open(server.port);
        connection.request(line, { ...upgrade, ...headers });
        await connection.until(expected);
        await connection.closed();
      }
    });

    it('of 503 when the store cannot write, and the check for it says so', async () => {
      class Broken extends MemoryStorage {
        broken = false;
        override async create(key: string, value: Buffer): Promise<number> {
          if (this.broken) throw new StorageError('Unavailable', key, 'cannot write to the store');
          return super.create(key, value);
        }
        override async revision(): Promise<number> {
          if (this.broken) throw new Error('no disk');
          return super.revision();
        }
      }
      const storage = new Broken();
      const other = await startServer({ certificates, storage });
      storage.broken = true;
      const client = await openSession(other.port);
      const headers = { ':path': CONFIG_MAPS, ':method': 'POST', ...AS_ADMIN, ...JSON_BODY };
      const answer = await fetchOver(client, headers, '{"metadata":{"name":"a"}}');
      assert.equal(answer.status, 503);
      assert.equal(statusOf(answer).reason, 'ServiceUnavailable');
      const health = await fetchOver(client, { ':path': '/readyz?verbose' });
      assert.equal(health.status, 500);
      assert.equal(health.text, '[+]ping ok\n[-]etcd failed: reason withheld\nreadyz check failed\n');
      await endSession(client);
      await other.stop();
    });

    it('and logs only what is its own fault', () => {
      assert.deepEqual(lines, []);
    });
  });

  describe('watches', () => {
    const watch = (path: string, connection: RawConnection) => connection.request(`GET ${path}`, AS_ADMIN);

    it('end after the time the client gave them', async () => {
      const clock = new FakeClock();
      const other = await startServer({ certificates, clock });
      const connection = await RawConnection.open(other.port);
      watch(`${CONFIG_MAPS}?watch=1&timeoutSeconds=7`, connection);
      await connection.until(/^HTTP\/1.1 200 OK\r\n/);
      await clock.advance(6_999);
      assert.doesNotMatch(connection.received, /\r\n0\r\n\r\n$/);
      await clock.advance(1);
      await connection.until(/\r\n0\r\n\r\n$/);
      connection.destroy();
      await other.stop();
      assert.equal(clock.timers, 0);
    });

    it('end between 30 and 60 minutes when the client gave them none, and not for a time no timer can count', async () => {
      const clock = new FakeClock();
      const other = await startServer({ certificates, clock });
      const [plain, long] = [await RawConnection.open(other.port), await RawConnection.open(other.port)];
      watch(`${CONFIG_MAPS}?watch=1`, plain);
      watch(`${CONFIG_MAPS}?watch=1&timeoutSeconds=9999999999`, long);
      await Promise.all([plain, long].map((connection) => connection.until(/^HTTP\/1.1 200 OK\r\n/)));
      await clock.advance(30 * 60_000);
      assert.doesNotMatch(plain.received, /\r\n0\r\n\r\n$/);
      await clock.advance(30 * 60_000);
      await plain.until(/\r\n0\r\n\r\n$/);
      assert.doesNotMatch(long.received, /\r\n0\r\n\r\n$/);
      for (const connection of [plain, long]) connection.destroy();
      await other.stop();
      assert.equal(clock.timers, 0);
    });

    it('leave no timer when their clients go', async () => {
      const clock = new FakeClock();
      const other = await startServer({ certificates, clock });
      const connections = await Promise.all(Array.from({ length: 30 }, () => RawConnection.open(other.port)));
      for (const connection of connections) watch(`${CONFIG_MAPS}?watch=1`, connection);
      for (const connection of connections) await connection.until(/^HTTP\/1.1 200 OK\r\n/);
      assert.ok(clock.timers >= 30);
      for (const connection of connections) connection.destroy();
      // What reports progress fires once more when there is nobody left.
      await eventually(() => clock.timers <= 1, 'the timers of the watches are gone');
      await other.stop();
      assert.equal(clock.timers, 0);
    });

    it('of a client that reads nothing hold up nobody else, and end when it goes', async () => {
      const other = await startServer({ certificates });
      const [slow, quick] = [await RawConnection.open(other.port), await RawConnection.open(other.port)];
      for (const connection of [slow, quick]) {
        watch(`${CONFIG_MAPS}?watch=1`, connection);
        await connection.until(/^HTTP\/1.1 200 OK\r\n/);
      }
      slow.socket.pause();
      const client = other.direct(ADMIN);
      // More than the sockets between the two take.
      const value = 'x'.repeat(500_000);
      for (let i = 0; i < 60; i++) {
        await client.call({
          method: 'POST',
          path: CONFIG_MAPS,
          body: { metadata: { name: `large-${i}` }, data: { value } },
        });
        await quick.until(new RegExp(`"name":"large-${i}"`));
        quick.received = '';
      }
      for (const connection of [slow, quick]) connection.destroy();
      await other.stop();
    });
  });

  describe('stopping', () => {
    it('ends watches with a whole answer, and requests that wait with 503', async () => {
      const other = await startServer({ certificates });
      const client = await openSession(other.port);
      const watching = fetchOver(client, { ':path': `${CONFIG_MAPS}?watch=1&allowWatchBookmarks=true`, ...AS_ADMIN });
      const waiting = fetchOver(client, { ':path': `${CONFIG_MAPS}?resourceVersion=99999`, ...AS_ADMIN });
      const sending = client.request({ ':path': CONFIG_MAPS, ':method': 'POST', ...AS_ADMIN, ...JSON_BODY });
      const refused = once(sending, 'response');
      sending.write('{"meta');
      const idle = await fetchOver(client, { ':path': '/healthz' });
      assert.equal(idle.status, 200);
      await other.stop();
      assert.match((await watching).text, /^\{"type":"BOOKMARK",[^\n]*\}\n$/);
      const { status, text } = await waiting;
      assert.equal(status, 503, text);
      assert.match(text, /apiserver is shutting down/);
      assert.equal(((await refused)[0] as Record<string, unknown>)[':status'], 503);
      await endSession(client);
    });

    it('is the same for everybody who asks for it', async () => {
      const other = await startServer({ certificates });
      const first = other.stop();
      assert.equal(other.stop(), first);
      await first;
    });

    it('leaves nothing that keeps the process alive, with hundreds of watches open', async () => {
      const child = spawn(process.execPath, [fileURLToPath(new URL('./server.child.js', import.meta.url))], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let output = '';
      child.stdout.on('data', (chunk: Buffer) => {
        output += chunk;
      });
      const [code] = (await once(child, 'exit')) as [number];
      assert.equal(output, 'watching 300\nstopped\n');
      assert.equal(code, 0);
    }).timeout(20_000);

    it('closes the store also when the server could not start', async () => {
      const storage = new MemoryStorage();
      const port = server.port;
      const { ApiServer } = await import('./server.ts');
      const failed = ApiServer.start({
        storage,
        clock: new FakeClock(),
        random: (await import('../base/random.ts')).seededRandom(1),
        log,
        serving: { host: '127.0.0.1', port, ...certificates.server, clientCa: certificates.ca },
        tokens: new Map(),
        serviceClusterIpRange: '10.96.0.0/24',
        serviceNodePortRange: '30000-30099',
      });
      await assert.rejects(failed, /listen on 127.0.0.1/);
      await settle();
      await assert.rejects(storage.get('/registry/x'), /closed/);
    });
  });
});
