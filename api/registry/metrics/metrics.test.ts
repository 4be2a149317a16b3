import assert from 'node:assert/strict';
import type { V1Node, V1Pod } from '../../../openapi/generated/types.ts';
import type { KubeObject } from '../../../openapi/object.ts';
import { ask, handle, requestTo } from '../../endpoints/verbs.fixture.ts';
import { NAMESPACE, refusedAs, WRITE, withRegistry } from '../store/store.fixture.ts';
import { metricsResources, type NodeMetrics, type PodMetrics } from './index.ts';
import type { MetricsSource } from './source.ts';

const AT = Date.UTC(2026, 0, 1);
const MIB = 2 ** 20;
/** Knows what runs on node `n`, but of the pod `new`. */
const SOURCE: MetricsSource = {
  node: ({ metadata }, pods) =>
    metadata?.name === 'n'
      ? { at: AT, windowMs: 15_250, usage: { cpuNanos: 1_500_000_000 + pods().length, memoryBytes: 64 * MIB } }
      : undefined,
  pod: ({ metadata }) =>
    metadata?.name === 'new'
      ? undefined
      : {
          at: AT,
          windowMs: 60_000,
          containers: [
            { name: 'a', usage: { cpuNanos: 250_000_000, memoryBytes: 1000 } },
            { name: 'b', usage: { cpuNanos: 1234, memoryBytes: 2 * MIB } },
          ],
        },
};
const BASE = '/apis/metrics.k8s.io/v1beta1';
const pod = (name: string, labels: Record<string, string>, nodeName = 'n'): V1Pod => ({
  metadata: { name, namespace: NAMESPACE, labels },
  spec: { nodeName, containers: [{ name: 'a', image: 'i' }] },
});

const served = (body: Parameters<typeof withRegistry>[0]) =>
  withRegistry(async (fixture) => {
    for (const declaration of metricsResources(SOURCE)) fixture.registry.add(declaration);
    const nodes: V1Node[] = [{ metadata: { name: 'n', labels: { zone: 'a' } } }, { metadata: { name: 'silent' } }];
    for (const node of nodes) await fixture.store('nodes').create('', node, WRITE);
    for (const each of [pod('web', { app: 'web' }), pod('db', { app: 'db' }), pod('new', {}), pod('lost', {}, 'x')])
      await fixture.store('pods').create(NAMESPACE, each, WRITE);
    await body(fixture);
  });

describe('metrics.k8s.io', () => {
  it(
    'tells what a node uses',
    served(async (fixture) => {
      const node = await ask<NodeMetrics>(fixture, 'GET', `${BASE}/nodes/n`);
      assert.deepEqual(node, {
        kind: 'NodeMetrics',
        apiVersion: 'metrics.k8s.io/v1beta1',
        metadata: { name: 'n', creationTimestamp: '2026-01-01T00:00:00Z', labels: { zone: 'a' } },
        timestamp: '2026-01-01T00:00:00Z',
        window: '15.25s',
        usage: { cpu: '1500000003n', memory: '64Mi' },
      });
    }),
  );

  it(
    'tells what the containers of a pod use',
    served(async (fixture) => {
      const found = await ask<PodMetrics>(fixture, 'GET', `${BASE}/namespaces/${NAMESPACE}/pods/web`);
      assert.deepEqual(found.metadata, {
        name: 'web',
        namespace: NAMESPACE,
        creationTimestamp: '2026-01-01T00:00:00Z',
        labels: { app: 'web' },
      });
      assert.equal(found.window, '1m0s');
      assert.deepEqual(found.containers, [
        { name: 'a', usage: { cpu: '250m', memory: '1000' } },
        { name: 'b', usage: { cpu: '1234n', memory: '2Mi' } },
      ]);
    }),
  );

  const missing: [path: string, message: RegExp][] = [
    ['/nodes/silent', /^nodemetrics\.metrics\.k8s\.io "silent" not found$/],
    [`/namespaces/${NAMESPACE}/pods/new`, /^podmetrics\.metrics\.k8s\.io ".*\/new" not found$/],
    [`/namespaces/${NAMESPACE}/pods/nobody`, /^podmetrics\.metrics\.k8s\.io ".*\/nobody" not found$/],
  ];
  for (const [path, message] of missing) {
    it(
      `has nothing at ${path}`,
      served(async (fixture) => {
        await assert.rejects(handle(fixture, requestTo('GET', BASE + path)), refusedAs('NotFound', message));
      }),
    );
  }

  const lists: [path: string, names: string[]][] = [
    ['/nodes', ['n']],
    ['/nodes?labelSelector=zone=b', []],
    ['/pods', ['db', 'web']],
    [`/namespaces/${NAMESPACE}/pods`, ['db', 'web']],
    ['/namespaces/other/pods', []],
    ['/pods?labelSelector=app%20in%20(web,x)', ['web']],
    ['/pods?fieldSelector=metadata.name=db', ['db']],
  ];
  for (const [path, names] of lists) {
    it(
      `lists ${path}`,
      served(async (fixture) => {
        const result = await handle(fixture, requestTo('GET', BASE + path));
        assert.ok(result.kind === 'list');
        assert.deepEqual(
          result.items.map(({ object }) => object.metadata?.name),
          names,
        );
      }),
    );
  }

  it('shows the containers of a pod together in a table', () => {
    const declaration = metricsResources(SOURCE)[1];
    const object = {
      metadata: { name: 'web' },
      window: '15s',
      containers: [
        { name: 'a', usage: { cpu: '250m', memory: '1Mi' } },
        { name: 'b', usage: { cpu: '1234n', memory: '3Mi' } },
      ],
    } as KubeObject;
    const row = declaration?.columns.map(({ name, value }) => [name, value(object, 0)]);
    assert.deepEqual(row, [
      ['Name', 'web'],
      ['cpu', '250001234n'],
      ['memory', '4Mi'],
      ['Window', '15s'],
    ]);
  });

  it('is not stored where core pods are', () => {
    assert.deepEqual(
      metricsResources(SOURCE).map(({ storagePrefix }) => storagePrefix),
      ['metrics.k8s.io/nodes', 'metrics.k8s.io/pods'],
    );
  });
});
