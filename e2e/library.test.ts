/** The library as its users meet it: clusters in this process, and nothing left of them afterwards. */
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { CoreV1Api } from '@kubernetes/client-node';
import { Cluster } from '../cmd/index.ts';
import { eventually, run } from './harness.ts';

describe('Cluster', function () {
  this.timeout(60_000);

  it('runs a pod on a simulated node', async () => {
    const cluster = await Cluster.start({ engine: 'memory', freeze: true });
    try {
      const core = cluster.kubeConfig.makeApiClient(CoreV1Api);
      const body = { metadata: { name: 'web' }, spec: { containers: [{ name: 'web', image: 'example/web' }] } };
      await core.createNamespacedPod({ namespace: 'default', body });
      await eventually(
        'the pod runs',
        async () => (await core.readNamespacedPod({ namespace: 'default', name: 'web' })).status?.phase === 'Running',
      );
      assert.match(cluster.kubeconfig, /certificate-authority-data/);
    } finally {
      await cluster.stop();
    }
  });

  it('measures its start, part by part', async () => {
    const cluster = await Cluster.start({ engine: 'memory' });
    await cluster.stop();
    assert.deepEqual(cluster.startup.map(({ name }) => name).sort(), [
      'apiserver',
      'controllers',
      'kubelet',
      'metrics',
      'scheduler',
    ]);
    for (const { name, atMs } of cluster.startup) assert.ok(atMs > 0 && atMs < 5000, `${name} took ${atMs} ms`);
  });

  it('lets several live side by side, each with objects of its own', async () => {
    const clusters = await Promise.all([1, 2, 3].map(() => Cluster.start({ engine: 'memory', node: 'none' })));
    try {
      await Promise.all(
        clusters.map((cluster, index) =>
          cluster.client().secrets.create({ metadata: { name: `only-${index}`, namespace: 'default' } }),
        ),
      );
      for (const [index, cluster] of clusters.entries()) {
        const { items } = await cluster.client().secrets.list({ namespace: 'default' });
        assert.deepEqual(
          items.map((item) => item.metadata?.name),
          [`only-${index}`],
        );
      }
      assert.equal(new Set(clusters.map(({ server }) => server)).size, 3);
    } finally {
      await Promise.all(clusters.map((cluster) => cluster.stop()));
    }
  });

  it('leaves no handle, socket or timer behind: a process that stops its clusters ends by itself', async () => {
    const index = fileURLToPath(new URL('../package/index.js', import.meta.url));
    const script = `
      const { Cluster } = await import(${JSON.stringify(index)});
      const { CoreV1Api, Watch } = await import('@kubernetes/client-node');
      const clusters = await Promise.all([Cluster.start({ engine: 'memory' }), Cluster.start({ engine: 'memory' })]);
      for (const cluster of clusters) {
        await cluster.kubeConfig.makeApiClient(CoreV1Api).listNamespace();
        await new Watch(cluster.kubeConfig).watch('/api/v1/pods', {}, () => undefined, () => undefined);
      }
      await Promise.all(clusters.map((cluster) => cluster.stop()));
      const stopped = performance.now();
      process.on('exit', () => console.log('ended', Math.round(performance.now() - stopped)));
    `;
    const { stdout, stderr, code } = await run(process.execPath, ['--input-type=module', '--eval', script], {
      timeoutMs: 20_000,
    });
    assert.equal(code, 0, stderr);
    const [, ms] = /ended (\d+)/.exec(stdout) ?? [];
    // The client library's own idle connections may take a moment; a watch or timer of ours would take minutes.
    assert.ok(Number(ms) < 6000, `the process lived on for ${ms} ms`);
  });
});
