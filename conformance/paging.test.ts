/** Lists in pages: limit and continue. */
import assert from 'node:assert/strict';
import {
  behaves,
  behaviour,
  fetchApi,
  listOf,
  objectOf,
  statusOf,
  suite,
  testNamespace,
  type WireList,
} from './harness.ts';
import { sampleConfigMap } from './kinds.ts';

suite('paging', () => {
  const namespace = testNamespace();
  const maps = namespace.path('configmaps');
  const names = Array.from({ length: 25 }, (_, i) => `page-${String(i).padStart(2, '0')}`);
  before(async () => {
    const labels = (i: number) => ({ page: 'yes', parity: i % 2 ? 'odd' : 'even' });
    await Promise.all(
      names.map(async (name, i) =>
        objectOf(await fetchApi('POST', maps, { body: sampleConfigMap(name, labels(i)) }), 201),
      ),
    );
  });
  const page = async (query: string, selector = 'page'): Promise<WireList> =>
    listOf(await fetchApi('GET', `${maps}?labelSelector=${encodeURIComponent(selector)}&${query}`));
  const follow = async (query: string, selector = 'page'): Promise<WireList[]> => {
    const pages = [await page(query, selector)];
    for (;;) {
      const token = pages.at(-1)?.metadata.continue;
      if (!token) return pages;
      pages.push(await page(`${query}&continue=${encodeURIComponent(token)}`, selector));
    }
  };

  behaviour('Servers with support for API chunking should return chunks of results for list calls', async () => {
    const pages = await follow('limit=10');
    assert.deepEqual(
      pages.map(({ items }) => items.length),
      [10, 10, 5],
    );
    assert.deepEqual(
      pages.flatMap(({ items }) => items.map(({ metadata }) => metadata.name)),
      names,
    );
    const versions = new Set(pages.map(({ metadata }) => metadata.resourceVersion));
    assert.equal(versions.size, 1, 'all pages are of one moment');
  });

  behaves('pages show the moment of the first, whatever happens meanwhile', async () => {
    const first = await page('limit=10');
    objectOf(await fetchApi('POST', maps, { body: sampleConfigMap('page-20-late', { page: 'yes' }) }), 201);
    await fetchApi('DELETE', `${maps}/page-20-late`);
    objectOf(await fetchApi('POST', maps, { body: sampleConfigMap('page-21-late', { page: 'yes' }) }), 201);
    const rest = await page(`limit=100&continue=${encodeURIComponent(first.metadata.continue ?? '')}`);
    await fetchApi('DELETE', `${maps}/page-21-late`);
    assert.deepEqual(
      rest.items.map(({ metadata }) => metadata.name),
      names.slice(10),
    );
  });

  behaves('remainingItemCount says what is left where no selector filters', async () => {
    const total = listOf(await fetchApi('GET', maps)).items.length;
    const list = listOf(await fetchApi('GET', `${maps}?limit=10`));
    assert.equal(list.metadata.remainingItemCount, total - 10);
    assert.equal((await page('limit=10')).metadata.remainingItemCount, undefined);
  });

  behaves('a limit counts what a selector finds', async () => {
    const pages = await follow('limit=5', 'page,parity=odd');
    assert.deepEqual(
      pages.flatMap(({ items }) => items.map(({ metadata }) => metadata.name)),
      names.filter((_, i) => i % 2 === 1),
    );
  });

  behaves('a limit as large as the list leaves no continue', async () => {
    for (const limit of [25, 100, 0]) assert.equal((await page(`limit=${limit}`)).metadata.continue ?? '', '');
  });

  behaves('a continue token that is none is refused', async () => {
    for (const token of ['abc', '!!!', Buffer.from('{"v":"meta.k8s.io/v1"}').toString('base64url')]) {
      const answer = await fetchApi('GET', `${maps}?limit=5&continue=${encodeURIComponent(token)}`);
      statusOf(answer, { code: 400, reason: 'BadRequest', message: /continue/ });
    }
  });

  behaves('continue with a resourceVersion is refused', async () => {
    const first = await page('limit=5');
    const query = `limit=5&resourceVersion=1&continue=${encodeURIComponent(first.metadata.continue ?? '')}`;
    statusOf(await fetchApi('GET', `${maps}?${query}`), {
      code: 400,
      reason: 'BadRequest',
      message: 'specifying resource version is not allowed when using continue',
    });
  });

  behaves('a Table comes in pages, too', async () => {
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
    const answer = await fetchApi('GET', `${maps}?limit=3`, { headers: { accept } });
    const table = answer.json<{ rows: object[]; metadata: { continue?: string } }>();
    assert.equal(table.rows.length, 3);
    assert.ok(table.metadata.continue);
  });
});
