/** The store's sequence of every write, on kinds that show its parts. */
import assert from 'node:assert/strict';
import { settle } from '../../../base/fake-clock.ts';
import { seededRandom } from '../../../base/random.ts';
import type { KubeObject } from '../../../openapi/object.ts';
import { StorageError } from '../../storage/interface.ts';
import { admissionChain } from '../admission/chain.ts';
import {
  configMap,
  copyOf,
  DRY_RUN,
  type Fixture,
  type Loose,
  NAMESPACE,
  plain,
  refusedAs,
  WRITE,
  withRegistry,
} from './store.fixture.ts';
import type { Stored } from './store.ts';

const metadataOf = (stored: Stored) => plain(stored).metadata ?? {};
const versionOf = (stored: Stored) => metadataOf(stored).resourceVersion ?? '';

/** A change of a stored object, in place of a copy. */
const changing = (mutate: (object: Loose) => void) => (old: KubeObject | undefined) => {
  const object = structuredClone(old ?? {});
  mutate(object);
  return object;
};

const setData = (data: Record<string, string>) => changing((object) => Object.assign(object, { data }));

const pod = (name: string, extra: object = {}): Loose => ({
  metadata: { name },
  spec: { containers: [{ name: 'c', image: 'i' }], nodeName: 'n', ...extra },
});

