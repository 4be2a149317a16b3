/** Starts the controllers: each with a client of its own identity, all over one set of informers. */
import { setMaxListeners } from 'node:events';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { Client } from '../client/client.ts';
import { endpointController } from './endpoints/controller.ts';
import { garbageCollector } from './garbage-collector/controller.ts';
import { namespaceController } from './namespace/controller.ts';
import { type NodeLifecycleOptions, nodeMonitor } from './node-lifecycle/monitor.ts';
import { nodeTaints } from './node-lifecycle/node-taints.ts';
import { taintEviction } from './node-lifecycle/taint-eviction.ts';
import { type PodGcOptions, podGarbageCollector } from './pod-gc.ts';
import { replicationController } from './replication/controller.ts';
import { rootCaPublisher } from './root-ca.ts';
import { type ControllerContext, recorderFactory } from './runtime/context.ts';
import type { Controller } from './runtime/controller.ts';
import { InformerFactory } from './runtime/informers.ts';
import { serviceAccountController } from './service-account.ts';

export interface ControllerManagerOptions {
  /**
   * Which controllers run, as upstream's `--controllers`: `*` for all, `name` for one, `-name` for all but one. The
   * first match counts. All by default. Throws for a name that is none.
   */
  controllers?: readonly string[];
  nodeLifecycle?: NodeLifecycleOptions;
  podGc?: PodGcOptions;
  /** What pods are to trust the API server by, in PEM; without it nothing is published. Upstream's `--root-ca-file`. */
  rootCa?: string;
}

export interface StartOptions {
  /** A client that acts as the given user, such as `system:serviceaccount:kube-system:namespace-controller`. */
  client: (identity: string) => Client;
  clock: Clock;
  random: Random;
  log: Log;
  /** Stops everything when it aborts; `stop` does the same and can be awaited. */
  signal?: AbortSignal;
  options?: ControllerManagerOptions;
}

export interface ControllerManager {
  /** Resolves once every informer has its first list; never, if stopped before. */
  synced: Promise<void>;
  /** Ends informers and controllers and sends the events that are still to be told. Idempotent. */
  stop(): Promise<void>;
}

interface Initializer {
  name: string;
  /** Other names that upstream has or had for it. */
  aliases: readonly string[];
  /** The service account it acts as. */
  account: string;
  start(context: ControllerContext, options: ControllerManagerOptions): Controller[];
}

/** Whose name the shared informers read under. */
export const INFORMER_IDENTITY = 'system:kube-controller-manager';

const INITIALIZERS: readonly Initializer[] = [
  {
    name: 'replication',
    aliases: ['replicationcontroller', 'replicationcontroller-controller'],
    account: 'replication-controller',
    start: (context) => [replicationController(context)],
  },
  {
    name: 'endpoint',
    aliases: ['endpoints-controller'],
    account: 'endpoint-controller',
    start: (context) => [endpointController(context)],
  },
  {
    name: 'namespace',
    aliases: ['namespace-controller'],
    account: 'namespace-controller',
    start: (context) => [namespaceController(context)],
  },
  {
    name: 'serviceaccount',
    aliases: ['serviceaccount-controller'],
    account: 'service-account-controller',
    start: (context) => [serviceAccountController(context)],
  },
  {
    name: 'root-ca-cert-publisher',
    aliases: ['root-ca-certificate-publisher-controller'],
    account: 'root-ca-cert-publisher',
    start: (context, { rootCa }) => (rootCa === undefined ? [] : [rootCaPublisher(context, rootCa)]),
  },
  {
    name: 'nodelifecycle',
    aliases: ['node-lifecycle-controller'],
    account: 'node-controller',
    start: (context, options) => [nodeMonitor(context, options.nodeLifecycle), nodeTaints(context)],
  },
  {
    name: 'taint-eviction',
    aliases: ['taint-eviction-controller'],
    account: 'node-controller',
    start: (context) => [taintEviction(context)],
  },
  {
    name: 'podgc',
    aliases: ['pod-garbage-collector-controller'],
    account: 'pod-garbage-collector',
    start: (context, options) => [podGarbageCollector(context, options.podGc)],
  },
  {
    name: 'garbage-collector',
    aliases: ['garbagecollector', 'garbage-collector-controller'],
    account: 'generic-garbage-collector',
    start: (context) => [garbageCollector(context)],
  },
];

/** Every identity that the manager asks a client for: what an authorizer must let pass. */
export const IDENTITIES: readonly string[] = [
  INFORMER_IDENTITY,
  ...new Set(INITIALIZERS.map(({ account }) => identityOf(account))),
];

function identityOf(account: string): string {
  return `system:serviceaccount:kube-system:${account}`;
}

/** Whether the controller of these names runs. */
export function isEnabled(names: readonly string[], selection: readonly string[]): boolean {
  for (const entry of selection) {
    if (names.includes(entry)) return true;
    if (entry.startsWith('-') && names.includes(entry.slice(1))) return false;
  }
  return selection.includes('*');
}

function assertKnown(selection: readonly string[]): void {
  const known = new Set(['*', ...INITIALIZERS.flatMap(({ name, aliases }) => [name, ...aliases])]);
  for (const entry of selection) {
    if (!known.has(entry.replace(/^-/, '')))
      throw new Error(`${JSON.stringify(entry)} is not in the list of known controllers`);
  }
}

/** Resolves as soon as everything is under way; await `synced` for the informers. */
export async function startControllers(start: StartOptions): Promise<ControllerManager> {
  const { client, clock, random, log, signal, options = {} } = start;
  const selection = options.controllers ?? ['*'];
  assertKnown(selection);
  const stopping = new AbortController();
  // Every informer, call and controller listens to it.
  setMaxListeners(0, stopping.signal);
  const informers = new InformerFactory({ client: client(INFORMER_IDENTITY), clock, random, log });
  const recorders: { flush(): Promise<void> }[] = [];
  const controllers: Controller[] = [];
  for (const initializer of INITIALIZERS) {
    if (!isEnabled([initializer.name, ...initializer.aliases], selection)) continue;
    const own = client(identityOf(initializer.account));
    const { recorder, flush } = recorderFactory({ client: own, clock, random, log });
    recorders.push({ flush });
    controllers.push(...initializer.start({ client: own, informers, clock, random, log, recorder }, options));
  }
  const running = Promise.all([
    informers.run(stopping.signal),
    ...controllers.map((controller) => controller.run(stopping.signal)),
  ]);
  const abort = () => stopping.abort();
  if (signal?.aborted) abort();
  else signal?.addEventListener('abort', abort, { once: true });
  return {
    synced: informers.synced(),
    async stop() {
      signal?.removeEventListener('abort', abort);
      abort();
      await running;
      await Promise.all(recorders.map((recorder) => recorder.flush()));
    },
  };
}
