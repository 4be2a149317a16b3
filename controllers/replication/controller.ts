/** The controllers of the two kinds that keep a number of pods: one mechanism, as upstream. */
import { WorkQueue } from '../../client/work-queue.ts';
import type { ControllerContext } from '../runtime/context.ts';
import { type Controller, controllerOf } from '../runtime/controller.ts';
import { REPLICA_SET, REPLICATION_CONTROLLER, type ReplicaKind, type Replicated } from './kinds.ts';
import { ReplicaManager } from './manager.ts';

const WORKERS = 5;

export function replicationController(context: ControllerContext): Controller {
  return replicaController(context, REPLICATION_CONTROLLER);
}

export function replicaSetController(context: ControllerContext): Controller {
  return replicaController(context, REPLICA_SET);
}

function replicaController<T extends Replicated>(context: ControllerContext, kind: ReplicaKind<T>): Controller {
  const { informers, clock, log } = context;
  const queue = new WorkQueue({ clock });
  const manager = new ReplicaManager(context, kind, queue);
  manager.watch();
  return controllerOf({
    name: kind.name,
    queue,
    workers: WORKERS,
    reconcile: (key) => manager.reconcile(key),
    synced: [informers.pods.synced(), informers.of<T>(kind.ref).synced()],
    clock,
    log,
  });
}
