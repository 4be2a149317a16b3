/**
 * YAML as upstream writes it: keys in order, lists as far left as they may be, and quotes around every text that some
 * reader, of YAML 1.1 or 1.2, would take for something else.
 */

/** A JSON value as a YAML document, with a newline at its end. What JSON leaves out is left out. */
export function emitYaml(value: unknown): string {
  const lines: string[] = [];
  emit(value, '', '', lines);
  return `${lines.join('\n')}\n`;
}

/** Adds the lines of a value. The first begins with `lead`, which ends in a key, a dash, or is empty. */
function emit(value: unknown, lead: string, indent: string, lines: string[]): void {
  if (Array.isArray(value) && value.length > 0) emitList(value, lead, indent, lines);
  else if (isMap(value)) emitMap(value, lead, indent, lines);
  else if (typeof value === 'string' && isBlock(value)) emitBlock(value, lead, indent, lines);
  else lines.push(lead + scalar(value));
}

function isMap(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).some((part) => part !== undefined)
  );
}

function emitMap(map: Record<string, unknown>, lead: string, indent: string, lines: string[]): void {
  // Behind a dash the first key stands on the same line; behind a key it does not.
  const onSameLine = lead === '' || lead.endsWith('- ');
  if (!onSameLine) lines.push(lead.trimEnd());
  let first = onSameLine ? lead : indent;
  for (const key of Object.keys(map).sort()) {
    const value = map[key];
    if (value === undefined) continue;
    // A list stands below its key, a map or a block of text two columns to the right of it.
    const inner = Array.isArray(value) ? indent : `${indent}  `;
    emit(value, `${first}${text(key)}: `, inner, lines);
    first = indent;
  }
}

function emitList(list: readonly unknown[], lead: string, indent: string, lines: string[]): void {
  const onSameLine = lead === '' || lead.endsWith('- ');
  if (!onSameLine) lines.push(lead.trimEnd());
  let first = onSameLine ? lead : indent;
  for (const item of list) {
    emit(item ?? null, `${first}- `, `${indent}  `, lines);
    first = indent;
  }
}

function emitBlock(value: string, lead: string, indent: string, lines: string[]): void {
  const isClosed = value.endsWith('\n');
  lines.push(`${lead}${isClosed ? '|' : '|-'}`);
  for (const line of (isClosed ? value.slice(0, -1) : value).split('\n')) lines.push(line === '' ? '' : indent + line);
}

function scalar(value: unknown): string {
  if (typeof value === 'string') return text(value);
  if (Array.isArray(value)) return '[]';
  if (typeof value === 'object' && value !== null) return '{}';
  return JSON.stringify(value) ?? 'null';
}

/** What needs no escape in any reader. */
const PRINTABLE = /^[\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]*$/;
/** What is written as it is but for what it would be taken for. */
const PLAIN = /^(?![-?:](?: |$)|---|\.\.\.|[,[\]{}#&*!|>'"%@`\s])(?!.*(?:: | #))[^\n]*[^\s:]$/;
/** Null, booleans, numbers of any base, moments and merge keys, in either version of YAML. */
const NOT_TEXT = [
  /^(?:~|null|Null|NULL|<<|=|)$/,
  /^(?:y|Y|yes|Yes|YES|n|N|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/,
  /^[-+]?(?:0b[01_]+|0x[\da-fA-F_]+|0o[0-7_]+|\d[\d_]*(?::[0-5]?\d)*(?:\.[\d_]*)?(?:[eE][-+]?\d+)?|\.\d[\d_]*(?:[eE][-+]?\d+)?)$/,
  /^[-+]?\.(?:inf|Inf|INF)$|^\.(?:nan|NaN|NAN)$/,
  /^\d{4}-\d{1,2}-\d{1,2}(?:[Tt \t].*)?$/,
];

function text(value: string): string {
  if (NOT_TEXT.some((pattern) => pattern.test(value))) return quoted(value);
  if (!PRINTABLE.test(value)) return quoted(value);
  return PLAIN.test(value) ? value : `'${value.replaceAll("'", "''")}'`;
}

function quoted(value: string): string {
  return JSON.stringify(value).replace(
    /[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Several lines that a literal block gives back to the letter. */
function isBlock(value: string): boolean {
  return (
    value.includes('\n') &&
    !/^[\s]|[ \t](?:\n|$)|\n\n$/.test(value) &&
    value.split('\n').every((line) => PRINTABLE.test(line))
  );
}
