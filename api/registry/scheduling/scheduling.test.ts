import assert from 'node:assert/strict';
import type { V1PriorityClass } from '../../../openapi/generated/types.ts';
import { created, declarationOf, errorsOf, updated } from '../test-support.ts';
import { systemPriorityClasses } from './priorityclasses.ts';

const RESERVED = "priority class names with 'system-' prefix are reserved for system use only. error: ";

describe('priority classes', () => {
  const fresh = (fields: object = {}) =>
    created<V1PriorityClass>('PriorityClass', { metadata: { name: 'a' }, ...fields });

  it('take the place of lower ones unless they say otherwise', () => {
    const { preemptionPolicy, metadata } = fresh({ value: 1 });
    assert.deepEqual([preemptionPolicy, metadata?.generation], ['PreemptLowerPriority', 1]);
    const cells = declarationOf('PriorityClass').columns.map((column) => column.value(fresh({ value: 1 }), 0));
    assert.deepEqual(cells, ['a', 1, false, '<unknown>', 'PreemptLowerPriority']);
  });

  const cases: [name: string, fields: object, errors: string[]][] = [
    ['a', { value: 1_000_000_000 }, []],
    [
      'a',
      { value: 1_000_000_001 },
      ['value: Forbidden: maximum allowed value of a user defined priority is 1000000000'],
    ],
    [
      'a',
      { value: 1, preemptionPolicy: 'X' },
      ['preemptionPolicy: Unsupported value: "X": supported values: "PreemptLowerPriority", "Never"'],
    ],
    ['system-a', { value: 1 }, [`metadata.name: Forbidden: ${RESERVED}system-a is not a known system priority class`]],
    [
      'system-node-critical',
      { value: 1 },
      [`metadata.name: Forbidden: ${RESERVED}value of system-node-critical PriorityClass must be 2000001000`],
    ],
  ];
  for (const [name, fields, errors] of cases) {
    it(`find ${errors.length} errors in ${name} ${JSON.stringify(fields)}`, () =>
      assert.deepEqual(errorsOf('PriorityClass', { metadata: { name }, ...fields }), errors));
  }

  it('of the system are in order', () => {
    for (const each of systemPriorityClasses()) assert.deepEqual(errorsOf('PriorityClass', { ...each }), []);
  });

  it('keep value and policy', () => {
    const { errors } = updated('PriorityClass', fresh({ value: 1 }), (each) =>
      Object.assign(each, { value: 2, preemptionPolicy: 'Never', description: 'x' }),
    );
    assert.deepEqual(errors, [
      'value: Forbidden: may not be changed in an update.',
      'preemptionPolicy: Invalid value: "Never": field is immutable',
    ]);
  });
});
