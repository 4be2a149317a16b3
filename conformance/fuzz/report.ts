import type { FuzzReport } from './run.ts';

/** The report in words; `tolerate5xx` is for servers older than what kubets speaks, known to answer 500 to some. */
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

/** Whether the run may stand. A server older than 1.36 is let off its complaints of 500, not the damage. */
export function passed(report: FuzzReport, minor: number): boolean {
  if (report.damage.length > 0) return false;
  if (minor >= 36) return report.complaintCount === 0;
  return report.complaints.every(({ why }) => why === 'status 500');
}
