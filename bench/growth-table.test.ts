import assert from 'node:assert/strict';
import { growthTable } from './growth-table.ts';

describe('The table of growth', () => {
  it('shows each measure of each store, and what ought to become of it', () => {
    const lines = growthTable(
      new Map([
        ['10 pods', { get: 0.0884, start: 512.4 }],
        ['100 pods', { get: 0.09 }],
      ]),
    ).split('\n');
    const row = (label: string) => lines.find((line) => line.startsWith(`| ${label}`));
    assert.equal(lines[0], '| server CPU, where it says nothing else | 10 pods | 100 pods | ought to be |');
    assert.equal(row('get, ms'), '| get, ms | 0.088 | 0.090 | constant |');
    assert.equal(row('process start'), '| process start to ready, ms | 512 |  | linear |');
  });
});
