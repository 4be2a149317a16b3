/** metrics.k8s.io, as a metrics-server adds it to a cluster. */
import assert from 'node:assert/strict';
import {
  at,
  behaves,
  eventually,
  fetchApi,
  includes,
  listOf,
  namesOf,
  objectOf,
  server,
  statusOf,
  suite,
  type Wire,
} from './harness.ts';
import { findKubectls, KubectlRunner } from './kubectl.ts';
import { runningPods, workloadNamespace } from './replicas.ts';
import { isMeasured, MEASURED_MS, METRICS, usingTemplate } from './usage.ts';

const needsNode = true;
const CPU = /^\d+[num]?$/;
const MEMORY = /^\d+(?:Ki|Mi|Gi|k|M|G)?$/;

if (isMeasured) suite('metrics.k8s.io', scenarios, MEASURED_MS * 2);
else it('metrics.k8s.io (left out: nobody serves it)');

function scenarios(): void {
  const namespace = workloadNamespace();
  const pods = () => `${METRICS}/namespaces/${namespace.name}/pods`;

  before(async () => {
    if (server.readyNodes.length === 0) return;
    const labels = { app: 'busy' };
    for (const name of ['one', 'two']) {
      const { metadata, spec } = usingTemplate({ ...labels, pod: name }, true);
      const body = { metadata: { ...metadata, name }, spec };
      objectOf(await fetchApi('POST', namespace.path('pods'), { body }), 201);
    }
    await runningPods(namespace, 'app=busy', 2);
    await eventually(async () => assert.equal(listOf(await fetchApi('GET', pods())).items.length, 2), MEASURED_MS);
  });

  behaves('nodes and pods can be read, and nothing else', async () => {
    const { resources } = (await fetchApi('GET', METRICS)).json<{ resources: Wire[] }>();
    const told = resources.map(({ name, kind, namespaced, verbs }) => [name, kind, namespaced, verbs]);
    assert.deepEqual(told.sort(), [
      ['nodes', 'NodeMetrics', false, ['get', 'list']],
      ['pods', 'PodMetrics', true, ['get', 'list']],
    ]);
    statusOf(await fetchApi('DELETE', `${METRICS}/nodes/x`), { code: 405 });
  });

  behaves('a node tells what it uses, as of when and over which time', { needsNode }, async () => {
    const node = await eventually(async () => {
      const { items } = listOf(await fetchApi('GET', `${METRICS}/nodes`));
      assert.ok(items[0], 'no node is measured');
      return items[0];
    }, MEASURED_MS);
    const same = objectOf(await fetchApi('GET', `${METRICS}/nodes/${node.metadata.name}`));
    includes(same, { kind: 'NodeMetrics', apiVersion: 'metrics.k8s.io/v1beta1' });
    assert.match(String(at(same, 'usage.cpu')), CPU);
    assert.match(String(at(same, 'usage.memory')), MEMORY);
    assert.match(String(same.window), /^(?:\d+m)?\d+(?:\.\d+)?s$/);
    assert.match(String(same.timestamp), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  });

  behaves('a pod tells what each of its containers uses', { needsNode }, async () => {
    const pod = objectOf(await fetchApi('GET', `${pods()}/one`));
    includes(pod, { kind: 'PodMetrics', metadata: { name: 'one', namespace: namespace.name } });
    assert.deepEqual(pod.metadata.labels, { app: 'busy', pod: 'one' });
    const [container, ...more] = pod.containers as { name: string; usage: Record<string, string> }[];
    assert.equal(more.length, 0);
    assert.equal(container?.name, 'main');
    assert.match(container?.usage.cpu ?? '', CPU);
    assert.match(container?.usage.memory ?? '', MEMORY);
  });

  behaves('pods are found by namespace and by labels', { needsNode }, async () => {
    const found = async (path: string) => namesOf(listOf(await fetchApi('GET', path)));
    assert.deepEqual(await found(pods()), ['one', 'two']);
    assert.deepEqual(await found(`${pods()}?labelSelector=pod%3Dtwo`), ['two']);
    assert.deepEqual(await found(`${METRICS}/pods?labelSelector=app%3Dbusy,pod%20in%20(one,x)`), ['one']);
    assert.deepEqual(await found(`${METRICS}/namespaces/kube-public/pods`), []);
  });

  behaves('what is not there is not found', async () => {
    statusOf(await fetchApi('GET', `${METRICS}/nodes/no-such-node`), { code: 404, reason: 'NotFound' });
    statusOf(await fetchApi('GET', `${pods()}/no-such-pod`), { code: 404, reason: 'NotFound' });
  });

  behaves('a table has a column for each resource', { needsNode }, async () => {
    const headers = { accept: 'application/json;as=Table;g=meta.k8s.io;v=v1' };
    const table = (await fetchApi('GET', pods(), { headers })).json<{
      columnDefinitions: { name: string }[];
      rows: { cells: unknown[] }[];
    }>();
    const columns = table.columnDefinitions.map(({ name }) => name);
    assert.deepEqual(columns, ['Name', 'cpu', 'memory', 'Window']);
    assert.deepEqual(table.rows.map(({ cells }) => cells[0]).sort(), ['one', 'two']);
  });

  for (const kubectl of findKubectls()) {
    behaves(`kubectl ${kubectl.version} top shows nodes, pods and containers`, { needsNode }, async () => {
      const runner = new KubectlRunner(kubectl, namespace.name);
      try {
        assert.match(await runner.ok(['top', 'pods']), /^one +\d+m +\d+Mi *\ntwo +\d+m +\d+Mi *$/m);
        assert.match(await runner.ok(['top', 'pod', 'one', '--containers']), /^one +main +\d+m +\d+Mi *$/m);
        await eventually(async () => {
          assert.match(await runner.ok(['top', 'nodes']), /^\S+ +\d+m +\d+% +\d+Mi +\d+% *$/m);
        }, MEASURED_MS);
      } finally {
        runner.dispose();
      }
    });
  }
}
