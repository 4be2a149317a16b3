/** The counting of covered behaviours, and that every behaviour is classified. */
import assert from 'node:assert/strict';
import { readBehaviours } from './behaviour-needs.ts';
import { type CoverageReport, coverageByArea, formatCoverage, outstanding } from './coverage-table.ts';

const behaviours = [
  { title: 'a', area: 'one', needs: 'api' as const },
  { title: 'b', area: 'one', needs: 'api' as const },
  { title: 'c', area: 'one', needs: 'node' as const },
  { title: 'd', area: 'two', needs: 'api' as const },
  { title: 'e', area: 'two', needs: 'api' as const },
];
const report: CoverageReport = {
  server: 'v1.36.0',
  rows: { a: { tests: 2, passed: 2 }, b: { tests: 2, passed: 1 }, c: { tests: 1, passed: 1 } },
  newer: ['b', 'e'],
};

describe('coverage', () => {
  it('counts rows by area, and those apart that need nothing but an API server', () => {
    assert.deepEqual(coverageByArea(behaviours, report), [
      { area: 'one', rows: 3, covered: 3, passing: 2, api: { rows: 2, newer: 0, covered: 2, passing: 1 } },
      { area: 'two', rows: 2, covered: 0, passing: 0, api: { rows: 2, newer: 1, covered: 0, passing: 0 } },
      { area: 'all', rows: 5, covered: 3, passing: 2, api: { rows: 4, newer: 1, covered: 2, passing: 1 } },
    ]);
  });

  it('a row of which one test failed is not passing, and one that came after the server is not asked for', () => {
    assert.deepEqual(outstanding(behaviours, report), ['one: b (not passing)', 'two: d (no test)']);
  });

  it('prints a line an area', () => {
    const lines = formatCoverage(coverageByArea(behaviours, report)).split('\n');
    assert.deepEqual(
      lines.map((line) => line.split(/ +/)[0]),
      ['area', 'one', 'two', 'all'],
    );
    assert.equal(new Set(lines.map(({ length }) => length)).size, 1);
  });

  it('every listed behaviour is classified', () => {
    const needs = new Set(readBehaviours().map((one) => one.needs));
    assert.deepEqual([...needs].sort(), ['api', 'controllers', 'network', 'node', 'policy', 'webhook']);
  });
});
