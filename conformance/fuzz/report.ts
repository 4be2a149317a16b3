import type { FuzzReport } from './run.ts';

/** The report in words. */
export function describeReport(report: FuzzReport): string {
  const lines = [summaryOf(report), `  complaints: ${report.complaintCount}, damage: ${report.damage.length}`];
  for (const { index, why, request, answer } of report.complaints) {
    lines.push(`  #${index} ${why} (again: FUZZ_SEED=${report.seed} FUZZ_ONLY=${index})`);
    lines.push(`    ${request}`, `    -> ${answer.replaceAll('\n', ' ')}`);
  }
  for (const damage of report.damage) lines.push(`  DAMAGE ${damage}`);
  return lines.join('\n');
}

/** Its figures, in two lines. */
export function summaryOf({ seed, requests, milliseconds, statuses, slowest, memory }: FuzzReport): string {
  const seconds = milliseconds / 1000;
  const counts = Object.entries(statuses).map(([status, count]) => `${count}×${status}`);
  const used = memory.every((mib) => mib !== undefined) ? `; memory ${memory.join(' → ')} MiB` : '';
  return [
    `fuzz: seed ${seed}, ${requests} requests in ${seconds.toFixed(1)} s (${Math.round(requests / seconds)}/s)`,
    `  answers: ${counts.join(' ')}; the slowest #${slowest.index} in ${slowest.milliseconds} ms${used}`,
  ].join('\n');
}

/** Whether the run may stand. */
export function passed(report: FuzzReport): boolean {
  return report.damage.length === 0 && report.complaintCount === 0;
}
