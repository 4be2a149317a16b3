/** ResourceQuotas as objects: what counts and refuses belongs to the quota controller and to admission. */
import assert from 'node:assert/strict';
import {
  applyPatch,
  at,
  behaves,
  behaviour,
  fetchApi,
  includes,
  listOf,
  MERGE_PATCH,
  mutate,
  namesOf,
  objectOf,
  STRATEGIC_PATCH,
  statusOf,
  suite,
  testNamespace,
  uniqueName,
  type WatchEvent,
  watch,
} from './harness.ts';

suite('resource quotas', () => {
  const namespace = testNamespace();
  const quotas = namespace.path('resourcequotas');
  const create = async (name: string, hard: object, labels?: object) =>
    objectOf(await fetchApi('POST', quotas, { body: { metadata: { name, labels }, spec: { hard } } }), 201);
  const selectorOf = (label: string) => `labelSelector=e2e-rq-label%3D${label}`;

  behaviour('ResourceQuota should be able to update and delete ResourceQuota.', async () => {
    const path = `${quotas}/test-quota`;
    const hard = { cpu: '1', memory: '500Mi' };
    includes(await create('test-quota', hard), { spec: { hard } });
    const wider = { cpu: '2', memory: '1Gi' };
    const updated = await mutate(path, (quota) => Object.assign(quota, { spec: { hard: wider } }));
    includes(updated, { spec: { hard: wider } });
    includes(objectOf(await fetchApi('GET', path)), { spec: { hard: wider } });
    assert.equal((await fetchApi('DELETE', path)).status, 200);
    statusOf(await fetchApi('GET', path), { code: 404, reason: 'NotFound' });
  });

  behaviour('ResourceQuota should manage the lifecycle of a ResourceQuota', async () => {
    const name = uniqueName('e2e-quota');
    const hard = { cpu: '1', memory: '500Mi' };
    await create(name, hard, { 'e2e-rq-label': name });
    includes(objectOf(await fetchApi('GET', `${quotas}/${name}`)), { spec: { hard } });
    const everywhere = `/api/v1/resourcequotas?${selectorOf(name)}`;
    assert.deepEqual(namesOf(listOf(await fetchApi('GET', everywhere))), [name]);
    const patch = { metadata: { labels: { [name]: 'patched' } }, spec: { hard: { memory: '750Mi' } } };
    const patched = objectOf(await applyPatch(`${quotas}/${name}`, STRATEGIC_PATCH, patch));
    includes(patched, { metadata: patch.metadata, spec: { hard: { cpu: '1', memory: '750Mi' } } });
    assert.equal((await fetchApi('DELETE', `${quotas}?${selectorOf(name)}`)).status, 200);
    statusOf(await fetchApi('GET', `${quotas}/${name}`), { code: 404, reason: 'NotFound' });
  });

  // Upstream's test of the status goes on to wait for the quota controller, which puts it right again.
  behaves('the status of a quota is read, replaced and patched apart from its spec', async () => {
    const name = uniqueName('e2e-rq-status');
    const path = `${quotas}/${name}`;
    const { resourceVersion } = listOf(await fetchApi('GET', quotas)).metadata;
    const stream = await watch(quotas, `resourceVersion=${resourceVersion}&${selectorOf(name)}`);
    const sees = (hard: object) => stream.until((events) => events.some((event) => hasHard(event, hard)));
    const first = { cpu: '500m', memory: '500Mi' };
    includes(await create(name, first, { 'e2e-rq-label': name }), { spec: { hard: first } });

    const updated = await mutate(`${path}/status`, (quota) => Object.assign(quota, { status: { hard: first } }));
    includes(updated, { spec: { hard: first }, status: { hard: first } });
    await sees(first);

    const second = { cpu: '1', memory: '1Gi' };
    includes(objectOf(await applyPatch(path, STRATEGIC_PATCH, { spec: { hard: second } })), { spec: { hard: second } });
    objectOf(await applyPatch(`${path}/status`, STRATEGIC_PATCH, { status: { hard: second } }));
    await sees(second);
    includes(objectOf(await fetchApi('GET', `${path}/status`)), { kind: 'ResourceQuota', status: { hard: second } });

    const third = { cpu: '2', memory: '2Gi' };
    const again = { spec: { hard: third }, status: { hard: third } };
    const repatched = objectOf(await applyPatch(`${path}/status`, STRATEGIC_PATCH, again));
    includes(repatched, { spec: { hard: second }, status: { hard: third } });
    await sees(third);
    stream.stop();
    includes(objectOf(await fetchApi('GET', path)), { spec: { hard: second } });
  });

  behaves('an ordinary write leaves the status alone', async () => {
    const quota = await create('no-status', { pods: '3' });
    const status = { hard: { pods: '7' }, used: { pods: '5' } };
    const patched = objectOf(await applyPatch(`${quotas}/no-status`, MERGE_PATCH, { status }));
    assert.notDeepEqual(at(patched, 'status.hard'), status.hard);
    assert.equal(patched.metadata.uid, quota.metadata.uid);
  });

  const refused: [what: string, spec: object, message: RegExp][] = [
    [
      'a negative amount',
      { hard: { pods: '-1' } },
      /spec\.hard\[pods\]: Invalid value: "-1": must be greater than or equal to 0/,
    ],
    ['half a pod', { hard: { pods: '500m' } }, /spec\.hard\[pods\]: Invalid value: .*must be an integer/],
    [
      'a resource nobody knows',
      { hard: { nothing: '1' } },
      /spec\.hard\[nothing\]: Invalid value: "nothing": must be a standard resource/,
    ],
    ['a scope nobody knows', { hard: { pods: '1' }, scopes: ['Nothing'] }, /spec\.scopes: (Unsupported|Invalid) value/],
  ];
  for (const [what, spec, message] of refused) {
    behaves(`${what} is refused`, async () => {
      statusOf(await fetchApi('POST', quotas, { body: { metadata: { name: 'refused' }, spec } }), {
        code: 422,
        reason: 'Invalid',
        message,
      });
    });
  }

  behaves('the scopes of a quota cannot change', async () => {
    const body = { metadata: { name: 'scoped' }, spec: { hard: { pods: '1' }, scopes: ['BestEffort'] } };
    objectOf(await fetchApi('POST', quotas, { body }), 201);
    const patch = { spec: { scopes: ['NotBestEffort'] } };
    statusOf(await applyPatch(`${quotas}/scoped`, MERGE_PATCH, patch), {
      code: 422,
      reason: 'Invalid',
      message: /spec\.scopes: Invalid value: .*: field is immutable/,
    });
  });
});

function hasHard({ object }: WatchEvent, hard: object): boolean {
  const seen = (at(object, 'status.hard') ?? {}) as Record<string, string>;
  return Object.entries(hard).every(([resource, amount]) => seen[resource] === amount);
}
