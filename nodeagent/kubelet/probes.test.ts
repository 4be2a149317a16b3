import assert from 'node:assert/strict';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttp2 } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { systemClock } from '../../base/clock.ts';
import { FakeClock } from '../../base/fake-clock.ts';
import { silentLog } from '../../base/log.ts';
import type { V1Probe } from '../../openapi/generated/types.ts';
import { FakeRuntime } from './fake-runtime.ts';
import { container, pod } from './fixtures.ts';
import { type ProbeOutcome, portNumber, runProbe } from './handlers.ts';
import { ProbeCounter, ProbeManager } from './probes.ts';

const { signal } = new AbortController();

describe('runProbe', () => {
  let server: Server | undefined;
  const runtime = new FakeRuntime(systemClock);
  const probe = (spec: V1Probe, on = container()): Promise<ProbeOutcome> =>
    runProbe({ runtime, clock: systemClock }, spec, { container: on, containerId: 'c1', podIP: '127.0.0.1' }, signal);
  const listen = async (answer: RequestListener): Promise<number> => {
    server = createServer(answer);
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  };
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
    server = undefined;
  });

  for (const [status, result] of [
    [200, 'success'],
    [204, 'success'],
    [302, 'warning'],
    [404, 'failure'],
    [500, 'failure'],
  ] as const) {
    it(`takes HTTP ${status} for ${result}`, async () => {
      const port = await listen((_request, response) => {
        response.writeHead(status, status === 302 ? { location: 'http://elsewhere.invalid/' } : {});
        response.end();
      });
      assert.equal((await probe({ httpGet: { port, path: '/' } })).result, result);
    });
  }

  it('follows redirects on the same host, with its headers', async () => {
    const seen: string[] = [];
    const port = await listen((request, response) => {
      seen.push(`${request.url} ${request.headers['user-agent']} ${request.headers.host} ${request.headers['x-a']}`);
      if (request.url === '/a') response.writeHead(302, { location: '/b' });
      response.end();
    });
    const httpHeaders = [
      { name: 'X-A', value: '1' },
      { name: 'Host', value: 'h.example' },
    ];
    assert.deepEqual(await probe({ httpGet: { port, path: '/a', httpHeaders } }), { result: 'success' });
    assert.deepEqual(seen, ['/a kube-probe/1.36 h.example 1', '/b kube-probe/1.36 h.example 1']);
  });

  it('words failures of the network as Go does', async () => {
    const port = await listen((_request, response) => response.end());
    server?.close();
    server?.closeAllConnections();
    assert.deepEqual(await probe({ httpGet: { port, path: '/x' } }), {
      result: 'failure',
      output: `Get "http://127.0.0.1:${port}/x": dial tcp 127.0.0.1:${port}: connect: connection refused`,
    });
    assert.deepEqual(await probe({ tcpSocket: { port } }), {
      result: 'failure',
      output: `dial tcp 127.0.0.1:${port}: connect: connection refused`,
    });
  });

  it('connects over TCP', async () => {
    const port = await listen(() => undefined);
    assert.deepEqual(await probe({ tcpSocket: { port } }), { result: 'success' });
  });

  it('gives up after the timeout', async () => {
    const port = await listen(() => undefined);
    assert.deepEqual(await probe({ httpGet: { port, path: '/' }, timeoutSeconds: 0.05 }), {
      result: 'failure',
      output: `Get "http://127.0.0.1:${port}/": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`,
    });
  });

  it('gives up on a command after the timeout', async () => {
    runtime.exec = () => new Promise(() => undefined);
    assert.deepEqual(await probe({ exec: { command: ['sleep', '9'] }, timeoutSeconds: 0.05 }), {
      result: 'failure',
      output: 'command timed out: "sleep 9" timed out after 50ms',
    });
  });

  it('tells what a failing command said', async () => {
    runtime.exec = async (_id, { command, stderr }) => {
      stderr?.write(command.join(' '));
      return 2;
    };
    const on = container('web', { env: [{ name: 'A', value: 'x' }] });
    assert.deepEqual(await probe({ exec: { command: ['say', '$(A)'] } }, on), { result: 'failure', output: 'say x' });
  });

  it('cannot tell when the runtime cannot run the command', async () => {
    runtime.exec = () => Promise.reject(new Error('no such container'));
    assert.deepEqual(await probe({ exec: { command: ['x'] } }), { result: 'unknown', error: 'no such container' });
  });

  it('asks a gRPC service for its health', async () => {
    const grpc = createHttp2();
    grpc.on('stream', (stream, headers) => {
      assert.equal(headers[':path'], '/grpc.health.v1.Health/Check');
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const name = Buffer.concat(chunks).subarray(7).toString();
        stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
        stream.end(Buffer.from([0, 0, 0, 0, 2, 8, name === 'good' ? 1 : 2]));
      });
    });
    await new Promise<void>((resolve) => grpc.listen(0, '127.0.0.1', resolve));
    const { port } = grpc.address() as AddressInfo;
    try {
      assert.deepEqual(await probe({ grpc: { port, service: 'good' } }), { result: 'success' });
      assert.deepEqual(await probe({ grpc: { port, service: 'bad' } }), {
        result: 'failure',
        output: 'service unhealthy (responded with "NOT_SERVING")',
      });
    } finally {
      grpc.close();
    }
  });

  it('finds ports by name', () => {
    const named = container('web', { ports: [{ name: 'http', containerPort: 8080 }] });
    assert.equal(portNumber('http', named), 8080);
    assert.equal(portNumber('81', named), 81);
    assert.throws(() => portNumber('nope', named), /strconv.Atoi: parsing "nope": invalid syntax/);
  });
});

