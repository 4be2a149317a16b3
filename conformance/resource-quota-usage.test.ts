/** What resource quotas count: charged when something is made, given back when it goes. */
import assert from 'node:assert/strict';
import {
  applyPatch,
  behaves,
  behaviour,
  createNamespace,
  eventually,
  fetchApi,
  includes,
  JSON_PATCH,
  listOf,
  MERGE_PATCH,
  mutate,
  objectOf,
  removeNamespace,
  statusOf,
  suite,
  uniqueName,
} from './harness.ts';

const IMAGE = process.env.CONFORMANCE_IMAGE ?? 'kubets/pause:1';
const OBJECTS = { configmaps: '/api/v1', secrets: '/api/v1', pods: '/api/v1' };

suite('what quotas count', () => {
  /** Each test counts in a namespace of its own: what one leaves behind would be counted by the next. */
  let name = '';
  beforeEach(async () => {
    name = uniqueName('quota');
    await createNamespace(name);
  });
  afterEach(() => removeNamespace(name));

  const path = (resource: string, object?: string, group = '/api/v1') =>
    `${group}/namespaces/${name}/${resource}${object === undefined ? '' : `/${object}`}`;
  const quotaPath = (quota = 'quota') => path('resourcequotas', quota);
  const limit = async (hard: object, more: object = {}, quota = 'quota') =>
    objectOf(
      await fetchApi('POST', path('resourcequotas'), { body: { metadata: { name: quota }, spec: { hard, ...more } } }),
      201,
    );
  const used = (expected: object, quota = 'quota') =>
    eventually(async () => {
      includes(objectOf(await fetchApi('GET', quotaPath(quota))).status, { used: expected });
    });
  const present = async (resource: keyof typeof OBJECTS) => listOf(await fetchApi('GET', path(resource))).items.length;
  const create = (resource: string, body: object, group = '/api/v1') =>
    fetchApi('POST', path(resource, undefined, group), { body });
  const remove = async (resource: string, object: string, group = '/api/v1') => {
    const body = { kind: 'DeleteOptions', apiVersion: 'v1', gracePeriodSeconds: 0 };
    assert.equal((await fetchApi('DELETE', path(resource, object, group), { body })).status, 200);
  };
  const refused = async (resource: string, body: object, message: RegExp) =>
    statusOf(await create(resource, body), { code: 403, reason: 'Forbidden', message });
  const pod = (object: string, requests: object, limits: object = {}, more: object = {}) => ({
    metadata: { name: object },
    spec: {
      containers: [{ name: 'main', image: IMAGE, imagePullPolicy: 'IfNotPresent', resources: { requests, limits } }],
      ...more,
    },
  });

  behaviour('ResourceQuota should create a ResourceQuota and ensure its status is promptly calculated.', async () => {
    const hard = { pods: '5', services: '10', 'services.nodeports': '1', cpu: '1', 'requests.storage': '10Gi' };
    await limit(hard);
    await used({ pods: '0', services: '0', 'services.nodeports': '0', cpu: '0', 'requests.storage': '0' });
    includes(objectOf(await fetchApi('GET', quotaPath())).status, { hard });
  });

  behaviour('ResourceQuota should create a ResourceQuota and capture the life of a service.', async () => {
    await limit({ services: '10', 'services.nodeports': '1', 'services.loadbalancers': '1' });
    await used({ services: '0', 'services.nodeports': '0', 'services.loadbalancers': '0' });
    const service = (object: string, type: string) => ({
      metadata: { name: object },
      spec: { type, ports: [{ port: 80 }] },
    });
    objectOf(await create('services', service('inner', 'ClusterIP')), 201);
    objectOf(await create('services', service('outer', 'NodePort')), 201);
    await used({ services: '2', 'services.nodeports': '1', 'services.loadbalancers': '0' });
    await refused(
      'services',
      service('balanced', 'LoadBalancer'),
      /exceeded quota: quota, requested: services.nodeports=1/,
    );
    await remove('services', 'inner');
    await remove('services', 'outer');
    await used({ services: '0', 'services.nodeports': '0', 'services.loadbalancers': '0' });
  });

  for (const [resource, kind] of [
    ['secrets', 'secret'],
    ['configmaps', 'configMap'],
  ] as const) {
    behaviour(`ResourceQuota should create a ResourceQuota and capture the life of a ${kind}.`, async () => {
      const before = await present(resource);
      await limit({ [resource]: String(before + 1), [`count/${resource}`]: String(before + 1) });
      await used({ [resource]: String(before), [`count/${resource}`]: String(before) });
      objectOf(await create(resource, { metadata: { name: 'counted' } }), 201);
      await used({ [resource]: String(before + 1), [`count/${resource}`]: String(before + 1) });
      await refused(resource, { metadata: { name: 'more' } }, /exceeded quota/);
      await remove(resource, 'counted');
      await used({ [resource]: String(before) });
    });
  }

  behaviour('ResourceQuota should create a ResourceQuota and capture the life of a pod.', async () => {
    const dongle = 'requests.example.com/dongle';
    await limit({ pods: '5', cpu: '1', memory: '500Mi', 'requests.ephemeral-storage': '50Gi', [dongle]: '3' });
    await used({ pods: '0', cpu: '0', memory: '0', 'requests.ephemeral-storage': '0', [dongle]: '0' });
    const storage = { 'ephemeral-storage': '30Gi' };
    const fits = { cpu: '500m', memory: '252Mi', ...storage, 'example.com/dongle': '2' };
    objectOf(await create('pods', pod('fits', fits, { 'example.com/dongle': '2' })), 201);
    const charged = { pods: '1', cpu: '500m', memory: '252Mi', 'requests.ephemeral-storage': '30Gi', [dongle]: '2' };
    await used(charged);
    await refused(
      'pods',
      pod('large', { cpu: '600m', memory: '100Mi' }),
      /requested: cpu=600m, used: cpu=500m, limited: cpu=1$/,
    );
    const dongles = { cpu: '100m', memory: '100Mi', 'example.com/dongle': '2' };
    const extended = pod('dongles', dongles, { 'example.com/dongle': '2' });
    await refused('pods', extended, /exceeded quota: quota, requested: requests.example.com\/dongle=2/);
    const larger = [{ op: 'replace', path: '/spec/containers/0/resources/requests/cpu', value: '100m' }];
    statusOf(await applyPatch(path('pods', 'fits'), JSON_PATCH, larger), { code: 422, reason: 'Invalid' });
    await used(charged);
    await remove('pods', 'fits');
    await used({ pods: '0', cpu: '0', memory: '0', 'requests.ephemeral-storage': '0', [dongle]: '0' });
  });

  behaviour(
    'ResourceQuota should create a ResourceQuota and capture the life of a replication controller.',
    async () => {
      await limit({ replicationcontrollers: '1', 'count/replicationcontrollers': '1' });
      await used({ replicationcontrollers: '0', 'count/replicationcontrollers': '0' });
      const labels = { app: 'counted' };
      const template = { metadata: { labels }, spec: pod('', {}).spec };
      const body = { metadata: { name: 'counted' }, spec: { replicas: 0, selector: labels, template } };
      objectOf(await create('replicationcontrollers', body), 201);
      await used({ replicationcontrollers: '1', 'count/replicationcontrollers': '1' });
      await refused('replicationcontrollers', { ...body, metadata: { name: 'more' } }, /exceeded quota/);
      await remove('replicationcontrollers', 'counted');
      await used({ replicationcontrollers: '0', 'count/replicationcontrollers': '0' });
    },
  );

  behaviour('ResourceQuota should create a ResourceQuota and capture the life of a replica set.', async () => {
    await limit({ 'count/replicasets.apps': '1' });
    await used({ 'count/replicasets.apps': '0' });
    const labels = { app: 'counted' };
    const template = { metadata: { labels }, spec: pod('', {}).spec };
    const body = { metadata: { name: 'counted' }, spec: { replicas: 0, selector: { matchLabels: labels }, template } };
    objectOf(await create('replicasets', body, '/apis/apps/v1'), 201);
    await used({ 'count/replicasets.apps': '1' });
    await remove('replicasets', 'counted', '/apis/apps/v1');
    await used({ 'count/replicasets.apps': '0' });
  });

  behaviour('ResourceQuota should verify ResourceQuota with best effort scope.', async () => {
    await limit({ pods: '5' }, { scopes: ['BestEffort'] }, 'best');
    await limit({ pods: '5' }, { scopes: ['NotBestEffort'] }, 'not-best');
    await used({ pods: '0' }, 'best');
    await used({ pods: '0' }, 'not-best');
    objectOf(await create('pods', pod('cheap', {})), 201);
    await used({ pods: '1' }, 'best');
    await used({ pods: '0' }, 'not-best');
    await remove('pods', 'cheap');
    await used({ pods: '0' }, 'best');
    objectOf(await create('pods', pod('dear', { cpu: '100m' })), 201);
    await used({ pods: '0' }, 'best');
    await used({ pods: '1' }, 'not-best');
    await remove('pods', 'dear');
    await used({ pods: '0' }, 'not-best');
  });

  behaviour('ResourceQuota should verify ResourceQuota with terminating scopes.', async () => {
    const hard = { pods: '5', 'requests.cpu': '1', 'limits.cpu': '2' };
    await limit(hard, { scopes: ['Terminating'] }, 'ends');
    await limit(hard, { scopes: ['NotTerminating'] }, 'stays');
    const nothing = { pods: '0', 'requests.cpu': '0', 'limits.cpu': '0' };
    const something = { pods: '1', 'requests.cpu': '500m', 'limits.cpu': '1' };
    await used(nothing, 'ends');
    await used(nothing, 'stays');
    objectOf(await create('pods', pod('stays', { cpu: '500m' }, { cpu: '1' })), 201);
    await used(something, 'stays');
    await used(nothing, 'ends');
    await remove('pods', 'stays');
    await used(nothing, 'stays');
    objectOf(await create('pods', pod('ends', { cpu: '500m' }, { cpu: '1' }, { activeDeadlineSeconds: 3600 })), 201);
    await used(something, 'ends');
    await used(nothing, 'stays');
    await remove('pods', 'ends');
    await used(nothing, 'ends');
  });

  behaviour('ResourceQuota should apply changes to a resourcequota status', async () => {
    const hard = { cpu: '500m', memory: '500Mi' };
    await limit(hard);
    await eventually(async () => {
      includes(objectOf(await fetchApi('GET', `${quotaPath()}/status`)).status, { hard, used: { cpu: '0' } });
    });
    const other = { cpu: '1', memory: '1Gi' };
    const updated = await mutate(`${quotaPath()}/status`, (quota) => Object.assign(quota, { status: { hard: other } }));
    includes(updated, { status: { hard: other }, spec: { hard } });
    const third = { cpu: '2', memory: '2Gi' };
    const patched = objectOf(await applyPatch(`${quotaPath()}/status`, MERGE_PATCH, { status: { hard: third } }));
    includes(patched, { status: { hard: third }, spec: { hard } });
    // Upstream may take until its next full count.
    await eventually(async () => {
      includes(objectOf(await fetchApi('GET', quotaPath())), { spec: { hard }, status: { hard } });
    }, 330_000);
  });

  behaves('a quota counts claims by storage class, and objects that were there before it', async () => {
    const claim = (object: string, storage: string, storageClassName: string) => ({
      metadata: { name: object },
      spec: { accessModes: ['ReadWriteOnce'], storageClassName, resources: { requests: { storage } } },
    });
    objectOf(await create('persistentvolumeclaims', claim('plain', '1Gi', '')), 201);
    objectOf(await create('persistentvolumeclaims', claim('golden', '2Gi', 'gold')), 201);
    const gold = 'gold.storageclass.storage.k8s.io';
    await limit({
      persistentvolumeclaims: '9',
      'requests.storage': '9Gi',
      [`${gold}/requests.storage`]: '3Gi',
      [`${gold}/persistentvolumeclaims`]: '2',
    });
    await used({
      persistentvolumeclaims: '2',
      'requests.storage': '3Gi',
      [`${gold}/requests.storage`]: '2Gi',
      [`${gold}/persistentvolumeclaims`]: '1',
    });
    await refused('persistentvolumeclaims', claim('more', '2Gi', 'gold'), /exceeded quota/);
    await remove('persistentvolumeclaims', 'golden');
    // Whoever protects claims in use may have been faster.
    const unprotected = await applyPatch(path('persistentvolumeclaims', 'golden'), MERGE_PATCH, {
      metadata: { finalizers: null },
    });
    assert.ok([200, 404].includes(unprotected.status), unprotected.text);
    await used({ persistentvolumeclaims: '1', [`${gold}/requests.storage`]: '0' });
  });

  behaves('changed limits are counted anew', async () => {
    objectOf(await create('secrets', { metadata: { name: 'there' } }), 201);
    const before = await present('secrets');
    await limit({ configmaps: '9' });
    await used({ configmaps: String(await present('configmaps')) });
    await mutate(quotaPath(), (quota) => Object.assign(quota, { spec: { hard: { secrets: '9' } } }));
    await eventually(async () => {
      const { status } = objectOf(await fetchApi('GET', quotaPath()));
      assert.deepEqual(status, { hard: { secrets: '9' }, used: { secrets: String(before) } });
    });
  });
}, 340_000);
