/** What is wrong with the rules of a schema when they are declared. */
import { CelCompileError } from '../cel/compile.ts';
import type { V1ValidationRule } from '../generated/types.ts';
import type { FieldError } from '../status.ts';
import { RuleCompilers } from './cel-rules.ts';
import { at, child, forbidden, invalidValue, notSupported, required } from './field-error.ts';
import { jsonPath } from './json-path.ts';
import { asResource, isEmbedded, itemsOf, type Schema, valuesOf } from './schema.ts';

const REASONS = ['FieldValueRequired', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueDuplicate'];
const MESSAGE_MAX = 2048;

/** The rules of a whole object's schema, its own and those within. */
export function validateRules(schema: Schema, path: string): FieldError[] {
  return validateNode(asResource(schema), path, undefined);
}

/** `uncorrelatable` is the path of the innermost list or map above whose entries cannot be found in an old object. */
function validateNode(schema: Schema, path: string, uncorrelatable: string | undefined): FieldError[] {
  const rules = schema['x-kubernetes-validations'] ?? [];
  const errors =
    rules.length > 0 ? validateOwn(schema, rules, child(path, 'x-kubernetes-validations'), uncorrelatable) : [];
  const items = itemsOf(schema);
  const values = valuesOf(schema);
  const itemsKnown = schema['x-kubernetes-list-type'] === 'map';
  const fieldsKnown = schema['x-kubernetes-map-type'] !== 'atomic';
  const below = fieldsKnown ? uncorrelatable : path;
  if (items) errors.push(...validateNode(items, child(path, 'items'), itemsKnown ? uncorrelatable : path));
  if (values) errors.push(...validateNode(values, child(path, 'additionalProperties'), below));
  for (const [name, inner] of Object.entries(schema.properties ?? {})) {
    const metadata = name === 'metadata' && isEmbedded(schema);
    errors.push(...validateNode(metadata ? asMetadata(inner) : inner, at(child(path, 'properties'), name), below));
  }
  return errors;
}

/** Rules about metadata see no more of it than its names. */
function asMetadata(schema: Schema): Schema {
  return {
    ...schema,
    type: 'object',
    properties: { name: { type: 'string' }, generateName: { type: 'string' }, ...schema.properties },
  };
}

function validateOwn(
  schema: Schema,
  rules: readonly V1ValidationRule[],
  path: string,
  uncorrelatable: string | undefined,
): FieldError[] {
  const { type, 'x-kubernetes-int-or-string': intOrString } = schema;
  if (!type && !intOrString) return [forbidden(path, 'x-kubernetes-validations requires a type')];
  const compilers = new RuleCompilers(schema);
  return rules.flatMap((rule, i) => [
    ...validateTexts(rule, schema, at(path, i)),
    ...validateExpressions(rule, compilers, at(path, i), uncorrelatable),
  ]);
}

function validateTexts(rule: V1ValidationRule, schema: Schema, path: string): FieldError[] {
  const { message, messageExpression, reason, fieldPath } = rule;
  const errors: FieldError[] = [];
  if (rule.rule.trim() === '') errors.push(required(child(path, 'rule'), 'rule is not specified'));
  const field = child(path, 'message');
  if (message !== undefined && message !== '' && message.trim() === '')
    errors.push(invalidValue(field, message, 'message must be non-empty if specified'));
  else if (message?.trim().includes('\n'))
    errors.push(invalidValue(field, message, 'message must not contain line breaks'));
  else if (message && message.length > MESSAGE_MAX)
    errors.push(
      invalidValue(
        field,
        `${message.slice(0, 10)}...`,
        `message must have a maximum length of ${MESSAGE_MAX} characters`,
      ),
    );
  else if (!message && !messageExpression && rule.rule.trim().includes('\n'))
    errors.push(required(field, 'message must be specified if rule contains line breaks'));
  if (messageExpression !== undefined && messageExpression !== '' && messageExpression.trim() === '')
    errors.push(required(child(path, 'messageExpression'), 'messageExpression must be non-empty if specified'));
  if (reason !== undefined && !REASONS.includes(reason))
    errors.push(notSupported(child(path, 'reason'), reason, REASONS));
  if (fieldPath) errors.push(...validateFieldPath(fieldPath, schema, child(path, 'fieldPath')));
  return errors;
}

function validateFieldPath(fieldPath: string, schema: Schema, field: string): FieldError[] {
  if (fieldPath.trim() === '') return [invalidValue(field, fieldPath, 'fieldPath must be non-empty if specified')];
  if (fieldPath.includes('\n')) return [invalidValue(field, fieldPath, 'fieldPath must not contain line breaks')];
  const wrong = fieldPathError(fieldPath, schema);
  return wrong === undefined ? [] : [invalidValue(field, fieldPath, `fieldPath must be a valid path: ${wrong}`)];
}

function fieldPathError(fieldPath: string, schema: Schema): string | undefined {
  const steps = fieldPath.match(/\.[^.[\]]+|\['(?:\\.|[^'])*'\]/g) ?? [];
  if (steps.join('') !== fieldPath) {
    return fieldPath.startsWith('.') || fieldPath.startsWith('[')
      ? 'does not refer to a valid field'
      : `expected [ or . but got: ${fieldPath.slice(0, 1)}`;
  }
  let inner: Schema | undefined = isEmbedded(schema)
    ? { ...schema, properties: { apiVersion: {}, kind: {}, metadata: asMetadata({}), ...schema.properties } }
    : schema;
  for (const step of steps) {
    const name = step.startsWith('.') ? step.slice(1) : step.slice(2, -2).replace(/\\(.)/g, '$1');
    inner = inner.properties?.[name] ?? valuesOf(inner);
    if (!inner) return 'does not refer to a valid field';
  }
  return undefined;
}

function validateExpressions(
  rule: V1ValidationRule,
  compilers: RuleCompilers,
  path: string,
  uncorrelatable: string | undefined,
): FieldError[] {
  if (rule.rule.trim() === '') return [];
  const errors: FieldError[] = [];
  const tried = attempt(() => compilers.rule({ ...rule, messageExpression: '' }));
  if ('error' in tried) errors.push(invalidValue(child(path, 'rule'), shownRule(rule), tried.error));
  else if (tried.value.isTransition && uncorrelatable !== undefined) {
    const detail = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelatable}`;
    errors.push(invalidValue(child(path, 'rule'), rule.rule, detail));
  } else if (rule.optionalOldSelf !== undefined && !tried.value.expression.uses('oldSelf')) {
    const detail = `may not be set if oldSelf is not used in rule`;
    errors.push(invalidValue(child(path, 'optionalOldSelf'), rule.optionalOldSelf, detail));
  }
  if (rule.messageExpression?.trim()) {
    const message = attempt(() => compilers.message(rule));
    if ('error' in message) errors.push(invalidValue(child(path, 'messageExpression'), shownRule(rule), message.error));
  }
  return errors;
}

function attempt<T>(run: () => T): { value: T } | { error: string } {
  try {
    return { value: run() };
  } catch (error) {
    if (error instanceof CelCompileError) return { error: error.message };
    throw error;
  }
}

/** Upstream shows its own form of a rule, as Go would write it. */
function shownRule({
  rule,
  message = '',
  messageExpression = '',
  reason,
  fieldPath = '',
  optionalOldSelf,
}: V1ValidationRule): object {
  return {
    Rule: rule,
    Message: message,
    MessageExpression: messageExpression,
    Reason: reason ?? null,
    FieldPath: fieldPath,
    OptionalOldSelf: optionalOldSelf ?? null,
  };
}

/** Why a JSONPath of selectable fields or columns is none. */
export function jsonPathError(text: string): string | undefined {
  try {
    jsonPath(text);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
