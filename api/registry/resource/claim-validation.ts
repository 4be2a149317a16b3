/** Upstream's validation of what resource claims ask for. */
import type {
  V1DeviceClaim,
  V1DeviceClaimConfiguration,
  V1DeviceConstraint,
  V1DeviceRequest,
  V1DeviceSelector,
  V1DeviceToleration,
  V1ExactDeviceRequest,
  V1OpaqueDeviceConfiguration,
  V1ResourceClaimSpec,
} from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import type { CompileExpression } from '../admissionregistration/expressions.ts';
import { invalidEach, invalidValue, notSupported, required, tooLong } from '../validation/errors.ts';
import { validateLabelName } from '../validation/fields.ts';
import { isDns1123Subdomain, isLabelValue } from '../validation/names.ts';
import {
  validateDriverName,
  validateFullyQualifiedName,
  validateLabel,
  validateParameters,
  validateSet,
  validateSlice,
} from './lists.ts';

const LIST_MAX = 32;
const ALTERNATIVES_MAX = 8;
const TOLERATIONS_MAX = 16;
const EXPRESSION_MAX_BYTES = 10 * 1024;
const PARAMETERS_MAX_BYTES = 10 * 1024;
const MODES = ['All', 'ExactCount'];
const OPERATORS = ['Equal', 'Exists'];
export const EFFECTS = ['NoExecute', 'NoSchedule', 'None'];
const REFERENCE =
  "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";

/** Names of requests, with those of their alternatives. */
export type RequestNames = ReadonlyMap<string, ReadonlySet<string>>;

export function requestNames(devices: V1DeviceClaim | undefined): RequestNames {
  return new Map(
    (devices?.requests ?? []).map(({ name, firstAvailable = [] }) => [
      name,
      new Set(firstAvailable.map((alternative) => alternative.name)),
    ]),
  );
}

export function validateClaimSpec(
  { devices }: V1ResourceClaimSpec,
  field: string,
  compile: CompileExpression | undefined,
): FieldError[] {
  const names = requestNames(devices);
  const { requests, constraints, config } = devices ?? {};
  const path = `${field}.devices`;
  const own = ({ name }: V1DeviceRequest) => name;
  const request = (item: V1DeviceRequest, at: string) => validateRequest(item, at, compile);
  return [
    ...validateSet(requests, LIST_MAX, request, own, `${path}.requests`),
    ...validateSlice(constraints, LIST_MAX, (item, at) => validateConstraint(item, at, names), `${path}.constraints`),
    ...validateSlice(config, LIST_MAX, (item, at) => validateConfiguration(item, at, names), `${path}.config`),
  ];
}

function validateRequest(
  request: V1DeviceRequest,
  field: string,
  compile: CompileExpression | undefined,
): FieldError[] {
  const { name, exactly, firstAvailable = [] } = request;
  const errors = validateLabel(name, `${field}.name`);
  if (exactly && firstAvailable.length > 0) {
    const detail = 'exactly one of `exactly` or `firstAvailable` is required, but multiple fields are set';
    return [...errors, { type: 'FieldValueInvalid', field, message: `Invalid value: null: ${detail}` }];
  }
  if (exactly) return [...errors, ...validateExact(exactly, `${field}.exactly`, compile)];
  if (firstAvailable.length === 0) {
    return [...errors, required(field, 'exactly one of `exactly` or `firstAvailable` is required')];
  }
  return [
    ...errors,
    ...validateSet(
      firstAvailable,
      ALTERNATIVES_MAX,
      (alternative, at) => [
        ...validateLabel(alternative.name, `${at}.name`),
        ...validateExact(alternative, at, compile),
      ],
      (alternative) => alternative.name,
      `${field}.firstAvailable`,
    ),
  ];
}

function validateExact(
  { deviceClassName, selectors, allocationMode = '', count = 0, tolerations }: V1ExactDeviceRequest,
  field: string,
  compile: CompileExpression | undefined,
): FieldError[] {
  const className = `${field}.deviceClassName`;
  return [
    ...(deviceClassName
      ? invalidEach(className, deviceClassName, isDns1123Subdomain(deviceClassName))
      : [required(className)]),
    ...validateSelectors(selectors, `${field}.selectors`, compile),
    ...validateMode(allocationMode, count, field),
    ...validateSlice(tolerations, TOLERATIONS_MAX, validateToleration, `${field}.tolerations`),
  ];
}

