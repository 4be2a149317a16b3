/** Watches: what they deliver, from where, and how they end. */
import assert from 'node:assert/strict';
import {
  applyPatch,
  behaves,
  behaviour,
  describeEvents,
  fetchApi,
  includes,
  listOf,
  MERGE_PATCH,
  objectOf,
  refusedWatch,
  statusOf,
  suite,
  testNamespace,
  type WatchEvent,
  watch,
} from './harness.ts';
import { sampleConfigMap, samplePod } from './kinds.ts';

suite('watch', () => {
  const namespace = testNamespace();
  const maps = namespace.path('configmaps');
  const create = async (name: string, labels?: Record<string, string>) =>
    objectOf(await fetchApi('POST', maps, { body: sampleConfigMap(name, labels) }), 201);
  const patch = async (name: string, body: object) => objectOf(await applyPatch(`${maps}/${name}`, MERGE_PATCH, body));
  const remove = (name: string) => fetchApi('DELETE', `${maps}/${name}`);
  const now = async () => listOf(await fetchApi('GET', maps)).metadata.resourceVersion;

  behaviour('Watchers should observe add, update, and delete watch notifications on configmaps', async () => {
    const version = await now();
    const on = (label: string) =>
      watch(maps, `resourceVersion=${version}&labelSelector=${encodeURIComponent(`watch-this in (${label})`)}`);
    const streams = { a: await on('a'), b: await on('b'), both: await on('a,b') };
    await create('life-a', { 'watch-this': 'a' });
    await patch('life-a', { data: { mutation: '1' } });
    await patch('life-a', { data: { mutation: '2' } });
    await remove('life-a');
    await create('life-b', { 'watch-this': 'b' });
    await remove('life-b');
    const ofA = ['ADDED life-a', 'MODIFIED life-a', 'MODIFIED life-a', 'DELETED life-a'];
    const ofB = ['ADDED life-b', 'DELETED life-b'];
    const expected = { a: ofA, b: ofB, both: [...ofA, ...ofB] };
    for (const [name, sequence] of Object.entries(expected)) {
      const stream = streams[name as keyof typeof streams];
      const events = await stream.until((all) => all.length === sequence.length);
      assert.equal(describeEvents(events), sequence.join(', '), name);
      const versions = events.map(({ object }) => Number(object.metadata.resourceVersion));
      assert.deepEqual(
        versions,
        versions.toSorted((one, other) => one - other),
      );
      for (const { object } of events) assert.deepEqual([object.kind, object.apiVersion], ['ConfigMap', 'v1']);
    }
    for (const stream of Object.values(streams)) stream.stop();
    includes(streams.a.events[1]?.object, { data: { mutation: '1' } });
    includes(streams.a.events[3]?.object, { data: { mutation: '2' } });
  });

  behaviour('Watchers should be able to start watching from a specific resource version', async () => {
    await create('from');
    const second = await patch('from', { data: { key: '2' } });
    const third = await patch('from', { data: { key: '3' } });
    const query = `resourceVersion=${second.metadata.resourceVersion}&fieldSelector=metadata.name%3Dfrom`;
    const stream = await watch(maps, query);
    const [first] = await stream.until((all) => all.length > 0);
    stream.stop();
    assert.equal(first?.type, 'MODIFIED');
    assert.equal(first?.object.metadata.resourceVersion, third.metadata.resourceVersion);
  });

  behaviour(
    'Watchers should be able to restart watching from the last resource version observed by the previous watch',
    async () => {
      const before = await watch(maps, `resourceVersion=${await now()}&fieldSelector=metadata.name%3Dagain`);
      await create('again');
      const seen = await before.until((all) => all.length === 1);
      before.stop();
      await patch('again', { data: { key: 'meanwhile' } });
      await remove('again');
      const version = seen[0]?.object.metadata.resourceVersion;
      const after = await watch(maps, `resourceVersion=${version}&fieldSelector=metadata.name%3Dagain`);
      const events = await after.until((all) => all.length === 2);
      after.stop();
      assert.equal(describeEvents(events), 'MODIFIED again, DELETED again');
    },
  );

  behaviour(
    'Watchers should observe an object deletion if it stops meeting the requirements of the selector',
    async () => {
      const stream = await watch(maps, `resourceVersion=${await now()}&labelSelector=watched%3Dyes`);
      await create('selected', { watched: 'yes' });
      await patch('selected', { metadata: { labels: { watched: 'no' } } });
      await patch('selected', { data: { key: 'unseen' } });
      await patch('selected', { metadata: { labels: { watched: 'yes' } } });
      await patch('selected', { data: { key: 'seen' } });
      await remove('selected');
      const events = await stream.until((all) => all.at(-1)?.type === 'DELETED' && all.length > 4);
      stream.stop();
      assert.deepEqual(
        events.map(({ type }) => type),
        ['ADDED', 'DELETED', 'ADDED', 'MODIFIED', 'DELETED'],
      );
      assert.equal(events[1]?.object.metadata.labels?.watched, 'yes', 'the last state that matched');
    },
  );

  behaviour('Watchers should receive events on concurrent watches in same order', async () => {
    const first = await watch(maps, `resourceVersion=${await now()}&labelSelector=order`);
    await Promise.all(
      Array.from({ length: 5 }, async (_, i) => {
        await create(`order-${i}`, { order: 'yes' });
        await patch(`order-${i}`, { data: { key: 'changed' } });
        await remove(`order-${i}`);
      }),
    );
    const line = ({ type, object }: WatchEvent) => `${type} ${object.metadata.resourceVersion}`;
    const sequence = await first.until((all) => all.length === 15);
    first.stop();
    // One more watch from each event on: it sees what came after it, in the same order.
    for (const [index, { object }] of sequence.slice(0, -1).entries()) {
      const rest = sequence.slice(index + 1).map(line);
      const stream = await watch(maps, `resourceVersion=${object.metadata.resourceVersion}&labelSelector=order`);
      const events = await stream.until((all) => all.length === rest.length);
      stream.stop();
      assert.deepEqual(events.map(line), rest, `from ${object.metadata.resourceVersion}`);
    }
  });

  behaves('without a resourceVersion, or from 0, it begins with what is there', async () => {
    await create('present', { initial: 'yes' });
    for (const query of ['', 'resourceVersion=0&']) {
      const stream = await watch(maps, `${query}labelSelector=initial`);
      const events = await stream.until((all) => all.length === 1);
      stream.stop();
      assert.equal(describeEvents(events), 'ADDED present');
    }
  });

  behaves('of one object, by its path of old', async () => {
    await create('single');
    const stream = await watch(`${maps.replace('/api/v1/', '/api/v1/watch/')}/single`, '');
    const events = await stream.until((all) => all.length === 1);
    stream.stop();
    assert.equal(describeEvents(events), 'ADDED single');
  });

  behaves('of all namespaces, and through a field selector of pods', async () => {
    const pods = namespace.path('pods');
    const list = listOf(await fetchApi('GET', pods));
    const query = `resourceVersion=${list.metadata.resourceVersion}&fieldSelector=`;
    const bound = await watch('/api/v1/pods', `${query}spec.nodeName%3Dconformance-watched`);
    objectOf(await fetchApi('POST', pods, { body: samplePod('to-bind') }), 201);
    const body = { metadata: { name: 'to-bind' }, target: { kind: 'Node', name: 'conformance-watched' } };
    assert.equal((await fetchApi('POST', `${pods}/to-bind/binding`, { body })).status, 201);
    const events = await bound.until((all) => all.length > 0);
    bound.stop();
    assert.equal(describeEvents(events.slice(0, 1)), 'ADDED to-bind');
  });

  behaves('timeoutSeconds ends the stream', async () => {
    const stream = await watch(maps, `resourceVersion=${await now()}&timeoutSeconds=1&labelSelector=none`);
    assert.deepEqual(await stream.ended(8000), []);
  });

  behaves('bookmarks come when asked for, at the latest as the stream ends', async () => {
    const version = await now();
    const query = `resourceVersion=${version}&allowWatchBookmarks=true&timeoutSeconds=5&labelSelector=none`;
    const stream = await watch(maps, query);
    // A write that the selector does not let through: without it there is nothing to mark.
    await create('marked');
    const events = await stream.ended();
    const mark = events.at(-1);
    assert.equal(mark?.type, 'BOOKMARK', describeEvents(events));
    assert.equal(mark?.object.kind, 'ConfigMap');
    assert.ok(Number(mark?.object.metadata.resourceVersion) > Number(version));
  });

  behaves('a resourceVersion of the future waits or is refused, but delivers nothing', async () => {
    const answer = await fetchApi('GET', `${maps}?watch=true&resourceVersion=999999999999&timeoutSeconds=1`);
    const types = answer.text
      .split('\n')
      .filter(Boolean)
      .map((line) => (JSON.parse(line) as { type?: string }).type);
    assert.ok(!types.includes('ADDED') && !types.includes('MODIFIED'), answer.text);
  });

  behaves('a resourceVersion that is no number is refused', async () => {
    const { error, ...answer } = await refusedWatch(maps, 'resourceVersion=abc');
    assert.equal(error, undefined);
    const message = /resourceVersion: Invalid value: "abc"/;
    statusOf(answer, { code: [400, 422, 500], message });
  });

  behaves('a selector that cannot be read is refused before the stream', async () => {
    statusOf(await refusedWatch(maps, 'labelSelector=a%3D%3D%3Db'), { code: 400, reason: 'BadRequest' });
  });

  behaves('the answer is JSON, in chunks', async () => {
    const answer = await fetchApi('GET', `${maps}?watch=true&timeoutSeconds=1`);
    assert.equal(answer.headers['content-type'], 'application/json');
    assert.equal(answer.headers['transfer-encoding'], 'chunked');
  });

  behaves('as a Table it carries rows', async () => {
    await create('row', { tabled: 'yes' });
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
    const stream = await watch(maps, 'labelSelector=tabled', { accept });
    const [event] = await stream.until((all) => all.length > 0);
    await patch('row', { data: { key: 'changed' } });
    const [, second] = await stream.until((all) => all.length > 1);
    stream.stop();
    assert.equal(event?.object.kind, 'Table');
    assert.ok(Array.isArray(event?.object.columnDefinitions) && event.object.columnDefinitions.length > 0);
    includes(event?.object, { rows: [{ object: { metadata: { name: 'row' } } }] });
    assert.equal(second?.object.kind, 'Table');
    assert.ok(!Array.isArray(second?.object.columnDefinitions), 'only the first event names the columns');
  });
});

suite('watch from a resourceVersion that is too old', () => {
  const namespace = testNamespace();

  /** kubets compacts on its own account; the real server keeps five minutes, too long to wait for, so 1 must do. */
  behaves('ends with an ERROR event or an answer of 410 Expired, or it replays everything since', async () => {
    const maps = namespace.path('configmaps');
    objectOf(await fetchApi('POST', maps, { body: sampleConfigMap('replayed') }), 201);
    const { error, ...answer } = await refusedWatch(maps, 'resourceVersion=1');
    if (answer.status === 410) statusOf(answer, { code: 410, reason: 'Expired' });
    else if (error) {
      assert.equal(error.code, 410);
      assert.equal(error.reason, 'Expired');
      assert.match(error.message ?? '', /^too old resource version: 1 \(\d+\)$/);
    } else assert.match(answer.text, /"type":"ADDED".*"replayed"/);
  });
});
