/** Validation of what concerns the place of a pod: affinity, tolerations, spreading. */
import type {
  V1Affinity,
  V1NodeSelectorRequirement,
  V1NodeSelectorTerm,
  V1PodAffinity,
  V1PodAffinityTerm,
  V1Toleration,
  V1TopologySpreadConstraint,
} from '../../../../openapi/generated/types.ts';
import type { FieldError } from '../../../../openapi/status.ts';
import {
  duplicate,
  forbiddenField,
  invalidEach,
  invalidValue,
  notSupported,
  required,
} from '../../validation/errors.ts';
import { validateLabelName, validateLabelSelector } from '../../validation/fields.ts';
import { isDns1123Label, isDns1123Subdomain, isLabelValue } from '../../validation/names.ts';

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution';
const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];
const OPERATORS = ['Equal', 'Exists'];

export function validateAffinity(affinity: V1Affinity | undefined, path: string): FieldError[] {
  const { nodeAffinity, podAffinity, podAntiAffinity } = affinity ?? {};
  const errors: FieldError[] = [];
  const terms = nodeAffinity?.[REQUIRED]?.nodeSelectorTerms;
  const nodePath = `${path}.nodeAffinity`;
  if (nodeAffinity?.[REQUIRED] && !terms?.length) {
    errors.push(required(`${nodePath}.${REQUIRED}.nodeSelectorTerms`, 'must have at least one node selector term'));
  }
  terms?.forEach((term, i) => {
    errors.push(...validateTerm(term, `${nodePath}.${REQUIRED}.nodeSelectorTerms[${i}]`));
  });
  nodeAffinity?.[PREFERRED]?.forEach(({ weight, preference }, i) => {
    const field = `${nodePath}.${PREFERRED}[${i}]`;
    errors.push(...validateWeight(weight, field), ...validateTerm(preference, `${field}.preference`));
  });
  return [
    ...errors,
    ...validatePodAffinity(podAffinity, `${path}.podAffinity`),
    ...validatePodAffinity(podAntiAffinity, `${path}.podAntiAffinity`),
  ];
}

function validateWeight(weight: number, path: string): FieldError[] {
  return weight > 0 && weight <= 100 ? [] : [invalidValue(`${path}.weight`, weight, 'must be in the range 1-100')];
}

function validateTerm({ matchExpressions = [], matchFields = [] }: V1NodeSelectorTerm, path: string): FieldError[] {
  return [
    ...matchExpressions.flatMap((requirement, i) => validateRequirement(requirement, `${path}.matchExpressions[${i}]`)),
    ...matchFields.flatMap((requirement, i) => validateFieldRequirement(requirement, `${path}.matchFields[${i}]`)),
  ];
}

