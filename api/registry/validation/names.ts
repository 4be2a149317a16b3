/** Checks of names and other short strings. Each returns upstream's messages, none when the value is fine. */
import { isIP } from 'node:net';

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const LABEL_1035 = '[a-z]([-a-z0-9]*[a-z0-9])?';
const QUALIFIED = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const LABEL_VALUE = `(${QUALIFIED})?`;
const CONFIG_KEY = '[-._a-zA-Z0-9]+';
const HEADER = '[-A-Za-z0-9]+';

const LABEL_PATTERN = whole(LABEL);
const SUBDOMAIN_PATTERN = whole(SUBDOMAIN);
const LABEL_1035_PATTERN = whole(LABEL_1035);
const QUALIFIED_PATTERN = whole(QUALIFIED);
const LABEL_VALUE_PATTERN = whole(LABEL_VALUE);
const CONFIG_KEY_PATTERN = whole(CONFIG_KEY);
const HEADER_PATTERN = whole(HEADER);

const SUBDOMAIN_MAX = 253;
const LABEL_MAX = 63;
const QUALIFIED_TEXT =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";

function whole(pattern: string): RegExp {
  return new RegExp(`^(?:${pattern})$`);
}

function explain(text: string, pattern: string, ...examples: string[]): string {
  const list = examples.map((example) => `'${example}', `).join(' or ');
  return examples.length > 0
    ? `${text} (e.g. ${list}regex used for validation is '${pattern}')`
    : `${text} (regex used for validation is '${pattern}')`;
}

/** `must be no more than 63 characters`, which are bytes all the same. */
export function maxLength(bytes: number): string {
  return `must be no more than ${bytes} characters`;
}

/** `must be no more than 63 bytes`, as upstream words it for labels only. */
function maxLabelLength(bytes: number): string {
  return `must be no more than ${bytes} bytes`;
}

/** `must be between 1 and 65535, inclusive`. */
export function inclusiveRange(low: number, high: number): string {
  return `must be between ${low} and ${high}, inclusive`;
}

export const EMPTY = 'must be non-empty';

export function isDns1123Label(value: string): string[] {
  const messages = value.length > LABEL_MAX ? [maxLength(LABEL_MAX)] : [];
  if (!LABEL_PATTERN.test(value)) {
    if (SUBDOMAIN_PATTERN.test(value)) return [...messages, 'must not contain dots'];
    const text =
      "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
    messages.push(explain(text, LABEL, 'my-name', '123-abc'));
  }
  return messages;
}

export function isDns1123Subdomain(value: string, tooLong = maxLength): string[] {
  const messages = value.length > SUBDOMAIN_MAX ? [tooLong(SUBDOMAIN_MAX)] : [];
  if (!SUBDOMAIN_PATTERN.test(value)) {
    const text =
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
    messages.push(explain(text, SUBDOMAIN, 'example.com'));
  }
  return messages;
}

export function isDns1035Label(value: string): string[] {
  const messages = value.length > LABEL_MAX ? [maxLength(LABEL_MAX)] : [];
  if (!LABEL_1035_PATTERN.test(value)) {
    const text =
      "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character";
    messages.push(explain(text, LABEL_1035, 'my-name', 'abc-123'));
  }
  return messages;
}

