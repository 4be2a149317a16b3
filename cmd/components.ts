/** Single components against any API server that a kubeconfig names, the real one too. */
import { systemClock } from '../base/clock.ts';
import { systemRandom } from '../base/random.ts';
import { Client } from '../client/client.ts';
import { HttpTransport } from '../client/http-transport.ts';
import { optionsFromKubeconfig } from '../client/kubeconfig.ts';
import { gatewayOf } from '../nodeagent/runtime/cidr.ts';
import { nodeNameOf } from './cluster-core.ts';
import { homeAt, makeHome } from './home.ts';
import { createLog } from './log.ts';
import { kubeletPart, type NodeOptions, proxyPart } from './node.ts';
import type { Part } from './parts.ts';
import { loadPki } from './pki.ts';
import { untilSignal } from './signals.ts';

interface CommonFlags {
  kubeconfig: string;
  logLevel: string;
}

interface NodeFlags extends CommonFlags {
  node?: 'docker' | 'simulated';
  nodeName?: string;
  podCidr: string;
}

/** What every component is handed; `close` ends its connections. */
async function connected(flags: CommonFlags, component: string) {
  const options = await optionsFromKubeconfig(flags.kubeconfig, `kubets-${component}`);
  const transport = new HttpTransport(options);
  const log = (await createLog(flags.logLevel)).child({ component });
  return {
    client: new Client(transport),
    close: () => transport.close(),
    clock: systemClock,
    random: systemRandom,
    log,
    /** What the kubeconfig says the server is to be trusted by. */
    ca: options.ca,
  };
}

/**
 * `kubets controller-manager`. All controllers act with the one identity that the kubeconfig gives; its authority is
 * the one that is published for pods.
 */
export async function controllerManager(flags: CommonFlags & { controllers: string }): Promise<void> {
  const { startControllers } = await import('../controllers/manager.ts');
  const { client, close, ca, ...rest } = await connected(flags, 'controller-manager');
  const manager = await startControllers({
    ...rest,
    client: () => client,
    options: { controllers: flags.controllers.split(','), ...(ca ? { rootCa: ca.toString() } : {}) },
  });
  await manager.synced;
  rest.log.info({}, 'controller-manager: ready');
  await untilSignal();
  await manager.stop();
  await close();
}

/** `kubets scheduler`. */
export async function scheduler(flags: CommonFlags): Promise<void> {
  const { startScheduler } = await import('../scheduler/scheduler.ts');
  const { close, ca: _, ...rest } = await connected(flags, 'scheduler');
  const stopping = new AbortController();
  const running = await startScheduler({ ...rest, signal: stopping.signal });
  await running.synced;
  rest.log.info({}, 'scheduler: ready');
  await untilSignal();
  stopping.abort();
  await running.done;
  await close();
}

/** `kubets kubelet`. Its serving certificate is of this state folder's CA. */
export async function kubelet(flags: NodeFlags): Promise<void> {
  await runNodePart(flags, 'kubelet', kubeletPart);
}

/** `kubets proxy`. */
export async function proxy(flags: NodeFlags): Promise<void> {
  await runNodePart(flags, 'proxy', proxyPart);
}

async function runNodePart(
  flags: NodeFlags,
  component: string,
  start: (options: NodeOptions) => Promise<Part>,
): Promise<void> {
  const home = homeAt();
  await makeHome(home);
  const { client, close, clock, random, log } = await connected(flags, component);
  const stopping = new AbortController();
  const nodeName = flags.nodeName ?? nodeNameOf();
  const nodeHosts = ['127.0.0.1', gatewayOf(flags.podCidr), nodeName];
  const part = await start({
    kind: flags.node ?? 'docker',
    nodeName,
    client: () => client,
    clock,
    random,
    log,
    signal: stopping.signal,
    pki: await loadPki({ folder: home.pki, hosts: ['127.0.0.1', 'localhost'], nodeHosts, clock, random }),
    home,
    podCidr: flags.podCidr,
  });
  log.info({ detail: await part.ready }, `${part.name}: ready`);
  await untilSignal();
  stopping.abort();
  await part.stop();
  await close();
}
