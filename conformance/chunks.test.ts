/** Long lists in chunks, to the end, and on from a token whose moment is forgotten. */
import assert from 'node:assert/strict';
import {
  behaviour,
  fetchApi,
  listOf,
  MERGE_PATCH,
  objectOf,
  suite,
  testNamespace,
  type WireList,
  type WireStatus,
} from './harness.ts';
import { sampleConfigMap } from './kinds.ts';

const TOTAL = 400;
const TIMEOUT_MS = 240_000;
/** Writes after which any server that forgets by number has forgotten. */
const WRITES_MAX = 30_000;
const WRITES_AT_ONCE = 500;

const nameOf = (index: number) => `template-${String(index).padStart(4, '0')}`;

suite(
  'chunks',
  () => {
    const namespace = testNamespace();
    const templates = namespace.path('podtemplates');
    before(async () => {
      const template = { spec: { containers: [{ name: 'test', image: 'test2' }] } };
      const create = async (_: unknown, i: number) =>
        objectOf(await fetchApi('POST', templates, { body: { metadata: { name: nameOf(i) }, template } }), 201);
      await Promise.all(Array.from({ length: TOTAL }, create));
    });
    after(() => fetchApi('DELETE', templates));
    const request = (limit: number, token = '') =>
      fetchApi('GET', `${templates}?limit=${limit}&continue=${encodeURIComponent(token)}`);

    /** Reads on from `token` to the end; `found` were seen before. Checks each chunk, and that all are of one moment. */
    const readOn = async (limits: () => number, token: string, found: number, version?: string): Promise<void> => {
      let seen = found;
      let next: string | undefined = token;
      let of = version;
      do {
        const limit = limits();
        const list: WireList = listOf(await request(limit, next));
        of ??= list.metadata.resourceVersion;
        assert.equal(list.metadata.resourceVersion, of, 'all chunks are of one moment');
        seen = checkChunk(list, limit, seen);
        next = list.metadata.continue;
      } while (next);
      assert.equal(seen, TOTAL);
    };

    behaviour('Servers with support for API chunking should return chunks of results for list calls', async () => {
      for (const limits of [[7, 31, 2], [40], [1, 40, 19, 33]]) {
        let turn = 0;
        await readOn(() => limits[turn++ % limits.length] ?? 1, '', 0);
      }
      assert.equal(listOf(await request(TOTAL + 1)).items.length, TOTAL);
      assert.equal(listOf(await fetchApi('GET', templates)).items.length, TOTAL);
    });

    behaviour(
      'Servers with support for API chunking should support continue listing from the last key if the original version has been compacted away, though the list is inconsistent [Slow]',
      async () => {
        const limit = TOTAL / 10;
        const first = listOf(await request(limit));
        checkChunk(first, limit, 0);
        const token = ofLongAgo(first.metadata.continue ?? '');
        const expired = await forgotten(() => request(limit, token), namespace.path('configmaps'));
        assert.deepEqual([expired.reason, expired.code], ['Expired', 410]);
        assert.match(expired.message ?? '', /^The provided continue parameter is too old to display a consistent list/);
        const inconsistent = expired.metadata?.continue;
        assert.ok(inconsistent, 'a token to go on with');

        const second = listOf(await request(limit, inconsistent));
        assert.notEqual(second.metadata.resourceVersion, first.metadata.resourceVersion);
        assert.equal(second.items.length, limit);
        const seen = checkChunk(second, limit, limit);
        await readOn(() => limit, second.metadata.continue ?? '', seen, second.metadata.resourceVersion);
      },
    );
  },
  TIMEOUT_MS,
);

/** The names go on where they were, and what remains is counted. Returns how many were seen with these. */
function checkChunk({ metadata, items }: WireList, limit: number, found: number): number {
  assert.ok(items.length <= limit, `${items.length} items, limit ${limit}`);
  const seen = found + items.length;
  assert.deepEqual(
    items.map((item) => item.metadata.name),
    items.map((_, i) => nameOf(found + i)),
  );
  assert.equal(metadata.remainingItemCount, metadata.continue ? TOTAL - seen : undefined);
  return seen;
}

/**
 * The token as if its first chunk had been read at the beginning of time, so that nobody has to wait for a compaction;
 * the token itself where it is not written the way upstream's are.
 */
function ofLongAgo(token: string): string {
  try {
    const parts = JSON.parse(Buffer.from(token, 'base64url').toString()) as object;
    return Buffer.from(JSON.stringify({ ...parts, rv: 1 })).toString('base64url');
  } catch (error) {
    if (error instanceof SyntaxError) return token;
    throw error;
  }
}

type Expired = WireStatus & { metadata?: { continue?: string } };

/** Writes to a config map until the list is refused, as servers that keep a number of revisions make one do. */
async function forgotten(list: () => ReturnType<typeof fetchApi>, maps: string): Promise<Expired> {
  objectOf(await fetchApi('POST', maps, { body: sampleConfigMap('written') }), 201);
  const write = async (value: string) => {
    const options = { headers: { 'content-type': MERGE_PATCH }, body: { data: { key: value } } };
    objectOf(await fetchApi('PATCH', `${maps}/written`, options));
  };
  for (let written = 0; written < WRITES_MAX; written += WRITES_AT_ONCE) {
    const answer = await list();
    if (answer.status !== 200) return answer.json<Expired>();
    for (let i = 0; i < WRITES_AT_ONCE; i += 10) {
      await Promise.all(Array.from({ length: 10 }, (_, k) => write(`${written + i + k}`)));
    }
  }
  return assert.fail(`the continue token did not expire within ${WRITES_MAX} writes`);
}
