/** Names of hosts beyond plain DNS subdomains, and paths under a domain. */
import type { FieldError } from '../../../openapi/status.ts';
import { invalidEach, invalidValue, required } from './errors.ts';
import { isDns1123Label, isDns1123Subdomain, maxLength } from './names.ts';

const SUBDOMAIN_MAX = 253;
const WILDCARD = '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*';
const WILDCARD_PATTERN = new RegExp(`^(?:${WILDCARD})$`);
const WILDCARD_RULE =
  "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character";
const PATH = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+";
const PATH_PATTERN = new RegExp(`^(?:${PATH})$`);

/** `*.example.com` */
export function isWildcardDns1123Subdomain(value: string): string[] {
  const messages = value.length > SUBDOMAIN_MAX ? [maxLength(SUBDOMAIN_MAX)] : [];
  if (!WILDCARD_PATTERN.test(value)) {
    messages.push(`${WILDCARD_RULE} (e.g. '*.example.com', regex used for validation is '${WILDCARD}')`);
  }
  return messages;
}

/** `example.com`, with at least two labels; a dot at the end is fine. */
export function validateFullyQualifiedDomainName(value: string, field: string): FieldError[] {
  if (value === '') return [required(field)];
  const name = value.replace(/\.$/, '');
  const errors = isDns1123Subdomain(name);
  if (errors.length > 0) return [invalidValue(field, name, errors.join(','))];
  const labels = name.split('.');
  if (labels.length < 2) {
    return [invalidValue(field, name, 'should be a domain with at least two segments separated by dots')];
  }
  const wrong = labels.find((label) => isDns1123Label(label).length > 0);
  return wrong === undefined ? [] : [invalidValue(field, wrong, isDns1123Label(wrong).join(','))];
}

/** `acme.io/foo` */
export function validateDomainPrefixedPath(value: string, field: string): FieldError[] {
  if (value === '') return [required(field)];
  const slash = value.indexOf('/');
  const [host, path] = [value.slice(0, Math.max(slash, 0)), value.slice(slash + 1)];
  if (slash < 0 || host === '' || path === '') {
    return [invalidValue(field, value, 'must be a domain-prefixed path (such as "acme.io/foo")')];
  }
  const errors = invalidEach(field, host, isDns1123Subdomain(host));
  if (PATH_PATTERN.test(path)) return errors;
  return [...errors, invalidValue(field, path, `Invalid path (regex used for validation is '${PATH}')`)];
}
