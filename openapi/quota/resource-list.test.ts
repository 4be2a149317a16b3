import assert from 'node:assert/strict';
import { addQuantities, amountsText, maximum, sum, surplus, withoutZeros } from './resource-list.ts';

describe('resource lists', () => {
  for (const [a, b, expected] of [
    ['500m', '500m', '1'],
    ['512Mi', '512Mi', '1Gi'],
    ['1Gi', '1k', '1073742824'],
    ['0', '1Gi', '1Gi'],
    ['1k', '1Gi', '1073742824'],
    ['100Mi', '924Mi', '1Gi'],
  ] as const) {
    it(`add ${b} to ${a}, in the format of the first that says something`, () =>
      assert.equal(addQuantities(a, b), expected));
  }

  it('have sums, maxima and differences by name', () => {
    assert.deepEqual(sum({ a: '1', b: '2' }, { b: '3', c: '4' }), { a: '1', b: '5', c: '4' });
    assert.deepEqual(maximum({ a: '1', b: '5' }, { b: '3', c: '4' }), { a: '1', b: '5', c: '4' });
    assert.deepEqual(surplus({ a: '3', b: '1Gi' }, { a: '5', b: '512Mi' }), { a: '0', b: '512Mi' });
    assert.deepEqual(withoutZeros({ a: '0', b: '1' }), { b: '1' });
    assert.equal(amountsText({ b: '1', a: '500m' }), 'a=500m,b=1');
  });
});
