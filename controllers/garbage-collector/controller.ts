/**
 * Deletes objects whose owners are all gone, and carries out the two ways of deleting an owner that need more than that:
 * foreground (dependents first) and orphan (dependents stay). It follows the kinds listed here; owners may be of any.
 */
import * as resources from '../../client/resources.ts';
import { WorkQueue } from '../../client/work-queue.ts';
import type { KubeObject, ResourceRef } from '../../openapi/object.ts';
import type { ControllerContext } from '../runtime/context.ts';
import { type Controller, controllerOf } from '../runtime/controller.ts';
import { Collector } from './collector.ts';
import { awaitsDependents, hasFinalizer, type Item, isDeleting, ORPHAN, OwnerGraph } from './graph.ts';

/** Kinds that are followed, as owners and as dependents. Events are left to expire. */
export const COLLECTED: readonly ResourceRef[] = [
  resources.PODS,
  resources.REPLICATION_CONTROLLERS,
  resources.SERVICES,
  resources.ENDPOINTS,
  resources.CONFIG_MAPS,
  resources.SECRETS,
  resources.SERVICE_ACCOUNTS,
  resources.NAMESPACES,
  resources.NODES,
  resources.LEASES,
];
const WORKERS = 20;

export function garbageCollector(context: ControllerContext, collected = COLLECTED): Controller {
  const { client, clock, log } = context;
  const queue = new WorkQueue({ clock });
  const graph = new OwnerGraph(context.informers, collected);
  const enqueue = (item: Item) => queue.add(graph.keyOf(item));
  const collector = new Collector(client, graph, enqueue);
  const enqueueWaitingOwners = ({ object }: Item) => {
    for (const reference of object.metadata?.ownerReferences ?? []) {
      const owner = graph.owner(reference, object.metadata?.namespace);
      if (owner && awaitsDependents(owner.object)) enqueue(owner);
    }
  };
  graph.watch({
    changed: (item, old) => {
      if (needsLook(item.object, old)) enqueue(item);
      if (old) enqueueWaitingOwners(item);
    },
    deleted: (item) => {
      for (const dependent of graph.dependents(item)) enqueue(dependent);
      enqueueWaitingOwners(item);
    },
  });
  return controllerOf({
    name: 'garbage-collector',
    queue,
    workers: WORKERS,
    reconcile: (key) => collector.reconcile(key),
    synced: graph.synced(),
    clock,
    log,
  });
}

/** New with owners, its owners changed, or it is being deleted in a way that is ours to carry out. */
function needsLook(object: KubeObject, old: KubeObject | undefined): boolean {
  if (isDeleting(object)) return awaitsDependents(object) || hasFinalizer(object, ORPHAN);
  const owners = object.metadata?.ownerReferences ?? [];
  if (owners.length === 0) return false;
  return !old || JSON.stringify(owners) !== JSON.stringify(old.metadata?.ownerReferences);
}
