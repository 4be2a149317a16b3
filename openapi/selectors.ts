/** Label and field selectors in their string forms, as kubectl and the client libraries send them. */

/** One requirement on one label. */
export type Requirement =
  | { key: string; operator: 'in' | 'notin'; values: readonly string[] }
  | { key: string; operator: 'exists' | 'absent' }
  | { key: string; operator: 'gt' | 'lt'; value: number };

/** Why a selector could not be read; `message` is upstream's. */
export class SelectorError extends Error {}

export type Labels = Readonly<Record<string, string>> | undefined;

/** Whether `labels` meet every requirement. */
export function matchesLabels(requirements: readonly Requirement[], labels: Labels): boolean {
  return requirements.every((requirement) => meets(requirement, labels?.[requirement.key]));
}

function meets(requirement: Requirement, value: string | undefined): boolean {
  switch (requirement.operator) {
    case 'in':
      return value !== undefined && requirement.values.includes(value);
    case 'notin':
      return value === undefined || !requirement.values.includes(value);
    case 'exists':
      return value !== undefined;
    case 'absent':
      return value === undefined;
    case 'gt':
      return isInteger(value) && Number(value) > requirement.value;
    case 'lt':
      return isInteger(value) && Number(value) < requirement.value;
  }
}

function isInteger(value: string | undefined): value is string {
  return value !== undefined && /^[+-]?\d+$/.test(value);
}

/** The requirements of a plain map, as in a Service's `spec.selector`. */
export function requirementsOf(labels: Record<string, string>): Requirement[] {
  return Object.entries(labels).map(([key, value]) => ({ key, operator: 'in', values: [value] }));
}

/** A plain map in string form: `a=1,b=2`, keys in order. */
export function selectorText(labels: Record<string, string>): string {
  return Object.keys(labels)
    .sort()
    .map((key) => `${key}=${labels[key]}`)
    .join(',');
}

const TOKEN = /\s*(?:(==|!=|=|!|,|\(|\)|<|>)|([^\s=!,()<>]+))/y;

/** Reads `a=1,b!=2,c in (x,y),!d,e>3`. Throws `SelectorError`. */
export function parseLabelSelector(text: string): Requirement[] {
  const tokens = tokenize(text);
  if (tokens.length === 0) return [];
  const requirements: Requirement[] = [];
  let position = 0;
  const peek = () => tokens[position];
  const take = () => tokens[position++];
  for (;;) {
    requirements.push(parseRequirement(peek, take));
    const separator = take();
    if (separator === undefined) return requirements;
    if (separator !== ',') throw new SelectorError(`found '${separator}', expected: ',' or 'end of string'`);
    if (peek() === undefined) throw new SelectorError("found '', expected: identifier after ','");
  }
}

function tokenize(text: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const match = TOKEN.exec(text);
    if (!match) throw new SelectorError(`unable to parse requirement: ${text}`);
    tokens.push(match[1] ?? match[2] ?? '');
  }
  return tokens;
}

function parseRequirement(peek: () => string | undefined, take: () => string | undefined): Requirement {
  if (peek() === '!') {
    take();
    return { key: labelKey(take()), operator: 'absent' };
  }
  const key = labelKey(take());
  const operator = peek();
  if (operator === undefined || operator === ',') return { key, operator: 'exists' };
  take();
  switch (operator) {
    case '=':
    case '==':
      return { key, operator: 'in', values: [labelValue(key, exactValue(peek, take))] };
    case '!=':
      return { key, operator: 'notin', values: [labelValue(key, exactValue(peek, take))] };
    case 'in':
    case 'notin':
      return { key, operator, values: parseSet(peek, take).map((value) => labelValue(key, value)) };
    case '>':
    case '<': {
      const value = exactValue(peek, take);
      if (!isInteger(value)) {
        throw new SelectorError(
          `values[0][${key}]: Invalid value: "${value}": for 'Gt', 'Lt' operators, the value must be an integer`,
        );
      }
      return { key, operator: operator === '>' ? 'gt' : 'lt', value: Number(value) };
    }
    default:
      throw new SelectorError(
        `unable to parse requirement: found '${operator}', expected: in, notin, =, ==, !=, gt, lt`,
      );
  }
}

function exactValue(peek: () => string | undefined, take: () => string | undefined): string {
  const token = peek();
  if (token === undefined || token === ',') return '';
  take();
  return token;
}

function parseSet(peek: () => string | undefined, take: () => string | undefined): string[] {
  if (take() !== '(') throw new SelectorError("unable to parse requirement: expected: '('");
  const values: string[] = [];
  for (;;) {
    const token = peek();
    if (token === undefined) throw new SelectorError("unable to parse requirement: found '', expected: ',' or ')'");
    if (token === ')' || token === ',') values.push('');
    else values.push(take() ?? '');
    const separator = take();
    if (separator === ')') return [...new Set(values)].sort();
    if (separator !== ',')
      throw new SelectorError(`unable to parse requirement: found '${separator}', expected: ',' or ')'`);
  }
}

const NAME = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

function labelKey(token: string | undefined): string {
  if (token === undefined || /^(=|==|!=|!|,|\(|\)|<|>)$/.test(token)) {
    throw new SelectorError(`unable to parse requirement: found '${token ?? ''}', expected: identifier`);
  }
  const slash = token.indexOf('/');
  const prefix = slash < 0 ? undefined : token.slice(0, slash);
  const name = slash < 0 ? token : token.slice(slash + 1);
  if (
    !NAME.test(name) ||
    name.length > 63 ||
    (prefix !== undefined && (!SUBDOMAIN.test(prefix) || prefix.length > 253))
  ) {
    throw new SelectorError(
      `unable to parse requirement: <nil>: Invalid value: "${token}": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`,
    );
  }
  return token;
}

function labelValue(key: string, value: string): string {
  if (value !== '' && (!NAME.test(value) || value.length > 63)) {
    throw new SelectorError(
      `unable to parse requirement: values[0][${key}]: Invalid value: "${value}": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`,
    );
  }
  return value;
}

/** One term of a field selector. */
export interface FieldTerm {
  field: string;
  value: string;
  equal: boolean;
}

/** Reads `metadata.name=web,status.phase!=Running`; a backslash escapes `,`, `=` and itself. Throws `SelectorError`. */
export function parseFieldSelector(text: string): FieldTerm[] {
  const terms: FieldTerm[] = [];
  for (const part of splitUnescaped(text)) {
    if (part === '') continue;
    const match = /^((?:\\.|[^\\=!])*)(==|!=|=)(.*)$/s.exec(part);
    if (!match) throw new SelectorError(`invalid selector: '${text}'; can't understand '${part}'`);
    const [, field = '', operator, value = ''] = match;
    terms.push({ field, value: unescaped(value, text), equal: operator !== '!=' });
  }
  return terms;
}

function splitUnescaped(text: string): string[] {
  return text.match(/(?:\\.|[^\\,])+/gs) ?? [];
}

function unescaped(value: string, text: string): string {
  if (/(?:^|[^\\])(?:\\\\)*[=]/.test(value))
    throw new SelectorError(`invalid selector: '${text}'; can't understand '${value}'`);
  return value.replace(/\\([\\,=])/g, '$1');
}

/** Whether the fields meet every term; a field that is absent counts as empty. */
export function matchesFields(terms: readonly FieldTerm[], fields: Readonly<Record<string, string>>): boolean {
  return terms.every((term) => ((fields[term.field] ?? '') === term.value) === term.equal);
}