function validateRequirement(requirement: V1NodeSelectorRequirement, path: string): FieldError[] {
  const { key, operator, values = [] } = requirement;
  const errors: FieldError[] = [];
  switch (operator) {
    case 'In':
    case 'NotIn':
      if (values.length === 0) {
        errors.push(required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
      }
      break;
    case 'Exists':
    case 'DoesNotExist':
      if (values.length > 0) {
        const detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
        errors.push(forbiddenField(`${path}.values`, detail));
      }
      break;
    case 'Gt':
    case 'Lt':
      if (values.length !== 1) {
        errors.push(required(`${path}.values`, "must be specified single value when `operator` is 'Lt' or 'Gt'"));
      }
      break;
    default:
      errors.push(invalidValue(`${path}.operator`, operator, 'not a valid selector operator'));
  }
  errors.push(...validateLabelName(key, `${path}.key`));
  values.forEach((value, i) => {
    errors.push(...invalidEach(`${path}.values[${i}]`, value, isLabelValue(value)));
  });
  return errors;
}

function validateFieldRequirement(requirement: V1NodeSelectorRequirement, path: string): FieldError[] {
  const { key, operator, values = [] } = requirement;
  const errors: FieldError[] = [];
  if (operator !== 'In' && operator !== 'NotIn') {
    errors.push(invalidValue(`${path}.operator`, operator, 'not a valid selector operator'));
  } else if (values.length !== 1) {
    const detail = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
    errors.push(required(`${path}.values`, detail));
  }
  if (key !== 'metadata.name') {
    return [...errors, invalidValue(`${path}.key`, key, 'not a valid field selector key')];
  }
  values.forEach((value, i) => {
    errors.push(...invalidEach(`${path}.values[${i}]`, value, isDns1123Subdomain(value)));
  });
  return errors;
}

function validatePodAffinity(affinity: V1PodAffinity | undefined, path: string): FieldError[] {
  return [
    ...(affinity?.[REQUIRED] ?? []).flatMap((term, i) => validatePodTerm(term, `${path}.${REQUIRED}[${i}]`)),
    ...(affinity?.[PREFERRED] ?? []).flatMap(({ weight, podAffinityTerm }, i) => {
      const field = `${path}.${PREFERRED}[${i}]`;
      return [...validateWeight(weight, field), ...validatePodTerm(podAffinityTerm, `${field}.podAffinityTerm`)];
    }),
  ];
}

function validatePodTerm(term: V1PodAffinityTerm, path: string): FieldError[] {
  return [
    ...validateLabelSelector(term.labelSelector, `${path}.labelSelector`),
    ...validateLabelSelector(term.namespaceSelector, `${path}.namespaceSelector`),
    ...(term.namespaces ?? []).flatMap((name) => invalidEach(`${path}.namespace`, name, isDns1123Label(name))),
    ...(term.topologyKey ? [] : [required(`${path}.topologyKey`, 'can not be empty')]),
    ...validateLabelName(term.topologyKey ?? '', `${path}.topologyKey`),
  ];
}

export function validateTolerations(tolerations: readonly V1Toleration[], path: string): FieldError[] {
  return tolerations.flatMap((toleration, i) => {
    const { key = '', operator = '', effect = '', tolerationSeconds } = toleration;
    const field = `${path}[${i}]`;
    const errors = key === '' ? [] : validateLabelName(key, `${field}.key`);
    if (key === '' && operator !== 'Exists') {
      const detail = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';
      errors.push(invalidValue(`${field}.operator`, operator, detail));
    }
    if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
      const detail = "effect must be 'NoExecute' when `tolerationSeconds` is set";
      errors.push(invalidValue(`${field}.effect`, effect, detail));
    }
    errors.push(...validateOperator(toleration, `${field}.operator`));
    if (effect !== '' && !EFFECTS.includes(effect)) errors.push(notSupported(`${field}.effect`, effect, EFFECTS));
    return errors;
  });
}

function validateOperator(toleration: V1Toleration, field: string): FieldError[] {
  const { operator = '', value = '' } = toleration;
  switch (operator) {
    case '':
    case 'Equal': {
      const messages = isLabelValue(value);
      return messages.length > 0 ? [invalidValue(field, value, messages.join(';'))] : [];
    }
    case 'Exists':
      return value === ''
        ? []
        : [invalidValue(field, shownToleration(toleration), "value must be empty when `operator` is 'Exists'")];
    default:
      return [notSupported(field, operator, OPERATORS)];
  }
}

/** As upstream's internal type shows itself. */
function shownToleration({
  key = '',
  operator = '',
  value = '',
  effect = '',
  tolerationSeconds,
}: V1Toleration): object {
  return { Key: key, Operator: operator, Value: value, Effect: effect, TolerationSeconds: tolerationSeconds ?? null };
}

export function validateTopologySpread(constraints: readonly V1TopologySpreadConstraint[], path: string): FieldError[] {
  const pairs = constraints.map((each) => `{${each.topologyKey}, ${each.whenUnsatisfiable}}`);
  return constraints.flatMap((constraint, i) => {
    const field = `${path}[${i}]`;
    const { maxSkew, topologyKey, whenUnsatisfiable } = constraint;
    const errors = maxSkew > 0 ? [] : [invalidValue(`${field}.maxSkew`, maxSkew, 'must be greater than zero')];
    if (!topologyKey) errors.push(required(`${field}.topologyKey`, 'can not be empty'));
    else errors.push(...validateLabelName(topologyKey, `${field}.topologyKey`));
    const supported = ['DoNotSchedule', 'ScheduleAnyway'];
    if (!supported.includes(whenUnsatisfiable)) {
      errors.push(notSupported(`${field}.whenUnsatisfiable`, whenUnsatisfiable, supported));
    }
    if (pairs.indexOf(pairs[i] ?? '', i + 1) > i) {
      errors.push(duplicate(`${field}.{topologyKey, whenUnsatisfiable}`, pairs[i]));
    }
    return [...errors, ...validateLabelSelector(constraint.labelSelector, `${field}.labelSelector`)];
  });
}
