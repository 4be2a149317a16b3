/** For tests: controllers at work on a `FakeApi`, with a clock that stands still until the test moves it. */
import { FakeClock, settle } from '../../base/fake-clock.ts';
import { type Log, silentLog } from '../../base/log.ts';
import { seededRandom } from '../../base/random.ts';
import { Client } from '../../client/client.ts';
import { FakeApi } from '../../client/fake-api.ts';
import * as resources from '../../client/resources.ts';
import type { CoreV1Event, V1Node, V1Pod, V1ReplicationController } from '../../openapi/generated/types.ts';
import type { ResourceRef } from '../../openapi/object.ts';
import { type ControllerManager, type ControllerManagerOptions, startControllers } from '../manager.ts';

/** Every resource that controllers know, as the fake serves them. */
export const SERVED: readonly ResourceRef[] = Object.values(resources);

export class FakeCluster {
  readonly clock = new FakeClock();
  readonly api: FakeApi;
  readonly client: Client;
  readonly identities: string[] = [];
  log: Log = silentLog;
  #manager: ControllerManager | undefined;

  /** Serves `further` resources beside those that controllers know. */
  constructor(further: readonly ResourceRef[] = []) {
    this.api = new FakeApi({ clock: this.clock, resources: [...SERVED, ...further] });
    this.client = new Client(this.api);
  }

  async start(controllers: readonly string[], options: ControllerManagerOptions = {}): Promise<void> {
    this.#manager = await startControllers({
      client: (identity) => {
        this.identities.push(identity);
        return this.client;
      },
      clock: this.clock,
      random: seededRandom(7),
      log: this.log,
      options: { ...options, controllers },
    });
    await this.#manager.synced;
    await settle();
  }

  async stop(): Promise<void> {
    await this.#manager?.stop();
    this.#manager = undefined;
  }

  /** Lets everything happen that needs no time, until `check` gives something; throws after a good while. */
  async until<T>(what: string, check: () => T | undefined | false): Promise<T> {
    for (let i = 0; i < 2000; i++) {
      const found = check();
      if (found !== undefined && found !== false) return found;
      await new Promise((resolve) => setImmediate(resolve));
    }
    throw new Error(`never: ${what}`);
  }

  pods(namespace = 'default'): V1Pod[] {
    return this.api.all<V1Pod>(resources.PODS, namespace);
  }

  /** Pods that are not being deleted. */
  live(namespace = 'default'): V1Pod[] {
    return this.pods(namespace).filter((pod) => pod.metadata?.deletionTimestamp === undefined);
  }

  pod(name: string, namespace = 'default'): V1Pod | undefined {
    return this.api.peek<V1Pod>(resources.PODS, name, namespace);
  }

  rc(name = 'web', namespace = 'default'): V1ReplicationController | undefined {
    return this.api.peek<V1ReplicationController>(resources.REPLICATION_CONTROLLERS, name, namespace);
  }

  node(name: string): V1Node | undefined {
    return this.api.peek<V1Node>(resources.NODES, name);
  }

  changeRc(edit: (rc: V1ReplicationController) => V1ReplicationController, name = 'web'): void {
    this.api.change(resources.REPLICATION_CONTROLLERS, name, 'default', edit);
  }

  changePod(name: string, edit: (pod: V1Pod) => V1Pod, namespace = 'default'): void {
    this.api.change(resources.PODS, name, namespace, edit);
  }

  /** As a kubelet would: running on a node with an address, ready or not since now. */
  run(name: string, options: { ready?: boolean; ip?: string; node?: string } = {}): void {
    const { ready = true, ip = '10.0.0.1', node = 'n1' } = options;
    const lastTransitionTime = `${new Date(this.clock.now()).toISOString().slice(0, 19)}Z`;
    this.changePod(name, (pod) => ({
      ...pod,
      spec: { containers: [], ...pod.spec, nodeName: node },
      status: {
        phase: 'Running',
        podIP: ip,
        podIPs: [{ ip }],
        conditions: [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime }],
      },
    }));
  }

  events(): string[] {
    return this.api.all<CoreV1Event>(resources.EVENTS).map((event) => `${event.type} ${event.reason} ${event.message}`);
  }
}

/** A ReplicationController of `replicas` pods labelled `app: web`. */
export function webController(replicas: number, more: object = {}): V1ReplicationController {
  return {
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      replicas,
      selector: { app: 'web' },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
      ...more,
    },
  };
}
