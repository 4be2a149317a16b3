/** A ratchet: no function grows over 70 lines. Works on formatted code, where a closing brace stands under its opener. */
import { blanked, hasTests, type Problem, type SourceFile } from './source.ts';

export const LONGEST_FUNCTION = 70;

/** Files that were there before the ratchet, with the longest function each may have. Only ever shorter. */
export const GRANDFATHERED: Record<string, number> = {};

const CONTROL =
  /^\s*(?:\} )?(?:if|for|while|switch|else|do|try|catch|finally|class|interface|export (?:default )?(?:abstract )?(?:class|interface)|abstract class|with)\b/;
const OPENER =
  /(?:\bfunction\b.*|=>|^\s*(?:(?:public|private|protected|static|async|override|get|set)\s+)*[*#]?[\w$]+(?:<[^>]*>)?\(.*\)(?:: [^=]+)?|^\s*\)(?:: [^=]+)?) \{$/;

export function checkFunctions(file: SourceFile, longest = GRANDFATHERED[file.path] ?? LONGEST_FUNCTION): Problem[] {
  if (hasTests(file)) return [];
  const lines = blanked(file.text, 'all').split('\n');
  const problems: Problem[] = [];
  for (const [start, line] of lines.entries()) {
    if (CONTROL.test(line) || !OPENER.test(line)) continue;
    const indent = line.slice(0, line.length - line.trimStart().length);
    const closer = new RegExp(`^${indent}\\}`);
    const end = lines.findIndex((other, i) => i > start && closer.test(other));
    const length = end - start + 1;
    if (end > start && length > longest) {
      problems.push({
        path: file.path,
        line: start + 1,
        message: `a function of ${length} lines, ${longest} are allowed`,
      });
    }
  }
  return problems;
}
