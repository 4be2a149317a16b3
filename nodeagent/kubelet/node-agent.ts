/** Registers the node, keeps its status fresh and its lease renewed. */
import { readFile } from 'node:fs/promises';
import { type Clock, rfc3339Micro } from '../../base/clock.ts';
import { isAbort, messageOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { Client } from '../../client/client.ts';
import type { EventRecorder } from '../../client/events.ts';
import type { V1Lease, V1Node, V1Taint } from '../../openapi/generated/types.ts';
import { isStatus } from '../../openapi/status.ts';
import type { ContainerRuntime } from '../runtime/runtime.ts';
import { type NodeFacts, newNode, nodeStatusChanged, nodeStatusOf, withOurLabels } from './node.ts';

export interface NodeAgentOptions {
  client: Client;
  runtime: ContainerRuntime;
  clock: Clock;
  log: Log;
  recorder: EventRecorder;
  nodeName: string;
  nodeIP: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  taints: V1Taint[];
  maxPods: number;
  port: number;
  capacity: NodeFacts['capacity'];
  /** How often to look whether the status has changed. */
  statusMs: number;
  /** How often to write it though it has not. */
  reportMs: number;
  leaseMs: number;
  signal: AbortSignal;
}

const LEASE_NAMESPACE = 'kube-node-lease';
const LEASE_SECONDS = 40;
const RETRY_FIRST_MS = 100;
const RETRY_MAX_MS = 7_000;

export class NodeAgent {
  readonly #options: NodeAgentOptions;
  #node: V1Node | undefined;
  #reportedAt = 0;
  #lease: V1Lease | undefined;
  #info: NodeFacts['info'] | undefined;

  constructor(options: NodeAgentOptions) {
    this.#options = options;
  }

  /** Resolves once the Node is there with its first status. Tries until it is, or the signal aborts. */
  async register(): Promise<void> {
    await this.#insist('node could not be registered', () => this.#register());
    const { nodeName } = this.#options;
    this.#event('Starting', 'Starting kubelet.');
    const ready = this.#node?.status?.conditions?.find(({ type }) => type === 'Ready');
    if (ready?.status === 'True') this.#event('NodeReady', `Node ${nodeName} status is now: NodeReady`);
  }

  /** Keeps status and lease fresh until the signal aborts. */
  async run(): Promise<void> {
    await Promise.all([this.#keepStatus(), this.#keepLease()]);
  }

  /** Writes the lease once: it is part of being ready. */
  renewLease(): Promise<void> {
    return this.#insist('lease could not be renewed', () => this.#renew());
  }

  async #keepStatus(): Promise<void> {
    const { clock, statusMs, signal, log } = this.#options;
    while (await this.#slept(clock.sleep(statusMs, signal))) {
      await this.#updateStatus().catch((error: unknown) => {
        if (!signal.aborted) log.warn({ error: messageOf(error) }, 'kubelet: node status could not be written');
      });
    }
  }

  async #keepLease(): Promise<void> {
    const { clock, leaseMs, signal } = this.#options;
    while (await this.#slept(clock.sleep(leaseMs, signal))) {
      await this.renewLease().catch((error: unknown) => {
        this.#options.log.warn({ error: messageOf(error) }, 'kubelet: the lease was not renewed; trying again in time');
      });
    }
  }

  async #slept(sleep: Promise<void>): Promise<boolean> {
    return sleep.then(
      () => true,
      () => false,
    );
  }

  async #insist(what: string, work: () => Promise<void>): Promise<void> {
    const { clock, signal, log } = this.#options;
    for (let retryMs = RETRY_FIRST_MS; ; retryMs = Math.min(retryMs * 2, RETRY_MAX_MS)) {
      try {
        await work();
        return;
      } catch (error) {
        if (isAbort(error, signal)) throw error;
        log.warn({ error: messageOf(error), retryMs }, `kubelet: ${what}, trying again`);
        await clock.sleep(retryMs, signal);
      }
    }
  }

  async #register(): Promise<void> {
    const { client, clock, nodeName } = this.#options;
    const facts = await this.#facts();
    const wanted = newNode(facts, clock.now());
    try {
      this.#node = await client.nodes.create(wanted);
      // Creation may drop the status.
      if (nodeStatusChanged(this.#node.status, wanted.status)) await this.#write(facts);
      this.#reportedAt = clock.now();
      return;
    } catch (error) {
      if (!isStatus(error, 'AlreadyExists')) throw error;
    }
    this.#node = await client.nodes.get(nodeName);
    const labelled = withOurLabels(this.#node, facts);
    if (labelled) this.#node = await client.nodes.update(labelled);
    await this.#write(facts);
  }

  async #updateStatus(): Promise<void> {
    const { client, clock, nodeName, reportMs } = this.#options;
    const facts = await this.#facts();
    const now = clock.now();
    const status = nodeStatusOf(facts, this.#node?.status, now);
    if (!nodeStatusChanged(status, this.#node?.status) && now - this.#reportedAt < reportMs) {
      // Others may have written it since: the controller, for one, when it held us for dead.
      const current = await client.nodes.get(nodeName).catch((error: unknown) => {
        if (isStatus(error, 'NotFound')) return undefined;
        throw error;
      });
      if (!current) return this.#register();
      const stale = nodeStatusChanged(nodeStatusOf(facts, current.status, now), current.status);
      this.#node = current;
      if (!stale) return;
    }
    await this.#write(facts);
  }

  /** Writes the status over the newest Node; what others have set on it stays. */
  async #write(facts: NodeFacts): Promise<void> {
    const { client, clock, nodeName } = this.#options;
    for (let attempt = 0; ; attempt++) {
      const base = attempt === 0 && this.#node ? this.#node : await client.nodes.get(nodeName);
      const now = clock.now();
      try {
        this.#node = await client.nodes.updateStatus({ ...base, status: nodeStatusOf(facts, base.status, now) });
        this.#reportedAt = now;
        return;
      } catch (error) {
        if (isStatus(error, 'NotFound')) return this.#register();
        if (!isStatus(error, 'Conflict') || attempt >= 5) throw error;
      }
    }
  }

  async #facts(): Promise<NodeFacts> {
    const { runtime, nodeName, nodeIP, labels, annotations, taints, maxPods, port, capacity } = this.#options;
    let notReady: string | undefined;
    const [version, images] = await Promise.all([
      runtime.version().catch((error: unknown) => {
        notReady = `container runtime is down: ${messageOf(error)}`;
        return undefined;
      }),
      runtime.listImages().catch(() => []),
    ]);
    const info = version
      ? await systemInfo(runtime.name, version)
      : (this.#info ?? (await systemInfo(runtime.name, { version: '', operatingSystem: '', kernelVersion: '' })));
    this.#info = info;
    const facts = { nodeName, nodeIP, labels, annotations, taints, maxPods, port, capacity, info, images };
    return notReady === undefined ? facts : { ...facts, notReady };
  }

  async #renew(): Promise<void> {
    const { client, clock, nodeName } = this.#options;
    const renewTime = rfc3339Micro(clock.now());
    const spec = { holderIdentity: nodeName, leaseDurationSeconds: LEASE_SECONDS, renewTime };
    if (this.#lease) {
      try {
        this.#lease = await client.leases.update({ ...this.#lease, spec: { ...this.#lease.spec, ...spec } });
        return;
      } catch (error) {
        this.#lease = undefined;
        if (!isStatus(error, 'Conflict') && !isStatus(error, 'NotFound')) throw error;
      }
    }
    const uid = this.#node?.metadata?.uid ?? '';
    const lease: V1Lease = {
      metadata: {
        name: nodeName,
        namespace: LEASE_NAMESPACE,
        ...(uid ? { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: nodeName, uid }] } : {}),
      },
      spec,
    };
    try {
      const found = await client.leases.get(nodeName, LEASE_NAMESPACE);
      this.#lease = await client.leases.update({
        ...found,
        metadata: { ...found.metadata, ...(uid ? { ownerReferences: lease.metadata?.ownerReferences ?? [] } : {}) },
        spec: { ...found.spec, ...spec },
      });
    } catch (error) {
      if (!isStatus(error, 'NotFound')) throw error;
      this.#lease = await client.leases.create(lease);
    }
  }

  #event(reason: string, message: string): void {
    const { nodeName, recorder } = this.#options;
    recorder.event(
      { apiVersion: 'v1', kind: 'Node', metadata: { name: nodeName, uid: nodeName } },
      'Normal',
      reason,
      message,
    );
  }
}

const ARCHITECTURES: Record<string, string> = { x64: 'amd64', ia32: '386', arm64: 'arm64', arm: 'arm' };

export function goArchitecture(): string {
  return ARCHITECTURES[process.arch] ?? process.arch;
}

async function systemInfo(
  runtimeName: string,
  { version, operatingSystem, kernelVersion }: Awaited<ReturnType<ContainerRuntime['version']>>,
): Promise<NodeFacts['info']> {
  const [machineID, bootID, systemUUID] = await Promise.all([
    firstLine('/etc/machine-id'),
    firstLine('/proc/sys/kernel/random/boot_id'),
    firstLine('/sys/class/dmi/id/product_uuid'),
  ]);
  return {
    architecture: goArchitecture(),
    bootID,
    containerRuntimeVersion: `${runtimeName}://${version}`,
    kernelVersion,
    machineID,
    osImage: operatingSystem,
    systemUUID: systemUUID || machineID,
  };
}

/** Empty where there is no such file, or it is not ours to read. */
async function firstLine(path: string): Promise<string> {
  return readFile(path, 'utf8').then(
    (text) => text.split('\n')[0]?.trim() ?? '',
    () => '',
  );
}
