/** Whether a configuration meets the schema, in upstream's words. */
import { isJsonObject } from '../json.ts';
import type { ApplySchema } from './apply-schema.ts';
import { fieldSchema, itemElement, itemSchema, type ListSchema, TypedError } from './list-items.ts';
import { compareStrings, fieldElement, printElement } from './path-elements.ts';

interface Problem {
  path: string;
  message: string;
}

/** What is wrong with a configuration, one text for all of it; `undefined` when nothing is. */
export function configurationError(value: unknown, schema: ApplySchema): string | undefined {
  const problems: Problem[] = [];
  checkValue(value, schema, '', problems);
  const texts = problems.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
  return texts.length > 1 ? ['errors:', ...texts.map((text) => `  ${text}`)].join('\n') : texts[0];
}

function checkValue(value: unknown, schema: ApplySchema, path: string, problems: Problem[]): void {
  if (value === null || value === undefined) return;
  const add = (message: string) => problems.push({ path, message });
  switch (schema.kind) {
    case 'deduced':
      return;
    case 'atomic':
      checkAtomic(value, schema, path, problems);
      return;
    case 'struct':
    case 'map':
      if (isJsonObject(value)) checkFields(value, schema, path, problems);
      else add(`expected map, got &{${goText(value)}}`);
      return;
    default:
      if (Array.isArray(value)) checkItems(value, schema, path, problems);
      else add(`expected list, got &{${goText(value)}}`);
  }
}

function checkAtomic(
  value: unknown,
  schema: Extract<ApplySchema, { kind: 'atomic' }>,
  path: string,
  problems: Problem[],
): void {
  const message = scalarError(value, schema.scalar);
  if (message) problems.push({ path, message });
  if (schema.content) checkValue(value, schema.content(), path, problems);
  if (!schema.items) return;
  const inner = schema.items();
  if (!Array.isArray(value)) problems.push({ path, message: `expected list, got &{${goText(value)}}` });
  else for (const [index, item] of value.entries()) checkValue(item, inner, `${path}[${index}]`, problems);
}

type Scalar = NonNullable<Extract<ApplySchema, { kind: 'atomic' }>['scalar']>;

function scalarError(value: unknown, scalar: Scalar | undefined): string | undefined {
  switch (scalar) {
    case 'string':
      if (typeof value === 'string') return undefined;
      return `expected string, got &value.valueUnstructured{Value:${goSyntax(value)}}`;
    case 'numeric':
      return typeof value === 'number' ? undefined : `expected numeric (int or float), got ${goType(value)}`;
    case 'boolean':
      return typeof value === 'boolean' ? undefined : `expected boolean, got &{${goText(value)}}`;
    case 'any':
      return typeof value === 'object' ? `expected any scalar, got &{${goText(value)}}` : undefined;
    default:
      return undefined;
  }
}

/** Go's `%T`. */
function goType(value: unknown): string {
  if (Array.isArray(value)) return '[]interface {}';
  if (isJsonObject(value)) return 'map[string]interface {}';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

function checkFields(
  value: Readonly<Record<string, unknown>>,
  schema: ApplySchema,
  path: string,
  problems: Problem[],
): void {
  for (const [name, inner] of Object.entries(value).sort(([a], [b]) => compareStrings(a, b))) {
    const here = path + printElement(fieldElement(name));
    const below = fieldSchema(schema, name);
    if (below) checkValue(inner, below, here, problems);
    else {
      // Upstream looks no further in a struct then.
      problems.push({ path: here, message: 'field not declared in schema' });
      return;
    }
  }
}

function checkItems(list: readonly unknown[], schema: ListSchema, path: string, problems: Problem[]): void {
  const inner = itemSchema(schema);
  const seen = new Set<string>();
  for (const [index, item] of list.entries()) {
    const element = elementOrProblem(schema, item, (message) =>
      problems.push({ path, message: `element ${index}: ${message}` }),
    );
    if (element === undefined) return;
    const here = printElement(element);
    if (seen.has(element)) problems.push({ path, message: `duplicate entries for key ${here}` });
    seen.add(element);
    checkValue(item, inner, path + here, problems);
  }
}

function elementOrProblem(schema: ListSchema, item: unknown, report: (message: string) => void): string | undefined {
  try {
    return itemElement(schema, item);
  } catch (error) {
    if (!(error instanceof TypedError)) throw error;
    report(error.message);
    return undefined;
  }
}

/** Go's `%v`. */
function goText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (!isJsonObject(value)) return value === null ? '<nil>' : String(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `map[${entries.map(([key, inner]) => `${key}:${goText(inner)}`).join(' ')}]`;
}

/** Go's `%#v`. */
function goSyntax(value: unknown): string {
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(', ')}}`;
  if (!isJsonObject(value)) return value === null ? 'interface {}(nil)' : JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `map[string]interface {}{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${goSyntax(inner)}`).join(', ')}}`;
}
