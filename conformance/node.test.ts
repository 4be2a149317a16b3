/**
 * What takes a whole cluster: scheduler, controllers and a Ready node. $CONFORMANCE_IMAGE names an image that runs
 * without arguments and is there already; a simulated node takes any.
 */
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
  objectOf,
  statusOf,
  suite,
  testNamespace,
  uniqueName,
  type Wire,
} from './harness.ts';

const IMAGE = process.env.CONFORMANCE_IMAGE ?? 'kubets/pause:1';
const needsNode = true;
const spec = (fields: object = {}) => ({
  terminationGracePeriodSeconds: 1,
  containers: [{ name: 'main', image: IMAGE, imagePullPolicy: 'IfNotPresent', ...fields }],
});

const running = (path: string): Promise<Wire> =>
  eventually(async () => {
    const pod = objectOf(await fetchApi('GET', path));
    assert.equal(at(pod, 'status.phase'), 'Running', JSON.stringify(pod.status));
    assert.ok(at(pod, 'status.containerStatuses.0.ready'), JSON.stringify(pod.status));
    return pod;
  }, 25_000);

suite('on a node: pods', () => {
  const namespace = testNamespace();
  const create = async (name: string, body: object) =>
    objectOf(
      await fetchApi('POST', namespace.path('pods'), {
        body: { metadata: { name, labels: { app: name } }, spec: body },
      }),
      201,
    );

  behaves(
    'a pod is scheduled, runs, has addresses and conditions',
    {
      needsNode,
      covers: 'Pods should get a host IP [NodeConformance]',
    },
    async () => {
      await create('runs', spec());
      const pod = await running(namespace.path('pods', 'runs'));
      includes(pod.status, { hostIP: /\d+\.\d+\.\d+\.\d+/, podIP: /\d+\.\d+\.\d+\.\d+/, startTime: /Z$/ });
      assert.ok(at(pod, 'spec.nodeName'));
      const conditions = at(pod, 'status.conditions') as { type: string; status: string }[];
      for (const type of ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready']) {
        assert.equal(conditions.find((condition) => condition.type === type)?.status, 'True', type);
      }
      includes(at(pod, 'status.containerStatuses'), [
        { name: 'main', ready: true, started: true, restartCount: 0, state: { running: {} } },
      ]);
    },
  );

  behaviour('Pods should be submitted and removed [NodeConformance]', { needsNode }, async () => {
    await create('removed', spec());
    await running(namespace.path('pods', 'removed'));
    const deleted = objectOf(await fetchApi('DELETE', namespace.path('pods', 'removed')));
    assert.ok(deleted.metadata.deletionTimestamp);
    await eventually(async () => statusOf(await fetchApi('GET', namespace.path('pods', 'removed')), { code: 404 }));
  });

  behaves('a pod that fits nowhere says so in its condition and in an event', { needsNode }, async () => {
    await create('large', { ...spec({ resources: { requests: { cpu: '10000' } } }) });
    await eventually(async () => {
      const pod = objectOf(await fetchApi('GET', namespace.path('pods', 'large')));
      includes(at(pod, 'status.conditions.0'), {
        type: 'PodScheduled',
        status: 'False',
        reason: 'Unschedulable',
        message: /Insufficient cpu/,
      });
      const query = 'fieldSelector=involvedObject.name%3Dlarge,reason%3DFailedScheduling';
      const events = listOf(await fetchApi('GET', `${namespace.path('events')}?${query}`));
      assert.match(String(events.items[0]?.message), /^0\/\d+ nodes are available: .*Insufficient cpu/);
    });
  });
});

