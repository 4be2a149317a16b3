import { hostname } from 'node:os';

/** A node is called after its host; the name has to be a DNS subdomain. */
export function nodeNameOf(): string {
  const name = hostname()
    .toLowerCase()
    .replace(/[^a-z0-9.-]/g, '-')
    .replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, '');
  return name || 'node';
}
