/**
 * Admission: an ordered list of plugins, each of which may change or refuse a write after it has been authorized and
 * read. A write passes the list twice, as upstream: to be changed before the strategy prepares it, and to be checked
 * when it is as it will be stored.
 */
import type { KubeObject } from '../../../openapi/object.ts';
import { forbidden, type ResourceName, type StatusError } from '../../../openapi/status.ts';
import type { Storage } from '../../storage/interface.ts';
import type { ResourceDeclaration, ServedVersion, UpdateStrategy } from '../declaration.ts';

/** Who writes. */
export interface AdmissionUser {
  name: string;
  groups: readonly string[];
}

export interface AdmissionRequest {
  operation: 'create' | 'update' | 'delete';
  declaration: ResourceDeclaration;
  /** `''` for the resource itself. */
  subresource: string;
  /** `''` for cluster-scoped resources. */
  namespace: string;
  /** For a creation the name asked for, or the prefix of one. */
  name: string;
  /** What is to be stored, with its defaults: a private copy. Absent for a deletion. */
  object?: KubeObject;
  /** What is stored, not to be changed. Absent for a creation. */
  old?: KubeObject;
  user: AdmissionUser;
  dryRun: boolean;
  /** Where plugins that keep accounts write them. */
  storage: Storage;
}

/** Throws the `Status` that refuses the write. */
type Pass = (request: AdmissionRequest) => void | Promise<void>;

/** One of upstream's plugins. */
export interface Admission {
  /** May change `object`. */
  mutate?: Pass;
  /** Sees `object` as it will be stored, and leaves it alone. */
  validate?: Pass;
}

/** The first pass, in order. */
export async function admit(chain: readonly Admission[], request: AdmissionRequest): Promise<void> {
  for (const { mutate } of chain) {
    // Most are done at once, and a wait for nothing is a turn of the queue.
    const pending = mutate?.(request);
    if (pending) await pending;
  }
}

/** The second pass, in order. */
export async function admitValidated(chain: readonly Admission[], request: AdmissionRequest): Promise<void> {
  for (const { validate } of chain) {
    const pending = validate?.(request);
    if (pending) await pending;
  }
}

/** `pods`, `leases.coordination.k8s.io`. */
export function qualified({ group, resource }: ResourceName): string {
  return group === '' ? resource : `${resource}.${group}`;
}

/** Whether the write is about objects of that resource, such as `storageclasses.storage.k8s.io`, as a whole. */
export function isAbout({ declaration, subresource }: AdmissionRequest, resource: string): boolean {
  // Cheaper than to put the name together for every write.
  if (subresource !== '' || !resource.startsWith(declaration.plural)) return false;
  return qualified({ group: declaration.group, resource: declaration.plural }) === resource;
}

/** Upstream's error of a plugin: 403, `pods "a" is forbidden: …`. */
export function refusal({ declaration, name, object }: AdmissionRequest, why: string): StatusError {
  const resource = { group: declaration.group, resource: declaration.plural };
  // A generated name is there in the second pass.
  const shown = object?.metadata?.name || name || 'Unknown';
  return forbidden(resource, shown, `${qualified(resource)} "${shown}" is forbidden: ${why}`);
}

/** Several reasons in one text, as upstream puts errors together. */
export function aggregate(reasons: readonly string[]): string {
  const unique = [...new Set(reasons)];
  return unique.length === 1 ? (unique[0] ?? '') : `[${unique.join(', ')}]`;
}

const ownSubresources = ({ subresources = {} }: ServedVersion<KubeObject>) => subresources;

/** The name of the subresource whose strategy that is; `''` without one. */
export function subresourceOf(
  declaration: ResourceDeclaration,
  strategy: UpdateStrategy<KubeObject> | undefined,
): string {
  if (!strategy) return '';
  for (const { status, parts = {} } of [declaration, ...(declaration.alsoServed ?? []).map(ownSubresources)]) {
    if (strategy === status) return 'status';
    const part = Object.entries(parts).find(([, each]) => each === strategy);
    if (part) return part[0];
  }
  return 'other';
}
