import type {
  CoreV1EndpointPort,
  V1EndpointAddress,
  V1EndpointSubset,
  V1Endpoints,
} from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { declare, type ResourceDeclaration } from '../declaration.ts';
import { invalidEach, required } from '../validation/errors.ts';
import { PROTOCOLS, validateDns1123Label, validateDns1123Subdomain, validateOneOf } from '../validation/fields.ts';
import { validateNonSpecialIp } from '../validation/ip.ts';
import { isIpAddress, isPortNumber, isQualifiedName } from '../validation/names.ts';
import { ageColumn, type Describe, fieldColumn, nameColumn } from './columns.ts';

const SHOWN_MAX = 3;

export function endpoints(describe: Describe): ResourceDeclaration {
  return declare<V1Endpoints>({
    group: '',
    version: 'v1',
    kind: 'Endpoints',
    plural: 'endpoints',
    singular: 'endpoints',
    shortNames: ['ep'],
    namespaced: true,
    definition: 'io.k8s.api.core.v1.Endpoints',
    deprecation: 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
    storagePrefix: 'services/endpoints',
    columns: [
      nameColumn(describe),
      fieldColumn('Endpoints', describe, ['io.k8s.api.core.v1.Endpoints', 'subsets'], (object) =>
        formatEndpoints(object.subsets ?? []),
      ),
      ageColumn(describe),
    ],
    strategy: {
      default(object) {
        for (const port of object.subsets?.flatMap((subset) => subset.ports ?? []) ?? []) port.protocol ||= 'TCP';
      },
      validate: (object) => (object.subsets ?? []).flatMap((subset, i) => validateSubset(subset, `subsets[${i}]`)),
      createOnUpdate: true,
    },
  });
}

/** `10.0.0.1:80,10.0.0.2:80 + 3 more...` */
export function formatEndpoints(subsets: readonly V1EndpointSubset[]): string {
  if (subsets.length === 0) return '<none>';
  const all = subsets.flatMap(({ addresses = [], ports = [] }) =>
    ports.length === 0
      ? addresses.map(({ ip }) => ip)
      : ports.flatMap((port) => addresses.map(({ ip }) => hostPort(ip, port.port))),
  );
  const text = all.slice(0, SHOWN_MAX).join(',');
  return all.length > SHOWN_MAX ? `${text} + ${all.length - SHOWN_MAX} more...` : text;
}

function hostPort(ip: string, port: number): string {
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
}

function validateSubset(subset: V1EndpointSubset, path: string): FieldError[] {
  const { addresses = [], notReadyAddresses = [], ports = [] } = subset;
  const errors: FieldError[] = [];
  if (addresses.length === 0 && notReadyAddresses.length === 0) {
    errors.push(required(path, 'must specify `addresses` or `notReadyAddresses`'));
  }
  return [
    ...errors,
    ...addresses.flatMap((address, i) => validateAddress(address, `${path}.addresses[${i}]`)),
    ...notReadyAddresses.flatMap((address, i) => validateAddress(address, `${path}.notReadyAddresses[${i}]`)),
    ...ports.flatMap((port, i) => validatePort(port, ports.length > 1, `${path}.ports[${i}]`)),
  ];
}

function validateAddress(address: V1EndpointAddress, path: string): FieldError[] {
  const { ip, hostname, nodeName } = address;
  return [
    ...invalidEach(`${path}.ip`, ip, isIpAddress(ip)),
    ...(hostname ? validateDns1123Label(hostname, `${path}.hostname`) : []),
    ...(nodeName === undefined ? [] : validateDns1123Subdomain(nodeName, `${path}.nodeName`)),
    ...validateNonSpecialIp(ip, `${path}.ip`),
  ];
}

function validatePort(port: CoreV1EndpointPort, named: boolean, path: string): FieldError[] {
  const { name, appProtocol } = port;
  const errors = name ? validateDns1123Label(name, `${path}.name`) : named ? [required(`${path}.name`)] : [];
  return [
    ...errors,
    ...invalidEach(`${path}.port`, port.port, isPortNumber(port.port)),
    ...validateOneOf(port.protocol, `${path}.protocol`, PROTOCOLS),
    ...(appProtocol ? invalidEach(`${path}.appProtocol`, appProtocol, isQualifiedName(appProtocol)) : []),
  ];
}
