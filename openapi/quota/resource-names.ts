/** Whose a resource is: the system's, or somebody's own. */

const NAME = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const DOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** With a domain that is not the system's: `example.com/gpu`. */
export function isExtendedResource(name: string): boolean {
  if (isNativeResource(name) || name.startsWith('requests.')) return false;
  return isQualified(`requests.${name}`);
}

export function isNativeResource(name: string): boolean {
  return !name.includes('/') || name.includes('kubernetes.io/');
}

function isQualified(text: string): boolean {
  const [domain = '', name = '', ...more] = text.split('/');
  return more.length === 0 && domain.length <= 253 && DOMAIN.test(domain) && name.length <= 63 && NAME.test(name);
}