describe('ProbeCounter', () => {
  it('waits for as many like results in a row as the threshold says', () => {
    const counter = new ProbeCounter();
    const probe = { successThreshold: 2, failureThreshold: 3 };
    const results = [true, true, false, false, true, false, false, false];
    assert.deepEqual(
      results.map((result) => counter.add(result, probe)),
      [undefined, true, undefined, undefined, undefined, undefined, undefined, false],
    );
  });
});

describe('ProbeManager', () => {
  const setup = (spec: Parameters<typeof container>[1]) => {
    const clock = new FakeClock();
    const runtime = new FakeRuntime(clock);
    const changes: string[] = [];
    const events: string[] = [];
    const manager = new ProbeManager({
      runtime,
      clock,
      log: silentLog,
      recorder: {
        event: (_o, _t, reason, message) => events.push(`${reason} ${message}`),
        flush: () => Promise.resolve(),
      },
      onChange: (uid) => changes.push(uid),
    });
    const probed = container('web', spec);
    const of = pod({ containers: [probed] });
    const sync = (before?: { started: boolean; ready: boolean }) =>
      manager.sync(of, '10.0.0.1', [
        { container: probed, containerId: 'c1', startedAt: clock.now(), ...(before ? { before } : {}) },
      ]);
    return { clock, runtime, changes, events, manager, probed, sync };
  };
  const check = { exec: { command: ['check'] } };

  it('holds readiness back until the startup probe has succeeded', async () => {
    const { clock, runtime, manager, probed, sync, changes } = setup({
      startupProbe: { ...check, periodSeconds: 1, failureThreshold: 30 },
      readinessProbe: { ...check, periodSeconds: 1 },
    });
    runtime.exec = async () => 1;
    sync();
    await clock.advance(3000);
    assert.deepEqual([manager.started('c1'), manager.ready(probed, 'c1'), changes], [false, false, []]);
    runtime.exec = async () => 0;
    await clock.advance(1000);
    assert.deepEqual([manager.started('c1'), manager.ready(probed, 'c1'), changes], [true, true, ['u1', 'u1']]);
    manager.stop();
    assert.equal(clock.timers, 0);
  });

  it('waits for the initial delay', async () => {
    const { clock, manager, probed, sync } = setup({ readinessProbe: { ...check, initialDelaySeconds: 5 } });
    sync();
    await clock.advance(4900);
    assert.equal(manager.ready(probed, 'c1'), false);
    await clock.advance(200);
    assert.equal(manager.ready(probed, 'c1'), true);
    manager.stop();
  });

  it('gives a startup that does not come to its end', async () => {
    const { clock, runtime, manager, sync } = setup({
      startupProbe: { ...check, periodSeconds: 1, failureThreshold: 3 },
    });
    runtime.exec = async () => 1;
    sync();
    await clock.advance(1500);
    assert.equal(manager.failed('c1'), undefined);
    await clock.advance(1000);
    assert.equal(manager.failed('c1'), 'startup');
    manager.stop();
  });

  it('keeps what the API said of an instance until a probe says otherwise', async () => {
    const { clock, runtime, manager, probed, sync } = setup({
      readinessProbe: { ...check, periodSeconds: 1, failureThreshold: 2 },
    });
    runtime.exec = async () => 1;
    sync({ started: true, ready: true });
    await clock.advance(500);
    assert.equal(manager.ready(probed, 'c1'), true);
    await clock.advance(1000);
    assert.equal(manager.ready(probed, 'c1'), false);
    manager.stop();
  });

  it('stops probing what runs no more', async () => {
    const { clock, manager, sync } = setup({ livenessProbe: check });
    sync();
    await clock.advance(1);
    manager.sync(pod(), '', []);
    await clock.advance(0);
    assert.equal(clock.timers, 0);
  });

  it('says that a probe could not be made, and changes nothing', async () => {
    const { clock, runtime, manager, events, sync } = setup({ livenessProbe: { ...check, failureThreshold: 1 } });
    runtime.exec = () => Promise.reject(new Error('gone'));
    sync();
    await clock.advance(20_000);
    assert.equal(events[0], 'Unhealthy Liveness probe errored and resulted in unknown state: gone');
    assert.equal(manager.failed('c1'), undefined);
    manager.stop();
  });
});
