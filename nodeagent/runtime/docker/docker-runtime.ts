/**
 * The container runtime over Docker. A pod is a sandbox container, which holds the network, and the pod's containers,
 * which join it. All that is known is in the containers' labels, so a new instance finds what an earlier one made.
 */
import { statfs, writeFile } from 'node:fs/promises';
import { Agent } from 'node:http';
import type { Writable } from 'node:stream';
import type Docker from 'dockerode';
import type { ContainerCreateOptions, ContainerInfo } from 'dockerode';
import type { Clock } from '../../../base/clock.ts';
import { messageOf } from '../../../base/errors.ts';
import type { Log } from '../../../base/log.ts';
import { gatewayOf } from '../cidr.ts';
import type {
  ContainerRecord,
  ContainerRuntime,
  ContainerSpec,
  ExecOptions,
  ImageRecord,
  LogOptions,
  NodeUsage,
  PodRecord,
  SandboxRecord,
  SandboxSpec,
} from '../runtime.ts';
import { daemonError, daemonMessage, spoken, statusOf, unless, unreachable } from './errors.ts';
import { podEvents } from './events.ts';
import { execInContainer } from './exec.ts';
import { ensurePauseImage, mayLowerOomScores } from './host.ts';
import { imageStatus, listImages, pullImage } from './images.ts';
import { LABEL, labelFilter, podOf } from './labels.ts';
import { loadDockerode } from './load.ts';
import { DEFAULT_NETWORK, enableHairpin, ensureNetwork, removeNetworks } from './network.ts';
import { containerRecord, type Inspected, isSandbox, podRecords, sandboxRecord } from './records.ts';
import { containerOptions, resolvConf, type Settings, sandboxOptions } from './spec.ts';
import { type ContainerStats, containerUsage, hostUsage } from './stats.ts';
import { copyOutput, openStream } from './streams.ts';

const PING_TIMEOUT_MS = 5_000;
const PARALLEL_CALLS = 16;

export interface DockerOptions {
  /** Default `/var/run/docker.sock`. */
  socketPath?: string;
  /** Tells this cluster's containers from those of others on the same Docker. */
  clusterId: string;
  clock: Clock;
  log: Log;
  /** Default 10.244.0.0/24. */
  podCidr?: string;
  /** Default `kubets`, whose bridge is `kubets0`. Clusters beside each other need a name and a CIDR of their own. */
  networkName?: string;
}

interface Info {
  ServerVersion: string;
  OperatingSystem: string;
  KernelVersion: string;
  Architecture: string;
  NCPU: number;
  MemTotal: number;
  DockerRootDir: string;
}

/** Resolves once Docker has answered; rejects, saying what to do, when it does not. Makes nothing yet. */
export async function openDocker(options: DockerOptions): Promise<DockerRuntime> {
  const { socketPath = '/var/run/docker.sock', clock } = options;
  const agent = new Agent({ keepAlive: true });
  // `host` overrides DOCKER_HOST, which dockerode would prefer to the socket.
  const docker = new (loadDockerode())({ socketPath, agent, host: undefined, protocol: 'http' } as object);
  const late = new AbortController();
  const timer = clock.after(PING_TIMEOUT_MS, () => late.abort());
  try {
    (await openStream(docker, '/_ping', {}, late.signal)).resume();
  } catch (error) {
    agent.destroy();
    throw unreachable(socketPath, late.signal.aborted ? new Error(`no answer in ${PING_TIMEOUT_MS} ms`) : error);
  } finally {
    timer.cancel();
  }
  return new DockerRuntime(docker, agent, options);
}

export class DockerRuntime implements ContainerRuntime {
  readonly name = 'docker';
  /** The node's address in the pod network. The interface exists once `prepare` has resolved. */
  readonly gateway: string;
  readonly #docker: Docker;
  readonly #agent: Agent;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #podCidr: string;
  readonly #settings: Settings;
  readonly #closing = new AbortController();
  /** By container id. What changes shows in the state that each listing gives. */
  readonly #inspected = new Map<string, Inspected>();
  readonly #removals = new Map<string, Promise<void>>();
  #info: Promise<Info> | undefined;
  #prepared: Promise<void> | undefined;

