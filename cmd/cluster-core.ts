/**
 * A whole cluster in this process: API server, controllers, scheduler, node agent and proxy, each a client of the first
 * with an identity of its own. What `kubets up` and the library's `Cluster` both start.
 */
import { kubernetesServiceAddress } from '../api/bootstrap.ts';
import type { UserInfo } from '../api/http/request.ts';
import type { ComponentChecks } from '../api/registry/core/componentstatuses.ts';
import { ApiServer } from '../api/server.ts';
import type { Storage } from '../api/storage/interface.ts';
import { MemoryStorage } from '../api/storage/memory.ts';
import type { Clock } from '../base/clock.ts';
import { systemClock } from '../base/clock.ts';
import { type Log, silentLog } from '../base/log.ts';
import { type Random, systemRandom } from '../base/random.ts';
import { Client } from '../client/client.ts';
import type { MetricsScraper } from '../nodeagent/metrics/scraper.ts';
import { gatewayOf } from '../nodeagent/runtime/cidr.ts';
import { type EtcdSettings, openEtcdStorage } from './etcd.ts';
import { adminToken, type Home, makeHome } from './home.ts';
import { kubeconfigText } from './kubeconfig.ts';
import { metricsPart, metricsSource } from './metrics.ts';
import { kubeletPart, proxyPart } from './node.ts';
import { nodeNameOf } from './node-name.ts';
import { controllersPart, type Part, type PartContext, schedulerPart, stopParts } from './parts.ts';
import { loadPki, type Pki } from './pki.ts';
import { type SimulationSettings, simulationPart } from './simulation.ts';
import { ensureLocalClass } from './storage-class.ts';
import { openStore, type StoreSettings } from './store-flags.ts';

export type Engine = 'memory' | 'lmdb' | 'etcd';
export type NodeKind = 'docker' | 'simulated' | 'none';

export interface ClusterOptions {
  /** Where objects are kept: `memory` forgets them at `stop()`, `lmdb` keeps them in `home`, `etcd` in `etcd`. Default `memory`. */
  engine?: Engine;
  /** For the engine `etcd`. */
  etcd?: EtcdSettings;
  /** For the engine `lmdb`. */
  store?: Partial<StoreSettings>;
  /** State folder; needed for `lmdb` and for a Docker node. */
  home?: Home;
  /** Address to listen on. Default 127.0.0.1. */
  host?: string;
  /** Port to listen on; 0 for any that is free. Default 0. */
  port?: number;
  /** Default `simulated`. */
  node?: NodeKind;
  nodeName?: string;
  /** Simulated nodes by the hundred or thousand, beside `node` or, where that is `none`, instead of it. */
  simulation?: SimulationSettings;
  /** Programs iptables for Services. Needs root and a Docker node. Default false. */
  proxy?: boolean;
  controllers?: boolean;
  /** How often autoscalers are looked at, and how often kubelets are asked for figures. Default 15 s each. */
  autoscaling?: { periodMs?: number; metricsPeriodMs?: number };
  /** How often nodes are looked at, and after how long a silent one counts as lost. Default 5 s and 40 s. */
  nodeMonitor?: { periodMs: number; graceMs: number };
  scheduler?: boolean;
  serviceClusterIpRange?: string;
  podCidr?: string;
  name?: string;
  clock?: Clock;
  random?: Random;
  log?: Log;
  /** Freezes cached objects, so that whoever mutates one fails: for tests. */
  freeze?: boolean;
  /** Told of each part as it becomes ready. */
  onReady?(part: StartedPart): void;
}

export interface StartedPart {
  name: string;
  /** What there is to know of it. */
  detail: string;
  /** From the start of the cluster. */
  atMs: number;
}

const POD_CIDR = '10.244.0.0/24';
const SERVICE_CIDR = '10.96.0.0/16';

const MASTERS: UserInfo = { name: 'kubernetes-admin', groups: ['system:masters'] };

/** A running cluster. */
export class ClusterCore {
  /** YAML of an administrator's kubeconfig. */
  readonly kubeconfig: string;
  /** `https://127.0.0.1:PORT`. */
  readonly server: string;
  /** What was started, in order, with the time each took to be ready. */
  readonly startup: readonly StartedPart[];
  readonly #api: ApiServer;
  readonly #parts: readonly Part[];
  readonly #stopping: AbortController;
  readonly #log: Log;
  #stopped: Promise<void> | undefined;

  constructor(fields: {
    kubeconfig: string;
    server: string;
    startup: readonly StartedPart[];
    api: ApiServer;
    parts: readonly Part[];
    stopping: AbortController;
    log: Log;
  }) {
    this.kubeconfig = fields.kubeconfig;
    this.server = fields.server;
    this.startup = fields.startup;
    this.#api = fields.api;
    this.#parts = fields.parts;
    this.#stopping = fields.stopping;
    this.#log = fields.log;
  }

