/** Stateful sets, as upstream tries them: in order, with a stable identity, rolled, held back and halted. */
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
  type WatchEvent,
  type Wire,
  watch,
} from './harness.ts';
import { livePods, ROLLOUT_MS, runningPods, template, versionOf, workloadNamespace } from './replicas.ts';

const needsNode = true;
const REVISION = 'controller-revision-hash';
const ROW = 'StatefulSet Basic StatefulSet functionality [StatefulSetBasic]';
/** Pods with this gate are ready when the test says so. */
const GATE = 'conformance.example.com/open';

/** A template whose pods run and are ready only with the condition `GATE`. */
function gatedTemplate(labels: object) {
  const plain = template(labels);
  return { ...plain, spec: { ...plain.spec, readinessGates: [{ conditionType: GATE }] } };
}

suite('stateful sets', () => {
  const namespace = workloadNamespace();
  const pathOf = (name: string, subresource?: string) => namespace.apps('statefulsets', name, subresource);
  const podPath = (name: string, subresource?: string) => namespace.path('pods', name, subresource);
  const read = async (name: string) => objectOf(await fetchApi('GET', pathOf(name)));

  async function create(name: string, spec: object): Promise<Wire> {
    const labels = { app: name };
    const common = { serviceName: name, selector: { matchLabels: labels }, template: template(labels) };
    const body = { metadata: { name, labels }, spec: { ...common, ...spec } };
    return objectOf(await fetchApi('POST', namespace.apps('statefulsets'), { body }), 201);
  }

  /** Waits until the set has all its pods, ready, and its status is fresh. */
  const settled = (name: string, more: object = {}): Promise<Wire> =>
    eventually(async () => {
      const set = await read(name);
      const replicas = at(set, 'spec.replicas');
      const counts = { replicas, readyReplicas: replicas, observedGeneration: set.metadata.generation, ...more };
      // A count of none may be left out.
      includes({ readyReplicas: 0, ...(set.status as object) }, counts);
      return set;
    }, ROLLOUT_MS);

  /** Waits until all pods are of one revision and the set says so. */
  const rolledOut = (name: string): Promise<Wire> =>
    eventually(async () => {
      const set = await settled(name, { updatedReplicas: at(await read(name), 'spec.replicas') });
      assert.equal(at(set, 'status.currentRevision'), at(set, 'status.updateRevision'));
      return set;
    }, ROLLOUT_MS);

  const setVersion = async (name: string, version: string) => {
    const patch = [{ op: 'replace', path: '/spec/template', value: template({ app: name }, version) }];
    return objectOf(await applyPatch(pathOf(name), JSON_PATCH, patch));
  };
  const setPartition = async (name: string, partition: number) =>
    objectOf(
      await applyPatch(pathOf(name), MERGE_PATCH, { spec: { updateStrategy: { rollingUpdate: { partition } } } }),
    );
  const scale = async (name: string, replicas: number): Promise<Wire> => {
    objectOf(await applyPatch(pathOf(name, 'scale'), MERGE_PATCH, { spec: { replicas } }));
    return read(name);
  };

  /** The versions of the pods by ordinal. */
  const versions = async (name: string): Promise<unknown[]> => {
    const pods = await livePods(namespace, `app=${name}`);
    return pods.sort((a, b) => a.metadata.name.localeCompare(b.metadata.name)).map(versionOf);
  };
  const becomes = (name: string, wanted: string[]) =>
    eventually(async () => assert.deepEqual(await versions(name), wanted), ROLLOUT_MS);
  const names = async (name: string) =>
    (await livePods(namespace, `app=${name}`)).map((pod) => pod.metadata.name).sort();

  /** Opens or closes the gate of a pod. */
  async function turn(pod: string, open: boolean): Promise<void> {
    const condition = { type: GATE, status: open ? 'True' : 'False' };
    await mutate(podPath(pod, 'status'), (object) => {
      const status = object.status as { conditions?: { type: string }[] };
      status.conditions = [...(status.conditions ?? []).filter(({ type }) => type !== GATE), condition];
    });
  }

  /** Does so until it shows: somebody else writes the status, too. */
  const gate = (pod: string, open: boolean): Promise<void> =>
    eventually(async () => {
      await turn(pod, open);
      const { status } = objectOf(await fetchApi('GET', podPath(pod)));
      const { conditions } = status as { conditions: { type: string; status: string }[] };
      assert.equal(conditions.find(({ type }) => type === 'Ready')?.status, open ? 'True' : 'False');
    }, ROLLOUT_MS);

  const watchPods = (name: string) => watch(namespace.path('pods'), `labelSelector=app%3D${name}`);
  const namesIn = (events: readonly WatchEvent[], type: WatchEvent['type']) =>
    events.filter((event) => event.type === type).map(({ object }) => object.metadata.name);

  behaves('a pod has the name, labels, host name and owner that its ordinal asks for', { needsNode }, async () => {
    await create('identity', { replicas: 2 });
    const set = await rolledOut('identity');
    const pod = objectOf(await fetchApi('GET', podPath('identity-1')));
    includes(pod.metadata, {
      generateName: 'identity-',
      labels: {
        app: 'identity',
        'statefulset.kubernetes.io/pod-name': 'identity-1',
        [REVISION]: at(set, 'status.currentRevision'),
      },
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'identity', uid: set.metadata.uid, controller: true },
      ],
    });
    includes(pod.spec, { hostname: 'identity-1', subdomain: 'identity' });
    const query = 'fieldSelector=involvedObject.name%3Didentity,reason%3DSuccessfulCreate';
    await eventually(async () => {
      const { items } = listOf(await fetchApi('GET', `${namespace.path('events')}?${query}`));
      const messages = items.map(({ message }) => message).sort();
      assert.deepEqual(messages, [
        'create Pod identity-0 in StatefulSet identity successful',
        'create Pod identity-1 in StatefulSet identity successful',
      ]);
    });
  });

  behaves('ordinals start where the set says, and pods carry theirs', { needsNode, since: 32 }, async () => {
    await create('later', { replicas: 2, ordinals: { start: 3 } });
    await rolledOut('later');
    assert.deepEqual(await names('later'), ['later-3', 'later-4']);
    const pod = objectOf(await fetchApi('GET', podPath('later-4')));
    assert.equal(pod.metadata.labels?.['apps.kubernetes.io/pod-index'], '4');
  });

  behaviour(
    `${ROW} should perform rolling updates and roll backs of template modifications`,
    { needsNode },
    async () => {
      await create('rolls', { replicas: 3 });
      const before = await rolledOut('rolls');
      const watching = await watchPods('rolls');
      await setVersion('rolls', '2');
      const after = await rolledOut('rolls');
      assert.deepEqual(await versions('rolls'), ['2', '2', '2']);
      assert.notEqual(at(after, 'status.updateRevision'), at(before, 'status.updateRevision'));
      for (const pod of await livePods(namespace, 'app=rolls')) {
        assert.equal(pod.metadata.labels?.[REVISION], at(after, 'status.updateRevision'));
      }
      const events = await watching.until((seen) => namesIn(seen, 'DELETED').length === 3);
      assert.deepEqual(namesIn(events, 'DELETED'), ['rolls-2', 'rolls-1', 'rolls-0']);
      watching.stop();
      await setVersion('rolls', '1');
      const back = await rolledOut('rolls');
      assert.deepEqual(await versions('rolls'), ['1', '1', '1']);
      assert.equal(at(back, 'status.currentRevision'), at(before, 'status.currentRevision'));
      const list = listOf(await fetchApi('GET', `${namespace.apps('controllerrevisions')}?labelSelector=app%3Drolls`));
      const numbers = list.items.map((revision) => [revision.metadata.name, revision.revision]);
      assert.deepEqual(
        Object.fromEntries(numbers),
        Object.fromEntries([
          [at(after, 'status.updateRevision'), 2],
          [at(before, 'status.updateRevision'), 3],
        ]),
      );
    },
  );

  behaviour(
    `${ROW} should perform canary updates and phased rolling updates of template modifications`,
    { needsNode },
    async () => {
      await create('canary', {
        replicas: 3,
        updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 3 } },
      });
      await rolledOut('canary');
      const changed = await setVersion('canary', '2');
      const waiting = await settled('canary', { observedGeneration: changed.metadata.generation });
      assert.notEqual(at(waiting, 'status.currentRevision'), at(waiting, 'status.updateRevision'));
      assert.deepEqual(await versions('canary'), ['1', '1', '1']);
      await setPartition('canary', 2);
      await becomes('canary', ['1', '1', '2']);
      await settled('canary', { updatedReplicas: 1, currentReplicas: 2 });
      const former = (await livePods(namespace, 'app=canary')).map(({ metadata }) => metadata.uid);
      for (const name of ['canary-0', 'canary-2']) await fetchApi('DELETE', podPath(name));
      await eventually(async () => {
        const now = (await runningPods(namespace, 'app=canary', 3)).map(({ metadata }) => metadata.uid);
        assert.equal(now.filter((uid) => former.includes(uid)).length, 1);
      }, ROLLOUT_MS);
      assert.deepEqual(await versions('canary'), ['1', '1', '2']);
      await setPartition('canary', 1);
      await becomes('canary', ['1', '2', '2']);
      await setPartition('canary', 0);
      await rolledOut('canary');
      assert.deepEqual(await versions('canary'), ['2', '2', '2']);
    },
  );

  behaves(
    'a pod of a set that updates on delete is replaced only when somebody deletes it',
    { needsNode },
    async () => {
      await create('manual', { replicas: 2, updateStrategy: { type: 'OnDelete' } });
      await settled('manual');
      const changed = await setVersion('manual', '2');
      await settled('manual', { observedGeneration: changed.metadata.generation });
      assert.deepEqual(await versions('manual'), ['1', '1']);
      await fetchApi('DELETE', podPath('manual-0'));
      await becomes('manual', ['2', '1']);
    },
  );

  behaviour(
    `${ROW} Scaling should happen in predictable order and halt if any stateful pod is unhealthy [Slow]`,
    { needsNode },
    async () => {
      const watching = await watchPods('ordered');
      await create('ordered', { replicas: 3, template: gatedTemplate({ app: 'ordered' }) });
      for (const [name, ordinal] of [
        ['ordered-0', 0],
        ['ordered-1', 1],
        ['ordered-2', 2],
      ] as const) {
        await runningPods(namespace, 'app=ordered', ordinal + 1);
        const all = [0, 1, 2].slice(0, ordinal + 1).map((i) => `ordered-${i}`);
        assert.deepEqual(await names('ordered'), all, 'the next waits until this one is ready');
        await gate(name, true);
      }
      await settled('ordered');
      await gate('ordered-1', false);
      await settled('ordered', { readyReplicas: 2 });
      const grown = await scale('ordered', 4);
      await settled('ordered', { replicas: 3, readyReplicas: 2, observedGeneration: grown.metadata.generation });
      assert.equal((await names('ordered')).length, 3, 'nothing is made while a pod is unhealthy');
      await scale('ordered', 3);
      for (const name of ['ordered-0', 'ordered-2']) await gate(name, false);
      await settled('ordered', { readyReplicas: 0 });
      const shrunk = await scale('ordered', 0);
      await settled('ordered', { replicas: 3, readyReplicas: 0, observedGeneration: shrunk.metadata.generation });
      assert.equal((await names('ordered')).length, 3, 'nothing is removed while all pods are unhealthy');
      await gate('ordered-0', true);
      // The last of those that are unhealthy goes first, and then the others at once.
      await turn('ordered-1', true);
      const events = await watching.until((seen) => namesIn(seen, 'DELETED').length === 3, ROLLOUT_MS);
      watching.stop();
      assert.deepEqual(namesIn(events, 'ADDED'), ['ordered-0', 'ordered-1', 'ordered-2']);
      assert.deepEqual(namesIn(events, 'DELETED'), ['ordered-2', 'ordered-1', 'ordered-0']);
    },
  );

  behaviour(
    `${ROW} Burst scaling should run to completion even with unhealthy pods [Slow]`,
    { needsNode },
    async () => {
      const parallel = { podManagementPolicy: 'Parallel', template: gatedTemplate({ app: 'burst' }) };
      await create('burst', { replicas: 1, ...parallel });
      await runningPods(namespace, 'app=burst', 1);
      await scale('burst', 3);
      await runningPods(namespace, 'app=burst', 3);
      await settled('burst', { readyReplicas: 0 });
      await scale('burst', 0);
      await settled('burst');
      assert.deepEqual(await names('burst'), []);
    },
  );

  behaviour(`${ROW} Should recreate evicted statefulset`, { needsNode }, async () => {
    await create('evicted', { replicas: 1 });
    const [former] = await runningPods(namespace, 'app=evicted', 1);
    await eventually(async () => {
      const pod = objectOf(await fetchApi('GET', podPath('evicted-0')));
      // As a node that is short of memory says it. The kubelet may say otherwise in the same moment: then once more.
      if (pod.metadata.uid === former?.metadata.uid && pod.metadata.deletionTimestamp === undefined) {
        const status = { phase: 'Failed', reason: 'Evicted', message: 'The node was low on resource: memory.' };
        await applyPatch(podPath('evicted-0', 'status'), MERGE_PATCH, { status });
      }
      assert.notEqual(pod.metadata.uid, former?.metadata.uid);
      assert.equal(at(pod, 'status.phase'), 'Running');
    }, ROLLOUT_MS);
  });

  behaviour(`${ROW} should have a working scale subresource`, { needsNode }, async () => {
    await create('scales', { replicas: 1 });
    await settled('scales');
    const path = pathOf('scales', 'scale');
    const found = objectOf(await fetchApi('GET', path));
    includes(found, { kind: 'Scale', spec: { replicas: 1 }, status: { replicas: 1, selector: 'app=scales' } });
    found.spec = { replicas: 2 };
    includes(objectOf(await fetchApi('PUT', path, { body: found })), { spec: { replicas: 2 } });
    await settled('scales', { replicas: 2 });
    includes(objectOf(await applyPatch(path, MERGE_PATCH, { spec: { replicas: 3 } })), { spec: { replicas: 3 } });
    await settled('scales', { replicas: 3 });
    includes(objectOf(await fetchApi('GET', path)), { status: { replicas: 3 } });
  });

  behaviour(`${ROW} should list, patch and delete a collection of StatefulSets`, { needsNode }, async () => {
    const name = 'collected';
    await create(name, { replicas: 1 });
    await settled(name);
    const selected = (collection: string) => `${collection}?labelSelector=app%3D${name}`;
    const everywhere = listOf(await fetchApi('GET', selected('/apis/apps/v1/statefulsets')));
    assert.deepEqual(namesOf(everywhere), [name]);
    const patch = {
      metadata: { labels: { patched: 'true' } },
      spec: { replicas: 2, template: template({ app: name }, '2') },
    };
    includes(objectOf(await applyPatch(pathOf(name), MERGE_PATCH, patch)), {
      metadata: { labels: { patched: 'true' } },
      spec: { replicas: 2 },
    });
    await rolledOut(name);
    assert.deepEqual(await versions(name), ['2', '2']);
    const gone = await fetchApi('DELETE', selected(namespace.apps('statefulsets')));
    assert.equal(gone.status, 200, gone.text);
    await eventually(async () => {
      assert.deepEqual(namesOf(listOf(await fetchApi('GET', selected(namespace.apps('statefulsets'))))), []);
      assert.deepEqual(await names(name), []);
    }, ROLLOUT_MS);
  });

  behaviour(`${ROW} should validate Statefulset Status endpoints`, { needsNode }, async () => {
    const name = 'status';
    const watching = await watch(namespace.apps('statefulsets'), `labelSelector=app%3D${name}`);
    await create(name, { replicas: 1 });
    await rolledOut(name);
    const path = pathOf(name, 'status');
    includes(objectOf(await fetchApi('GET', path)), { kind: 'StatefulSet', status: { replicas: 1 } });
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

  behaves('a set adopts a pod of its name and labels, and releases it when it loses them', { needsNode }, async () => {
    const labels = { app: 'adopts' };
    const body = { metadata: { name: 'adopts-0', labels }, spec: template(labels).spec };
    const orphan = objectOf(await fetchApi('POST', namespace.path('pods'), { body }), 201);
    const set = await create('adopts', { replicas: 1, updateStrategy: { type: 'OnDelete' } });
    await eventually(async () => {
      const pod = objectOf(await fetchApi('GET', podPath('adopts-0')));
      assert.equal(pod.metadata.uid, orphan.metadata.uid);
      assert.equal(pod.metadata.ownerReferences?.[0]?.uid, set.metadata.uid);
    });
    objectOf(await applyPatch(podPath('adopts-0'), MERGE_PATCH, { metadata: { labels: { app: 'free' } } }));
    await eventually(async () => {
      const pod = objectOf(await fetchApi('GET', podPath('adopts-0')));
      assert.deepEqual(pod.metadata.ownerReferences ?? [], []);
    });
    await fetchApi('DELETE', podPath('adopts-0'));
    await runningPods(namespace, 'app=adopts', 1);
  });

  behaves(
    'pods that have been ready for a while count as available, and the next waits for that',
    { needsNode, since: 25 },
    async () => {
      const watching = await watch(namespace.apps('statefulsets'), 'labelSelector=app%3Dpatient');
      await create('patient', { replicas: 2, minReadySeconds: 2 });
      await settled('patient', { availableReplicas: 2 });
      const events = await watching.until(() => true);
      watching.stop();
      const statuses = events.map(({ object }) => object.status as { replicas?: number; availableReplicas?: number });
      assert.ok(statuses.some((status) => status.replicas === 1 && !status.availableReplicas));
      assert.ok(!statuses.some((status) => status.replicas === 2 && !status.availableReplicas));
    },
  );

  behaves('no more revisions are kept than the limit says beside those in use', { needsNode }, async () => {
    await create('limited', { replicas: 1, revisionHistoryLimit: 1 });
    for (const version of ['1', '2', '3', '4']) {
      await setVersion('limited', version);
      await rolledOut('limited');
    }
    await eventually(async () => {
      const list = listOf(
        await fetchApi('GET', `${namespace.apps('controllerrevisions')}?labelSelector=app%3Dlimited`),
      );
      assert.deepEqual(list.items.map(({ revision }) => revision).sort(), [3, 4]);
    });
  });

  behaves(
    'each pod gets claims of its own, which are kept or go with the set as it says',
    { needsNode, since: 27 },
    async () => {
      const claims = {
        replicas: 1,
        volumeClaimTemplates: [
          {
            metadata: { name: 'data' },
            spec: {
              accessModes: ['ReadWriteOnce'],
              storageClassName: 'none-such',
              resources: { requests: { storage: '1Mi' } },
            },
          },
        ],
      };
      await create('kept', claims);
      const goes = await create('goes', {
        ...claims,
        persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete', whenScaled: 'Retain' },
      });
      const claimOf = async (name: string) =>
        objectOf(await fetchApi('GET', namespace.path('persistentvolumeclaims', name)));
      await eventually(async () => {
        const pod = objectOf(await fetchApi('GET', podPath('kept-0')));
        includes(at(pod, 'spec.volumes.0'), { name: 'data', persistentVolumeClaim: { claimName: 'data-kept-0' } });
        const kept = await claimOf('data-kept-0');
        includes(kept.metadata.labels, { app: 'kept' });
        assert.equal(kept.metadata.ownerReferences, undefined);
        const { metadata } = await claimOf('data-goes-0');
        assert.equal(metadata.ownerReferences?.[0]?.uid, goes.metadata.uid);
      });
    },
  );
}, 60_000);
