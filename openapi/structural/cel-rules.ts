/** The rules of a schema, `x-kubernetes-validations`: compiled, checked when they are declared, and applied to values. */
import { isDeepStrictEqual } from 'node:util';
import {
  type CelBudget,
  CelCompileError,
  CelCompiler,
  CelEvaluationError,
  type CelExpression,
  OBJECT_COST_MAX,
} from '../cel/compile.ts';
import { type CelType, optional, typeOfSchema } from '../cel/types.ts';
import type { V1ValidationRule } from '../generated/types.ts';
import { isJsonObject } from '../json.ts';
import type { FieldError } from '../status.ts';
import { oldField, oldItem } from './correlate.ts';
import { at, child, duplicate, forbidden, invalidValue, required } from './field-error.ts';
import { asResource, itemsOf, propertyOf, type Schema, valuesOf } from './schema.ts';

interface CompiledRule {
  rule: V1ValidationRule;
  expression: CelExpression;
  message: CelExpression | undefined;
  /** Compares with the old value, so that it says nothing of new ones. */
  isTransition: boolean;
}

/** The rules of one schema and of those within, as far as there are any. */
interface RuleNode {
  schema: Schema;
  rules: readonly CompiledRule[];
  properties: ReadonlyMap<string, RuleNode>;
  items?: RuleNode;
  values?: RuleNode;
}

/** Checks a whole object against the rules; `old` is what it replaces. */
export type RuleValidator = (object: unknown, old?: unknown) => FieldError[];

/** Makes a validator of a whole object's schema; `undefined` where it has no rules. Throws CelCompileError. */
export function ruleValidator(schema: Schema): RuleValidator | undefined {
  const root = nodeOf(asResource(schema));
  if (!root) return undefined;
  return (object, old) => {
    const run = new Run();
    run.validate(object, old, root, '');
    return run.errors;
  };
}

function nodeOf(schema: Schema): RuleNode | undefined {
  const own = schema['x-kubernetes-validations'] ?? [];
  const itemSchema = itemsOf(schema);
  const valueSchema = valuesOf(schema);
  const items = itemSchema && nodeOf(itemSchema);
  const values = valueSchema && nodeOf(valueSchema);
  const properties = new Map<string, RuleNode>();
  for (const [name, inner] of Object.entries(schema.properties ?? {})) {
    const node = nodeOf(inner);
    if (node) properties.set(name, node);
  }
  if (own.length === 0 && !items && !values && properties.size === 0) return undefined;
  const compilers = new RuleCompilers(schema);
  const rules = own.map((rule) => compilers.rule(rule));
  return { schema, rules, properties, ...(items ? { items } : {}), ...(values ? { values } : {}) };
}

/** Compiles the rules of one schema. */
export class RuleCompilers {
  readonly #self: CelType;
  #plain: CelCompiler | undefined;
  #optional: CelCompiler | undefined;

  constructor(schema: Schema) {
    this.#self = typeOfSchema({ ...schema, nullable: false }, 'selfType');
  }

  /** Throws CelCompileError. */
  rule(rule: V1ValidationRule): CompiledRule {
    const compiler = this.#compiler(rule);
    const expression = compiler.compile(rule.rule);
    if (expression.type !== 'bool' && expression.type !== 'dyn')
      throw new CelCompileError('cel expression must evaluate to a bool');
    const message = rule.messageExpression ? this.message(rule) : undefined;
    const isTransition = expression.uses('oldSelf') && rule.optionalOldSelf !== true;
    return { rule, expression, message, isTransition };
  }

  /** The rule's messageExpression. Throws CelCompileError. */
  message(rule: V1ValidationRule): CelExpression {
    const expression = this.#compiler(rule).compile(rule.messageExpression ?? '');
    if (expression.type !== 'string' && expression.type !== 'dyn')
      throw new CelCompileError('messageExpression must evaluate to a string');
    return expression;
  }

  #compiler({ optionalOldSelf }: V1ValidationRule): CelCompiler {
    const self = this.#self;
    if (!optionalOldSelf) {
      this.#plain ??= new CelCompiler({ self, oldSelf: self });
      return this.#plain;
    }
    this.#optional ??= new CelCompiler({ self, oldSelf: optional(self) });
    return this.#optional;
  }
}

