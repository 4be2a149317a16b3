/** Upstream's validation of resource slices: what devices there are, and where. */
import type {
  V1CounterSet,
  V1Device,
  V1DeviceAttribute,
  V1DeviceCapacity,
  V1DeviceCounterConsumption,
  V1DeviceTaint,
  V1ResourcePool,
  V1ResourceSliceSpec,
} from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { forbiddenField, invalidEach, invalidValue, notSupported, required, tooLong } from '../validation/errors.ts';
import { validateLabelName } from '../validation/fields.ts';
import { validateImmutable } from '../validation/metadata.ts';
import { isLabelValue, nameIsDnsSubdomain } from '../validation/names.ts';
import { validateBindingConditions } from './binding-conditions.ts';
import { validateRequestPolicy } from './capacity-policy.ts';
import { EFFECTS } from './claim-validation.ts';
import {
  validateDriverName,
  validateLabel,
  validateMap,
  validatePoolName,
  validateQualifiedName,
  validateSet,
  validateSlice,
} from './lists.ts';
import { validateNodeSelector } from './node-selector.ts';

const DEVICES_MAX = 128;
const HEAVY_DEVICES_MAX = 64;
const COUNTER_SETS_MAX = 8;
const COUNTERS_MAX = 32;
const CONSUMPTIONS_MAX = 2;
const PROPERTIES_MAX = 32;
const TAINTS_MAX = 16;
const ATTRIBUTE_MAX = 64;
const UNBOUNDED = Number.POSITIVE_INFINITY;
const NUMBER = '(0|[1-9]\\d*)';
const PRE = '(0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*)';
const BUILD = '[0-9a-zA-Z-]+';
const SEMVER = new RegExp(`^${NUMBER}\\.${NUMBER}\\.${NUMBER}(-${PRE}(\\.${PRE})*)?(\\+${BUILD}(\\.${BUILD})*)?$`);

export function validateSliceSpec(spec: V1ResourceSliceSpec): FieldError[] {
  const { devices = [], sharedCounters = [] } = spec;
  const errors = [
    ...validateDriverName(spec.driver, 'spec.driver'),
    ...validatePool(spec.pool, 'spec.pool'),
    ...validatePlace(spec),
  ];
  if (devices.length > 0 && sharedCounters.length > 0) {
    errors.push(invalidValue('spec', '', 'only one of `sharedCounters` or `devices` is allowed'));
  }
  const isHeavy = devices.some(({ taints, consumesCounters }) => taints?.length || consumesCounters?.length);
  const device = (item: V1Device, at: string) => validateDevice(item, at, spec.perDeviceNodeSelection === true);
  const name = (item: { name: string }) => item.name;
  return [
    ...errors,
    ...validateSet(devices, isHeavy ? HEAVY_DEVICES_MAX : DEVICES_MAX, device, name, 'spec.devices'),
    ...validateSet(sharedCounters, COUNTER_SETS_MAX, validateCounterSet, name, 'spec.sharedCounters'),
  ];
}

/** Whose devices a slice lists never changes. */
export function validateUnchanged(spec: V1ResourceSliceSpec, old: V1ResourceSliceSpec): FieldError[] {
  return [
    ...validateImmutable(spec.pool?.name, old.pool.name, 'spec.pool.name'),
    ...validateImmutable(spec.driver, old.driver, 'spec.driver'),
    ...validateImmutable(spec.nodeName, old.nodeName, 'spec.nodeName'),
  ];
}

function validatePool(pool: V1ResourcePool | undefined, field: string): FieldError[] {
  const { name, resourceSliceCount = 0, generation = 0 } = pool ?? {};
  const errors = validatePoolName(name, `${field}.name`);
  if (resourceSliceCount <= 0) {
    errors.push(invalidValue(`${field}.resourceSliceCount`, resourceSliceCount, 'must be greater than zero'));
  }
  if (generation < 0) {
    errors.push(invalidValue(`${field}.generation`, generation, 'must be greater than or equal to zero'));
  }
  return errors;
}

/** The nodes that the devices are on are said in one way. */
function validatePlace(spec: V1ResourceSliceSpec): FieldError[] {
  const { nodeName, nodeSelector, allNodes, perDeviceNodeSelection } = spec;
  const errors: FieldError[] = [];
  if (nodeName === '') {
    errors.push(invalidValue('spec.nodeName', '', 'must be either unset or set to a non-empty string'));
  } else if (nodeName) errors.push(...invalidEach('spec.nodeName', nodeName, nameIsDnsSubdomain(nodeName, false)));
  if (nodeSelector) {
    errors.push(...validateNodeSelector(nodeSelector, 'spec.nodeSelector'));
    const terms = nodeSelector.nodeSelectorTerms ?? [];
    if (terms.length !== 1) {
      errors.push(
        invalidValue('spec.nodeSelector.nodeSelectorTerms', terms, 'must have exactly one node selector term'),
      );
    }
  }
  errors.push(...validateTrue(allNodes, 'spec.allNodes'));
  errors.push(...validateTrue(perDeviceNodeSelection, 'spec.perDeviceNodeSelection'));
  const set = setFields({ nodeName, nodeSelector, allNodes, perDeviceNodeSelection });
  const all = '`nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection`';
  if (set.length === 0) errors.push(required('spec', `exactly one of ${all} is required`));
  else if (set.length > 1) {
    const detail = `exactly one of ${all} is required, but multiple fields are set`;
    errors.push(invalidValue('spec', `{${set.join(', ')}}`, detail));
  }
  return errors;
}

