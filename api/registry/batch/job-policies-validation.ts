/** Validation of what a job says about failed and succeeded pods. */
import type {
  V1JobSpec,
  V1PodFailurePolicy,
  V1PodFailurePolicyOnExitCodesRequirement,
  V1PodFailurePolicyOnPodConditionsPattern,
  V1PodFailurePolicyRule,
  V1SuccessPolicy,
  V1SuccessPolicyRule,
} from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { duplicate, invalidValue, notSupported, quote, required, tooLong, tooMany } from '../validation/errors.ts';
import { validateLabelName, validateNonnegative } from '../validation/fields.ts';
import { invalidGoValue, invalidOmitted } from '../validation/go-values.ts';
import { parseIndexes } from './job-indexes.ts';

const RULES_MAX = 20;
const EXIT_CODES_MAX = 255;
const PATTERNS_MAX = 20;
const INDEXES_MAX_BYTES = 64 * 1024;
const ACTIONS = ['Count', 'FailIndex', 'FailJob', 'Ignore'];
const OPERATORS = ['In', 'NotIn'];
const STATUSES = ['False', 'True', 'Unknown'];

/** One out of a set that must be given; the set is named where nothing is. */
function validateChoice(value: string | undefined, field: string, supported: readonly string[]): FieldError[] {
  if (!value) return [required(field, `valid values: [${supported.map(quote).join(' ')}]`)];
  return supported.includes(value) ? [] : [notSupported(field, value, supported)];
}

/** Nothing is wrong with no policy. */
export function validatePodFailurePolicy(spec: V1JobSpec, path: string): FieldError[] {
  if (!spec.podFailurePolicy) return [];
  const rules = spec.podFailurePolicy.rules ?? [];
  const { containers = [], initContainers = [] } = spec.template?.spec ?? {};
  const names = new Set([...containers, ...initContainers].map(({ name }) => name));
  return [
    ...(rules.length > RULES_MAX ? [tooMany(`${path}.rules`, rules.length, RULES_MAX)] : []),
    ...rules.flatMap((rule, i) => validateRule(spec, rule, `${path}.rules[${i}]`, names)),
  ];
}

function validateRule(
  spec: V1JobSpec,
  { action, onExitCodes, onPodConditions = [] }: V1PodFailurePolicyRule,
  path: string,
  names: ReadonlySet<string>,
): FieldError[] {
  const errors = validateChoice(action, `${path}.action`, ACTIONS);
  if (action === 'FailIndex' && spec.backoffLimitPerIndex === undefined) {
    errors.push(invalidValue(`${path}.action`, action, 'requires the backoffLimitPerIndex to be set'));
  }
  if (onExitCodes) errors.push(...validateExitCodes(onExitCodes, `${path}.onExitCodes`, names));
  errors.push(...validatePatterns(onPodConditions, `${path}.onPodConditions`));
  const hasConditions = onPodConditions.length > 0;
  if (onExitCodes && hasConditions) {
    errors.push(invalidOmitted(path, 'specifying both OnExitCodes and OnPodConditions is not supported'));
  } else if (!onExitCodes && !hasConditions) {
    errors.push(invalidOmitted(path, 'specifying one of OnExitCodes and OnPodConditions is required'));
  }
  return errors;
}

function validatePatterns(patterns: readonly V1PodFailurePolicyOnPodConditionsPattern[], path: string): FieldError[] {
  return [
    ...(patterns.length > PATTERNS_MAX ? [tooMany(path, patterns.length, PATTERNS_MAX)] : []),
    ...patterns.flatMap(({ type = '', status }, i) => [
      ...validateLabelName(type, `${path}[${i}].type`),
      ...validateChoice(status, `${path}[${i}].status`, STATUSES),
    ]),
  ];
}

function validateExitCodes(
  { operator, containerName, values }: V1PodFailurePolicyOnExitCodesRequirement,
  path: string,
  names: ReadonlySet<string>,
): FieldError[] {
  const errors = validateChoice(operator, `${path}.operator`, OPERATORS);
  if (containerName !== undefined && !names.has(containerName)) {
    const detail = 'must be one of the container or initContainer names in the pod template';
    errors.push(invalidValue(`${path}.containerName`, containerName, detail));
  }
  errors.push(...validateExitCodeValues(values ?? [], `${path}.values`, operator));
  return errors;
}

