/** Pod templates of Deployments: which are the same, and the hash that names the ReplicaSet of each. */
import type { V1Deployment, V1PodTemplateSpec } from '../../openapi/generated/types.ts';

/** The label that keeps the pods of a Deployment's ReplicaSets apart. */
export const HASH_LABEL = 'pod-template-hash';

/** Upstream's alphabet for generated names: nothing that could spell a word. */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';
const NAME_MAX = 253;

/**
 * A short text that stands for a template, made of upstream's alphabet. `collisionCount` gives another one to a template
 * whose first one was taken. The digest is FNV-1a over the template as JSON with its keys in order: upstream digests a
 * dump of Go's memory, so that the texts differ from those of a Go server, but serve as well.
 */
export function templateHash(template: V1PodTemplateSpec, collisionCount?: number): string {
  const salt = collisionCount === undefined ? '' : `/${collisionCount}`;
  const digest = fnv1a(canonicalJson(template) + salt);
  return [...String(digest)].map((digit) => ALPHABET[digit.charCodeAt(0) % ALPHABET.length]).join('');
}

function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner;
    const entries = Object.entries(inner).filter(([, each]) => each !== null && each !== undefined);
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/** The name of the ReplicaSet of a template: never longer than a name may be. */
export function replicaSetName(deployment: V1Deployment, hash: string): string {
  const name = deployment.metadata?.name ?? '';
  return `${name.slice(0, NAME_MAX - 1 - hash.length)}-${hash}`;
}

/** Whether two templates make the same pods: all but the hash label counts. */
export function equalIgnoringHash(a: V1PodTemplateSpec | undefined, b: V1PodTemplateSpec | undefined): boolean {
  return sameValue(withoutHash(a), withoutHash(b));
}

/** The template without the hash label. */
export function withoutHash(template: V1PodTemplateSpec = {}): V1PodTemplateSpec {
  const { labels, ...metadata } = template.metadata ?? {};
  if (!labels) return { ...template, metadata };
  const { [HASH_LABEL]: _hash, ...others } = labels;
  return { ...template, metadata: Object.keys(others).length > 0 ? { ...metadata, labels: others } : metadata };
}

/** Deep equality, with what is null or an empty list the same as what is absent. */
function sameValue(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (isAbsent(a) || isAbsent(b)) return isAbsent(a) && isAbsent(b);
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item, index) => sameValue(item, b[index]));
  }
  if (typeof a !== 'object' || typeof b !== 'object') return false;
  return sameFields(a as Record<string, unknown>, b as Record<string, unknown>);
}

function sameFields(a: Record<string, unknown>, b: Record<string, unknown>): boolean {
  for (const key of Object.keys(a)) if (!sameValue(a[key], b[key])) return false;
  for (const key of Object.keys(b)) if (!(key in a) && !isAbsent(b[key])) return false;
  return true;
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}
