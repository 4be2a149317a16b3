/** Upstream's validation of what resource claims are given. */
import type {
  ResourceV1ResourceClaim,
  V1AllocatedDeviceStatus,
  V1AllocationResult,
  V1DeviceAllocationConfiguration,
  V1DeviceRequestAllocationResult,
  V1NetworkDeviceData,
  V1ResourceClaimConsumerReference,
} from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { validateConditions } from '../validation/conditions.ts';
import { semanticEqual } from '../validation/equality.ts';
import { forbiddenField, invalidValue, notSupported, required, tooLong, tooMany } from '../validation/errors.ts';
import { parseCidr } from '../validation/ip.ts';
import { validateImmutable } from '../validation/metadata.ts';
import { validateBindingConditions } from './binding-conditions.ts';
import {
  type RequestNames,
  requestNames,
  validateOpaque,
  validateReference,
  validateReferences,
} from './claim-validation.ts';
import {
  validateDriverName,
  validateLabel,
  validateParameters,
  validatePoolName,
  validateSet,
  validateSlice,
  validateUid,
} from './lists.ts';
import { validateNodeSelector } from './node-selector.ts';

const RESERVED_MAX = 256;
const RESULTS_MAX = 32;
const CONFIG_MAX = 64;
const CONDITIONS_MAX = 8;
const DATA_MAX_BYTES = 10 * 1024;
const INTERFACE_MAX = 256;
const HARDWARE_MAX = 128;
const IPS_MAX = 16;
const SOURCES = ['FromClaim', 'FromClass'];

export function validateClaimStatus(claim: ResourceV1ResourceClaim, old: ResourceV1ResourceClaim): FieldError[] {
  const { allocation, devices, reservedFor = [] } = claim.status ?? {};
  const allocated = new Set((allocation?.devices?.results ?? []).map(deviceKey));
  const device = (item: V1AllocatedDeviceStatus, at: string) => validateDevice(item, at, allocated);
  const errors = [
    ...validateSet(reservedFor, RESERVED_MAX, validateConsumer, ({ uid }) => uid, 'status.reservedFor'),
    ...validateSet(devices, Number.POSITIVE_INFINITY, device, deviceKey, 'status.devices'),
    ...validateReservation(claim, old),
  ];
  if (!allocation) return errors;
  const before = old.status?.allocation;
  if (before) return [...errors, ...validateImmutable(allocation, before, 'status.allocation')];
  return [...errors, ...validateAllocation(allocation, 'status.allocation', requestNames(claim.spec.devices))];
}

/** `driver/pool/device`, with the share where several use it. */
function deviceKey({
  driver,
  pool,
  device,
  shareID,
}: V1DeviceRequestAllocationResult | V1AllocatedDeviceStatus): string {
  return `${driver}/${pool}/${device}${shareID ? `/${shareID}` : ''}`;
}

function validateConsumer({ resource, name, uid }: V1ResourceClaimConsumerReference, field: string): FieldError[] {
  return [
    ...(resource ? [] : [required(`${field}.resource`)]),
    ...(name ? [] : [required(`${field}.name`)]),
    ...(uid ? [] : [required(`${field}.uid`)]),
  ];
}

/** Only what is allocated can be reserved, and nothing new while the claim goes away. */
function validateReservation(
  { metadata, status }: ResourceV1ResourceClaim,
  old: ResourceV1ResourceClaim,
): FieldError[] {
  const reserved = status?.reservedFor ?? [];
  const field = 'status.reservedFor';
  if (reserved.length === 0) return [];
  if (!status?.allocation) return [forbiddenField(field, 'may not be specified when `allocated` is not set')];
  const before = old.status?.reservedFor ?? [];
  const isNew = reserved.some((consumer) => !before.some((known) => semanticEqual(known, consumer)));
  if (!metadata?.deletionTimestamp || !isNew) return [];
  const detail = 'new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set';
  return [forbiddenField(field, detail)];
}

function validateAllocation(
  { devices, nodeSelector }: V1AllocationResult,
  field: string,
  names: RequestNames,
): FieldError[] {
  const result = (item: V1DeviceRequestAllocationResult, at: string) => validateResult(item, at, names);
  const config = (item: V1DeviceAllocationConfiguration, at: string) => validateConfig(item, at, names);
  return [
    ...validateSlice(devices?.results, RESULTS_MAX, result, `${field}.devices.results`),
    ...validateSlice(devices?.config, CONFIG_MAX, config, `${field}.devices.config`),
    ...(nodeSelector ? validateNodeSelector(nodeSelector, `${field}.nodeSelector`) : []),
  ];
}

function validateResult(result: V1DeviceRequestAllocationResult, field: string, names: RequestNames): FieldError[] {
  return [
    ...validateReference(result.request ?? '', `${field}.request`, names),
    ...validateDriverName(result.driver, `${field}.driver`),
    ...validatePoolName(result.pool, `${field}.pool`),
    ...validateLabel(result.device, `${field}.device`),
    ...validateBindingConditions(result, field),
    ...(result.shareID === undefined ? [] : validateUid(result.shareID, `${field}.shareID`)),
  ];
}

function validateConfig(config: V1DeviceAllocationConfiguration, field: string, names: RequestNames): FieldError[] {
  const { source = '', requests } = config;
  const errors: FieldError[] = [];
  if (source === '') errors.push(required(`${field}.source`));
  else if (!SOURCES.includes(source)) errors.push(notSupported(`${field}.source`, source, SOURCES));
  return [...errors, ...validateReferences(requests, `${field}.requests`, names), ...validateOpaque(config, field)];
}

function validateDevice(device: V1AllocatedDeviceStatus, field: string, allocated: ReadonlySet<string>): FieldError[] {
  const { driver, pool, shareID, data, networkData } = device;
  const conditions = device.conditions ?? [];
  const errors = [
    ...validateDriverName(driver, `${field}.driver`),
    ...validatePoolName(pool, `${field}.pool`),
    ...validateLabel(device.device, `${field}.device`),
    ...(shareID === undefined ? [] : validateUid(shareID, `${field}.shareID`)),
  ];
  if (!allocated.has(deviceKey(device))) {
    errors.push(invalidValue(field, deviceKey(device), 'must be an allocated device in the claim'));
  }
  if (conditions.length > CONDITIONS_MAX) {
    errors.push(tooMany(`${field}.conditions`, conditions.length, CONDITIONS_MAX));
  }
  errors.push(...validateConditions(conditions, `${field}.conditions`));
  if (data !== undefined) errors.push(...validateParameters(data, `${field}.data`, DATA_MAX_BYTES));
  return [...errors, ...validateNetworkData(networkData, `${field}.networkData`)];
}

function validateNetworkData(data: V1NetworkDeviceData | undefined, field: string): FieldError[] {
  const { interfaceName = '', hardwareAddress = '', ips } = data ?? {};
  const address = (ip: string, at: string) =>
    ip.includes('/') && parseCidr(ip)
      ? []
      : [invalidValue(at, ip, 'must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)')];
  return [
    ...(interfaceName.length > INTERFACE_MAX ? [tooLong(`${field}.interfaceName`, INTERFACE_MAX)] : []),
    ...(hardwareAddress.length > HARDWARE_MAX ? [tooLong(`${field}.hardwareAddress`, HARDWARE_MAX)] : []),
    ...validateSet(ips, IPS_MAX, address, (ip) => ip, `${field}.ips`),
  ];
}
