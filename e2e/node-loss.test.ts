/** A node falls silent: it becomes NotReady and its pods are replaced on another. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Cluster } from '../cmd/index.ts';
import type { V1ReplicationController } from '../openapi/generated/types.ts';
import { eventually } from './harness.ts';

const MAIN = fileURLToPath(new URL('../package/main.js', import.meta.url));
const REPLICAS = 4;

describe('a node that falls silent', function () {
  this.timeout(120_000);
  let cluster: Cluster;
  let home: string;
  let kubelet: ChildProcess;

  before(async () => {
    // A lease is renewed every 10 s, so that is the least a node must be given.
    cluster = await Cluster.start({ nodeName: 'first', nodeMonitor: { periodMs: 500, graceMs: 14_000 } });
    home = await mkdtemp(join(tmpdir(), 'kubets-e2e-'));
    await writeFile(join(home, 'admin'), cluster.kubeconfig, { mode: 0o600 });
    const flags = [
      'kubelet',
      '--kubeconfig',
      join(home, 'admin'),
      '--node',
      'simulated',
      '--node-name',
      'second',
      '--log-level',
      'warn',
    ];
    kubelet = spawn(process.execPath, [MAIN, ...flags], {
      env: { ...process.env, KUBETS_HOME: home },
      stdio: 'inherit',
    });
  });
  after(async () => {
    kubelet?.kill('SIGKILL');
    await cluster?.stop();
    await rm(home, { recursive: true, force: true });
  });

  const ready = async (name: string) => {
    const node = await cluster.client().nodes.get(name);
    return node.status?.conditions?.find(({ type }) => type === 'Ready');
  };
  const podsOn = async (node: string) => {
    const { items } = await cluster
      .client()
      .pods.list({ namespace: 'default', fieldSelector: `spec.nodeName=${node}` });
    return items.filter((pod) => pod.status?.phase === 'Running' && !pod.metadata?.deletionTimestamp);
  };

  it('is NotReady after the grace period, and its pods run elsewhere', async () => {
    await eventually('the second node is ready', async () => (await ready('second'))?.status === 'True');
    await cluster.client().replicationControllers.create(spread());
    await eventually('pods run on both nodes', async () => {
      const [first, second] = [await podsOn('first'), await podsOn('second')];
      return first.length > 0 && second.length > 0 && first.length + second.length === REPLICAS;
    });
    kubelet.kill('SIGKILL');
    const condition = await eventually(
      'the second node is unknown',
      async () => ((await ready('second'))?.status === 'Unknown' ? ready('second') : undefined),
      45,
    );
    assert.equal(condition.reason, 'NodeStatusUnknown');
    assert.equal(condition.message, 'Kubelet stopped posting node status.');
    await eventually('all pods run on the first node', async () => (await podsOn('first')).length === REPLICAS);
    const { spec } = await cluster.client().nodes.get('second');
    assert.ok(
      spec?.taints?.some(({ key, effect }) => key === 'node.kubernetes.io/unreachable' && effect === 'NoExecute'),
    );
  });
});

/** Pods that leave an unreachable node after a second, instead of after upstream's five minutes. */
function spread(): V1ReplicationController {
  const tolerations = [
    { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 1 },
  ];
  return {
    metadata: { name: 'spread', namespace: 'default' },
    spec: {
      replicas: REPLICAS,
      selector: { app: 'spread' },
      template: {
        metadata: { labels: { app: 'spread' } },
        spec: { containers: [{ name: 'main', image: 'example/main' }], tolerations },
      },
    },
  };
}
