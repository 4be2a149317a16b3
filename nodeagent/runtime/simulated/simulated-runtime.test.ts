import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { FakeClock, settle } from '../../../base/fake-clock.ts';
import { seededRandom } from '../../../base/random.ts';
import type { ContainerSpec, LogOptions, SandboxSpec } from '../runtime.ts';
import { SimulatedRuntime } from './simulated-runtime.ts';

const DELAY_MS = 10;

function sandboxSpec(uid: string, more: Partial<SandboxSpec> = {}): SandboxSpec {
  const pod = { uid, namespace: 'default', name: `pod-${uid}` };
  return { pod, hostname: pod.name, hostNetwork: false, attempt: 0, ports: [], ...more };
}

function containerSpec(uid: string, sandboxId: string, more: Partial<ContainerSpec> = {}): ContainerSpec {
  return {
    pod: sandboxSpec(uid).pod,
    sandboxId,
    name: 'web',
    attempt: 0,
    image: 'kubets/busybox:1',
    command: [],
    args: [],
    env: [],
    stdin: false,
    tty: false,
    mounts: [],
    resources: {},
    oomScoreAdj: 0,
    security: { privileged: false, readOnlyRootFilesystem: false, addCapabilities: [], dropCapabilities: [] },
    labels: { hash: 'abc' },
    ...more,
  };
}

const ours = (annotations: Record<string, string>) => ({
  annotations: Object.fromEntries(
    Object.entries(annotations).map(([key, value]) => [`simulation.kubets.dev/${key}`, value]),
  ),
});

function world(more: { podCidr?: string; seed?: number } = {}) {
  const clock = new FakeClock();
  const random = seededRandom(more.seed ?? 1);
  const podCidr = more.podCidr ?? '10.1.0.0/16';
  const runtime = new SimulatedRuntime({ clock, random, startDelayMs: DELAY_MS, podCidr });
  /** Awaits a call that takes time, moving the clock until it is through. */
  const through = async <T>(call: Promise<T>): Promise<T> => {
    await clock.advance(DELAY_MS);
    return call;
  };
  const run = async (uid: string, container: Partial<ContainerSpec> = {}, spec: Partial<SandboxSpec> = {}) => {
    const sandbox = await through(runtime.runSandbox(sandboxSpec(uid, spec)));
    const id = await runtime.createContainer(containerSpec(uid, sandbox.id, container));
    await through(runtime.startContainer(id));
    return { sandbox, id };
  };
  return { clock, runtime, through, run };
}

async function logsOf(runtime: SimulatedRuntime, id: string, options: Partial<LogOptions> = {}): Promise<string> {
  const out = new PassThrough();
  const read = text(out);
  const signal = new AbortController().signal;
  await runtime.logs(id, { follow: false, timestamps: false, signal, ...options }, out, new PassThrough());
  out.end();
  return read;
}

