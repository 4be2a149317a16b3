/** ReplicaSets, as upstream tries them: kept at their size, scaled, and taking on or letting go of pods. */
import assert from 'node:assert/strict';
import {
  applyPatch,
  at,
  behaves,
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
  type Wire,
} from './harness.ts';
import {
  assertServes,
  available,
  livePods,
  ROLLOUT_MS,
  runningPods,
  template,
  webTemplate,
  workloadNamespace,
} from './replicas.ts';

const needsNode = true;

suite('replica sets', () => {
  const namespace = workloadNamespace();
  const pathOf = (name: string, subresource?: string) => namespace.apps('replicasets', name, subresource);

  async function create(name: string, replicas: number, wanted: object = template({ app: name })): Promise<Wire> {
    const labels = { app: name };
    const spec = { replicas, selector: { matchLabels: labels }, template: wanted };
    const body = { metadata: { name, labels }, spec };
    return objectOf(await fetchApi('POST', namespace.apps('replicasets'), { body }), 201);
  }

  const made = async (name: string, replicas: number): Promise<Wire> => {
    await create(name, replicas);
    return available(pathOf(name));
  };

  behaviour('ReplicaSet should serve a basic image on each replica with a public image', { needsNode }, async () => {
    await create('serves', 2, webTemplate({ app: 'serves' }));
    await available(pathOf('serves'));
    const pods = await runningPods(namespace, 'app=serves', 2);
    for (const pod of pods) assert.match(pod.metadata.name, /^serves-[a-z0-9]{5}$/);
    await assertServes(namespace, pods);
  });

  behaviour(
    'ReplicaSet should adopt matching pods on creation and release no longer matching pods',
    { needsNode },
    async () => {
      const { spec } = template({});
      const body = { metadata: { name: 'orphan', labels: { app: 'adopts' } }, spec };
      const orphan = objectOf(await fetchApi('POST', namespace.path('pods'), { body }), 201);
      await create('adopts', 1);
      const path = namespace.path('pods', 'orphan');
      await eventually(async () => {
        const { metadata } = objectOf(await fetchApi('GET', path));
        assert.equal(metadata.uid, orphan.metadata.uid);
        includes(metadata.ownerReferences, [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'adopts' }]);
      });
      assert.equal((await livePods(namespace, 'app=adopts')).length, 1);
      objectOf(await applyPatch(path, MERGE_PATCH, { metadata: { labels: { app: 'released' } } }));
      await eventually(async () => {
        const { metadata } = objectOf(await fetchApi('GET', path));
        assert.deepEqual(metadata.ownerReferences ?? [], []);
      });
      const [replacement] = await runningPods(namespace, 'app=adopts', 1);
      assert.notEqual(replacement?.metadata.uid, orphan.metadata.uid);
    },
  );

  behaviour('ReplicaSet Replicaset should have a working scale subresource', { needsNode }, async () => {
    await made('scaled', 1);
    const scale = objectOf(await fetchApi('GET', pathOf('scaled', 'scale')));
    includes(scale, { kind: 'Scale', spec: { replicas: 1 }, status: { replicas: 1, selector: 'app=scaled' } });
    const { resourceVersion: _any, ...metadata } = scale.metadata;
    const body = { ...scale, metadata, spec: { replicas: 2 } };
    includes(objectOf(await fetchApi('PUT', pathOf('scaled', 'scale'), { body })), { spec: { replicas: 2 } });
    assert.equal(at(await available(pathOf('scaled')), 'spec.replicas'), 2);
    const patched = await applyPatch(pathOf('scaled', 'scale'), MERGE_PATCH, { spec: { replicas: 3 } });
    includes(objectOf(patched), { spec: { replicas: 3 } });
    await available(pathOf('scaled'));
    await runningPods(namespace, 'app=scaled', 3);
  });

  behaviour('ReplicaSet Replace and Patch tests', { needsNode }, async () => {
    await made('replaced', 1);
    await mutate(pathOf('replaced'), (object) => {
      object.spec = { ...(object.spec as object), replicas: 2 };
    });
    assert.equal(at(await available(pathOf('replaced')), 'spec.replicas'), 2);
    const patch = {
      metadata: { labels: { stage: 'patched' } },
      spec: {
        replicas: 3,
        template: { spec: { containers: [{ name: 'main', env: [{ name: 'VERSION', value: '2' }] }] } },
      },
    };
    includes(objectOf(await applyPatch(pathOf('replaced'), STRATEGIC_PATCH, patch)).metadata.labels, {
      app: 'replaced',
      stage: 'patched',
    });
    await available(pathOf('replaced'));
    const versions = (await runningPods(namespace, 'app=replaced', 3)).map((pod) =>
      at(pod, 'spec.containers.0.env.0.value'),
    );
    // Only what is made from now on is of the new template.
    assert.deepEqual(versions.sort(), ['1', '1', '2']);
  });

  behaviour('ReplicaSet should list and delete a collection of ReplicaSets', { needsNode }, async () => {
    await made('collected', 3);
    const query = 'labelSelector=app%3Dcollected';
    const listed = listOf(await fetchApi('GET', `/apis/apps/v1/replicasets?${query}`));
    assert.equal(listed.items.filter(({ metadata }) => metadata.namespace === namespace.name).length, 1);
    const deletion = `${namespace.apps('replicasets')}?${query}&propagationPolicy=Background`;
    assert.equal((await fetchApi('DELETE', deletion)).status, 200);
    await eventually(async () => {
      assert.deepEqual(listOf(await fetchApi('GET', `${namespace.apps('replicasets')}?${query}`)).items, []);
      assert.deepEqual(listOf(await fetchApi('GET', `${namespace.path('pods')}?${query}`)).items, []);
    }, ROLLOUT_MS);
  });

  behaviour('ReplicaSet should validate Replicaset Status endpoints', { needsNode }, async () => {
    await made('status', 1);
    const path = pathOf('status', 'status');
    includes(objectOf(await fetchApi('GET', path)), { kind: 'ReplicaSet', status: { replicas: 1 } });
    const condition = (type: string) => ({ type, status: 'True', reason: 'E2E', message: 'Set from e2e test' });
    const hasCondition = (type: string) =>
      eventually(async () => {
        const conditions = at(objectOf(await fetchApi('GET', path)), 'status.conditions') as { type: string }[];
        assert.ok(conditions.some((each) => each.type === type));
      });
    await mutate(path, (object) => {
      object.status = { ...(object.status as object), conditions: [condition('StatusUpdate')] };
    });
    await hasCondition('StatusUpdate');
    objectOf(await applyPatch(path, MERGE_PATCH, { status: { conditions: [condition('StatusPatched')] } }));
    await hasCondition('StatusPatched');
  });

  behaves('a replica set replaces what it loses and deletes what is too much', { needsNode }, async () => {
    await made('kept', 2);
    const [lost] = await runningPods(namespace, 'app=kept', 2);
    await fetchApi('DELETE', namespace.path('pods', lost?.metadata.name));
    const pods = await runningPods(namespace, 'app=kept', 2);
    assert.ok(!pods.some(({ metadata }) => metadata.uid === lost?.metadata.uid));
    // The one that costs least goes, however long it has been there.
    const cheap = pods[0]?.metadata.name;
    const annotations = { 'controller.kubernetes.io/pod-deletion-cost': '-1' };
    objectOf(await applyPatch(namespace.path('pods', cheap), MERGE_PATCH, { metadata: { annotations } }));
    objectOf(await applyPatch(pathOf('kept', 'scale'), MERGE_PATCH, { spec: { replicas: 1 } }));
    const [left] = await runningPods(namespace, 'app=kept', 1);
    assert.equal(left?.metadata.name, pods[1]?.metadata.name);
    await available(pathOf('kept'));
  });

  behaves('a replica set says why it cannot make its pods, as long as it cannot', { needsNode }, async () => {
    const quota = { metadata: { name: 'one' }, spec: { hard: { 'count/pods': '0' } } };
    const isRefused = async () => {
      const body = { metadata: { generateName: 'probe-' }, spec: template({}).spec };
      const answer = await fetchApi('POST', `${namespace.path('pods')}?dryRun=All`, { body });
      assert.equal(answer.status, 403, answer.text);
    };
    objectOf(await fetchApi('POST', namespace.path('resourcequotas'), { body: quota }), 201);
    try {
      await eventually(isRefused);
      await create('refused', 1);
      await eventually(async () => {
        const { status } = objectOf(await fetchApi('GET', pathOf('refused')));
        includes(status, {
          conditions: [
            { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: /exceeded quota: one/ },
          ],
        });
      });
    } finally {
      await fetchApi('DELETE', namespace.path('resourcequotas', 'one'));
    }
    await eventually(async () => {
      const { status } = objectOf(await fetchApi('GET', pathOf('refused')));
      includes(status, { replicas: 1, conditions: undefined });
    }, ROLLOUT_MS);
  });
}, 60_000);
