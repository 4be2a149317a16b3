/** Starts the controllers: each with a client of its own identity, all over one set of informers. */
import { setMaxListeners } from 'node:events';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { Client } from '../client/client.ts';
import { csrApproving, csrCleaner, csrSigning } from './certificates/controllers.ts';
import type { SignerKeys } from './certificates/x509.ts';
import { clusterRoleAggregation } from './cluster-role-aggregation.ts';
import { cronJobController } from './cronjob/controller.ts';
import { daemonSetController } from './daemonset/controller.ts';
import { deploymentController } from './deployment/controller.ts';
import { disruptionController, staleDisruptions } from './disruption/controller.ts';
import { type EndpointSliceOptions, endpointSliceController } from './endpoint-slice/controller.ts';
import { endpointSliceMirroringController } from './endpoint-slice-mirroring/controller.ts';
import { endpointController } from './endpoints/controller.ts';
import { garbageCollector } from './garbage-collector/controller.ts';
import { type AutoscalerOptions, horizontalPodAutoscaler } from './horizontal-pod-autoscaler/controller.ts';
import { jobControllers } from './job/controller.ts';
import { localProvisioner } from './local-provisioner/controller.ts';
import { namespaceController } from './namespace/controller.ts';
import { type NodeLifecycleOptions, nodeMonitor } from './node-lifecycle/monitor.ts';
import { nodeTaints } from './node-lifecycle/node-taints.ts';
import { taintEviction } from './node-lifecycle/taint-eviction.ts';
import { type PodGcOptions, podGarbageCollector } from './pod-gc.ts';
import { replicaSetController, replicationController } from './replication/controller.ts';
import { resourceQuotaController } from './resource-quota/controller.ts';
import { rootCaPublisher } from './root-ca.ts';
import { type ControllerContext, recorderFactory } from './runtime/context.ts';
import type { Controller } from './runtime/controller.ts';
import { InformerFactory } from './runtime/informers.ts';
import { serviceAccountController } from './service-account.ts';
import { statefulSetController } from './statefulset/controller.ts';
import { ttlAfterFinished } from './ttl-after-finished.ts';
import { volumeBinding } from './volume-binding/controller.ts';
import { claimProtection, volumeProtection } from './volume-protection/controller.ts';

export interface ControllerManagerOptions {
  /**
   * Which controllers run, as upstream's `--controllers`: `*` for all, `name` for one, `-name` for all but one. The
   * first match counts. All by default. Throws for a name that is none.
   */
  controllers?: readonly string[];
  nodeLifecycle?: NodeLifecycleOptions;
  podGc?: PodGcOptions;
  endpointSlice?: EndpointSliceOptions;
  autoscaler?: AutoscalerOptions;
  /** What pods are to trust the API server by, in PEM; without it nothing is published. Upstream's `--root-ca-file`. */
  rootCa?: string;
  /** Signs certificate requests; without it none are signed. Upstream's `--cluster-signing-cert-file` and `-key-file`. */
  signer?: SignerKeys;
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
    name: 'replicaset',
    aliases: ['replicaset-controller'],
    account: 'replicaset-controller',
    start: (context) => [replicaSetController(context)],
  },
  {
    name: 'deployment',
    aliases: ['deployment-controller'],
    account: 'deployment-controller',
    start: (context) => [deploymentController(context)],
  },
  {
    name: 'daemonset',
    aliases: ['daemonset-controller'],
    account: 'daemon-set-controller',
    start: (context) => [daemonSetController(context)],
  },
  {
    name: 'statefulset',
    aliases: ['statefulset-controller'],
    account: 'statefulset-controller',
    start: (context) => [statefulSetController(context)],
  },
  {
    name: 'job',
    aliases: ['job-controller'],
    account: 'job-controller',
    start: (context) => jobControllers(context),
  },
  {
    name: 'cronjob',
    aliases: ['cronjob-controller'],
    account: 'cronjob-controller',
    start: (context) => [cronJobController(context)],
  },
  {
    name: 'ttl-after-finished',
    aliases: ['ttl-after-finished-controller'],
    account: 'ttl-after-finished-controller',
    start: (context) => [ttlAfterFinished(context)],
  },
  {
    name: 'endpoint',
    aliases: ['endpoints-controller'],
    account: 'endpoint-controller',
    start: (context) => [endpointController(context)],
  },
  {
    name: 'endpointslice',
    aliases: ['endpointslice-controller'],
    account: 'endpointslice-controller',
    start: (context, { endpointSlice }) => [endpointSliceController(context, endpointSlice)],
  },
  {
    name: 'endpointslicemirroring',
    aliases: ['endpointslice-mirroring-controller'],
    account: 'endpointslicemirroring-controller',
    start: (context) => [endpointSliceMirroringController(context)],
  },
  {
    name: 'horizontalpodautoscaling',
    aliases: ['horizontal-pod-autoscaler-controller'],
    account: 'horizontal-pod-autoscaler',
    start: (context, { autoscaler }) => [horizontalPodAutoscaler(context, autoscaler)],
  },
  {
    name: 'disruption',
    aliases: ['disruption-controller'],
    account: 'disruption-controller',
    start: (context) => [disruptionController(context), staleDisruptions(context)],
  },
  {
    name: 'resourcequota',
    aliases: ['resourcequota-controller'],
    account: 'resourcequota-controller',
    start: (context) => [resourceQuotaController(context)],
  },
  {
    name: 'clusterrole-aggregation',
    aliases: ['clusterrole-aggregation-controller'],
    account: 'clusterrole-aggregation-controller',
    start: (context) => [clusterRoleAggregation(context)],
  },
  {
    name: 'csrapproving',
    aliases: ['certificatesigningrequest-approving-controller'],
    account: 'certificate-controller',
    start: (context) => [csrApproving(context)],
  },
  {
    name: 'csrsigning',
    aliases: ['certificatesigningrequest-signing-controller'],
    account: 'certificate-controller',
    start: (context, { signer }) => (signer === undefined ? [] : [csrSigning(context, signer)]),
  },
  {
    name: 'csrcleaner',
    aliases: ['certificatesigningrequest-cleaner-controller'],
    account: 'certificate-controller',
    start: (context) => [csrCleaner(context)],
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
    name: 'persistentvolume-binder',
    aliases: ['persistentvolume-binder-controller'],
    account: 'persistent-volume-binder',
    start: (context) => volumeBinding(context),
  },
  {
    name: 'pvc-protection',
    aliases: ['persistentvolumeclaim-protection-controller'],
    account: 'pvc-protection-controller',
    start: (context) => [claimProtection(context)],
  },
  {
    name: 'pv-protection',
    aliases: ['persistentvolume-protection-controller'],
    account: 'pv-protection-controller',
    start: (context) => [volumeProtection(context)],
  },
  {
    // Ours: upstream leaves provisioners to others. It does what the binder's role allows, and no more.
    name: 'local-provisioner',
    aliases: ['kubets.dev/local'],
    account: 'persistent-volume-binder',
    start: (context) => localProvisioner(context),
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
