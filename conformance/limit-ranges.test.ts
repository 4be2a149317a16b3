/** LimitRanges: their lives, and what they do to the pods of their namespace. */
import assert from 'node:assert/strict';
import {
  applyPatch,
  at,
  behaviour,
  eventually,
  fetchApi,
  includes,
  listOf,
  mutate,
  namesOf,
  objectOf,
  STRATEGIC_PATCH,
  statusOf,
  suite,
  testNamespace,
  uniqueName,
  watch,
} from './harness.ts';
import { samplePodSpec } from './kinds.ts';

/** An old server goes on with a range it had for a while after that is gone. */
const FORGETS_MS = 45_000;

const amounts = (cpu: string, memory: string, storage: string) => ({ cpu, memory, 'ephemeral-storage': storage });
const MIN = amounts('50m', '100Mi', '100Gi');
const MAX = amounts('500m', '500Mi', '500Gi');
const DEFAULT_REQUEST = amounts('100m', '200Mi', '200Gi');
const LOWER_MIN = amounts('9m', '49Mi', '49Gi');

const limit = { type: 'Container', min: MIN, max: MAX, default: MAX, defaultRequest: DEFAULT_REQUEST };

suite('limit ranges', () => {
  const namespace = testNamespace();
  const other = testNamespace();
  const collection = namespace.path('limitranges');
  const createPod = (name: string, resources: object) => {
    const containers = [{ name: 'main', image: 'example.invalid/main:1', resources }];
    const body = { metadata: { name }, spec: { ...samplePodSpec(), containers } };
    return fetchApi('POST', namespace.path('pods'), { body });
  };
  const resourcesOf = async (pod: string) =>
    at(objectOf(await fetchApi('GET', namespace.path('pods', pod))), 'spec.containers.0.resources');
  const refused = async (resources: object, causes: string[]) => {
    const status = statusOf(await createPod('refused', resources), { code: 403, reason: 'Forbidden' });
    assert.match(status.message ?? '', /^pods "refused" is forbidden: \[/);
    for (const cause of causes) assert.ok(status.message?.includes(cause), `${status.message} lacks ${cause}`);
  };
  const TOO_LITTLE = { requests: amounts('10m', '50Mi', '50Gi') };
  const TOO_MUCH = { requests: amounts('600m', '600Mi', '600Gi') };

  const row = 'LimitRange should create a LimitRange with defaults and ensure pod has those defaults applied.';
  behaviour(row, async () => {
    const run = uniqueName('limits');
    const selector = `labelSelector=time%3D${run}`;
    const before = listOf(await fetchApi('GET', `${collection}?${selector}`));
    assert.deepEqual(before.items, []);
    const stream = await watch(collection, `${selector}&resourceVersion=${before.metadata.resourceVersion}`);
    const body = { metadata: { name: 'limit-range', labels: { time: run } }, spec: { limits: [limit] } };
    objectOf(await fetchApi('POST', collection, { body }), 201);
    const [event] = await stream.until((events) => events.length > 0);
    stream.stop();
    assert.equal(event?.type, 'ADDED');
    const path = `${collection}/limit-range`;
    includes(objectOf(await fetchApi('GET', path)).spec, { limits: [limit] });

    // The server's own view of the ranges may lag behind.
    await eventually(async () => {
      const query = '?dryRun=All';
      const pod = { metadata: { name: 'dry' }, spec: samplePodSpec() };
      const answer = objectOf(await fetchApi('POST', `${namespace.path('pods')}${query}`, { body: pod }), 201);
      assert.ok(at(answer, 'spec.containers.0.resources.limits.cpu'));
    });
    objectOf(await createPod('no-resources', {}), 201);
    assert.deepEqual(await resourcesOf('no-resources'), { limits: MAX, requests: DEFAULT_REQUEST });
    // Where a limit is given and no request, the request is the limit and not the range's default.
    const partial = { requests: { memory: '150Mi', 'ephemeral-storage': '150Gi' }, limits: { cpu: '300m' } };
    objectOf(await createPod('partial', partial), 201);
    assert.deepEqual(await resourcesOf('partial'), {
      requests: amounts('300m', '150Mi', '150Gi'),
      limits: amounts('300m', '500Mi', '500Gi'),
    });
    await refused(TOO_LITTLE, [
      'minimum cpu usage per Container is 50m, but request is 10m',
      'minimum memory usage per Container is 100Mi, but request is 50Mi',
      'minimum ephemeral-storage usage per Container is 100Gi, but request is 50Gi',
    ]);
    await refuseMore();

    await mutate(path, (range) => {
      range.spec = { limits: [{ ...limit, min: LOWER_MIN }] };
    });
    includes(objectOf(await fetchApi('GET', path)).spec, { limits: [{ min: LOWER_MIN }] });
    await eventually(async () => objectOf(await createPod('little', TOO_LITTLE), 201));
    await refuseMore();

    assert.equal((await fetchApi('DELETE', `${path}?gracePeriodSeconds=30`)).status, 200);
    await eventually(async () => assert.deepEqual(listOf(await fetchApi('GET', collection)).items, []));
    await eventually(async () => objectOf(await createPod('much', TOO_MUCH), 201), FORGETS_MS);
  });

  const refuseMore = () =>
    refused({ requests: TOO_MUCH.requests, limits: TOO_MUCH.requests }, [
      'maximum cpu usage per Container is 500m, but limit is 600m',
      'maximum memory usage per Container is 500Mi, but limit is 600Mi',
      'maximum ephemeral-storage usage per Container is 500Gi, but limit is 600Gi',
    ]);

  behaviour('LimitRange should list, patch and delete a LimitRange by collection', async () => {
    const name = uniqueName('limitrange');
    const body = { metadata: { name, labels: { 'e2e-test': name, [name]: 'created' } }, spec: { limits: [limit] } };
    objectOf(await fetchApi('POST', collection, { body }), 201);
    objectOf(await fetchApi('POST', other.path('limitranges'), { body }), 201);
    const all = async () => listOf(await fetchApi('GET', `/api/v1/limitranges?labelSelector=e2e-test%3D${name}`));
    assert.equal((await all()).items.length, 2);
    const patch = { metadata: { labels: { [name]: 'patched' } }, spec: { limits: [{ ...limit, min: LOWER_MIN }] } };
    includes(objectOf(await applyPatch(`${collection}/${name}`, STRATEGIC_PATCH, patch)), patch);
    const patched = `${collection}?labelSelector=${name}%3Dpatched`;
    assert.deepEqual(namesOf(listOf(await fetchApi('GET', patched))), [name]);
    assert.equal((await fetchApi('DELETE', patched)).status, 200);
    assert.deepEqual(namesOf(listOf(await fetchApi('GET', patched))), []);
    const left = (await all()).items.map(({ metadata }) => metadata.namespace);
    assert.deepEqual(left, [other.name]);
    await fetchApi('DELETE', other.path('limitranges', name));
  });
}, 90_000);