  /** Use `openDocker`. */
  constructor(docker: Docker, agent: Agent, options: DockerOptions) {
    const { clusterId, networkName = DEFAULT_NETWORK, podCidr = '10.244.0.0/24' } = options;
    this.#docker = docker;
    this.#agent = agent;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#podCidr = podCidr;
    this.#settings = { clusterId, networkName, negativeOomScores: true };
    this.gateway = gatewayOf(podCidr);
  }

  async version(): Promise<{ version: string; operatingSystem: string; kernelVersion: string }> {
    const info = await this.#daemonInfo();
    return {
      version: info.ServerVersion,
      operatingSystem: info.OperatingSystem,
      kernelVersion: info.KernelVersion,
    };
  }

  async capacity(): Promise<{ cpuMillis: number; memoryBytes: number; ephemeralStorageBytes: number }> {
    const info = await this.#daemonInfo();
    const disk = await statfs(info.DockerRootDir).catch(() => statfs('/')); // Docker may keep its files elsewhere
    return {
      cpuMillis: info.NCPU * 1000,
      memoryBytes: info.MemTotal,
      ephemeralStorageBytes: disk.blocks * disk.bsize,
    };
  }

  #daemonInfo(): Promise<Info> {
    this.#info ??= spoken(this.#docker.info() as Promise<Info>).catch((error: unknown) => {
      this.#info = undefined;
      throw error;
    });
    return this.#info;
  }

  /** Makes the pod network and the pause image, unless they are there. `runSandbox` calls it at first use. */
  prepare(): Promise<void> {
    this.#prepared ??= this.#prepare().catch((error: unknown) => {
      this.#prepared = undefined;
      throw error;
    });
    return this.#prepared;
  }

  async #prepare(): Promise<void> {
    const { networkName: name, clusterId } = this.#settings;
    const image = this.#daemonInfo().then((info) => ensurePauseImage(this.#docker, info.Architecture));
    const network = ensureNetwork(this.#docker, { name, clusterId, podCidr: this.#podCidr });
    const [mayLower] = await Promise.all([mayLowerOomScores(), image, network]);
    if (!mayLower) this.#forgoNegativeOomScores();
  }

  #forgoNegativeOomScores(): void {
    if (!this.#settings.negativeOomScores) return;
    this.#settings.negativeOomScores = false;
    this.#log.info(
      {},
      'Docker may not lower OOM scores here (no CAP_SYS_RESOURCE): containers get 0 where they ask for less',
    );
  }

  async runSandbox(spec: SandboxSpec): Promise<SandboxRecord> {
    await this.prepare();
    try {
      return await this.#runSandbox(spec);
    } catch (error) {
      if (!this.#oomScoreRefused(error)) throw error;
      return await this.#runSandbox(spec);
    }
  }

  async #runSandbox(spec: SandboxSpec): Promise<SandboxRecord> {
    const createdAt = this.#clock.now();
    const id = await this.#create(sandboxOptions(spec, this.#settings, createdAt));
    const container = this.#docker.getContainer(id);
    try {
      await spoken(container.start());
      const [inspect] = await Promise.all([spoken(container.inspect()), enableHairpin(this.#settings.networkName)]);
      const ip = Object.values(inspect.NetworkSettings.Networks)[0]?.IPAddress;
      if (spec.dns) await this.#writeResolvConf(inspect.ResolvConfPath, spec.dns);
      return { id, pod: spec.pod, attempt: spec.attempt, ready: true, createdAt, ...(ip ? { ip } : {}) };
    } catch (error) {
      // The network or the image may have been removed behind our back: look again before the next one.
      if (statusOf(error) === 404) this.#prepared = undefined;
      await this.removeContainer(id);
      throw error;
    }
  }

  /**
   * On networks of one's own Docker puts a resolver of its own before the given servers; pods must see theirs. The file
   * is shared by all containers of the sandbox. Where it cannot be written Docker's resolver does, and forwards.
   */
  async #writeResolvConf(path: string, dns: NonNullable<SandboxSpec['dns']>): Promise<void> {
    try {
      await writeFile(path, resolvConf(dns));
    } catch (error) {
      this.#log.debug({ error: messageOf(error) }, "Left a sandbox with Docker's own resolver");
    }
  }

  /** True when Docker refused a start for its OOM score; containers made from now on get another. */
  #oomScoreRefused(error: unknown): boolean {
    if (!this.#settings.negativeOomScores || !/oom_score_adj/.test(messageOf(error))) return false;
    this.#forgoNegativeOomScores();
    return true;
  }

  async #create(options: ContainerCreateOptions): Promise<string> {
    try {
      return (await this.#docker.createContainer(options)).id;
    } catch (error) {
      const holder = /already in use by container "?([0-9a-f]+)/.exec(daemonMessage(error))?.[1];
      if (statusOf(error) === 404) this.#prepared = undefined;
      if (statusOf(error) !== 409 || !holder) throw daemonError(error);
      // Left by a creation whose answer never reached us. One that runs is not removed and fails the call.
      await unless([404], this.#docker.getContainer(holder).remove({ v: true }));
      return (await spoken(this.#docker.createContainer(options))).id;
    }
  }

  async removeSandbox(id: string): Promise<void> {
    const inside = await this.#infos({ [LABEL.sandboxId]: id });
    await Promise.all([...inside.map((info) => info.Id), id].map((container) => this.removeContainer(container)));
  }

  createContainer(spec: ContainerSpec): Promise<string> {
    return this.#create(containerOptions(spec, this.#settings));
  }

  async startContainer(id: string): Promise<void> {
    try {
      await unless([304], this.#docker.getContainer(id).start());
    } catch (error) {
      this.#oomScoreRefused(error);
      throw error;
    } finally {
      this.#inspected.delete(id);
    }
  }

  async stopContainer(id: string, graceSeconds: number): Promise<void> {
    await unless([304, 404], this.#docker.getContainer(id).stop({ t: Math.max(0, Math.ceil(graceSeconds)) }));
  }

  removeContainer(id: string): Promise<void> {
    const running = this.#removals.get(id);
    if (running) return running;
    const removal = unless([404], this.#docker.getContainer(id).remove({ force: true, v: true }))
      .catch((error: unknown) => {
        if (!/removal of container .* is already in progress/.test(messageOf(error))) throw error;
      })
      .then(() => {
        this.#inspected.delete(id);
      })
      .finally(() => this.#removals.delete(id));
    this.#removals.set(id, removal);
    return removal;
  }

  async list(): Promise<PodRecord[]> {
    const infos = await this.#infos();
    const present = new Set(infos.map((info) => info.Id));
    for (const id of this.#inspected.keys()) if (!present.has(id)) this.#inspected.delete(id);
    return await this.#pods(infos);
  }

  async get(uid: string): Promise<PodRecord | undefined> {
    return (await this.#pods(await this.#infos({ [LABEL.podUid]: uid })))[0];
  }

  #infos(labels: Record<string, string> = {}): Promise<ContainerInfo[]> {
    const filters = labelFilter(this.#settings.clusterId, labels);
    return spoken(this.#docker.listContainers({ all: true, filters }));
  }

  async #pods(infos: ContainerInfo[]): Promise<PodRecord[]> {
    const sandboxes = infos.filter(isSandbox).map(sandboxRecord);
    const containers = infos.filter((info) => !isSandbox(info));
    const records: (ContainerRecord | undefined)[] = [];
    for (let at = 0; at < containers.length; at += PARALLEL_CALLS) {
      const some = containers.slice(at, at + PARALLEL_CALLS);
      records.push(...(await Promise.all(some.map((info) => this.#record(info)))));
    }
    const there = records.filter((record) => record !== undefined);
    return podRecords(sandboxes, there);
  }

  async #record(info: ContainerInfo): Promise<ContainerRecord | undefined> {
    const known = this.#inspected.get(info.Id);
    // Docker lists a container whose start failed as `created` still: only an inspection tells.
    if (known && known.status === info.State && info.State !== 'created') return known.record;
    return (await this.#inspect(info.Id))?.record;
  }

  /** `undefined` when it has gone. */
  async #inspect(id: string): Promise<Inspected | undefined> {
    const inspect = await unless([404], this.#docker.getContainer(id).inspect());
    if (!inspect) return undefined;
    const inspected = containerRecord(inspect);
    this.#inspected.set(id, inspected);
    return inspected;
  }

  events(signal: AbortSignal): AsyncIterable<string> {
    const source = {
      docker: this.#docker,
      clusterId: this.#settings.clusterId,
      clock: this.#clock,
      log: this.#log,
      uids: async () => [...new Set((await this.#infos()).map((info) => podOf(info.Labels).uid))],
      changed: (id: string) => this.#inspected.delete(id),
    };
    return podEvents(source, AbortSignal.any([signal, this.#closing.signal]));
  }

  async usage(): Promise<NodeUsage> {
    const pods = await this.list();
    const running = pods.flatMap(({ containers }) => containers.filter(({ state }) => state === 'running'));
    const usages: NodeUsage['containers'] = [];
    for (let at = 0; at < running.length; at += PARALLEL_CALLS) {
      const some = running.slice(at, at + PARALLEL_CALLS).map(async (record) => {
        const asked = this.#docker.getContainer(record.id).stats({ stream: false, 'one-shot': true });
        // One that has ended meanwhile has nothing to say, or is gone.
        const stats = await unless([404, 409], asked as unknown as Promise<ContainerStats>);
        return stats ? containerUsage(record, stats) : undefined;
      });
      usages.push(...(await Promise.all(some)).filter((usage) => usage !== undefined));
    }
    return { node: hostUsage(this.#clock.now()), containers: usages };
  }

  imageStatus(image: string): Promise<ImageRecord | undefined> {
    return imageStatus(this.#docker, image);
  }

  pullImage(image: string, signal: AbortSignal): Promise<void> {
    return pullImage(this.#docker, this.#clock, image, AbortSignal.any([signal, this.#closing.signal]));
  }

  listImages(): Promise<ImageRecord[]> {
    return listImages(this.#docker);
  }

  async logs(id: string, options: LogOptions, stdout: Writable, stderr: Writable): Promise<void> {
    const signal = AbortSignal.any([options.signal, this.#closing.signal]);
    const inspected = this.#inspected.get(id) ?? (await this.#inspect(id));
    if (!inspected) throw new Error(`No such container: ${id}`);
    const query = {
      stdout: true,
      stderr: true,
      follow: options.follow,
      timestamps: options.timestamps,
      ...(options.tailLines === undefined ? {} : { tail: options.tailLines }),
      ...(options.since === undefined ? {} : { since: (options.since / 1000).toFixed(3) }),
    };
    const source = await openStream(this.#docker, `/containers/${id}/logs`, query, signal);
    await copyOutput(source, inspected.tty, stdout, stderr, signal);
  }

  exec(id: string, options: ExecOptions): Promise<number> {
    const host = { docker: this.#docker, clock: this.#clock, log: this.#log };
    const signal = AbortSignal.any([options.signal, this.#closing.signal]);
    return execInContainer(host, id, { ...options, signal });
  }

  /** Removes the pod network; Docker refuses while a container is attached to it. */
  async removeNetwork(): Promise<void> {
    this.#prepared = undefined;
    await removeNetworks(this.#docker, this.#settings.clusterId);
  }

  /** Removes every container and network of the cluster; for `down`. The images stay. */
  async cleanup(clusterId: string = this.#settings.clusterId): Promise<void> {
    const infos = await spoken(this.#docker.listContainers({ all: true, filters: labelFilter(clusterId) }));
    for (let at = 0; at < infos.length; at += PARALLEL_CALLS) {
      await Promise.all(infos.slice(at, at + PARALLEL_CALLS).map((info) => this.removeContainer(info.Id)));
    }
    this.#prepared = undefined;
    await removeNetworks(this.#docker, clusterId);
  }

  /** Ends every stream that is open and lets go of all sockets. Containers run on. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#agent.destroy();
  }
}
