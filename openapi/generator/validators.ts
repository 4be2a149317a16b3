/**
 * Compiles ajv validators for values that are exactly as the server would write them. What they pass needs no further
 * look; what they refuse may still be fine (a null, `1000m`) and goes to the interpreter in `openapi/schema.ts`.
 */
import { Ajv, type SchemaObject } from 'ajv';
import standaloneModule from 'ajv/dist/standalone/index.js';
import { CANONICAL_QUANTITY, CANONICAL_TIME } from '../canonical.ts';
import { alwaysWritten, type Facts, omittedWhenEmpty } from './facts.ts';
import type { Definition, FieldType } from './model.ts';

const standaloneCode = standaloneModule.default;

/** Text of `openapi/generated/validators.ts`: `validators[definition id](value)` for `roots` and what they refer to. */
export function validatorsText(definitions: Definition[], facts: Facts, roots: (id: string) => boolean): string {
  const byId = new Map(definitions.map((definition) => [definition.id, definition]));
  const ids = reachable(byId, definitions.map((definition) => definition.id).filter(roots));
  const schemas = ids.map((id) => schemaOf(byId.get(id), facts));
  const ajv = new Ajv({
    schemas,
    code: { source: true, esm: true, optimize: 2 },
    inlineRefs: false,
    messages: false,
    strict: false,
    // Only whether a string is empty is asked of its length.
    unicode: false,
    // It calls that option deprecated with every build.
    logger: false,
    allErrors: false,
  });
  const names: Record<string, string> = {};
  for (const id of ids) names[exportName(id)] = id;
  const table = ids.map((id) => `  '${id}': ${exportName(id)} as Validator,`);
  return [
    '// @ts-nocheck Generated from @kubernetes/client-node by ajv; not committed.',
    slim(standaloneCode(ajv, names), schemas),
    'type Validator = (value: unknown) => boolean;',
    'export const validators: Readonly<Record<string, Validator>> = {',
    ...table,
    '};',
    '',
  ].join('\n');
}

/** What ajv's code does beside checking: it gathers reasons and counts them. */
const BOOKKEEPING: [RegExp, string][] = [
  [/"use strict";/g, ''],
  [/\/\*# sourceURL=".*?" \*\/;/g, ''],
  [/validate\d+\.errors = \[\{instancePath.*?\}\];/g, ''],
  [/vErrors = vErrors === null \? validate\d+\.errors : vErrors\.concat\(validate\d+\.errors\);/g, 'return false;'],
  [/errors = vErrors\.length;/g, ''],
  [/validate\d+\.errors = vErrors;return errors === 0;/g, 'return true;'],
  [/, \{instancePath:[^{}]*?\}\)/g, ')'],
  [/\(data, \{instancePath="".*?\}=\{\}\)/g, '(data)'],
  [/let vErrors = null;let errors = 0;/g, ''],
  [/const _errs\d+ = errors;/g, ''],
  [/var valid\d+ = _errs\d+ === errors;/g, ''],
  [/else ?\{var valid\d+ = true;\}/g, ''],
  [/if\(!valid\d+\)\{break;\}/g, ''],
  [/if\((?:_errs\d+ === errors|errors === _errs\d+|errors === 0|valid\d+)\)/g, ''],
  [/return false;break;/g, 'return false;'],
];

/**
 * Nobody reads the reasons of a refusal: the interpreter finds upstream's words for them. So the first refusal ends
 * the check, the bookkeeping goes, and of the schemas only the names of their properties stay.
 */
function slim(code: string, schemas: SchemaObject[]): string {
  let text = code;
  for (const [pattern, replacement] of BOOKKEEPING) text = text.replace(pattern, replacement);
  for (const schema of schemas) {
    const names = Object.keys(schema.properties).map((name) => `${JSON.stringify(name)}:1`);
    text = text.replace(JSON.stringify(schema), () => `{properties:{${names}}}`);
  }
  if (/\b(vErrors|_errs\d+)\b/.test(text)) throw new Error("compile validators: ajv's code has a form unknown here");
  return withoutBareBlocks(text);
}

