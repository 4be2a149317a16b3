import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { KUBERNETES_VERSION } from '../api/endpoints/version.ts';
import { packageRoot } from '../openapi/generated-file.ts';

/** The package's own version. */
export function packageVersion(): string {
  const text = readFileSync(join(packageRoot(), 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

export function printVersion(): void {
  process.stdout.write(
    `kubets ${packageVersion()}\nKubernetes API ${KUBERNETES_VERSION}\nNode.js ${process.version}\n`,
  );
}
