/**
 * Keeps one pod as its object wants it. Work on one pod is serial: each round observes what the runtime has, writes the
 * status, and does what is missing, until there is nothing left to do. Whatever may have changed something only wakes
 * the worker; the next round sees for itself.
 */
import { rm } from 'node:fs/promises';
import type { Timer } from '../../base/clock.ts';
import { isAbort, messageOf } from '../../base/errors.ts';
import type { V1Container, V1Pod, V1PodStatus } from '../../openapi/generated/types.ts';
import { isStatus } from '../../openapi/status.ts';
import type { PodRecord, SandboxRecord } from '../runtime/runtime.ts';
import { type ContainerToStart, computePodActions, currentSandbox, type PodActions } from './actions.ts';
import type { WaitingReason } from './container-status.ts';
import { type KubeletDeps, podEvent } from './deps.ts';
import { garbageOf } from './garbage.ts';
import { StartError } from './images.ts';
import { killContainer, killPodContainers, removePod } from './kill.ts';
import { readMessages } from './messages.ts';
import { emptyRecord, identityOf, instancesOf, isTerminal } from './names.ts';
import { changesWork, deadlineOf, graceOf, nextRestartCount, probeTargets } from './pod-view.ts';
import { awaitBackoff, makeSandbox, makeVolumes, startContainer } from './start.ts';
import { podStatus } from './status.ts';
import { podDirectory } from './volumes.ts';

const ROUNDS_MAX = 20;
const RESYNC_MS = 60_000;
/** Volumes made so recently need no second look before a container starts. */
const VOLUMES_FRESH_MS = 2_000;
const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 10_000;
const DEADLINE_MESSAGE = 'Pod was active on the node longer than the specified deadline';

export class PodWorker {
  readonly uid: string;
  readonly #deps: KubeletDeps;
  readonly #onEnd: (uid: string) => void;
  #pod: V1Pod;
  /** Set once the API no longer has the pod: nothing is written any more. */
  #vanished = false;
  #stopped = false;
  #ended = false;
  #dirty = false;
  #running: Promise<void> | undefined;
  #timer: Timer | undefined;
  #failures = 0;
  /** Aborted when the pod is to end: pulls and hooks have no more use. */
  readonly #life = new AbortController();
  /** Aborted when even the grace period is over, or the kubelet stops. */
  readonly #grace = new AbortController();
  readonly #waiting = new Map<string, WaitingReason>();
  readonly #messages = new Map<string, string>();
  #failed: { reason: string; message: string } | undefined;
  /** Nothing of the pod was in the runtime when the kubelet met it: the first look can be spared. */
  #unseen: boolean;
  /** The volumes as they were last made, when, and for which object. */
  #volumes: { pod: V1Pod; at: number; paths: ReadonlyMap<string, string> } | undefined;
  /** Ids of containers being stopped, so that a shorter grace period reaches them. */
  readonly #stopping = new Set<string>();

  constructor(pod: V1Pod, deps: KubeletDeps, options: { unseen: boolean; onEnd: (uid: string) => void }) {
    this.uid = identityOf(pod).uid;
    this.#pod = pod;
    this.#deps = deps;
    this.#unseen = options.unseen;
    this.#onEnd = options.onEnd;
    deps.status.observe(pod);
    if (pod.metadata?.deletionTimestamp !== undefined) this.#life.abort();
  }

  get pod(): V1Pod {
    return this.#pod;
  }

  get isIdle(): boolean {
    return this.#running === undefined;
  }

  /** The pod's object as it now is. */
  update(pod: V1Pod): void {
    const old = this.#pod;
    this.#pod = pod;
    this.#deps.status.observe(pod);
    if (pod.metadata?.deletionTimestamp !== undefined) {
      this.#life.abort();
      if (graceOf(pod) < graceOf(old)) this.#hurry(graceOf(pod));
    }
    if (pod.metadata?.annotations !== old.metadata?.annotations) {
      this.#deps.runtime.annotate?.(this.uid, pod.metadata?.annotations ?? {});
    }
    if (changesWork(pod, old)) this.wake();
  }

