/** Single components against any API server that a kubeconfig names, the real one too. */
import { systemClock } from '../base/clock.ts';
import { systemRandom } from '../base/random.ts';
import { Client } from '../client/client.ts';
import { HttpTransport } from '../client/http-transport.ts';
import { optionsFromKubeconfig } from '../client/kubeconfig.ts';
import { gatewayOf } from '../nodeagent/runtime/cidr.ts';
import { homeAt, makeHome } from './home.ts';
import { type LeaderElectionFlags, runElected } from './leader-election.ts';
import { createLog } from './log.ts';
import { kubeletPart, type NodeOptions, proxyPart } from './node.ts';
import { nodeNameOf } from './node-name.ts';
import type { Part } from './parts.ts';
import { loadPki } from './pki.ts';
import { untilSignal } from './signals.ts';
import { type SimulationFlags, simulationPart, simulationSettings } from './simulation.ts';

interface CommonFlags {
  kubeconfig: string;
  logLevel: string;
}

interface ControllerFlags {
  controllers: string;
  /** Seconds, both. */
  nodeMonitorPeriod: number;
  nodeMonitorGracePeriod: number;
  /** Milliseconds. */
  horizontalPodAutoscalerSyncPeriod: number;
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
export async function controllerManager(flags: CommonFlags & LeaderElectionFlags & ControllerFlags): Promise<void> {
  const { startControllers } = await import('../controllers/manager.ts');
  const { close, ca, ...rest } = await connected(flags, 'controller-manager');
  await runElected(rest, 'kube-controller-manager', flags, async (signal) => {
    const manager = await startControllers({
      ...rest,
      client: () => rest.client,
      signal,
      options: {
        controllers: flags.controllers.split(','),
        nodeLifecycle: {
          monitorPeriodMs: flags.nodeMonitorPeriod * 1000,
          monitorGraceMs: flags.nodeMonitorGracePeriod * 1000,
        },
        autoscaler: { periodMs: flags.horizontalPodAutoscalerSyncPeriod },
        ...(ca ? { rootCa: ca.toString() } : {}),
      },
    });
    void manager.synced.then(() => rest.log.info({}, 'controller-manager: ready'));
    await whenAborted(signal);
    await manager.stop();
  });
  await close();
}

function whenAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

/** `kubets scheduler`. */
export async function scheduler(flags: CommonFlags & LeaderElectionFlags): Promise<void> {
  const { startScheduler } = await import('../scheduler/scheduler.ts');
  const { close, ca: _, ...rest } = await connected(flags, 'scheduler');
  await runElected(rest, 'kube-scheduler', flags, async (signal) => {
    const running = await startScheduler({ ...rest, signal });
    void running.synced.then(() => rest.log.info({}, 'scheduler: ready'));
    await running.done;
  });
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

/** `kubets node simulate`. It acts with the identity that the kubeconfig gives. */
export async function simulateNodes(flags: CommonFlags & SimulationFlags & { count: number }): Promise<void> {
  const { client, close, ca: _, ...rest } = await connected(flags, 'simulation');
  const stopping = new AbortController();
  const context = { ...rest, client: () => client, signal: stopping.signal };
  const part = await simulationPart(context, simulationSettings(flags, flags.count));
  // A signal that comes while nodes are still being made ends it, too.
  const ended = untilSignal();
  await Promise.race([ended, part.ready.then((detail) => rest.log.info({ detail }, 'simulation: ready'))]);
  await ended;
  stopping.abort();
  await part.stop();
  await close();
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
