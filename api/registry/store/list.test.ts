import assert from 'node:assert/strict';
import { parseFieldSelector, parseLabelSelector } from '../../../openapi/selectors.ts';
import { type ListPage, type ListQuery, listResource } from './list.ts';
import { configMap, type Fixture, NAMESPACE, refusedAs, until, WRITE, withRegistry } from './store.fixture.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e'];
const EVERYTHING: ListQuery = {
  namespace: NAMESPACE,
  labels: [],
  fields: [],
  limit: 0,
  continue: '',
  resourceVersion: '',
  resourceVersionMatch: '',
};
const list = ({ store, clock }: Fixture, query: Partial<ListQuery> = {}, signal = new AbortController().signal) =>
  listResource(store('configmaps'), { ...EVERYTHING, ...query }, clock, signal);
const namesOf = (page: ListPage) => page.items.map((item) => item.object.metadata?.name ?? '');

const withMaps = (test: (fixture: Fixture) => Promise<void>) =>
  withRegistry(async (fixture) => {
    await fixture.store('namespaces').create('', { metadata: { name: 'other' } }, WRITE);
    for (const name of NAMES) {
      const labels = { app: name < 'c' ? 'first' : 'second' };
      await fixture.store('configmaps').create(NAMESPACE, { metadata: { name, labels } }, WRITE);
    }
    await fixture.store('configmaps').create('other', configMap('z'), WRITE);
    await test(fixture);
  });

