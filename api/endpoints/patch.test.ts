import assert from 'node:assert/strict';
import type { V1ReplicationController } from '../../openapi/generated/types.ts';
import { configMap, NAMESPACE, plain, refusedAs, WRITE, withRegistry } from '../registry/store/store.fixture.ts';
import { ask, pathTo } from './verbs.fixture.ts';

const MERGE = 'application/merge-patch+json';
const JSON_PATCH = 'application/json-patch+json';
const STRATEGIC = 'application/strategic-merge-patch+json';

const controller = (name: string, replicas = 1) => ({
  metadata: { name },
  spec: {
    replicas,
    selector: { app: name },
    template: {
      metadata: { labels: { app: name } },
      spec: {
        containers: [
          { name: 'a', image: 'a:1' },
          { name: 'b', image: 'b:1' },
        ],
      },
    },
  },
});

describe('a patch', () => {
  const applied: { title: string; contentType: string; body: unknown; data: object }[] = [
    { title: 'merge', contentType: MERGE, body: { data: { b: '2' } }, data: { a: '1', b: '2' } },
    { title: 'merge that removes', contentType: MERGE, body: { data: { a: null, c: '3' } }, data: { c: '3' } },
    { title: 'strategic merge', contentType: STRATEGIC, body: { data: { b: '2' } }, data: { a: '1', b: '2' } },
    {
      title: 'JSON',
      contentType: `${JSON_PATCH}; charset=utf-8`,
      body: [
        { op: 'test', path: '/data/a', value: '1' },
        { op: 'move', from: '/data/a', path: '/data/z' },
      ],
      data: { z: '1' },
    },
  ];
  for (const { title, contentType, body, data } of applied) {
    it(
      `is applied: ${title}`,
      withRegistry(async (fixture) => {
        const before = await fixture.store('configmaps').create(NAMESPACE, configMap('m', { a: '1' }), WRITE);
        const patched = await ask(fixture, 'PATCH', pathTo('configmaps', 'm'), { contentType, body });
        assert.deepEqual(patched.data, data);
        assert.deepEqual(plain(before).data, { a: '1' }, 'what was cached stays as it was');
        assert.deepEqual(fixture.store('configmaps').get(NAMESPACE, 'm').object, patched);
      }),
    );
  }

  it(
    'that is strategic merges lists by their keys',
    withRegistry(async (fixture) => {
      await fixture.store('replicationcontrollers').create(NAMESPACE, controller('rc'), WRITE);
      const body = { spec: { template: { spec: { containers: [{ name: 'b', image: 'b:2' }] } } } };
      const path = pathTo('replicationcontrollers', 'rc');
      const patched = await ask<V1ReplicationController>(fixture, 'PATCH', path, { contentType: STRATEGIC, body });
      const images = patched.spec?.template?.spec?.containers.map(({ name, image }) => `${name} ${image}`);
      assert.deepEqual(images?.sort(), ['a a:1', 'b b:2']);
      assert.equal(patched.metadata?.generation, 2);
    }),
  );

  const refused: {
    title: string;
    contentType: string;
    body?: unknown;
    raw?: string;
    code: string;
    message?: RegExp;
  }[] = [
    {
      title: 'no patch type',
      contentType: 'application/json',
      body: {},
      code: 'UnsupportedMediaType',
      message: /^415: Unsupported Media Type$/,
    },
    { title: 'no JSON', contentType: MERGE, raw: '{"a":', code: 'BadRequest' },
    { title: 'a JSON patch that is an object', contentType: JSON_PATCH, body: {}, code: 'BadRequest' },
    {
      title: 'a test that fails',
      contentType: JSON_PATCH,
      body: [{ op: 'test', path: '/data/a', value: '2' }],
      code: 'Invalid',
      message: /^the server rejected our request due to an error in our request$/,
    },
    {
      title: 'a path that leads nowhere',
      contentType: JSON_PATCH,
      body: [{ op: 'replace', path: '/none/a', value: '2' }],
      code: 'Invalid',
    },
    {
      title: 'a value of the wrong type',
      contentType: MERGE,
      body: { data: { a: 1 } },
      code: 'Invalid',
      message: /^ "" is invalid: patch: Invalid value: "\{.*"data\\":\{\\"a\\":1\}\}": json: cannot unmarshal number/,
    },
    {
      title: 'a value of the wrong type, merged strategically',
      contentType: STRATEGIC,
      body: { data: 'x' },
      code: 'Invalid',
      message: /^ "" is invalid: patch: Invalid value: "map\[data:x\]": cannot restore map from string$/,
    },
    {
      title: 'another kind',
      contentType: MERGE,
      body: { kind: 'Other' },
      code: 'Invalid',
      message: /: no kind "Other" is registered for version "v1"/,
    },
    { title: 'another name', contentType: MERGE, body: { metadata: { name: 'x' } }, code: 'BadRequest' },
    {
      title: 'a version that no longer stands',
      contentType: MERGE,
      body: { metadata: { resourceVersion: '1' } },
      code: 'Conflict',
    },
  ];
  for (const { title, contentType, body, raw, code, message } of refused) {
    it(
      `is refused: ${title}`,
      withRegistry(async (fixture) => {
        await fixture.store('configmaps').create(NAMESPACE, configMap('m', { a: '1' }), WRITE);
        const options = { contentType, ...(raw === undefined ? { body } : { raw }) };
        await assert.rejects(ask(fixture, 'PATCH', pathTo('configmaps', 'm'), options), refusedAs(code, message));
        assert.deepEqual(plain(fixture.store('configmaps').get(NAMESPACE, 'm')).data, { a: '1' });
      }),
    );
  }

  it(
    'of what does not exist is refused with 404, also of its status',
    withRegistry(async (fixture) => {
      for (const path of [pathTo('configmaps', 'none'), pathTo('pods', 'none', 'status')]) {
        const patch = ask(fixture, 'PATCH', path, { contentType: MERGE, body: {} });
        await assert.rejects(patch, refusedAs('NotFound', /"none" not found$/));
      }
    }),
  );

  it(
    'loses nothing beside others',
    withRegistry(async (fixture) => {
      await fixture.store('configmaps').create(NAMESPACE, configMap('m'), WRITE);
      const patches = Array.from({ length: 40 }, (_, i) =>
        ask(fixture, 'PATCH', pathTo('configmaps', 'm'), { contentType: MERGE, body: { data: { [`k${i}`]: 'x' } } }),
      );
      await Promise.all(patches);
      assert.equal(Object.keys(plain(fixture.store('configmaps').get(NAMESPACE, 'm')).data ?? {}).length, 40);
    }),
  );

  it(
    'in a dry run changes nothing',
    withRegistry(async (fixture) => {
      await fixture.store('configmaps').create(NAMESPACE, configMap('m', { a: '1' }), WRITE);
      const path = `${pathTo('configmaps', 'm')}?dryRun=All`;
      const patched = await ask(fixture, 'PATCH', path, { contentType: MERGE, body: { data: { b: '2' } } });
      assert.deepEqual(patched.data, { a: '1', b: '2' });
      assert.deepEqual(plain(fixture.store('configmaps').get(NAMESPACE, 'm')).data, { a: '1' });
    }),
  );
});

