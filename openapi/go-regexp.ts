/** Regular expressions as Go reads them: RE2's syntax, in time linear to the text whatever the pattern is. */
import { loadRe2 } from './lazy.ts';

export interface GoRegExp {
  test(text: string): boolean;
}

export interface GoMatcher extends GoRegExp {
  /** The first match, or `undefined`. */
  find(text: string): string | undefined;
  /** All matches, at most `limit` of them where that is not negative. */
  findAll(text: string, limit: number): string[];
}

/** Throws an Error with Go's message, `error parsing regexp: …`. */
export function goRegExp(pattern: string): GoMatcher {
  const { RE2JS } = loadRe2();
  const compiled = RE2JS.compile(pattern);
  const findAll = (text: string, limit: number): string[] => {
    const matcher = compiled.matcher(text);
    const found: string[] = [];
    while ((limit < 0 || found.length < limit) && matcher.find()) found.push(matcher.group() ?? '');
    return found;
  };
  return {
    test: (text) => compiled.test(text),
    find: (text) => findAll(text, 1)[0],
    findAll,
  };
}

/** Why a pattern is none; `undefined` when it is fine. */
export function goRegExpError(pattern: string): string | undefined {
  try {
    goRegExp(pattern);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
