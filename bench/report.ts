/** Where results go: to the screen and to bench/results/. */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, release, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { rfc3339, systemClock } from '../base/clock.ts';
import { type Measurement, table } from './stats.ts';

/** How often to measure: `--runs N`. */
export function runsFromArguments(byDefault: number): number {
  const { values } = parseArgs({ options: { runs: { type: 'string' } }, strict: false });
  return typeof values.runs === 'string' ? Number(values.runs) : byDefault;
}

/** Prints the table and keeps it as bench/results/NAME.md. */
export async function publish(name: string, title: string, measurements: readonly Measurement[]): Promise<void> {
  await keep(name, `# ${title}\n\n${table(measurements)}\n`);
}

/** Prints a page, with the machine it was measured on, and keeps it as bench/results/NAME.md. */
export async function keep(name: string, page: string): Promise<void> {
  const text = `${page}\n${machine()}\n`;
  console.log(`\n${text}`);
  const folder = join(treeRoot(), 'bench', 'results');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${name}.md`), text);
}

function machine(): string {
  const model = cpus()[0]?.model ?? 'unknown CPU';
  const memory = Math.round(totalmem() / 1024 ** 3);
  const day = rfc3339(systemClock.now()).slice(0, 10);
  return `Node ${process.version}, Linux ${release()}, ${cpus().length} × ${model}, ${memory} GiB; ${day}.`;
}

/** The folder that holds package.json. */
export function treeRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    if (folder === dirname(folder)) throw new Error('bench: no package.json above');
    folder = dirname(folder);
  }
  return folder;
}
