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
  return requirements.every((requirement) => meets(requirement, ownValue(labels, requirement.key)));
}

/** A stranger chooses the keys: `constructor` is no label of every object. */
function ownValue(labels: Labels, key: string): string | undefined {
  return labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
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
const SYMBOL = /^(?:==|!=|=|!|,|\(|\)|<|>)$/;

/** Reads the tokens of a label selector one by one; past the end there are empty ones. */
class Tokens {
  readonly #tokens: string[] = [];
  #position = 0;

  constructor(text: string) {
    const trimmed = text.trimEnd();
    TOKEN.lastIndex = 0;
    while (TOKEN.lastIndex < trimmed.length) {
      const match = TOKEN.exec(trimmed);
      this.#tokens.push(match?.[1] ?? match?.[2] ?? '');
    }
  }

  peek(): string {
    return this.#tokens[this.#position] ?? '';
  }

  take(): string {
    return this.#tokens[this.#position++] ?? '';
  }
}

function isIdentifier(token: string): boolean {
  return token !== '' && !SYMBOL.test(token);
}

/** Reads `a=1,b!=2,c in (x,y),!d,e>3`. Throws `SelectorError`. */
export function parseLabelSelector(text: string): Requirement[] {
  const tokens = new Tokens(text);
  const requirements: Requirement[] = [];
  const startsRequirement = () => tokens.peek() === '!' || isIdentifier(tokens.peek());
  if (tokens.peek() === '') return requirements;
  if (!startsRequirement()) {
    throw new SelectorError(`found '${tokens.peek()}', expected: !, identifier, or 'end of string'`);
  }
  for (;;) {
    requirements.push(parseRequirement(tokens));
    const separator = tokens.take();
    if (separator === '') return requirements;
    if (separator !== ',') throw new SelectorError(`found '${separator}', expected: ',' or 'end of string'`);
    if (!startsRequirement()) throw new SelectorError(`found '${tokens.peek()}', expected: identifier after ','`);
  }
}

function requirementError(why: string): SelectorError {
  return new SelectorError(`unable to parse requirement: ${why}`);
}

function parseRequirement(tokens: Tokens): Requirement {
  const isNegated = tokens.peek() === '!';
  if (isNegated) tokens.take();
  const key = tokens.take();
  if (!isIdentifier(key)) throw requirementError(`found '${key}', expected: identifier`);
  checkLabelKey(key);
  if (isNegated) return { key, operator: 'absent' };
  if (tokens.peek() === '' || tokens.peek() === ',') return { key, operator: 'exists' };
  const operator = tokens.take();
  switch (operator) {
    case '=':
    case '==':
      return { key, operator: 'in', values: [labelValue(key, exactValue(tokens), 0)] };
    case '!=':
      return { key, operator: 'notin', values: [labelValue(key, exactValue(tokens), 0)] };
    case 'in':
    case 'notin':
      return { key, operator, values: parseSet(tokens).map((value, index) => labelValue(key, value, index)) };
    case '>':
    case '<': {
      const value = exactValue(tokens);
      if (!isInteger(value)) {
        const why = "for 'Gt', 'Lt' operators, the value must be an integer";
        throw requirementError(`values[0]: Invalid value: "${value}": ${why}`);
      }
      return { key, operator: operator === '>' ? 'gt' : 'lt', value: Number(value) };
    }
    default:
      throw requirementError(`found '${operator}', expected: in, notin, =, ==, !=, gt, lt`);
  }
}

function exactValue(tokens: Tokens): string {
  if (tokens.peek() === '' || tokens.peek() === ',') return '';
  const token = tokens.take();
  if (!isIdentifier(token)) throw requirementError(`found '${token}', expected: identifier`);
  return token;
}

/** The values in parentheses, sorted and without repetitions; an empty place is an empty value. */
function parseSet(tokens: Tokens): string[] {
  const open = tokens.take();
  if (open !== '(') throw requirementError(`found '${open}' expected: '('`);
  const first = tokens.peek();
  if (first !== ')' && first !== ',' && !isIdentifier(first)) {
    throw requirementError(`found '${first}', expected: ',', ')' or identifier`);
  }
  const values = new Set<string>();
  for (;;) {
    values.add(isIdentifier(tokens.peek()) ? tokens.take() : '');
    const separator = tokens.take();
    if (separator === ')') return [...values].sort();
    if (separator !== ',') throw requirementError(`found '${separator}', expected: ',' or ')'`);
  }
}

const NAME = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const NAME_RULE =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const SUBDOMAIN_RULE =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const VALUE_RULE =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

function checkLabelKey(key: string): void {
  const problems = labelKeyProblems(key);
  if (problems.length > 0) throw requirementError(`<nil>: Invalid value: "${key}": ${problems.join('; ')}`);
}

/** What is wrong with a label's key, in upstream's words. */
function labelKeyProblems(key: string): string[] {
  const [name = '', prefix, ...more] = key.split('/').reverse();
  if (more.length > 0) {
    return [`a qualified name ${NAME_RULE} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  }
  const problems: string[] = [];
  if (prefix === '') problems.push('prefix part must be non-empty');
  else if (prefix !== undefined) {
    if (prefix.length > 253) problems.push('prefix part must be no more than 253 bytes');
    if (!SUBDOMAIN.test(prefix)) problems.push(`prefix part ${SUBDOMAIN_RULE}`);
  }
  if (name === '') problems.push('name part must be non-empty');
  else if (name.length > 63) problems.push('name part must be no more than 63 bytes');
  if (!NAME.test(name)) problems.push(`name part ${NAME_RULE}`);
  return problems;
}

function labelValue(key: string, value: string, index: number): string {
  const problems: string[] = [];
  if (value.length > 63) problems.push('must be no more than 63 bytes');
  if (value !== '' && !NAME.test(value)) problems.push(VALUE_RULE);
  if (problems.length > 0) {
    throw requirementError(`values[${index}][${key}]: Invalid value: "${value}": ${problems.join('; ')}`);
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
    terms.push({ field, value: unescaped(value), equal: operator !== '!=' });
  }
  return terms;
}

function splitUnescaped(text: string): string[] {
  return text.match(/(?:\\.|\\$|[^\\,])+/gs) ?? [];
}

function unescaped(value: string): string {
  return value.replace(/\\(.?)|[,=]/gs, (match, escaped: string | undefined) => {
    if (escaped === undefined) {
      throw new SelectorError(`invalid field selector: unescaped character in value: ${match.charCodeAt(0)}`);
    }
    if (!/^[\\,=]$/.test(escaped)) throw new SelectorError(`invalid field selector: invalid escape sequence: ${match}`);
    return escaped;
  });
}

/** Whether the fields meet every term; a field that is absent counts as empty. */
export function matchesFields(terms: readonly FieldTerm[], fields: Readonly<Record<string, string>>): boolean {
  return terms.every((term) => ((ownValue(fields, term.field) ?? '') === term.value) === term.equal);
}
