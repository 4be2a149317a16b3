import assert from 'node:assert/strict';
import { settle } from '../../base/fake-clock.ts';
import type { ApiResult, WatchFrame } from '../http/request.ts';
import {
  configMap,
  type Fixture,
  NAMESPACE,
  plain,
  refusedAs,
  until,
  WRITE,
  withRegistry,
} from '../registry/store/store.fixture.ts';
import { objectOf } from './present.ts';
import { handle, pathTo, requestTo } from './verbs.fixture.ts';

const MAPS = pathTo('configmaps');

/** Follows a watch in the background: its events as `TYPE name`, bookmarks as `BOOKMARK revision`. */
async function follow(fixture: Fixture, pathAndQuery: string) {
  const abort = new AbortController();
  const result = await handle(fixture, requestTo('GET', pathAndQuery, { signal: abort.signal }));
  assert.equal(result.kind, 'watch');
  const { frames } = result as Extract<ApiResult, { kind: 'watch' }>;
  const events: string[] = [];
  let ended = false;
  const done = (async () => {
    for await (const batch of frames) events.push(...batch.map(describeFrame));
    ended = true;
  })();
  return {
    events,
    abort,
    done,
    isEnded: () => ended,
    stop: async () => {
      abort.abort();
      await done;
    },
  };
}

function describeFrame({ type, object }: WatchFrame): string {
  const { metadata } = objectOf(object);
  const end = metadata?.annotations?.['k8s.io/initial-events-end'] === 'true' ? ' end' : '';
  return type === 'BOOKMARK' ? `BOOKMARK ${metadata?.resourceVersion}${end}` : `${type} ${metadata?.name}`;
}

const make = ({ store }: Fixture, name: string) => store('configmaps').create(NAMESPACE, configMap(name), WRITE);

describe('a watch', () => {
  it(
    'without a version begins with what there is, with one after it',
    withRegistry(async (fixture) => {
      await make(fixture, 'a');
      const second = plain(await make(fixture, 'b')).metadata?.resourceVersion;
      const all = await follow(fixture, `${MAPS}?watch=true`);
      const zero = await follow(fixture, `${MAPS}?watch=1&resourceVersion=0`);
      const later = await follow(fixture, `${MAPS}?watch=true&resourceVersion=${second}`);
      const one = await follow(fixture, `${MAPS}/b?watch=true`);
      await make(fixture, 'c');
      await until(() => later.events.length > 0 && all.events.length > 2, 'the event arrives');
      for (const watch of [all, zero, later, one]) await watch.stop();
      assert.deepEqual(all.events, ['ADDED a', 'ADDED b', 'ADDED c']);
      assert.deepEqual(zero.events, all.events);
      assert.deepEqual(later.events, ['ADDED c']);
      assert.deepEqual(one.events, ['ADDED b']);
    }),
  );

  it(
    'of a list in one begins with what there is, and says where that ends',
    withRegistry(async (fixture) => {
      await make(fixture, 'a');
      const query = 'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
      const watch = await follow(fixture, `${MAPS}?${query}`);
      await until(() => watch.events.length === 2, 'the initial events');
      assert.deepEqual(watch.events, ['ADDED a', `BOOKMARK ${fixture.cache.revision} end`]);
      await watch.stop();
    }),
  );

  it(
    'ends with a bookmark, where the client wants them, when its time is up',
    withRegistry(async (fixture) => {
      const watch = await follow(fixture, `${MAPS}?watch=1&timeoutSeconds=5&allowWatchBookmarks=true`);
      await fixture.clock.advance(4_999);
      assert.equal(watch.isEnded(), false);
      await fixture.clock.advance(1);
      await watch.done;
      assert.match(watch.events.at(-1) ?? '', /^BOOKMARK \d+$/);
    }),
  );

  it(
    'sends a bookmark each minute when nothing happens',
    withRegistry(async (fixture) => {
      const watch = await follow(fixture, `${MAPS}?watch=1&allowWatchBookmarks=true`);
      for (let i = 0; i < 130; i++) {
        // Elsewhere something does.
        await fixture.store('secrets').create(NAMESPACE, { metadata: { name: `s${i}` } }, WRITE);
        await fixture.clock.advance(1_000);
      }
      assert.equal(watch.events.length, 2, String(watch.events));
      await watch.stop();
    }),
  );

  it(
    'leaves no timer when its consumer stops, though its signal stays',
    withRegistry(async (fixture) => {
      const { signal, abort } = (() => {
        const controller = new AbortController();
        return { signal: controller.signal, abort: () => controller.abort() };
      })();
      const result = await handle(fixture, requestTo('GET', `${MAPS}?watch=1`, { signal }));
      const { frames } = result as Extract<ApiResult, { kind: 'watch' }>;
      const iterator = frames[Symbol.asyncIterator]();
      const first = iterator.next();
      await make(fixture, 'a');
      await first;
      await iterator.return?.();
      await fixture.clock.advance(1_000);
      assert.equal(fixture.clock.timers, 0);
      abort();
    }),
  );

  it(
    'begins no watch for a client that is gone already',
    withRegistry(async (fixture) => {
      const request = requestTo('GET', `${MAPS}?watch=1`, { signal: AbortSignal.abort() });
      const { frames } = (await handle(fixture, request)) as Extract<ApiResult, { kind: 'watch' }>;
      for await (const batch of frames) assert.deepEqual(batch, []);
      await settle();
      assert.equal(fixture.clock.timers, 0);
    }),
  );

  const refused: { title: string; query: string; reason: string; message: RegExp }[] = [
    {
      title: 'initial events without a match',
      query: 'sendInitialEvents=true',
      reason: 'Invalid',
      message: /sendInitialEvents requires setting resourceVersionMatch to NotOlderThan$/,
    },
    {
      title: 'a match without initial events',
      query: 'resourceVersionMatch=NotOlderThan',
      reason: 'Invalid',
      message: /resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided$/,
    },
    {
      title: 'a version that is no number',
      query: 'resourceVersion=x',
      reason: 'BadRequest',
      message: /invalid syntax/,
    },
    { title: 'a timeout that is no number', query: 'timeoutSeconds=x', reason: 'BadRequest', message: /ParseInt/ },
    { title: 'a broken selector', query: 'labelSelector=a%3D%3D%3Db', reason: 'BadRequest', message: /./ },
    {
      title: 'a field nobody knows',
      query: 'fieldSelector=spec.none%3Dx',
      reason: 'BadRequest',
      message: /is not a known field selector: only "metadata.name", "metadata.namespace"$/,
    },
  ];
  for (const { title, query, reason, message } of refused) {
    it(
      `is refused: ${title}`,
      withRegistry(async (fixture) => {
        await assert.rejects(handle(fixture, requestTo('GET', `${MAPS}?watch=1&${query}`)), refusedAs(reason, message));
      }),
    );
  }
});
