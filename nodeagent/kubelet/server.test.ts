import assert from 'node:assert/strict';
import { request } from 'node:https';
import { WebSocket } from 'ws';
import { FakeClock } from '../../base/fake-clock.ts';
import { silentLog } from '../../base/log.ts';
import type { V1PodStatus } from '../../openapi/generated/types.ts';
import type { ExecOptions, LogOptions } from '../runtime/runtime.ts';
import { FakeRuntime } from './fake-runtime.ts';
import { container, eventually, pod } from './fixtures.ts';
import { type KubeletServer, startServer } from './server.ts';
import { logContainerId } from './server-logs.ts';

interface Pki {
  ca: string;
  server: { cert: string; key: string };
  client: { cert: string; key: string };
  stranger: { cert: string; key: string };
}

/** A CA, a server, a client, and a client of somebody else's CA. */
async function makePki(): Promise<Pki> {
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const { webcrypto } = await import('node:crypto');
  x509.cryptoProvider.set(webcrypto as never);
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = () => webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const pem = async (pair: Awaited<ReturnType<typeof keys>>) =>
    x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', pair.privateKey), 'PRIVATE KEY');
  const authority = async (name: string) => {
    const pair = await keys();
    const cert = await x509.X509CertificateGenerator.createSelfSigned({
      name: `CN=${name}`,
      keys: pair as never,
      signingAlgorithm: algorithm,
      extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
    });
    return { pair, cert };
  };
  const issue = async (from: Awaited<ReturnType<typeof authority>>, name: string) => {
    const pair = await keys();
    const cert = await x509.X509CertificateGenerator.create({
      subject: `CN=${name}`,
      issuer: from.cert.subject,
      publicKey: pair.publicKey as never,
      signingKey: from.pair.privateKey as never,
      signingAlgorithm: algorithm,
      extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }])],
    });
    return { cert: cert.toString('pem'), key: await pem(pair) };
  };
  const ca = await authority('ca');
  return {
    ca: ca.cert.toString('pem'),
    server: await issue(ca, 'kubelet'),
    client: await issue(ca, 'apiserver'),
    stranger: await issue(await authority('other'), 'apiserver'),
  };
}

