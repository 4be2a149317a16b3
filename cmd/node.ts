/** The node's side of a cluster: a runtime, the kubelet on top of it, and the proxy beside it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ContainerRuntime } from '../nodeagent/runtime/runtime.ts';
import { dockerSocket } from './docker-socket.ts';
import type { Home } from './home.ts';
import type { Part, PartContext } from './parts.ts';
import type { Pki } from './pki.ts';

/** One a host, whatever its state folder: two proxies would overwrite each other's chains. */
export const PROXY_LOCK = '/run/kubets-proxy.lock';
/** The bridge of Docker's pod network. */
export const POD_BRIDGE = 'kubets0';

export interface NodeOptions extends PartContext {
  kind: 'docker' | 'simulated';
  nodeName: string;
  pki: Pki;
  home?: Home;
  podCidr: string;
}

/** Kubelets may not change volumes; this account may, and the agent of local volumes acts as it. */
const VOLUME_BINDER = {
  name: 'system:serviceaccount:kube-system:persistent-volume-binder',
  groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system'],
};

interface OpenRuntime {
  runtime: ContainerRuntime;
  address: string;
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
    socketPath: dockerSocket(),
    clusterId: await clusterId(home, random),
    clock,
    log: log.child({ component: 'docker' }),
    podCidr,
  });
  await runtime.prepare();
  return { runtime, address: runtime.gateway };
}

/** The kubelet on its runtime. Containers run on when it stops. */
export async function kubeletPart(options: NodeOptions): Promise<Part> {
  const { startKubelet } = await import('../nodeagent/kubelet/kubelet.ts');
  const { localVolumesAnnotation, runLocalVolumeAgent } = await import('../nodeagent/kubelet/volumes-local.ts');
  const { client, clock, random, log, signal, nodeName, pki, home } = options;
  const { runtime, address } = await openRuntime(options);
  const scratch = home ? undefined : await mkdtemp(join(tmpdir(), 'kubets-'));
  const release = async () => {
    await runtime.close();
    if (scratch) await rm(scratch, { recursive: true, force: true });
  };
  const rootDir = home?.kubelet ?? scratch ?? '';
  try {
    const kubelet = await startKubelet({
      client: client({ name: `system:node:${nodeName}`, groups: ['system:nodes'] }),
      runtime,
      clock,
      random,
      log: log.child({ component: 'kubelet' }),
      signal,
      nodeName,
      nodeIP: address,
      annotations: localVolumesAnnotation(rootDir),
      rootDir,
      serving: { cert: pki.kubelet.cert, key: pki.kubelet.key, clientCa: pki.ca.cert, host: address, port: 0 },
    });
    const stopping = new AbortController();
    const agent = runLocalVolumeAgent({
      client: client(VOLUME_BINDER),
      clock,
      random,
      log: log.child({ component: 'local-volumes' }),
      nodeName,
      rootDir,
      signal: AbortSignal.any([signal, stopping.signal]),
    });
    const stop = async () => {
      stopping.abort();
      await Promise.all([kubelet.stop(), agent]);
      await release();
    };
    return { name: 'kubelet', ready: kubelet.ready.then(() => nodeDetail(options, runtime)), stop };
  } catch (error) {
    await release();
    throw error;
  }
}

/** The proxy. Its rules stay when it stops, so that connections go on. */
export async function proxyPart(options: NodeOptions): Promise<Part> {
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
  return { name: 'proxy', ready: proxy.synced.then(() => 'iptables'), stop: () => proxy.stop() };
}
