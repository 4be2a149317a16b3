import assert from 'node:assert/strict';
import { seededRandom } from '../../base/random.ts';
import { compareKeys } from './keys.ts';
import { SortedItems } from './sorted-items.ts';

const key = (n: number) => `/${n % 7}/${String(n).padStart(5, '0')}`;

describe('SortedItems', () => {
  it('agrees with a sorted array through thousands of random changes', () => {
    const random = seededRandom(1);
    const items = new SortedItems<{ key: string; value: number }>();
    const model = new Map<string, number>();
    for (let i = 0; i < 12_000; i++) {
      const name = key(Math.floor(random.next() * 4_000));
      if (random.next() < 0.7) {
        assert.equal(items.set({ key: name, value: i })?.value, model.get(name));
        model.set(name, i);
      } else {
        assert.equal(items.delete(name)?.value, model.get(name));
        model.delete(name);
      }
      if (i % 3_000 === 2_999) compare(items, model);
    }
  });

  it('keeps order when it is filled forwards or backwards', () => {
    const keys = Array.from({ length: 3_000 }, (_, i) => `/${String(i).padStart(5, '0')}`);
    for (const order of [keys, keys.toReversed()]) {
      const items = new SortedItems<{ key: string }>();
      for (const name of order) items.set({ key: name });
      assert.deepEqual(
        [...items.scan('')].map((item) => item.key),
        keys,
      );
      assert.equal(items.size, 3_000);
    }
  });

  it('gives a directory as it is now, without what is further below, and the same list while nothing in it changed', () => {
    const items = new SortedItems<{ key: string }>();
    const namesIn = (path: string) => items.directory(path).map((item) => item.key);
    assert.deepEqual(namesIn('/a/'), []);
    for (const name of ['/a/2', '/a/1', '/a/b/1', '/ab/1', '/b/1']) items.set({ key: name });
    assert.deepEqual(namesIn('/a/'), ['/a/1', '/a/2']);
    const first = items.directory('/a/');
    items.set({ key: '/b/2' });
    assert.equal(items.directory('/a/'), first);
    const newer = { key: '/a/1' };
    items.set(newer);
    assert.equal(items.directory('/a/')[0], newer);
    items.delete('/a/1');
    assert.deepEqual(namesIn('/a/'), ['/a/2']);
  });

  it('is empty again when everything is removed', () => {
    const items = new SortedItems<{ key: string }>();
    for (let i = 0; i < 1_500; i++) items.set({ key: key(i) });
    for (let i = 0; i < 1_500; i++) assert.ok(items.delete(key(i)));
    assert.deepEqual([items.size, items.count(''), [...items.scan('')]], [0, 0, []]);
    items.set({ key: '/a' });
    assert.equal(items.count('/'), 1);
  });
});

function compare(items: SortedItems<{ key: string; value: number }>, model: Map<string, number>): void {
  const sorted = [...model.keys()].sort(compareKeys);
  assert.equal(items.size, sorted.length);
  for (const prefix of ['', '/0/', '/3/', '/6/', '/9/']) {
    const under = sorted.filter((name) => name.startsWith(prefix));
    for (const from of [prefix, under[Math.floor(under.length / 2)] ?? prefix, `${prefix}01`]) {
      const expected = under.filter((name) => compareKeys(name, from) >= 0);
      assert.deepEqual(
        [...items.scan(prefix, from)].map((item) => item.key),
        expected,
      );
      assert.equal(items.count(prefix, from), expected.length);
    }
  }
  for (const name of sorted) assert.equal(items.get(name)?.value, model.get(name));
}
