/** Turns what the API server reports into changes of the scheduler's state and queue. */
import { setMaxListeners } from 'node:events';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { Client } from '../client/client.ts';
import { Informer } from '../client/informer.ts';
import * as resources from '../client/resources.ts';
import type {
  V1CSINode,
  V1Namespace,
  V1Node,
  V1PersistentVolume,
  V1PersistentVolumeClaim,
  V1Pod,
  V1PodDisruptionBudget,
  V1ReplicaSet,
  V1ReplicationController,
  V1Service,
  V1StatefulSet,
  V1StorageClass,
} from '../openapi/generated/types.ts';
import type { KubeObject, ResourceRef } from '../openapi/object.ts';
import { isStatus } from '../openapi/status.ts';
import type { ClusterState } from './cluster-state.ts';
import { handleNamespaces, handleNodes, handlePods, handleVolumes } from './event-handlers.ts';
import type { SchedulingQueue } from './queue.ts';
import type { SiblingLister } from './siblings.ts';
import { classOfVolume } from './volumes/claims.ts';
import type { VolumeListers } from './volumes/listers.ts';

export interface Informers {
  pods: Informer<V1Pod>;
  nodes: Informer<V1Node>;
  siblings: SiblingLister;
  volumes: VolumeListers;
  budgets: () => readonly V1PodDisruptionBudget[];
  /** Calls `look` whenever a claim or a volume has changed, until the function it gives back is called. */
  onVolumeChange: (look: () => void) => () => void;
  /** Begins to follow the server. */
  start(targets: InformerTargets): {
    synced: Promise<void> /** When the signal has aborted and all is closed. */;
    done: Promise<void>;
  };
}

export interface InformerTargets {
  state: ClusterState;
  queue: SchedulingQueue;
  /** Whether a pod is ours to place. */
  isOurs: (pod: V1Pod) => boolean;
}

interface InformersOptions {
  client: Client;
  /** The version of disruption budgets that the server has; none are followed when it has none. */
  budgets: ResourceRef | undefined;
  clock: Clock;
  random: Random;
  log: Log;
  signal: AbortSignal;
}

export function makeInformers(options: InformersOptions): Informers {
  const { client } = options;
  const signal = ownSignal(options.signal);
  const all: Pick<Informer<KubeObject>, 'synced' | 'run'>[] = [];
  const of = <T extends KubeObject>(ref: ResourceRef): Informer<T> => {
    const informer = new Informer(client.resource<T>(ref), options);
    all.push(informer);
    return informer;
  };
  const byNamespace = (object: KubeObject) => [object.metadata?.namespace ?? ''];
  const pods = of<V1Pod>(resources.PODS);
  const nodes = of<V1Node>(resources.NODES);
  const namespaces = of<V1Namespace>(resources.NAMESPACES);
  const budgets = options.budgets && of<V1PodDisruptionBudget>(options.budgets);
  const claims = of<V1PersistentVolumeClaim>(resources.PERSISTENT_VOLUME_CLAIMS);
  const volumes = of<V1PersistentVolume>(resources.PERSISTENT_VOLUMES).addIndex('class', (volume) => [
    classOfVolume(volume),
  ]);
  const classes = of<V1StorageClass>(resources.STORAGE_CLASSES);
  const csiNodes = of<V1CSINode>(resources.CSI_NODES);
  const lookers = new Set<() => void>();
  return {
    pods,
    nodes,
    siblings: siblingLister(of, byNamespace),
    volumes: {
      claim: (key) => claims.get(key),
      volume: (name) => volumes.get(name),
      volumesOfClass: (name) => volumes.byIndex('class', name),
      storageClass: (name) => classes.get(name),
      csiNode: (name) => csiNodes.get(name),
    },
    budgets: () => budgets?.list() ?? [],
    onVolumeChange(look) {
      lookers.add(look);
      return () => lookers.delete(look);
    },
    start(targets) {
      targets.state.readNamespaces((name) => namespaces.get(name)?.metadata?.labels);
      handlePods(pods, targets);
      handleNodes(nodes, targets);
      handleNamespaces(namespaces, targets);
      handleVolumes({ claims, volumes, classes, csiNodes }, targets.queue, () => {
        for (const look of [...lookers]) look();
      });
      return {
        synced: Promise.all(all.map((informer) => informer.synced())).then(() => undefined),
        done: Promise.all(all.map((informer) => informer.run(signal))).then(() => undefined),
      };
    },
  };
}

/**
 * The version of disruption budgets to follow. Servers before 1.21 have only the beta, which says the same. Asked of the
 * server at start; when it cannot answer, the current version is taken.
 */
export async function servedBudgets(client: Client): Promise<ResourceRef | undefined> {
  const current = resources.POD_DISRUPTION_BUDGETS;
  for (const ref of [current, { ...current, version: 'v1beta1' }]) {
    try {
      await client.resource(ref).list({ limit: 1 });
      return ref;
    } catch (error) {
      if (!isStatus(error, 'NotFound')) return current;
    }
  }
  return undefined;
}

/** Aborts with the other; may have as many listeners as there are informers. */
function ownSignal(other: AbortSignal): AbortSignal {
  const own = new AbortController();
  setMaxListeners(0, own.signal);
  if (other.aborted) own.abort(other.reason);
  else other.addEventListener('abort', () => own.abort(other.reason), { once: true });
  return own.signal;
}

function siblingLister(
  of: <T extends KubeObject>(ref: ResourceRef) => Informer<T>,
  byNamespace: (object: KubeObject) => string[],
): SiblingLister {
  const services = of<V1Service>(resources.SERVICES).addIndex('namespace', byNamespace);
  const controllers = of<V1ReplicationController>(resources.REPLICATION_CONTROLLERS);
  const replicaSets = of<V1ReplicaSet>(resources.REPLICA_SETS);
  const statefulSets = of<V1StatefulSet>(resources.STATEFUL_SETS);
  return {
    services: (namespace) => services.byIndex('namespace', namespace),
    replicationController: (namespace, name) => controllers.get(`${namespace}/${name}`),
    replicaSet: (namespace, name) => replicaSets.get(`${namespace}/${name}`),
    statefulSet: (namespace, name) => statefulSets.get(`${namespace}/${name}`),
  };
}
