/** Validation of endpoint slices. */
import { isIP } from 'node:net';
import type {
  DiscoveryV1EndpointPort,
  V1Endpoint,
  V1EndpointHints,
  V1EndpointSlice,
} from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { validateFullyQualifiedDomainName } from '../validation/domains.ts';
import { duplicate, invalidEach, invalidValue, notSupported, required, tooMany } from '../validation/errors.ts';
import {
  PROTOCOLS,
  validateDns1123Label,
  validateDns1123Subdomain,
  validateLabelName,
  validateLabels,
} from '../validation/fields.ts';
import { validateNonSpecialIp } from '../validation/ip.ts';
import { validateImmutable } from '../validation/metadata.ts';
import { isLabelValue } from '../validation/names.ts';
import { validateLegacyIp } from '../validation/strict-ip.ts';

const ADDRESS_TYPES = ['FQDN', 'IPv4', 'IPv6'];
const ADDRESSES_MAX = 100;
const ENDPOINTS_MAX = 1000;
const PORTS_MAX = 20_000;
const TOPOLOGY_MAX = 16;
const HINTS_MAX = 8;

export function validateEndpointSlice(slice: V1EndpointSlice): FieldError[] {
  const { addressType, endpoints, ports } = slice;
  return [
    ...validateAddressType(addressType),
    ...validateEndpoints(endpoints ?? [], addressType),
    ...validatePorts(ports ?? []),
  ];
}

export function validateEndpointSliceUpdate(slice: V1EndpointSlice, old: V1EndpointSlice): FieldError[] {
  return validateImmutable(slice.addressType, old.addressType, 'addressType');
}

function validateAddressType(type: string | undefined): FieldError[] {
  if (!type) return [required('addressType')];
  return ADDRESS_TYPES.includes(type) ? [] : [notSupported('addressType', type, ADDRESS_TYPES)];
}

function validateEndpoints(endpoints: readonly V1Endpoint[], type: string): FieldError[] {
  if (endpoints.length > ENDPOINTS_MAX) return [tooMany('endpoints', endpoints.length, ENDPOINTS_MAX)];
  return endpoints.flatMap((endpoint, i) => validateEndpoint(endpoint, type, `endpoints[${i}]`));
}

function validateEndpoint(endpoint: V1Endpoint, type: string, path: string): FieldError[] {
  const { nodeName, deprecatedTopology: topology = {}, hostname, hints } = endpoint;
  const addresses = endpoint.addresses ?? [];
  const field = `${path}.addresses`;
  const errors: FieldError[] = [];
  if (addresses.length === 0) errors.push(required(field, 'must contain at least 1 address'));
  else if (addresses.length > ADDRESSES_MAX) errors.push(tooMany(field, addresses.length, ADDRESSES_MAX));
  errors.push(...addresses.flatMap((address, i) => validateAddress(address, type, `${field}[${i}]`)));
  if (nodeName !== undefined) errors.push(...validateDns1123Subdomain(nodeName, `${path}.nodeName`));
  const labels = Object.keys(topology).length;
  if (labels > TOPOLOGY_MAX) errors.push(tooMany(`${path}.deprecatedTopology`, labels, TOPOLOGY_MAX));
  errors.push(...validateLabels(topology, `${path}.deprecatedTopology`));
  if (hostname !== undefined) errors.push(...validateDns1123Label(hostname, `${path}.hostname`));
  return hints ? [...errors, ...validateHints(hints, `${path}.hints`)] : errors;
}

/** Addresses of a type that is not known are not looked at: the type is refused already. */
function validateAddress(address: string, type: string, field: string): FieldError[] {
  switch (type) {
    case 'IPv4':
    case 'IPv6':
      return validateIp(address, type, field);
    case 'FQDN':
      return validateFullyQualifiedDomainName(address, field);
    default:
      return [];
  }
}

function validateIp(address: string, family: 'IPv4' | 'IPv6', field: string): FieldError[] {
  const strict = validateLegacyIp(address, field);
  if (strict.length > 0) return strict;
  const detail = `must be an ${family} address`;
  const isFamily = isIP(address) === (family === 'IPv4' ? 4 : 6);
  return [...(isFamily ? [] : [invalidValue(field, address, detail)]), ...validateNonSpecialIp(address, field)];
}

function validateHints({ forZones = [], forNodes = [] }: V1EndpointHints, path: string): FieldError[] {
  return [
    ...validateHintNames(forZones, `${path}.forZones`, (name, field) => invalidEach(field, name, isLabelValue(name))),
    ...validateHintNames(forNodes, `${path}.forNodes`, validateDns1123Subdomain),
  ];
}

function validateHintNames(
  hints: readonly { name: string }[],
  path: string,
  validateName: (name: string, field: string) => FieldError[],
): FieldError[] {
  if (hints.length > HINTS_MAX) return [tooMany(path, hints.length, HINTS_MAX)];
  const names = new Set<string>();
  return hints.flatMap(({ name }, i) => {
    const field = `${path}[${i}].name`;
    const repeated = names.has(name);
    names.add(name);
    return [...(repeated ? [duplicate(field, name)] : []), ...validateName(name, field)];
  });
}

function validatePorts(ports: readonly DiscoveryV1EndpointPort[]): FieldError[] {
  if (ports.length > PORTS_MAX) return [tooMany('ports', ports.length, PORTS_MAX)];
  const names = new Set<string>();
  return ports.flatMap(({ name = '', protocol, appProtocol }, i) => {
    const path = `ports[${i}]`;
    const errors = name === '' ? [] : validateDns1123Label(name, `${path}.name`);
    if (names.has(name)) errors.push(duplicate(`${path}.name`, name));
    names.add(name);
    if (protocol === undefined) errors.push(required(`${path}.protocol`));
    else if (!PROTOCOLS.some((each) => each === protocol)) {
      errors.push(notSupported(`${path}.protocol`, protocol, PROTOCOLS));
    }
    return appProtocol === undefined ? errors : [...errors, ...validateLabelName(appProtocol, `${path}.appProtocol`)];
  });
}
