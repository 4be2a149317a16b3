/** The library: a whole cluster in your own process. */
import type { KubeConfig } from '@kubernetes/client-node';
import type { Client } from '../client/client.ts';
import { loadClientNode } from '../client/client-node.ts';
import { type ClusterCore, type ClusterOptions, type StartedPart, startCluster } from './cluster-core.ts';
import { homeAt } from './home.ts';

export type { Client, ResourceClient } from '../client/client.ts';
export type { StartedPart } from './cluster-core.ts';

/** As `ClusterOptions`, with the state folder as a path. */
export type StartOptions = Omit<ClusterOptions, 'home'> & { home?: string };

/**
 * A running cluster. Any number of them live side by side in one process.
 *
 * ```ts
 * const cluster = await Cluster.start({ engine: 'memory' });
 * const core = cluster.kubeConfig.makeApiClient(CoreV1Api);
 * await cluster.stop();
 * ```
 */
export class Cluster {
  /** Ready to make clients of. */
  readonly kubeConfig: KubeConfig;
  readonly #core: ClusterCore;

  private constructor(core: ClusterCore, kubeConfig: KubeConfig) {
    this.#core = core;
    this.kubeConfig = kubeConfig;
  }

  /** Starts a cluster; resolves when every part of it is ready. */
  static async start(options: StartOptions = {}): Promise<Cluster> {
    const { home, ...rest } = options;
    const [core, clientNode] = await Promise.all([
      startCluster({ ...rest, ...(home === undefined ? {} : { home: homeAt(home) }) }),
      loadClientNode(),
    ]);
    const kubeConfig = new clientNode.KubeConfig();
    kubeConfig.loadFromString(core.kubeconfig);
    return new Cluster(core, kubeConfig);
  }

  /** The administrator's kubeconfig, as YAML. */
  get kubeconfig(): string {
    return this.#core.kubeconfig;
  }

  /** `https://127.0.0.1:PORT`. */
  get server(): string {
    return this.#core.server;
  }

  /** What was started, in order, each with the milliseconds until it was ready. */
  get startup(): readonly StartedPart[] {
    return this.#core.startup;
  }

  /** An administrator's client without a socket: calls go straight through the server's filters. */
  client(): Client {
    return this.#core.client();
  }

  /** Stops everything; resolves when no handle, socket or timer is left. */
  stop(): Promise<void> {
    return this.#core.stop();
  }
}
