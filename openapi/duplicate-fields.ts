/** Fields that a JSON text has twice: `JSON.parse` keeps the last and says nothing, strict decoding has to say it. */

const MAX_DUPLICATES = 100;

interface Level {
  path: string;
  /** Names seen so far; `undefined` for a list. */
  names: Set<string> | undefined;
  index: number;
}

/** Whitespace apart, what JSON is made of. Strings are matched whole, so that their content is never structure. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g;

/**
 * Upstream's strict errors, `duplicate field "spec.replicas"`, each once, at most 100. `text` must be valid JSON; what it
 * costs is one pass, whatever it holds. `value` is what it was parsed to, if that is at hand: most clients write JSON as
 * we do, and what comes out as it came in has nothing twice.
 */
export function duplicateFields(text: string, value: unknown = undefined): string[] {
  if (value !== undefined && JSON.stringify(value) === text.trimEnd()) return [];
  const found = new Set<string>();
  const levels: Level[] = [];
  let key = '';
  let isKeyNext = false;
  for (const [token] of text.matchAll(TOKEN)) {
    const level = levels.at(-1);
    switch (token) {
      case '{':
      case '[':
        levels.push({ path: pathOf(level, key), names: token === '{' ? new Set() : undefined, index: 0 });
        isKeyNext = token === '{';
        break;
      case '}':
      case ']':
        levels.pop();
        isKeyNext = false;
        break;
      case ',':
        if (level) level.index++;
        isKeyNext = level?.names !== undefined;
        break;
      case ':':
        break;
      default:
        if (!isKeyNext || !level?.names) break;
        key = JSON.parse(token) as string;
        if (level.names.has(key) && found.size < MAX_DUPLICATES) found.add(pathOf(level, key));
        level.names.add(key);
        isKeyNext = false;
    }
  }
  return [...found].map((path) => `duplicate field ${JSON.stringify(path)}`);
}

function pathOf(level: Level | undefined, key: string): string {
  if (!level) return '';
  if (!level.names) return `${level.path}[${level.index}]`;
  return level.path === '' ? key : `${level.path}.${key}`;
}