describe('the server of the kubelet', function () {
  this.timeout(10_000);
  let pki: Pki;
  let server: KubeletServer;
  let runtime: FakeRuntime;
  let status: V1PodStatus;

  before(async () => {
    pki = await makePki();
  });
  beforeEach(async () => {
    const clock = new FakeClock();
    runtime = new FakeRuntime(clock);
    status = {
      containerStatuses: [
        {
          name: 'web',
          ready: true,
          image: '',
          imageID: '',
          restartCount: 0,
          containerID: 'fake://c1',
          state: { running: {} },
          lastState: {},
        },
      ],
    };
    const only = pod({ containers: [container()] });
    server = await startServer(
      { ...pki.server, clientCa: pki.ca, port: 0 },
      {
        nodeName: 'n1',
        runtime,
        clock,
        log: silentLog,
        pods: () => [only],
        findPod: (namespace, name) => (`${namespace}/${name}` === 'default/web' ? only : undefined),
        statusOf: () => status,
      },
    );
  });
  afterEach(() => server.close());

  const get = (path: string, identity: { cert: string; key: string } | undefined = pki.client) =>
    new Promise<{ code: number; body: string }>((resolve, reject) => {
      const options = { host: '127.0.0.1', port: server.port, path, ca: pki.ca, agent: false, ...identity };
      const call = request(options, (response) => {
        let body = '';
        response.on('data', (chunk) => {
          body += chunk;
        });
        response.on('end', () => resolve({ code: response.statusCode ?? 0, body }));
        response.on('error', reject);
      });
      call.on('error', reject);
      call.end();
    });

  it('tells what the node and its pods use', async () => {
    runtime.usage = () => Promise.resolve({ node: { at: 0, cpuNanos: 2e9, memoryBytes: 7 }, containers: [] });
    const summary = await get('/stats/summary');
    assert.equal(summary.code, 200);
    const time = '1970-01-01T00:00:00Z';
    assert.deepEqual(JSON.parse(summary.body), {
      node: { nodeName: 'n1', cpu: { time, usageCoreNanoSeconds: 2e9 }, memory: { time, workingSetBytes: 7 } },
      pods: [],
    });
    const metrics = await get('/metrics/resource');
    assert.equal(metrics.code, 200);
    assert.match(metrics.body, /^node_cpu_usage_seconds_total 2 0$/m);
    assert.equal((await get('/stats/other')).code, 404);
    assert.equal((await get('/metrics')).code, 404);
  });

  interface Session {
    socket: WebSocket;
    messages: [number, string][];
    closed: Promise<number>;
    send(channel: number, text: string | Buffer): void;
  }
  const exec = (query: string, protocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io']): Promise<Session> =>
    new Promise((resolve, reject) => {
      const socket = new WebSocket(`wss://127.0.0.1:${server.port}/exec/default/web/web?${query}`, protocols, {
        ca: pki.ca,
        ...pki.client,
      });
      const messages: [number, string][] = [];
      socket.on('message', (data: Buffer) => messages.push([data[0] ?? -1, data.subarray(1).toString()]));
      const closed = new Promise<number>((done) => socket.on('close', (code) => done(code)));
      socket.on('open', () =>
        resolve({
          socket,
          messages,
          closed,
          send: (channel, text) => socket.send(Buffer.concat([Buffer.from([channel]), Buffer.from(text)])),
        }),
      );
      socket.on('unexpected-response', (_request, response) => {
        let body = '';
        response.on('data', (chunk) => {
          body += chunk;
        });
        response.on('end', () => reject(new Error(`${response.statusCode} ${body}`)));
      });
      socket.on('error', reject);
    });

  it('is healthy for those with a certificate of the cluster, and nobody else', async () => {
    assert.deepEqual(await get('/healthz'), { code: 200, body: 'ok' });
    await assert.rejects(get('/healthz', { cert: '', key: '' }));
    await assert.rejects(get('/healthz', pki.stranger));
  });

  it('lists its pods', async () => {
    const { body } = await get('/pods');
    assert.equal((JSON.parse(body) as { items: unknown[] }).items.length, 1);
  });

  it('gives the logs that were asked for', async () => {
    const seen: Partial<LogOptions>[] = [];
    runtime.logs = async (id, { signal: _signal, ...options }, stdout, stderr) => {
      seen.push(options);
      stdout.write(`out of ${id}\n`);
      stderr.write('err\n');
    };
    const path = '/containerLogs/default/web/web';
    assert.deepEqual(await get(`${path}?tailLines=5&timestamps=true&sinceSeconds=10`), {
      code: 200,
      body: 'out of c1\nerr\n',
    });
    assert.equal((await get(`${path}?sinceTime=2026-01-01T00:00:00Z&follow=true`)).code, 200);
    assert.deepEqual(seen, [
      { follow: false, timestamps: true, tailLines: 5, since: Date.UTC(2026, 0, 1) - 10_000 },
      { follow: true, timestamps: false, since: Date.UTC(2026, 0, 1) },
    ]);
  });

  it('gives the last bytes too, though the runtime does not wait for them', async () => {
    const part = Buffer.alloc(100_000, 'x');
    runtime.logs = async (_id, _options, stdout, stderr) => {
      for (let i = 0; i < 50; i++) (i % 2 ? stdout : stderr).write(part);
    };
    assert.equal((await get('/containerLogs/default/web/web')).body.length, 5_000_000);
  });

  it('gives no more bytes of the logs than the limit', async () => {
    let aborted = false;
    runtime.logs = async (_id, { signal }, stdout) => {
      stdout.write('0123456789');
      stdout.write('more');
      aborted = signal.aborted;
    };
    assert.equal((await get('/containerLogs/default/web/web?limitBytes=4')).body, '0123');
    assert.equal(aborted, true);
  });

  it('lets go of followed logs when the reader goes', async () => {
    let ended = false;
    runtime.logs = (_id, { signal }, stdout) =>
      new Promise((_resolve, reject) => {
        stdout.write('first\n');
        signal.addEventListener('abort', () => {
          ended = true;
          reject(signal.reason);
        });
      });
    const path = '/containerLogs/default/web/web?follow=true';
    const call = request({ host: '127.0.0.1', port: server.port, path, ca: pki.ca, agent: false, ...pki.client });
    call.on('response', (response) => response.once('data', () => call.destroy()));
    call.on('error', () => undefined);
    call.end();
    await eventually(() => assert.equal(ended, true));
  });

  for (const [path, code, body] of [
    ['/containerLogs/default/none/web', 404, 'pod "none" does not exist'],
    ['/containerLogs/default/web/none', 404, 'container "none" not found in pod "web"'],
    ['/containerLogs/default/web/web?previous=true', 400, 'previous terminated container "web" in pod "web" not found'],
    ['/containerLogs/default/web/web?tailLines=x', 400, '{"message": "Unable to decode query."}'],
    ['/containerLogs/default/web/web?tailLines=-1', 422, '{"message": "Invalid request."}'],
    ['/nothing', 404, '404 page not found'],
    ['/%zz', 400, 'Bad Request'],
    ['/attach/default/web/web', 501, 'attach is not supported by this kubelet'],
    ['/exec/default/web/web?command=x', 400, 'unable to upgrade: missing upgrade headers in request'],
  ] as const) {
    it(`answers ${code} to ${path}`, async () => assert.deepEqual(await get(path), { code, body }));
  }

  it('runs a command and passes what it says', async () => {
    runtime.exec = async (id, { command, stdout, stderr }) => {
      stdout?.write(`${id} ${command.join(' ')}`);
      stderr?.write('warning');
      return 0;
    };
    const session = await exec('command=ls&command=-l&output=1&error=1');
    assert.equal(session.socket.protocol, 'v5.channel.k8s.io');
    assert.equal(await session.closed, 1000);
    assert.deepEqual(session.messages, [
      [1, 'c1 ls -l'],
      [2, 'warning'],
      [3, '{"metadata":{},"status":"Success"}'],
    ]);
  });

  it('tells how a command ended after all that it said', async () => {
    runtime.exec = async (_id, { stdout }) => {
      for (let i = 0; i < 50; i++) stdout?.write(Buffer.alloc(100_000, 'x'));
      return 0;
    };
    const session = await exec('command=x&output=1');
    await session.closed;
    assert.equal(session.messages.length, 51);
    assert.equal(session.messages.at(-1)?.[0], 3);
  });

  it('tells the exit code of a command that fails', async () => {
    runtime.exec = async () => 3;
    const session = await exec('command=false&output=1', ['v4.channel.k8s.io']);
    await session.closed;
    const report = JSON.parse(session.messages.at(-1)?.[1] ?? '') as Record<string, unknown>;
    assert.equal(report.reason, 'NonZeroExitCode');
    assert.deepEqual(report.details, { causes: [{ reason: 'ExitCode', message: '3' }] });
  });

  it('tells why a command could not be run', async () => {
    runtime.exec = () => Promise.reject(new Error('no such file'));
    const session = await exec('command=x&output=1');
    await session.closed;
    const report = JSON.parse(session.messages.at(-1)?.[1] ?? '') as Record<string, unknown>;
    assert.deepEqual(
      [report.status, report.reason, report.message],
      ['Failure', 'InternalError', 'Internal error occurred: error executing command in container: no such file'],
    );
  });

  it('passes stdin to its end, and the sizes of the terminal', async () => {
    const sizes: unknown[] = [];
    runtime.exec = async (_id, { stdin, stdout, resize, tty }: ExecOptions) => {
      assert.equal(tty, true);
      const watch = (async () => {
        for await (const size of resize ?? []) sizes.push(size);
      })();
      for await (const chunk of stdin ?? []) stdout?.write(`<${chunk}>`);
      void watch;
      return 0;
    };
    const session = await exec('command=cat&input=1&output=1&tty=1');
    session.send(4, '{"Width":80,"Height":24}');
    session.send(0, 'hello');
    await eventually(() => assert.deepEqual(session.messages, [[1, '<hello>']]));
    session.send(255, Buffer.from([0]));
    assert.equal(await session.closed, 1000);
    assert.deepEqual(sizes, [{ width: 80, height: 24 }]);
  });

  it('makes a client wait that sends faster than the command reads', async () => {
    let read: () => void = () => undefined;
    let total = 0;
    runtime.exec = async (_id, { stdin }) => {
      await new Promise<void>((resolve) => {
        read = resolve;
      });
      for await (const chunk of stdin ?? []) total += (chunk as Buffer).length;
      return 0;
    };
    const session = await exec('command=cat&input=1&output=1');
    for (let i = 0; i < 64; i++) session.send(0, Buffer.alloc(256 * 1024));
    session.send(255, Buffer.from([0]));
    await eventually(() => assert.ok(session.socket.bufferedAmount > 1024 * 1024, 'much waits at the client'));
    read();
    await session.closed;
    assert.equal(total, 64 * 256 * 1024);
  });

  it('ends the command when the client goes', async () => {
    let aborted = false;
    runtime.exec = (_id, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          aborted = true;
          reject(signal.reason);
        });
      });
    const session = await exec('command=sleep&output=1');
    session.socket.terminate();
    await eventually(() => assert.equal(aborted, true));
  });

  for (const [title, query, protocols, message] of [
    ['no command', 'output=1', undefined, '400 you must specify at least 1 command'],
    ['no stream', 'command=x', undefined, '400 you must specify at least 1 of stdin, stdout, stderr'],
    ['an unknown protocol', 'command=x&output=1', ['v3.channel.k8s.io'], /^Error: 403 unable to upgrade/],
  ] as const) {
    it(`refuses exec with ${title}`, () =>
      assert.rejects(
        exec(query, protocols ? [...protocols] : undefined),
        message instanceof RegExp ? message : { message },
      ));
  }

  it('refuses exec in a container that does not run', async () => {
    status = {};
    await assert.rejects(exec('command=x&output=1'), { message: '500 container not found ("web")' });
  });
});

