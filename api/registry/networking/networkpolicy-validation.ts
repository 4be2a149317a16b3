/** Validation of network policies. */
import type {
  V1IPBlock,
  V1NetworkPolicy,
  V1NetworkPolicyPeer,
  V1NetworkPolicyPort,
} from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { forbiddenField, invalidEach, invalidValue, notSupported, required } from '../validation/errors.ts';
import { validateLabelSelector } from '../validation/fields.ts';
import { type Cidr, parseCidr } from '../validation/ip.ts';
import { isPortName, isPortNumber } from '../validation/names.ts';
import { validateLegacyCidr } from '../validation/strict-ip.ts';

const PROTOCOLS = ['TCP', 'UDP', 'SCTP'];
const POLICY_TYPES = ['Ingress', 'Egress'];

export function validateNetworkPolicy({ spec = {} }: V1NetworkPolicy): FieldError[] {
  const { podSelector, ingress = [], egress = [], policyTypes = [] } = spec;
  return [
    ...validateLabelSelector(podSelector, 'spec.podSelector'),
    ...ingress.flatMap(({ ports, from }, i) => validateRule(ports, from, `spec.ingress[${i}]`, 'from')),
    ...egress.flatMap(({ ports, to }, i) => validateRule(ports, to, `spec.egress[${i}]`, 'to')),
    ...validatePolicyTypes(policyTypes),
  ];
}

function validatePolicyTypes(types: readonly string[]): FieldError[] {
  if (types.length > POLICY_TYPES.length) {
    return [invalidValue('spec.policyTypes', types, 'may not specify more than two policyTypes')];
  }
  return types.flatMap((type, i) =>
    POLICY_TYPES.includes(type) ? [] : [notSupported(`spec.policyTypes[${i}]`, type, POLICY_TYPES)],
  );
}

function validateRule(
  ports: readonly V1NetworkPolicyPort[] = [],
  peers: readonly V1NetworkPolicyPeer[] = [],
  path: string,
  peersName: 'from' | 'to',
): FieldError[] {
  return [
    ...ports.flatMap((port, i) => validatePort(port, `${path}.ports[${i}]`)),
    ...peers.flatMap((peer, i) => validatePeer(peer, `${path}.${peersName}[${i}]`)),
  ];
}

function validatePort({ protocol, port, endPort }: V1NetworkPolicyPort, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (protocol !== undefined && !PROTOCOLS.includes(protocol)) {
    errors.push(notSupported(`${path}.protocol`, protocol, PROTOCOLS));
  }
  const field = `${path}.endPort`;
  if (typeof port === 'number') {
    errors.push(...invalidEach(`${path}.port`, port, isPortNumber(port)));
    if (endPort === undefined) return errors;
    if (endPort < port) errors.push(invalidValue(field, endPort, 'must be greater than or equal to `port`'));
    return [...errors, ...invalidEach(field, endPort, isPortNumber(endPort))];
  }
  if (endPort !== undefined) {
    const why = port === undefined ? 'is not specified' : 'is non-numeric';
    errors.push(invalidValue(field, endPort, `may not be specified when \`port\` ${why}`));
  }
  return port === undefined ? errors : [...errors, ...invalidEach(`${path}.port`, port, isPortName(port))];
}

function validatePeer({ podSelector, namespaceSelector, ipBlock }: V1NetworkPolicyPeer, path: string): FieldError[] {
  const errors = [
    ...validateLabelSelector(podSelector, `${path}.podSelector`),
    ...validateLabelSelector(namespaceSelector, `${path}.namespaceSelector`),
    ...(ipBlock ? validateIpBlock(ipBlock, `${path}.ipBlock`) : []),
  ];
  if (!podSelector && !namespaceSelector && !ipBlock) errors.push(required(path, 'must specify a peer'));
  if (ipBlock && (podSelector || namespaceSelector)) {
    errors.push(forbiddenField(path, 'may not specify both ipBlock and another peer'));
  }
  return errors;
}

function validateIpBlock({ cidr, except = [] }: V1IPBlock, path: string): FieldError[] {
  if (!cidr) return [required(`${path}.cidr`)];
  const errors = validateLegacyCidr(cidr, `${path}.cidr`);
  const block = parseCidr(cidr);
  if (!block) return errors;
  const exceptions = except.flatMap((text, i) => {
    const field = `${path}.except[${i}]`;
    const exception = parseCidr(text);
    const outside = exception && !isStrictSubset(exception, block);
    const detail = 'must be a strict subset of `cidr`';
    return [...validateLegacyCidr(text, field), ...(outside ? [invalidValue(field, text, detail)] : [])];
  });
  return [...errors, ...exceptions];
}

function isStrictSubset(inner: Cidr, outer: Cidr): boolean {
  const contained = inner.base >= outer.base && inner.base < outer.base + outer.size;
  return inner.family === outer.family && contained && inner.prefixLength > outer.prefixLength;
}
