/** CEL expressions in admission configuration, checked by whichever compiler the server is given. */
import type { V1MatchCondition } from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { duplicate, invalidEach, invalidValue, required, tooMany } from '../validation/errors.ts';
import { isQualifiedName } from '../validation/names.ts';

/**
 * Compiles an expression that may use the named variables. Returns what is wrong with it, in the words after
 * `Invalid value: "…": `, or `undefined` when it is fine.
 */
export type CompileExpression = (expression: string, variables: readonly string[]) => string | undefined;

const MATCH_CONDITIONS_MAX = 64;

/** What every expression about a request may use. */
export const REQUEST_VARIABLES: readonly string[] = ['object', 'oldObject', 'request', 'namespaceObject'];
/** Where the server asks whether somebody may. */
export const AUTHORIZER_VARIABLES: readonly string[] = ['authorizer', 'authorizer.requestResource'];

export function validateExpression(
  expression: string,
  field: string,
  compile: CompileExpression | undefined,
  variables: readonly string[],
): FieldError[] {
  const why = compile?.(expression, variables);
  return why === undefined ? [] : [invalidValue(field, expression, why)];
}

/** Conditions that a request has to meet before anybody is asked about it. */
export function validateMatchConditions(
  conditions: readonly V1MatchCondition[] | undefined,
  field: string,
  compile: CompileExpression | undefined,
  extra: readonly string[] = [],
): FieldError[] {
  const all = conditions ?? [];
  const errors = all.length > MATCH_CONDITIONS_MAX ? [tooMany(field, all.length, MATCH_CONDITIONS_MAX)] : [];
  const names = new Set<string>();
  const variables = [...REQUEST_VARIABLES, ...AUTHORIZER_VARIABLES, ...extra];
  all.forEach(({ name = '', expression = '' }, i) => {
    const trimmed = expression.trim();
    if (trimmed === '') errors.push(required(`${field}[${i}].expression`));
    else errors.push(...validateExpression(trimmed, `${field}[${i}].expression`, compile, variables));
    if (name === '') errors.push(required(`${field}[${i}].name`));
    else errors.push(...invalidEach(`${field}[${i}].name`, name, isQualifiedName(name)));
    if (name !== '' && names.has(name)) errors.push(duplicate(`${field}[${i}].name`, name));
    names.add(name);
  });
  return errors;
}
