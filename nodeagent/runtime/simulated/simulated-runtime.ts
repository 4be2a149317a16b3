/**
 * A container runtime with nothing behind it: sandboxes get addresses, containers are said to run until they are stopped
 * or told to exit, by a test or by the pod's annotations (`../../simulation/script.ts`); init containers exit at once,
 * and probes succeed. For tests and for machines without Docker. With a clock and a random source of the test's own,
 * runs repeat exactly.
 */
import { createHash } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import type { Writable } from 'node:stream';
import type { Clock, Timer } from '../../../base/clock.ts';
import type { Random } from '../../../base/random.ts';
import { exitCodeAt, initExitCodeAt, type PodScript, runEndOf, scriptOf } from '../../simulation/script.ts';
import { gatewayOf } from '../cidr.ts';
import { Inbox } from '../inbox.ts';
import type {
  ContainerRecord,
  ContainerRuntime,
  ContainerSpec,
  ContainerUsage,
  ExecOptions,
  ImageRecord,
  LogOptions,
  NodeUsage,
  PodIdentity,
  PodRecord,
  SandboxRecord,
  SandboxSpec,
} from '../runtime.ts';
import { AddressPool } from './addresses.ts';

const EXIT_KILLED = 137;
/** The longest that a timer of the system can wait: nobody waits for a crash that long. */
const TIMER_MAX_MS = 2 ** 31 - 1;

export interface SimulatedOptions {
  clock: Clock;
  random: Random;
  /** Default 10.244.0.0/16. */
  podCidr?: string;
  /** How long a sandbox, and then each container, takes to start; default 10 ms. */
  startDelayMs?: number;
  /** Default: 32 cores, 256 GiB, 1 TiB. */
  capacity?: { cpuMillis: number; memoryBytes: number; ephemeralStorageBytes: number };
}

interface Container {
  record: ContainerRecord;
  sandboxId: string;
  init: boolean;
  /** What it is said to have used up to `accountedAt`. */
  cpuNanos: number;
  accountedAt: number;
  /** Set while it runs and is going to exit by itself. */
  exit?: Timer;
  /** Called once it has exited or gone. */
  onEnd: Set<() => void>;
}

interface Pod {
  pod: PodIdentity;
  script: PodScript;
  sandboxes: Map<string, SandboxRecord>;
  containers: Map<string, Container>;
}

export class SimulatedRuntime implements ContainerRuntime {
  readonly name = 'simulated';
  /** The node's address in the pod network, which is as simulated as the rest. */
  readonly gateway: string;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #startDelayMs: number;
  readonly #capacity: NonNullable<SimulatedOptions['capacity']>;
  readonly #addresses: AddressPool;
  readonly #pods = new Map<string, Pod>();
  /** The pod that a sandbox or a container belongs to, by the id of either. */
  readonly #owners = new Map<string, Pod>();
  readonly #images = new Map<string, ImageRecord>();
  readonly #inboxes = new Set<Inbox>();
  readonly #closing = new AbortController();
  /** Of all containers there have been. */
  #cpuNanos = 0;

  constructor(options: SimulatedOptions) {
    const { podCidr = '10.244.0.0/16', startDelayMs = 10 } = options;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#startDelayMs = startDelayMs;
    this.#capacity = options.capacity ?? {
      cpuMillis: 32_000,
      memoryBytes: 256 * 2 ** 30,
      ephemeralStorageBytes: 2 ** 40,
    };
    setMaxListeners(0, this.#closing.signal); // every start that is under way listens
    this.#addresses = new AddressPool(podCidr);
    this.gateway = gatewayOf(podCidr);
  }

  async version(): Promise<{ version: string; operatingSystem: string; kernelVersion: string }> {
    return { version: '0.1.0', operatingSystem: 'simulated', kernelVersion: 'simulated' };
  }

