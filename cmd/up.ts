/** `kubets up`: a cluster in the foreground. */
import { access, constants } from 'node:fs/promises';
import { connect } from 'node:net';
import { delimiter, join } from 'node:path';
import { KUBERNETES_VERSION } from '../api/endpoints/version.ts';
import { systemClock } from '../base/clock.ts';
import { type Engine, startCluster } from './cluster-core.ts';
import { dockerSocket } from './docker-socket.ts';
import { type EtcdFlags, etcdSettings } from './etcd.ts';
import { homeAt, makeHome, removePid, runningProcess, writePid, writePrivate } from './home.ts';
import { createLog } from './log.ts';
import { untilSignal } from './signals.ts';
import { type SimulationFlags, simulationSettings } from './simulation.ts';
import { type StoreFlags, storeSettings } from './store-flags.ts';
import { screenFor } from './terminal.ts';
import { packageVersion } from './version.ts';

export interface UpOptions extends EtcdFlags, StoreFlags, SimulationFlags {
  securePort: number;
  bindAddress: string;
  inMemory: boolean;
  node: 'auto' | 'docker' | 'simulated' | 'none';
  nodeName?: string;
  /** How many simulated nodes there are beside it. */
  nodes: number;
  serviceClusterIpRange: string;
  podCidr: string;
  /** Milliseconds. */
  horizontalPodAutoscalerSyncPeriod: number;
  metricResolution: number;
  logLevel: string;
}

const DOCKER_ANSWER_MS = 2000;

/** Starts the cluster, prints how to use it, and runs until SIGINT or SIGTERM. */
export async function up(options: UpOptions): Promise<void> {
  const screen = screenFor(process.stdout, process.env);
  const home = homeAt();
  await makeHome(home);
  const running = await runningProcess(home);
  if (running)
    throw new Error(
      `a cluster of ${home.root} runs already (pid ${running.pid}); stop it with Ctrl-C there, or with: kubets down`,
    );
  await writePid(home);
  // Signals count from here on: what has been started by then is stopped again.
  const stopped = untilSignal();
  try {
    screen.title(`kubets ${packageVersion()} · Kubernetes ${KUBERNETES_VERSION} · ${home.root}`);
    const host = await hostFor(options);
    if (host.warning.length > 0) screen.warning(host.warning);
    const etcd = await etcdSettings(options);
    const cluster = await startCluster({
      engine: engineOf(options),
      ...(etcd ? { etcd } : {}),
      store: storeSettings(options),
      home,
      host: options.bindAddress,
      port: options.securePort,
      node: host.node,
      proxy: host.proxy,
      ...(options.nodeName ? { nodeName: options.nodeName } : {}),
      simulation: simulationSettings(options, options.nodes),
      autoscaling: {
        periodMs: options.horizontalPodAutoscalerSyncPeriod,
        metricsPeriodMs: options.metricResolution,
      },
      serviceClusterIpRange: options.serviceClusterIpRange,
      podCidr: options.podCidr,
      log: await createLog(options.logLevel),
      // Counted from the start of the process, as the last line is.
      onReady: (part) => screen.part({ ...part, atMs: systemClock.monotonic() }),
    });
    await writePrivate(home.kubeconfig, cluster.kubeconfig);
    // The clock's zero is the start of the process.
    screen.ready(systemClock.monotonic(), home.kubeconfig);
    const signal = await stopped;
    screen.note(`${signal}: stopping${host.node === 'docker' ? '; pods go on running, kubets down removes them' : ''}`);
    await cluster.stop();
  } finally {
    await removePid(home);
  }
}

function engineOf({ etcdServers, inMemory }: UpOptions): Engine {
  if (etcdServers) return 'etcd';
  return inMemory ? 'memory' : 'lmdb';
}

interface Host {
  node: 'docker' | 'simulated' | 'none';
  proxy: boolean;
  warning: readonly string[];
}

/** What this host can run: Docker and iptables where it has them and we may, else a simulated node, loudly. */
async function hostFor(options: UpOptions): Promise<Host> {
  const wanted = options.node === 'auto' && options.inMemory ? 'simulated' : options.node;
  if (wanted === 'simulated' || wanted === 'none') return { node: wanted, proxy: false, warning: [] };
  const isRoot = process.getuid?.() === 0;
  const docker = await answers(dockerSocket());
  if (wanted === 'auto' && !docker) {
    const mend = isRoot
      ? 'start it (make up does), or: apt-get install docker.io && dockerd'
      : 'run as root, or let your user use Docker';
    return {
      node: 'simulated',
      proxy: false,
      warning: [
        `Docker does not answer at ${dockerSocket()}: pods are SIMULATED, no container runs.`,
        `To mend it: ${mend}`,
      ],
    };
  }
  if (!isRoot)
    return {
      node: 'docker',
      proxy: false,
      warning: [
        'Not root: Services get no iptables rules, so ClusterIPs and NodePorts do NOT answer.',
        'To mend it: run as root',
      ],
    };
  if (!(await isInstalled('iptables-restore'))) {
    return {
      node: 'docker',
      proxy: false,
      warning: [
        'iptables is not installed: ClusterIPs and NodePorts do NOT answer.',
        'To mend it: apt-get install iptables conntrack',
      ],
    };
  }
  return { node: 'docker', proxy: true, warning: [] };
}

/** Whether something accepts connections at a socket. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const timer = systemClock.after(DOCKER_ANSWER_MS, () => finish(false));
    const finish = (yes: boolean) => {
      timer.cancel();
      socket.destroy();
      resolve(yes);
    };
    socket.once('connect', () => finish(true));
    socket.once('error', () => finish(false));
  });
}

async function isInstalled(command: string): Promise<boolean> {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  const found = await Promise.all(
    folders.map((folder) =>
      access(join(folder, command), constants.X_OK).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.includes(true);
}