describe('creating', () => {
  it(
    'fills in what the server decides, and nothing that the creator said about it',
    withRegistry(async ({ store, clock }) => {
      const creationTimestamp = '2001-01-01T00:00:00Z';
      const said = { uid: 'mine', creationTimestamp, deletionTimestamp: creationTimestamp, selfLink: '/mine' };
      const wanted = { ...configMap('a'), metadata: { name: 'a', managedFields: [{}], ...said } };
      const stored = plain(await store('configmaps').create(NAMESPACE, wanted, WRITE));
      assert.equal(stored.kind, 'ConfigMap');
      assert.equal(stored.apiVersion, 'v1');
      assert.deepEqual(Object.keys(stored.metadata ?? {}).sort(), [
        'creationTimestamp',
        'name',
        'namespace',
        'resourceVersion',
        'uid',
      ]);
      assert.equal(stored.metadata?.namespace, NAMESPACE);
      assert.match(stored.metadata?.uid ?? '', /^[0-9a-f-]{36}$/);
      assert.equal(stored.metadata?.creationTimestamp, new Date(clock.now()).toISOString().replace('.000', ''));
      assert.equal(plain(store('configmaps').get(NAMESPACE, 'a')), stored, 'what is answered is what is kept');
    }),
  );

  const refusals: { title: string; object: Loose; reason: string; message: RegExp; namespace?: string }[] = [
    {
      title: 'a resourceVersion',
      object: { metadata: { name: 'a', resourceVersion: '5' } },
      reason: 'BadRequest',
      message: /^resourceVersion should not be set on objects to be created$/,
    },
    {
      title: 'another namespace than the path names',
      object: { metadata: { name: 'a', namespace: 'other' } },
      reason: 'BadRequest',
      message: /does not match the namespace sent on the request$/,
    },
    {
      title: 'a namespace that does not exist',
      object: { metadata: { name: 'a' } },
      namespace: 'absent',
      reason: 'NotFound',
      message: /^namespaces "absent" not found$/,
    },
    {
      title: 'no name',
      object: { metadata: {} },
      reason: 'Invalid',
      message: /name or generateName is required/,
    },
    { title: 'a name that is none', object: { metadata: { name: 'A B' } }, reason: 'Invalid', message: /RFC 1123/ },
    {
      title: 'more bytes than a request may have',
      object: pod('a', { containers: [{ name: 'c', image: 'i', env: [{ name: 'E', value: 'x'.repeat(3 << 20) }] }] }),
      reason: 'RequestEntityTooLarge',
      message: /^Request entity too large: limit is 3145728$/,
    },
  ];
  for (const { title, object, reason, message, namespace = NAMESPACE } of refusals) {
    it(
      `refuses ${title}`,
      withRegistry(async ({ store, cache }) => {
        const before = cache.size;
        const plural = object.spec ? 'pods' : 'configmaps';
        await assert.rejects(
          async () => store(plural).create(namespace, structuredClone(object), WRITE),
          refusedAs(reason, message),
        );
        assert.equal(cache.size, before);
      }),
    );
  }

  it(
    'lets one of many creations of one name win',
    withRegistry(async ({ store }) => {
      const creations = Array.from({ length: 20 }, (_, i) =>
        store('configmaps').create(NAMESPACE, configMap('same', { by: String(i) }), WRITE),
      );
      const settled = await Promise.allSettled(creations);
      const won = settled.filter((each) => each.status === 'fulfilled');
      assert.equal(won.length, 1);
      for (const each of settled) {
        if (each.status === 'rejected')
          assert.ok(refusedAs('AlreadyExists', /^configmaps "same" already exists$/)(each.reason));
      }
      assert.equal(plain(store('configmaps').get(NAMESPACE, 'same')), plain((won[0] as { value: Stored }).value));
    }),
  );

  for (const { taken, title } of [
    { taken: 3, title: 'draws another name while a generated one is taken' },
    { taken: 8, title: 'gives up in upstream’s words when eight generated names were taken' },
  ]) {
    it(
      title,
      withRegistry(async ({ store, storage }) => {
        const keys: string[] = [];
        storage.gate = (_operation, key) => {
          if (keys.push(key) <= taken) throw new StorageError('Exists', key, 'it exists');
        };
        const creation = store('configmaps').create(NAMESPACE, { metadata: { generateName: 'gen-' } }, WRITE);
        if (taken < 8) assert.match(metadataOf(await creation).name ?? '', /^gen-[a-z0-9]{5}$/);
        else await assert.rejects(creation, refusedAs('AlreadyExists', NO_UNIQUE_NAME));
        assert.equal(keys.length, Math.min(taken + 1, 8));
        assert.equal(new Set(keys).size, keys.length, 'each time another');
      }),
    );
  }

  it(
    'stores nothing in a dry run, and tells as a real one would that the name is taken',
    withRegistry(async ({ store, cache }) => {
      const answer = await store('configmaps').create(NAMESPACE, configMap('a'), DRY_RUN);
      assert.ok(metadataOf(answer).uid);
      assert.equal(versionOf(answer), '');
      assert.equal(cache.get(store('configmaps').key(NAMESPACE, 'a')), undefined);
      await store('configmaps').create(NAMESPACE, configMap('a'), WRITE);
      await assert.rejects(
        async () => store('configmaps').create(NAMESPACE, configMap('a'), DRY_RUN),
        refusedAs('AlreadyExists'),
      );
    }),
  );

  it(
    'says of a name that is taken whether it may soon be free',
    withRegistry(async ({ store }) => {
      const held = configMap('a');
      held.metadata = { ...held.metadata, finalizers: ['example.com/held'] };
      await store('configmaps').create(NAMESPACE, held, WRITE);
      await store('configmaps').delete(NAMESPACE, 'a', {}, WRITE);
      const message = /^object is being deleted: configmaps "a" already exists$/;
      for (const write of [WRITE, DRY_RUN]) {
        const again = store('configmaps').create(NAMESPACE, configMap('a'), write);
        await assert.rejects(again, refusedAs('AlreadyExists', message));
      }
    }),
  );

  it(
    'refuses an object whose namespace went away while it waited for its service account',
    withRegistry(
      async ({ store, clock }) => {
        const creation = store('pods').create(NAMESPACE, pod('late'), WRITE);
        const refused = assert.rejects(creation, refusedAs('Forbidden', /because it is being terminated$/));
        await settle();
        await store('namespaces').delete('', NAMESPACE, {}, WRITE);
        await store('serviceaccounts').storage.create(
          `/registry/serviceaccounts/${NAMESPACE}/default`,
          Buffer.from('{"kind":"ServiceAccount","apiVersion":"v1","metadata":{"name":"default","namespace":"test"}}'),
        );
        await clock.advance(100);
        await refused;
        assert.throws(() => store('pods').get(NAMESPACE, 'late'), refusedAs('NotFound'));
      },
      { admission: (cache, clock) => admissionChain(cache, clock, seededRandom(1), true) },
    ),
  );
});

