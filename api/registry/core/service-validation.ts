/** Validation of services. */
import type { V1Service, V1ServicePort, V1ServiceSpec } from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { duplicate, forbiddenField, invalidEach, invalidValue, notSupported, required } from '../validation/errors.ts';
import {
  PROTOCOLS,
  validateDns1123Label,
  validateDns1123Subdomain,
  validateLabels,
  validateOneOf,
  validatePortNumberOrName,
} from '../validation/fields.ts';
import { familyOf, parseCidr, validateNonSpecialIp } from '../validation/ip.ts';
import { isIpAddress, isPortNumber, isQualifiedName } from '../validation/names.ts';
import { isExternallyAccessible, isHeadless, needsHealthCheckPort } from './service-defaults.ts';

const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const FAMILIES = ['IPv4', 'IPv6'];
const FAMILY_POLICIES = ['PreferDualStack', 'RequireDualStack', 'SingleStack'];
const TRAFFIC_POLICIES = ['Cluster', 'Local'];
const DISTRIBUTIONS = ['PreferClose', 'PreferSameNode', 'PreferSameZone'];
const AFFINITY_SECONDS_MAX = 86400;
const KUBELET_PORT = 10250;

export function validateService(service: V1Service): FieldError[] {
  const spec = service.spec ?? {};
  return [
    ...validateType(spec),
    ...validatePorts(spec),
    ...validateLabels(spec.selector, 'spec.selector'),
    ...validateAffinity(spec),
    ...validateClusterIps(spec),
    ...validateExternalIps(spec.externalIPs ?? []),
    ...validateOneOf(spec.type, 'spec.type', TYPES),
    ...validateNodePorts(spec),
    ...validateDuplicatePorts(spec.ports ?? []),
    ...validateLoadBalancer(spec),
    ...validateTraffic(spec),
  ];
}

function validateType(spec: V1ServiceSpec): FieldError[] {
  const { type, ports = [] } = spec;
  const errors: FieldError[] = [];
  if (ports.length === 0 && !isHeadless(spec) && type !== 'ExternalName') errors.push(required('spec.ports'));
  switch (type) {
    case 'LoadBalancer':
      ports.forEach(({ port }, i) => {
        if (port !== KUBELET_PORT) return;
        const detail = `may not expose port ${KUBELET_PORT} externally since it is used by kubelet`;
        errors.push(invalidValue(`spec.ports[${i}]`, port, detail));
      });
      break;
    case 'ExternalName':
      return [...errors, ...validateExternalName(spec)];
  }
  if (isHeadless(spec) && (type === 'LoadBalancer' || type === 'NodePort')) {
    errors.push(invalidValue('spec.clusterIPs[0]', 'None', `may not be set to 'None' for ${type} services`));
  }
  return errors;
}

function validateExternalName(spec: V1ServiceSpec): FieldError[] {
  const errors: FieldError[] = [];
  const forbid = (field: 'clusterIPs' | 'ipFamilies' | 'ipFamilyPolicy') => {
    if (!spec[field]?.length) return;
    errors.push(forbiddenField(`spec.${field}`, 'may not be set for ExternalName services'));
  };
  forbid('clusterIPs');
  forbid('ipFamilies');
  forbid('ipFamilyPolicy');
  const name = (spec.externalName ?? '').replace(/\.$/, '');
  if (name === '') return [...errors, required('spec.externalName')];
  return [...errors, ...validateDns1123Subdomain(name, 'spec.externalName')];
}

function validatePorts({ ports = [] }: V1ServiceSpec): FieldError[] {
  const names = new Set<string>();
  return ports.flatMap((port, i) => {
    const field = `spec.ports[${i}]`;
    const { name = '', appProtocol } = port;
    const errors: FieldError[] = [];
    if (name === '' && ports.length > 1) errors.push(required(`${field}.name`));
    if (name !== '') {
      errors.push(...validateDns1123Label(name, `${field}.name`));
      if (names.has(name)) errors.push(duplicate(`${field}.name`, name));
      names.add(name);
    }
    return [
      ...errors,
      ...invalidEach(`${field}.port`, port.port ?? 0, isPortNumber(port.port ?? 0)),
      ...validateOneOf(port.protocol, `${field}.protocol`, PROTOCOLS),
      ...validatePortNumberOrName(port.targetPort, `${field}.targetPort`),
      ...(appProtocol ? invalidEach(`${field}.appProtocol`, appProtocol, isQualifiedName(appProtocol)) : []),
    ];
  });
}