function validateTrue(value: boolean | undefined, field: string): FieldError[] {
  return value === false ? [invalidValue(field, false, 'must be either unset or set to true')] : [];
}

function setFields(fields: Record<string, unknown>): string[] {
  return Object.entries(fields).flatMap(([name, value]) => (value ? [`\`${name}\``] : []));
}

function validateDevice(device: V1Device, field: string, placesItself: boolean): FieldError[] {
  const { attributes = {}, capacity = {}, consumesCounters, taints } = device;
  const errors = validateLabel(device.name, `${field}.name`);
  const properties = Object.keys(attributes).length + Object.keys(capacity).length;
  if (properties > PROPERTIES_MAX) {
    const detail = `the total number of attributes and capacities must not exceed ${PROPERTIES_MAX}`;
    errors.push(invalidValue(field, properties, detail));
  }
  const isShared = device.allowMultipleAllocations === true;
  const check = (item: V1DeviceCapacity, at: string) => validateCapacity(item, at, isShared);
  errors.push(...validateMap(attributes, UNBOUNDED, validateQualifiedName, validateAttribute, `${field}.attributes`));
  errors.push(...validateMap(capacity, UNBOUNDED, validateQualifiedName, check, `${field}.capacity`));
  errors.push(...validateSlice(taints, TAINTS_MAX, validateTaint, `${field}.taints`));
  const set = ({ counterSet }: V1DeviceCounterConsumption) => counterSet;
  const consumptions = `${field}.consumesCounters`;
  errors.push(...validateSet(consumesCounters, CONSUMPTIONS_MAX, validateConsumption, set, consumptions));
  errors.push(...validateDevicePlace(device, field, placesItself));
  return [...errors, ...validateBindingConditions(device, field)];
}

function validateDevicePlace(device: V1Device, field: string, placesItself: boolean): FieldError[] {
  const { nodeName, nodeSelector, allNodes } = device;
  if (!placesItself) {
    if (nodeName === undefined && nodeSelector === undefined && allNodes === undefined) return [];
    const detail =
      '`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec';
    return [{ type: 'FieldValueInvalid', field, message: `Invalid value: null: ${detail}` }];
  }
  const errors = [
    ...(nodeName === '' ? [invalidValue(`${field}.nodeName`, '', 'must not be empty')] : []),
    ...(nodeName ? invalidEach(`${field}.nodeName`, nodeName, nameIsDnsSubdomain(nodeName, false)) : []),
    ...(nodeSelector ? validateNodeSelector(nodeSelector, `${field}.nodeSelector`) : []),
    ...validateTrue(allNodes, `${field}.allNodes`),
  ];
  const set = setFields({ nodeName, nodeSelector, allNodes });
  if (set.length === 1) return errors;
  const detail =
    'exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec';
  return [...errors, set.length === 0 ? required(field, detail) : invalidValue(field, `{${set.join(', ')}}`, detail)];
}

/** Lists of values are alpha, and dropped before this. */
function validateAttribute(attribute: V1DeviceAttribute, field: string): FieldError[] {
  const { bool, int, string, version } = attribute;
  const errors: FieldError[] = [];
  if (string !== undefined && string.length > ATTRIBUTE_MAX) errors.push(tooLong(`${field}.string`, ATTRIBUTE_MAX));
  if (version !== undefined) {
    if (!SEMVER.test(version)) {
      const detail = 'must be a string compatible with semver.org spec 2.0.0';
      errors.push(invalidValue(`${field}.version`, version, detail));
    }
    if (version.length > ATTRIBUTE_MAX) errors.push(tooLong(`${field}.version`, ATTRIBUTE_MAX));
  }
  const count = [bool, int, string, version].filter((value) => value !== undefined).length;
  if (count === 1) return errors;
  return [...errors, invalidValue(field, count === 0 ? '' : attribute, 'exactly one value must be specified')];
}

function validateCapacity({ value, requestPolicy }: V1DeviceCapacity, field: string, isShared: boolean): FieldError[] {
  if (!requestPolicy) return [];
  const path = `${field}.requestPolicy`;
  if (!isShared) return [forbiddenField(path, 'allowMultipleAllocations must be true')];
  return validateRequestPolicy(value, requestPolicy, path);
}

function validateTaint({ key = '', value = '', effect = '' }: V1DeviceTaint, field: string): FieldError[] {
  const errors = validateLabelName(key, `${field}.key`);
  if (value !== '') errors.push(...invalidEach(`${field}.value`, value, isLabelValue(value)));
  if (effect === '') errors.push(required(`${field}.effect`));
  else if (!EFFECTS.includes(effect)) errors.push(notSupported(`${field}.effect`, effect, EFFECTS));
  return errors;
}

const anything = (): FieldError[] => [];

function validateCounterSet({ name, counters }: V1CounterSet, field: string): FieldError[] {
  return [
    ...(name ? validateLabel(name, `${field}.name`) : [required(`${field}.name`)]),
    ...validateCounters(counters, `${field}.counters`),
  ];
}

function validateConsumption({ counterSet, counters }: V1DeviceCounterConsumption, field: string): FieldError[] {
  return [
    ...(counterSet ? validateLabel(counterSet, `${field}.counterSet`) : [required(`${field}.counterSet`)]),
    ...validateCounters(counters, `${field}.counters`),
  ];
}

function validateCounters(counters: V1CounterSet['counters'] | undefined, field: string): FieldError[] {
  if (Object.keys(counters ?? {}).length === 0) return [required(field)];
  return validateMap(counters, COUNTERS_MAX, validateLabel, anything, field);
}
