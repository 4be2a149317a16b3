/** The kubelet: one node's pods, kept as the API wants them. */
import type { Clock } from '../../base/clock.ts';
import { isAbort, messageOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import type { Client } from '../../client/client.ts';
import { type EventRecorder, eventRecorder } from '../../client/events.ts';
import { Informer } from '../../client/informer.ts';
import type { V1Pod, V1Service, V1Taint } from '../../openapi/generated/types.ts';
import type { ContainerRuntime } from '../runtime/runtime.ts';
import { Backoff } from './backoff.ts';
import { ConfigSource } from './config-source.ts';
import type { KubeletDeps } from './deps.ts';
import { Images } from './images.ts';
import { removeAllPods } from './kill.ts';
import { NodeAgent } from './node-agent.ts';
import { PodWorkers } from './pod-workers.ts';
import { ProbeManager } from './probes.ts';
import type { KubeletServer, ServingOptions } from './server.ts';
import { StatusWriter } from './status-writer.ts';
import { TokenSource } from './token-source.ts';

export { removeAllPods } from './kill.ts';

export interface KubeletOptions {
  client: Client;
  runtime: ContainerRuntime;
  clock: Clock;
  random: Random;
  log: Log;
  /** One that speaks for `kubelet` on this node, unless told otherwise. */
  recorder?: EventRecorder;
  /** Stops the kubelet as `stop()` does. */
  signal: AbortSignal;
  nodeName: string;
  nodeIP: string;
  /** For volumes, hosts files and termination messages: `rootDir/pods/UID`. */
  rootDir: string;
  /** The kubelet's own HTTPS server; without it there are no logs and no exec. */
  serving?: ServingOptions;
  /** 110 as upstream. */
  maxPods?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  /** Only for a Node that is new. */
  taints?: V1Taint[];
  clusterDNS?: string[];
  /** `cluster.local` unless told otherwise. */
  clusterDomain?: string;
  /** All services, where an informer of them runs already; else the kubelet runs its own. */
  services?: Informer<V1Service>;
  /** 10 s: how often the node's status is looked at. It is written when it changed, or every 5 min. */
  nodeStatusUpdateMs?: number;
  nodeStatusReportMs?: number;
  /** 10 s. */
  leaseRenewMs?: number;
  /** 10 s: how often the runtime is asked for all it has, as a safety net. */
  relistMs?: number;
}

export interface Kubelet {
  /** Resolves once the Node is registered and Ready, its lease is there, and every pod has been met. */
  ready: Promise<void>;
  /** Of the server; 0 without one. */
  port: number;
  /** Releases everything. Containers run on and are adopted by the next kubelet, unless `removePods`. */
  stop(options?: { removePods?: boolean }): Promise<void>;
}

const STOP_PATIENCE_MS = 2_000;

/** Rejects when the runtime cannot be reached, or the server cannot listen. */
export async function startKubelet(options: KubeletOptions): Promise<Kubelet> {
  const { client, clock, random, log, runtime, nodeName } = options;
  const abort = new AbortController();
  const { signal } = abort;
  const capacity = await runtime.capacity();
  const informers = { clock, random, log };
  const pods = new Informer<V1Pod>(client.pods, { ...informers, fieldSelector: `spec.nodeName=${nodeName}` });
  const services = options.services ?? new Informer<V1Service>(client.services, informers);
  const recorder =
    options.recorder ?? eventRecorder({ client, clock, random, log, component: 'kubelet', host: nodeName });
  const deps = dependencies({ ...options, recorder }, capacity, signal, services, (uid) => workers.wake(uid));
  const workers = new PodWorkers(deps, pods, { relistMs: options.relistMs ?? 10_000, signal });
  const server = await listen(options.serving, deps, workers);
  const port = server?.port ?? 0;
  const node = new NodeAgent({
    ...{ client, runtime, clock, log, recorder, nodeName, nodeIP: options.nodeIP },
    labels: options.labels ?? {},
    annotations: options.annotations ?? {},
    taints: options.taints ?? [],
    maxPods: options.maxPods ?? 110,
    port,
    capacity,
    statusMs: options.nodeStatusUpdateMs ?? 10_000,
    reportMs: options.nodeStatusReportMs ?? 300_000,
    leaseMs: options.leaseRenewMs ?? 10_000,
    signal,
  });

  const running: Promise<void>[] = [pods.run(signal)];
  if (!options.services) running.push(services.run(signal));
  const registered = node.register();
  const ready = Promise.all([registered.then(() => node.renewLease()), workers.start()]).then(() => {
    running.push(node.run());
  });
  ready.catch((error: unknown) => {
    if (!isAbort(error, signal)) log.error({ error: messageOf(error) }, 'kubelet: could not become ready');
  });

  let stopped: Promise<void> | undefined;
  const stop = (how: { removePods?: boolean } = {}): Promise<void> => {
    stopped ??= (async () => {
      options.signal.removeEventListener('abort', onAbort);
      abort.abort(new DOMException('the kubelet stops', 'AbortError'));
      deps.probes.stop();
      await server?.close();
      const settled = Promise.allSettled([...running, ready, workers.stop()]);
      await withPatience(settled, clock);
      if (how.removePods) await removeAllPods(runtime);
    })();
    return stopped;
  };
  const onAbort = () => {
    stop().catch((error: unknown) => log.error({ error: messageOf(error) }, 'kubelet: could not stop cleanly'));
  };
  if (options.signal.aborted) onAbort();
  options.signal.addEventListener('abort', onAbort, { once: true });
  return { ready, port, stop };
}

function dependencies(
  options: KubeletOptions & { recorder: EventRecorder },
  capacity: KubeletDeps['allocatable'],
  signal: AbortSignal,
  services: Informer<V1Service>,
  onProbe: (uid: string) => void,
): KubeletDeps {
  const { client, runtime, clock, random, log, recorder, nodeName, nodeIP, rootDir } = options;
  return {
    ...{ client, runtime, clock, random, log, recorder, nodeName, nodeIP, rootDir },
    clusterDNS: options.clusterDNS ?? [],
    clusterDomain: options.clusterDomain ?? 'cluster.local',
    allocatable: capacity,
    images: new Images({ runtime, recorder, clock }),
    config: new ConfigSource({ client, clock }),
    tokens: new TokenSource({ client, clock, random, log }),
    status: new StatusWriter({ client, clock, log, signal }),
    probes: new ProbeManager({ runtime, clock, recorder, log, onChange: onProbe }),
    restarts: new Backoff({ clock }),
    services: async () => {
      await services.synced();
      return services.list();
    },
  };
}

async function listen(
  serving: ServingOptions | undefined,
  deps: KubeletDeps,
  workers: PodWorkers,
): Promise<KubeletServer | undefined> {
  if (!serving) return undefined;
  const { startServer } = await import('./server.ts');
  return startServer(serving, {
    nodeName: deps.nodeName,
    runtime: deps.runtime,
    log: deps.log,
    clock: deps.clock,
    pods: () => workers.pods(),
    findPod: (namespace, name) => workers.find(namespace, name),
    statusOf: (pod) => deps.status.latest(pod.metadata?.uid ?? '') ?? pod.status,
  });
}

/** A runtime that is slow to end a container must not hold up the end of the kubelet. */
async function withPatience(work: Promise<unknown>, clock: Clock): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = clock.after(STOP_PATIENCE_MS, resolve);
    work.finally(() => {
      timer.cancel();
      resolve();
    });
  });
}
