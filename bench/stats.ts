/** Samples, and what is said of them. */

/** The middle of the samples; of an even number, the mean of the two in the middle. NaN of none. */
export function median(samples: readonly number[]): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  const upper = sorted[half] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? Number.NaN) + upper) / 2;
}

export interface Measurement {
  what: string;
  unit: string;
  samples: number[];
}

/** A Markdown table with median, extremes and every sample. */
export function table(measurements: readonly Measurement[]): string {
  const rows = measurements.map(({ what, unit, samples }) => {
    const number = (value: number) => (Math.abs(value) < 10 ? value.toFixed(2) : String(Math.round(value)));
    const spread = `${number(Math.min(...samples))}–${number(Math.max(...samples))}`;
    return `| ${what} | **${number(median(samples))} ${unit}** | ${spread} | ${samples.map(number).join(' ')} |`;
  });
  return ['| what | median | range | samples |', '|---|---|---|---|', ...rows].join('\n');
}
