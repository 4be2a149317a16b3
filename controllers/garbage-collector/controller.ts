/**
 * Deletes objects whose owners are all gone, and carries out the two ways of deleting an owner that need more than that:
 * foreground (dependents first) and orphan (dependents stay). It follows every kind that the server serves.
 */
import * as resources from '../../client/resources.ts';
import { WorkQueue } from '../../client/work-queue.ts';
import type { KubeObject, ResourceRef } from '../../openapi/object.ts';
import type { ControllerContext } from '../runtime/context.ts';
import { type Controller, controllerOf } from '../runtime/controller.ts';
import { discover, discoveryFailureText, type ServedResource } from '../runtime/discovery.ts';
import { Collector } from './collector.ts';
import { awaitsDependents, hasFinalizer, type Item, isDeleting, ORPHAN, OwnerGraph } from './graph.ts';

/** Kinds that are followed from the start, as every server has them; the others as soon as they have been discovered. */
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
  resources.CONTROLLER_REVISIONS,
  resources.DAEMON_SETS,
  resources.DEPLOYMENTS,
  resources.REPLICA_SETS,
  resources.STATEFUL_SETS,
  resources.CRON_JOBS,
  resources.JOBS,
  resources.ENDPOINT_SLICES,
];
const WORKERS = 20;
/** The key under which the queue holds the wish to look again at what is served. */
const DISCOVERY = 'discovery';
/** As upstream. */
const DISCOVER_EVERY_MS = 30_000;
/** Left to expire. */
const IGNORED = new Set(['events']);

export function garbageCollector(context: ControllerContext, collected = COLLECTED): Controller {
  const { client, clock, log } = context;
  const queue = new WorkQueue({ clock });
  const enqueue = (item: Item) => queue.add(graph.keyOf(item));
  const graph: OwnerGraph = new OwnerGraph(context.informers, {
    changed: (item, old) => {
      if (needsLook(item.object, old)) enqueue(item);
      if (old) enqueueWaitingOwners(item);
      if (item.ref.kind === 'CustomResourceDefinition') queue.add(DISCOVERY);
    },
    deleted: (item) => {
      for (const dependent of graph.dependents(item)) enqueue(dependent);
      enqueueWaitingOwners(item);
      if (item.ref.kind === 'CustomResourceDefinition') queue.add(DISCOVERY);
    },
  });
  const collector = new Collector(client, graph, enqueue);
  const enqueueWaitingOwners = ({ object }: Item) => {
    for (const reference of object.metadata?.ownerReferences ?? []) {
      const owner = graph.owner(reference, object.metadata?.namespace);
      if (owner && awaitsDependents(owner.object)) enqueue(owner);
    }
  };
  graph.follow(collected);
  const discoverAll = async () => {
    const { resources: served, failures } = await discover(client.transport);
    // Better too many kinds than to lose one over a group that could not be read.
    if (failures.length > 0) throw new Error(discoveryFailureText(failures));
    graph.follow(served.filter(isCollectable));
    return { requeueAfterMs: DISCOVER_EVERY_MS };
  };
  return controllerOf({
    name: 'garbage-collector',
    queue,
    workers: WORKERS,
    reconcile: (key) => (key === DISCOVERY ? discoverAll() : collector.reconcile(key)),
    synced: graph.synced(),
    started: () => queue.add(DISCOVERY),
    clock,
    log,
  });
}

function isCollectable({ resource, verbs }: ServedResource): boolean {
  return !IGNORED.has(resource) && ['delete', 'list', 'watch'].every((verb) => verbs.includes(verb));
}

/** New with owners, its owners changed, or it is being deleted in a way that is ours to carry out. */
function needsLook(object: KubeObject, old: KubeObject | undefined): boolean {
  if (isDeleting(object)) return awaitsDependents(object) || hasFinalizer(object, ORPHAN);
  const owners = object.metadata?.ownerReferences ?? [];
  if (owners.length === 0) return false;
  return !old || JSON.stringify(owners) !== JSON.stringify(old.metadata?.ownerReferences);
}
