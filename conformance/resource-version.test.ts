/** resourceVersion: optimistic concurrency on writes, consistency on reads. */
import assert from 'node:assert/strict';
import { at, behaves, fetchApi, listOf, namesOf, objectOf, statusOf, suite, testNamespace } from './harness.ts';
import { sampleConfigMap } from './kinds.ts';

const MODIFIED = 'the object has been modified; please apply your changes to the latest version and try again';

suite('resourceVersion', () => {
  const namespace = testNamespace();
  const collection = namespace.path('configmaps');
  const create = async (name: string) =>
    objectOf(await fetchApi('POST', collection, { body: sampleConfigMap(name) }), 201);
  const put = (name: string, body: object) => fetchApi('PUT', `${collection}/${name}`, { body });

  behaves('every write moves it on, and the order of writes is the order of versions', async () => {
    const versions: number[] = [];
    for (const name of ['order-1', 'order-2', 'order-3']) {
      const created = await create(name);
      versions.push(Number(created.metadata.resourceVersion));
      const updated = objectOf(await put(name, { ...created, data: { key: 'new' } }));
      versions.push(Number(updated.metadata.resourceVersion));
    }
    assert.deepEqual(
      versions,
      [...versions].sort((a, b) => a - b),
    );
    assert.equal(new Set(versions).size, versions.length);
  });

  behaves('a PUT with a stale one answers 409 Conflict in the usual words', async () => {
    const created = await create('stale');
    objectOf(await put('stale', { ...created, data: { key: 'first' } }));
    statusOf(await put('stale', { ...created, data: { key: 'second' } }), {
      code: 409,
      reason: 'Conflict',
      message: `Operation cannot be fulfilled on configmaps "stale": ${MODIFIED}`,
      details: { name: 'stale', kind: 'configmaps' },
    });
    assert.equal(at(objectOf(await fetchApi('GET', `${collection}/stale`)), 'data.key'), 'first');
  });

  behaves('a PUT without one replaces whatever is there', async () => {
    await create('unconditional');
    const updated = objectOf(await put('unconditional', { metadata: { name: 'unconditional' }, data: { a: 'b' } }));
    assert.deepEqual(updated.data, { a: 'b' });
  });

  behaves('a PUT that changes nothing does not move it on', async () => {
    const created = await create('same');
    const again = objectOf(await put('same', created));
    assert.equal(again.metadata.resourceVersion, created.metadata.resourceVersion);
  });

  behaves('a PUT with another uid answers 409', async () => {
    const created = await create('uid');
    const metadata = { ...created.metadata, uid: '00000000-0000-4000-a000-000000000000' };
    statusOf(await put('uid', { ...created, metadata }), { code: 409, reason: 'Conflict' });
  });

  behaves('a create with one is refused', async () => {
    const body = { metadata: { name: 'versioned', resourceVersion: '1' } };
    statusOf(await fetchApi('POST', collection, { body }), {
      code: [400, 422, 500],
      message: 'resourceVersion should not be set on objects to be created',
    });
  });

  behaves('a PUT with one that is no number is refused', async () => {
    const created = await create('wordy');
    const metadata = { ...created.metadata, resourceVersion: 'abc' };
    statusOf(await put('wordy', { ...created, metadata }), { code: [400, 409, 422, 500] });
  });

  behaves('of ten concurrent writers of the same version one wins', async () => {
    const created = await create('race');
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, i) => put('race', { ...created, data: { writer: String(i) } })),
    );
    const statuses = answers.map(({ status }) => status).sort();
    assert.deepEqual(statuses, [200, ...Array(9).fill(409)]);
  });

  behaves('a list has the version of its moment, at least that of every item', async () => {
    const created = await create('listed');
    const list = listOf(await fetchApi('GET', collection));
    assert.ok(Number(list.metadata.resourceVersion) >= Number(created.metadata.resourceVersion));
    for (const { metadata } of list.items) {
      assert.ok(Number(metadata.resourceVersion) <= Number(list.metadata.resourceVersion));
    }
  });

  behaves('a read sees the write that was acknowledged before it', async () => {
    for (let i = 0; i < 20; i++) {
      await create(`seen-${i}`);
      const list = listOf(await fetchApi('GET', `${collection}?fieldSelector=metadata.name%3Dseen-${i}`));
      assert.equal(list.items.length, 1, `seen-${i}`);
    }
  });

  behaves('a list at resourceVersion=0 or not older than a version answers with what is there by then', async () => {
    const created = await create('not-older');
    const version = created.metadata.resourceVersion;
    for (const query of [
      `resourceVersion=${version}`,
      `resourceVersion=${version}&resourceVersionMatch=NotOlderThan`,
    ]) {
      assert.ok(namesOf(listOf(await fetchApi('GET', `${collection}?${query}`))).includes('not-older'), query);
    }
    listOf(await fetchApi('GET', `${collection}?resourceVersion=0`));
    objectOf(await fetchApi('GET', `${collection}/not-older?resourceVersion=${version}`));
  });

  behaves('a list at an exact version shows the past', async () => {
    const before = await create('exact');
    objectOf(await fetchApi('DELETE', `${collection}/exact`));
    const query = `resourceVersion=${before.metadata.resourceVersion}&resourceVersionMatch=Exact&limit=500`;
    const list = listOf(await fetchApi('GET', `${collection}?${query}`));
    assert.ok(namesOf(list).includes('exact'));
    assert.equal(list.metadata.resourceVersion, before.metadata.resourceVersion);
  });

  behaves('a version of the future answers 504 Timeout with the cause clients look for', async () => {
    for (const path of [
      `${collection}?resourceVersion=999999999999`,
      `${collection}/order-1?resourceVersion=999999999999`,
    ]) {
      const status = statusOf(await fetchApi('GET', path), { code: 504, reason: 'Timeout' });
      assert.match(status.message ?? '', /^Timeout: Too large resource version: 999999999999, current: \d+$/);
      assert.equal(status.details?.causes?.[0]?.reason, 'ResourceVersionTooLarge');
    }
  });

  behaves('resourceVersionMatch without resourceVersion is refused', async () => {
    statusOf(await fetchApi('GET', `${collection}?resourceVersionMatch=Exact`), {
      code: 422,
      reason: 'Invalid',
      message:
        'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided',
    });
  });
});
