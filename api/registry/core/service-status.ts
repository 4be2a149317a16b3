/** Validation of what a load balancer says of a service. */
import type { V1LoadBalancerIngress, V1Service } from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { forbiddenField, invalidValue, notSupported, required } from '../validation/errors.ts';
import { validateDns1123Subdomain } from '../validation/fields.ts';
import { ipToNumber } from '../validation/ip.ts';
import { validateLegacyIp } from '../validation/strict-ip.ts';

const FIELD = 'status.loadBalancer.ingress';
const IP_MODES = ['Proxy', 'VIP'];

export function validateServiceStatusUpdate(service: V1Service, old: V1Service): FieldError[] {
  const ingress = service.status?.loadBalancer?.ingress ?? [];
  if (ingress.length > 0 && service.spec?.type !== 'LoadBalancer') {
    return [forbiddenField(FIELD, "may only be used when `spec.type` is 'LoadBalancer'")];
  }
  const existing = (old.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip || []);
  return ingress.flatMap((point, i) => validatePoint(point, existing, `${FIELD}[${i}]`));
}

function validatePoint(point: V1LoadBalancerIngress, existing: readonly string[], path: string): FieldError[] {
  const { ip, hostname } = point;
  const errors = ip ? validateLegacyIp(ip, `${path}.ip`, existing) : [];
  errors.push(...validateIpMode(point, `${path}.ipMode`));
  if (!hostname) return errors;
  errors.push(...validateDns1123Subdomain(hostname, `${path}.hostname`));
  if (ipToNumber(hostname) !== undefined) {
    errors.push(invalidValue(`${path}.hostname`, hostname, 'must be a DNS name, not an IP address'));
  }
  return errors;
}

function validateIpMode({ ip, ipMode }: V1LoadBalancerIngress, field: string): FieldError[] {
  if (ipMode === undefined) return ip ? [required(field, 'must be specified when `ip` is set')] : [];
  if (!ip) return [forbiddenField(field, 'may not be specified when `ip` is not set')];
  return IP_MODES.includes(ipMode) ? [] : [notSupported(field, ipMode, IP_MODES)];
}