const NO_UNIQUE_NAME =
  /^configmaps "gen-\w{5}" already exists, the server was not able to generate a unique name for the object$/;

describe('updating', () => {
  const withMap = (test: (fixture: Fixture, stored: Stored) => Promise<void>) =>
    withRegistry(async (fixture) => {
      await test(fixture, await fixture.store('configmaps').create(NAMESPACE, configMap('a', { v: '0' }), WRITE));
    });
  const update = (
    { store }: Fixture,
    ...rest: Parameters<ReturnType<Fixture['store']>['update']> extends [string, string, ...infer Rest] ? Rest : never
  ) => store('configmaps').update(NAMESPACE, 'a', ...rest);

  it(
    'takes a new revision, and keeps what no update changes',
    withMap(async (fixture, stored) => {
      const change = changing((object) => {
        object.data = { v: '1' };
        delete object.metadata?.uid;
        delete object.metadata?.creationTimestamp;
        delete object.metadata?.resourceVersion;
      });
      const { object, created } = await update(fixture, change, WRITE);
      assert.equal(created, false);
      assert.deepEqual(plain(object).data, { v: '1' });
      assert.notEqual(versionOf(object), versionOf(stored));
      assert.equal(metadataOf(object).uid, metadataOf(stored).uid);
      assert.equal(metadataOf(object).creationTimestamp, metadataOf(stored).creationTimestamp);
    }),
  );

  it(
    'takes no revision when nothing changes',
    withMap(async (fixture, stored) => {
      const before = await fixture.storage.revision();
      const { object } = await update(fixture, setData({ v: '0' }), WRITE);
      assert.equal(versionOf(object), versionOf(stored));
      assert.equal(await fixture.storage.revision(), before);
    }),
  );

  const refusals: { title: string; mutate(object: Loose): void; reason: string; message: RegExp }[] = [
    {
      title: 'an old version',
      mutate: ({ metadata }) => Object.assign(metadata ?? {}, { resourceVersion: '1' }),
      reason: 'Conflict',
      message: /the object has been modified; please apply your changes to the latest version and try again$/,
    },
    {
      title: 'the uid of another object',
      mutate: ({ metadata }) => Object.assign(metadata ?? {}, { uid: 'other' }),
      reason: 'Conflict',
      message: /Precondition failed: UID in precondition: other, UID in object meta: /,
    },
    {
      title: 'another name than the path names',
      mutate: ({ metadata }) => Object.assign(metadata ?? {}, { name: 'b' }),
      reason: 'BadRequest',
      message: /^the name of the object \(b\) does not match the name on the URL \(a\)$/,
    },
    {
      title: 'more than fits',
      mutate: (object) => Object.assign(object, { data: { v: 'x'.repeat(3 << 20) } }),
      reason: 'Invalid',
      message: /Too long/,
    },
  ];
  for (const { title, mutate, reason, message } of refusals) {
    it(
      `refuses ${title}`,
      withMap(async (fixture, stored) => {
        await assert.rejects(update(fixture, changing(mutate), WRITE), refusedAs(reason, message));
        assert.equal(versionOf(fixture.store('configmaps').get(NAMESPACE, 'a')), versionOf(stored));
      }),
    );
  }

  it(
    'loses no change of many writers that begin from what is stored',
    withMap(async (fixture) => {
      const writers = Array.from({ length: 50 }, (_, i) => {
        const add = changing((object) => {
          object.data = { ...object.data, [`k${i}`]: 'x' };
          delete object.metadata?.resourceVersion;
        });
        return update(fixture, add, WRITE, { fromStored: true });
      });
      await Promise.all(writers);
      const { data } = plain(fixture.store('configmaps').get(NAMESPACE, 'a'));
      assert.equal(Object.keys(data ?? {}).length, 51);
    }),
  );

  it(
    'lets one of many writers win that name the same version',
    withMap(async (fixture, stored) => {
      const writers = Array.from({ length: 20 }, (_, i) => {
        const object = { ...copyOf(stored), data: { by: String(i) } };
        return update(fixture, () => structuredClone(object), WRITE);
      });
      const settled = await Promise.allSettled(writers);
      assert.equal(settled.filter((each) => each.status === 'fulfilled').length, 1);
      for (const each of settled) if (each.status === 'rejected') assert.ok(refusedAs('Conflict')(each.reason));
    }),
  );

  it(
    'stores nothing in a dry run, and answers with the version that stands',
    withMap(async (fixture, stored) => {
      const { object } = await update(fixture, setData({ v: '1' }), DRY_RUN);
      assert.deepEqual(plain(object).data, { v: '1' });
      assert.equal(versionOf(object), versionOf(stored));
      assert.deepEqual(plain(fixture.store('configmaps').get(NAMESPACE, 'a')).data, { v: '0' });
    }),
  );

  it(
    'removes a deleted object with its last finalizer, once',
    withRegistry(async ({ store, storage }) => {
      const held = { ...configMap('a'), metadata: { name: 'a', finalizers: ['example.com/x', 'example.com/y'] } };
      await store('configmaps').create(NAMESPACE, held, WRITE);
      const { object: marked, removed } = await store('configmaps').delete(NAMESPACE, 'a', {}, WRITE);
      assert.equal(removed, false);
      const drop = (finalizer: string) =>
        store('configmaps').update(
          NAMESPACE,
          'a',
          changing(({ metadata }) => {
            const finalizers = (metadata?.finalizers ?? []).filter((each) => each !== finalizer);
            Object.assign(metadata ?? {}, { finalizers, resourceVersion: undefined });
          }),
          WRITE,
          { fromStored: true },
        );
      // Both begin from the same state; the second to be written sees the first's.
      const last = await Promise.all([drop('example.com/x'), drop('example.com/y')]);
      assert.ok(last.every(({ object }) => versionOf(object) !== ''));
      assert.ok(Number(versionOf(marked)) > 0);
      assert.throws(() => store('configmaps').get(NAMESPACE, 'a'), refusedAs('NotFound'));
      assert.equal((await storage.get(store('configmaps').key(NAMESPACE, 'a'))).item, undefined);
    }),
  );

  it(
    'keeps in a dry run what would go with its last finalizer',
    withRegistry(async ({ store }) => {
      const held = { ...configMap('a'), metadata: { name: 'a', finalizers: ['example.com/x'] } };
      await store('configmaps').create(NAMESPACE, held, WRITE);
      await store('configmaps').delete(NAMESPACE, 'a', {}, WRITE);
      const drop = changing(({ metadata }) => Object.assign(metadata ?? {}, { finalizers: [] }));
      await store('configmaps').update(NAMESPACE, 'a', drop, DRY_RUN);
      assert.deepEqual(store('configmaps').get(NAMESPACE, 'a').object.metadata?.finalizers, ['example.com/x']);
    }),
  );

  it(
    'is no creation where the kind does not allow it, and is one where it does',
    withRegistry(async ({ store }) => {
      const put = (plural: string) =>
        store(plural).update(NAMESPACE, 'new', () => ({ metadata: { name: 'new' } }), WRITE);
      await assert.rejects(put('configmaps'), refusedAs('NotFound', /^configmaps "new" not found$/));
      assert.equal((await put('endpoints')).created, true);
    }),
  );

  it(
    'lets one of two creations by PUT create, and makes an update of the other',
    withRegistry(async ({ store }) => {
      const put = (label: string) =>
        store('endpoints').update(
          NAMESPACE,
          'new',
          () => ({ metadata: { name: 'new', labels: { by: label } } }),
          WRITE,
        );
      const both = await Promise.all([put('first'), put('second')]);
      assert.deepEqual(
        both.map(({ created }) => created),
        [true, false],
      );
      assert.equal(store('endpoints').get(NAMESPACE, 'new').labels.by, 'second');
    }),
  );

  it(
    'tells who names a version of what is gone that it has been modified',
    withRegistry(async ({ store }) => {
      const object = { metadata: { name: 'gone', resourceVersion: '7' } };
      await assert.rejects(
        store('endpoints').update(NAMESPACE, 'gone', () => structuredClone(object), WRITE),
        refusedAs('Conflict'),
      );
    }),
  );
});

