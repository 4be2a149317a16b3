import type { FuzzReport } from './run.ts';

/** The report in words. */
export function describeReport(report: FuzzReport): string {
  const seconds = report.milliseconds / 1000;
  const statuses = Object.entries(report.statuses)
    .map(([status, count]) => `${status}: ${count}`)
    .join(', ');
  const lines = [
    `fuzz: seed ${report.seed}, ${report.requests} requests in ${seconds.toFixed(1)} s (${Math.round(report.requests / seconds)}/s)`,
    `  answers: ${statuses}`,
    `  complaints: ${report.complaintCount}, damage: ${report.damage.length}`,
  ];
  for (const { index, why, request, answer } of report.complaints) {
    lines.push(`  #${index} ${why}`, `    ${request}`, `    -> ${answer.replaceAll('\n', ' ')}`);
  }
  for (const damage of report.damage) lines.push(`  DAMAGE ${damage}`);
  return lines.join('\n');
}

/** Whether the run may stand. */
export function passed(report: FuzzReport): boolean {
  return report.damage.length === 0 && report.complaintCount === 0;
}
