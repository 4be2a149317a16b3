/** Turns what the API server reports into changes of the scheduler's state and queue. */
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { Client } from '../client/client.ts';
import { Informer } from '../client/informer.ts';
import type { V1Node, V1Pod } from '../openapi/generated/types.ts';
import { keyOf } from '../openapi/object.ts';
import type { ClusterState } from './cluster-state.ts';
import { nodeEvents } from './node-events.ts';
import type { SchedulingQueue } from './queue.ts';
import type { SiblingLister } from './siblings.ts';

export interface Informers {
  pods: Informer<V1Pod>;
  siblings: SiblingLister;
  synced: Promise<void>;
  /** Resolves when the signal has aborted and all watches are closed. */
  done: Promise<void>;
}

export function startInformers(options: {
  client: Client;
  clock: Clock;
  random: Random;
  log: Log;
  signal: AbortSignal;
  schedulerName: string;
  state: ClusterState;
  queue: SchedulingQueue;
}): Informers {
  const { client, signal } = options;
  const byNamespace = (object: { metadata?: { namespace?: string } }) => [object.metadata?.namespace ?? ''];
  const pods = new Informer(client.pods, options);
  const nodes = new Informer(client.nodes, options);
  const services = new Informer(client.services, options).addIndex('namespace', byNamespace);
  const controllers = new Informer(client.replicationControllers, options);
  handlePods(pods, options);
  handleNodes(nodes, options);
  const all = [pods, nodes, services, controllers];
  return {
    pods,
    siblings: {
      services: (namespace) => services.byIndex('namespace', namespace),
      replicationController: (namespace, name) => controllers.get(`${namespace}/${name}`),
    },
    synced: Promise.all(all.map((informer) => informer.synced())).then(() => undefined),
    done: Promise.all(all.map((informer) => informer.run(signal))).then(() => undefined),
  };
}

/** Whether the pod has ended: it takes no more room. */
export function isDone(pod: V1Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

interface Targets {
  state: ClusterState;
  queue: SchedulingQueue;
  schedulerName: string;
}

function handlePods(pods: Informer<V1Pod>, { state, queue, schedulerName }: Targets): void {
  const occupies = (pod: V1Pod) => !isDone(pod) && (pod.spec?.nodeName ?? '') !== '';
  const waits = (pod: V1Pod) =>
    !isDone(pod) && !pod.spec?.nodeName && (pod.spec?.schedulerName || 'default-scheduler') === schedulerName;
  const leave = (pod: V1Pod) => {
    const wasAssumed = state.isAssumed(pod);
    state.removePod(pod);
    if (occupies(pod) || wasAssumed) queue.moveOn('AssignedPodDelete');
    queue.delete(keyOf(pod));
  };
  const enter = (pod: V1Pod) => {
    if (occupies(pod)) {
      queue.delete(keyOf(pod));
      state.setPod(pod);
    } else if (waits(pod) && !state.isAssumed(pod)) {
      queue.set(pod);
    }
  };
  pods.addHandler({
    added: enter,
    updated(pod, old) {
      if (pod.metadata?.uid !== old.metadata?.uid || (isDone(pod) && !isDone(old))) leave(old);
      enter(pod);
      if (occupies(old) && occupies(pod) && requestsChanged(old, pod)) queue.moveOn('AssignedPodUpdate');
    },
    deleted: leave,
  });
}

function requestsChanged(before: V1Pod, after: V1Pod): boolean {
  const requests = ({ spec }: V1Pod) => JSON.stringify(spec?.containers.map(({ resources }) => resources));
  return before.spec !== after.spec && requests(before) !== requests(after);
}

function handleNodes(nodes: Informer<V1Node>, { state, queue }: Targets): void {
  nodes.addHandler({
    added(node) {
      state.setNode(node);
      queue.moveOn('NodeAdd');
    },
    updated(node, old) {
      state.setNode(node);
      for (const event of nodeEvents(old, node)) queue.moveOn(event);
    },
    deleted(node) {
      state.removeNode(node.metadata?.name ?? '');
    },
  });
}