  /** The pod is no longer in the API. */
  vanish(last: V1Pod): void {
    this.#pod = {
      ...last,
      metadata: { ...last.metadata, deletionGracePeriodSeconds: last.metadata?.deletionGracePeriodSeconds ?? 1 },
    };
    this.#vanished = true;
    this.#life.abort();
    this.#hurry(graceOf(this.#pod));
    this.wake();
  }

  /** Looks at the pod, soon: at once or after the round that is under way. */
  wake(): void {
    if (this.#stopped || this.#ended) return;
    this.#timer?.cancel();
    this.#dirty = true;
    this.#running ??= this.#work().finally(() => {
      this.#running = undefined;
      if (this.#dirty) this.wake();
    });
  }

  /** Lets go of the pod and leaves its containers as they are. Resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#life.abort();
    this.#grace.abort();
    await this.#running;
  }

  async #work(): Promise<void> {
    while (this.#dirty && !this.#stopped && !this.#ended) {
      this.#dirty = false;
      let nextMs: number;
      try {
        nextMs = await this.#sync();
      } catch (error) {
        if (this.#stopped) return;
        nextMs = this.#afterFailure(error);
      }
      if (!this.#ended && !this.#stopped) this.#wakeAfter(nextMs);
    }
  }

  /** What was broken off because the pod ends goes on with its end, at once; all else is tried again later. */
  #afterFailure(error: unknown): number {
    const brokenOff = isAbort(error) && this.#failures === 0;
    if (!isAbort(error)) {
      this.#deps.log.warn({ pod: this.#key(), error: messageOf(error) }, 'kubelet: pod could not be synced');
    }
    const retryMs = this.#retryMs();
    return brokenOff ? 0 : retryMs;
  }

  #wakeAfter(ms: number): void {
    this.#timer?.cancel();
    if (ms <= 0) this.#dirty = true;
    else this.#timer = this.#deps.clock.after(ms, () => this.wake());
  }

  #retryMs(): number {
    return Math.min(RETRY_FIRST_MS * 2 ** this.#failures++, RETRY_MAX_MS);
  }

  #key(): string {
    const { namespace, name } = identityOf(this.#pod);
    return `${namespace}/${name}`;
  }

  /** Returns after how many milliseconds to look again though nothing has happened. */
  async #sync(): Promise<number> {
    for (let round = 0; round < ROUNDS_MAX; round++) {
      const record = await this.#observe();
      if (this.#isEnding()) return this.#terminate(record);
      this.#checkDeadline();
      const status = await this.#publish(record);
      if (isTerminal(status.phase)) return this.#complete(record);
      const actions = computePodActions(this.#pod, record, this.#deps.probes);
      if (!actions.createSandbox && actions.kill.length === 0 && actions.start.length === 0) {
        return this.#settled(record);
      }
      const retryMs = await this.#perform(actions, record);
      if (retryMs === undefined) {
        this.#failures = 0;
      } else {
        await this.#publish(await this.#observe());
        return Math.min(retryMs, this.#untilDeadline());
      }
    }
    return RETRY_FIRST_MS;
  }

  #isEnding(): boolean {
    return this.#vanished || this.#pod.metadata?.deletionTimestamp !== undefined;
  }

  async #observe(): Promise<PodRecord> {
    if (this.#unseen) {
      this.#unseen = false;
      return emptyRecord(this.#pod);
    }
    return (await this.#deps.runtime.get(this.uid)) ?? emptyRecord(this.#pod);
  }

  /** Works out the status and asks for it to be written. */
  async #publish(record: PodRecord, over = false): Promise<V1PodStatus> {
    const { clock, runtime, nodeIP, status: writer, probes, rootDir } = this.#deps;
    await readMessages(record, this.#messages, { rootDir, runtime });
    const previous = writer.latest(this.uid);
    const ip = currentSandbox(this.#pod, record)?.ip ?? nodeIP;
    probes.sync(this.#pod, ip, probeTargets(this.#pod, record, previous, runtime.name));
    const status = podStatus(this.#pod, record, {
      now: clock.now(),
      runtimeName: runtime.name,
      hostIP: nodeIP,
      ...(previous ? { previous } : {}),
      waiting: this.#waiting,
      probes,
      messages: this.#messages,
      ...(this.#failed ? { failed: this.#failed } : {}),
      over,
    });
    if (!this.#vanished) writer.set(this.#pod, status);
    return status;
  }

  #checkDeadline(): void {
    if (this.#failed || this.#untilDeadline() > 0) return;
    this.#failed = { reason: 'DeadlineExceeded', message: DEADLINE_MESSAGE };
    podEvent(this.#deps, this.#pod, 'Normal', 'DeadlineExceeded', DEADLINE_MESSAGE);
  }

  #untilDeadline(): number {
    const deadline = deadlineOf(this.#pod, this.#deps.status.latest(this.uid));
    return deadline === undefined ? RESYNC_MS : deadline - this.#deps.clock.now();
  }

  /** Volumes follow their sources; what is no longer of use goes. */
  async #settled(record: PodRecord): Promise<number> {
    this.#failures = 0;
    const ip = currentSandbox(this.#pod, record)?.ip ?? '';
    const volumesMs = (this.#pod.spec?.volumes ?? []).length > 0 ? await this.#refreshVolumes(ip) : RESYNC_MS;
    await this.#collect(record);
    return Math.min(volumesMs, this.#untilDeadline());
  }

  /** Returns when to look after the volumes again. */
  async #refreshVolumes(podIP: string): Promise<number> {
    try {
      await this.#makeVolumes(podIP, RESYNC_MS);
      return RESYNC_MS - (this.#deps.clock.now() - (this.#volumes?.at ?? 0));
    } catch (error) {
      const { log } = this.#deps;
      log.warn({ pod: this.#key(), error: messageOf(error) }, 'kubelet: volumes were not brought up to date');
      return RESYNC_MS;
    }
  }

  /** Makes the volumes or brings them up to date, unless that was done within `maxAgeMs` for the same pod. */
  async #makeVolumes(podIP: string, maxAgeMs: number): Promise<ReadonlyMap<string, string>> {
    const pod = this.#pod;
    const at = this.#deps.clock.now();
    const made = this.#volumes;
    if (made && at - made.at < maxAgeMs && !changesWork(pod, made.pod)) return made.paths;
    const paths = await makeVolumes(pod, this.#deps, podIP);
    this.#volumes = { pod, at, paths };
    return paths;
  }

  async #collect(record: PodRecord): Promise<void> {
    const { containers, sandboxes } = garbageOf(this.#pod, record);
    for (const id of containers) await this.#deps.runtime.removeContainer(id);
    for (const id of sandboxes) await this.#deps.runtime.removeSandbox(id);
  }

  /** Returns when to try again what could not be done; `undefined` when there was progress. */
  async #perform(actions: PodActions, record: PodRecord): Promise<number | undefined> {
    const options = {
      graceSeconds: this.#pod.spec?.terminationGracePeriodSeconds ?? 30,
      podIP: '',
      signal: this.#life.signal,
    };
    if (actions.createSandbox && actions.createSandbox.attempt > 0) {
      podEvent(
        this.#deps,
        this.#pod,
        'Normal',
        'SandboxChanged',
        'Pod sandbox changed, it will be killed and re-created.',
      );
    }
    await Promise.all(actions.kill.map((kill) => killContainer(this.#pod, kill, options, this.#deps)));
    if (actions.kill.length > 0 && !actions.createSandbox) return undefined;
    try {
      const ip = currentSandbox(this.#pod, record)?.ip ?? '';
      const volumes = await this.#makeVolumes(ip, VOLUMES_FRESH_MS);
      if (actions.createSandbox) this.#deps.images.warm(actions.start.map(({ container }) => container));
      const sandbox = await this.#sandbox(actions, record);
      if (!sandbox) return undefined;
      return await this.#start(actions.start, record, sandbox, volumes);
    } catch (error) {
      if (error instanceof StartError) return error.retryMs ?? this.#retryMs();
      throw error;
    }
  }

  async #sandbox({ createSandbox }: PodActions, record: PodRecord): Promise<SandboxRecord | undefined> {
    if (!createSandbox) return currentSandbox(this.#pod, record);
    // Another sandbox of this pod that is up would only hold an address.
    for (const { id, ready } of record.sandboxes) if (ready) await this.#deps.runtime.removeSandbox(id);
    this.#life.signal.throwIfAborted();
    return makeSandbox(this.#pod, createSandbox.attempt, this.#deps, this.#life.signal);
  }

  async #start(
    list: readonly ContainerToStart[],
    record: PodRecord,
    sandbox: SandboxRecord,
    volumes: ReadonlyMap<string, string>,
  ): Promise<number | undefined> {
    let retryMs: number | undefined;
    let started = 0;
    for (const { container } of list) {
      const failure = await this.#startOne(container, record, sandbox, volumes);
      if (failure) retryMs = Math.min(retryMs ?? Number.POSITIVE_INFINITY, failure.retryMs ?? this.#retryMs());
      else started++;
    }
    return started > 0 ? undefined : (retryMs ?? this.#retryMs());
  }

  async #startOne(
    container: V1Container,
    record: PodRecord,
    sandbox: SandboxRecord,
    volumes: ReadonlyMap<string, string>,
  ): Promise<StartError | undefined> {
    const { signal } = this.#life;
    signal.throwIfAborted();
    const old = [
      ...(this.#deps.status.latest(this.uid)?.containerStatuses ?? []),
      ...(this.#deps.status.latest(this.uid)?.initContainerStatuses ?? []),
    ].find(({ name }) => name === container.name);
    const restartCount = nextRestartCount(instancesOf(record, container.name)[0], old);
    try {
      awaitBackoff(this.#pod, container, record, this.#deps);
      await startContainer({ pod: this.#pod, container, sandbox, restartCount, volumes }, this.#deps, signal);
      this.#waiting.delete(container.name);
      return undefined;
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      this.#waiting.set(container.name, { reason: error.reason, message: error.message });
      return error;
    }
  }

  /** The pod has run to its end, or past its deadline: nothing of it runs on, its logs stay until it is deleted. */
  async #complete(record: PodRecord): Promise<number> {
    this.#deps.probes.stopRestarts(this.uid);
    if (!record.containers.some(({ state }) => state === 'running')) return RESYNC_MS;
    await this.#killAll(record, this.#pod.spec?.terminationGracePeriodSeconds ?? 30);
    await this.#publish(await this.#observe());
    return RESYNC_MS;
  }

  async #killAll(record: PodRecord, graceSeconds: number): Promise<void> {
    for (const { id, state } of record.containers) if (state === 'running') this.#stopping.add(id);
    const podIP = currentSandbox(this.#pod, record)?.ip ?? this.#deps.nodeIP;
    try {
      await killPodContainers(this.#pod, record, { graceSeconds, podIP, signal: this.#grace.signal }, this.#deps);
    } finally {
      this.#stopping.clear();
    }
  }

  /** The grace period has become shorter while containers are ending. */
  #hurry(graceSeconds: number): void {
    if (this.#stopping.size === 0) return;
    this.#grace.abort();
    for (const id of this.#stopping) {
      this.#deps.runtime.stopContainer(id, graceSeconds).catch((error: unknown) => {
        this.#deps.log.warn({ pod: this.#key(), error: messageOf(error) }, 'kubelet: container could not be stopped');
      });
    }
  }

  /** The end: containers with their grace, the final status, all that is left, and then the object. */
  async #terminate(record: PodRecord): Promise<number> {
    const { probes, status: writer, images, restarts, runtime, rootDir, tokens } = this.#deps;
    probes.stopRestarts(this.uid);
    let last = record;
    if (record.containers.some(({ state }) => state === 'running')) {
      await this.#publish(record);
      await this.#killAll(record, graceOf(this.#pod));
      last = await this.#observe();
    }
    if (last.containers.some(({ state }) => state === 'running')) return this.#retryMs();
    probes.stop(this.uid);
    await this.#publish(last, true);
    await removePod(last, runtime);
    await rm(podDirectory(rootDir, this.uid), { recursive: true, force: true });
    images.forget(this.uid);
    tokens.forget(this.uid);
    restarts.forget(`${this.uid}_`);
    if (!this.#vanished) {
      await writer.flush(this.uid);
      await this.#deleteObject();
    }
    writer.forget(this.uid);
    this.#ended = true;
    this.#onEnd(this.uid);
    return RESYNC_MS;
  }

  async #deleteObject(): Promise<void> {
    const { namespace, name } = identityOf(this.#pod);
    try {
      await this.#deps.client.pods.delete(name, namespace, {
        gracePeriodSeconds: 0,
        preconditions: { uid: this.uid },
      });
    } catch (error) {
      // Gone already, or another pod has the name now.
      if (!isStatus(error, 'NotFound') && !isStatus(error, 'Conflict')) throw error;
    }
  }
}
