/** What the documents point at must be there. */
import { lineAt, type Problem, type SourceFile } from './source.ts';

const SPAN = /`([\w@./-]+\.(?:ts|mjs|json|md|tsv|yaml|sh))(?:#([\w$]+))?`/g;
const LINK = /\]\((?!https?:|#|mailto:)([^)#\s]+)(?:#[^)]*)?\)/g;

/**
 * Checks a Markdown file: `` `path/to/file.ts` `` and `` `path/to/file.ts#symbol` `` with a slash in the path, and
 * relative links. `read` gives a file's text by its path from the root, `undefined` if there is none.
 */
export function checkLinks(document: SourceFile, read: (path: string) => string | undefined): Problem[] {
  const problems: Problem[] = [];
  const report = (index: number, message: string) =>
    problems.push({ path: document.path, line: lineAt(document.text, index), message });
  for (const match of document.text.matchAll(SPAN)) {
    const [, path = '', symbol] = match;
    if (!path.includes('/') || path.startsWith('/') || path.startsWith('../')) continue;
    const text = read(path);
    if (text === undefined) report(match.index, `${path} is not there`);
    else if (symbol && !new RegExp(`\\b${symbol.replaceAll('$', '\\$')}\\b`).test(text))
      report(match.index, `${path} has no ${symbol}`);
  }
  for (const match of document.text.matchAll(LINK)) {
    const [, path = ''] = match;
    if (read(path) === undefined) report(match.index, `${path} is not there`);
  }
  return problems;
}
