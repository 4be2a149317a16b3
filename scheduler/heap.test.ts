import assert from 'node:assert/strict';
import { seededRandom } from '../base/random.ts';
import { Heap } from './heap.ts';

describe('Heap', () => {
  it('gives items in order, whatever the order in which they came', () => {
    const random = seededRandom(1);
    const heap = new Heap<number>((a, b) => a < b);
    const items = Array.from({ length: 500 }, () => Math.floor(random.next() * 100));
    for (const item of items) heap.push(item);
    assert.equal(heap.size, 500);
    const out = Array.from({ length: 500 }, () => heap.pop());
    assert.deepEqual(
      out,
      items.sort((a, b) => a - b),
    );
    assert.equal(heap.pop(), undefined);
  });
});