function validateAffinity(spec: V1ServiceSpec): FieldError[] {
  const { sessionAffinity, sessionAffinityConfig: config } = spec;
  const errors = validateOneOf(sessionAffinity, 'spec.sessionAffinity', ['ClientIP', 'None']);
  const field = 'spec.sessionAffinityConfig';
  if (sessionAffinity === 'None' && config) {
    errors.push(forbiddenField(field, 'must not be set when session affinity is None'));
  }
  if (sessionAffinity !== 'ClientIP') return errors;
  const seconds = config?.clientIP?.timeoutSeconds ?? 0;
  if (seconds > 0 && seconds <= AFFINITY_SECONDS_MAX) return errors;
  const detail = `must be greater than 0 and less than ${AFFINITY_SECONDS_MAX}`;
  return [...errors, invalidValue(`${field}.clientIP.timeoutSeconds`, seconds, detail)];
}

function validateClusterIps(spec: V1ServiceSpec): FieldError[] {
  if (spec.type === 'ExternalName') return [];
  const { clusterIP = '', clusterIPs = [], ipFamilies = [], ipFamilyPolicy } = spec;
  const errors: FieldError[] = [];
  const field = 'spec.clusterIPs';
  if (clusterIP === '') {
    if (clusterIPs.length > 0)
      errors.push(invalidValue(field, clusterIPs, 'must be empty when `clusterIP` is not specified'));
  } else if (clusterIPs.length === 0) errors.push(required(field));
  else if (clusterIPs[0] !== clusterIP)
    errors.push(invalidValue(field, clusterIPs, 'first value must match `clusterIP`'));
  ipFamilies.forEach((family, i) => {
    if (!FAMILIES.includes(family)) errors.push(notSupported(`spec.ipFamilies[${i}]`, family, FAMILIES));
    if (ipFamilies.indexOf(family) < i) errors.push(duplicate(`spec.ipFamilies[${i}]`, family));
  });
  if (ipFamilyPolicy !== undefined && !FAMILY_POLICIES.includes(ipFamilyPolicy)) {
    errors.push(notSupported('spec.ipFamilyPolicy', ipFamilyPolicy, FAMILY_POLICIES));
  }
  return [...errors, ...validateAddresses(clusterIPs, ipFamilies)];
}

function validateAddresses(ips: readonly string[], families: readonly string[]): FieldError[] {
  const field = 'spec.clusterIPs';
  const errors: FieldError[] = [];
  if (ips[0] === 'None') {
    return ips.length > 1 ? [invalidValue(field, ips, "'None' must be the first and only value")] : [];
  }
  ips.forEach((ip, i) => {
    errors.push(...invalidEach(`${field}[${i}]`, ip, isIpAddress(ip)));
  });
  const valid = errors.length === 0;
  if (ips.length > 2) errors.push(invalidValue(field, ips, 'may only hold up to 2 values'));
  if (!valid) return errors;
  if (new Set(ips.map(familyOf)).size < ips.length) {
    errors.push(invalidValue(field, ips, 'may specify no more than one IP for each IP family'));
  }
  ips.forEach((ip, i) => {
    const family = families[i];
    if (family === undefined || family === familyOf(ip)) return;
    const article = family === 'IPv4' ? 'an IPv4' : 'an IPv6';
    errors.push(invalidValue(`${field}[${i}]`, ip, `expected ${article} value as indicated by \`ipFamilies[${i}]\``));
  });
  return errors;
}

function validateExternalIps(ips: readonly string[]): FieldError[] {
  return ips.flatMap((ip, i) => {
    const messages = isIpAddress(ip);
    const field = `spec.externalIPs[${i}]`;
    return messages.length > 0 ? invalidEach(field, ip, messages) : validateNonSpecialIp(ip, field);
  });
}

function validateNodePorts({ type, ports = [] }: V1ServiceSpec): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  ports.forEach(({ nodePort, protocol }, i) => {
    if (!nodePort) return;
    const field = `spec.ports[${i}].nodePort`;
    if (type === 'ClusterIP') errors.push(forbiddenField(field, "may not be used when `type` is 'ClusterIP'"));
    const key = `${protocol}/${nodePort}`;
    if (seen.has(key)) errors.push(duplicate(field, nodePort));
    seen.add(key);
  });
  return errors;
}

