/** What the services and the controller of a pod select by, for spreading: upstream's DefaultSelector. */
import type {
  V1Pod,
  V1ReplicaSet,
  V1ReplicationController,
  V1Service,
  V1StatefulSet,
} from '../openapi/generated/types.ts';
import { selectorRequirements } from '../openapi/label-selector.ts';
import { type Labels, type Requirement, requirementsOf } from '../openapi/selectors.ts';

/** Reads from informers. */
export interface SiblingLister {
  services(namespace: string): readonly V1Service[];
  replicationController(namespace: string, name: string): V1ReplicationController | undefined;
  replicaSet(namespace: string, name: string): V1ReplicaSet | undefined;
  statefulSet(namespace: string, name: string): V1StatefulSet | undefined;
}

/** An empty list when the pod has no siblings that anybody speaks of. */
export function siblingRequirements(pod: V1Pod, lister: SiblingLister): Requirement[] {
  const { namespace = '', labels, ownerReferences } = pod.metadata ?? {};
  const merged: Record<string, string> = {};
  for (const { spec } of lister.services(namespace)) {
    if (spec?.selector && serviceSelects(spec.selector, labels)) Object.assign(merged, spec.selector);
  }
  const owner = ownerReferences?.find(({ controller }) => controller);
  if (!owner) return requirementsOf(merged);
  const { kind, name, uid } = owner;
  if (kind === 'ReplicationController') {
    const controller = lister.replicationController(namespace, name);
    if (controller?.metadata?.uid === uid) Object.assign(merged, controller?.spec?.selector);
    return requirementsOf(merged);
  }
  const set = kind === 'ReplicaSet' ? lister.replicaSet(namespace, name) : undefined;
  const controller = kind === 'StatefulSet' ? lister.statefulSet(namespace, name) : set;
  const more = controller?.metadata?.uid === uid ? selectorRequirements(controller?.spec?.selector) : undefined;
  return [...requirementsOf(merged), ...(more ?? [])];
}

/** Without making requirements of it: this is asked for every service of the namespace, for every pod. */
function serviceSelects(selector: Readonly<Record<string, string>>, labels: Labels): boolean {
  let any = false;
  for (const key of Object.keys(selector)) {
    if (!labels || labels[key] !== selector[key]) return false;
    any = true;
  }
  return any;
}
