/** Leftovers: tests switched off, work put off, errors swallowed. */
import { blanked, commentsOf, findAll, isTest, lineAt, type Problem, type SourceFile } from './source.ts';

export function checkMarkers(file: SourceFile): Problem[] {
  return [...checkSwitches(file), ...checkPromises(file), ...checkSwallowed(file)];
}

/** `.only` and `.skip`, and mocha's `xit`: a test runs or it is not there. */
function checkSwitches(file: SourceFile): Problem[] {
  if (!isTest(file.path)) return [];
  const code = blanked(file.text, 'all');
  return findAll(
    file,
    code,
    /\b(?:describe|context|suite|it|specify|test|behaves|behaviour)\.(?:only|skip)\b|\bthis\.skip\b|\bx(?:it|describe)\s*\(/,
    (match) => `${match}: a test runs or is not there`,
  );
}

function checkPromises(file: SourceFile): Problem[] {
  const pattern = /\b(?:TODO|FIXME|XXX|HACK)\b(?=[:(\s])/;
  return findAll(file, commentsOf(file.text), pattern, (match) => `${match}: do it, or open an issue`);
}

/** A catch without code or a word why, and a `.catch` of a mere statement that drops the error. */
function checkSwallowed(file: SourceFile): Problem[] {
  const code = blanked(file.text, 'all');
  const problems: Problem[] = [];
  for (const match of code.matchAll(/\bcatch\s*(?:\([^)]*\)\s*)?\{\s*\}/g)) {
    const original = file.text.slice(match.index, match.index + match[0].length);
    if (!/\/[/*]/.test(original)) {
      problems.push({ path: file.path, line: lineAt(code, match.index), message: 'an empty catch: errors vanish' });
    }
  }
  return [...problems, ...checkDropped(file, code)];
}

const DROPPED = /\.catch\(\s*\(\s*\w*\s*\)\s*=>\s*(?:\{\s*\}|undefined|null|void 0)\s*\);$/;

/** A sleep that is cut short is no error, a fallback that is used is no loss; all else is explained on the spot. */
function checkDropped({ path, text }: SourceFile, code: string): Problem[] {
  const lines = text.split('\n');
  return code.split('\n').flatMap((line, i) => {
    if (!DROPPED.test(line.trimEnd()) || /\bsleep\(|[^=!<>]=[^=>]|\breturn\b/.test(line)) return [];
    const explained = [lines[i], lines[i - 1]].some((near = '') => /(^|\s)(\/\/|\*|\/\*)\s/.test(near));
    if (explained) return [];
    return [{ path, line: i + 1, message: 'an error is dropped: handle it, or say here or above why it may go' }];
  });
}