function validateDuplicatePorts(ports: readonly V1ServicePort[]): FieldError[] {
  const seen = new Set<string>();
  return ports.flatMap(({ protocol, port }, i) => {
    const key = `${protocol}/${port}`;
    const repeated = seen.has(key);
    seen.add(key);
    if (!repeated) return [];
    const shown = { Name: '', Protocol: protocol, AppProtocol: null, Port: port, TargetPort: 0, NodePort: 0 };
    return [duplicate(`spec.ports[${i}]`, shown)];
  });
}

function validateLoadBalancer(spec: V1ServiceSpec): FieldError[] {
  const { type, loadBalancerSourceRanges: ranges = [] } = spec;
  const errors: FieldError[] = [];
  const only = "may only be used when `type` is 'LoadBalancer'";
  if (ranges.length > 0 && type !== 'LoadBalancer') {
    errors.push(forbiddenField('spec.LoadBalancerSourceRanges', only));
  }
  ranges.forEach((range, i) => {
    if (parseCidr(range.trim())) return;
    const detail = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';
    errors.push(invalidValue(`spec.LoadBalancerSourceRanges[${i}]`, range, detail));
  });
  for (const field of ['allocateLoadBalancerNodePorts', 'loadBalancerClass'] as const) {
    if (spec[field] === undefined || type === 'LoadBalancer') continue;
    errors.push(forbiddenField(`spec.${field}`, only));
  }
  return errors;
}

function validateTraffic(spec: V1ServiceSpec): FieldError[] {
  const { externalTrafficPolicy: external, internalTrafficPolicy: internal, healthCheckNodePort = 0 } = spec;
  const errors: FieldError[] = [];
  if (isExternallyAccessible(spec)) {
    errors.push(...validateOneOf(external, 'spec.externalTrafficPolicy', TRAFFIC_POLICIES));
  } else if (external) {
    const detail = 'may only be set for externally-accessible services';
    errors.push(invalidValue('spec.externalTrafficPolicy', external, detail));
  }
  if (!needsHealthCheckPort(spec) && healthCheckNodePort !== 0) {
    const detail = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
    errors.push(invalidValue('spec.healthCheckNodePort', healthCheckNodePort, detail));
  }
  if (internal !== undefined) {
    errors.push(...validateOneOf(internal, 'spec.internalTrafficPolicy', TRAFFIC_POLICIES));
  }
  if (spec.trafficDistribution !== undefined && !DISTRIBUTIONS.includes(spec.trafficDistribution)) {
    errors.push(notSupported('spec.trafficDistribution', spec.trafficDistribution, DISTRIBUTIONS));
  }
  return errors;
}

/** Addresses and families of a service that keeps having them stay as they are. */
export function validateServiceUpdate(service: V1Service, old: V1Service): FieldError[] {
  const spec = service.spec ?? {};
  const before = old.spec ?? {};
  if (spec.type === 'ExternalName' || before.type === 'ExternalName') return [];
  const errors: FieldError[] = [];
  if (!isHeadless(spec) || !isHeadless(before)) errors.push(...validateSamePrefix(spec, before, 'clusterIPs'));
  if (!isHeadless(spec) && !isHeadless(before)) errors.push(...validateSamePrefix(spec, before, 'ipFamilies'));
  return errors;
}

function validateSamePrefix(spec: V1ServiceSpec, old: V1ServiceSpec, field: 'clusterIPs' | 'ipFamilies'): FieldError[] {
  const now = spec[field] ?? [];
  const before = old[field] ?? [];
  const path = `spec.${field}`;
  if (before.length > now.length && now.length === 0) {
    const what = field === 'clusterIPs' ? 'primary clusterIP' : 'primary ipFamily';
    return [invalidValue(`${path}[0]`, now, `${what} can not be unset`)];
  }
  const compared = now.length === before.length ? before : before.slice(0, 1);
  const errors = compared.flatMap((value, i) =>
    value === now[i] ? [] : [invalidValue(`${path}[${i}]`, now, 'may not change once set')],
  );
  if (before.length > now.length && spec.ipFamilyPolicy !== 'SingleStack') {
    const what = field === 'clusterIPs' ? 'clusterIP' : 'ipFamily';
    const detail = `must be 'SingleStack' to release the secondary ${what === 'clusterIP' ? 'cluster IP' : 'IP family'}`;
    errors.push(invalidValue('spec.ipFamilyPolicy', spec.ipFamilyPolicy, detail));
  }
  return errors;
}
