/** Upstream's NamespaceLifecycle: nothing is created in a namespace that is not there or is going away. */
import type { V1Namespace } from '../../../openapi/generated/types.ts';
import { forbidden, notFound, type ResourceName, StatusError } from '../../../openapi/status.ts';
import type { WatchCache } from '../../storage/watch-cache.ts';

const NAMESPACES: ResourceName = { group: '', resource: 'namespaces' };
const IMMORTAL = new Set(['default', 'kube-system', 'kube-public']);

/** Throws NotFound or Forbidden when an object of `resource` called `name` cannot be created in `namespace`. */
export function admitCreation(cache: WatchCache, namespace: string, resource: ResourceName, name: string): void {
  const cached = cache.get(`/registry/namespaces/${namespace}`);
  if (!cached) throw notFound(NAMESPACES, namespace);
  const found = cached.object as V1Namespace;
  if (found.metadata?.deletionTimestamp === undefined && found.status?.phase !== 'Terminating') return;
  const refused = forbidden(
    resource,
    name,
    `${qualified(resource)} "${name}" is forbidden: unable to create new content in namespace ${namespace} because it is being terminated`,
  );
  const cause = {
    reason: 'NamespaceTerminating',
    message: `namespace ${namespace} is being terminated`,
    field: 'metadata.namespace',
  };
  throw new StatusError({ ...refused.status, details: { ...refused.status.details, causes: [cause] } });
}

/** Throws Forbidden for the namespaces that the cluster cannot do without. */
export function admitNamespaceDeletion(name: string): void {
  if (IMMORTAL.has(name))
    throw forbidden(NAMESPACES, name, `namespaces "${name}" is forbidden: this namespace may not be deleted`);
}

function qualified({ group, resource }: ResourceName): string {
  return group === '' ? resource : `${resource}.${group}`;
}
