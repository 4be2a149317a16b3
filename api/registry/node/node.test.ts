import assert from 'node:assert/strict';
import type { V1RuntimeClass } from '../../../openapi/generated/types.ts';
import { LABEL } from '../core/test-messages.ts';
import { created, declarationOf, errorsOf, updated } from '../test-support.ts';

describe('runtime classes', () => {
  const metadata = { name: 'a' };
  const toleration = { key: 'c', operator: 'Exists' };
  const cases: [fields: object, errors: string[]][] = [
    [{ handler: 'runc' }, []],
    [{}, [`handler: Invalid value: "": ${LABEL}`]],
    [
      { handler: 'h', overhead: { podFixed: { foo: '1', 'hugepages-2Mi': '1Mi' } } },
      [
        'overhead.limits[foo]: Invalid value: "foo": must be a standard resource type or fully qualified',
        'overhead.limits[foo]: Invalid value: "foo": must be a standard resource for containers',
        'overhead: Forbidden: HugePages require cpu or memory',
      ],
    ],
    [
      { handler: 'h', scheduling: { tolerations: [toleration, toleration] } },
      [
        'scheduling.tolerations[1]: Duplicate value: {"Key":"c","Operator":"Exists","Value":"","Effect":"","TolerationSeconds":null}',
      ],
    ],
  ];
  for (const [fields, errors] of cases) {
    it(`find ${errors.length} errors in ${JSON.stringify(fields)}`, () =>
      assert.deepEqual(errorsOf('RuntimeClass', { metadata, ...fields }), errors));
  }

  it('keep their handler, are made by a PUT and replaced only by version', () => {
    const old = created<V1RuntimeClass>('RuntimeClass', { metadata, handler: 'h' });
    const { errors } = updated('RuntimeClass', old, (each) => Object.assign(each, { handler: 'i' }));
    assert.deepEqual(errors, ['handler: Invalid value: "i": field is immutable']);
    const { createOnUpdate, unconditionalUpdate } = declarationOf('RuntimeClass').strategy;
    assert.deepEqual([createOnUpdate, unconditionalUpdate], [true, false]);
  });
});
