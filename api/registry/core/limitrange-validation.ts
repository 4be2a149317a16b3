import { parseQuantity } from '../../../base/quantity.ts';
import type { V1LimitRange, V1LimitRangeItem } from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { duplicate, forbiddenField, invalidEach, invalidValue, required } from '../validation/errors.ts';
import { isQualifiedName } from '../validation/names.ts';
import { compareQuantities, isOvercommitAllowed, validateContainerResourceName } from '../validation/quantities.ts';
import { validateResourceName } from './resource-names.ts';

const TYPES = ['Pod', 'Container', 'PersistentVolumeClaim'];
const LISTS = ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'] as const;

export function validateLimitRange({ spec }: V1LimitRange): FieldError[] {
  const limits = spec?.limits ?? [];
  return limits.flatMap((limit, i) => {
    const path = `spec.limits[${i}]`;
    const repeated = limits.findIndex(({ type }) => type === limit.type) < i;
    return [
      ...validateType(limit.type, `${path}.type`),
      ...(repeated ? [duplicate(`${path}.type`, limit.type)] : []),
      ...validateNames(limit, path),
      ...validateValues(limit, path),
    ];
  });
}

function validateType(type: string, field: string): FieldError[] {
  const errors = invalidEach(field, type, isQualifiedName(type));
  if (errors.length > 0 || type.includes('/') || TYPES.includes(type)) return errors;
  return [invalidValue(field, type, 'must be a standard limit type or fully qualified')];
}

function validateNames(limit: V1LimitRangeItem, path: string): FieldError[] {
  const ofContainers = limit.type === 'Pod' || limit.type === 'Container';
  const check = ofContainers ? validateContainerResourceName : validateResourceName;
  const errors = LISTS.flatMap((list) => {
    const names = Object.keys(limit[list] ?? {});
    const defaults = list === 'default' || list === 'defaultRequest';
    if (limit.type !== 'Pod' || !defaults) return names.flatMap((name) => check(name, `${path}.${list}[${name}]`));
    return names.length > 0 ? [forbiddenField(`${path}.${list}`, "may not be specified when `type` is 'Pod'")] : [];
  });
  if (limit.type !== 'PersistentVolumeClaim') return errors;
  if (limit.min?.storage !== undefined || limit.max?.storage !== undefined) return errors;
  const detail = 'either minimum or maximum storage value is required, but neither was provided';
  return [...errors, required(`${path}.limits`, detail)];
}

function validateValues(limit: V1LimitRangeItem, path: string): FieldError[] {
  const isPod = limit.type === 'Pod';
  const names = new Set(LISTS.flatMap((list) => Object.keys(limit[list] ?? {})));
  return [...names].flatMap((name) => {
    const [min, max, ratio] = [limit.min?.[name], limit.max?.[name], limit.maxLimitRequestRatio?.[name]];
    const value = isPod ? undefined : limit.default?.[name];
    const request = isPod ? undefined : limit.defaultRequest?.[name];
    return [
      ...validateOrder({ min, max, value, request }, name, path),
      ...validateRatio({ min, max, ratio }, `${path}.maxLimitRequestRatio[${name}]`),
      ...validateOvercommit(value, request, name, path),
    ];
  });
}

type Text = string | undefined;

/** `small` may not be greater than `large`, when both are there; `field` and `shown` say what is refused. */
function ordered(
  small: readonly [text: Text, what: string],
  large: readonly [text: Text, what: string],
  field: string,
  shown: Text,
): FieldError[] {
  if (small[0] === undefined || large[0] === undefined || compareQuantities(small[0], large[0]) <= 0) return [];
  return [invalidValue(field, shown, `${small[1]} value ${small[0]} is greater than ${large[1]} value ${large[0]}`)];
}

function validateOrder(
  { min, max, value, request }: { min: Text; max: Text; value: Text; request: Text },
  name: string,
  path: string,
): FieldError[] {
  const requestField = `${path}.defaultRequest[${name}]`;
  const valueField = `${path}.default[${name}]`;
  return [
    ...ordered([min, 'min'], [max, 'max'], `${path}.min[${name}]`, min),
    ...ordered([min, 'min'], [request, 'default request'], requestField, request),
    ...ordered([request, 'default request'], [max, 'max'], requestField, request),
    ...ordered([request, 'default request'], [value, 'default limit'], requestField, request),
    // What these two show is upstream's choice.
    ...ordered([min, 'min'], [value, 'default'], valueField, min),
    ...ordered([value, 'default'], [max, 'max'], valueField, max),
  ];
}

function validateRatio({ min, max, ratio }: { min: Text; max: Text; ratio: Text }, field: string): FieldError[] {
  if (ratio === undefined) return [];
  const errors: FieldError[] = [];
  if (compareQuantities(ratio, '1') < 0) errors.push(invalidValue(field, ratio, `ratio ${ratio} is less than 1`));
  if (min === undefined || max === undefined) return errors;
  const number = (text: string) => Number(parseQuantity(text) ?? 0n);
  const limit = number(max) / number(min);
  if (number(ratio) / 1e9 > limit) {
    errors.push(invalidValue(field, ratio, `ratio ${ratio} is greater than max/min = ${limit.toFixed(6)}`));
  }
  return errors;
}

/** What cannot be shared out twice is asked for as it is limited. */
function validateOvercommit(value: Text, request: Text, name: string, path: string): FieldError[] {
  if (value === undefined || request === undefined || isOvercommitAllowed(name)) return [];
  if (compareQuantities(value, request) === 0) return [];
  const detail = `default value ${value} must equal to defaultRequest value ${request} in ${name}`;
  return [invalidValue(`${path}.defaultRequest[${name}]`, request, detail)];
}
