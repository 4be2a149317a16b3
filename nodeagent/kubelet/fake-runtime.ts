/** A runtime in memory for the kubelet's tests: everything succeeds at once unless the test says otherwise. */

import type { Writable } from 'node:stream';
import type { Clock } from '../../base/clock.ts';
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
} from '../runtime/runtime.ts';
import { ImageError } from '../runtime/runtime.ts';

export class FakeRuntime implements ContainerRuntime {
  readonly name = 'fake';
  readonly sandboxes: SandboxRecord[] = [];
  readonly containers: ContainerRecord[] = [];
  readonly specs = new Map<string, ContainerSpec>();
  readonly images = new Set<string>(['busybox:1']);
  readonly pulled: string[] = [];
  /** What was asked for, in order: `start web`, `stop web 30`. */
  readonly log: string[] = [];
  /** Runs before each operation named in `log`; may throw or wait. */
  before: (operation: string) => void | Promise<void> = () => undefined;
  exec: (id: string, options: ExecOptions) => Promise<number> = () => Promise.resolve(0);
  logs: (id: string, options: LogOptions, stdout: Writable, stderr: Writable) => Promise<void> = async (
    _id,
    _o,
    out,
  ) => {
    out.write('hello\n');
  };
  usage?: () => Promise<NodeUsage>;
  readonly #clock: Clock;
  readonly #listeners = new Set<(uid: string) => void>();
  #ids = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  version = () => Promise.resolve({ version: '1.0', operatingSystem: 'Fake OS', kernelVersion: '6.1' });
  capacity = () =>
    Promise.resolve({ cpuMillis: 2000, memoryBytes: 4 * 1024 ** 3, ephemeralStorageBytes: 100 * 1024 ** 3 });

  async #did(operation: string): Promise<void> {
    this.log.push(operation);
    await this.before(operation);
  }

  async runSandbox(spec: SandboxSpec): Promise<SandboxRecord> {
    await this.#did(`sandbox ${spec.pod.name} ${spec.attempt}`);
    const ip = `10.1.0.${++this.#ids}`;
    const record = {
      id: `s${this.#ids}`,
      pod: spec.pod,
      attempt: spec.attempt,
      ready: true,
      createdAt: this.#clock.now(),
    };
    const sandbox = spec.hostNetwork ? record : { ...record, ip };
    this.sandboxes.unshift(sandbox);
    this.#notify(spec.pod.uid);
    return sandbox;
  }

  async removeSandbox(id: string): Promise<void> {
    const sandbox = this.sandboxes.find((record) => record.id === id);
    await this.#did(`remove ${id}`);
    if (!sandbox) return;
    remove(this.sandboxes, (record) => record.id === id);
    remove(this.containers, (record) => this.specs.get(record.id)?.sandboxId === id);
    this.#notify(sandbox.pod.uid);
  }

  async createContainer(spec: ContainerSpec): Promise<string> {
    await this.#did(`create ${spec.name}`);
    const id = `c${++this.#ids}`;
    this.specs.set(id, spec);
    this.containers.unshift({
      id,
      pod: spec.pod,
      name: spec.name,
      attempt: spec.attempt,
      state: 'created',
      image: spec.image,
      imageId: `sha256:${spec.image}`,
      createdAt: this.#clock.now(),
      labels: spec.labels,
    });
    return id;
  }

  async startContainer(id: string): Promise<void> {
    const name = this.specs.get(id)?.name ?? id;
    try {
      await this.#did(`start ${name}`);
    } catch (error) {
      this.change(id, { exitCode: 127, message: String(error) });
      throw error;
    }
    this.change(id, { state: 'running', startedAt: this.#clock.now() });
  }

  async stopContainer(id: string, graceSeconds: number): Promise<void> {
    await this.#did(`stop ${this.specs.get(id)?.name ?? id} ${graceSeconds}`);
    const container = this.containers.find((record) => record.id === id);
    if (container?.state === 'running') this.exit(id, 143);
  }

  async removeContainer(id: string): Promise<void> {
    await this.#did(`remove ${id}`);
    remove(this.containers, (record) => record.id === id);
  }

  list(): Promise<PodRecord[]> {
    const uids = new Set([...this.sandboxes, ...this.containers].map(({ pod }) => pod.uid));
    return Promise.resolve([...uids].flatMap((uid) => this.#record(uid) ?? []));
  }

  get(uid: string): Promise<PodRecord | undefined> {
    return Promise.resolve(this.#record(uid));
  }

  async *events(signal: AbortSignal): AsyncGenerator<string> {
    const waiting: string[] = [];
    let wake: () => void = () => undefined;
    const listener = (uid: string) => {
      waiting.push(uid);
      wake();
    };
    this.#listeners.add(listener);
    signal.addEventListener('abort', () => wake(), { once: true });
    while (!signal.aborted) {
      const uid = waiting.shift();
      if (uid !== undefined) yield uid;
      else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
    this.#listeners.delete(listener);
  }

  imageStatus(image: string): Promise<ImageRecord | undefined> {
    return Promise.resolve(this.images.has(image) ? { id: image, names: [image], sizeBytes: 1000 } : undefined);
  }

  async pullImage(image: string): Promise<void> {
    await this.#did(`pull ${image}`);
    if (image.startsWith('missing')) throw new ImageError('ErrImagePull', 'registry is not reachable');
    this.pulled.push(image);
    this.images.add(image);
  }

  listImages(): Promise<ImageRecord[]> {
    return Promise.resolve([...this.images].map((name) => ({ id: name, names: [name], sizeBytes: 1000 })));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** The newest instance of a container. */
  find(name: string): ContainerRecord {
    const found = this.containers.find((record) => record.name === name);
    if (!found) throw new Error(`no container ${name}`);
    return found;
  }

  /** Lets a container's process end. */
  exit(id: string, exitCode: number): void {
    this.change(id, { state: 'exited', exitCode, finishedAt: this.#clock.now() });
  }

  /** Changes what is known of a container, as the runtime would notice it. */
  change(id: string, changes: Partial<ContainerRecord>): void {
    const index = this.containers.findIndex((record) => record.id === id);
    const old = this.containers[index];
    if (!old) return;
    this.containers[index] = { ...old, ...changes };
    this.#notify(old.pod.uid);
  }

  /** Lets a sandbox die with its containers. */
  killSandbox(id: string): void {
    const index = this.sandboxes.findIndex((record) => record.id === id);
    const old = this.sandboxes[index];
    if (!old) return;
    this.sandboxes[index] = { ...old, ready: false };
    this.#notify(old.pod.uid);
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  #notify(uid: string): void {
    for (const listener of this.#listeners) listener(uid);
  }

  #record(uid: string): PodRecord | undefined {
    const sandboxes = this.sandboxes.filter(({ pod }) => pod.uid === uid);
    const containers = this.containers.filter(({ pod }) => pod.uid === uid);
    const pod = sandboxes[0]?.pod ?? containers[0]?.pod;
    return pod ? { pod, sandboxes, containers } : undefined;
  }
}

function remove<T>(list: T[], which: (item: T) => boolean): void {
  for (let index = list.length - 1; index >= 0; index--) if (which(list[index] as T)) list.splice(index, 1);
}
