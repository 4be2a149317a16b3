import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock, settle } from '../../base/fake-clock.ts';
import { silentLog } from '../../base/log.ts';
import { seededRandom } from '../../base/random.ts';
import { Client } from '../../client/client.ts';
import { FakeApi } from '../../client/fake-api.ts';
import { CONFIG_MAPS, EVENTS, LEASES, NODES, PODS, SECRETS, SERVICES } from '../../client/resources.ts';
import type { CoreV1Event, V1Lease, V1Node, V1Pod } from '../../openapi/generated/types.ts';
import { FakeRuntime } from './fake-runtime.ts';
import { container, eventually, pod } from './fixtures.ts';
import { type Kubelet, type KubeletOptions, removeAllPods, startKubelet } from './kubelet.ts';

const RESOURCES = [CONFIG_MAPS, EVENTS, LEASES, NODES, PODS, SECRETS, SERVICES];

describe('startKubelet', () => {
  let clock: FakeClock;
  let api: FakeApi;
  let runtime: FakeRuntime;
  let rootDir: string;
  let abort: AbortController;
  let kubelet: Kubelet | undefined;

  const start = async (more: Partial<KubeletOptions> = {}): Promise<Kubelet> => {
    kubelet = await startKubelet({
      client: new Client(api),
      runtime,
      clock,
      random: seededRandom(1),
      log: silentLog,
      signal: abort.signal,
      nodeName: 'n1',
      nodeIP: '192.168.0.1',
      rootDir,
      ...more,
    });
    await kubelet.ready;
    return kubelet;
  };
  const peek = () => api.peek<V1Pod>(PODS, 'web', 'default');
  const stored = (): V1Pod => {
    const found = peek();
    assert.ok(found, 'the pod is in the API');
    return found;
  };
  const status = () => stored().status?.containerStatuses?.[0];
  const running = () =>
    eventually(() => {
      assert.equal(stored().status?.phase, 'Running');
      assert.equal(status()?.ready, true);
      assert.equal(status()?.containerID, `fake://${runtime.find('web').id}`);
    });
  const events = () => api.all<CoreV1Event>(EVENTS).map(({ type, reason, message }) => `${type} ${reason} ${message}`);
  const operations = (verb: string) => runtime.log.filter((line) => line.startsWith(`${verb} `));

  beforeEach(() => {
    clock = new FakeClock();
    api = new FakeApi({ clock, resources: RESOURCES });
    runtime = new FakeRuntime(clock);
    rootDir = mkdtempSync(join(tmpdir(), 'kubelet-test-'));
    abort = new AbortController();
  });

  afterEach(async () => {
    await kubelet?.stop();
    kubelet = undefined;
    rmSync(rootDir, { recursive: true, force: true });
    assert.equal(clock.timers, 0, 'no timer is left');
    assert.equal(api.openWatches, 0, 'no watch is left');
  });

  it('registers the node with its capacity, its addresses and its conditions', async () => {
    await start({ labels: { zone: 'a' }, maxPods: 5 });
    const node = api.peek<V1Node>(NODES, 'n1');
    assert.equal(node?.metadata?.labels?.['kubernetes.io/hostname'], 'n1');
    assert.equal(node?.metadata?.labels?.zone, 'a');
    assert.deepEqual(node?.status?.capacity, {
      cpu: '2',
      memory: '4194304Ki',
      'ephemeral-storage': '104857600Ki',
      pods: '5',
    });
    assert.deepEqual(node?.status?.addresses, [
      { type: 'InternalIP', address: '192.168.0.1' },
      { type: 'Hostname', address: 'n1' },
    ]);
    assert.deepEqual(
      node?.status?.conditions?.map(({ type, status, reason, message }) => [type, status, reason, message].join(' ')),
      [
        'MemoryPressure False KubeletHasSufficientMemory kubelet has sufficient memory available',
        'DiskPressure False KubeletHasNoDiskPressure kubelet has no disk pressure',
        'PIDPressure False KubeletHasSufficientPID kubelet has sufficient PID available',
        'Ready True KubeletReady kubelet is posting ready status',
      ],
    );
    assert.equal(node?.status?.nodeInfo?.kubeletVersion, 'v1.36.0');
    assert.equal(node?.status?.nodeInfo?.containerRuntimeVersion, 'fake://1.0');
  });

  it('keeps what others have set on a node it finds', async () => {
    api.create<V1Node>(NODES, undefined, {
      metadata: { name: 'n1', labels: { theirs: 'x' } },
      spec: { unschedulable: true, taints: [{ key: 'k', effect: 'NoSchedule' }] },
      status: { conditions: [{ type: 'Theirs', status: 'True' }] },
    });
    await start({ taints: [{ key: 'ours', effect: 'NoSchedule' }] });
    const node = api.peek<V1Node>(NODES, 'n1');
    assert.equal(node?.spec?.unschedulable, true);
    assert.deepEqual(node?.spec?.taints, [{ key: 'k', effect: 'NoSchedule' }]);
    assert.equal(node?.metadata?.labels?.theirs, 'x');
    assert.equal(node?.metadata?.labels?.['kubernetes.io/os'], 'linux');
    assert.ok(node?.status?.conditions?.some(({ type }) => type === 'Theirs'));
    assert.ok(node?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'));
  });

  it('renews its lease every ten seconds and owns it through the node', async () => {
    await start();
    const lease = () => api.peek<V1Lease>(LEASES, 'n1', 'kube-node-lease');
    assert.equal(lease()?.spec?.renewTime, '2026-01-01T00:00:00.000000Z');
    assert.equal(lease()?.spec?.leaseDurationSeconds, 40);
    assert.equal(lease()?.metadata?.ownerReferences?.[0]?.uid, api.peek<V1Node>(NODES, 'n1')?.metadata?.uid);
    await clock.advance(10_000);
    await eventually(() => assert.equal(lease()?.spec?.renewTime, '2026-01-01T00:00:10.000000Z'));
  });

  it('writes the node status only when it changed or five minutes have passed', async () => {
    await start();
    const writes = () => api.writes.filter((call) => call === 'PUT /api/v1/nodes/n1/status').length;
    const before = writes();
    for (let i = 0; i < 10; i++) await clock.advance(10_000);
    assert.equal(writes(), before);
    runtime.images.add('new:1');
    // A look at the status reads files, so it may outlast any advance of the clock: what a report says of its time counts.
    const status = () => api.peek<V1Node>(NODES, 'n1')?.status;
    const reportedAt = () =>
      Date.parse(status()?.conditions?.find(({ type }) => type === 'Ready')?.lastHeartbeatTime ?? '');
    const until = async (what: () => boolean) => {
      for (let steps = 0; !what() && steps < 500; steps++) await clock.advance(10_000);
      assert.ok(what());
    };
    await until(() => status()?.images?.some(({ names }) => names?.includes('new:1')) === true);
    const first = reportedAt();
    await until(() => reportedAt() !== first);
    assert.ok(reportedAt() - first >= 300_000, 'nothing changed for five minutes');
  });

  it('registers anew when the node was deleted', async () => {
    await start();
    api.remove(NODES, 'n1');
    await clock.advance(10_000);
    await eventually(() => assert.ok(api.peek(NODES, 'n1')));
  });

  it('runs a pod and tells of it', async () => {
    await start();
    api.create(PODS, 'default', pod());
    await running();
    assert.equal(stored().status?.podIP, '10.1.0.1');
    await eventually(() =>
      assert.deepEqual(
        events().filter((line) => !line.includes('kubelet.') && !line.includes('Node n1')),
        [
          'Normal Pulled Container image "busybox:1" already present on machine and can be accessed by the pod',
          'Normal Created Container created',
          'Normal Started Container started',
        ],
      ),
    );
    const path = api.all<CoreV1Event>(EVENTS).find(({ reason }) => reason === 'Started')?.involvedObject.fieldPath;
    assert.equal(path, 'spec.containers{web}');
    const spec = runtime.specs.get(runtime.find('web').id);
    const hosts = spec?.mounts.find(({ containerPath }) => containerPath === '/etc/hosts');
    assert.match(readFileSync(hosts?.hostPath ?? '', 'utf8'), /\n10\.1\.0\.1\tweb\n$/);
  });

  it('writes a status twice for a pod that starts, and never the same one again', async () => {
    await start();
    api.create(PODS, 'default', pod());
    await running();
    await clock.advance(120_000);
    const writes = api.writes.filter((call) => call.endsWith('/pods/web/status'));
    assert.equal(writes.length, 2);
  });

  it('keeps conditions of others, also when its write comes too late', async () => {
    await start();
    let disturbed = false;
    api.intercept = (call) => {
      if (disturbed || call.method !== 'PUT' || !call.path.endsWith('/pods/web/status')) return;
      disturbed = true;
      api.change<V1Pod>(PODS, 'web', 'default', (old) => ({
        ...old,
        status: {
          ...old.status,
          conditions: [...(old.status?.conditions ?? []), { type: 'example.com/theirs', status: 'True' }],
        },
      }));
    };
    api.create(PODS, 'default', pod());
    await running();
    assert.ok(stored().status?.conditions?.some(({ type }) => type === 'example.com/theirs'));
  });

  it('restarts a container that ended, at once and then with growing waits', async () => {
    await start();
    api.create(PODS, 'default', pod());
    await running();
    runtime.exit(runtime.find('web').id, 1);
    await eventually(() => assert.equal(status()?.restartCount, 1));
    await running();
    runtime.exit(runtime.find('web').id, 1);
    await eventually(() =>
      assert.deepEqual(status()?.state?.waiting, {
        reason: 'CrashLoopBackOff',
        message: 'back-off 10s restarting failed container=web pod=web_default(u1)',
      }),
    );
    assert.equal(status()?.lastState?.terminated?.exitCode, 1);
    await clock.advance(9_000);
    assert.equal(operations('start').length, 2);
    await clock.advance(1_100);
    await eventually(() => assert.equal(operations('start').length, 3));
    await running();
    assert.equal(status()?.restartCount, 2);
    await eventually(() => assert.equal(runtime.containers.length, 2, 'the older instances are removed'));
    assert.ok(events().includes('Warning BackOff Back-off restarting failed container web in pod web_default(u1)'));
  });

  it('restarts a container whose image was changed', async () => {
    await start();
    api.create(PODS, 'default', pod());
    await running();
    runtime.images.add('busybox:2');
    api.change<V1Pod>(PODS, 'web', 'default', (old) => ({
      ...old,
      spec: { ...old.spec, containers: [container('web', { image: 'busybox:2' })] },
    }));
    await eventually(() => assert.equal(runtime.find('web').image, 'busybox:2'));
    await running();
    assert.equal(status()?.restartCount, 1);
    assert.ok(events().includes('Normal Killing Container web definition changed, will be restarted'));
  });

  it('makes a new sandbox when the old one died', async () => {
    await start();
    api.create(PODS, 'default', pod());
    await running();
    const before = stored().status?.podIP;
    runtime.killSandbox(runtime.sandboxes[0]?.id ?? '');
    await eventually(() => assert.equal(operations('sandbox').length, 2));
    await running();
    await eventually(() => assert.equal(status()?.restartCount, 1));
    assert.notEqual(stored().status?.podIP, before);
  });

  it('ends a deleted pod with its hook, its grace and its final status, and then the object, once', async () => {
    await start();
    const web = container('web', { lifecycle: { preStop: { exec: { command: ['bye'] } } } });
    // The finalizer keeps the object in view.
    api.create(PODS, 'default', pod({ terminationGracePeriodSeconds: 7, containers: [web] }, { finalizers: ['keep'] }));
    await running();
    const commands: string[][] = [];
    runtime.exec = async (_id, { command }) => {
      commands.push(command);
      return 0;
    };
    await new Client(api).pods.delete('web', 'default');
    const deletions = () => api.calls.filter((call) => call.method === 'DELETE').slice(1);
    await eventually(() => assert.equal(deletions().length, 1));
    assert.deepEqual(deletions()[0]?.body, {
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      gracePeriodSeconds: 0,
      preconditions: { uid: 'u1' },
    });
    assert.deepEqual(commands, [['bye']]);
    assert.deepEqual(operations('stop'), ['stop web 7']);
    assert.equal(stored().status?.phase, 'Failed');
    assert.equal(status()?.state?.terminated?.exitCode, 143);
    assert.deepEqual([runtime.sandboxes, runtime.containers], [[], []]);
    assert.equal(existsSync(join(rootDir, 'pods', 'u1')), false);
    await eventually(() => assert.ok(events().includes('Normal Killing Stopping container web')));
    api.change<V1Pod>(PODS, 'web', 'default', (old) => ({ ...old, metadata: { ...old.metadata, finalizers: [] } }));
    await eventually(() => assert.equal(peek(), undefined));
    assert.equal(deletions().length, 1);
  });

  it('tries again, with growing waits, to end a container that will not end', async () => {
    await start();
    api.create(PODS, 'default', pod());
    await running();
    let failures = 3;
    runtime.before = (operation) => {
      if (operation.startsWith('stop') && failures-- > 0) throw new Error('it will not');
    };
    await new Client(api).pods.delete('web', 'default');
    await eventually(() => assert.equal(operations('stop').length, 1));
    await settle();
    assert.equal(operations('stop').length, 1);
    for (let i = 0; i < 10; i++) await clock.advance(1000);
    await eventually(() => assert.deepEqual(runtime.sandboxes, []));
    assert.equal(operations('stop').length, 4);
  });

  it('ends a container sooner when the grace period becomes shorter', async () => {
    await start();
    api.create(PODS, 'default', pod({}, { finalizers: ['keep'] }));
    await running();
    let release: () => void = () => undefined;
    runtime.before = (operation) => {
      if (operation === 'stop web 0') release();
      if (operation === 'stop web 30') {
        return new Promise((resolve) => {
          release = resolve;
        });
      }
    };
    await new Client(api).pods.delete('web', 'default');
    await eventually(() => assert.deepEqual(operations('stop'), ['stop web 30']));
    const shorter = { deletionGracePeriodSeconds: 0 };
    api.change<V1Pod>(PODS, 'web', 'default', (old) => ({ ...old, metadata: { ...old.metadata, ...shorter } }));
    await eventually(() => assert.deepEqual(runtime.sandboxes, []));
    assert.deepEqual(operations('stop'), ['stop web 30', 'stop web 0']);
  });

  it('ends at once what vanished from the API', async () => {
    await start();
    api.create(PODS, 'default', pod());
    await running();
    api.remove(PODS, 'web', 'default');
    await eventually(() => assert.deepEqual([runtime.sandboxes, runtime.containers], [[], []]));
    assert.deepEqual(operations('stop'), ['stop web 1']);
  });

  it('breaks off a pull when the pod is deleted', async () => {
    await start();
    let release: () => void = () => undefined;
    runtime.before = (operation) => {
      if (operation.startsWith('pull')) {
        return new Promise((resolve) => {
          release = resolve;
        });
      }
    };
    api.create(PODS, 'default', pod({ containers: [container('web', { image: 'slow:1' })] }));
    await eventually(() => assert.deepEqual(operations('pull'), ['pull slow:1']));
    await new Client(api).pods.delete('web', 'default');
    release();
    await eventually(() => assert.equal(peek(), undefined));
    assert.deepEqual(operations('start'), []);
  });

  it('adopts what runs when it starts again, restart counts included', async () => {
    const first = await start();
    api.create(
      PODS,
      'default',
      pod({ containers: [container('web', { readinessProbe: { exec: { command: ['true'] } } })] }),
    );
    await running();
    runtime.exit(runtime.find('web').id, 1);
    await eventually(() => assert.equal(status()?.restartCount, 1));
    await running();
    await first.stop();
    const [id, log] = [runtime.find('web').id, runtime.log.length];
    let unready = 0;
    api.intercept = (call) => {
      const body = call.body as V1Pod | undefined;
      if (call.path.endsWith('/pods/web/status') && body?.status?.containerStatuses?.[0]?.ready !== true) unready++;
    };
    await start();
    await settle();
    assert.equal(runtime.find('web').id, id);
    assert.deepEqual(runtime.log.slice(log), []);
    assert.equal(status()?.restartCount, 1);
    assert.equal(unready, 0, 'readiness does not flap');
  });

  it('ends what runs without a pod, but only once the pods are known', async () => {
    await runtime.runSandbox({
      pod: { uid: 'old', namespace: 'default', name: 'old' },
      hostname: 'old',
      hostNetwork: false,
      attempt: 0,
      ports: [],
    });
    let release: () => void = () => undefined;
    api.intercept = (call) => {
      if (call.method === 'GET' && call.path === '/api/v1/pods') {
        return new Promise((resolve) => {
          release = resolve;
        });
      }
    };
    const starting = start();
    await settle();
    await clock.advance(60_000);
    assert.equal(runtime.sandboxes.length, 1, 'nothing is touched before the sync');
    api.intercept = undefined;
    release();
    await starting;
    await eventually(() => assert.deepEqual(runtime.sandboxes, []));
  });

  it('waits for a config map, and then starts', async () => {
    await start();
    const env = [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'cfg', key: 'a' } } }];
    api.create(
      PODS,
      'default',
      pod({ containers: [container('web', { env, command: ['echo', '$(A)', '$(B)', '$$(A)'] })] }),
    );
    await eventually(() =>
      assert.deepEqual(status()?.state?.waiting, {
        reason: 'CreateContainerConfigError',
        message: 'configmap "cfg" not found',
      }),
    );
    api.create(CONFIG_MAPS, 'default', { metadata: { name: 'cfg' }, data: { a: 'x' } } as V1Pod);
    await clock.advance(20_000);
    await running();
    const spec = runtime.specs.get(runtime.find('web').id);
    assert.deepEqual(spec?.command, ['echo', 'x', '$(B)', '$(A)']);
    assert.ok(spec?.env.some(({ name, value }) => name === 'A' && value === 'x'));
  });

  it('makes the volumes of a pod once, however long it takes to start, and looks after them every minute', async () => {
    await start();
    api.create(CONFIG_MAPS, 'default', { metadata: { name: 'cfg' }, data: { a: '1' } } as V1Pod);
    const reads = () => api.calls.filter(({ method, path }) => method === 'GET' && path.endsWith('/configmaps/cfg'));
    // Longer than what was read is remembered.
    runtime.before = (operation) => (operation === 'start web' ? clock.advance(3000) : undefined);
    api.create(PODS, 'default', pod({ volumes: [{ name: 'v', configMap: { name: 'cfg' } }] }));
    const begun = clock.now();
    await running();
    await clock.advance(3000);
    assert.equal(reads().length, 1);
    // Volumes are files, so making them may outlast any advance of the clock.
    for (let steps = 0; reads().length < 2 && steps < 100; steps++) await clock.advance(10_000);
    assert.equal(reads().length, 2);
    assert.ok(clock.now() - begun >= 60_000);
  });

  it('stays in ContainerCreating without its volumes, with an event that says why', async () => {
    await start();
    api.create(PODS, 'default', pod({ volumes: [{ name: 'v', secret: { secretName: 's' } }] }));
    await eventually(() =>
      assert.ok(
        events().includes('Warning FailedMount MountVolume.SetUp failed for volume "v" : secret "s" not found'),
      ),
    );
    assert.deepEqual(status()?.state?.waiting, { reason: 'ContainerCreating' });
    assert.deepEqual(operations('sandbox'), []);
    api.create(SECRETS, 'default', {
      metadata: { name: 's' },
      data: { k: Buffer.from('v').toString('base64') },
    } as V1Pod);
    await clock.advance(20_000);
    await running();
  });

  it('shows a failed pull and backs off', async () => {
    await start();
    api.create(
      PODS,
      'default',
      pod({ containers: [container('web', { image: 'missing:1', imagePullPolicy: 'Always' })] }),
    );
    // What comes next may follow at once, so all that has been written counts.
    const told = () =>
      api.calls
        .filter(({ method, path }) => method === 'PUT' && path.endsWith('/pods/web/status'))
        .map(({ body }) => (body as V1Pod).status?.containerStatuses?.[0]?.state?.waiting)
        .find((waiting) => waiting?.reason === 'ErrImagePull');
    await eventually(() => assert.deepEqual(told(), { reason: 'ErrImagePull', message: 'registry is not reachable' }));
    api.change<V1Pod>(PODS, 'web', 'default', (old) => ({
      ...old,
      metadata: { ...old.metadata, labels: { poke: '1' } },
    }));
    await eventually(() =>
      assert.deepEqual(status()?.state?.waiting, {
        reason: 'ImagePullBackOff',
        message: 'Back-off pulling image "missing:1": ErrImagePull: registry is not reachable',
      }),
    );
    assert.equal(operations('pull').length, 1);
    await clock.advance(10_100);
    await eventually(() => assert.equal(operations('pull').length, 2));
  });

  it('restarts a container that fails its liveness probe', async () => {
    await start();
    const livenessProbe = { exec: { command: ['check'] }, periodSeconds: 1, failureThreshold: 2 };
    api.create(PODS, 'default', pod({ containers: [container('web', { livenessProbe })] }));
    await running();
    runtime.exec = async (_id, { stdout }) => {
      stdout?.write('broken');
      return 1;
    };
    const first = runtime.find('web').id;
    await clock.advance(2_000);
    await eventually(() => assert.notEqual(runtime.find('web').id, first));
    await running();
    assert.equal(status()?.restartCount, 1);
    assert.ok(events().includes('Warning Unhealthy Liveness probe failed: broken'));
    assert.ok(events().includes('Normal Killing Container web failed liveness probe, will be restarted'));
  });

  it('is not ready before its readiness probe succeeds, and tells at once when it does', async () => {
    await start();
    runtime.exec = async () => 1;
    const readinessProbe = { exec: { command: ['check'] }, periodSeconds: 5 };
    api.create(PODS, 'default', pod({ containers: [container('web', { readinessProbe })] }));
    await eventually(() => assert.ok(status()?.state?.running));
    assert.equal(status()?.ready, false);
    runtime.exec = async () => 0;
    await clock.advance(5_000);
    await running();
  });

  it('fails a pod at its deadline and leaves nothing running', async () => {
    await start();
    api.create(PODS, 'default', pod({ activeDeadlineSeconds: 30 }));
    await running();
    await clock.advance(31_000);
    await eventually(() => {
      assert.equal(stored().status?.phase, 'Failed');
      assert.equal(stored().status?.reason, 'DeadlineExceeded');
      assert.ok(status()?.state?.terminated);
    });
    assert.equal(runtime.find('web').state, 'exited');
  });

  it('reads the message a container left when it ended', async () => {
    await start();
    api.create(PODS, 'default', pod({ restartPolicy: 'Never' }));
    await running();
    const spec = runtime.specs.get(runtime.find('web').id);
    const file = spec?.mounts.find(({ containerPath }) => containerPath === '/dev/termination-log');
    writeFileSync(file?.hostPath ?? '', 'that is all');
    runtime.exit(runtime.find('web').id, 3);
    await eventually(() => assert.equal(status()?.state?.terminated?.message, 'that is all'));
    assert.equal(stored().status?.phase, 'Failed');
  });

  it('runs init containers one after the other', async () => {
    await start();
    api.create(PODS, 'default', pod({ initContainers: [container('a'), container('b')] }));
    for (const name of ['a', 'b']) {
      await eventually(() => assert.equal(runtime.find(name).state, 'running'));
      assert.equal(stored().status?.phase, 'Pending');
      runtime.exit(runtime.find(name).id, 0);
    }
    await running();
    assert.deepEqual(operations('start'), ['start a', 'start b', 'start web']);
  });

  it('writes again a status that somebody has overwritten', async () => {
    await start();
    api.create(PODS, 'default', pod());
    await running();
    api.change<V1Pod>(PODS, 'web', 'default', (old) => ({ ...old, status: { ...old.status, phase: 'Unknown' } }));
    await running();
  });

  it('finds by itself what no event has told', async () => {
    await start();
    api.create(PODS, 'default', pod());
    await running();
    await clock.advance(10_000);
    await settle();
    const { id } = runtime.find('web');
    // Behind the back of those who listen.
    Object.assign(runtime.containers.find((record) => record.id === id) ?? {}, {
      state: 'exited',
      exitCode: 1,
      finishedAt: clock.now(),
    });
    await clock.advance(10_000);
    await eventually(() => assert.notEqual(runtime.find('web').id, id));
    await running();
  });

  it('stops without touching containers, and removeAllPods removes them', async () => {
    const started = await start();
    api.create(PODS, 'default', pod());
    await running();
    const before = runtime.log.length;
    await started.stop();
    assert.deepEqual(runtime.log.slice(before), []);
    assert.equal(runtime.find('web').state, 'running');
    await removeAllPods(runtime);
    assert.deepEqual([runtime.sandboxes, runtime.containers], [[], []]);
  });
});