describe('logContainerId', () => {
  const base = { name: 'web', ready: false, image: '', imageID: '', restartCount: 0 };
  const of = (state: object, lastState: object = {}, more: object = {}): V1PodStatus => ({
    containerStatuses: [{ ...base, state, lastState, ...more }],
  });
  const ended = (containerID: string) => ({ terminated: { exitCode: 1, containerID } });
  for (const [title, status, previous, expected] of [
    ['the running one', of({ running: {} }, {}, { containerID: 'd://a' }), false, 'a'],
    ['the one that ended', of(ended('d://a')), false, 'a'],
    ['the last one during a crash loop', of({ waiting: { reason: 'CrashLoopBackOff' } }, ended('d://a')), false, 'a'],
    ['the one before', of({ running: {} }, ended('d://b'), { containerID: 'd://a' }), true, 'b'],
  ] as const) {
    it(`finds ${title}`, () => assert.equal(logContainerId('p', status, 'web', previous), expected));
  }
  for (const [reason, message] of [
    ['ContainerCreating', 'container "web" in pod "p" is waiting to start: ContainerCreating'],
    ['ErrImagePull', 'container "web" in pod "p" is waiting to start: image can\'t be pulled'],
    ['ImagePullBackOff', 'container "web" in pod "p" is waiting to start: trying and failing to pull image'],
  ] as const) {
    it(`says that it waits: ${reason}`, () =>
      assert.throws(() => logContainerId('p', of({ waiting: { reason } }), 'web', false), { message, code: 400 }));
  }
});
