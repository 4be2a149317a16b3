/** How much of the listed behaviours a run of the suite has covered, area by area. */
import type { Behaviour } from './behaviour-needs.ts';

/** What a run of the suite writes into the file that $CONFORMANCE_COVERAGE names. */
export interface CoverageReport {
  server: string;
  /** Row → how many tests name it, and how many of them passed. */
  rows: Record<string, { tests: number; passed: number }>;
  /** Rows with a test that the server is too old for. */
  newer: string[];
}

/** Counts of rows. */
export interface AreaCoverage {
  area: string;
  rows: number;
  covered: number;
  /** Rows all of whose tests passed. */
  passing: number;
  /** The same of those rows that need nothing but an API server; `newer`: they have a test, but came after the server. */
  api: { rows: number; newer: number; covered: number; passing: number };
}

/** A line an area, in the order of the list, and one for all. Pure. */
export function coverageByArea(behaviours: Behaviour[], report: CoverageReport): AreaCoverage[] {
  const areas = [...new Set(behaviours.map(({ area }) => area))];
  const lines = areas.map((area) =>
    count(
      area,
      behaviours.filter((one) => one.area === area),
      report,
    ),
  );
  return [...lines, count('all', behaviours, report)];
}

function count(area: string, behaviours: Behaviour[], report: CoverageReport): AreaCoverage {
  const totals = (of: Behaviour[]) => ({
    rows: of.length,
    covered: of.filter(({ title }) => report.rows[title] !== undefined).length,
    passing: of.filter(({ title }) => isPassing(report, title)).length,
  });
  const api = behaviours.filter(({ needs }) => needs === 'api');
  const newer = api.filter(({ title }) => isNewer(report, title)).length;
  return { area, ...totals(behaviours), api: { ...totals(api), newer } };
}

function isNewer({ rows, newer }: CoverageReport, title: string): boolean {
  return rows[title] === undefined && newer.includes(title);
}

function isPassing({ rows }: CoverageReport, title: string): boolean {
  const row = rows[title];
  return row !== undefined && row.tests > 0 && row.passed === row.tests;
}

/** The rows that need nothing but an API server, of this age, and have no test, or one that did not pass. */
export function outstanding(behaviours: Behaviour[], report: CoverageReport): string[] {
  const open = behaviours.filter(
    ({ title, needs }) => needs === 'api' && !isPassing(report, title) && !isNewer(report, title),
  );
  return open.map(({ area, title }) => `${area}: ${title} (${report.rows[title] ? 'not passing' : 'no test'})`);
}

/** The lines as a table for people. */
export function formatCoverage(lines: AreaCoverage[]): string {
  const head = ['area', 'rows', 'covered', 'passing', 'API server only', 'newer', 'covered', 'passing'];
  const body = lines.map(({ area, rows, covered, passing, api }) =>
    [area, rows, covered, passing, api.rows, api.newer, api.covered, api.passing].map(String),
  );
  const widths = head.map((title, i) => Math.max(title.length, ...body.map((cells) => cells[i]?.length ?? 0)));
  const line = (cells: string[]) =>
    cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  ');
  return [head, ...body].map(line).join('\n');
}