suite('on a node: controllers', () => {
  const namespace = testNamespace();
  const pods = async (name: string) =>
    listOf(await fetchApi('GET', `${namespace.path('pods')}?labelSelector=rc%3D${name}`)).items.filter(
      ({ metadata }) => !metadata.deletionTimestamp,
    );
  const make = async (name: string, replicas: number) => {
    const labels = { rc: name };
    const body = {
      metadata: { name },
      spec: { replicas, selector: labels, template: { metadata: { labels }, spec: spec() } },
    };
    objectOf(await fetchApi('POST', namespace.path('replicationcontrollers'), { body }), 201);
  };
  const count = (name: string, wanted: number) =>
    eventually(async () => {
      const found = await pods(name);
      assert.equal(found.length, wanted);
      for (const pod of found) assert.equal(at(pod, 'status.phase'), 'Running');
      return found;
    }, 25_000);

  behaves('a replication controller makes its pods, replaces a lost one, and scales', { needsNode }, async () => {
    await make('kept', 2);
    const [first] = await count('kept', 2);
    assert.match(first?.metadata.name ?? '', /^kept-[a-z0-9]{5}$/);
    assert.equal(first?.metadata.ownerReferences?.[0]?.kind, 'ReplicationController');
    await fetchApi('DELETE', namespace.path('pods', first?.metadata.name));
    const replaced = await count('kept', 2);
    assert.ok(!replaced.some(({ metadata }) => metadata.uid === first?.metadata.uid));
    objectOf(
      await applyPatch(namespace.path('replicationcontrollers', 'kept', 'scale'), MERGE_PATCH, {
        spec: { replicas: 1 },
      }),
    );
    await count('kept', 1);
    await eventually(async () => {
      const rc = objectOf(await fetchApi('GET', namespace.path('replicationcontrollers', 'kept')));
      includes(rc.status, {
        replicas: 1,
        readyReplicas: 1,
        availableReplicas: 1,
        observedGeneration: rc.metadata.generation,
      });
    });
  });

  behaviour('ReplicationController should adopt matching pods on creation', { needsNode }, async () => {
    const body = { metadata: { name: 'orphan', labels: { rc: 'adopts' } }, spec: spec() };
    const orphan = objectOf(await fetchApi('POST', namespace.path('pods'), { body }), 201);
    await make('adopts', 1);
    await eventually(async () => {
      const pod = objectOf(await fetchApi('GET', namespace.path('pods', 'orphan')));
      assert.equal(pod.metadata.uid, orphan.metadata.uid);
      assert.equal(pod.metadata.ownerReferences?.[0]?.name, 'adopts');
    });
    assert.equal((await pods('adopts')).length, 1);
  });

  behaviour('ReplicationController should release no longer matching pods', { needsNode }, async () => {
    await make('releases', 1);
    const [pod] = await count('releases', 1);
    const path = namespace.path('pods', pod?.metadata.name);
    objectOf(await applyPatch(path, MERGE_PATCH, { metadata: { labels: { rc: 'free' } } }));
    await eventually(async () => {
      const { metadata } = objectOf(await fetchApi('GET', path));
      assert.deepEqual(metadata.ownerReferences ?? [], []);
    });
    await count('releases', 1);
  });

  behaves('the endpoints of a service follow its pods', { needsNode }, async () => {
    const body = { metadata: { name: 'follows' }, spec: { selector: { rc: 'served' }, ports: [{ port: 80 }] } };
    objectOf(await fetchApi('POST', namespace.path('services'), { body }), 201);
    await make('served', 2);
    const found = await count('served', 2);
    await eventually(async () => {
      const endpoints = objectOf(await fetchApi('GET', namespace.path('endpoints', 'follows')));
      const addresses = at(endpoints, 'subsets.0.addresses') as { ip: string; targetRef: { name: string } }[];
      assert.deepEqual(
        addresses?.map(({ targetRef }) => targetRef.name).sort(),
        found.map(({ metadata }) => metadata.name).sort(),
      );
    });
  });
});

suite('on a node: namespaces', () => {
  behaves(
    'a new namespace gets its default service account; a deleted one goes with everything in it',
    {
      needsNode,
      covers: [
        'Namespaces [Serial] should ensure that all pods are removed when a namespace is deleted',
        'Namespaces [Serial] should ensure that all services are removed when a namespace is deleted',
      ],
    },
    async () => {
      const name = uniqueName('whole');
      const path = `/api/v1/namespaces/${name}`;
      objectOf(await fetchApi('POST', '/api/v1/namespaces', { body: { metadata: { name } } }), 201);
      await eventually(async () => objectOf(await fetchApi('GET', `${path}/serviceaccounts/default`)));
      objectOf(await fetchApi('POST', `${path}/pods`, { body: { metadata: { name: 'goes' }, spec: spec() } }), 201);
      const service = { metadata: { name: 'goes' }, spec: { ports: [{ port: 80 }] } };
      objectOf(await fetchApi('POST', `${path}/services`, { body: service }), 201);
      await running(`${path}/pods/goes`);
      assert.equal((await fetchApi('DELETE', path)).status, 200);
      await eventually(async () => statusOf(await fetchApi('GET', path), { code: 404 }), 25_000);
      statusOf(await fetchApi('GET', `${path}/pods/goes`), { code: 404 });
    },
  );
}, 60_000);