  /** A client in this process, without a socket; as the administrator unless told otherwise. */
  client(user: UserInfo = MASTERS): Client {
    return new Client(this.#api.direct(user));
  }

  /** Stops everything; resolves when no handle, socket or timer is left. Containers go on running. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#stopping.abort();
    await stopParts(this.#parts, this.#log);
    await this.#api.stop();
  }
}

/** Starts a cluster; resolves when every part is ready. On failure what was started is stopped again. */
export async function startCluster(options: ClusterOptions = {}): Promise<ClusterCore> {
  const { clock = systemClock, random = systemRandom, log = silentLog, host = '127.0.0.1' } = options;
  const began = clock.monotonic();
  const startup: StartedPart[] = [];
  const ready = (name: string, detail: string) => {
    const started = { name, detail, atMs: clock.monotonic() - began };
    startup.push(started);
    options.onReady?.(started);
  };
  if (options.home) await makeHome(options.home);
  const [pki, token, storage] = await Promise.all([
    loadClusterPki(options, clock, random),
    options.home ? adminToken(options.home, random) : random.bytes(24).toString('base64url'),
    openStorage(options, clock, log),
  ]);
  const metrics = metricsSource({ clock, log, periodMs: options.autoscaling?.metricsPeriodMs });
  const api = await startApi(options, { clock, random, log, host, pki, token, storage, metrics });
  const server = `https://${host}:${api.port}`;
  ready('apiserver', server);
  const stopping = new AbortController();
  const client = (user: UserInfo) => new Client(api.direct(user));
  const parts: Part[] = [];
  try {
    const context = { client, clock, random, log, signal: stopping.signal };
    await startParts(options, context, pki, parts);
    parts.push(metricsPart(context, metrics));
    await Promise.all(parts.map((part) => part.ready.then((detail) => ready(part.name, detail))));
  } catch (error) {
    stopping.abort();
    await stopParts(parts, log);
    await api.stop();
    throw error;
  }
  const kubeconfig = kubeconfigText({ name: options.name ?? 'kubets', server, ca: pki.ca.cert, token });
  return new ClusterCore({ kubeconfig, server, startup, api, parts, stopping, log });
}

/** Starts what the options ask for beside the API server, adding each to `parts` as soon as it has to be stopped. */
async function startParts(options: ClusterOptions, context: PartContext, pki: Pki, parts: Part[]): Promise<void> {
  const { node = 'simulated', home } = options;
  if (options.controllers !== false) {
    const { nodeMonitor, autoscaling } = options;
    parts.push(await controllersPart(context, { ca: pki.ca, nodeMonitor, autoscalerPeriodMs: autoscaling?.periodMs }));
  }
  if (options.controllers !== false) await ensureLocalClass(context.client(MASTERS));
  if (options.scheduler !== false) parts.push(await schedulerPart(context));
  if (options.simulation && options.simulation.count > 0) parts.push(await simulationPart(context, options.simulation));
  if (node === 'none') return;
  const nodeOptions = {
    ...context,
    kind: node,
    pki,
    nodeName: options.nodeName ?? nodeNameOf(),
    podCidr: options.podCidr ?? POD_CIDR,
    ...(home ? { home } : {}),
  };
  // The proxy first: it holds the host's lock, and without that the pod network may be another cluster's.
  if (options.proxy) parts.push(await proxyPart(nodeOptions));
  parts.push(await kubeletPart(nodeOptions));
}

function loadClusterPki(options: ClusterOptions, clock: Clock, random: Random): Promise<Pki> {
  const { home, host = '127.0.0.1', podCidr = POD_CIDR, serviceClusterIpRange = SERVICE_CIDR } = options;
  const names = ['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'];
  const hosts = [...new Set([host, '127.0.0.1', kubernetesServiceAddress(serviceClusterIpRange), ...names])];
  const nodeHosts = ['127.0.0.1', gatewayOf(podCidr), nodeNameOf()];
  return loadPki({ ...(home ? { folder: home.pki } : {}), hosts, nodeHosts, clock, random });
}

/** What lives in this process is well as long as somebody is there to answer. */
function wellInside({ scheduler, controllers }: ClusterOptions): ComponentChecks {
  const well = async () => 'ok';
  return {
    ...(scheduler === false ? {} : { scheduler: well }),
    ...(controllers === false ? {} : { 'controller-manager': well }),
  };
}

async function openStorage(options: ClusterOptions, clock: Clock, log: Log): Promise<Storage> {
  if (options.engine === 'etcd') {
    if (!options.etcd) throw new Error('start cluster: engine etcd keeps its objects in an etcd; pass etcd');
    return openEtcdStorage(options.etcd, clock, log);
  }
  if (options.engine !== 'lmdb') return new MemoryStorage();
  if (!options.home) throw new Error('start cluster: engine lmdb keeps its objects in a folder; pass home');
  return openStore(options.home.store, options.store ?? {}, clock, log);
}

async function startApi(
  options: ClusterOptions,
  parts: {
    clock: Clock;
    random: Random;
    log: Log;
    host: string;
    pki: Pki;
    token: string;
    storage: Storage;
    metrics: MetricsScraper;
  },
): Promise<ApiServer> {
  const { clock, random, log, host, pki, token, storage, metrics } = parts;
  try {
    return await ApiServer.start({
      storage,
      clock,
      random,
      log: log.child({ component: 'apiserver' }),
      serving: {
        host,
        port: options.port ?? 0,
        cert: pki.apiserver.cert,
        key: pki.apiserver.key,
        clientCa: pki.ca.cert,
      },
      tokens: new Map([[token, MASTERS]]),
      serviceClusterIpRange: options.serviceClusterIpRange ?? SERVICE_CIDR,
      serviceNodePortRange: '30000-32767',
      kubelet: {
        tls: () => ({ cert: pki.apiserverKubeletClient.cert, key: pki.apiserverKubeletClient.key, ca: pki.ca.cert }),
      },
      componentChecks: wellInside(options),
      metrics,
      serviceAccounts: { keys: [pki.serviceAccountKey] },
      requireServiceAccounts: options.controllers !== false,
      ...(options.freeze ? { freeze: true } : {}),
    });
  } catch (error) {
    await storage.close();
    throw error;
  }
}
