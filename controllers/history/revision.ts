/** What a ControllerRevision holds and how revisions relate to one another. Pure. */
import type { V1ControllerRevision, V1PodTemplateSpec } from '../../openapi/generated/types.ts';
import { goJson } from './go-json.ts';

/** On pods: the revision they were made from. */
export const REVISION_HASH_LABEL = 'controller-revision-hash';

export type RevisionData = Record<string, unknown>;

/** The patch that puts a template back: strategic, with the template replaced as a whole. */
export function templatePatch(template: V1PodTemplateSpec | undefined): RevisionData {
  return { spec: { template: { ...template, $patch: 'replace' } } };
}

/** The template that a revision puts back; `undefined` when it holds none. */
export function templateOf(revision: V1ControllerRevision): V1PodTemplateSpec | undefined {
  const spec = revision.data?.spec as { template?: V1PodTemplateSpec & { $patch?: string } } | undefined;
  if (!spec?.template) return undefined;
  const { $patch: _directive, ...template } = spec.template;
  return template;
}

/**
 * Data in a form in which two revisions that mean the same are the same text: older servers wrote fields that are null,
 * newer ones leave them out.
 */
export function canonicalData(data: RevisionData | undefined): string {
  return goJson(withoutNulls(data ?? {}));
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (value === null || typeof value !== 'object') return value;
  const fields = Object.entries(value).filter(([, field]) => field !== null);
  return Object.fromEntries(fields.map(([key, field]) => [key, withoutNulls(field)]));
}

/** Upstream's alphabet for hashes: no vowels and nothing that looks like another sign, so that none is a word. */
const SAFE = 'bcdfghjklmnpqrstvwxz2456789';

/** A hash as upstream writes it into names: the digits of `sum`, each as a sign of the alphabet above. */
export function safeEncoded(sum: number): string {
  return [...String(sum >>> 0)].map((digit) => SAFE[digit.charCodeAt(0) % SAFE.length]).join('');
}

/**
 * FNV-1 of 32 bits over the data and the number of collisions so far: for the same data the same as upstream's, so that
 * a cluster which changes hands keeps its revisions.
 */
export function revisionHash(data: RevisionData, collisionCount: number): string {
  let sum = 0x811c9dc5;
  for (const byte of Buffer.from(goJson(data) + String(collisionCount))) sum = Math.imul(sum, 0x01000193) ^ byte;
  return safeEncoded(sum);
}

/** `set-hash`, with the owner's name cut so that it fits. */
export function revisionName(owner: string, hash: string): string {
  return `${owner.slice(0, NAME_PREFIX_CHARACTERS_MAX)}-${hash}`;
}

const NAME_PREFIX_CHARACTERS_MAX = 223;

/** Oldest first; those of one number by age, then by name. */
export function compareRevisions(a: V1ControllerRevision, b: V1ControllerRevision): number {
  return a.revision - b.revision || compareText(created(a), created(b)) || compareText(name(a), name(b));
}

function created({ metadata }: V1ControllerRevision): string {
  return metadata?.creationTimestamp ?? '';
}

function name({ metadata }: V1ControllerRevision): string {
  return metadata?.name ?? '';
}

function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

/** The number of a revision that follows `sorted`. */
export function nextRevision(sorted: readonly V1ControllerRevision[]): number {
  return (sorted.at(-1)?.revision ?? 0) + 1;
}
