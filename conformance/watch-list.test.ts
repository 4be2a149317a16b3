/** WatchList: a list delivered as a stream, as client-go since 1.35 opens its informers. */
import assert from 'node:assert/strict';
import {
  applyPatch,
  behaves,
  describeEvents,
  fetchApi,
  MERGE_PATCH,
  objectOf,
  statusOf,
  suite,
  testNamespace,
  watch,
} from './harness.ts';
import { sampleConfigMap } from './kinds.ts';

const QUERY = 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
const END = 'k8s.io/initial-events-end';

suite('WatchList', () => {
  const namespace = testNamespace();
  const maps = namespace.path('configmaps');
  const mark = (events: { type: string; object: { metadata: { annotations?: Record<string, string> } } }[]) =>
    events.findIndex(({ type, object }) => type === 'BOOKMARK' && object.metadata.annotations?.[END] === 'true');

  for (const version of ['', '&resourceVersion=0']) {
    behaves(
      `sends what is there, a bookmark that ends it, then changes (${version || 'latest'})`,
      { since: 32 },
      async () => {
        const name = `there${version ? '-0' : ''}`;
        const labels = { [name]: 'yes' };
        objectOf(await fetchApi('POST', maps, { body: sampleConfigMap(`${name}-a`, labels) }), 201);
        const last = objectOf(await fetchApi('POST', maps, { body: sampleConfigMap(`${name}-b`, labels) }), 201);
        const stream = await watch(maps, `${QUERY}${version}&labelSelector=${name}`);
        const initial = await stream.until((all) => mark(all) >= 0);
        assert.equal(describeEvents(initial.slice(0, 2)), `ADDED ${name}-a, ADDED ${name}-b`);
        assert.equal(mark(initial), 2);
        const bookmark = initial[2]?.object;
        assert.equal(bookmark?.kind, 'ConfigMap');
        assert.ok(Number(bookmark?.metadata.resourceVersion) >= Number(last.metadata.resourceVersion));
        objectOf(await applyPatch(`${maps}/${name}-a`, MERGE_PATCH, { data: { key: 'later' } }));
        const events = await stream.until((all) => all.some(({ type }) => type === 'MODIFIED'));
        stream.stop();
        assert.equal(events.find(({ type }) => type === 'MODIFIED')?.object.metadata.name, `${name}-a`);
      },
    );
  }

  behaves('of an empty collection is the bookmark alone', { since: 32 }, async () => {
    const stream = await watch(maps, `${QUERY}&labelSelector=nobody`);
    const events = await stream.until((all) => all.length > 0);
    stream.stop();
    assert.equal(mark(events), 0);
  });

  behaves('from a version just written waits until the server has it', { since: 32 }, async () => {
    const created = objectOf(await fetchApi('POST', maps, { body: sampleConfigMap('fresh', { fresh: 'yes' }) }), 201);
    const query = `${QUERY}&resourceVersion=${created.metadata.resourceVersion}&labelSelector=fresh`;
    const stream = await watch(maps, query);
    const events = await stream.until((all) => mark(all) >= 0);
    stream.stop();
    assert.equal(describeEvents(events.slice(0, 1)), 'ADDED fresh');
  });

  behaves('needs resourceVersionMatch=NotOlderThan', { since: 32 }, async () => {
    const path = `${maps}?watch=true&sendInitialEvents=true&allowWatchBookmarks=true&timeoutSeconds=1`;
    statusOf(await fetchApi('GET', path), { code: 422, reason: 'Invalid', message: /resourceVersionMatch/ });
  });

  behaves('sendInitialEvents=false starts after what is there', { since: 32 }, async () => {
    const list = await fetchApi('GET', maps);
    const version = list.json<{ metadata: { resourceVersion: string } }>().metadata.resourceVersion;
    const query = `sendInitialEvents=false&resourceVersionMatch=NotOlderThan&resourceVersion=${version}&labelSelector=later`;
    const stream = await watch(maps, query);
    objectOf(await fetchApi('POST', maps, { body: sampleConfigMap('later', { later: 'yes' }) }), 201);
    const events = await stream.until((all) => all.length > 0);
    stream.stop();
    assert.equal(describeEvents(events), 'ADDED later');
  });
});
