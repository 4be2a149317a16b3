import assert from 'node:assert/strict';
import { ask, handle, requestTo } from '../../endpoints/verbs.fixture.ts';
import { type Fixture, type Loose, NAMESPACE, refusedAs, withRegistry } from '../store/store.fixture.ts';
import type { Crd } from './conditions.ts';
import { customResource } from './custom-resource.ts';

const schema = {
  openAPIV3Schema: {
    type: 'object',
    properties: {
      spec: { type: 'object', properties: { size: { type: 'integer' } } },
      status: { type: 'object', properties: { size: { type: 'integer' } } },
    },
  },
};
const CRD: Crd = {
  metadata: { name: 'widgets.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'widgets', kind: 'Widget' },
    versions: [
      { name: 'v1', served: true, storage: true, schema },
      { name: 'v2', served: true, storage: false, schema, subresources: { status: {} } },
    ],
  },
} as Crd;

const path = (version: string, name = '') =>
  `/apis/example.com/${version}/namespaces/${NAMESPACE}/widgets${name && `/${name}`}`;
const widget = (version: string, fields: object = {}) => ({
  apiVersion: `example.com/${version}`,
  kind: 'Widget',
  metadata: { name: 'w' },
  ...fields,
});

/** A test in which widgets are served. */
const withWidgets = (test: (fixture: Fixture) => Promise<void>) =>
  withRegistry(async (fixture) => {
    fixture.registry.add(customResource(CRD, () => '').declaration);
    await test(fixture);
  });

describe('a custom resource', () => {
  it(
    'has in each version the subresources of that version, and a status of its own where it is one',
    withWidgets(async (fixture) => {
      const fields = { spec: { size: 1 }, status: { size: 1 } };
      const first = await ask<Loose>(fixture, 'POST', path('v1'), { body: widget('v1', fields) });
      assert.deepEqual(first.status, { size: 1 }, 'nothing but a field there');
      await assert.rejects(ask(fixture, 'GET', path('v1', 'w/status')), refusedAs('NotFound'));
      const merge = { contentType: 'application/merge-patch+json' };
      const body = { spec: { size: 2 }, status: { size: 2 } };
      const second = await ask<Loose>(fixture, 'PATCH', path('v2', 'w'), { ...merge, body });
      assert.deepEqual([second.spec, second.status], [{ size: 2 }, { size: 1 }]);
      const third = await ask<Loose>(fixture, 'PATCH', path('v2', 'w/status'), {
        ...merge,
        body: { spec: { size: 3 }, status: { size: 3 } },
      });
      assert.deepEqual([third.apiVersion, third.spec, third.status], ['example.com/v2', { size: 2 }, { size: 3 }]);
    }),
  );

  it(
    'is refused for another kind once it is read, for another version before',
    withWidgets(async (fixture) => {
      await assert.rejects(
        ask(fixture, 'POST', path('v1'), { body: { ...widget('v1'), kind: 'Other' } }),
        refusedAs('Invalid', /^Other\.example\.com "w" is invalid: kind: Invalid value: "Other": must be Widget$/),
      );
      await assert.rejects(
        ask(fixture, 'POST', path('v1'), { body: { ...widget('v3'), kind: 'Other' } }),
        refusedAs(
          'BadRequest',
          /^the API version in the data \(example\.com\/v3\) does not match the expected API version/,
        ),
      );
    }),
  );

  it(
    'is refused without a kind',
    withWidgets(async (fixture) => {
      const { kind: _kind, ...body } = widget('v1');
      await assert.rejects(
        ask(fixture, 'POST', path('v1'), { body }),
        refusedAs('BadRequest', /cannot be handled as a Widget: Object 'Kind' is missing in '\{"apiVersion":.*\}'$/),
      );
    }),
  );

  it(
    'is not found below its name, and nobody answers where there is no definition',
    withWidgets(async (fixture) => {
      await assert.rejects(
        ask(fixture, 'GET', path('v1', 'w/none')),
        refusedAs('NotFound', /^widgets\.example\.com "w" not found$/),
      );
      for (const nowhere of [path('v9'), '/apis/none.example.com/v1/widgets', '/apis/example.com/v1/widgets/w']) {
        const result = await handle(fixture, requestTo('GET', nowhere));
        assert.deepEqual(result.kind === 'raw' && [result.status, result.body], [404, '404 page not found\n'], nowhere);
      }
    }),
  );

  it(
    'gets the defaults of the stored version whatever version it came in',
    withRegistry(async (fixture) => {
      // Not structuredClone: that keeps that the versions share a schema.
      const withDefault = JSON.parse(JSON.stringify(CRD)) as Crd;
      const spec = withDefault.spec.versions[0]?.schema?.openAPIV3Schema?.properties?.spec;
      Object.assign(spec?.properties ?? {}, { colour: { type: 'string', default: 'red' } });
      const other = withDefault.spec.versions[1]?.schema?.openAPIV3Schema?.properties?.spec;
      Object.assign(other?.properties ?? {}, { colour: { type: 'string' } });
      fixture.registry.add(customResource(withDefault, () => '').declaration);
      const made = await ask<Loose>(fixture, 'POST', path('v2'), { body: widget('v2', { spec: { size: 1 } }) });
      assert.deepEqual(made.spec, { size: 1, colour: 'red' });
    }),
  );

  it(
    'takes no strategic merge patch',
    withWidgets(async (fixture) => {
      await ask(fixture, 'POST', path('v1'), { body: widget('v1') });
      const options = { body: { spec: { size: 2 } }, contentType: 'application/strategic-merge-patch+json' };
      await assert.rejects(
        handle(fixture, requestTo('PATCH', path('v1', 'w'), options)),
        refusedAs(
          'UnsupportedMediaType',
          /include: application\/json-patch\+json, application\/merge-patch\+json, application\/apply-patch\+yaml$/,
        ),
      );
    }),
  );
});