/** Drops the braces that only nest: ajv opens a block a property, and the printer would indent each. */
function withoutBareBlocks(code: string): string {
  const out: string[] = [];
  const isBare: boolean[] = [];
  let last = '';
  for (const character of code) {
    let keep = true;
    if (character === '{') {
      isBare.push(last === '{' || last === '}' || last === ';');
      keep = !isBare.at(-1);
    } else if (character === '}') keep = !isBare.pop();
    if (keep) out.push(character);
    last = character;
  }
  return out.join('');
}

function exportName(id: string): string {
  return id.replace(/[.-]/g, '_');
}

function reachable(byId: Map<string, Definition>, roots: string[]): string[] {
  const seen = new Set<string>();
  const visit = (id: string) => {
    if (seen.has(id)) return;
    seen.add(id);
    for (const field of byId.get(id)?.fields ?? []) {
      const ref = referred(field.type);
      if (ref) visit(ref);
    }
  };
  roots.forEach(visit);
  return [...seen].sort();
}

function referred(type: FieldType): string | undefined {
  if (type.kind === 'array') return referred(type.items);
  if (type.kind === 'map') return referred(type.values);
  return type.kind === 'ref' ? type.ref : undefined;
}

function schemaOf(definition: Definition | undefined, facts: Facts): SchemaObject {
  if (!definition) throw new Error('compile validators: a definition refers to one that is missing');
  const properties: Record<string, SchemaObject> = {};
  const omitted = omittedWhenEmpty(definition, facts);
  const written = new Set(alwaysWritten(definition, facts));
  for (const { name, type } of definition.fields) {
    const isNullable = type.kind === 'time' && written.has(name);
    properties[name] = omitted.has(name) ? notZero(type) : isNullable ? TIME_OR_NULL : typeSchema(type);
  }
  return { $id: definition.id, type: 'object', additionalProperties: false, properties };
}

/** A value that would be left out is not in the server's form: the interpreter drops it. So it does what is rare. */
function notZero(type: FieldType): SchemaObject {
  const schema = typeSchema(type);
  switch (type.kind) {
    case 'boolean':
      return { const: true };
    case 'integer':
      return { ...schema, minimum: 1 };
    case 'number':
      return { ...schema, exclusiveMinimum: 0 };
    case 'string':
      return { ...schema, minLength: 1 };
    default:
      return { ...schema, minItems: 1, minProperties: 1 };
  }
}

/** A time that Go writes even when it is not set: every condition of a pod has one. */
const TIME_OR_NULL = { type: ['string', 'null'], pattern: CANONICAL_TIME };
const INT32 = { type: 'integer', minimum: -2147483648, maximum: 2147483647 };
const INT64 = { type: 'integer', minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER };

function typeSchema(type: FieldType): SchemaObject {
  switch (type.kind) {
    case 'string':
      return { type: 'string' };
    case 'boolean':
      return { type: 'boolean' };
    case 'integer':
      return type.format === 'int32' ? INT32 : INT64;
    case 'number':
      return { type: 'number' };
    case 'quantity':
      return { type: 'string', pattern: CANONICAL_QUANTITY };
    case 'time':
      return { type: 'string', pattern: CANONICAL_TIME };
    case 'array':
      return { type: 'array', items: typeSchema(type.items) };
    case 'map':
      return { type: 'object', additionalProperties: typeSchema(type.values) };
    case 'ref':
      return { $ref: type.ref };
    case 'intOrString':
      return { ...INT32, type: ['integer', 'string'] };
    case 'any':
    case 'object':
      return { type: ['object', 'array', 'string', 'number', 'boolean'] };
    default:
      // Base64 and fractions of seconds are cheaper to check natively, in the interpreter.
      return { type: 'string', pattern: '^$' };
  }
}