/** `example.com/MyName` or `MyName`: keys of labels and annotations, finalizers, condition types, resource names. */
export function isQualifiedName(value: string): string[] {
  const parts = value.split('/');
  if (parts.length > 2) {
    const text = `a qualified name ${explain(QUALIFIED_TEXT, QUALIFIED, 'MyName', 'my.name', '123-abc')}`;
    return [`${text} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  }
  const messages: string[] = [];
  const name = parts.at(-1) ?? '';
  if (parts.length === 2) {
    const prefix = parts[0] ?? '';
    if (prefix === '') messages.push(`prefix part ${EMPTY}`);
    else messages.push(...isDns1123Subdomain(prefix, maxLabelLength).map((message) => `prefix part ${message}`));
  }
  if (name === '') messages.push(`name part ${EMPTY}`);
  else if (name.length > LABEL_MAX) messages.push(`name part ${maxLabelLength(LABEL_MAX)}`);
  if (!QUALIFIED_PATTERN.test(name)) {
    messages.push(`name part ${explain(QUALIFIED_TEXT, QUALIFIED, 'MyName', 'my.name', '123-abc')}`);
  }
  return messages;
}

export function isLabelValue(value: string): string[] {
  const messages = value.length > LABEL_MAX ? [maxLabelLength(LABEL_MAX)] : [];
  if (!LABEL_VALUE_PATTERN.test(value)) {
    const text = `a valid label must be an empty string or ${QUALIFIED_TEXT.replace('must consist', 'consist')}`;
    messages.push(explain(text, LABEL_VALUE, 'MyValue', 'my_value', '12345'));
  }
  return messages;
}

/** Keys of config maps and secrets. */
export function isConfigMapKey(value: string): string[] {
  const messages = value.length > SUBDOMAIN_MAX ? [maxLength(SUBDOMAIN_MAX)] : [];
  if (!CONFIG_KEY_PATTERN.test(value)) {
    const text = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
    messages.push(explain(text, CONFIG_KEY, 'key.name', 'KEY_NAME', 'key-name'));
  }
  if (value === '.') messages.push("must not be '.'");
  else if (value === '..') messages.push("must not be '..'");
  else if (value.startsWith('..')) messages.push("must not start with '..'");
  return messages;
}

/** Names of environment variables, as relaxed as they are since 1.34. */
export function isEnvVarName(value: string): string[] {
  if (value === '') return [`environment variable name ${EMPTY}`];
  if (/^[ -<>-~]+$/.test(value)) return [];
  return ["a valid environment variable name must consist only of printable ASCII characters other than '='"];
}

export function isHttpHeaderName(value: string): string[] {
  if (HEADER_PATTERN.test(value)) return [];
  return [explain("a valid HTTP header must consist of alphanumeric characters or '-'", HEADER, 'X-Header-Name')];
}

/** IANA service names, as ports carry. */
export function isPortName(value: string): string[] {
  const messages = value.length > 15 ? [maxLength(15)] : [];
  if (!/^[-a-z0-9]+$/.test(value)) {
    messages.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  }
  if (!/[a-z]/.test(value)) messages.push('must contain at least one letter (a-z)');
  if (value.includes('--')) messages.push('must not contain consecutive hyphens');
  if (value.startsWith('-') || value.endsWith('-')) messages.push('must not begin or end with a hyphen');
  return messages;
}

export function isPortNumber(value: number): string[] {
  return value >= 1 && value <= 65535 ? [] : [inclusiveRange(1, 65535)];
}

export function isIpAddress(value: string): string[] {
  return isIP(value) === 0 ? ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'] : [];
}

/** What every name must meet to fit in a URL's path. */
export function isPathSegmentName(value: string, prefix = false): string[] {
  if (!prefix && (value === '.' || value === '..')) return [`may not be '${value}'`];
  return ['/', '%'].filter((illegal) => value.includes(illegal)).map((illegal) => `may not contain '${illegal}'`);
}

/** A generated name goes on after its prefix, so a prefix may end in a dash. */
function maskTrailingDash(name: string): string {
  return name.length > 1 && name.endsWith('-') ? `${name.slice(0, -2)}a` : name;
}

/** For `Strategy.validateName`: most kinds. */
export function nameIsDnsSubdomain(name: string, prefix: boolean): string[] {
  return isDns1123Subdomain(prefix ? maskTrailingDash(name) : name);
}

/** For `Strategy.validateName`: namespaces. */
export function nameIsDnsLabel(name: string, prefix: boolean): string[] {
  return isDns1123Label(prefix ? maskTrailingDash(name) : name);
}

/** For `Strategy.validateName`: services. */
export function nameIsDns1035Label(name: string, prefix: boolean): string[] {
  return isDns1035Label(prefix ? maskTrailingDash(name) : name);
}
