/** A cluster of processes: an API server, and, behind a faulty proxy, two of each loop and the simulator of its nodes. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Random } from '../../base/random.ts';
import { Client } from '../../client/client.ts';
import { HttpTransport } from '../../client/http-transport.ts';
import { kubeconfigText } from '../../cmd/kubeconfig.ts';
import { eventually, freePort } from '../harness.ts';
import { ClusterProcess } from './processes.ts';
import { FaultyProxy } from './proxy.ts';
import { NAMESPACE } from './workloads.ts';

export const NODES = 20;

/** Short, so that a takeover takes seconds. */
const ELECTION = ['3s', '2s', '400ms'];

export class ChurnCluster {
  readonly home: string;
  /** Not through the proxy: what it says is so. */
  readonly client: Client;
  readonly proxy: FaultyProxy;
  /** Those that may be killed. */
  readonly victims: readonly ClusterProcess[];
  readonly #server: ClusterProcess;

  private constructor(
    home: string,
    client: Client,
    proxy: FaultyProxy,
    server: ClusterProcess,
    victims: ClusterProcess[],
  ) {
    this.home = home;
    this.client = client;
    this.proxy = proxy;
    this.#server = server;
    this.victims = victims;
  }

  /** Resolves once all nodes are Ready, and pods may be made. */
  static async start(random: Random): Promise<ChurnCluster> {
    const home = await mkdtemp(join(tmpdir(), 'kubets-churn-'));
    const port = await freePort();
    const server = new ClusterProcess({
      name: 'apiserver',
      args: () => ['apiserver', '--in-memory', '--secure-port', String(port), '--log-level', 'info'],
      env: { KUBETS_HOME: home },
      readyText: 'apiserver: ready',
    });
    server.start();
    await server.ready();
    const read = (name: string) => readFile(join(home, 'pki', name), 'utf8');
    const [ca, cert, key, token] = await Promise.all(
      ['ca.crt', 'apiserver.crt', 'apiserver.key', 'admin.token'].map(read),
    );
    const [caText, tokenText] = [ca ?? '', (token ?? '').trim()];
    const proxy = await FaultyProxy.start({
      target: { port, ca: caText },
      tls: { cert: cert ?? '', key: key ?? '' },
      random,
    });
    const kubeconfig = join(home, 'faulty.kubeconfig');
    await writeFile(
      kubeconfig,
      kubeconfigText({ name: 'churn', server: proxy.address, ca: Buffer.from(caText), token: tokenText }),
      { mode: 0o600 },
    );
    const client = new Client(
      new HttpTransport({ server: `https://127.0.0.1:${port}`, ca: caText, token: tokenText, userAgent: 'churn' }),
    );
    const victims = victimsOf(kubeconfig);
    const cluster = new ChurnCluster(home, client, proxy, server, victims);
    for (const victim of victims) victim.start();
    try {
      await eventually('all nodes are ready', async () => (await cluster.#readyNodes()) === NODES);
      await cluster.#makeNamespace();
      if (cluster.crashes.length > 0) throw new Error(cluster.crashes[0]);
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  /** Resolves once pods may be made in it. */
  async #makeNamespace(): Promise<void> {
    await this.client.namespaces.create({ metadata: { name: NAMESPACE } });
    await eventually('pods may be made', async () => {
      if (this.crashes.length > 0) throw new Error(this.crashes[0]);
      return this.client.serviceAccounts.get('default', NAMESPACE);
    });
  }

  async #readyNodes(): Promise<number> {
    const { items } = await this.client.nodes.list();
    const isReady = (type: string, status: string) => type === 'Ready' && status === 'True';
    return items.filter((node) => node.status?.conditions?.some((c) => isReady(c.type, c.status))).length;
  }

  /** What has ended though nobody killed it. */
  get crashes(): string[] {
    return [this.#server, ...this.victims].flatMap(({ crashes }) => crashes);
  }

  /** Writes what everybody said to a folder. */
  async keepLogs(folder: string): Promise<void> {
    for (const { name, output } of [this.#server, ...this.victims])
      await writeFile(join(folder, `${name}.log`), output);
  }

  async stop(): Promise<void> {
    await Promise.all(this.victims.map((victim) => victim.stop()));
    await this.proxy.stop();
    await this.client.transport.close();
    await this.#server.stop();
    await rm(this.home, { recursive: true, force: true });
  }
}

function victimsOf(kubeconfig: string): ClusterProcess[] {
  const common = ['--kubeconfig', kubeconfig, '--log-level', 'info'];
  const [lease = '', renew = '', retry = ''] = ELECTION;
  const election = [
    ...['--leader-elect', '--leader-elect-lease-duration', lease],
    ...['--leader-elect-renew-deadline', renew, '--leader-elect-retry-period', retry],
  ];
  const nodes = ['--node-monitor-period', '1s', '--node-monitor-grace-period', '6s'];
  const loop = (name: string, command: string, flags: string[]) =>
    new ClusterProcess({
      name,
      args: () => [command, ...common, ...election, ...flags],
      readyText: 'leader election: waiting',
    });
  const simulated = ['--node-zones', 'a,b', '--node-lease-renew', '1500ms'];
  return [
    loop('controller-manager-1', 'controller-manager', nodes),
    loop('controller-manager-2', 'controller-manager', nodes),
    loop('scheduler-1', 'scheduler', []),
    loop('scheduler-2', 'scheduler', []),
    new ClusterProcess({
      name: 'simulator',
      // Nodes are made once: one that was deleted stays so.
      args: (again) => ['node', 'simulate', ...common, ...simulated, '--count', again ? '0' : String(NODES)],
      readyText: 'simulation: ready',
    }),
  ];
}
