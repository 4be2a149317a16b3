/** The node's side of a cluster: a runtime, the kubelet on top of it, and the proxy beside it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { UserInfo } from '../api/http/request.ts';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { Client } from '../client/client.ts';
import type { ContainerRuntime } from '../nodeagent/runtime/runtime.ts';
import type { Home } from './home.ts';
import type { Pki } from './pki.ts';

/** One a host, whatever its state folder: two proxies would overwrite each other's chains. */
export const PROXY_LOCK = '/run/kubets-proxy.lock';
/** The bridge of Docker's pod network. */
export const POD_BRIDGE = 'kubets0';

export interface NodeOptions {
  kind: 'docker' | 'simulated';
  nodeName: string;
  client(identity: UserInfo): Client;
  clock: Clock;
  random: Random;
  log: Log;
  signal: AbortSignal;
  pki: Pki;
  home?: Home;
  podCidr: string;
  kubelet: boolean;
  proxy: boolean;
}

export interface NodePart {
  name: string;
  /** Resolves, once it is ready, with what there is to know of it. */
  ready: Promise<string>;
}

export interface NodeHandle {
  parts: readonly NodePart[];
  /** Stops the agents; containers and rules stay. */
  stop(): Promise<void>;
}

interface OpenRuntime {
  runtime: ContainerRuntime;
  address: string;
}

/** Starts the kubelet, the proxy, or both. */
export async function startNode(options: NodeOptions): Promise<NodeHandle> {
  const stops: (() => Promise<void>)[] = [];
  const parts: NodePart[] = [];
  const stop = async () => {
    for (const stopPart of stops.reverse()) await stopPart();
  };
  try {
    if (options.kubelet) parts.push(await runKubelet(options, stops));
    if (options.proxy) parts.push(await runProxy(options, stops));
  } catch (error) {
    await stop();
    throw error;
  }
  return { parts, stop };
}

async function nodeDetail({ nodeName }: NodeOptions, runtime: ContainerRuntime): Promise<string> {
  const { version } = await runtime.version();
  return `node ${nodeName}, ${runtime.name} ${version}`;
}

/** Opens the runtime; with Docker, the node's address is that of its bridge, which only this host can reach. */
async function openRuntime({ kind, clock, random, log, home, podCidr }: NodeOptions): Promise<OpenRuntime> {
  if (kind === 'simulated') {
    const { SimulatedRuntime } = await import('../nodeagent/runtime/simulated/simulated-runtime.ts');
    return { runtime: new SimulatedRuntime({ clock, random }), address: '127.0.0.1' };
  }
  if (!home) throw new Error('start node: a Docker node keeps volumes in a folder; pass home');
  const { openDocker } = await import('../nodeagent/runtime/docker/docker-runtime.ts');
  const { clusterId } = await import('./home.ts');
  const runtime = await openDocker({
    clusterId: await clusterId(home, random),
    clock,
    log: log.child({ component: 'docker' }),
    podCidr,
  });
  await runtime.prepare();
  return { runtime, address: runtime.gateway };
}

async function runKubelet(options: NodeOptions, stops: (() => Promise<void>)[]): Promise<NodePart> {
  const { startKubelet } = await import('../nodeagent/kubelet/kubelet.ts');
  const { client, clock, random, log, signal, nodeName, pki, home } = options;
  const { runtime, address } = await openRuntime(options);
  stops.push(() => runtime.close());
  const scratch = home ? undefined : await mkdtemp(join(tmpdir(), 'kubets-'));
  if (scratch) stops.push(() => rm(scratch, { recursive: true, force: true }));
  const kubelet = await startKubelet({
    client: client({ name: `system:node:${nodeName}`, groups: ['system:nodes'] }),
    runtime,
    clock,
    random,
    log: log.child({ component: 'kubelet' }),
    signal,
    nodeName,
    nodeIP: address,
    rootDir: home?.kubelet ?? scratch ?? '',
    serving: { cert: pki.kubelet.cert, key: pki.kubelet.key, clientCa: pki.ca.cert, host: address, port: 0 },
  });
  stops.push(() => kubelet.stop());
  return { name: 'kubelet', ready: kubelet.ready.then(() => nodeDetail(options, runtime)) };
}

async function runProxy(options: NodeOptions, stops: (() => Promise<void>)[]): Promise<NodePart> {
  const { startProxy } = await import('../nodeagent/proxy/proxy.ts');
  const { iptablesApplier } = await import('../nodeagent/proxy/apply.ts');
  const { client, clock, random, signal, nodeName, podCidr } = options;
  const log = options.log.child({ component: 'proxy' });
  const proxy = await startProxy({
    client: client({ name: 'system:kube-proxy', groups: ['system:node-proxier'] }),
    clock,
    random,
    log,
    signal,
    nodeName,
    clusterCidr: podCidr,
    applier: iptablesApplier({ log, lockFile: PROXY_LOCK, podBridge: POD_BRIDGE }),
  });
  stops.push(() => proxy.stop());
  return { name: 'proxy', ready: proxy.synced.then(() => 'iptables') };
}