describe('The simulated runtime', () => {
  it('gives each sandbox the next address of the pod network and takes it back when the sandbox goes', async () => {
    const { runtime, through } = world({ podCidr: '10.1.0.0/29' });
    const sandboxes = [];
    for (const uid of ['a', 'b', 'c', 'd', 'e']) sandboxes.push(await through(runtime.runSandbox(sandboxSpec(uid))));
    assert.deepEqual(
      sandboxes.map((sandbox) => sandbox.ip),
      ['10.1.0.2', '10.1.0.3', '10.1.0.4', '10.1.0.5', '10.1.0.6'],
    );
    assert.equal(runtime.gateway, '10.1.0.1');
    const full = assert.rejects(runtime.runSandbox(sandboxSpec('f')), /no addresses available/);
    await through(full);
    await runtime.removeSandbox(sandboxes[2]?.id ?? '');
    assert.equal((await through(runtime.runSandbox(sandboxSpec('g')))).ip, '10.1.0.4');
  });

  it('gives no address on the host network', async () => {
    const { runtime, through } = world();
    assert.equal((await through(runtime.runSandbox(sandboxSpec('a', { hostNetwork: true })))).ip, undefined);
  });

  it('lets a container run a moment after its start, and not before', async () => {
    const { clock, runtime, through } = world();
    const sandbox = await through(runtime.runSandbox(sandboxSpec('a')));
    const id = await runtime.createContainer(containerSpec('a', sandbox.id));
    const started = runtime.startContainer(id);
    await clock.advance(DELAY_MS - 1);
    assert.equal((await runtime.get('a'))?.containers[0]?.state, 'created');
    await clock.advance(1);
    await started;
    const record = (await runtime.get('a'))?.containers[0];
    assert.equal(record?.state, 'running');
    assert.equal(record.startedAt, clock.now());
    assert.deepEqual(record.labels, { hash: 'abc' });
  });

  it('lists containers and sandboxes newest first', async () => {
    const { runtime, run } = world();
    const first = await run('a');
    const second = await run('a', { attempt: 1 });
    const pod = (await runtime.list())[0];
    assert.deepEqual(
      pod?.containers.map(({ id }) => id),
      [second.id, first.id],
    );
    assert.deepEqual(
      pod?.sandboxes.map(({ id }) => id),
      [second.sandbox.id, first.sandbox.id],
    );
  });

  const ends: { title: string; end: (runtime: SimulatedRuntime, id: string) => unknown; code: number }[] = [
    { title: 'told to', end: (runtime) => runtime.exit('a', 'web', 3), code: 3 },
    { title: 'stopped with grace', end: (runtime, id) => runtime.stopContainer(id, 30), code: 0 },
    { title: 'stopped without grace', end: (runtime, id) => runtime.stopContainer(id, 0), code: 137 },
  ];
  for (const { title, end, code } of ends) {
    it(`has a container exit with ${code} when ${title}`, async () => {
      const { clock, runtime, run } = world();
      const { id } = await run('a');
      await clock.advance(1000);
      await end(runtime, id);
      const record = (await runtime.get('a'))?.containers[0];
      assert.equal(record?.state, 'exited');
      assert.equal(record.exitCode, code);
      assert.equal(record.finishedAt, clock.now());
    });
  }

  it('says why when a test has a container exit that does not run', async () => {
    const { runtime, run } = world();
    await run('a');
    runtime.exit('a', 'web', 137, { oomKilled: true });
    assert.equal((await runtime.get('a'))?.containers[0]?.oomKilled, true);
    assert.throws(() => runtime.exit('a', 'web', 0), /No running container web in pod a/);
  });

  it('takes the containers along when their sandbox is killed', async () => {
    const { runtime, run } = world();
    const { sandbox } = await run('a');
    runtime.killSandbox(sandbox.id);
    const pod = await runtime.get('a');
    assert.equal(pod?.sandboxes[0]?.ready, false);
    assert.equal(pod.sandboxes[0].ip, undefined);
    assert.equal(pod.containers[0]?.exitCode, 137);
  });

  it('names a pod to all listeners when something happens to it, until they stop', async () => {
    const { runtime, run } = world();
    const stop = new AbortController();
    const seen: string[] = [];
    const listening = (async () => {
      for await (const uid of runtime.events(stop.signal)) seen.push(uid);
    })();
    const seenOnce = async () => {
      await settle();
      assert.deepEqual(new Set(seen.splice(0)), new Set(['a']));
    };
    await settle();
    const { sandbox } = await run('a');
    await seenOnce();
    runtime.exit('a', 'web', 1);
    await seenOnce();
    await runtime.removeSandbox(sandbox.id);
    await seenOnce();
    stop.abort();
    await listening;
    assert.equal(await runtime.get('a'), undefined);
  });

  it('logs one line that says it is simulated', async () => {
    const { clock, runtime, run } = world();
    const { id } = await run('a');
    assert.match(await logsOf(runtime, id), /^container web of pod default\/pod-a is simulated: .*\n$/);
    assert.match(await logsOf(runtime, id, { timestamps: true }), /^2026-01-01T00:00:00\.020000000Z container/);
    assert.equal(await logsOf(runtime, id, { tailLines: 0 }), '');
    assert.equal(await logsOf(runtime, id, { since: clock.now() + 1 }), '');
  });

  it('ends a followed log when the container exits or the reader stops', async () => {
    const { runtime, run } = world();
    const { id } = await run('a');
    const stop = new AbortController();
    let ended = 0;
    const follow = (signal: AbortSignal) => logsOf(runtime, id, { follow: true, signal }).then(() => ended++);
    const stopped = follow(stop.signal);
    const followed = follow(new AbortController().signal);
    await settle();
    assert.equal(ended, 0);
    stop.abort();
    await stopped;
    assert.equal(ended, 1);
    runtime.exit('a', 'web', 0);
    await followed;
  });

  it('refuses exec and says why', async () => {
    const { runtime, run } = world();
    const { id } = await run('a');
    const signal = new AbortController().signal;
    await assert.rejects(
      runtime.exec(id, { command: ['ls'], tty: false, signal }),
      /container web of pod default\/pod-a is simulated/,
    );
  });

  it('has a container exit by itself as the annotations of its pod say, by attempt', async () => {
    const { clock, runtime, run } = world();
    const annotations = ours({ 'run-seconds': '1.5', 'exit-code': '1,0' });
    await run('a', {}, annotations);
    await clock.advance(1499);
    assert.equal((await runtime.get('a'))?.containers[0]?.state, 'running');
    await clock.advance(1);
    assert.equal((await runtime.get('a'))?.containers[0]?.exitCode, 1);
    await run('a', { attempt: 1 }, annotations);
    await clock.advance(1500);
    assert.equal((await runtime.get('a'))?.containers[0]?.exitCode, 0);
  });

  it('has an init container exit at once', async () => {
    const { clock, runtime, run } = world();
    await run('a', { init: true });
    await clock.advance(0);
    assert.equal((await runtime.get('a'))?.containers[0]?.exitCode, 0);
  });

  it('starts a pod as late as its annotations say, and not at all when it is given up before', async () => {
    const { clock, runtime } = world();
    const stop = new AbortController();
    const spec = sandboxSpec('a', ours({ 'start-seconds': '2' }));
    const given = assert.rejects(runtime.runSandbox(spec, stop.signal), { name: 'AbortError' });
    const kept = runtime.runSandbox({ ...spec, pod: { ...spec.pod, uid: 'b' } });
    await clock.advance(2000 - DELAY_MS - 1);
    assert.deepEqual(await runtime.list(), []);
    stop.abort();
    await given;
    await clock.advance(1);
    await kept;
    assert.deepEqual(
      (await runtime.list()).map(({ pod }) => pod.uid),
      ['b'],
    );
  });

  it('says that a pod is not ready while its annotations say so', async () => {
    const { runtime, run } = world();
    await run('a', {}, ours({ ready: 'false' }));
    assert.equal((await runtime.get('a'))?.containers[0]?.ready, false);
    runtime.annotate('a', {});
    assert.equal((await runtime.get('a'))?.containers[0]?.ready, undefined);
  });

  it('has used what the annotations of its pods have said, as they were at the time', async () => {
    const { clock, runtime, run } = world();
    await run('a', {}, ours({ cpu: '500m', memory: '64Mi' }));
    await clock.advance(10_000);
    const { node, containers } = await runtime.usage();
    const used = { cpuNanos: 5e9, memoryBytes: 64 * 2 ** 20 };
    assert.deepEqual(
      containers.map(({ name, cpuNanos, memoryBytes }) => ({ name, cpuNanos, memoryBytes })),
      [{ name: 'web', ...used }],
    );
    assert.deepEqual(node, { at: clock.now(), ...used });
    runtime.annotate('a', ours({ cpu: '1' }).annotations);
    await clock.advance(1000);
    assert.equal((await runtime.usage()).containers[0]?.cpuNanos, 6e9);
    await clock.advance(1000);
    runtime.exit('a', 'web', 0);
    assert.deepEqual(await runtime.usage(), {
      node: { at: clock.now(), cpuNanos: 7e9, memoryBytes: 0 },
      containers: [],
    });
  });

  it('has every image, under the same id each time', async () => {
    const { runtime } = world();
    const image = await runtime.imageStatus('example.com/any:1');
    assert.deepEqual(image?.names, ['example.com/any:1']);
    assert.equal((await world().runtime.imageStatus('example.com/any:1'))?.id, image.id);
  });

  it('does the same again from the same seed', async () => {
    const ids = async (seed: number) => {
      const { runtime, run } = world({ seed });
      await run('a');
      return (await runtime.list())[0]?.containers[0]?.id;
    };
    assert.equal(await ids(7), await ids(7));
    assert.notEqual(await ids(7), await ids(8));
  });

  it('leaves no timer and no reader behind when it is closed', async () => {
    const { clock, runtime, run } = world();
    const { id } = await run('a', {}, ours({ 'run-seconds': '60' }));
    const starting = assert.rejects(runtime.runSandbox(sandboxSpec('b')), /was closed/);
    const following = logsOf(runtime, id, { follow: true });
    const events = runtime.events(new AbortController().signal);
    await events.next();
    const next = events.next();
    await runtime.close();
    await Promise.all([starting, following]);
    assert.equal((await next).done, true);
    assert.equal(clock.timers, 0);
  });

  it('holds thousands of pods', async () => {
    const { clock, runtime } = world();
    const uids = Array.from({ length: 2000 }, (_, i) => `u${i}`);
    const sandboxes = Promise.all(uids.map((uid) => runtime.runSandbox(sandboxSpec(uid))));
    await clock.advance(DELAY_MS);
    const addresses = new Set((await sandboxes).map((sandbox) => sandbox.ip));
    assert.equal(addresses.size, 2000);
    assert.equal((await runtime.list()).length, 2000);
  });
});
