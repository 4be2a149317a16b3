import assert from 'node:assert/strict';
import { median, table } from './stats.ts';

describe('bench statistics', () => {
  it('takes the middle', () => {
    assert.equal(median([3, 1, 2]), 2);
    assert.equal(median([4, 1, 2, 3]), 2.5);
    assert.ok(Number.isNaN(median([])));
  });

  it('prints a table that Markdown understands', () => {
    const lines = table([{ what: 'start', unit: 'ms', samples: [480, 520, 500] }]).split('\n');
    assert.equal(lines[2], '| start | **500 ms** | 480–520 | 480 520 500 |');
  });
});
