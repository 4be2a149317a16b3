/** All measurements, one after the other: `make bench`. Each also runs by itself. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const MEASUREMENTS: readonly (readonly string[])[] = [
  ['startup.js', '--docker'],
  ['memory.js', '--docker'],
  ['pod.js'],
  ['load.js'],
  ['growth.js'],
  ['scheduling.js'],
  ['scale.js'],
];

for (const [script = '', ...flags] of MEASUREMENTS) {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(process.execPath, [path, ...flags, ...process.argv.slice(2)], { stdio: 'inherit' });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) {
    process.stderr.write(`bench: ${script} ended with ${code}; it needs root and Docker, as make up prepares them\n`);
    process.exit(1);
  }
}
