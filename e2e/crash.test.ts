/** `kill -9` of everything under load: what was acknowledged is there afterwards, and no pod runs twice. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import type { V1ConfigMap, V1Pod } from '../openapi/generated/types.ts';
import type { KubeList } from '../openapi/object.ts';
import { eventually, TestCluster } from './harness.ts';

const WORKERS = 8;
const ROUNDS = 3;
const WRITES_BEFORE_KILL = 150;

describe('a crash under load', function () {
  this.timeout(120_000);
  let cluster: TestCluster;

  before(async () => {
    cluster = await TestCluster.create('--node', 'docker');
    await cluster.up();
  });
  after(() => cluster?.destroy());

  it('loses no acknowledged object and runs no pod twice', async () => {
    const acknowledged = new Set<string>();
    for (let round = 0; round < ROUNDS; round++) {
      await cluster.kubectl('create', '-f', await podFile(cluster, round));
      await createUntilKilled(cluster, round, acknowledged);
      await cluster.up();
      await checkObjects(cluster, acknowledged);
    }
    await eventually('every pod runs', async () => {
      const { items } = await cluster.get<KubeList<V1Pod>>('pods');
      return items.length === ROUNDS && items.every((pod) => pod.status?.phase === 'Running');
    });
    const names = (await cluster.containers()).map(({ name }) => name.split('_').slice(1, 4).join('/')).sort();
    assert.deepEqual(names, [...new Set(names)], 'a container runs twice');
    assert.equal(names.length, ROUNDS * 2);
  });
});

/** A pod that the kill may catch at any stage of its start. */
async function podFile(cluster: TestCluster, round: number): Promise<string> {
  const file = `${cluster.home}/pod-${round}.json`;
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `sleeper-${round}` },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [{ name: 'main', image: 'kubets/busybox:1', command: ['sleep', '3600'] }],
    },
  };
  await writeFile(file, JSON.stringify(pod));
  return file;
}

async function createUntilKilled(cluster: TestCluster, round: number, acknowledged: Set<string>): Promise<void> {
  const config = new KubeConfig();
  config.loadFromFile(`${cluster.home}/kubeconfig`);
  const core = config.makeApiClient(CoreV1Api);
  let killed: Promise<unknown> | undefined;
  let next = 0;
  const worker = async (): Promise<void> => {
    while (!killed) {
      const name = `c-${round}-${next++}`;
      try {
        await core.createNamespacedConfigMap({
          namespace: 'default',
          body: { metadata: { name }, data: { round: String(round) } },
        });
      } catch (error) {
        // Only the kill may end a request; it says nothing of whether the write was made.
        assert.ok(killed, String(error));
        return;
      }
      acknowledged.add(name);
      if (acknowledged.size >= WRITES_BEFORE_KILL * (round + 1)) killed ??= cluster.stop('SIGKILL');
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, worker));
  await killed;
}

async function checkObjects(cluster: TestCluster, acknowledged: ReadonlySet<string>): Promise<void> {
  const { items } = await cluster.get<KubeList<V1ConfigMap>>('configmaps');
  const present = new Set(items.map((item) => item.metadata?.name ?? ''));
  const lost = [...acknowledged].filter((name) => !present.has(name));
  assert.deepEqual(lost, []);
}
