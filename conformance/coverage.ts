/**
 * Prints how many of the listed behaviours are covered and passing, area by area:
 *   KUBECONFIG=… node dist/conformance/coverage.js      runs the suite against that cluster first
 *   node dist/conformance/coverage.js REPORT            reads what a run with CONFORMANCE_COVERAGE=REPORT has written
 * Fails when a behaviour that needs nothing but an API server has no test, or one that did not pass.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readBehaviours } from './behaviour-needs.ts';
import { type CoverageReport, coverageByArea, formatCoverage, outstanding } from './coverage-table.ts';

function runSuite(): CoverageReport {
  const folder = mkdtempSync(join(tmpdir(), 'kubets-coverage-'));
  const file = join(folder, 'coverage.json');
  const here = (pattern: string) => fileURLToPath(new URL(pattern, import.meta.url));
  // What no listed behaviour is about takes long: random requests, and those that were recorded of a real server.
  const others = ['./fuzz*', './fuzz/**', './differential/**'].flatMap((pattern) => ['--ignore', here(pattern)]);
  const mocha = ['node_modules/mocha/bin/mocha.js', '--no-config', '--exit', '--reporter', 'dot', '--timeout', '60s'];
  try {
    spawnSync(process.execPath, [...mocha, ...others, here('./**/*.test.js')], {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, CONFORMANCE_COVERAGE: file },
    });
    return readReport(file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readReport(file: string): CoverageReport {
  return JSON.parse(readFileSync(file, 'utf8')) as CoverageReport;
}

const [file] = process.argv.slice(2);
const report = file === undefined ? runSuite() : readReport(file);
const behaviours = readBehaviours();
const open = outstanding(behaviours, report);
console.log(`server ${report.server}\n\n${formatCoverage(coverageByArea(behaviours, report))}`);
if (open.length > 0) {
  console.log(`\nAPI server only, and not shown:\n${open.map((line) => `  ${line}`).join('\n')}`);
  process.exitCode = 1;
}
