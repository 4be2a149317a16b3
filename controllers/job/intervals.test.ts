import assert from 'node:assert/strict';
import {
  formatIntervals,
  hasIndex,
  type Intervals,
  missingIndexes,
  overlapOf,
  parseIntervals,
  totalOf,
  withIndexes,
} from './intervals.ts';

const read = (text: string): Intervals => parseIntervals(text, 1000);

describe('intervals of completion indexes', () => {
  const notation: [indexes: number[], text: string][] = [
    [[], ''],
    [[3], '3'],
    [[1, 2], '1,2'],
    [[1, 2, 3], '1-3'],
    [[5, 1, 3, 4, 7], '1,3-5,7'],
    [[0, 1, 3, 4, 6, 7, 8], '0,1,3,4,6-8'],
  ];
  for (const [indexes, text] of notation) {
    it(`are written ${text || 'as nothing'} and read again`, () => {
      const intervals = withIndexes([], indexes);
      assert.equal(formatIntervals(intervals), text);
      assert.deepEqual(read(text), intervals);
      assert.equal(totalOf(intervals), indexes.length);
      for (let i = 0; i < 10; i++) assert.equal(hasIndex(intervals, i), indexes.includes(i), `${i}`);
    });
  }

  const cut: [text: string | undefined, completions: number, left: string][] = [
    [undefined, 5, ''],
    ['0-9', 5, '0-4'],
    ['0,4,5', 5, '0,4'],
    ['0,x,2-y,3', 5, '0,3'],
    ['7-9', 5, ''],
  ];
  for (const [text, completions, left] of cut) {
    it(`${text} is ${left || 'nothing'} of ${completions}`, () => {
      assert.equal(formatIntervals(parseIntervals(text, completions)), left);
    });
  }

  const merged: [before: string, indexes: number[], after: string][] = [
    ['', [2], '2'],
    ['1,3', [2], '1-3'],
    ['1-5', [3], '1-5'],
    ['4-6', [0, 9], '0,4-6,9'],
    ['4-6', [7, 3], '3-7'],
  ];
  for (const [before, indexes, after] of merged) {
    it(`${before || 'nothing'} and ${indexes} is ${after}`, () => {
      assert.equal(formatIntervals(withIndexes(read(before), indexes)), after);
    });
  }

  const overlaps: [a: string, b: string, count: number][] = [
    ['', '1-3', 0],
    ['1-3', '2-9', 2],
    ['0-4,6-9', '3-7', 4],
    ['1,3,5', '0-9', 3],
    ['1', '2', 0],
  ];
  for (const [a, b, count] of overlaps) {
    it(`${a || 'nothing'} and ${b} have ${count} in common`, () => {
      assert.equal(overlapOf(read(a), read(b)), count);
      assert.equal(overlapOf(read(b), read(a)), count);
    });
  }

  const missing: [taken: string, count: number, completions: number, free: number[]][] = [
    ['', 2, 5, [0, 1]],
    ['0-1,3', 5, 5, [2, 4]],
    ['1-3', 1, 5, [0]],
    ['0-4', 3, 5, []],
    ['2', 9, 3, [0, 1]],
    ['0-9', 3, 5, []],
  ];
  for (const [taken, count, completions, free] of missing) {
    it(`beside ${taken || 'nothing'} the first ${count} of ${completions} are ${free}`, () => {
      assert.deepEqual(missingIndexes(read(taken), count, completions), free);
    });
  }
});