class Run {
  readonly errors: FieldError[] = [];
  readonly #budget: CelBudget = { left: OBJECT_COST_MAX };
  #over = false;

  validate(value: unknown, old: unknown, node: RuleNode, path: string): void {
    if (value === null || value === undefined || this.#over) return;
    // What an update leaves as it was is not held against it, unless a rule is about the change.
    const unchanged = node.rules.length > 0 && old !== undefined && isDeepStrictEqual(value, old);
    for (const rule of node.rules) {
      if (this.#over) return;
      if (rule.isTransition ? old === undefined : unchanged && !rule.expression.uses('oldSelf')) continue;
      this.#apply(rule, value, old, node.schema, path);
    }
    if (Array.isArray(value) && node.items) {
      for (const [i, item] of value.entries())
        this.validate(item, oldItem(old, item, node.schema), node.items, at(path, i));
    } else if (isJsonObject(value)) {
      for (const [name, inner] of Object.entries(value)) {
        const property = node.properties.get(name);
        if (property) this.validate(inner, oldField(old, name), property, child(path, name));
        else if (node.values && !propertyOf(node.schema, name))
          this.validate(inner, oldField(old, name), node.values, at(path, name));
      }
    }
  }

  #apply(
    { rule, expression, message }: CompiledRule,
    self: unknown,
    oldSelf: unknown,
    schema: Schema,
    path: string,
  ): void {
    const variables = { self, oldSelf: oldSelf === null ? undefined : oldSelf };
    const type = schema.type ?? '';
    const field = path === '' ? '<nil>' : path;
    try {
      if (expression.evaluate(variables, this.#budget) === true) return;
      const detail = this.#message(rule, message, variables);
      this.errors.push(failure(rule, fieldOf(rule, path), type, detail));
    } catch (error) {
      if (!(error instanceof CelEvaluationError)) throw error;
      this.errors.push(invalidValue(field, type, this.#refusal(error, rule)));
    }
  }

  #refusal(error: CelEvaluationError, rule: V1ValidationRule): string {
    const named = (rule.message || rule.rule).trim();
    if (!error.exceeded) return `${error.message} evaluating rule: ${named}`;
    this.#over = true;
    return this.#budget.left <= 0
      ? 'validation failed due to running out of cost budget, no further validation rules will be run'
      : `'${named}': no further validation rules will be run due to call cost exceeds limit for rule: ${rule.rule.trim()}`;
  }

  #message(rule: V1ValidationRule, expression: CelExpression | undefined, variables: Record<string, unknown>): string {
    const text = expression ? this.#messageText(expression, variables) : undefined;
    return text ?? (rule.message?.trim() || `failed rule: ${rule.rule.trim()}`);
  }

  /** A message that cannot be made, or is none, is left to the rule's fixed one. */
  #messageText(expression: CelExpression, variables: Record<string, unknown>): string | undefined {
    try {
      const text = expression.evaluate(variables, this.#budget);
      if (typeof text !== 'string' || text.trim() === '' || /[\r\n]/.test(text) || text.length > MESSAGE_MAX)
        return undefined;
      return text.trim();
    } catch (error) {
      if (error instanceof CelEvaluationError) return undefined;
      throw error;
    }
  }
}

const MESSAGE_MAX = 5 * 1024;

function fieldOf(rule: V1ValidationRule, path: string): string {
  if (!rule.fieldPath) return path === '' ? '<nil>' : path;
  const below = rule.fieldPath.replace(/^\./, '');
  return rule.fieldPath.startsWith('[') ? path + below : child(path, below);
}

function failure(rule: V1ValidationRule, field: string, type: string, detail: string): FieldError {
  switch (rule.reason) {
    case 'FieldValueForbidden':
      return forbidden(field, detail);
    case 'FieldValueRequired':
      return required(field, detail);
    case 'FieldValueDuplicate':
      return duplicate(field, type);
    default:
      return invalidValue(field, type, detail);
  }
}

/** Errors that make the result of rules meaningless: they are then not run, and that is said. */
const BLOCKING = new Set([
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
]);

/** Upstream's note for an object that is too wrong for rules to be run; `undefined` when they can be. */
export function rulesBlocked(errors: readonly FieldError[]): FieldError | undefined {
  if (!errors.some(({ type }) => BLOCKING.has(type))) return undefined;
  const detail =
    'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation';
  return invalidValue('<nil>', null, detail);
}