describe('scale', () => {
  const path = pathTo('replicationcontrollers', 'rc', 'scale');
  const withController = (test: Parameters<typeof withRegistry>[0]) =>
    withRegistry(async (fixture) => {
      await fixture.store('replicationcontrollers').create(NAMESPACE, controller('rc', 2), WRITE);
      await test(fixture);
    });
  const replicasOf = (stored: unknown) => (stored as V1ReplicationController).spec?.replicas;

  it(
    'shows what the resource wants and has',
    withController(async (fixture) => {
      const { kind, apiVersion, spec, status, metadata } = await ask(fixture, 'GET', path);
      assert.deepEqual([kind, apiVersion], ['Scale', 'autoscaling/v1']);
      assert.deepEqual(spec, { replicas: 2 });
      assert.deepEqual(status, { replicas: 0, selector: 'app=rc' });
      const stored = fixture.store('replicationcontrollers').get(NAMESPACE, 'rc').object.metadata;
      assert.deepEqual([metadata?.uid, metadata?.resourceVersion], [stored?.uid, stored?.resourceVersion]);
    }),
  );

  const changes: { title: string; method: string; contentType?: string; body: unknown }[] = [
    { title: 'PUT', method: 'PUT', body: { metadata: { name: 'rc' }, spec: { replicas: 5 } } },
    { title: 'merge patch', method: 'PATCH', contentType: MERGE, body: { spec: { replicas: 5 } } },
    {
      title: 'JSON patch',
      method: 'PATCH',
      contentType: JSON_PATCH,
      body: [{ op: 'replace', path: '/spec/replicas', value: 5 }],
    },
  ];
  for (const { title, method, contentType, body } of changes) {
    it(
      `changes the resource by ${title}, and nothing else of it`,
      withController(async (fixture) => {
        const store = fixture.store('replicationcontrollers');
        const before = store.get(NAMESPACE, 'rc').object as V1ReplicationController;
        const scaled = await ask(fixture, method, path, { body, ...(contentType ? { contentType } : {}) });
        assert.deepEqual(scaled.spec, { replicas: 5 });
        const after = store.get(NAMESPACE, 'rc').object as V1ReplicationController;
        assert.equal(replicasOf(after), 5);
        assert.deepEqual(after.spec?.template, before.spec?.template);
        assert.equal(replicasOf(before), 2, 'what was cached stays as it was');
      }),
    );
  }

  const refused: { title: string; method: string; body: unknown; reason: string; contentType?: string }[] = [
    {
      title: 'fewer than none',
      method: 'PUT',
      body: { metadata: { name: 'rc' }, spec: { replicas: -1 } },
      reason: 'Invalid',
    },
    { title: 'another name', method: 'PUT', body: { metadata: { name: 'x' } }, reason: 'BadRequest' },
    {
      title: 'an old version',
      method: 'PUT',
      body: { metadata: { name: 'rc', resourceVersion: '1' }, spec: { replicas: 5 } },
      reason: 'Conflict',
    },
    { title: 'a word', method: 'PATCH', contentType: MERGE, body: { spec: { replicas: 'x' } }, reason: 'Invalid' },
    { title: 'a deletion', method: 'DELETE', body: {}, reason: 'MethodNotAllowed' },
  ];
  for (const { title, method, body, reason, contentType } of refused) {
    it(
      `refuses ${title}`,
      withController(async (fixture) => {
        const options = { body, ...(contentType ? { contentType } : {}) };
        await assert.rejects(ask(fixture, method, path, options), refusedAs(reason));
        assert.equal(replicasOf(fixture.store('replicationcontrollers').get(NAMESPACE, 'rc').object), 2);
      }),
    );
  }

  it(
    'of what does not exist, or does not scale, is refused with 404',
    withController(async (fixture) => {
      await assert.rejects(
        ask(fixture, 'PUT', pathTo('replicationcontrollers', 'none', 'scale'), { body: { spec: { replicas: 1 } } }),
        refusedAs('NotFound', /^replicationcontrollers "none" not found$/),
      );
      await assert.rejects(
        ask(fixture, 'GET', pathTo('replicationcontrollers', 'none', 'scale')),
        refusedAs('NotFound', /^replicationcontrollers\/scale\.autoscaling "none" not found$/),
      );
      await assert.rejects(ask(fixture, 'GET', pathTo('configmaps', 'a', 'scale')), refusedAs('NotFound'));
    }),
  );
});
