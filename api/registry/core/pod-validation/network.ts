/** Validation of what concerns a pod's network. */
import { isIP } from 'node:net';
import type { V1HostAlias, V1PodDNSConfig, V1PodSpec } from '../../../../openapi/generated/types.ts';
import type { FieldError } from '../../../../openapi/status.ts';
import { invalidEach, invalidValue, required } from '../../validation/errors.ts';
import { validateDns1123Subdomain } from '../../validation/fields.ts';
import { isIpAddress } from '../../validation/names.ts';

const NAMESERVERS_MAX = 3;
const SEARCHES_MAX = 32;
const SEARCH_CHARACTERS_MAX = 2048;

/** In the host's network a port of a container is a port of the host. */
export function validateHostNetwork(spec: V1PodSpec, path: string): FieldError[] {
  return (spec.containers ?? []).flatMap((container, i) =>
    (container.ports ?? []).flatMap(({ containerPort, hostPort }, j) =>
      hostPort === containerPort
        ? []
        : [
            invalidValue(
              `${path}.containers[${i}].ports[${j}].containerPort`,
              containerPort,
              'must match `hostPort` when `hostNetwork` is true',
            ),
          ],
    ),
  );
}

export function validateDnsConfig({ dnsPolicy, dnsConfig }: V1PodSpec, path: string): FieldError[] {
  if (dnsPolicy === 'None') {
    if (!dnsConfig) return [required(path, 'must provide `dnsConfig` when `dnsPolicy` is None')];
    if (!dnsConfig.nameservers?.length) {
      return [required(`${path}.nameservers`, 'must provide at least one DNS nameserver when `dnsPolicy` is None')];
    }
  }
  return dnsConfig ? validateConfig(dnsConfig, path) : [];
}

function validateConfig({ nameservers = [], searches = [], options = [] }: V1PodDNSConfig, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (nameservers.length > NAMESERVERS_MAX) {
    const detail = `must not have more than ${NAMESERVERS_MAX} nameservers`;
    errors.push(invalidValue(`${path}.nameservers`, nameservers, detail));
  }
  nameservers.forEach((server, i) => {
    errors.push(...invalidEach(`${path}.nameservers[${i}]`, server, isIpAddress(server)));
  });
  if (searches.length > SEARCHES_MAX) {
    errors.push(invalidValue(`${path}.searches`, searches, `must not have more than ${SEARCHES_MAX} search paths`));
  }
  if (searches.join(' ').length > SEARCH_CHARACTERS_MAX) {
    const detail = `must not have more than ${SEARCH_CHARACTERS_MAX} characters (including spaces) in the search list`;
    errors.push(invalidValue(`${path}.searches`, searches, detail));
  }
  searches.forEach((search, i) => {
    if (search !== '.') errors.push(...validateDns1123Subdomain(search.replace(/\.$/, ''), `${path}.searches[${i}]`));
  });
  options.forEach(({ name }, i) => {
    if (!name) errors.push(required(`${path}.options[${i}]`, 'must not be empty'));
  });
  return errors;
}

export function validateHostAliases(aliases: readonly V1HostAlias[], path: string): FieldError[] {
  return aliases.flatMap(({ ip, hostnames = [] }, i) => [
    ...(isIP(ip ?? '') === 0 ? invalidEach(`${path}[${i}].ip`, ip, isIpAddress(ip ?? '')) : []),
    ...hostnames.flatMap((hostname, j) => validateDns1123Subdomain(hostname, `${path}[${i}].hostnames[${j}]`)),
  ]);
}