function validateMode(mode: string, count: number, field: string): FieldError[] {
  if (!MODES.includes(mode)) return [notSupported(`${field}.allocationMode`, mode, MODES)];
  if (mode === 'All' && count !== 0) {
    return [invalidValue(`${field}.count`, count, "must not be specified when allocationMode is 'All'")];
  }
  if (mode === 'ExactCount' && count <= 0) {
    return [invalidValue(`${field}.count`, count, 'must be greater than zero')];
  }
  return [];
}

export function validateSelectors(
  selectors: readonly V1DeviceSelector[] | undefined,
  field: string,
  compile: CompileExpression | undefined,
): FieldError[] {
  const check = ({ cel }: V1DeviceSelector, at: string): FieldError[] => {
    if (!cel) return [required(`${at}.cel`)];
    const { expression = '' } = cel;
    if (Buffer.byteLength(expression) > EXPRESSION_MAX_BYTES) {
      return [tooLong(`${at}.cel.expression`, EXPRESSION_MAX_BYTES)];
    }
    const why = compile?.(expression, ['device']);
    return why === undefined ? [] : [invalidValue(`${at}.cel.expression`, expression, why)];
  };
  return validateSlice(selectors, LIST_MAX, check, field);
}

export function validateToleration(toleration: V1DeviceToleration, field: string): FieldError[] {
  const { key = '', operator = '', value = '', effect = '' } = toleration;
  const errors = key === '' ? [] : validateLabelName(key, `${field}.key`);
  if (operator === '') errors.push(required(`${field}.operator`));
  else if (!OPERATORS.includes(operator)) errors.push(notSupported(`${field}.operator`, operator, OPERATORS));
  else if (operator === 'Equal') errors.push(...invalidEach(`${field}.value`, value, isLabelValue(value)));
  else if (value !== '') errors.push(invalidValue(`${field}.value`, value, 'must be empty for operator `Exists`'));
  if (effect !== '' && !EFFECTS.includes(effect)) errors.push(notSupported(`${field}.effect`, effect, EFFECTS));
  return errors;
}

function validateConstraint(constraint: V1DeviceConstraint, field: string, names: RequestNames): FieldError[] {
  const { requests, matchAttribute, distinctAttribute } = constraint;
  const errors = validateReferences(requests, `${field}.requests`, names);
  if (matchAttribute !== undefined) {
    return [...errors, ...validateFullyQualifiedName(matchAttribute, `${field}.matchAttribute`)];
  }
  if (distinctAttribute !== undefined) {
    return [...errors, ...validateFullyQualifiedName(distinctAttribute, `${field}.distinctAttribute`)];
  }
  const detail = 'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set';
  return [...errors, required(field, detail)];
}

export function validateReferences(
  references: readonly string[] | undefined,
  field: string,
  names: RequestNames,
): FieldError[] {
  const check = (name: string, at: string) => validateReference(name, at, names);
  return validateSet(references, LIST_MAX, check, (name) => name, field);
}

/** A request's name, with that of one of its alternatives after a slash where it is meant. */
export function validateReference(name: string, field: string, names: RequestNames): FieldError[] {
  const segments = name.split('/');
  if (segments.length > 2) return [invalidValue(field, name, REFERENCE)];
  const errors = segments.flatMap((segment) => validateLabel(segment, field));
  const [request = '', alternative] = segments;
  const isKnown = alternative === undefined ? names.has(request) : names.get(request)?.has(alternative) === true;
  return isKnown ? errors : [...errors, invalidValue(field, name, REFERENCE)];
}

function validateConfiguration(config: V1DeviceClaimConfiguration, field: string, names: RequestNames): FieldError[] {
  return [...validateReferences(config.requests, `${field}.requests`, names), ...validateOpaque(config, field)];
}

/** What drivers are told; only they understand it. */
export function validateOpaque({ opaque }: { opaque?: V1OpaqueDeviceConfiguration }, field: string): FieldError[] {
  if (!opaque) return [required(`${field}.opaque`)];
  return [
    ...validateDriverName(opaque.driver, `${field}.opaque.driver`),
    ...validateParameters(opaque.parameters, `${field}.opaque.parameters`, PARAMETERS_MAX_BYTES),
  ];
}

/** One device, unless the request says all or how many. */
export function defaultClaimSpec(spec: V1ResourceClaimSpec | undefined): void {
  for (const { exactly, firstAvailable = [] } of spec?.devices?.requests ?? []) {
    for (const request of [...(exactly ? [exactly] : []), ...firstAvailable]) {
      request.allocationMode ??= 'ExactCount';
      if (request.allocationMode === 'ExactCount') request.count ??= 1;
      for (const toleration of request.tolerations ?? []) toleration.operator ??= 'Equal';
    }
  }
}
