/** ReplicationControllers, as upstream tries them; adoption and release are in node.test.ts. */
import assert from 'node:assert/strict';
import {
  applyPatch,
  at,
  behaviour,
  eventually,
  fetchApi,
  includes,
  listOf,
  MERGE_PATCH,
  mutate,
  objectOf,
  STRATEGIC_PATCH,
  suite,
  testNamespace,
  type Wire,
  watch,
} from './harness.ts';
import { assertServes, available, runningPods, template, webTemplate } from './replicas.ts';

const needsNode = true;

suite('replication controllers', () => {
  const namespace = testNamespace();
  const pathOf = (name: string, subresource?: string) => namespace.path('replicationcontrollers', name, subresource);

  async function create(name: string, replicas: number, wanted: object = template({ app: name })): Promise<Wire> {
    const labels = { app: name };
    const body = { metadata: { name, labels }, spec: { replicas, selector: labels, template: wanted } };
    return objectOf(await fetchApi('POST', namespace.path('replicationcontrollers'), { body }), 201);
  }

  behaviour(
    'ReplicationController should serve a basic image on each replica with a public image',
    { needsNode },
    async () => {
      await create('serves', 2, webTemplate({ app: 'serves' }));
      await available(pathOf('serves'));
      const pods = await runningPods(namespace, 'app=serves', 2);
      for (const pod of pods) assert.match(pod.metadata.name, /^serves-[a-z0-9]{5}$/);
      await assertServes(namespace, pods);
    },
  );

  behaviour(
    'ReplicationController should surface a failure condition on a common issue like exceeded quota',
    { needsNode },
    async () => {
      const quota = { metadata: { name: 'two' }, spec: { hard: { pods: '2' } } };
      objectOf(await fetchApi('POST', namespace.path('resourcequotas'), { body: quota }), 201);
      try {
        // The pods of other tests have to go first, and be counted no more.
        await eventually(async () => {
          for (const { metadata } of listOf(await fetchApi('GET', namespace.path('replicationcontrollers'))).items) {
            await fetchApi('DELETE', `${pathOf(metadata.name)}?propagationPolicy=Background`);
          }
          const { status } = objectOf(await fetchApi('GET', namespace.path('resourcequotas', 'two')));
          includes(status, { hard: { pods: '2' }, used: { pods: '0' } });
        });
        await create('refused', 3);
        await eventually(async () => {
          const { status } = objectOf(await fetchApi('GET', pathOf('refused')));
          const message = /exceeded quota: two/;
          includes(status, { replicas: 2, conditions: [{ type: 'ReplicaFailure', reason: 'FailedCreate', message }] });
        });
        objectOf(await applyPatch(pathOf('refused', 'scale'), MERGE_PATCH, { spec: { replicas: 2 } }));
        await eventually(async () => {
          const { status } = objectOf(await fetchApi('GET', pathOf('refused')));
          includes(status, { replicas: 2, conditions: undefined });
        });
      } finally {
        await fetchApi('DELETE', namespace.path('resourcequotas', 'two'));
      }
    },
  );

  behaviour('ReplicationController should test the lifecycle of a ReplicationController', { needsNode }, async () => {
    const events = await watch(namespace.path('replicationcontrollers'), 'labelSelector=app%3Dlived');
    await create('lived', 1);
    await events.until((seen) => seen.some(({ type }) => type === 'ADDED'));
    await available(pathOf('lived'));
    const patch = { metadata: { labels: { stage: 'patched' } } };
    includes(objectOf(await applyPatch(pathOf('lived'), STRATEGIC_PATCH, patch)).metadata.labels, {
      stage: 'patched',
    });
    // What is said of the status is put right by what is so.
    const status = { readyReplicas: 0, availableReplicas: 0 };
    const patched = objectOf(await applyPatch(pathOf('lived', 'status'), STRATEGIC_PATCH, { status }));
    assert.equal(at(patched, 'status.readyReplicas') ?? 0, 0);
    await available(pathOf('lived'));
    includes(objectOf(await fetchApi('GET', pathOf('lived', 'status'))), { status: { replicas: 1 } });
    objectOf(await applyPatch(pathOf('lived', 'scale'), STRATEGIC_PATCH, { spec: { replicas: 2 } }));
    assert.equal(at(await available(pathOf('lived')), 'status.replicas'), 2);
    await mutate(pathOf('lived', 'status'), (rc) => {
      rc.status = { ...(rc.status as object), readyReplicas: 1, availableReplicas: 1 };
    });
    await available(pathOf('lived'));
    const all = listOf(await fetchApi('GET', '/api/v1/replicationcontrollers?labelSelector=app%3Dlived'));
    const [found] = all.items.filter(({ metadata }) => metadata.namespace === namespace.name);
    includes(found?.metadata.labels, { app: 'lived', stage: 'patched' });
    const query = 'labelSelector=app%3Dlived&propagationPolicy=Background';
    assert.equal((await fetchApi('DELETE', `${namespace.path('replicationcontrollers')}?${query}`)).status, 200);
    await events.until((seen) => seen.at(-1)?.type === 'DELETED');
    events.stop();
  });
}, 60_000);
