import assert from 'node:assert/strict';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { FakeClock } from '../../../base/fake-clock.ts';
import { silentLog } from '../../../base/log.ts';
import type { V1PodStatus } from '../../../openapi/generated/types.ts';
import { FakeRuntime } from '../fake-runtime.ts';
import { container, eventually, pod } from '../fixtures.ts';
import { HttpError, type ServerDeps } from '../server.ts';
import { serveSpdyExec } from './exec.ts';
import { TestClient } from './test-client.ts';

const V4 = 'v4.channel.k8s.io';

describe('exec over SPDY', () => {
  let server: Server;
  let clock: FakeClock;
  let runtime: FakeRuntime;
  let served: Promise<unknown>;
  const clients: Socket[] = [];

  beforeEach(async () => {
    clock = new FakeClock();
    runtime = new FakeRuntime(clock);
    const only = pod({ containers: [container()] });
    const running = { name: 'web', ready: true, image: '', imageID: '', restartCount: 0, state: { running: {} } };
    const status: V1PodStatus = { containerStatuses: [{ ...running, containerID: 'fake://c1', lastState: {} }] };
    const deps: ServerDeps = {
      nodeName: 'n1',
      runtime,
      clock,
      log: silentLog,
      pods: () => [only],
      findPod: () => only,
      statusOf: () => status,
    };
    server = createServer().listen(0, '127.0.0.1');
    server.on('upgrade', (incoming, socket, head) => {
      const { searchParams: query } = new URL(incoming.url ?? '', 'http://kubelet');
      served = serveSpdyExec({ request: incoming, socket, head, pod: only, container: 'web', query }, deps);
      // As the kubelet's server, which answers first; the tests look at what was thrown.
      served.catch(() => socket.destroy());
    });
    await new Promise((resolve) => server.once('listening', resolve));
  });
  afterEach(async () => {
    for (const socket of clients.splice(0)) socket.destroy();
    await Promise.allSettled([served]);
    assert.equal(clock.timers, 0, 'timers are left');
    await new Promise((resolve) => server.close(resolve));
  });

  /** Upgrades, and opens the streams in kubectl's order, each after the reply to the one before. */
  const exec = async (query: string, types: string[], protocols: string[] = [V4]) => {
    const { port } = server.address() as AddressInfo;
    const headers = { connection: 'Upgrade', upgrade: 'SPDY/3.1', 'x-stream-protocol-version': protocols };
    const call = request({ host: '127.0.0.1', port, method: 'POST', path: `/?${query}`, headers });
    const client = await new Promise<{ session: TestClient; protocol: unknown }>((resolve, reject) => {
      call.once('upgrade', (response, socket: Socket, head) => {
        clients.push(socket);
        assert.equal(response.headers.upgrade, 'SPDY/3.1');
        resolve({
          session: new TestClient(socket, head),
          protocol: response.headers['x-stream-protocol-version'],
        });
      });
      call.once('error', reject);
      call.end();
    });
    for (const [index, type] of types.entries()) {
      client.session.open(2 * index + 1, type);
      await eventually(() => assert.equal(client.session.of('SYN_REPLY').length, index + 1));
    }
    return client;
  };

  /** Waits until the server has said goodbye, closes and gives what came on each stream. */
  const outcome = async (session: TestClient, types: string[]) => {
    await session.awaits('GOAWAY');
    session.socket.end();
    await served;
    return Object.fromEntries(types.map((type, index) => [type, session.received(2 * index + 1).toString()]));
  };

  it('passes what a command says, each stream to its end, and how it ended', async () => {
    runtime.exec = async (id, { command, stdin, stdout, stderr, resize }) => {
      assert.deepEqual([stdin, resize], [undefined, undefined]);
      stdout?.write(`${id} ${command.join(' ')}`);
      stderr?.write('warning');
      return 0;
    };
    const types = ['error', 'stdout', 'stderr'];
    const { session, protocol } = await exec('command=ls&command=-l&output=1&error=1', types);
    assert.equal(protocol, V4);
    assert.deepEqual(await outcome(session, types), {
      error: '{"metadata":{},"status":"Success"}',
      stdout: 'c1 ls -l',
      stderr: 'warning',
    });
    for (const id of [1, 3, 5]) assert.equal(session.finished(id), true);
  });

  it('waits until the client has opened all streams', async () => {
    let ran = false;
    runtime.exec = async () => {
      ran = true;
      return 0;
    };
    const { session } = await exec('command=ls&output=1&error=1', ['error', 'stdout']);
    session.send({ type: 'PING', id: 1 });
    await session.awaits('PING');
    assert.equal(ran, false);
    session.open(5, 'stderr');
    await session.awaits('GOAWAY');
    assert.equal(ran, true);
  });

  it('gives up a client that does not open its streams', async () => {
    const { session } = await exec('command=ls&output=1&error=1', ['error', 'stdout']);
    await clock.advance(30_000);
    await session.awaits('GOAWAY');
  });

  it('takes streams of which it knows nothing, and reads them', async () => {
    const types = ['error', 'nonsense', 'stdout'];
    const { session } = await exec('command=ls&output=1', types.slice(0, 2));
    session.data(3, Buffer.alloc(1024 * 1024));
    session.open(5, 'stdout');
    assert.match((await outcome(session, types)).error ?? '', /Success/);
  });

  it('tells how a command ended after all that it said', async () => {
    runtime.exec = async (_id, { stdout }) => {
      for (let i = 0; i < 100; i++) stdout?.write(Buffer.alloc(100_000, 'x'));
      return 3;
    };
    const types = ['error', 'stdout'];
    const { session } = await exec('command=x&output=1', types);
    const { error = '', stdout = '' } = await outcome(session, types);
    assert.equal(stdout.length, 10_000_000);
    const data = session.of('DATA');
    assert.ok(data.findIndex(({ streamId }) => streamId === 1) > data.findLastIndex(({ streamId }) => streamId === 3));
    const report = JSON.parse(error) as Record<string, unknown>;
    assert.equal(report.reason, 'NonZeroExitCode');
    assert.deepEqual(report.details, { causes: [{ reason: 'ExitCode', message: '3' }] });
  });

  for (const [protocol, exit, expected] of [
    [V4, 'Error', /^\{.*"message":"Internal error occurred: error executing command in container: no such file".*\}$/],
    ['v3.channel.k8s.io', 'Error', /^Internal error occurred: error executing command in container: no such file$/],
    [
      'v2.channel.k8s.io',
      2,
      /^command terminated with non-zero exit code: error executing command \[x\], exit code 2$/,
    ],
    ['channel.k8s.io', 2, /^command terminated with non-zero exit code: .* exit code 2$/],
    ['v3.channel.k8s.io', 0, /^$/],
  ] as const) {
    it(`tells a client of ${protocol} of ${exit === 'Error' ? 'a failure' : `exit code ${exit}`}`, async () => {
      runtime.exec = () => (exit === 'Error' ? Promise.reject(new Error('no such file')) : Promise.resolve(exit));
      const types = ['error', 'stdout'];
      const { session, protocol: chosen } = await exec('command=x&output=1', types, ['v9.channel.k8s.io', protocol]);
      assert.equal(chosen, protocol);
      assert.match((await outcome(session, types)).error ?? '', expected);
      assert.equal(session.finished(1), true);
    });
  }

  it('passes stdin to its end', async () => {
    runtime.exec = async (_id, { stdin, stdout }) => {
      for await (const chunk of stdin ?? []) stdout?.write(`<${chunk}>`);
      return 0;
    };
    const types = ['error', 'stdin', 'stdout'];
    const { session } = await exec('command=cat&input=1&output=1', types);
    session.data(3, 'hello');
    await eventually(() => assert.equal(session.received(5).toString(), '<hello>'));
    session.data(3, '', true);
    assert.match((await outcome(session, types)).error ?? '', /Success/);
  });

  it('lets a command end that does not read its input', async () => {
    const types = ['error', 'stdin', 'stdout'];
    let end: () => void = () => undefined;
    runtime.exec = () =>
      new Promise((resolve) => {
        end = () => resolve(0);
      });
    const { session } = await exec('command=true&input=1&output=1', types);
    for (let i = 0; i < 64; i++) session.data(3, Buffer.alloc(256 * 1024));
    await eventually(() => assert.ok(session.socket.writableLength > 1024 * 1024));
    end();
    assert.match((await outcome(session, types)).error ?? '', /Success/);
  });

  it('lets a client send all its input before it reads', async () => {
    runtime.exec = async (_id, { stdout }) => {
      stdout?.write(Buffer.alloc(16 * 1024 * 1024));
      return 0;
    };
    const { session } = await exec('command=true&input=1&output=1', ['error', 'stdin']);
    session.socket.pause();
    session.open(5, 'stdout');
    for (let i = 0; i < 64; i++) session.data(3, Buffer.alloc(256 * 1024));
    await eventually(() => assert.equal(session.socket.writableLength, 0));
    session.socket.resume();
    await session.awaits('GOAWAY');
    assert.equal(session.received(5).length, 16 * 1024 * 1024);
  });

  it('ends its side of stdin at once for clients of the first version', async () => {
    runtime.exec = async (_id, { stdin, stdout }) => {
      for await (const chunk of stdin ?? []) stdout?.write(`<${chunk}>`);
      return 0;
    };
    const types = ['error', 'stdin', 'stdout'];
    const { session } = await exec('command=cat&input=1&output=1', types, ['channel.k8s.io']);
    await eventually(() => assert.equal(session.finished(3), true));
    session.data(3, 'hello', true);
    assert.equal((await outcome(session, types)).stdout, '<hello>');
  });

  it('gives a terminal one stream and its sizes, however they are cut', async () => {
    const sizes: unknown[] = [];
    let ended = false;
    runtime.exec = async (_id, { tty, stderr, resize }) => {
      assert.deepEqual([tty, stderr], [true, undefined]);
      const follow = async () => {
        for await (const size of resize ?? []) sizes.push(size);
        ended = true;
      };
      void follow();
      await eventually(() => assert.equal(sizes.length, 2));
      return 0;
    };
    const types = ['error', 'stdout', 'resize'];
    const { session } = await exec('command=sh&output=1&error=1&tty=1', types);
    session.data(5, '{"Width":80,"Hei');
    session.data(5, 'ght":24}\n');
    await eventually(() => assert.deepEqual(sizes, [{ width: 80, height: 24 }]));
    session.data(5, '{"Width":1,"Height":2}');
    await outcome(session, types);
    assert.deepEqual(sizes.at(-1), { width: 1, height: 2 });
    await eventually(() => assert.equal(ended, true));
  });

  it('needs no sizes of a client that does not know them', async () => {
    const types = ['error', 'stdout'];
    const { session } = await exec('command=sh&output=1&tty=1', types, ['v2.channel.k8s.io']);
    assert.equal((await outcome(session, types)).error, '');
  });

  it('ends the command when the client goes', async () => {
    let aborted = false;
    let running = false;
    runtime.exec = (_id, { signal }) =>
      new Promise((_resolve, reject) => {
        running = true;
        signal.addEventListener('abort', () => {
          aborted = true;
          reject(signal.reason);
        });
      });
    const { session } = await exec('command=sleep&output=1', ['error', 'stdout']);
    await eventually(() => assert.equal(running, true));
    session.socket.destroy();
    await eventually(() => assert.equal(aborted, true));
  });

  for (const [title, query, protocols, code, message] of [
    ['with no protocol', 'command=x&output=1', [], 400, 'unable to upgrade: X-Stream-Protocol-Version is required'],
    [
      'with an unknown protocol',
      'command=x&output=1',
      ['v9.channel.k8s.io'],
      403,
      'unable to upgrade: unable to negotiate protocol: client supports [v9.channel.k8s.io], ' +
        'server accepts [v4.channel.k8s.io v3.channel.k8s.io v2.channel.k8s.io channel.k8s.io]',
    ],
    ['with no command', 'output=1', [V4], 400, 'you must specify at least 1 command'],
    ['with no stream', 'command=x', [V4], 400, 'you must specify at least 1 of stdin, stdout, stderr'],
  ] as const) {
    it(`refuses exec ${title}`, async () => {
      await assert.rejects(exec(query, [], [...protocols]));
      await assert.rejects(served, (error: unknown) => {
        assert.ok(error instanceof HttpError);
        assert.deepEqual([error.code, error.message], [code, message]);
        if (code === 403) assert.equal(error.headers[0], 'X-Accepted-Stream-Protocol-Versions: v4.channel.k8s.io');
        return true;
      });
    });
  }
});
