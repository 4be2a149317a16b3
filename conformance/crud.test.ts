/** Every verb on every kind: the life of one object, then of a collection. */
import assert from 'node:assert/strict';
import { discard, everyKind, release } from './every-kind.ts';
import {
  at,
  behaves,
  eventually,
  fetchApi,
  includes,
  listOf,
  mutate,
  namesOf,
  objectOf,
  statusOf,
  testNamespace,
  uniqueName,
} from './harness.ts';
import { collectionOf, type KindCase, nameOf, qualifiedResource } from './kinds.ts';

everyKind('every verb', (kind) => {
  const namespace = testNamespace();
  const collection = collectionOf(kind, namespace.name);
  const unique = (prefix: string) => nameOf(kind, uniqueName(prefix));
  const name = unique('life');
  const made: string[] = [];
  const create = async (object: string, labels?: Record<string, string>) => {
    const body = kind.sample(object, namespace.name) as { metadata: object };
    made.push(object);
    const metadata = { ...body.metadata, ...(labels ? { labels } : {}) };
    return fetchApi('POST', collection, { body: { ...body, metadata } });
  };
  after(async () => {
    for (const object of made) await discard(kind, `${collection}/${object}`);
  });

  behaves('POST answers 201 with identity, kind and what was sent', async () => {
    const created = objectOf(await create(name), 201);
    includes(created, kind.sample(name, namespace.name));
    includes(created, { kind: kind.kind, apiVersion: kind.apiVersion });
    assert.match(created.metadata.uid, /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/);
    assert.match(created.metadata.creationTimestamp ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    assert.match(created.metadata.resourceVersion, /^[1-9]\d*$/);
    assert.equal(created.metadata.namespace, kind.namespaced ? namespace.name : undefined);
  });

  behaves('POST of the same name answers 409 AlreadyExists', async () => {
    statusOf(await create(name), {
      code: 409,
      reason: 'AlreadyExists',
      message: `${qualifiedResource(kind)} "${name}" already exists`,
      details: { name, kind: kind.resource },
    });
  });

  behaves('GET returns it', async () => {
    const object = objectOf(await fetchApi('GET', `${collection}/${name}`));
    includes(object, { ...kind.sample(name, namespace.name), kind: kind.kind, apiVersion: kind.apiVersion });
  });

  behaves('a list of the collection has it, as an item without kind and apiVersion', async () => {
    const list = listOf(await fetchApi('GET', collection));
    assert.equal(list.kind, `${kind.kind}List`);
    assert.equal(list.apiVersion, kind.apiVersion);
    assert.match(list.metadata.resourceVersion, /^[1-9]\d*$/);
    const item = list.items.find(({ metadata }) => metadata.name === name);
    includes(item, { ...kind.sample(name, namespace.name), kind: undefined, apiVersion: undefined });
  });

  if (kind.namespaced) {
    behaves('a list of all namespaces has it, too', async () => {
      const everywhere = collection.replace(`/namespaces/${namespace.name}`, '');
      const list = listOf(await fetchApi('GET', `${everywhere}?fieldSelector=metadata.namespace%3D${namespace.name}`));
      assert.ok(namesOf(list).includes(name));
    });
  }

  behaves('PUT replaces it and moves the resourceVersion on', async () => {
    const before = objectOf(await fetchApi('GET', `${collection}/${name}`));
    const after = await mutate(`${collection}/${name}`, kind.change);
    includes(after, kind.changed);
    assert.ok(Number(after.metadata.resourceVersion) > Number(before.metadata.resourceVersion));
    assert.equal(after.metadata.uid, before.metadata.uid);
    assert.equal(after.metadata.creationTimestamp, before.metadata.creationTimestamp);
  });

  behaves('DELETE removes it', async () => {
    const answer = await fetchApi('DELETE', `${collection}/${name}?gracePeriodSeconds=0&propagationPolicy=Background`);
    assert.equal(answer.status, 200, answer.text);
    await gone(kind, collection, name);
  });

  behaves('GET and DELETE of what is not there answer 404 NotFound', async () => {
    const missing = unique('missing');
    for (const method of ['GET', 'DELETE']) {
      statusOf(await fetchApi(method, `${collection}/${missing}`), {
        code: 404,
        reason: 'NotFound',
        message: `${qualifiedResource(kind)} "${missing}" not found`,
        details: { name: missing, kind: kind.resource },
      });
    }
  });

  // 1.20 has neither verb for services; nobody can delete all namespaces at once.
  const since = kind.resource === 'services' ? 23 : 0;
  if (kind.resource !== 'namespaces') {
    behaves('DELETE of the collection removes what the selector finds, and only that', { since }, async () => {
      const [first, second, third] = [unique('some'), unique('some'), unique('other')];
      for (const [object, group] of [
        [first, 'delete'],
        [second, 'delete'],
        [third, 'keep'],
      ] as const) {
        objectOf(await create(object, { group, run: namespace.name }), 201);
      }
      const selector = `labelSelector=group%3Ddelete,run%3D${namespace.name}`;
      const answer = await fetchApi(
        'DELETE',
        `${collection}?${selector}&gracePeriodSeconds=0&propagationPolicy=Background`,
      );
      assert.equal(answer.status, 200, answer.text);
      await eventually(async () => {
        const left = listOf(await fetchApi('GET', `${collection}?labelSelector=run%3D${namespace.name}`));
        for (const { metadata } of left.items) {
          if (metadata.deletionTimestamp) await release(`${collection}/${metadata.name}`);
        }
        assert.deepEqual(namesOf(left), [third]);
      });
    });
  }
});

/** A namespace goes only when something finalizes it, so it is enough that it is on its way; we finalize others. */
async function gone(kind: KindCase, collection: string, name: string): Promise<void> {
  await eventually(async () => {
    const answer = await fetchApi('GET', `${collection}/${name}`);
    if (kind.resource === 'namespaces' && answer.status === 200) {
      assert.equal(at(answer.json(), 'status.phase'), 'Terminating');
      assert.ok(at(answer.json(), 'metadata.deletionTimestamp'));
      return;
    }
    if (answer.status === 200 && at(answer.json(), 'metadata.deletionTimestamp'))
      await release(`${collection}/${name}`);
    statusOf(answer, { code: 404, reason: 'NotFound' });
  });
}
