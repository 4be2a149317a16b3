/** Finds what the generator wrote, wherever the compiled code lies: in `dist/`, in `.build/x/`, or installed. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of kubets' own package.json. Throws when `start` lies in no such folder. */
export function packageRoot(start: string = dirname(fileURLToPath(import.meta.url))): string {
  for (let folder = start; ; folder = dirname(folder)) {
    const manifest = join(folder, 'package.json');
    if (existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).name === 'kubets') return folder;
    if (dirname(folder) === folder) throw new Error(`find the package root: no package.json of kubets above ${start}`);
  }
}

/** A parsed JSON file of `openapi/generated/`. Reads it anew every time: keeping it is the caller's decision. */
export function readGenerated(name: string): unknown {
  return JSON.parse(readFileSync(join(packageRoot(), 'openapi', 'generated', name), 'utf8'));
}
