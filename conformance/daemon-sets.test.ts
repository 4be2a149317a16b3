/** Daemon sets, as upstream tries them: a pod on every node that suits, rolled, replaced, and told of. */
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
  suite,
  uniqueName,
  type WatchEvent,
  type Wire,
  watch,
} from './harness.ts';
import { brokenTemplate, livePods, ROLLOUT_MS, template, versionOf, workloadNamespace } from './replicas.ts';

const needsNode = true;
const HASH = 'controller-revision-hash';
const ROW = 'Daemon set [Serial]';

/** Of a pod or a node. */
function isReady(object: Wire): boolean {
  const conditions = (at(object, 'status.conditions') ?? []) as { type: string; status: string }[];
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}

suite('daemon sets', () => {
  const namespace = workloadNamespace();
  const pathOf = (name: string, subresource?: string) => namespace.apps('daemonsets', name, subresource);
  const read = async (name: string) => objectOf(await fetchApi('GET', pathOf(name)));
  const selected = (collection: string, name: string) => `${collection}?labelSelector=app%3D${name}`;

  async function create(name: string, spec: object = {}): Promise<Wire> {
    const labels = { app: name };
    const common = { selector: { matchLabels: labels }, template: template(labels) };
    const body = { metadata: { name, labels }, spec: { ...common, ...spec } };
    return objectOf(await fetchApi('POST', namespace.apps('daemonsets'), { body }), 201);
  }

  /** The template with pods that go only to nodes with this label. */
  const onNodes = (name: string, nodeSelector: object) => {
    const plain = template({ app: name });
    return { ...plain, spec: { ...plain.spec, nodeSelector } };
  };

  /** Nodes that are ready and that no taint keeps pods away from. */
  const usableNodes = async (): Promise<string[]> => {
    const { items } = listOf(await fetchApi('GET', '/api/v1/nodes'));
    const usable = items.filter((node) => {
      const taints = (at(node, 'spec.taints') ?? []) as unknown[];
      return taints.length === 0 && isReady(node);
    });
    return usable.map(({ metadata }) => metadata.name).sort();
  };

  const nodesOf = (pods: readonly Wire[]) => pods.map((pod) => at(pod, 'spec.nodeName')).sort();

  /** Waits until the set has a ready pod of its template on every node it asks for, and says so. */
  const rolledOut = (name: string): Promise<Wire> =>
    eventually(async () => {
      const set = await read(name);
      const desired = at(set, 'status.desiredNumberScheduled');
      includes(
        { updatedNumberScheduled: 0, numberAvailable: 0, ...(set.status as object) },
        {
          observedGeneration: set.metadata.generation,
          currentNumberScheduled: desired,
          updatedNumberScheduled: desired,
          numberReady: desired,
          numberAvailable: desired,
          numberMisscheduled: 0,
        },
      );
      return set;
    }, ROLLOUT_MS);

  /** Waits until there is just one pod on each of these nodes, and it runs. */
  const runsOn = (name: string, nodes: readonly string[]): Promise<Wire[]> =>
    eventually(async () => {
      const pods = await livePods(namespace, `app=${name}`);
      assert.deepEqual(nodesOf(pods), nodes);
      for (const pod of pods) assert.equal(at(pod, 'status.phase'), 'Running', JSON.stringify(pod.status));
      return pods;
    }, ROLLOUT_MS);

  const setTemplate = async (name: string, value: object) =>
    objectOf(await applyPatch(pathOf(name), JSON_PATCH, [{ op: 'replace', path: '/spec/template', value }]));
  const setVersion = (name: string, version: string) => setTemplate(name, template({ app: name }, version));

  behaviour(`${ROW} should run and stop simple daemon`, { needsNode }, async () => {
    await create('simple');
    const nodes = await usableNodes();
    assert.ok(nodes.length > 0);
    const [pod] = await runsOn('simple', nodes);
    assert.match(pod?.metadata.name ?? '', /^simple-[a-z0-9]{5}$/);
    assert.equal(pod?.metadata.ownerReferences?.[0]?.kind, 'DaemonSet');
    includes(at(pod, 'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution'), {
      nodeSelectorTerms: [
        { matchFields: [{ key: 'metadata.name', operator: 'In', values: [at(pod, 'spec.nodeName')] }] },
      ],
    });
    const tolerations = at(pod, 'spec.tolerations') as { key: string; effect: string; tolerationSeconds?: number }[];
    for (const [key, effect] of [
      ['not-ready', 'NoExecute'],
      ['unreachable', 'NoExecute'],
      ['disk-pressure', 'NoSchedule'],
      ['memory-pressure', 'NoSchedule'],
      ['pid-pressure', 'NoSchedule'],
      ['unschedulable', 'NoSchedule'],
    ]) {
      const found = tolerations.find((one) => one.key === `node.kubernetes.io/${key}` && one.effect === effect);
      assert.ok(found && found.tolerationSeconds === undefined, `${key}: ${JSON.stringify(tolerations)}`);
    }
    await rolledOut('simple');
    await fetchApi('DELETE', namespace.path('pods', pod?.metadata.name));
    await eventually(async () => {
      const pods = await runsOn('simple', nodes);
      assert.ok(!pods.some(({ metadata }) => metadata.uid === pod?.metadata.uid));
    }, ROLLOUT_MS);
  });

  behaviour(`${ROW} should run and stop complex daemon`, { needsNode }, async () => {
    const label = `conformance.example.com/${uniqueName('color')}`;
    const [node = ''] = await usableNodes();
    const paint = async (color: string | null) =>
      objectOf(await applyPatch(`/api/v1/nodes/${node}`, MERGE_PATCH, { metadata: { labels: { [label]: color } } }));
    await create('complex', { template: onNodes('complex', { [label]: 'blue' }) });
    try {
      const set = await rolledOut('complex');
      assert.equal(at(set, 'status.desiredNumberScheduled'), 0);
      await paint('blue');
      await runsOn('complex', [node]);
      await eventually(async () => {
        includes((await read('complex')).status, { desiredNumberScheduled: 1, numberReady: 1 });
      }, ROLLOUT_MS);
      await paint('green');
      await runsOn('complex', []);
      const updateStrategy = { type: 'RollingUpdate' };
      const patch = { spec: { updateStrategy, template: onNodes('complex', { [label]: 'green' }) } };
      objectOf(await applyPatch(pathOf('complex'), MERGE_PATCH, patch));
      await runsOn('complex', [node]);
    } finally {
      await paint(null);
    }
    await runsOn('complex', []);
  });

  behaviour(`${ROW} should retry creating failed daemon pods`, { needsNode }, async () => {
    await create('fails');
    const nodes = await usableNodes();
    const [former] = await runsOn('fails', nodes);
    const path = namespace.path('pods', former?.metadata.name, 'status');
    await eventually(async () => {
      // The kubelet may say otherwise in the same moment: then once more.
      const pods = await livePods(namespace, 'app=fails');
      if (pods.some(({ metadata }) => metadata.uid === former?.metadata.uid)) {
        await applyPatch(path, MERGE_PATCH, { status: { phase: 'Failed' } });
      }
      assert.ok(!pods.some(({ metadata }) => metadata.uid === former?.metadata.uid));
    }, ROLLOUT_MS);
    await runsOn('fails', nodes);
    const query = 'fieldSelector=involvedObject.name%3Dfails,reason%3DFailedDaemonPod';
    await eventually(async () => {
      const [event] = listOf(await fetchApi('GET', `${namespace.path('events')}?${query}`)).items;
      const pod = `${namespace.name}/${former?.metadata.name}`;
      const node = String(at(former, 'spec.nodeName'));
      assert.equal(event?.message, `Found failed daemon pod ${pod} on node ${node}, will try to kill it`);
    });
  });

  behaviour(
    `${ROW} should update pod when spec was updated and update strategy is RollingUpdate`,
    { needsNode },
    async () => {
      await create('rolls', { updateStrategy: { type: 'RollingUpdate' } });
      await rolledOut('rolls');
      const [before] = await livePods(namespace, 'app=rolls');
      await setVersion('rolls', '2');
      await rolledOut('rolls');
      const pods = await runsOn('rolls', await usableNodes());
      for (const pod of pods) {
        assert.equal(versionOf(pod), '2');
        assert.notEqual(pod.metadata.labels?.[HASH], before?.metadata.labels?.[HASH]);
      }
    },
  );

  behaves('a new pod comes before the old one goes where the set may surge', { needsNode, since: 25 }, async () => {
    const updateStrategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } };
    await create('surges', { updateStrategy });
    await rolledOut('surges');
    const former = (await livePods(namespace, 'app=surges')).map(({ metadata }) => metadata.uid);
    const watching = await watch(namespace.path('pods'), 'labelSelector=app%3Dsurges');
    await setVersion('surges', '2');
    await rolledOut('surges');
    const events = await watching.until(
      (seen) => seen.filter(({ type }) => type === 'DELETED').length === former.length,
    );
    watching.stop();
    const goes = (uid: string) =>
      events.findIndex(({ object }) => object.metadata.uid === uid && object.metadata.deletionTimestamp !== undefined);
    for (const uid of former) {
      const { object } = events[goes(uid)] ?? assert.fail(`${uid} never went`);
      const before = events.slice(0, goes(uid)).map((event) => event.object);
      const successors = before.filter((pod) => !former.includes(pod.metadata.uid) && isReady(pod));
      assert.ok(successors.some((pod) => at(pod, 'spec.nodeName') === at(object, 'spec.nodeName')));
    }
    for (const pod of await runsOn('surges', await usableNodes())) assert.equal(versionOf(pod), '2');
  });

  behaves('pods of a set that updates on delete stay as they are until they are deleted', { needsNode }, async () => {
    await create('manual', { updateStrategy: { type: 'OnDelete' } });
    await rolledOut('manual');
    await setVersion('manual', '2');
    await eventually(async () => {
      const { metadata, status } = await read('manual');
      includes(
        { updatedNumberScheduled: 0, ...(status as object) },
        { observedGeneration: metadata.generation, updatedNumberScheduled: 0 },
      );
    });
    const pods = await runsOn('manual', await usableNodes());
    for (const pod of pods) {
      assert.equal(versionOf(pod), '1');
      await fetchApi('DELETE', namespace.path('pods', pod.metadata.name));
    }
    await rolledOut('manual');
    for (const pod of await livePods(namespace, 'app=manual')) assert.equal(versionOf(pod), '2');
  });

  behaviour(`${ROW} should rollback without unnecessary restarts`, { needsNode }, async () => {
    await create('back', { updateStrategy: { type: 'RollingUpdate' } });
    await rolledOut('back');
    const nodes = await usableNodes();
    const before = (await runsOn('back', nodes)).map(({ metadata }) => metadata.uid);
    await setTemplate('back', brokenTemplate({ app: 'back' }));
    await eventually(async () => {
      const pods = await livePods(namespace, 'app=back');
      assert.ok(
        pods.some(({ metadata }) => !before.includes(metadata.uid)),
        'the update has begun',
      );
    }, ROLLOUT_MS);
    const begun = await livePods(namespace, 'app=back');
    const untouched = begun.map(({ metadata }) => metadata.uid).filter((uid) => before.includes(uid));
    assert.equal(untouched.length, nodes.length - 1, 'one node at a time');
    await setVersion('back', '1');
    await rolledOut('back');
    const after = (await runsOn('back', nodes)).map(({ metadata }) => metadata.uid);
    for (const uid of untouched) assert.ok(after.includes(uid), 'a pod that was as it should be was restarted');
  });

  behaviour(`${ROW} should list and delete a collection of DaemonSets`, { needsNode }, async () => {
    const name = 'collected';
    await create(name);
    await rolledOut(name);
    assert.deepEqual(namesOf(listOf(await fetchApi('GET', selected('/apis/apps/v1/daemonsets', name)))), [name]);
    const gone = await fetchApi('DELETE', selected(namespace.apps('daemonsets'), name));
    assert.equal(gone.status, 200, gone.text);
    await eventually(async () => {
      assert.deepEqual(namesOf(listOf(await fetchApi('GET', selected(namespace.apps('daemonsets'), name)))), []);
      assert.deepEqual(await livePods(namespace, `app=${name}`), []);
    }, ROLLOUT_MS);
  });

  behaviour(`${ROW} should verify changes to a daemon set status`, { needsNode }, async () => {
    const name = 'status';
    const watching = await watch(namespace.apps('daemonsets'), `labelSelector=app%3D${name}`);
    await create(name);
    await rolledOut(name);
    const path = pathOf(name, 'status');
    const desired = (await usableNodes()).length;
    includes(objectOf(await fetchApi('GET', path)), { kind: 'DaemonSet', status: { desiredNumberScheduled: desired } });
    const condition = (type: string) => ({ type, status: 'True', reason: 'E2E', message: 'Set from e2e test' });
    await mutate(path, (object) => {
      object.status = { ...(object.status as object), conditions: [condition('StatusUpdate')] };
    });
    const has = (events: readonly WatchEvent[], type: string) =>
      events.some(({ object }) => JSON.stringify(at(object, 'status.conditions') ?? []).includes(`"${type}"`));
    await watching.until((events) => has(events, 'StatusUpdate'));
    const patched = await applyPatch(path, MERGE_PATCH, { status: { conditions: [condition('StatusPatched')] } });
    includes(at(objectOf(patched), 'status.conditions'), [condition('StatusPatched')]);
    await watching.until((events) => has(events, 'StatusPatched'));
    watching.stop();
    includes(at(await read(name), 'status.conditions'), [condition('StatusPatched')]);
  });

  behaves('a set adopts the pods of a former one, and does not make more', { needsNode }, async () => {
    await create('heir');
    await rolledOut('heir');
    const nodes = await usableNodes();
    const before = (await runsOn('heir', nodes)).map(({ metadata }) => metadata.uid).sort();
    const gone = await fetchApi('DELETE', `${pathOf('heir')}?propagationPolicy=Orphan`);
    assert.equal(gone.status, 200, gone.text);
    await eventually(async () => assert.equal((await fetchApi('GET', pathOf('heir'))).status, 404), ROLLOUT_MS);
    const heir = await create('heir');
    await rolledOut('heir');
    const pods = await runsOn('heir', nodes);
    assert.deepEqual(pods.map(({ metadata }) => metadata.uid).sort(), before);
    for (const pod of pods) assert.equal(pod.metadata.ownerReferences?.[0]?.uid, heir.metadata.uid);
  });

  behaves(
    'a node that is cordoned keeps its pod, and one with a taint loses it unless it is tolerated',
    { needsNode },
    async () => {
      const [node = ''] = await usableNodes();
      const key = `conformance.example.com/${uniqueName('taint')}`;
      const tolerant = template({ app: 'tolerant' });
      const tolerations = [{ key, operator: 'Exists' }];
      await create('tolerant', { template: { ...tolerant, spec: { ...tolerant.spec, tolerations } } });
      await create('driven');
      const nodes = await usableNodes();
      const [, driven] = await Promise.all([runsOn('tolerant', nodes), runsOn('driven', nodes)]);
      const setSpec = async (spec: object) =>
        objectOf(await applyPatch(`/api/v1/nodes/${node}`, MERGE_PATCH, { spec }));
      try {
        await setSpec({ unschedulable: true });
        await fetchApi(
          'DELETE',
          namespace.path('pods', driven.find((pod) => at(pod, 'spec.nodeName') === node)?.metadata.name),
        );
        await runsOn('driven', nodes);
        await mutate(`/api/v1/nodes/${node}`, (object) => {
          const spec = object.spec as { taints?: object[] };
          spec.taints = [...(spec.taints ?? []), { key, value: 'x', effect: 'NoExecute' }];
        });
        await runsOn(
          'driven',
          nodes.filter((name) => name !== node),
        );
        await runsOn('tolerant', nodes);
      } finally {
        await mutate(`/api/v1/nodes/${node}`, (object) => {
          const spec = object.spec as { taints?: { key: string }[]; unschedulable?: boolean };
          spec.taints = (spec.taints ?? []).filter((taint) => taint.key !== key);
          delete spec.unschedulable;
        });
      }
      await runsOn('driven', nodes);
    },
  );
}, 60_000);
