/** What the library has to say of an expression, in the words and with the places of upstream's compiler. */

interface LibraryError {
  name?: string;
  code?: string;
  summary?: string;
  message?: string;
  range?: { start: number };
  node?: { args?: unknown };
}

const OPERATOR = /^no such overload: (.+?) (==|!=|<=|>=|<|>|\+|-|\*|\/|%|in) (.+)$/;
const CALL = /^found no matching overload for '(?:(.+)\.)?(\w+)\((.*)\)'$/;

/** `compilation failed: ERROR: <input>:1:6: …`, with the line and a mark below the place. */
export function compileMessage(expression: string, error: unknown): string {
  const { text, start } = translated(expression, error as LibraryError);
  const before = expression.slice(0, start).split('\n');
  const line = before.length;
  const column = before.at(-1)?.length ?? 0;
  const source = expression.split('\n')[line - 1] ?? '';
  return `compilation failed: ERROR: <input>:${line}:${column + 1}: ${text}\n | ${source}\n | ${'.'.repeat(column)}^`;
}

function translated(expression: string, error: LibraryError): { text: string; start: number } {
  const text = error.summary ?? error.message ?? 'cannot be compiled';
  const start = error.range?.start ?? 0;
  if (error.name === 'ParseError') return { text: `Syntax error: ${text}`, start };
  const variable = /^Unknown variable: (.*)$/.exec(text)?.[1];
  if (variable !== undefined) return { text: `undeclared reference to '${variable}' (in container '')`, start };
  const field = /^No such key: (.*)$/.exec(text)?.[1];
  // Upstream points at the dot.
  if (field !== undefined) return { text: `undefined field '${field}'`, start: Math.max(start - 1, 0) };
  const operator = OPERATOR.exec(text);
  if (operator) return ofOperator(operator, expression, error, start);
  const call = CALL.exec(text);
  if (!call) return { text, start };
  const [, receiver, name, args = ''] = call;
  const applied = `${receiver === undefined ? '' : `${typeName(receiver)}.`}(${typeName(args)})`;
  return { text: `found no matching overload for '${name}' applied to '${applied}'`, start };
}

function ofOperator(
  [, left = '', operator = '', right = '']: RegExpExecArray,
  expression: string,
  { node }: LibraryError,
  start: number,
): { text: string; start: number } {
  const name = operator === 'in' ? '@in' : `_${operator}_`;
  const [first] = Array.isArray(node?.args) ? (node.args as { end?: number }[]) : [];
  const found = first?.end === undefined ? -1 : expression.indexOf(operator, first.end);
  return {
    text: `found no matching overload for '${name}' applied to '(${typeName(left)}, ${typeName(right)})'`,
    start: found < 0 ? start : found,
  };
}

/** `list<string>` is `list(string)` upstream. */
function typeName(name: string): string {
  return name
    .replaceAll('<', '(')
    .replaceAll('>', ')')
    .replace('google.protobuf.Timestamp', 'timestamp')
    .replace('google.protobuf.Duration', 'duration');
}
