/** Validation of ingresses. */
import type {
  V1HTTPIngressPath,
  V1Ingress,
  V1IngressBackend,
  V1IngressRule,
  V1IngressTLS,
  V1TypedLocalObjectReference,
} from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { isWildcardDns1123Subdomain } from '../validation/domains.ts';
import { invalidEach, invalidValue, notSupported, required } from '../validation/errors.ts';
import { validateDns1123Subdomain } from '../validation/fields.ts';
import { ipToNumber } from '../validation/ip.ts';
import {
  isDns1123Subdomain,
  isPathSegmentName,
  isPortName,
  isPortNumber,
  nameIsDnsLabel,
  nameIsDnsSubdomain,
} from '../validation/names.ts';
import { validateLegacyIp } from '../validation/strict-ip.ts';

const CLASS_ANNOTATION = 'kubernetes.io/ingress.class';
const PATH_TYPES = ['Exact', 'ImplementationSpecific', 'Prefix'];
const INVALID_SEQUENCES = ['//', '/./', '/../', '%2f', '%2F'];
const INVALID_SUFFIXES = ['/..', '/.'];
const NOT_IP = 'must be a DNS name, not an IP address';

/** What new and changed ingresses must meet. */
export function validateIngress(ingress: V1Ingress): FieldError[] {
  const spec = ingress.spec ?? {};
  const errors: FieldError[] = [];
  if (!spec.rules?.length && !spec.defaultBackend) {
    // Go's nil list.
    const message = 'Invalid value: null: either `defaultBackend` or `rules` must be specified';
    errors.push({ type: 'FieldValueInvalid', field: 'spec', message });
  }
  if (spec.defaultBackend) errors.push(...validateBackend(spec.defaultBackend, 'spec.defaultBackend'));
  errors.push(...(spec.rules ?? []).flatMap((rule, i) => validateRule(rule, `spec.rules[${i}]`)));
  errors.push(...(spec.tls ?? []).flatMap((tls, i) => validateTls(tls, `spec.tls[${i}]`)));
  if (spec.ingressClassName !== undefined) {
    const messages = nameIsDnsSubdomain(spec.ingressClassName, false);
    errors.push(...invalidEach('spec.ingressClassName', spec.ingressClassName, messages));
  }
  return errors;
}

/** An update may make both differ, a creation may not. */
export function validateClassAnnotation({ metadata, spec }: V1Ingress): FieldError[] {
  const value = metadata?.annotations?.[CLASS_ANNOTATION];
  if (value === undefined || spec?.ingressClassName === undefined || value === spec.ingressClassName) return [];
  const detail = 'must match `ingressClassName` when both are specified';
  return [invalidValue(`annotations.${CLASS_ANNOTATION}`, value, detail)];
}

function validateRule({ host = '', http }: V1IngressRule, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (host !== '') {
    const field = `${path}.host`;
    if (ipToNumber(host) !== undefined) errors.push(invalidValue(field, host, NOT_IP));
    errors.push(...validateHost(host, field));
  }
  if (!http) return errors;
  if (!http.paths?.length) errors.push(required(`${path}.http.paths`));
  return [...errors, ...(http.paths ?? []).flatMap((each, i) => validatePath(each, `${path}.http.paths[${i}]`))];
}

/** A DNS name whose first label may be `*`. */
function validateHost(host: string, field: string): FieldError[] {
  return host.includes('*')
    ? invalidEach(field, host, isWildcardDns1123Subdomain(host))
    : validateDns1123Subdomain(host, field);
}

function validatePath({ path = '', pathType, backend }: V1HTTPIngressPath, field: string): FieldError[] {
  if (!pathType) return [required(`${field}.pathType`, 'pathType must be specified')];
  const errors: FieldError[] = [];
  const refuse = (detail: string) => errors.push(invalidValue(`${field}.path`, path, detail));
  switch (pathType) {
    case 'Exact':
    case 'Prefix':
      if (!path.startsWith('/')) refuse('must be an absolute path');
      for (const part of INVALID_SEQUENCES) if (path.includes(part)) refuse(`must not contain '${part}'`);
      for (const part of INVALID_SUFFIXES) if (path.endsWith(part)) refuse(`cannot end with '${part}'`);
      break;
    case 'ImplementationSpecific':
      if (path !== '' && !path.startsWith('/')) refuse('must be an absolute path');
      break;
    default:
      errors.push(notSupported(`${field}.pathType`, pathType, PATH_TYPES));
  }
  return [...errors, ...validateBackend(backend ?? {}, `${field}.backend`)];
}

function validateBackend({ resource, service }: V1IngressBackend, field: string): FieldError[] {
  if (resource && service) return [invalidValue(field, '', 'cannot set both resource and service backends')];
  if (resource) return validateLocalReference(resource, `${field}.resource`);
  if (!service) return [invalidValue(field, '', 'resource or service backend is required')];
  const { name, port: { name: portName = '', number = 0 } = {} } = service;
  const errors = name
    ? invalidEach(`${field}.service.name`, name, nameIsDnsLabel(name, false))
    : [required(`${field}.service.name`)];
  if (portName !== '' && number !== 0) {
    return [...errors, invalidValue(field, '', 'cannot set both port name & port number')];
  }
  if (portName !== '') return [...errors, ...invalidEach(`${field}.service.port.name`, portName, isPortName(portName))];
  if (number !== 0) return [...errors, ...invalidEach(`${field}.service.port.number`, number, isPortNumber(number))];
  return [...errors, required(field, 'port name or number is required')];
}

/** A reference to an object beside this one, or to a cluster-wide one. */
export function validateLocalReference(
  { apiGroup, kind, name }: V1TypedLocalObjectReference,
  field: string,
): FieldError[] {
  const segment = (value: string, what: string) =>
    value
      ? invalidEach(`${field}.${what}`, value, isPathSegmentName(value))
      : [required(`${field}.${what}`, `${what} is required`)];
  return [
    ...(typeof apiGroup === 'string' ? invalidEach(`${field}.apiGroup`, apiGroup, isDns1123Subdomain(apiGroup)) : []),
    ...segment(kind, 'kind'),
    ...segment(name, 'name'),
  ];
}

function validateTls({ hosts = [], secretName }: V1IngressTLS, path: string): FieldError[] {
  return [
    ...hosts.flatMap((host, i) => validateHost(host, `${path}.hosts[${i}]`)),
    ...(secretName ? invalidEach(`${path}.secretName`, secretName, nameIsDnsSubdomain(secretName, false)) : []),
  ];
}

export function validateIngressStatusUpdate(ingress: V1Ingress, old: V1Ingress): FieldError[] {
  const existing = (old.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip || []);
  return (ingress.status?.loadBalancer?.ingress ?? []).flatMap(({ ip, hostname }, i) => {
    const path = `status.loadBalancer.ingress[${i}]`;
    const errors = ip ? validateLegacyIp(ip, `${path}.ip`, existing) : [];
    if (!hostname) return errors;
    errors.push(...validateDns1123Subdomain(hostname, `${path}.hostname`));
    if (ipToNumber(hostname) !== undefined) errors.push(invalidValue(`${path}.hostname`, hostname, NOT_IP));
    return errors;
  });
}
