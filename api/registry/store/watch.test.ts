import assert from 'node:assert/strict';
import type { KubeObject } from '../../../openapi/object.ts';
import { parseLabelSelector } from '../../../openapi/selectors.ts';
import { CachedObject, type CacheEvent } from '../../storage/watch-cache.ts';
import { configMap, NAMESPACE, refusedAs, WRITE, withRegistry } from './store.fixture.ts';
import { frameOf, watchResource } from './watch.ts';

const cached = (revision: number, labels: Record<string, string>) => {
  const object: KubeObject = {
    kind: 'ConfigMap',
    apiVersion: 'v1',
    metadata: { name: 'a', namespace: 'test', labels },
  };
  return new CachedObject('/registry/configmaps/test/a', revision, Buffer.from(JSON.stringify(object)), () => ({}));
};

describe('frameOf', () => {
  const [on, off] = [{ app: 'web' }, { app: 'other' }];
  const cases: [string, CacheEvent, string | undefined][] = [
    ['a new object that matches is ADDED', { type: 'put', revision: 2, object: cached(2, on) }, 'ADDED 2'],
    ['a new object that does not match is nothing', { type: 'put', revision: 2, object: cached(2, off) }, undefined],
    [
      'one that goes on matching is MODIFIED',
      { type: 'put', revision: 3, object: cached(3, on), previous: cached(2, on) },
      'MODIFIED 3',
    ],
    [
      'one that begins to match is ADDED',
      { type: 'put', revision: 3, object: cached(3, on), previous: cached(2, off) },
      'ADDED 3',
    ],
    [
      'one that stops matching is DELETED, at the revision of the change',
      { type: 'put', revision: 3, object: cached(3, off), previous: cached(2, on) },
      'DELETED 3',
    ],
    [
      'one that matched and is gone is DELETED',
      { type: 'delete', revision: 4, object: cached(4, on), previous: cached(3, on) },
      'DELETED 4',
    ],
  ];
  for (const [title, event, expected] of cases) {
    it(title, () => {
      const frame = frameOf(event, { labels: parseLabelSelector('app=web'), fields: [] });
      const object = frame?.object instanceof CachedObject ? frame.object.object : frame?.object;
      assert.equal(frame && `${frame.type} ${object?.metadata?.resourceVersion}`, expected);
    });
  }
});

describe('watchResource', () => {
  it(
    'refuses a version that history no longer reaches, in upstream’s words',
    withRegistry(
      async ({ store }) => {
        const maps = store('configmaps');
        for (const name of ['a', 'b', 'c', 'd']) await maps.create(NAMESPACE, configMap(name), WRITE);
        const { signal } = new AbortController();
        const query = {
          kind: 'ConfigMap',
          apiVersion: 'v1',
          namespace: NAMESPACE,
          labels: [],
          fields: [],
          after: 1,
          bookmarks: false,
          initialEventsEnd: false,
          signal,
        };
        const first = watchResource(maps, query, () => false).next();
        await assert.rejects(first, refusedAs('Expired', /^too old resource version: 1 \(\d+\)$/));
      },
      { historyLimit: 2 },
    ),
  );
});