describe('a list', () => {
  const whole: { title: string; query: Partial<ListQuery>; names: string[] }[] = [
    { title: 'a namespace', query: {}, names: NAMES },
    { title: 'all namespaces', query: { namespace: '' }, names: ['z', ...NAMES] },
    { title: 'a namespace that does not exist', query: { namespace: 'none' }, names: [] },
    { title: 'labels', query: { labels: parseLabelSelector('app=first') }, names: ['a', 'b'] },
    { title: 'a name', query: { fields: parseFieldSelector('metadata.name=c') }, names: ['c'] },
    { title: 'version 0', query: { resourceVersion: '0' }, names: NAMES },
    { title: 'no older version', query: { resourceVersion: '2', resourceVersionMatch: 'NotOlderThan' }, names: NAMES },
  ];
  for (const { title, query, names } of whole) {
    it(
      `has what there is of ${title}`,
      withMaps(async (fixture) => {
        const page = await list(fixture, query);
        assert.deepEqual(namesOf(page), names);
        assert.equal(page.metadata.resourceVersion, String(fixture.cache.revision));
        assert.equal(page.metadata.continue, undefined);
      }),
    );
  }

  for (const limit of [1, 2, 4, 5, 9]) {
    it(
      `comes whole and once in pages of ${limit}, as of the first page, whatever is written meanwhile`,
      withMaps(async (fixture) => {
        const seen: string[] = [];
        const revisions = new Set<string>();
        let token = '';
        do {
          const page = await list(fixture, { limit, continue: token });
          seen.push(...namesOf(page));
          revisions.add(page.metadata.resourceVersion);
          token = page.metadata.continue ?? '';
          if (token) assert.equal(page.metadata.remainingItemCount, NAMES.length - seen.length);
          if (seen.length === limit) {
            await fixture.store('configmaps').create(NAMESPACE, configMap('aa'), WRITE);
            await fixture.store('configmaps').delete(NAMESPACE, 'e', {}, WRITE);
          }
        } while (token);
        assert.deepEqual(seen, NAMES);
        assert.equal(revisions.size, 1);
      }),
    );
  }

  it(
    'in pages with a selector does not say how many remain',
    withMaps(async (fixture) => {
      const page = await list(fixture, { limit: 1, labels: parseLabelSelector('app=second') });
      assert.deepEqual(namesOf(page), ['c']);
      assert.ok(page.metadata.continue);
      assert.equal(page.metadata.remainingItemCount, undefined);
      await fixture.store('configmaps').create(NAMESPACE, configMap('late'), WRITE);
      const rest = await list(fixture, {
        limit: 5,
        labels: parseLabelSelector('app=second'),
        continue: page.metadata.continue ?? '',
      });
      assert.deepEqual(namesOf(rest), ['d', 'e']);
    }),
  );

  it(
    'as of an exact version has what there was then',
    withMaps(async (fixture) => {
      const before = String(fixture.cache.revision);
      await fixture.store('configmaps').delete(NAMESPACE, 'a', {}, WRITE);
      const page = await list(fixture, { resourceVersion: before, resourceVersionMatch: 'Exact' });
      assert.deepEqual(namesOf(page), NAMES);
      assert.equal(page.metadata.resourceVersion, before);
    }),
  );

  it(
    'waits for a version that is about to come',
    withMaps(async (fixture) => {
      const next = String(fixture.cache.revision + 1);
      const waiting = list(fixture, { resourceVersion: next });
      await fixture.store('configmaps').create(NAMESPACE, configMap('f'), WRITE);
      assert.deepEqual(namesOf(await waiting), [...NAMES, 'f']);
    }),
  );

  it(
    'waits three seconds for one that does not come, and not at all for a client that is gone',
    withMaps(async (fixture) => {
      const late = assert.rejects(
        list(fixture, { resourceVersion: '99999' }),
        refusedAs('Timeout', /^Timeout: Too large resource version: 99999, current: \d+$/),
      );
      await until(() => fixture.clock.timers === 1, 'it waits');
      await fixture.clock.advance(3_000);
      await late;
      const abort = new AbortController();
      const gone = assert.rejects(list(fixture, { resourceVersion: '99999' }, abort.signal), /it left/);
      abort.abort(new Error('it left'));
      await gone;
      assert.equal(fixture.clock.timers, 0);
    }),
  );

  it(
    'goes on at the key of a token, whoever made it, and not outside of what is listed',
    withMaps(async (fixture) => {
      const goOn = async (rv: number, start: string, query: Partial<ListQuery> = {}) => {
        const token = Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv, start })).toString('base64url');
        return namesOf(await list(fixture, { ...query, continue: token }));
      };
      const { revision } = fixture.cache;
      for (const rv of [-1, revision, revision - 1]) {
        assert.deepEqual(await goOn(rv, 'c\u0000'), ['c', 'd', 'e']);
        assert.deepEqual(await goOn(rv, 'c/d'), ['d', 'e']);
        assert.deepEqual(await goOn(rv, 'zzz'), []);
      }
      assert.deepEqual(await goOn(-1, 'other/z', { namespace: '' }), ['z', ...NAMES]);
    }),
  );

  it(
    'tells who comes back too late, and how to go on',
    withMaps(async (fixture) => {
      const { metadata } = await list(fixture, { limit: 2 });
      const first = fixture.cache.revision;
      await fixture.store('configmaps').create(NAMESPACE, configMap('f'), WRITE);
      await fixture.storage.compact(fixture.cache.revision);
      const late = list(fixture, { limit: 9, continue: metadata.continue ?? '' });
      const error = await late.then(
        () => assert.fail('it was not refused'),
        (refusal: unknown) => refusal,
      );
      assert.ok(refusedAs('Expired', /^The provided continue parameter is too old/)(error));
      const { status } = error as { status: { code: number; metadata: { continue?: string } } };
      assert.equal(status.code, 410);
      const rest = await list(fixture, { continue: status.metadata.continue ?? '' });
      assert.deepEqual(namesOf(rest), ['c', 'd', 'e', 'f']);
      await assert.rejects(
        list(fixture, { resourceVersion: String(first - 2), resourceVersionMatch: 'Exact' }),
        (refusal: { code?: number }) => refusal.code === 410,
      );
    }),
  );

  const refused: { title: string; query: Partial<ListQuery>; reason: string; message: RegExp }[] = [
    {
      title: 'a version that is no number',
      query: { resourceVersion: 'x' },
      reason: 'BadRequest',
      message: /ParseUint/,
    },
    { title: 'a negative version', query: { resourceVersion: '-1' }, reason: 'BadRequest', message: /ParseUint/ },
    { title: 'a token that is none', query: { continue: 'x' }, reason: 'BadRequest', message: /continue/ },
    {
      title: 'a token and a version',
      query: { continue: 'x', resourceVersion: '5' },
      reason: 'BadRequest',
      message: /^specifying resource version is not allowed when using continue$/,
    },
    {
      title: 'a match without a version',
      query: { resourceVersionMatch: 'Exact' },
      reason: 'Invalid',
      message: /resourceVersionMatch is forbidden unless resourceVersion is provided$/,
    },
    {
      title: 'an exact match of version 0',
      query: { resourceVersion: '0', resourceVersionMatch: 'Exact' },
      reason: 'Invalid',
      message: /is forbidden for resourceVersion "0"$/,
    },
    {
      title: 'an unknown match',
      query: { resourceVersion: '1', resourceVersionMatch: 'Near' },
      reason: 'Invalid',
      message: /Unsupported value: "Near": supported values: "Exact", "NotOlderThan", ""$/,
    },
  ];
  for (const { title, query, reason, message } of refused) {
    it(
      `refuses ${title}`,
      withMaps(async (fixture) => {
        await assert.rejects(list(fixture, query), refusedAs(reason, message));
      }),
    );
  }
});
