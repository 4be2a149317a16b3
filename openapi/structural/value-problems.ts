/** What ajv has to say, in the words of upstream's validator. */
import type { ErrorObject } from 'ajv';
import { isJsonObject } from '../json.ts';
import type { FieldError } from '../status.ts';
import {
  goFloat,
  goJson,
  goNumber,
  invalidValue,
  notSupported,
  quote,
  required,
  tooLong,
  tooMany,
  typeInvalid,
} from './field-error.ts';

/** An error, and the value that it is about as the keys that lead to it. */
export interface ValueProblem {
  error: FieldError;
  at: readonly (string | number)[];
}

interface Found {
  error: ErrorObject;
  /** Keys to the value. */
  at: (string | number)[];
  /** Keys to the schema, the keyword left out. */
  schema: string[];
}

/** More errors than anybody reads; what follows compares each with each. */
const ERRORS_MAX = 250;

/** Translates the errors of one validation of `value`, which stands at `path`. */
export function problemsOf(
  errors: readonly ErrorObject[],
  schema: Record<string, unknown>,
  value: unknown,
  path: string,
): ValueProblem[] {
  const found = errors.slice(0, ERRORS_MAX).map((error) => locate(error, value));
  const kept = dropLaterOfStrings(dropWorseBranches(found));
  const seen = new Set<string>();
  const problems = [...kept.map((one) => problemOf(one, path)), ...allOfProblems(kept, schema, path)];
  return problems.filter(({ error }) => {
    const identity = `${error.field}: ${error.message}`;
    return !seen.has(identity) && seen.add(identity);
  });
}