describe('deleting', () => {
  it(
    'answers with the object at the revision of its deletion',
    withRegistry(async ({ store, storage }) => {
      await store('configmaps').create(NAMESPACE, configMap('a'), WRITE);
      const { object, removed } = await store('configmaps').delete(NAMESPACE, 'a', {}, WRITE);
      assert.ok(removed);
      assert.equal(versionOf(object), String(await storage.revision()));
    }),
  );

  it(
    'is done once, however many ask at the same time',
    withRegistry(async ({ store }) => {
      await store('configmaps').create(NAMESPACE, configMap('a'), WRITE);
      const deletions = Array.from({ length: 10 }, () => store('configmaps').delete(NAMESPACE, 'a', {}, WRITE));
      const settled = await Promise.allSettled(deletions);
      assert.equal(settled.filter((each) => each.status === 'fulfilled').length, 1);
      for (const each of settled) if (each.status === 'rejected') assert.ok(refusedAs('NotFound')(each.reason));
    }),
  );

  it(
    'wins over an update that is under way, and loses nothing to one that came first',
    withRegistry(async ({ store }) => {
      const rounds = Array.from({ length: 30 }, async (_, i) => {
        const name = `m${i}`;
        await store('configmaps').create(NAMESPACE, configMap(name), WRITE);
        const [updated, deleted] = await Promise.allSettled([
          store('configmaps').update(NAMESPACE, name, setData({ v: '1' }), WRITE),
          store('configmaps').delete(NAMESPACE, name, {}, WRITE),
        ]);
        assert.equal(deleted.status, 'fulfilled');
        if (updated.status === 'rejected') assert.ok(refusedAs('NotFound')(updated.reason));
        assert.throws(() => store('configmaps').get(NAMESPACE, name), refusedAs('NotFound'));
      });
      await Promise.all(rounds);
    }),
  );

  const preconditions: { title: string; of(stored: Stored): object; met: boolean }[] = [
    { title: 'its uid', of: (stored) => ({ uid: metadataOf(stored).uid }), met: true },
    { title: 'its version', of: (stored) => ({ resourceVersion: versionOf(stored) }), met: true },
    { title: 'another uid', of: () => ({ uid: 'other' }), met: false },
    { title: 'another version', of: () => ({ resourceVersion: '1' }), met: false },
  ];
  for (const { title, of, met } of preconditions) {
    it(
      `${met ? 'deletes' : 'leaves'} an object when the precondition names ${title}`,
      withRegistry(async ({ store }) => {
        const stored = await store('configmaps').create(NAMESPACE, configMap('a'), WRITE);
        const deletion = store('configmaps').delete(NAMESPACE, 'a', { preconditions: of(stored) }, WRITE);
        if (met) assert.ok((await deletion).removed);
        else await assert.rejects(deletion, refusedAs('Conflict'));
      }),
    );
  }

  it(
    'spares an object that was changed after the version in the precondition, also in the last moment',
    withRegistry(async ({ store, storage }) => {
      const stored = await store('configmaps').create(NAMESPACE, configMap('a'), WRITE);
      storage.gate = async (operation) => {
        if (operation !== 'delete') return;
        storage.gate = () => undefined;
        await store('configmaps').update(NAMESPACE, 'a', setData({ v: '1' }), WRITE);
      };
      const preconditions = { resourceVersion: versionOf(stored) };
      await assert.rejects(
        store('configmaps').delete(NAMESPACE, 'a', { preconditions }, WRITE),
        refusedAs('Conflict', /does not match the ResourceVersion in record/),
      );
      assert.ok(store('configmaps').get(NAMESPACE, 'a'));
    }),
  );

  it(
    'marks a pod before it removes it without grace',
    withRegistry(async ({ store, storage }) => {
      await store('pods').create(NAMESPACE, pod('p'), WRITE);
      const before = await storage.revision();
      const { object, removed } = await store('pods').delete(NAMESPACE, 'p', { gracePeriodSeconds: 0 }, WRITE);
      assert.ok(removed);
      assert.ok(metadataOf(object).deletionTimestamp);
      assert.equal(metadataOf(object).deletionGracePeriodSeconds, 0);
      assert.deepEqual([await storage.revision(), versionOf(object)], [before + 2, String(before + 2)]);
    }),
  );

  it(
    'removes nothing in a dry run',
    withRegistry(async ({ store }) => {
      await store('configmaps').create(NAMESPACE, configMap('a'), WRITE);
      assert.ok((await store('configmaps').delete(NAMESPACE, 'a', {}, DRY_RUN)).removed);
      await store('pods').create(NAMESPACE, pod('p'), WRITE);
      const marked = await store('pods').delete(NAMESPACE, 'p', {}, DRY_RUN);
      assert.ok(metadataOf(marked.object).deletionTimestamp);
      assert.ok(store('configmaps').get(NAMESPACE, 'a'));
      assert.equal(store('pods').get(NAMESPACE, 'p').object.metadata?.deletionTimestamp, undefined);
    }),
  );

  it(
    'marks a namespace, which then takes nothing new, and removes it with its finalizer',
    withRegistry(async ({ store }) => {
      const { object } = await store('namespaces').delete('', NAMESPACE, {}, WRITE);
      assert.deepEqual(plain(object).status, { phase: 'Terminating' });
      assert.ok(metadataOf(object).deletionTimestamp);
      assert.equal(metadataOf(object).deletionGracePeriodSeconds, undefined);
      await assert.rejects(
        async () => store('configmaps').create(NAMESPACE, configMap('late'), WRITE),
        refusedAs('Forbidden', /because it is being terminated$/),
      );
      const strategy = { prepareForUpdate: () => undefined };
      const finalize = changing((namespace) => Object.assign(namespace, { spec: { finalizers: [] } }));
      await store('namespaces').update('', NAMESPACE, finalize, WRITE, { strategy });
      assert.throws(() => store('namespaces').get('', NAMESPACE), refusedAs('NotFound'));
    }),
  );

  for (const name of ['default', 'kube-system', 'kube-public']) {
    it(
      `refuses to delete the namespace ${name}`,
      withRegistry(async ({ store }) => {
        await store('namespaces').create('', { metadata: { name } }, WRITE);
        await assert.rejects(
          store('namespaces').delete('', name, {}, WRITE),
          refusedAs('Forbidden', /this namespace may not be deleted$/),
        );
      }),
    );
  }
});

describe('a store that cannot write', () => {
  const writes: { title: string; run(fixture: Fixture): Promise<unknown> }[] = [
    { title: 'create', run: ({ store }) => store('configmaps').create(NAMESPACE, configMap('b'), WRITE) },
    { title: 'update', run: ({ store }) => store('configmaps').update(NAMESPACE, 'a', setData({ v: '1' }), WRITE) },
    { title: 'delete', run: ({ store }) => store('configmaps').delete(NAMESPACE, 'a', {}, WRITE) },
  ];
  for (const { title, run } of writes) {
    it(
      `answers 503 to ${title}, and goes on when it can again`,
      withRegistry(async (fixture) => {
        await fixture.store('configmaps').create(NAMESPACE, configMap('a', { v: '0' }), WRITE);
        const mend = fixture.storage.broken();
        await assert.rejects(run(fixture), refusedAs('ServiceUnavailable', /^cannot write to the store$/));
        assert.deepEqual(plain(fixture.store('configmaps').get(NAMESPACE, 'a')).data, { v: '0' });
        mend();
        await run(fixture);
      }),
    );
  }
});
