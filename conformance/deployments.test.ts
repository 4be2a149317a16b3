/** Deployments, as upstream tries them: rolled, recreated, scaled, rolled over and cleaned up. */
import assert from 'node:assert/strict';
import {
  applyPatch,
  at,
  behaves,
  behaviour,
  eventually,
  fetchApi,
  includes,
  JSON_PATCH,
  listOf,
  MERGE_PATCH,
  mutate,
  namesOf,
  objectOf,
  STRATEGIC_PATCH,
  suite,
  type Wire,
  watch,
} from './harness.ts';
import {
  available,
  brokenTemplate,
  livePods,
  ROLLOUT_MS,
  rolledOut,
  runningPods,
  template,
  versionOf,
  workloadNamespace,
} from './replicas.ts';

const needsNode = true;
const REVISION = 'deployment.kubernetes.io/revision';

suite('deployments', () => {
  const namespace = workloadNamespace();
  const pathOf = (name: string, subresource?: string) => namespace.apps('deployments', name, subresource);
  const rolling = (maxSurge: number, maxUnavailable: number) => ({
    type: 'RollingUpdate',
    rollingUpdate: { maxSurge, maxUnavailable },
  });

  async function create(name: string, spec: object): Promise<Wire> {
    const labels = { app: name };
    const body = { metadata: { name, labels }, spec: { selector: { matchLabels: labels }, ...spec } };
    return objectOf(await fetchApi('POST', namespace.apps('deployments'), { body }), 201);
  }

  const deployed = async (name: string, spec: object = {}): Promise<Wire> => {
    await create(name, { replicas: 1, template: template({ app: name }), ...spec });
    return rolledOut(pathOf(name));
  };

  const setTemplate = async (name: string, wanted: object) => {
    const patch = [{ op: 'replace', path: '/spec/template', value: wanted }];
    return objectOf(await applyPatch(pathOf(name), JSON_PATCH, patch));
  };

  const replicaSets = async (name: string) =>
    listOf(await fetchApi('GET', `${namespace.apps('replicasets')}?labelSelector=app%3D${name}`)).items;

  /** A ReplicaSet that nobody owns, with pods that run. */
  async function orphan(name: string, app: string, annotations: Record<string, string> = {}): Promise<Wire> {
    const labels = { app, pod: 'before' };
    const spec = { replicas: 1, selector: { matchLabels: labels }, template: template(labels, 'before') };
    const body = { metadata: { name, labels, annotations }, spec };
    objectOf(await fetchApi('POST', namespace.apps('replicasets'), { body }), 201);
    return available(namespace.apps('replicasets', name));
  }

  behaves('a deployment rolls its pods out and tells how it went', { needsNode }, async () => {
    const deployment = await deployed('tells', { replicas: 2 });
    assert.equal(deployment.metadata.annotations?.[REVISION], '1');
    const [set] = await replicaSets('tells');
    const hash = String(set?.metadata.labels?.['pod-template-hash']);
    assert.equal(set?.metadata.name, `tells-${hash}`);
    assert.equal(at(set, 'spec.selector.matchLabels.pod-template-hash'), hash);
    includes(set?.metadata.ownerReferences, [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'tells' }]);
    for (const pod of await livePods(namespace, 'app=tells')) {
      assert.equal(pod.metadata.labels?.['pod-template-hash'], hash);
      assert.ok(pod.metadata.name.startsWith(`tells-${hash}-`));
    }
    await eventually(async () => {
      const { status } = objectOf(await fetchApi('GET', pathOf('tells')));
      const conditions = at(status, 'conditions') as { type: string; status: string; reason: string }[];
      const told = conditions.map(({ type, status: value, reason }) => `${type} ${value} ${reason}`).sort();
      assert.deepEqual(told, ['Available True MinimumReplicasAvailable', 'Progressing True NewReplicaSetAvailable']);
    });
    await eventually(async () => {
      const query = 'fieldSelector=involvedObject.name%3Dtells,reason%3DScalingReplicaSet';
      const [event] = listOf(await fetchApi('GET', `${namespace.path('events')}?${query}`)).items;
      assert.match(String(event?.message), new RegExp(`^Scaled up replica set tells-${hash} (from 0 )?to 2$`));
    });
  });

  behaviour('Deployment Deployment should have a working scale subresource', { needsNode }, async () => {
    await deployed('scaled');
    const scale = objectOf(await fetchApi('GET', pathOf('scaled', 'scale')));
    includes(scale, { kind: 'Scale', spec: { replicas: 1 }, status: { replicas: 1, selector: 'app=scaled' } });
    await mutate(pathOf('scaled', 'scale'), (object) => {
      object.apiVersion = 'autoscaling/v1';
      object.kind = 'Scale';
      object.spec = { replicas: 2 };
      object.status = undefined;
    });
    assert.equal(at(await rolledOut(pathOf('scaled')), 'spec.replicas'), 2);
    const patched = await applyPatch(pathOf('scaled', 'scale'), MERGE_PATCH, { spec: { replicas: 3 } });
    includes(objectOf(patched), { spec: { replicas: 3 } });
    await rolledOut(pathOf('scaled'));
    await runningPods(namespace, 'app=scaled', 3);
  });

  behaviour('Deployment RecreateDeployment should delete old pods and create new ones', { needsNode }, async () => {
    await deployed('recreated', { replicas: 2, strategy: { type: 'Recreate' } });
    const pods = await watch(namespace.path('pods'), 'labelSelector=app%3Drecreated');
    await setTemplate('recreated', template({ app: 'recreated' }, '2'));
    const deployment = await rolledOut(pathOf('recreated'));
    assert.equal(deployment.metadata.annotations?.[REVISION], '2');
    const events = await pods.until((seen) => seen.filter(({ type }) => type === 'DELETED').length === 2);
    pods.stop();
    const old = new Set<string>();
    for (const { type, object } of events) {
      const isOver = type === 'DELETED' || ['Succeeded', 'Failed'].includes(String(at(object, 'status.phase')));
      if (versionOf(object) === '1') isOver ? old.delete(object.metadata.name) : old.add(object.metadata.name);
      else assert.deepEqual([...old], [], `${object.metadata.name} beside old pods`);
    }
    for (const pod of await runningPods(namespace, 'app=recreated', 2)) assert.equal(versionOf(pod), '2');
  });

  behaviour(
    'Deployment RollingUpdateDeployment should delete old pods and create new ones',
    { needsNode },
    async () => {
      // The revision counts on from that of the ReplicaSet that is taken over, beyond what a double holds.
      const before = await orphan('rolled-before', 'rolled', { [REVISION]: '3546343826724305832' });
      const deployment = await deployed('rolled');
      assert.equal(deployment.metadata.annotations?.[REVISION], '3546343826724305833');
      const sets = await replicaSets('rolled');
      assert.equal(sets.length, 2);
      const old = sets.find(({ metadata }) => metadata.uid === before.metadata.uid);
      includes(old?.metadata.ownerReferences, [{ kind: 'Deployment', name: 'rolled', controller: true }]);
      assert.equal(at(old, 'spec.replicas'), 0);
      for (const pod of await runningPods(namespace, 'app=rolled', 1)) assert.equal(versionOf(pod), '1');
    },
  );

  behaves('a rolling update keeps to its bounds', { needsNode }, async () => {
    await deployed('bounds', { replicas: 4, strategy: rolling(1, 1) });
    const pods = await watch(namespace.path('pods'), 'labelSelector=app%3Dbounds');
    await setTemplate('bounds', template({ app: 'bounds' }, '2'));
    await rolledOut(pathOf('bounds'));
    const events = await pods.until((seen) => seen.filter(({ type }) => type === 'DELETED').length >= 4);
    pods.stop();
    const live = new Map<string, boolean>();
    let isComplete = false;
    for (const { type, object } of events) {
      const conditions = (at(object, 'status.conditions') ?? []) as { type: string; status: string }[];
      const isReady = conditions.some((condition) => condition.type === 'Ready' && condition.status === 'True');
      if (type === 'DELETED' || object.metadata.deletionTimestamp) live.delete(object.metadata.name);
      else live.set(object.metadata.name, isReady);
      const ready = [...live.values()].filter(Boolean).length;
      isComplete ||= ready === 4;
      assert.ok(live.size <= 5, `${live.size} pods at once`);
      assert.ok(!isComplete || ready >= 3, `${ready} pods ready`);
    }
  });

  behaviour('Deployment deployment should delete old replica sets', { needsNode }, async () => {
    await orphan('cleaned-before', 'cleaned');
    await deployed('cleaned', { revisionHistoryLimit: 0 });
    await eventually(async () => {
      const [set, ...others] = await replicaSets('cleaned');
      assert.equal(others.length, 0);
      assert.equal(at(set, 'spec.replicas'), 1);
    }, ROLLOUT_MS);
    for (const pod of await runningPods(namespace, 'app=cleaned', 1)) assert.equal(versionOf(pod), '1');
  });

  behaviour('Deployment deployment should support rollover', { needsNode }, async () => {
    await orphan('over-before', 'over');
    const spec = {
      replicas: 1,
      minReadySeconds: 2,
      strategy: rolling(1, 0),
      template: brokenTemplate({ app: 'over' }),
    };
    await create('over', spec);
    const stuck = await eventually(async () => {
      const deployment = objectOf(await fetchApi('GET', pathOf('over')));
      includes(deployment, { metadata: { annotations: { [REVISION]: '1' } }, status: { updatedReplicas: 1 } });
      return deployment;
    });
    const sizes = async () => (await replicaSets('over')).map((set) => at(set, 'spec.replicas'));
    assert.deepEqual(await sizes(), [1, 1]);
    await setTemplate('over', template({ app: 'over' }, '3'));
    const deployment = await rolledOut(pathOf('over'));
    assert.equal(deployment.metadata.annotations?.[REVISION], '2');
    assert.notEqual(deployment.metadata.generation, stuck.metadata.generation);
    assert.deepEqual((await sizes()).sort(), [0, 0, 1]);
    for (const pod of await runningPods(namespace, 'app=over', 1)) assert.equal(versionOf(pod), '3');
  });

  behaviour('Deployment deployment should support proportional scaling', { needsNode }, async () => {
    await deployed('spread', { replicas: 5, strategy: rolling(2, 1) });
    await setTemplate('spread', brokenTemplate({ app: 'spread' }));
    const isSpread = (old: number, broken: number) =>
      eventually(async () => {
        const sets = await replicaSets('spread');
        const sizes = Object.fromEntries(sets.map((set) => [String(versionOf(set)), at(set, 'spec.replicas')]));
        assert.deepEqual(sizes, { 1: old, undefined: broken });
      }, ROLLOUT_MS);
    await isSpread(4, 3);
    await eventually(async () => {
      const { status } = objectOf(await fetchApi('GET', pathOf('spread')));
      includes(status, { availableReplicas: 4, replicas: 7 });
    });
    objectOf(await applyPatch(pathOf('spread', 'scale'), MERGE_PATCH, { spec: { replicas: 10 } }));
    await isSpread(7, 5);
  });

  behaviour('Deployment should run the lifecycle of a Deployment', { needsNode }, async () => {
    const events = await watch(namespace.apps('deployments'), 'labelSelector=app%3Dlived');
    await deployed('lived', { replicas: 2 });
    const patch = {
      metadata: { labels: { stage: 'patched' } },
      spec: {
        replicas: 1,
        template: { spec: { containers: [{ name: 'main', env: [{ name: 'VERSION', value: '2' }] }] } },
      },
    };
    includes(objectOf(await applyPatch(pathOf('lived'), STRATEGIC_PATCH, patch)), {
      metadata: { labels: { app: 'lived', stage: 'patched' } },
      spec: { replicas: 1 },
    });
    assert.equal(versionOf(await rolledOut(pathOf('lived'))), '2');
    const all = listOf(await fetchApi('GET', '/apis/apps/v1/deployments?labelSelector=app%3Dlived'));
    assert.ok(all.items.some(({ metadata }) => metadata.namespace === namespace.name));
    await mutate(pathOf('lived'), (object) => {
      object.metadata.labels = { ...object.metadata.labels, stage: 'updated' };
      object.spec = { ...(object.spec as object), replicas: 2, template: template({ app: 'lived' }, '3') };
    });
    await rolledOut(pathOf('lived'));
    includes(objectOf(await fetchApi('GET', pathOf('lived', 'status'))), {
      metadata: { labels: { stage: 'updated' } },
      status: { readyReplicas: 2 },
    });
    // What is said of the status is put right by what is so.
    objectOf(
      await applyPatch(pathOf('lived', 'status'), MERGE_PATCH, { status: { readyReplicas: 0, availableReplicas: 0 } }),
    );
    const deployment = await rolledOut(pathOf('lived'));
    includes(deployment.metadata.labels, { stage: 'updated' });
    assert.equal(versionOf(deployment), '3');
    const query = 'labelSelector=app%3Dlived&propagationPolicy=Background';
    assert.equal((await fetchApi('DELETE', `${namespace.apps('deployments')}?${query}`)).status, 200);
    const seen = await events.until((so) => so.at(-1)?.type === 'DELETED');
    events.stop();
    assert.equal(seen[0]?.type, 'ADDED');
    assert.ok(seen.some(({ type, object }) => type === 'MODIFIED' && at(object, 'status.readyReplicas') === 2));
  });

  behaviour('Deployment should validate Deployment Status endpoints', { needsNode }, async () => {
    await deployed('status');
    const path = pathOf('status', 'status');
    includes(objectOf(await fetchApi('GET', path)), { kind: 'Deployment', status: { replicas: 1 } });
    const condition = (type: string) => ({ type, status: 'True', reason: 'E2E', message: 'Set from e2e test' });
    const hasCondition = (type: string) =>
      eventually(async () => {
        const conditions = at(objectOf(await fetchApi('GET', path)), 'status.conditions') as { type: string }[];
        assert.ok(conditions.some((each) => each.type === type));
      });
    await mutate(path, ({ status }) => {
      const conditions = at(status, 'conditions') as object[];
      (status as { conditions: object[] }).conditions = [...conditions, condition('StatusUpdate')];
    });
    await hasCondition('StatusUpdate');
    objectOf(await applyPatch(path, MERGE_PATCH, { status: { conditions: [condition('StatusPatched')] } }));
    await hasCondition('StatusPatched');
    await rolledOut(pathOf('status'));
  });

  behaves('a paused deployment takes on no new template before it is resumed', { needsNode }, async () => {
    await deployed('paused');
    await applyPatch(pathOf('paused'), MERGE_PATCH, { spec: { paused: true } });
    const progress = () =>
      eventually(async () => {
        const conditions = at(objectOf(await fetchApi('GET', pathOf('paused'))), 'status.conditions');
        includes(
          (conditions as { type: string }[]).find(({ type }) => type === 'Progressing'),
          { status: 'Unknown', reason: 'DeploymentPaused', message: 'Deployment is paused' },
        );
      });
    await progress();
    const { metadata } = await setTemplate('paused', template({ app: 'paused' }, '2'));
    await eventually(async () => {
      const { status } = objectOf(await fetchApi('GET', pathOf('paused')));
      includes(status, { observedGeneration: metadata.generation });
      assert.equal(at(status, 'updatedReplicas') ?? 0, 0);
    });
    assert.equal((await replicaSets('paused')).length, 1);
    await applyPatch(pathOf('paused'), MERGE_PATCH, { spec: { paused: null } });
    assert.equal(versionOf(await rolledOut(pathOf('paused'))), '2');
    await eventually(async () => assert.equal((await replicaSets('paused')).length, 2));
  });

  behaves('an update that gets nowhere is reported after its deadline', { needsNode }, async () => {
    await create('stuck', { replicas: 1, progressDeadlineSeconds: 1, template: brokenTemplate({ app: 'stuck' }) });
    await eventually(async () => {
      const conditions = at(objectOf(await fetchApi('GET', pathOf('stuck'))), 'status.conditions') as object[];
      const [set] = await replicaSets('stuck');
      const message = `ReplicaSet "${set?.metadata.name}" has timed out progressing.`;
      includes(
        conditions.find((condition) => at(condition, 'type') === 'Progressing'),
        { status: 'False', reason: 'ProgressDeadlineExceeded', message },
      );
    });
  });

  behaves('a deleted deployment takes its ReplicaSets and pods with it', { needsNode }, async () => {
    await deployed('gone');
    await fetchApi('DELETE', `${pathOf('gone')}?propagationPolicy=Background`);
    await eventually(async () => {
      assert.deepEqual(await replicaSets('gone'), []);
      const pods = listOf(await fetchApi('GET', `${namespace.path('pods')}?labelSelector=app%3Dgone`));
      assert.deepEqual(namesOf(pods), []);
    }, ROLLOUT_MS);
  });
}, 60_000);
