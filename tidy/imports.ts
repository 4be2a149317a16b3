/** Imports point one way. */
import { posix } from 'node:path';
import { blanked, isTest, lineAt, PRODUCT, type Problem, type Room, roomOf, type SourceFile } from './source.ts';

/** What each room may import besides itself. */
const MAY_IMPORT: Record<Room, readonly Room[]> = {
  base: [],
  openapi: ['base'],
  client: ['base', 'openapi'],
  scheduler: ['base', 'openapi', 'client'],
  controllers: ['base', 'openapi', 'client'],
  nodeagent: ['base', 'openapi', 'client'],
  api: ['base', 'openapi'],
  cmd: PRODUCT,
  // Outside: they use what is built, and nothing that is built uses them.
  conformance: ['base', 'openapi'],
  e2e: [...PRODUCT.filter((room) => room !== 'api'), 'conformance'],
  bench: ['base', 'openapi', 'scheduler', 'cmd'],
  tidy: ['base'],
};

/** Packages so slow to load that `kubets up` must not wait for them: `import()` at first need, or types only. */
const HEAVY = ['@kubernetes/client-node', '@peculiar/x509', 'dockerode', 'etcd3', 'express'];

const STATIC = /^\s*(?:import|export)\s+(type\s+)?(?:[^'"`;()]*?\sfrom\s+)?['"]([^'"]+)['"]/gm;
const DYNAMIC = /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g;

export function checkImports(file: SourceFile): Problem[] {
  const code = blanked(file.text, 'comments');
  const bare = blanked(file.text, 'all');
  const problems: Problem[] = [];
  const report = (index: number, message: string) =>
    problems.push({ path: file.path, line: lineAt(code, index), message });
  for (const match of code.matchAll(STATIC)) {
    const [statement, typeOnly, specifier = ''] = match;
    const start = match.index + statement.length - statement.trimStart().length;
    if (bare[start] === ' ') continue; // inside a string
    const wrong = wrongDirection(file.path, specifier) ?? tooHeavy(file.path, specifier, typeOnly !== undefined);
    if (wrong) report(start, wrong);
  }
  for (const match of code.matchAll(DYNAMIC)) {
    if (bare[match.index] === ' ') continue;
    const wrong = wrongDirection(file.path, match[1] ?? '');
    if (wrong) report(match.index, wrong);
  }
  return problems;
}

function wrongDirection(path: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  const from = roomOf(path);
  const target = posix.normalize(posix.join(posix.dirname(path), specifier));
  if (target.startsWith('..')) return `${specifier} is outside the tree`;
  const to = roomOf(target);
  if (from === undefined || to === undefined || from === to) return undefined;
  return MAY_IMPORT[from].includes(to) ? undefined : `${from} may not import ${to} (${specifier})`;
}

function tooHeavy(path: string, specifier: string, typeOnly: boolean): string | undefined {
  const room = roomOf(path);
  if (typeOnly || isTest(path) || room === undefined || !PRODUCT.includes(room)) return undefined;
  if (path.startsWith('openapi/generator/')) return undefined;
  return HEAVY.includes(specifier)
    ? `${specifier} is slow to load: import() it at first need, or import type`
    : undefined;
}
