import assert from 'node:assert/strict';
import type { KubeObject } from '../../openapi/object.ts';
import type { Column } from '../registry/declaration.ts';
import { partialOf, tableOf } from './table.ts';

const columns: Column<KubeObject>[] = [
  { name: 'Name', type: 'string', format: 'name', priority: 0, description: 'd', value: (o) => o.metadata?.name ?? '' },
  { name: 'Age', type: 'date', priority: 1, description: '', value: (_o, now) => `${now}s` },
];
const object = { kind: 'Thing', apiVersion: 'v1', metadata: { name: 'a' }, spec: { secret: true } } as KubeObject;
const options = { version: 'v1', includeObject: 'Metadata', headers: true, now: 7 } as const;

describe('tableOf', () => {
  it('names the columns as the wire knows them, and asks each for its cell', () => {
    const table = tableOf({ columns }, [object], { resourceVersion: '3' }, options) as Record<string, unknown>;
    assert.deepEqual([table.kind, table.apiVersion], ['Table', 'meta.k8s.io/v1']);
    assert.deepEqual(table.metadata, { resourceVersion: '3' });
    assert.deepEqual(table.columnDefinitions, [
      { name: 'Name', type: 'string', format: 'name', description: 'd', priority: 0 },
      { name: 'Age', type: 'date', format: '', description: '', priority: 1 },
    ]);
    assert.deepEqual((table.rows as { cells: unknown[] }[])[0]?.cells, ['a', '7s']);
  });

  for (const [includeObject, expected] of [
    ['None', null],
    ['Metadata', partialOf(object, 'v1')],
    ['Object', object],
  ] as const) {
    it(`carries in its rows what ${includeObject} stands for`, () => {
      const table = tableOf({ columns }, [object], {}, { ...options, includeObject });
      assert.deepEqual((table as { rows: { object: unknown }[] }).rows[0]?.object, expected);
    });
  }

  it('leaves the columns out where they have been told', () => {
    const table = tableOf({ columns }, [], {}, { ...options, headers: false }) as Record<string, unknown>;
    assert.deepEqual([table.columnDefinitions, table.rows], [null, []]);
  });
});

describe('partialOf', () => {
  it('keeps nothing but the metadata', () => {
    assert.deepEqual(partialOf(object, 'v1beta1'), {
      kind: 'PartialObjectMetadata',
      apiVersion: 'meta.k8s.io/v1beta1',
      metadata: { name: 'a' },
    });
    assert.deepEqual((partialOf({}, 'v1') as KubeObject).metadata, {});
  });
});