function validateExitCodeValues(values: readonly number[], path: string, operator: string): FieldError[] {
  if (values.length === 0) return [invalidGoValue(path, undefined, 'at least one value is required')];
  const errors = values.length > EXIT_CODES_MAX ? [tooMany(path, values.length, EXIT_CODES_MAX)] : [];
  values.forEach((value, i) => {
    const field = `${path}[${i}]`;
    if (operator === 'In' && value === 0) errors.push(invalidValue(field, value, 'must not be 0 for the In operator'));
    if (values.indexOf(value) < i) errors.push(duplicate(field, value));
  });
  if (values.some((value, i) => i > 0 && (values[i - 1] ?? 0) > value)) {
    errors.push(invalidValue(path, values, 'must be ordered'));
  }
  return errors;
}

/** For indexed jobs that have one. */
export function validateSuccessPolicy(spec: V1JobSpec, path: string): FieldError[] {
  const rules = spec.successPolicy?.rules ?? [];
  const field = `${path}.rules`;
  const errors: FieldError[] = [];
  if (rules.length === 0) {
    errors.push(required(field, 'at least one rules must be specified when the successPolicy is specified'));
  }
  if (rules.length > RULES_MAX) errors.push(tooMany(field, rules.length, RULES_MAX));
  const completions = spec.completions ?? 0;
  return [...errors, ...rules.flatMap((rule, i) => validateSuccessRule(rule, completions, `${field}[${i}]`))];
}

function validateSuccessRule(
  { succeededCount, succeededIndexes }: V1SuccessPolicyRule,
  completions: number,
  path: string,
): FieldError[] {
  if (succeededCount === undefined && succeededIndexes === undefined) {
    return [required(path, 'at least one of succeededCount or succeededIndexes must be specified')];
  }
  const errors: FieldError[] = [];
  const field = `${path}.succeededIndexes`;
  const indexes = parseIndexes(succeededIndexes ?? '', completions);
  if (Buffer.byteLength(succeededIndexes ?? '') > INDEXES_MAX_BYTES) errors.push(tooLong(field, INDEXES_MAX_BYTES));
  if (indexes.error !== undefined) {
    errors.push(invalidValue(field, succeededIndexes, `error parsing succeededIndexes: ${indexes.error}`));
  }
  if (succeededCount === undefined) return errors;
  const total = indexes.error === undefined ? indexes.total : 0;
  const count = `${path}.succeededCount`;
  const atMost = (limit: number, what: string) => {
    if (succeededCount <= limit) return;
    errors.push(invalidValue(count, succeededCount, `must be less than or equal to ${limit} (the number of ${what})`));
  };
  errors.push(...validateNonnegative(succeededCount, count));
  atMost(completions, 'specified completions');
  if (succeededIndexes !== undefined) atMost(total, 'indexes in the specified succeededIndexes field');
  return errors;
}

/** As upstream shows it: its own type has no JSON names. */
export function goSuccessPolicy(policy: V1SuccessPolicy): object {
  const Rules = policy.rules?.map((rule) => ({
    SucceededIndexes: rule.succeededIndexes ?? null,
    SucceededCount: rule.succeededCount ?? null,
  }));
  return { Rules: Rules ?? null };
}

/** As upstream shows it: its own type has no JSON names. */
export function goPodFailurePolicy(policy: V1PodFailurePolicy): object {
  const Rules = policy.rules?.map(({ action, onExitCodes: codes, onPodConditions }) => ({
    Action: action,
    OnExitCodes: codes
      ? { ContainerName: codes.containerName ?? null, Operator: codes.operator, Values: codes.values ?? null }
      : null,
    OnPodConditions: onPodConditions?.map(({ type, status = '' }) => ({ Type: type, Status: status })) ?? null,
  }));
  return { Rules: Rules ?? null };
}
