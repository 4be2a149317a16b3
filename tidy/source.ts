/** The tree's own sources, and a way to look at code without its comments and strings. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface SourceFile {
  /** From the root of the tree, with forward slashes. */
  path: string;
  text: string;
}

/** One thing that is not tidy. */
export interface Problem {
  path: string;
  /** From 1. */
  line: number;
  message: string;
}

export const ROOMS = [
  'base',
  'openapi',
  'api',
  'client',
  'scheduler',
  'controllers',
  'nodeagent',
  'cmd',
  'conformance',
  'e2e',
  'bench',
  'tidy',
] as const;
export type Room = (typeof ROOMS)[number];

/** What people install, as against what checks it. */
export const PRODUCT: readonly Room[] = ROOMS.slice(0, 8);

/** The folder that holds package.json, above wherever this was compiled to. */
export function treeRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    if (folder === dirname(folder)) throw new Error('tidy: no package.json above');
    folder = dirname(folder);
  }
  return folder;
}

/** Every TypeScript file of every room, generated ones excepted. */
export function readSources(root = treeRoot()): SourceFile[] {
  const files: SourceFile[] = [];
  for (const room of ROOMS) {
    if (!existsSync(join(root, room))) continue;
    for (const entry of readdirSync(join(root, room), { recursive: true, withFileTypes: true })) {
      const path = relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/');
      if (!entry.isFile() || !path.endsWith('.ts') || path.startsWith('openapi/generated/')) continue;
      files.push({ path, text: readFileSync(join(root, path), 'utf8') });
    }
  }
  return files.sort((a, b) => a.path.localeCompare(b.path));
}

export function roomOf(path: string): Room | undefined {
  const first = path.split('/')[0];
  return ROOMS.find((room) => room === first);
}

export function isTest(path: string): boolean {
  return /\.test\.ts$/.test(path);
}

/** Whether a file registers tests: a test file, or a suite that several of them run. */
export function hasTests({ path, text }: SourceFile): boolean {
  return isTest(path) || /^\s*(?:describe|it|suite|behaves)\(/m.test(text);
}

/** Comments, strings, templates and regular expressions, in the order in which one hides another. */
const TOKENS =
  /\/\/[^\n]*|\/\*[\s\S]*?\*\/|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|(?<=[=(,:[!&|?{};\n]\s*|\breturn\s+)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*/g;

/** The code with comments made blank, and strings and regular expressions too if asked; lines stay where they are. */
export function blanked(text: string, what: 'comments' | 'all'): string {
  return text.replace(TOKENS, (token) => {
    if (isComment(token)) return blank(token);
    return what === 'comments' ? token : token[0] + blank(token.slice(1, -1)) + token.at(-1);
  });
}

/** The comments alone, code and strings made blank. */
export function commentsOf(text: string): string {
  let end = 0;
  let out = '';
  for (const match of text.matchAll(TOKENS)) {
    out += blank(text.slice(end, match.index));
    end = match.index + match[0].length;
    out += isComment(match[0]) ? match[0] : blank(match[0]);
  }
  return out + blank(text.slice(end));
}

function isComment(token: string): boolean {
  return token.startsWith('//') || token.startsWith('/*');
}

function blank(text: string): string {
  return text.replace(/[^\n]/g, ' ');
}

/** The line, from 1, on which `index` falls. */
export function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

/** Every match of `pattern` in the code, as problems. */
export function findAll(
  file: SourceFile,
  code: string,
  pattern: RegExp,
  message: (match: string) => string,
): Problem[] {
  return [...code.matchAll(new RegExp(pattern, 'g'))].map((match) => ({
    path: file.path,
    line: lineAt(code, match.index),
    message: message(match[0].trim()),
  }));
}

/** Problems as lines of `path:line: message`. */
export function describeProblems(problems: Problem[]): string {
  return problems.map(({ path, line, message }) => `${path}:${line}: ${message}`).join('\n');
}
