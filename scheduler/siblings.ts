/** What the services and the controller of a pod select by, for spreading: upstream's DefaultSelector. */
import type { V1Pod, V1ReplicationController, V1Service } from '../openapi/generated/types.ts';
import { matchesLabels, type Requirement, requirementsOf } from '../openapi/selectors.ts';

/** Reads from informers. */
export interface SiblingLister {
  services(namespace: string): readonly V1Service[];
  replicationController(namespace: string, name: string): V1ReplicationController | undefined;
}

export function siblingRequirements(pod: V1Pod, lister: SiblingLister): Requirement[] {
  const { namespace = '', labels, ownerReferences } = pod.metadata ?? {};
  const merged: Record<string, string> = {};
  for (const { spec } of lister.services(namespace)) {
    const selector = spec?.selector;
    if (!selector || Object.keys(selector).length === 0) continue;
    if (matchesLabels(requirementsOf(selector), labels)) Object.assign(merged, selector);
  }
  const owner = ownerReferences?.find(({ controller }) => controller);
  if (owner?.kind === 'ReplicationController') {
    const controller = lister.replicationController(namespace, owner.name);
    if (controller?.metadata?.uid === owner.uid) Object.assign(merged, controller?.spec?.selector);
  }
  return requirementsOf(merged);
}
