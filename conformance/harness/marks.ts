/**
 * Tests and what they cover. A test that cannot run against this server (too old for it, or no node) is registered as
 * pending, so that mocha counts and shows it, and is counted again in the summary line.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { CoverageReport } from '../coverage-table.ts';
import { server } from './cluster.ts';

export interface Marks {
  /** Titles of rows of behaviours-1.36.tsv, without the closing `[Conformance]`. */
  covers?: string | string[];
  /** The minor version that brought the behaviour: older servers are not asked. */
  since?: number;
  /** The minor version that ended it: from this one on servers are not asked. */
  until?: number;
  /** Needs a scheduler and a Ready node. */
  needsNode?: boolean;
}

/** Milliseconds a test may take unless its suite says otherwise. */
const TIMEOUT_MS = 30_000;

/** The tree's root: this file runs from dist/conformance/harness or .build/NAME/conformance/harness. */
function readRows(): Set<string> {
  for (const up of ['../', '../../../conformance/', '../../../../conformance/']) {
    const text = readIfThere(new URL(`${up}behaviours-1.36.tsv`, import.meta.url));
    if (text !== undefined) return new Set(text.split('\n').slice(1).map(titleOf).filter(Boolean));
  }
  throw new Error('conformance: behaviours-1.36.tsv is not where it belongs, in conformance/');
}

function readIfThere(url: URL): string | undefined {
  try {
    return readFileSync(url, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function titleOf(line: string): string {
  return (line.split('\t')[2] ?? '').replace(/ \[Conformance\]$/, '');
}

const rows = readRows();
/** The rows that tests of this run name, with what came of them. */
const coverage: CoverageReport = { server: server.text, rows: {}, newer: [] };
const leftOut = { tooNew: 0, tooOld: 0, needsNode: 0 };

/** A group of tests with our timeout. */
export function suite(title: string, body: () => void, timeoutMs = TIMEOUT_MS): void {
  describe(title, function () {
    this.timeout(timeoutMs);
    body();
  });
}

/** One test. Throws at once when it claims a behaviour that the list does not have. */
export function behaves(
  title: string,
  ...rest: [() => Promise<void> | void] | [Marks, () => Promise<void> | void]
): void {
  const [marks, run] = rest.length === 2 ? rest : [{}, rest[0]];
  const names = [marks.covers ?? []].flat();
  for (const name of names) {
    if (!rows.has(name)) throw new Error(`conformance: no such behaviour in behaviours-1.36.tsv: ${name}`);
  }
  const why = reasonToLeaveOut(marks);
  if (why !== undefined) {
    if (server.minor < (marks.since ?? 0)) coverage.newer.push(...names);
    it(`${title} (left out: ${why})`);
    return;
  }
  const covered = names.map((name) => {
    const row = coverage.rows[name] ?? { tests: 0, passed: 0 };
    coverage.rows[name] = row;
    row.tests++;
    return row;
  });
  it(title, async () => {
    await run();
    for (const row of covered) row.passed++;
  });
}

/** A test titled with the row it covers. */
export function behaviour(
  row: string,
  ...rest: [() => Promise<void> | void] | [Marks, () => Promise<void> | void]
): void {
  const [marks, run] = rest.length === 2 ? rest : [{}, rest[0]];
  behaves(row, { ...marks, covers: row }, run);
}

function reasonToLeaveOut({ since = 0, until = Number.POSITIVE_INFINITY, needsNode }: Marks): string | undefined {
  if (server.minor < since) {
    leftOut.tooNew++;
    return `since 1.${since}`;
  }
  if (server.minor >= until) {
    leftOut.tooOld++;
    return `until 1.${until}`;
  }
  if (needsNode && server.readyNodes.length === 0) {
    leftOut.needsNode++;
    return 'no Ready node';
  }
  return undefined;
}

/** Whether the server is of this minor version or newer: for an expectation whose wording changed. */
export function atLeast(minor: number): boolean {
  return server.minor >= minor;
}

after(() => {
  const { tooNew, tooOld, needsNode } = leftOut;
  console.log(
    `\n  server ${server.text} (1.${server.minor}), ${server.readyNodes.length} Ready nodes; ` +
      `${Object.keys(coverage.rows).length} of ${rows.size} listed behaviours covered; ` +
      `left out: ${tooNew} newer than the server, ${tooOld} older, ${needsNode} for want of a node`,
  );
  const file = process.env.CONFORMANCE_COVERAGE;
  if (file) writeFileSync(file, JSON.stringify(coverage));
});
