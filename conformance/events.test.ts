/** Events, which are one kind under two groups: core's and events.k8s.io's. */
import assert from 'node:assert/strict';
import {
  applyPatch,
  behaves,
  behaviour,
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
  type Wire,
} from './harness.ts';

const series = { count: 100, lastObservedTime: '2017-09-19T13:49:16.000000Z' };

/** What must be equal when nothing but the named fields were written. */
function withoutBookkeeping({ metadata, ...rest }: Wire): object {
  const { resourceVersion: _version, managedFields: _fields, ...kept } = metadata;
  return { ...rest, metadata: kept };
}

/** Two paths and an event's own form: what the lifecycle of events is the same over. */
interface Form {
  collection: string;
  everywhere: string;
  sample(name: string, label: string): object;
  /** What may be patched. */
  patch: object;
}

async function runLifecycle({ collection, everywhere, sample, patch }: Form): Promise<void> {
  const path = `${collection}/event-test`;
  const selector = 'labelSelector=testevent-constant%3Dtrue';
  const found = async (where: string, name = 'event-test') => {
    const { items } = listOf(await fetchApi('GET', `${where}?${selector}`));
    return items.some(({ metadata }) => metadata.name === name && path.includes(`/${metadata.namespace}/`));
  };
  objectOf(await fetchApi('POST', collection, { body: sample('event-test', 'testevent-constant') }), 201);
  assert.ok(await found(everywhere), 'over all namespaces');
  assert.ok(await found(collection), 'in its namespace');

  const before = objectOf(await fetchApi('GET', path));
  objectOf(await applyPatch(path, STRATEGIC_PATCH, patch));
  const patched = objectOf(await fetchApi('GET', path));
  const expected = { ...withoutBookkeeping(before), ...patch };
  assert.deepEqual(withoutBookkeeping(patched), expected);

  await mutate(path, (event) => Object.assign(event, { series }));
  const updated = objectOf(await fetchApi('GET', path));
  assert.deepEqual(withoutBookkeeping(updated), { ...expected, series });

  assert.equal((await fetchApi('DELETE', path)).status, 200);
  statusOf(await fetchApi('GET', path), { code: 404, reason: 'NotFound' });
  assert.equal(await found(everywhere), false);
  assert.equal(await found(collection), false);
}

async function runCollection({ collection, sample }: Form): Promise<void> {
  const names = ['test-event-1', 'test-event-2', 'test-event-3'];
  const path = `${collection}?labelSelector=testevent-set%3Dtrue`;
  for (const name of names) objectOf(await fetchApi('POST', collection, { body: sample(name, 'testevent-set') }), 201);
  objectOf(await fetchApi('POST', collection, { body: sample('test-event-kept', 'testevent-kept') }), 201);
  assert.deepEqual(namesOf(listOf(await fetchApi('GET', path))), names);
  assert.equal((await fetchApi('DELETE', path)).status, 200);
  assert.deepEqual(namesOf(listOf(await fetchApi('GET', path))), []);
  objectOf(await fetchApi('GET', `${collection}/test-event-kept`));
}

suite('core events', () => {
  const namespace = testNamespace();
  const form: Form = {
    collection: namespace.path('events'),
    everywhere: '/api/v1/events',
    sample: (name, label) => ({
      metadata: { name, labels: { [label]: 'true' } },
      message: `This is ${name}`,
      reason: 'Test',
      type: 'Normal',
      count: 1,
      involvedObject: { namespace: namespace.name },
    }),
    patch: { message: 'This is a test event - patched' },
  };

  behaviour('Events should manage the lifecycle of an event', () => runLifecycle(form));
  behaviour('Events should delete a collection of events', () => runCollection(form));
});

suite('events of events.k8s.io', () => {
  const namespace = testNamespace();
  const group = '/apis/events.k8s.io/v1';
  const form: Form = {
    collection: `${group}/namespaces/${namespace.name}/events`,
    everywhere: `${group}/events`,
    sample: (name, label) => ({
      metadata: { name, labels: { [label]: 'true' } },
      regarding: { namespace: namespace.name },
      eventTime: '2017-09-19T13:49:16.000000Z',
      note: `This is ${name}`,
      action: 'Do',
      reason: 'Test',
      type: 'Normal',
      reportingController: 'test-controller',
      reportingInstance: 'test-node',
    }),
    patch: { series: { count: 2, lastObservedTime: '2017-09-19T13:49:11.000000Z' } },
  };

  behaviour('Events API should ensure that an event can be fetched, patched, deleted, and listed', async () => {
    await runLifecycle(form);
    objectOf(await fetchApi('POST', form.collection, { body: form.sample('selected', 'selected') }), 201);
    for (const path of [
      `${namespace.path('events')}?fieldSelector=source%3Dtest-controller`,
      `${form.collection}?fieldSelector=reportingController%3Dtest-controller`,
    ]) {
      assert.deepEqual(namesOf(listOf(await fetchApi('GET', path))), ['selected'], path);
    }
    for (const path of [
      `${namespace.path('events')}?fieldSelector=source%3Dother`,
      `${form.collection}?fieldSelector=reportingController%3Dother`,
    ]) {
      assert.deepEqual(namesOf(listOf(await fetchApi('GET', path))), [], path);
    }
  });

  behaviour('Events API should delete a collection of events', () => runCollection(form));

  behaves('one event has two faces', async () => {
    objectOf(await fetchApi('POST', form.collection, { body: form.sample('faces', 'faces') }), 201);
    includes(objectOf(await fetchApi('GET', namespace.path('events', 'faces'))), {
      apiVersion: 'v1',
      message: 'This is faces',
      involvedObject: { namespace: namespace.name },
      reportingComponent: 'test-controller',
      note: undefined,
    });
    includes(objectOf(await fetchApi('GET', `${form.collection}/faces`)), {
      apiVersion: 'events.k8s.io/v1',
      note: 'This is faces',
      message: undefined,
    });
  });

  behaves('of an event nothing but the series may change here', { since: 22 }, async () => {
    objectOf(await fetchApi('POST', form.collection, { body: form.sample('kept', 'kept') }), 201);
    const path = `${form.collection}/kept`;
    statusOf(await applyPatch(path, STRATEGIC_PATCH, { note: 'other' }), {
      code: 422,
      reason: 'Invalid',
      message: 'Event "kept" is invalid: message: Invalid value: "other": field is immutable',
    });
    statusOf(await applyPatch(path, STRATEGIC_PATCH, { series: { ...series, count: 1 } }), {
      code: 422,
      message: 'Event "kept" is invalid: series.count: Invalid value: "": should be at least 2',
    });
  });

  const missing: [field: string, message: RegExp][] = [
    ['eventTime', /eventTime: Required value/],
    ['action', /action: Required value/],
    ['reason', /reason: Required value/],
    ['reportingController', /reportingController: Required value/],
    ['reportingInstance', /reportingInstance: Required value/],
  ];
  for (const [field, message] of missing) {
    behaves(`an event without ${field} is refused`, async () => {
      const body = { ...form.sample('partial', 'partial'), [field]: undefined };
      statusOf(await fetchApi('POST', form.collection, { body }), { code: 422, reason: 'Invalid', message });
    });
  }
});