  async capacity(): Promise<{ cpuMillis: number; memoryBytes: number; ephemeralStorageBytes: number }> {
    return { ...this.#capacity };
  }

  async runSandbox(spec: SandboxSpec, signal?: AbortSignal): Promise<SandboxRecord> {
    const script = scriptOf(spec.annotations);
    await this.#startDelay(spec.attempt === 0 ? script.startMs : undefined, signal);
    const known = this.#pods.get(spec.pod.uid);
    const pod: Pod = known ?? { pod: { ...spec.pod }, script, sandboxes: new Map(), containers: new Map() };
    const sandbox: SandboxRecord = {
      id: this.#id(),
      pod: pod.pod,
      attempt: spec.attempt,
      ready: true,
      createdAt: this.#clock.now(),
      ...(spec.hostNetwork ? {} : { ip: this.#addresses.take() }),
    };
    this.#pods.set(spec.pod.uid, pod);
    pod.sandboxes.set(sandbox.id, sandbox);
    this.#owners.set(sandbox.id, pod);
    this.#tell(pod);
    return { ...sandbox };
  }

  annotate(uid: string, annotations: Readonly<Record<string, string>>): void {
    const pod = this.#pods.get(uid);
    if (!pod) return;
    this.#account(pod);
    pod.script = scriptOf(annotations);
  }

  /** As the pods' annotations declare it; the node uses what its pods do. */
  async usage(): Promise<NodeUsage> {
    const at = this.#clock.now();
    const containers = [...this.#pods.values()].flatMap((pod) => this.#account(pod));
    const memoryBytes = containers.reduce((sum, container) => sum + container.memoryBytes, 0);
    return { node: { at, cpuNanos: this.#cpuNanos, memoryBytes }, containers };
  }

  /** Counts what the pod's containers have used since they were last asked; returns where those that run stand. */
  #account({ pod, script, containers }: Pod): ContainerUsage[] {
    const now = this.#clock.now();
    const running = [...containers.values()].filter(({ record }) => record.state === 'running');
    const millis = (script.cpuMillis ?? 0) / running.length;
    const memoryBytes = Math.round((script.memoryBytes ?? 0) / running.length);
    return running.map((container) => {
      const { name, id, startedAt = now } = container.record;
      // A millicore is a microsecond of CPU a millisecond.
      const spent = Math.round((now - Math.max(startedAt, container.accountedAt)) * millis * 1000);
      container.cpuNanos += spent;
      container.accountedAt = now;
      this.#cpuNanos += spent;
      return { pod, name, id, startedAt, at: now, cpuNanos: container.cpuNanos, memoryBytes };
    });
  }

  async removeSandbox(id: string): Promise<void> {
    const pod = this.#owners.get(id);
    const sandbox = pod?.sandboxes.get(id);
    if (!pod || !sandbox) return;
    for (const [containerId, container] of pod.containers) {
      if (container.sandboxId === id) await this.removeContainer(containerId);
    }
    pod.sandboxes.delete(id);
    this.#owners.delete(id);
    if (sandbox.ip) this.#addresses.release(sandbox.ip);
    if (pod.sandboxes.size === 0 && pod.containers.size === 0) this.#pods.delete(pod.pod.uid);
    this.#tell(pod);
  }

  async createContainer(spec: ContainerSpec): Promise<string> {
    const pod = this.#owners.get(spec.sandboxId);
    if (!pod?.sandboxes.has(spec.sandboxId)) throw new Error(`No such sandbox: ${spec.sandboxId}`);
    const id = this.#id();
    const record: ContainerRecord = {
      id,
      pod: pod.pod,
      name: spec.name,
      attempt: spec.attempt,
      state: 'created',
      image: spec.image,
      imageId: this.#image(spec.image).id,
      createdAt: this.#clock.now(),
      labels: { ...spec.labels },
    };
    pod.containers.set(id, {
      record,
      sandboxId: spec.sandboxId,
      init: spec.init === true,
      cpuNanos: 0,
      accountedAt: 0,
      onEnd: new Set(),
    });
    this.#owners.set(id, pod);
    return id;
  }

  async startContainer(id: string): Promise<void> {
    this.#container(id);
    await this.#startDelay();
    const container = this.#container(id);
    const { record } = container;
    if (record.state !== 'created') return;
    record.state = 'running';
    record.startedAt = this.#clock.now();
    this.#planExit(id, container);
    this.#tellOf(id);
  }

  #planExit(id: string, container: Container): void {
    const script = this.#owners.get(id)?.script;
    if (!script) return;
    const { attempt } = container.record;
    const end = container.init
      ? { afterMs: 0, code: initExitCodeAt(script, attempt) }
      : runEndOf(script, scriptOf(undefined), true, this.#random.next());
    if (!end || end.afterMs > TIMER_MAX_MS) return;
    const code = end.code ?? exitCodeAt(script, attempt, this.#random.next());
    container.exit = this.#clock.after(end.afterMs, () => this.#end(id, code));
  }

  /** A simulated container heeds SIGTERM at once and exits with 0; with no grace it is killed. */
  async stopContainer(id: string, graceSeconds: number): Promise<void> {
    if (this.#owners.get(id)?.containers.has(id)) this.#end(id, graceSeconds > 0 ? 0 : EXIT_KILLED);
  }

  async removeContainer(id: string): Promise<void> {
    const pod = this.#owners.get(id);
    if (!pod?.containers.has(id)) return;
    this.#end(id, EXIT_KILLED);
    this.#endReaders(id);
    pod.containers.delete(id);
    this.#owners.delete(id);
    if (pod.sandboxes.size === 0 && pod.containers.size === 0) this.#pods.delete(pod.pod.uid);
    this.#tell(pod);
  }

  /** For tests: the newest container of that name in the pod exits with `code`, as if its process had. */
  exit(uid: string, container: string, code: number, why: { oomKilled?: boolean; message?: string } = {}): void {
    const all = [...(this.#pods.get(uid)?.containers.values() ?? [])];
    const found = all.findLast(({ record }) => record.name === container);
    if (found?.record.state !== 'running') throw new Error(`No running container ${container} in pod ${uid}`);
    this.#end(found.record.id, code, why);
  }

  /** For tests: the sandbox dies with all its containers, as when somebody kills it behind the kubelet's back. */
  killSandbox(id: string): void {
    const pod = this.#owners.get(id);
    const sandbox = pod?.sandboxes.get(id);
    if (!pod || !sandbox?.ready) return;
    sandbox.ready = false;
    if (sandbox.ip) this.#addresses.release(sandbox.ip);
    delete sandbox.ip;
    for (const [containerId, container] of pod.containers) {
      if (container.sandboxId === id) this.#end(containerId, EXIT_KILLED);
    }
    this.#tell(pod);
  }

  async list(): Promise<PodRecord[]> {
    return [...this.#pods.values()].map(podRecord);
  }

  async get(uid: string): Promise<PodRecord | undefined> {
    const pod = this.#pods.get(uid);
    return pod && podRecord(pod);
  }

  async *events(signal: AbortSignal): AsyncGenerator<string> {
    const inbox = new Inbox();
    const close = () => inbox.close();
    const either = AbortSignal.any([signal, this.#closing.signal]);
    either.addEventListener('abort', close, { once: true });
    if (either.aborted) close();
    this.#inboxes.add(inbox);
    for (const uid of this.#pods.keys()) inbox.put(uid);
    try {
      for (let uid = await inbox.take(); uid !== undefined; uid = await inbox.take()) yield uid;
    } finally {
      this.#inboxes.delete(inbox);
      either.removeEventListener('abort', close);
    }
  }

  /** Every image is there. */
  async imageStatus(image: string): Promise<ImageRecord | undefined> {
    return this.#image(image);
  }

  async pullImage(image: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#image(image);
  }

  async listImages(): Promise<ImageRecord[]> {
    return [...this.#images.values()];
  }

  async logs(id: string, options: LogOptions, stdout: Writable, _stderr: Writable): Promise<void> {
    const { record, onEnd } = this.#container(id);
    const { startedAt } = record;
    if (startedAt !== undefined && options.tailLines !== 0 && startedAt >= (options.since ?? 0)) {
      const time = options.timestamps ? `${new Date(startedAt).toISOString().replace('Z', '000000Z')} ` : '';
      stdout.write(`${time}${whoIs(record)} is simulated: nothing runs in it and it writes nothing but this line\n`);
    }
    if (!options.follow || record.state === 'exited') return;
    await new Promise<void>((resolve) => {
      const signal = AbortSignal.any([options.signal, this.#closing.signal]);
      const done = () => {
        signal.removeEventListener('abort', done);
        onEnd.delete(done);
        resolve();
      };
      onEnd.add(done);
      signal.addEventListener('abort', done, { once: true });
      if (signal.aborted) done();
    });
  }

  async exec(id: string, _options: ExecOptions): Promise<number> {
    const { record } = this.#container(id);
    throw new Error(`Cannot run a command: ${whoIs(record)} is simulated, there is no process to run it beside`);
  }

  probe(): boolean {
    return true;
  }

  async close(): Promise<void> {
    for (const pod of this.#pods.values()) for (const { exit } of pod.containers.values()) exit?.cancel();
    this.#closing.abort(new Error('the simulated runtime was closed'));
  }

  /** `wholeMs` counts up to the first container's running, which has a delay of its own. */
  #startDelay(wholeMs?: number, signal?: AbortSignal): Promise<void> {
    const ms = wholeMs === undefined ? this.#startDelayMs : Math.max(0, wholeMs - this.#startDelayMs);
    const closing = this.#closing.signal;
    return this.#clock.sleep(ms, signal ? AbortSignal.any([signal, closing]) : closing);
  }

  #id(): string {
    return this.#random.bytes(32).toString('hex');
  }

  #image(image: string): ImageRecord {
    const known = this.#images.get(image);
    if (known) return known;
    const id = `sha256:${createHash('sha256').update(image).digest('hex')}`;
    const record = { id, names: [image], sizeBytes: 1 };
    this.#images.set(image, record);
    return record;
  }

  #container(id: string): Container {
    const container = this.#owners.get(id)?.containers.get(id);
    if (!container) throw new Error(`No such container: ${id}`);
    return container;
  }

  /** Nothing happens to a container that is not running. */
  #end(id: string, code: number, why: { oomKilled?: boolean; message?: string } = {}): void {
    const { record, exit } = this.#container(id);
    if (record.state !== 'running') return;
    exit?.cancel();
    const pod = this.#owners.get(id);
    if (pod) this.#account(pod);
    Object.assign(record, { state: 'exited', exitCode: code, finishedAt: this.#clock.now(), ...why });
    this.#endReaders(id);
    this.#tellOf(id);
  }

  #endReaders(id: string): void {
    for (const done of [...this.#container(id).onEnd]) done();
  }

  #tellOf(id: string): void {
    const pod = this.#owners.get(id);
    if (pod) this.#tell(pod);
  }

  #tell({ pod }: Pod): void {
    for (const inbox of this.#inboxes) inbox.put(pod.uid);
  }
}

function whoIs({ name, pod }: ContainerRecord): string {
  return `container ${name} of pod ${pod.namespace}/${pod.name}`;
}

/** A copy, newest first: what was created later was put in later. */
function podRecord({ pod, script, sandboxes, containers }: Pod): PodRecord {
  const unready = script.ready ? {} : { ready: false };
  return {
    pod,
    sandboxes: [...sandboxes.values()].reverse().map((sandbox) => ({ ...sandbox })),
    containers: [...containers.values()].reverse().map(({ record }) => ({ ...record, ...unready })),
  };
}
