import assert from 'node:assert/strict';
import { memo } from './memo.ts';

describe('memo()', () => {
  it('asks once a text', () => {
    const asked: string[] = [];
    const length = memo(10, (text) => {
      asked.push(text);
      return text === '' ? undefined : text.length;
    });
    assert.deepEqual(['a', 'bb', 'a', '', ''].map(length), [1, 2, 1, undefined, undefined]);
    assert.deepEqual(asked, ['a', 'bb', '']);
  });

  it('keeps no more than it may, and nothing that is long', () => {
    let asked = 0;
    const count = memo(2, () => ++asked);
    for (const text of ['a', 'b', 'c', 'a', 'a']) count(text);
    assert.equal(asked, 4);
    const long = 'x'.repeat(1000);
    assert.notEqual(count(long), count(long));
  });

  it('does not remember failures', () => {
    let fails = true;
    const answer = memo(2, () => {
      if (fails) throw new Error('not now');
      return 1;
    });
    assert.throws(() => answer('a'));
    fails = false;
    assert.equal(answer('a'), 1);
  });
});
