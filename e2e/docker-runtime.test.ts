/** The Docker runtime against a real daemon: what Docker does, not what we believe it does. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { systemClock } from '../base/clock.ts';
import { silentLog } from '../base/log.ts';
import { nameSuffix, systemRandom } from '../base/random.ts';
import { type DockerRuntime, openDocker } from '../nodeagent/runtime/docker/docker-runtime.ts';
import type {
  ContainerRecord,
  ContainerSpec,
  LogOptions,
  PodRecord,
  SandboxSpec,
} from '../nodeagent/runtime/runtime.ts';

const run = promisify(execFile);
const IMAGE = 'kubets/busybox:1';
const CLUSTER = `e2e-${nameSuffix(systemRandom)}`;
const POD_CIDR = '10.245.77.0/24';
const never = new AbortController().signal;

let pods = 0;
function sandboxSpec(more: Partial<SandboxSpec> = {}): SandboxSpec {
  const name = `pod-${pods++}`;
  const pod = { uid: `${CLUSTER}-${name}`, namespace: 'default', name };
  return { pod, hostname: name, hostNetwork: false, attempt: 0, ports: [], ...more };
}

function containerSpec(sandbox: { id: string; pod: SandboxSpec['pod'] }, more: Partial<ContainerSpec>): ContainerSpec {
  return {
    pod: sandbox.pod,
    sandboxId: sandbox.id,
    name: 'app',
    attempt: 0,
    image: IMAGE,
    command: ['sleep', '1000'],
    args: [],
    env: [],
    stdin: false,
    tty: false,
    mounts: [],
    resources: {},
    oomScoreAdj: 0,
    security: { privileged: false, readOnlyRootFilesystem: false, addCapabilities: [], dropCapabilities: [] },
    labels: {},
    ...more,
  };
}

describe('The Docker runtime, with a real Docker', function () {
  this.timeout(60_000);
  let runtime: DockerRuntime;

  const open = (more: { clusterId?: string; networkName?: string; podCidr?: string } = {}) =>
    openDocker({
      clusterId: CLUSTER,
      clock: systemClock,
      log: silentLog,
      podCidr: POD_CIDR,
      networkName: `kubets-${CLUSTER}`,
      ...more,
    });

  before(async () => {
    await run('scripts/busybox-image.sh', [IMAGE]);
    runtime = await open();
  });

  after(async () => {
    if (!runtime) return;
    await runtime.cleanup(CLUSTER);
    await runtime.close();
    const { stdout } = await run('docker', ['ps', '-aq', '--filter', `label=io.kubets.cluster=${CLUSTER}`]);
    assert.equal(stdout, '');
    const networks = await run('docker', ['network', 'ls', '-q', '--filter', `label=io.kubets.cluster=${CLUSTER}`]);
    assert.equal(networks.stdout, '');
  });

  async function start(more: Partial<ContainerSpec> = {}, sandboxMore: Partial<SandboxSpec> = {}) {
    const sandbox = await runtime.runSandbox(sandboxSpec(sandboxMore));
    const id = await runtime.createContainer(containerSpec(sandbox, more));
    await runtime.startContainer(id);
    return { sandbox, id };
  }

  const sh = (script: string): Partial<ContainerSpec> => ({ command: ['sh', '-c', script] });

  async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
    for (;;) {
      const found = await look();
      if (found !== undefined) return found;
      await systemClock.sleep(20);
    }
  }

  function exited(uid: string): Promise<ContainerRecord> {
    return until(async () => (await runtime.get(uid))?.containers.find(({ state }) => state === 'exited'));
  }

  async function output(id: string, command: string[]): Promise<string> {
    const out = new PassThrough();
    const read = text(out);
    await runtime.exec(id, { command, tty: false, stdout: out, stderr: out, signal: never });
    out.end();
    return (await read).trim();
  }

  async function logs(id: string, options: Partial<LogOptions> = {}): Promise<{ out: string; err: string }> {
    const [out, err] = [new PassThrough(), new PassThrough()];
    const read = Promise.all([text(out), text(err)]);
    await runtime.logs(id, { follow: false, timestamps: false, signal: never, ...options }, out, err);
    out.end();
    err.end();
    const [outText, errText] = await read;
    return { out: outText, err: errText };
  }

  it('says what it is and what the machine has', async () => {
    const version = await runtime.version();
    assert.match(version.version, /^\d+\./);
    assert.ok(version.operatingSystem && version.kernelVersion);
    const capacity = await runtime.capacity();
    assert.ok(capacity.cpuMillis >= 1000 && capacity.memoryBytes > 2 ** 28 && capacity.ephemeralStorageBytes > 2 ** 28);
  });

  it('measures what containers use', async () => {
    const { sandbox, id } = await start(sh('while :; do :; done'));
    const measured = async () => (await runtime.usage()).containers.find((container) => container.id === id);
    const first = await until(async () => {
      const usage = await measured();
      return usage && usage.cpuNanos > 0 ? usage : undefined;
    });
    assert.deepEqual([first.pod.uid, first.name], [sandbox.pod.uid, 'app']);
    assert.ok(first.memoryBytes > 2 ** 14 && first.memoryBytes < 2 ** 28, `${first.memoryBytes} bytes`);
    const second = await until(async () => {
      const usage = await measured();
      return usage && usage.at > first.at ? usage : undefined;
    });
    const cores = (second.cpuNanos - first.cpuNanos) / ((second.at - first.at) * 1e6);
    assert.ok(cores > 0 && cores < 1.5, `${cores} cores`);
    await runtime.removeSandbox(sandbox.id);
    assert.equal(await measured(), undefined);
  });

  it('says what to do when nobody answers', async () => {
    const nowhere = { clusterId: 'x', clock: systemClock, log: silentLog };
    await assert.rejects(
      openDocker({ ...nowhere, socketPath: '/nonexistent/docker.sock' }),
      /Cannot reach Docker at \/nonexistent\/docker\.sock: there is no such socket.*make up.*simulated runtime/,
    );
    const folder = await mkdtemp(join(tmpdir(), 'kubets-e2e-'));
    const socketPath = join(folder, 'docker.sock');
    try {
      await writeFile(socketPath, '');
      await assert.rejects(openDocker({ ...nowhere, socketPath }), /no Docker daemon listens on it any more/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  describe('a pod', () => {
    let pod: { sandbox: Awaited<ReturnType<DockerRuntime['runSandbox']>>; id: string };

    before(async () => {
      pod = await start(
        {
          ...sh('echo started; exec sleep 1000'),
          env: [{ name: 'GREETING', value: 'hello = world' }],
          workingDir: '/tmp',
          labels: { 'io.kubernetes.container.hash': 'abc' },
          resources: { cpuRequestMillis: 250, cpuLimitMillis: 500, memoryLimitBytes: 64 * 2 ** 20 },
          oomScoreAdj: -997,
        },
        {
          hostname: 'my-host',
          dns: { servers: ['10.96.0.10'], searches: ['default.svc.cluster.local'], options: ['ndots:5'] },
        },
      );
    });

    it('has an address of the pod network, from which the node can be reached at the gateway', async () => {
      assert.match(pod.sandbox.ip ?? '', /^10\.245\.77\.\d+$/);
      assert.equal(runtime.gateway, '10.245.77.1');
      const server = createServer((socket) => socket.end('hello from the node\n'));
      const port = await new Promise<number>((resolve) => {
        server.listen(0, runtime.gateway, () => resolve((server.address() as { port: number }).port));
      });
      try {
        assert.equal(await output(pod.id, ['nc', runtime.gateway, String(port)]), 'hello from the node');
      } finally {
        server.close();
      }
    });

    it('reaches itself through an address that leads back to it, as a Service’s does', async () => {
      const { sandbox, id } = await start(sh('echo myself > /www/index.html; exec httpd -f -p 80 -h /www'));
      const service = '10.245.99.1';
      const rules = [
        ['PREROUTING', '-d', service, '-p', 'tcp', '-j', 'DNAT', '--to-destination', `${sandbox.ip}:80`],
        ['POSTROUTING', '-s', `${sandbox.ip}`, '-d', `${sandbox.ip}`, '-j', 'MASQUERADE'],
      ];
      const iptables = (action: string) =>
        Promise.all(rules.map((rule) => run('iptables', ['-w', '-t', 'nat', action, ...rule])));
      await iptables('-I');
      try {
        await until(async () => (await output(id, ['wget', '-qO-', '127.0.0.1'])) === 'myself' || undefined);
        assert.equal(await output(id, ['timeout', '3', 'wget', '-qO-', service]), 'myself');
      } finally {
        await iptables('-D');
      }
    });

    it('sees its host name, environment, working directory and resolver', async () => {
      assert.equal(await output(pod.id, ['hostname']), 'my-host');
      assert.equal(await output(pod.id, ['sh', '-c', 'echo $GREETING; pwd']), 'hello = world\n/tmp');
      assert.equal(
        await output(pod.id, ['cat', '/etc/resolv.conf']),
        'nameserver 10.96.0.10\nsearch default.svc.cluster.local\noptions ndots:5',
      );
    });

    it('shares network and IPC between its containers', async () => {
      const second = await runtime.createContainer(containerSpec(pod.sandbox, { name: 'second' }));
      await runtime.startContainer(second);
      for (const namespace of ['net', 'ipc']) {
        const link = ['readlink', `/proc/self/ns/${namespace}`];
        assert.equal(await output(second, link), await output(pod.id, link));
      }
      await runtime.removeContainer(second);
    });

    it('is limited as asked', async () => {
      const { stdout } = await run('docker', ['inspect', pod.id]);
      const [{ HostConfig: host }] = JSON.parse(stdout);
      assert.equal(host.CpuShares, 256);
      assert.equal(host.CpuQuota, 50_000);
      assert.equal(host.Memory, 64 * 2 ** 20);
      assert.equal(host.LogConfig.Config['max-size'], '10m');
    });

    it('is found again by another instance, with its labels', async () => {
      const other = await open();
      try {
        const found = (await other.list()).find((record) => record.pod.uid === pod.sandbox.pod.uid);
        assert.deepEqual(found?.pod, pod.sandbox.pod);
        assert.deepEqual(found.sandboxes, [pod.sandbox]);
        const container = found.containers[0];
        assert.equal(container?.id, pod.id);
        assert.equal(container.state, 'running');
        assert.equal(container.image, IMAGE);
        assert.equal(container.imageId, (await other.imageStatus(IMAGE))?.id);
        assert.deepEqual(container.labels, { 'io.kubernetes.container.hash': 'abc' });
        assert.ok(container.startedAt && Math.abs(systemClock.now() - container.startedAt) < 60_000);
      } finally {
        await other.close();
      }
    });

    it('does not mix with those of another cluster', async () => {
      const other = await open({ clusterId: `${CLUSTER}-other` });
      try {
        assert.deepEqual(await other.list(), []);
        assert.equal(await other.get(pod.sandbox.pod.uid), undefined);
        await other.cleanup(`${CLUSTER}-other`);
        assert.equal((await runtime.get(pod.sandbox.pod.uid))?.sandboxes[0]?.ready, true);
        await assert.rejects(other.prepare(), /belongs to cluster .* containers use it/);
      } finally {
        await other.close();
      }
    });

    it('goes with all its containers, and going twice is no error', async () => {
      await runtime.removeSandbox(pod.sandbox.id);
      assert.equal(await runtime.get(pod.sandbox.pod.uid), undefined);
      await runtime.removeSandbox(pod.sandbox.id);
      await runtime.removeContainer(pod.id);
      await runtime.stopContainer(pod.id, 1);
    });
  });

  describe('the end of a container', () => {
    it('is recorded with exit code and times', async () => {
      const { sandbox } = await start(sh('exit 7'));
      const record = await exited(sandbox.pod.uid);
      assert.equal(record.exitCode, 7);
      assert.equal(record.oomKilled, undefined);
      assert.ok((record.finishedAt ?? 0) >= (record.startedAt ?? Number.POSITIVE_INFINITY));
    });

    it('says when memory ran out', async () => {
      const { sandbox } = await start({
        ...sh('x=a; while true; do x=$x$x; done'),
        resources: { memoryLimitBytes: 8 * 2 ** 20 },
      });
      const record = await exited(sandbox.pod.uid);
      assert.equal(record.exitCode, 137);
      assert.equal(record.oomKilled, true);
    });

    it('comes at SIGTERM where the process heeds it', async () => {
      const { sandbox, id } = await start(sh('trap "exit 5" TERM; echo ready; while true; do sleep 0.05; done'));
      await until(async () => (await logs(id)).out || undefined);
      await runtime.stopContainer(id, 30);
      assert.equal((await exited(sandbox.pod.uid)).exitCode, 5);
    });

    it('comes at SIGKILL after the grace period where it does not', async () => {
      const { sandbox, id } = await start();
      const before = systemClock.monotonic();
      await runtime.stopContainer(id, 1);
      assert.ok(systemClock.monotonic() - before >= 950);
      assert.equal((await exited(sandbox.pod.uid)).exitCode, 137);
      await runtime.stopContainer(id, 1);
    });

    it('is the record of a start that failed, with Docker’s words', async () => {
      const sandbox = await runtime.runSandbox(sandboxSpec());
      const id = await runtime.createContainer(containerSpec(sandbox, { command: ['/no/such/program'] }));
      await assert.rejects(
        runtime.startContainer(id),
        /^DaemonError: Error response from daemon: .*no such file or directory/,
      );
      const record = (await runtime.get(sandbox.pod.uid))?.containers[0];
      assert.equal(record?.state, 'exited');
      assert.equal(record.exitCode, 127);
      assert.match(record.message ?? '', /no such file or directory/);
    });
  });

  describe('events', () => {
    it('name the pod of what started, died and went', async () => {
      const stop = new AbortController();
      const seen: string[] = [];
      const listening = (async () => {
        for await (const uid of runtime.events(stop.signal)) seen.push(uid);
      })();
      const { sandbox, id } = await start();
      const { uid } = sandbox.pod;
      const next = async () => {
        await until(async () => (seen.includes(uid) ? true : undefined));
        seen.length = 0;
      };
      await next();
      await run('docker', ['kill', id]);
      await next();
      assert.equal((await runtime.get(uid))?.containers[0]?.exitCode, 137);
      await runtime.removeSandbox(sandbox.id);
      await next();
      stop.abort();
      await listening;
    });

    it('tell of all pods there are when the stream is new', async () => {
      const { sandbox } = await start();
      const stop = new AbortController();
      const seen = new Set<string>();
      for await (const uid of runtime.events(stop.signal)) {
        seen.add(uid);
        if (uid === sandbox.pod.uid) break;
      }
      assert.ok(seen.has(sandbox.pod.uid));
    });
  });

  describe('logs', () => {
    const script = 'for i in 1 2 3; do echo out $i; done; echo err >&2';
    let ended: string;

    before(async () => {
      const { sandbox, id } = await start(sh(script));
      await exited(sandbox.pod.uid);
      ended = id;
    });

    it('of an exited container are there, each stream by itself', async () => {
      assert.deepEqual(await logs(ended), { out: 'out 1\nout 2\nout 3\n', err: 'err\n' });
    });

    it('can be cut to their tail, to none at all, and to a time', async () => {
      const tail = await logs(ended, { tailLines: 2 });
      assert.equal((tail.out + tail.err).trim().split('\n').length, 2);
      assert.deepEqual(await logs(ended, { tailLines: 0 }), { out: '', err: '' });
      assert.deepEqual(await logs(ended, { since: systemClock.now() + 60_000 }), { out: '', err: '' });
      assert.notEqual((await logs(ended, { since: systemClock.now() - 60_000 })).out, '');
    });

    it('carry the time of each line when asked', async () => {
      const { out } = await logs(ended, { timestamps: true });
      for (const line of out.trim().split('\n')) assert.match(line, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z out \d$/);
    });

    it('followed, end with the container', async () => {
      const { id } = await start(sh('echo first; sleep 0.3; echo last'));
      assert.equal((await logs(id, { follow: true })).out, 'first\nlast\n');
    });

    it('followed, end at once when the reader stops', async () => {
      const { id } = await start(sh('echo first; exec sleep 1000'));
      const stop = new AbortController();
      const out = new PassThrough();
      const reading = runtime.logs(
        id,
        { follow: true, timestamps: false, signal: stop.signal },
        out,
        new PassThrough(),
      );
      for await (const chunk of out) {
        assert.equal(String(chunk), 'first\n');
        break;
      }
      const before = systemClock.monotonic();
      stop.abort();
      await reading;
      assert.ok(systemClock.monotonic() - before < 500);
    });

    it('of a terminal come as they are', async () => {
      const { sandbox, id } = await start({ ...sh('echo line'), tty: true });
      await exited(sandbox.pod.uid);
      assert.deepEqual(await logs(id), { out: 'line\r\n', err: '' });
    });
  });

  describe('exec', () => {
    let id: string;

    before(async () => {
      ({ id } = await start());
    });

    it('gives back output, error output and exit code', async () => {
      const [stdout, stderr] = [new PassThrough(), new PassThrough()];
      const read = Promise.all([text(stdout), text(stderr)]);
      const command = ['sh', '-c', 'echo out; echo err >&2; exit 42'];
      assert.equal(await runtime.exec(id, { command, tty: false, stdout, stderr, signal: never }), 42);
      stdout.end();
      stderr.end();
      assert.deepEqual(await read, ['out\n', 'err\n']);
    });

    it('passes input on to its end, binary and large', async () => {
      const input = Buffer.alloc(1 << 20, 'kubets\n');
      const stdout = new PassThrough();
      const read = text(stdout);
      const options = { command: ['md5sum'], tty: false, stdin: Readable.from([input]), stdout, signal: never };
      assert.equal(await runtime.exec(id, options), 0);
      stdout.end();
      const { createHash } = await import('node:crypto');
      assert.equal(await read, `${createHash('md5').update(input).digest('hex')}  -\n`);
    });

    it('gives a terminal its size', async () => {
      const sizes = async function* () {
        yield { width: 101, height: 37 };
      };
      const [stdin, stdout] = [new PassThrough(), new PassThrough()];
      const read = text(stdout);
      const script = 'until [ -n "$(stty size 2>/dev/null)" ]; do sleep 0.01; done; stty size';
      const command = ['sh', '-c', script];
      assert.equal(await runtime.exec(id, { command, tty: true, stdin, stdout, resize: sizes(), signal: never }), 0);
      stdout.end();
      assert.equal(await read, '37 101\r\n');
    });

    it('reports a command that is not there as Docker does', async () => {
      const stdout = new PassThrough();
      const read = text(stdout);
      const code = await runtime.exec(id, { command: ['nope'], tty: false, stdout, stderr: stdout, signal: never });
      stdout.end();
      assert.ok(code === 126 || code === 127);
      assert.match(await read, /"nope": executable file not found in \$PATH/);
    });

    it('ends at once when aborted, and so does the command', async () => {
      const stop = new AbortController();
      const stdout = new PassThrough();
      const command = ['sh', '-c', 'echo $$; exec sleep 4321'];
      const running = runtime.exec(id, { command, tty: false, stdout, signal: stop.signal });
      for await (const _ of stdout) break;
      const before = systemClock.monotonic();
      stop.abort(new Error('enough'));
      await assert.rejects(running, /enough/);
      assert.ok(systemClock.monotonic() - before < 1000);
      await until(async () => ((await output(id, ['ps'])).includes('4321') ? undefined : true));
    });

    it('fails in a container that is not running', async () => {
      const { sandbox, id: ended } = await start(sh('exit 0'));
      await exited(sandbox.pod.uid);
      await assert.rejects(
        runtime.exec(ended, { command: ['ls'], tty: false, signal: never }),
        /^DaemonError: Error response from daemon: Container .* is not running$/,
      );
    });
  });

  describe('security and mounts', () => {
    it('hold in the container', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'kubets-e2e-'));
      await writeFile(join(folder, 'file'), 'from the host');
      await chmod(folder, 0o755);
      try {
        const { id } = await start({
          mounts: [
            { hostPath: folder, containerPath: '/data', readOnly: true },
            { hostPath: folder, containerPath: '/scratch', readOnly: false },
          ],
          security: {
            privileged: false,
            user: '1234',
            readOnlyRootFilesystem: true,
            addCapabilities: [],
            dropCapabilities: ['ALL'],
          },
        });
        assert.equal(await output(id, ['cat', '/data/file']), 'from the host');
        assert.match(await output(id, ['sh', '-c', 'echo x > /data/new']), /Read-only file system/);
        assert.match(await output(id, ['sh', '-c', 'echo x > /www/new']), /Read-only file system/);
        assert.equal(await output(id, ['id', '-u']), '1234');
        assert.match(await output(id, ['grep', 'CapBnd', '/proc/self/status']), /^CapBnd:\s0+$/);
      } finally {
        await rm(folder, { recursive: true });
      }
    });
  });

  describe('ports of the host', () => {
    it('lead to the pod', async () => {
      const port = 30_000 + Math.floor(systemRandom.next() * 2000);
      const { id } = await start(sh('while true; do echo hello | nc -l -p 80; done'), {
        ports: [{ protocol: 'TCP', containerPort: 80, hostPort: port }],
      });
      const { stdout } = await run('docker', ['port', (await sandboxOf(runtime, id)).id, '80/tcp']);
      assert.match(stdout, new RegExp(`0\\.0\\.0\\.0:${port}`));
    });
  });

  it('puts a pod on the host network when asked', async () => {
    const { sandbox, id } = await start({}, { hostNetwork: true });
    assert.equal(sandbox.ip, undefined);
    assert.match(await output(id, ['cat', '/proc/net/dev']), /kts-/);
  });

  describe('images', () => {
    it('are described when they are here', async () => {
      const image = await runtime.imageStatus(IMAGE);
      assert.match(image?.id ?? '', /^sha256:/);
      assert.ok(image?.names.includes(IMAGE));
      assert.ok((await runtime.listImages()).some(({ id }) => id === image?.id));
    });

    it('are absent when they are not', async () => {
      assert.equal(await runtime.imageStatus('kubets/nothing:0'), undefined);
    });

    it('fail to be pulled with a reason', async () => {
      // Port 1 of this machine: nobody listens there, so it fails at once and asks nobody else.
      await assert.rejects(runtime.pullImage('127.0.0.1:1/kubets/nothing:0', never), {
        name: 'ImageError',
        reason: 'ErrImagePull',
        message: /^Error response from daemon: .*connection refused/,
      });
      for (const name of ['Upper:1', 'two words', 'a:b:c']) {
        await assert.rejects(runtime.pullImage(name, never), { name: 'ImageError', reason: 'InvalidImageName' });
      }
    });

    it('stop being pulled when told to', async () => {
      await assert.rejects(
        runtime.pullImage('127.0.0.1:1/kubets/nothing:0', AbortSignal.abort(new Error('changed my mind'))),
        /changed my mind/,
      );
    });
  });

  it('makes its network anew when somebody removed it', async () => {
    const clusterId = `${CLUSTER}-net`;
    const other = await open({ clusterId, networkName: clusterId, podCidr: '10.245.78.0/24' });
    try {
      await other.prepare();
      await run('docker', ['network', 'rm', clusterId]);
      await assert.rejects(other.runSandbox(sandboxSpec()));
      assert.match((await other.runSandbox(sandboxSpec())).ip ?? '', /^10\.245\.78\./);
    } finally {
      await other.cleanup(clusterId);
      await other.close();
    }
  });

  it('lets go of everything when it is closed', async () => {
    const other = await open();
    const { id } = await start();
    const out = new PassThrough().resume();
    const following = other.logs(id, { follow: true, timestamps: false, signal: never }, out, out);
    const events = other.events(never)[Symbol.asyncIterator]();
    await events.next();
    const rest = (async () => {
      while (!(await events.next()).done);
    })();
    await other.close();
    await Promise.all([following, rest]);
  });
});

async function sandboxOf(runtime: DockerRuntime, containerId: string): Promise<PodRecord['sandboxes'][number]> {
  const pod = (await runtime.list()).find((record) => record.containers.some(({ id }) => id === containerId));
  assert.ok(pod?.sandboxes[0]);
  return pod.sandboxes[0];
}