function locate(error: ErrorObject, root: unknown): Found {
  let inner = root;
  const at = pointer(error.instancePath).map((key) => {
    const list = Array.isArray(inner);
    inner = list ? (inner as unknown[])[Number(key)] : (inner as Record<string, unknown> | undefined)?.[key];
    return list ? Number(key) : key;
  });
  const schema = pointer(error.schemaPath.replace(/^#/, '')).map((key) => decodeURIComponent(key));
  return { error, at, schema: schema.slice(0, -1) };
}

function pointer(text: string): string[] {
  return text
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** Of the branches of `anyOf` and `oneOf` only the one that fits best is told of, and none where too many fit. */
function dropWorseBranches(found: readonly Found[]): Found[] {
  const dropped = new Set<Found>();
  for (const choice of found) {
    const { keyword, params } = choice.error;
    if (keyword !== 'anyOf' && keyword !== 'oneOf') continue;
    const inside = found.filter((other) => isInBranch(other, choice));
    const counts = new Map<string, number>();
    for (const other of inside) counts.set(branchOf(other, choice), (counts.get(branchOf(other, choice)) ?? 0) + 1);
    const tooMany = (params as { passingSchemas?: unknown }).passingSchemas != null;
    const best = tooMany ? undefined : [...counts].reduce((a, b) => (b[1] < a[1] ? b : a), ['', Infinity])[0];
    for (const other of inside) if (branchOf(other, choice) !== best) dropped.add(other);
  }
  return found.filter((one) => !dropped.has(one));
}

function isInBranch(other: Found, choice: Found): boolean {
  const prefix = [...choice.schema, choice.error.keyword];
  return (
    other !== choice &&
    other.schema.length >= prefix.length + 1 &&
    prefix.every((key, i) => other.schema[i] === key) &&
    choice.at.every((key, i) => other.at[i] === key)
  );
}

function branchOf(other: Found, choice: Found): string {
  return other.schema[choice.schema.length + 1] ?? '';
}

const STRING_ORDER = ['maxLength', 'minLength', 'pattern'];

/** Of a string's length and pattern upstream tells the first that is wrong. */
function dropLaterOfStrings(found: readonly Found[]): Found[] {
  return found.filter((one) => {
    const rank = STRING_ORDER.indexOf(one.error.keyword);
    return !found.some((other) => {
      const otherRank = STRING_ORDER.indexOf(other.error.keyword);
      return (
        otherRank >= 0 &&
        otherRank < rank &&
        other.schema.join('/') === one.schema.join('/') &&
        isSame(other.at, one.at)
      );
    });
  });
}

function isSame(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((key, i) => key === b[i]);
}

/** ajv has no error of its own for `allOf`; upstream does, beside those of the branches. */
function allOfProblems(found: readonly Found[], root: unknown, path: string): ValueProblem[] {
  const failed = new Map<string, { at: (string | number)[]; schema: string[]; branches: Set<string> }>();
  for (const { at, schema } of found) {
    for (const [i, key] of schema.entries()) {
      if (key !== 'allOf' || !isKeyword(schema, i)) continue;
      const node = at.slice(0, at.length - stepsDown(schema.slice(i + 2)));
      const identity = `${schema.slice(0, i).join('/')} ${node.join('/')}`;
      const entry = failed.get(identity) ?? { at: node, schema: schema.slice(0, i), branches: new Set<string>() };
      entry.branches.add(schema[i + 1] ?? '');
      failed.set(identity, entry);
    }
  }
  return [...failed.values()].map(({ at, schema, branches }) => {
    const { allOf = [] } = schemaAt(root, schema) as { allOf?: unknown[] };
    const none = branches.size === allOf.length ? '. None validated' : '';
    return composite(at, path, `must validate all the schemas (allOf)${none}`);
  });
}

/** Whether the key is a keyword there, and not the name of a property. */
function isKeyword(schema: readonly string[], index: number): boolean {
  let i = 0;
  while (i < index) i += ['properties', 'allOf', 'anyOf', 'oneOf'].includes(schema[i] ?? '') ? 2 : 1;
  return i === index;
}

function stepsDown(schema: readonly string[]): number {
  let steps = 0;
  for (let i = 0; i < schema.length; i++) {
    const key = schema[i] ?? '';
    if (key === 'items' || key === 'additionalProperties') steps++;
    else if (key === 'properties') {
      steps++;
      i++;
    } else if (key !== 'not') i++;
  }
  return steps;
}

function schemaAt(root: unknown, keys: readonly string[]): unknown {
  return keys.reduce<unknown>((inner, key) => (inner as Record<string, unknown>)[key], root);
}

function composite(at: readonly (string | number)[], path: string, text: string): ValueProblem {
  return { at, error: invalidValue(path || '<nil>', '', `${quote(nameOf(at))} ${text}`) };
}

/** Lists by index, everything else with a dot: `spec.ports[0].name`. */
export function nameOf(at: readonly (string | number)[]): string {
  return at.reduce<string>((path, key) => {
    if (typeof key === 'number') return `${path}[${key}]`;
    return path === '' ? key : `${path}.${key}`;
  }, '');
}

function problemOf(found: Found, path: string): ValueProblem {
  const { error, at } = found;
  const params = error.params as Record<string, unknown>;
  const name = nameOf(at);
  const field = join(path, name);
  const subject = `${name} in body`;
  const plain = (problem: FieldError): ValueProblem => ({ error: problem, at });
  switch (error.keyword) {
    case 'required': {
      const missing = String(params.missingProperty);
      return plain(required(join(path, name === '' ? missing : `${name}.${missing}`)));
    }
    case 'type': {
      const actual = typeName(error.data);
      const expected = [params.type].flat().filter((type) => type !== 'null');
      return plain(typeInvalid(field, actual, `${subject} must be of type ${expected.join(',')}: ${quote(actual)}`));
    }
    case 'format': {
      const text = String(error.data);
      return plain(typeInvalid(field, text, `${subject} must be of type ${params.format}: ${quote(text)}`));
    }
    case 'enum':
      return plain(notSupported(field, error.data, (params.allowedValues as unknown[]).map(enumText)));
    case 'maxLength':
      return plain(tooLong(field, Number(params.limit)));
    case 'maxItems':
      return plain(tooMany(field, (error.data as unknown[]).length, Number(params.limit)));
    case 'maxProperties':
      return plain(tooMany(field, Object.keys(error.data as object).length, Number(params.limit)));
    case 'anyOf':
      return composite(at, path, 'must validate at least one schema (anyOf)');
    case 'oneOf':
      return composite(at, path, `must validate one and only one schema (oneOf). ${alternatives(found)}`);
    case 'not':
      return composite(at, path, 'must not validate the schema (not)');
    default: {
      const { value, text } = detail(error.keyword, params, error.data);
      return plain(invalidValue(field, value, `${subject} should ${text}`));
    }
  }
}

function detail(keyword: string, params: Record<string, unknown>, data: unknown): { value: unknown; text: string } {
  const limit = Number(params.limit);
  const bound = Number.isInteger(data) ? goNumber(Math.trunc(limit)) : goFloat(limit);
  switch (keyword) {
    case 'minLength':
      return { value: data, text: `be at least ${limit} chars long` };
    case 'pattern':
      return { value: data, text: `match '${params.pattern}'` };
    case 'minItems':
      return { value: (data as unknown[]).length, text: `have at least ${limit} items` };
    case 'minProperties':
      return { value: limit, text: `have at least ${limit} properties` };
    case 'maximum':
      return { value: data, text: `be less than or equal to ${bound}` };
    case 'exclusiveMaximum':
      return { value: data, text: `be less than ${bound}` };
    case 'minimum':
      return { value: data, text: `be greater than or equal to ${bound}` };
    case 'exclusiveMinimum':
      return { value: data, text: `be greater than ${bound}` };
    case 'multipleOf':
      return { value: data, text: `be a multiple of ${goNumber(Number(params.multipleOf))}` };
    default:
      return { value: data, text: `meet ${keyword}` };
  }
}

/** ajv says which two fit first; how many fit in all it does not count. */
function alternatives({ error }: Found): string {
  const { passingSchemas } = error.params as { passingSchemas?: number[] | null };
  return passingSchemas ? `Found ${passingSchemas.length} valid alternatives` : 'Found none valid';
}

function join(path: string, name: string): string {
  if (path === '') return name;
  return name === '' ? path : `${path}.${name}`;
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (isJsonObject(value)) return 'object';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

function enumText(value: unknown): string {
  return typeof value === 'string' ? value : goJson(value);
}
