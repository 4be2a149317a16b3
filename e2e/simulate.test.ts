/** Simulated nodes by the hundred, and their pods by the thousand: they come up, live, and go, in a bounded time. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../base/clock.ts';
import { silentLog } from '../base/log.ts';
import { systemRandom } from '../base/random.ts';
import type { Client } from '../client/client.ts';
import { Informer } from '../client/informer.ts';
import { type ClusterCore, startCluster } from '../cmd/cluster-core.ts';
import type { V1Pod, V1ReplicationController } from '../openapi/generated/types.ts';
import { eventually } from './harness.ts';

const MAIN = fileURLToPath(new URL('../package/main.js', import.meta.url));
const NODES = 500;
const PODS = 5000;
/** Far above what it takes on a machine with two busy cores; a loop that is quadratic anywhere takes longer. */
const BOUND_SECONDS = 60;

/** Follows the pods of the default namespace. */
class Follower {
  readonly #informer: Informer<V1Pod>;
  readonly #stop = new AbortController();
  readonly #bound = new Map<string, number>();
  /** Milliseconds from bound to Running, in the order in which they came. */
  readonly latencies: number[] = [];

  constructor(client: Client) {
    const options = { clock: systemClock, random: systemRandom, log: silentLog, namespace: 'default' };
    this.#informer = new Informer<V1Pod>(client.pods, options);
    this.#informer.addHandler({ added: (pod) => this.#see(pod), updated: (pod) => this.#see(pod) });
    this.#informer.run(this.#stop.signal).catch((error: unknown) => console.error(error));
  }

  #see({ metadata, spec, status }: V1Pod): void {
    const uid = metadata?.uid ?? '';
    if (spec?.nodeName && !this.#bound.has(uid)) this.#bound.set(uid, performance.now());
    const since = this.#bound.get(uid);
    if (status?.phase === 'Running' && since !== undefined && since > 0) {
      this.latencies.push(performance.now() - since);
      this.#bound.set(uid, 0);
    }
  }

  get pods(): V1Pod[] {
    return this.#informer.list();
  }

  count(): number {
    return this.#informer.size;
  }

  stop(): void {
    this.#stop.abort();
  }
}

describe('simulated nodes', function () {
  this.timeout(240_000);
  let cluster: ClusterCore;
  let follower: Follower;

  before(async () => {
    cluster = await startCluster({
      node: 'none',
      simulation: {
        count: NODES,
        shape: { zones: [{ zone: 'a' }, { zone: 'b' }], capacity: { cpu: '8', memory: '32Gi', pods: '20' } },
      },
    });
    follower = new Follower(cluster.client());
  });
  after(async () => {
    follower?.stop();
    await cluster?.stop();
  });

  it('are all Ready', async () => {
    const { items } = await cluster.client().nodes.list();
    const ready = items.filter(({ status }) =>
      status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True'),
    );
    assert.equal(ready.length, NODES);
    assert.equal(new Set(items.map(({ status }) => status?.addresses?.[0]?.address)).size, NODES);
  });

  it(`run ${PODS} pods, each at an address of its own, and let them go`, async () => {
    const client = cluster.client();
    const begun = performance.now();
    let next = 0;
    const makers = Array.from({ length: 16 }, async () => {
      for (let index = next++; index < PODS; index = next++) await client.pods.create(podOn(index));
    });
    await Promise.all(makers);
    await eventually('all pods run', async () => follower.latencies.length === PODS, BOUND_SECONDS);
    const upMs = performance.now() - begun;
    assert.equal(new Set(follower.pods.map(({ status }) => status?.podIP)).size, PODS);
    const deleted = performance.now();
    await client.pods.deleteCollection({ namespace: 'default' });
    await eventually('all pods are gone', async () => follower.count() === 0, BOUND_SECONDS);
    const downMs = performance.now() - deleted;
    const sorted = follower.latencies.toSorted((a, b) => a - b);
    console.log(
      `      up in ${upMs.toFixed(0)} ms, gone in ${downMs.toFixed(0)} ms; ` +
        `bound to Running: median ${sorted[PODS / 2]?.toFixed(0)} ms, 99% ${sorted[PODS * 0.99]?.toFixed(0)} ms`,
    );
  });

  it('run what a controller makes and the scheduler places, and fail the runs that are said to fail', async () => {
    const client = cluster.client();
    await client.replicationControllers.create(controller('steady', 200));
    await eventually('all replicas run', async () => {
      const rc = await client.replicationControllers.get('steady', 'default');
      return rc.status?.readyReplicas === 200;
    });
    const nodes = new Set(follower.pods.map(({ spec }) => spec?.nodeName));
    assert.ok(nodes.size > 50, `spread over ${nodes.size} nodes`);
    const annotations = { 'simulation.kubets.dev/run-seconds': '0.2', 'simulation.kubets.dev/exit-code': '3' };
    const { metadata, spec } = podOn(0);
    await client.pods.create({
      metadata: { ...metadata, name: 'fails', annotations },
      spec: { containers: spec?.containers ?? [], restartPolicy: 'Never' },
    });
    const failed = await eventually('the pod has failed', async () => {
      const pod = await client.pods.get('fails', 'default');
      return pod.status?.phase === 'Failed' ? pod : undefined;
    });
    assert.equal(failed.status?.containerStatuses?.[0]?.state?.terminated?.exitCode, 3);
  });
});

