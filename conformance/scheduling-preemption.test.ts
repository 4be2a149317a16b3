/** Important pods take the place of less important ones. */
import assert from 'node:assert/strict';
import { at, behaviour, eventually, fetchApi, listOf, objectOf, suite, testNamespace, uniqueName } from './harness.ts';
import { containerOf, podOf, priorityClasses, readyNode, running, slots, taking, unschedulable } from './scheduling.ts';

const needsNode = true;
const ROW = 'SchedulerPreemption [Serial]';

suite('preemption', () => {
  const namespace = testNamespace();
  const { resource } = slots(4);
  const classes = priorityClasses({ low: 1, middle: 100, high: 1000 });
  const create = async (name: string, priorityClassName: string, count: number, metadata: object = {}) => {
    const body = podOf(name, { priorityClassName, ...taking(resource, count) }, metadata);
    const pod = objectOf(await fetchApi('POST', namespace.path('pods'), { body }), 201);
    return { uid: pod.metadata.uid, path: namespace.path('pods', name) };
  };
  const isGone = async (path: string, uid: string) => {
    const answer = await fetchApi('GET', path);
    if (answer.status === 404) return;
    const pod = objectOf(answer);
    assert.ok(pod.metadata.uid !== uid || pod.metadata.deletionTimestamp, 'it is neither gone nor going');
  };
  const clear = async () => {
    for (const { metadata } of listOf(await fetchApi('GET', namespace.path('pods'))).items) {
      await fetchApi('DELETE', `${namespace.path('pods', metadata.name)}?gracePeriodSeconds=0`);
    }
    await eventually(async () => assert.equal(listOf(await fetchApi('GET', namespace.path('pods'))).items.length, 0));
  };
  afterEach(clear);

  behaviour(`${ROW} validates basic preemption works`, { needsNode }, async () => {
    const low = await create('low', classes.low, 2);
    const middle = await create('middle', classes.middle, 2);
    for (const { path } of [low, middle]) await running(path);
    const high = await create('high', classes.high, 2);
    const placed = await running(high.path);
    assert.equal(at(placed, 'spec.nodeName'), readyNode());
    await isGone(low.path, low.uid);
    const spared = objectOf(await fetchApi('GET', middle.path));
    assert.equal(spared.metadata.uid, middle.uid);
    assert.equal(spared.metadata.deletionTimestamp, undefined);
    await eventually(async () => {
      const query = 'fieldSelector=involvedObject.name%3Dlow,reason%3DPreempted';
      assert.equal(listOf(await fetchApi('GET', `${namespace.path('events')}?${query}`)).items.length, 1);
    });
  });

  behaviour(`${ROW} validates lower priority pod preemption by critical pod`, { needsNode }, async () => {
    const low = await create('low', classes.low, 2);
    const middle = await create('middle', classes.middle, 2);
    for (const { path } of [low, middle]) await running(path);
    const name = uniqueName('critical');
    const body = podOf(name, { priorityClassName: 'system-cluster-critical', ...taking(resource, 2) });
    const path = `/api/v1/namespaces/kube-system/pods/${name}`;
    objectOf(await fetchApi('POST', '/api/v1/namespaces/kube-system/pods', { body }), 201);
    try {
      await running(path);
      await isGone(low.path, low.uid);
      assert.equal(objectOf(await fetchApi('GET', middle.path)).metadata.deletionTimestamp, undefined);
    } finally {
      await fetchApi('DELETE', `${path}?gracePeriodSeconds=0`);
    }
  });

  behaviour(
    `${ROW} validates pod disruption condition is added to the preempted pod`,
    { needsNode, since: 26 },
    async () => {
      const victim = await create('victim', classes.low, 3, { finalizers: ['example.com/held'] });
      await running(victim.path);
      await create('preemptor', classes.high, 3);
      try {
        await eventually(async () => {
          const pod = objectOf(await fetchApi('GET', victim.path));
          assert.ok(pod.metadata.deletionTimestamp);
          const conditions = at(pod, 'status.conditions') as Record<string, string>[];
          const condition = conditions.find(({ type }) => type === 'DisruptionTarget');
          assert.equal(condition?.status, 'True', JSON.stringify(conditions));
          assert.equal(condition?.reason, 'PreemptionByScheduler');
          assert.equal(condition?.message, 'default-scheduler: preempting to accommodate a higher priority pod');
        });
      } finally {
        await fetchApi('PATCH', victim.path, {
          headers: { 'content-type': 'application/merge-patch+json' },
          body: { metadata: { finalizers: null } },
        });
      }
    },
  );
});

suite('preemption among replica sets', () => {
  const namespace = testNamespace();
  const { resource } = slots(4);
  const classes = priorityClasses({ first: 1, second: 2, third: 3, fourth: 4 });
  const collection = `/apis/apps/v1/namespaces/${namespace.name}/replicasets`;
  const create = async (tier: keyof typeof classes, replicas: number, count: number) => {
    const labels = { tier };
    const resources = { requests: { [resource]: String(count) }, limits: { [resource]: String(count) } };
    const podSpec = {
      terminationGracePeriodSeconds: 1,
      priorityClassName: classes[tier],
      containers: [containerOf({ resources })],
    };
    const spec = { replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: podSpec } };
    objectOf(await fetchApi('POST', collection, { body: { metadata: { name: tier }, spec } }), 201);
  };
  const podsOf = async (tier: string) => {
    const found = listOf(await fetchApi('GET', `${namespace.path('pods')}?labelSelector=tier%3D${tier}`)).items;
    return found.filter(({ metadata }) => !metadata.deletionTimestamp);
  };
  const allRunning = (tier: string, count: number) =>
    eventually(async () => {
      const pods = await podsOf(tier);
      assert.equal(pods.length, count);
      for (const pod of pods) assert.equal(at(pod, 'status.phase'), 'Running', JSON.stringify(pod.status));
      return pods.map(({ metadata }) => metadata.uid).sort();
    }, 25_000);
  after(async () => {
    for (const tier of Object.keys(classes)) {
      await fetchApi('DELETE', `${collection}/${tier}?propagationPolicy=Background`);
    }
  });

  behaviour(
    `${ROW} PreemptionExecutionPath runs ReplicaSets to verify preemption running path`,
    { needsNode },
    async () => {
      await create('first', 2, 1);
      await create('second', 1, 1);
      await create('third', 1, 1);
      await allRunning('first', 2);
      const spared = [await allRunning('second', 1), await allRunning('third', 1)];
      await create('fourth', 1, 2);
      await allRunning('fourth', 1);
      assert.deepEqual([await allRunning('second', 1), await allRunning('third', 1)], spared);
      // Their set makes new ones, for which there is no room.
      await eventually(async () => {
        const pods = await podsOf('first');
        assert.equal(pods.length, 2);
        for (const { metadata } of pods) await unschedulable(namespace.path('pods', metadata.name));
      });
    },
  );
}, 60_000);
