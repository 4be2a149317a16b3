/** Upstream's NamespaceLifecycle: nothing is created in a namespace that is not there or is going away. */
import type { V1Namespace } from '../../../openapi/generated/types.ts';
import { forbidden, notFound, type ResourceName, StatusError } from '../../../openapi/status.ts';
import type { WatchCache } from '../../storage/watch-cache.ts';
import { type Admission, qualified } from './admission.ts';

const NAMESPACES: ResourceName = { group: '', resource: 'namespaces' };
const IMMORTAL = new Set(['default', 'kube-system', 'kube-public']);

/** Refuses creations in namespaces that cannot take them, and the deletion of those the cluster needs. */
export function namespaceLifecycle(cache: WatchCache): Admission {
  return {
    mutate({ operation, declaration, namespace, name }) {
      const resource = { group: declaration.group, resource: declaration.plural };
      if (operation === 'create' && declaration.namespaced) admitCreation(cache, namespace, resource, name);
      if (operation === 'delete' && qualified(resource) === 'namespaces' && IMMORTAL.has(name)) {
        throw forbidden(NAMESPACES, name, `namespaces "${name}" is forbidden: this namespace may not be deleted`);
      }
    },
  };
}

function admitCreation(cache: WatchCache, namespace: string, resource: ResourceName, name: string): void {
  const cached = cache.get(`/registry/namespaces/${namespace}`);
  if (!cached) throw notFound(NAMESPACES, namespace);
  const found = cached.object as V1Namespace;
  if (found.metadata?.deletionTimestamp === undefined && found.status?.phase !== 'Terminating') return;
  const refused = forbidden(
    resource,
    name,
    `${qualified(resource)} "${name}" is forbidden: unable to create new content in namespace ${namespace} because it is being terminated`,
  );
  const message = `namespace ${namespace} is being terminated`;
  const cause = { reason: 'NamespaceTerminating', message, field: 'metadata.namespace' };
  throw new StatusError({ ...refused.status, details: { ...refused.status.details, causes: [cause] } });
}
