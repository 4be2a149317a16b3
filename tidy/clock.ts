/** Time and randomness come from base/clock.ts and base/random.ts, so that a test can own them. */
import { blanked, findAll, lineAt, type Problem, roomOf, type SourceFile } from './source.ts';

/** Rooms that wait for a cluster they do not own. */
const REAL_TIME = ['conformance', 'e2e', 'bench'];

const BANNED: [pattern: RegExp, instead: string][] = [
  [/\bDate\.now\b/, 'Clock.now'],
  [/\bnew Date\(\s*\)/, 'Clock.now'],
  [/\bperformance\.now\b|\bprocess\.hrtime\b/, 'Clock.monotonic'],
  [/(?<![.\w])(?:setTimeout|setInterval)\s*\(|\b(?:globalThis|global)\.set(?:Timeout|Interval)\b/, 'Clock.after'],
  [/\bAbortSignal\.timeout\b/, 'Clock.after with an AbortController'],
  [/\bMath\.random\b/, 'Random.next'],
  [/\brandomUUID\b|\brandomBytes\b|\brandomInt\b|\bgetRandomValues\b/, 'Random'],
];

export function checkClock(file: SourceFile): Problem[] {
  const room = roomOf(file.path);
  if (room === 'base' || (room !== undefined && REAL_TIME.includes(room))) return [];
  const code = blanked(file.text, 'all');
  const found = BANNED.flatMap(([pattern, instead]) =>
    findAll(file, code, pattern, (match) => `${match.replace(/\s*\($/, '')}: use ${instead}`),
  );
  return [...found, ...timers(file, code)];
}

/** The module itself; its name is in a string, so it is looked for where an import begins in the code. */
function timers(file: SourceFile, code: string): Problem[] {
  const imported = /\b(?:from|import)\s*\(?\s*['"](?:node:)?timers(?:\/promises)?['"]/g;
  return [...blanked(file.text, 'comments').matchAll(imported)]
    .filter(({ index }) => code[index] !== ' ')
    .map(({ index }) => ({ path: file.path, line: lineAt(code, index), message: 'node:timers: use Clock' }));
}
