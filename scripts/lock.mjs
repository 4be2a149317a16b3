/**
 * Completes package-lock.json. npm leaves out the optional packages of other platforms when the registry in use lacks
 * them, and then `npm ci` refuses the file. What is missing is added here, without the hash that only a full registry
 * knows. To be run after npm has changed the file: `npm run lock` does both.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const file = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(readFileSync(file, 'utf8'));

/** The fields by which npm tells whether a package is meant for this machine, read off its name. */
function platformOf(name) {
  const [, os, cpu, musl] = /-(android|darwin|linux|win32)-(arm64|arm|x64)(-musl)?$/.exec(name) ?? [];
  if (!os) throw new Error(`package-lock.json lacks the optional package ${name}: its platform is not in its name`);
  return { os: [os], cpu: [cpu], libc: musl ? ['musl'] : undefined };
}

for (const asking of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(asking.optionalDependencies ?? {})) {
    const place = `node_modules/${name}`;
    if (lock.packages[place] || Object.keys(lock.packages).some((path) => path.endsWith(`/${place}`))) continue;
    // In npm's order of fields; undefined ones are not written.
    const { os, cpu, libc } = platformOf(name);
    lock.packages[place] = { version, cpu, dev: asking.dev, libc, optional: true, os };
  }
}

const sorted = Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en'));
lock.packages = Object.fromEntries(sorted);
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