describe('kubets node simulate', function () {
  this.timeout(120_000);
  let cluster: ClusterCore;
  let home: string;
  let simulator: ChildProcess;

  before(async () => {
    cluster = await startCluster({ node: 'none' });
    home = await mkdtemp(join(tmpdir(), 'kubets-e2e-'));
    const kubeconfig = join(home, 'admin');
    await writeFile(kubeconfig, cluster.kubeconfig, { mode: 0o600 });
    const flags = ['--count', '3', '--node-zones', 'r/a,r/b', '--node-cpu', '2', '--log-level', 'warn'];
    simulator = spawn(process.execPath, [MAIN, 'node', 'simulate', '--kubeconfig', kubeconfig, ...flags], {
      stdio: 'inherit',
    });
  });
  after(async () => {
    simulator?.kill('SIGKILL');
    await cluster?.stop();
    await rm(home, { recursive: true, force: true });
  });

  it('plays nodes of any API server, from a process of its own', async () => {
    const client = cluster.client();
    await eventually('the nodes are there', async () => (await client.nodes.list()).items.length === 3);
    const node = await client.nodes.get('node-1');
    const labels = node.metadata?.labels ?? {};
    assert.deepEqual(
      [labels['topology.kubernetes.io/region'], labels['topology.kubernetes.io/zone'], node.status?.capacity?.cpu],
      ['r', 'b', '2'],
    );
    await client.replicationControllers.create(controller('web', 6));
    await eventually('all replicas run', async () => {
      const rc = await client.replicationControllers.get('web', 'default');
      return rc.status?.readyReplicas === 6;
    });
    await client.pods.deleteCollection({ namespace: 'default' });
    await eventually('others take their place', async () => {
      const { items } = await client.pods.list({ namespace: 'default' });
      const running = items.filter((pod) => pod.status?.phase === 'Running' && !pod.metadata?.deletionTimestamp);
      return items.length === 6 && running.length === 6;
    });
  });

  it('stops when it is told to, and leaves its nodes', async () => {
    const ended = new Promise((resolve) => simulator.once('exit', (code) => resolve(code)));
    simulator.kill('SIGTERM');
    assert.equal(await ended, 0);
    assert.equal((await cluster.client().nodes.list()).items.length, 3);
  });
});

function podOn(index: number): V1Pod {
  return {
    metadata: { name: `pod-${index}`, namespace: 'default' },
    spec: { nodeName: `node-${index % NODES}`, containers: [{ name: 'main', image: 'example/any' }] },
  };
}

function controller(name: string, replicas: number): V1ReplicationController {
  const labels = { app: name };
  const spec = { containers: [{ name: 'main', image: 'example/any' }] };
  return { metadata: { name, namespace: 'default' }, spec: { replicas, template: { metadata: { labels }, spec } } };
}
