/**
 * The workers of all pods of the node. Nothing is touched before the pods are known from the API and from the runtime;
 * from then on what runs without a pod in the API is ended.
 */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Timer } from '../../base/clock.ts';
import { codeOf, isAbort, messageOf } from '../../base/errors.ts';
import type { Informer } from '../../client/informer.ts';
import type { V1Pod } from '../../openapi/generated/types.ts';
import type { PodRecord } from '../runtime/runtime.ts';
import type { KubeletDeps } from './deps.ts';
import { killContainer, removePod } from './kill.ts';
import { identityOf } from './names.ts';
import { PodWorker } from './pod-worker.ts';
import { podDirectory } from './volumes.ts';

/** Upstream gives what runs without a pod this long. */
const ORPHAN_GRACE_SECONDS = 1;

export class PodWorkers {
  readonly #deps: KubeletDeps;
  readonly #informer: Informer<V1Pod>;
  readonly #relistMs: number;
  readonly #signal: AbortSignal;
  readonly #workers = new Map<string, PodWorker>();
  /** Pods that have ended here and whose object is still there, for example for a finalizer. */
  readonly #ended = new Set<string>();
  readonly #orphans = new Map<string, Promise<void>>();
  /** What the runtime last said of each pod: a relist wakes those that changed. */
  readonly #seen = new Map<string, string>();
  #started = false;
  #relistTimer: Timer | undefined;
  #relisting: Promise<void> | undefined;
  #eventLoop: Promise<void> | undefined;

  constructor(deps: KubeletDeps, informer: Informer<V1Pod>, options: { relistMs: number; signal: AbortSignal }) {
    this.#deps = deps;
    this.#informer = informer;
    this.#relistMs = options.relistMs;
    this.#signal = options.signal;
  }

  /** Resolves once what runs has been matched with the pods there are; rejects when the runtime cannot be asked. */
  async start(): Promise<void> {
    const [records] = await Promise.all([this.#deps.runtime.list(), this.#informer.synced()]);
    if (this.#signal.aborted) return;
    const known = new Set(records.map(({ pod }) => pod.uid));
    this.#started = true;
    this.#informer.addHandler({
      added: (pod) => this.#added(pod, known),
      updated: (pod, old) => this.#updated(pod, old, known),
      deleted: (pod) => this.#deleted(pod),
    });
    this.#reap(records);
    known.clear();
    this.#eventLoop = this.#followEvents();
    this.#scheduleRelist();
    await this.#removeOldDirectories(records);
  }

  /** A probe or the runtime has news of a pod. */
  wake(uid: string): void {
    const worker = this.#workers.get(uid);
    if (worker) worker.wake();
    else if (this.#started && !this.#signal.aborted) this.#relistSoon();
  }

  pods(): V1Pod[] {
    return [...this.#workers.values()].map(({ pod }) => pod);
  }

  find(namespace: string, name: string): V1Pod | undefined {
    const pod = this.#informer.get(`${namespace}/${name}`);
    const uid = pod?.metadata?.uid;
    return uid === undefined ? undefined : (this.#workers.get(uid)?.pod ?? pod);
  }

  /** Lets go of everything; containers stay as they are. */
  async stop(): Promise<void> {
    this.#relistTimer?.cancel();
    await Promise.allSettled([
      ...[...this.#workers.values()].map((worker) => worker.stop()),
      ...this.#orphans.values(),
      this.#relisting,
      this.#eventLoop,
    ]);
  }

  #added(pod: V1Pod, known: ReadonlySet<string>): void {
    const { uid } = identityOf(pod);
    if (this.#signal.aborted || this.#ended.has(uid)) return;
    const worker = new PodWorker(pod, this.#deps, {
      unseen: !known.has(uid) && !this.#orphans.has(uid),
      onEnd: () => this.#onEnd(uid),
    });
    this.#workers.set(uid, worker);
    worker.wake();
  }

  #updated(pod: V1Pod, old: V1Pod, known: ReadonlySet<string>): void {
    const { uid } = identityOf(pod);
    if (identityOf(old).uid !== uid) this.#deleted(old);
    const worker = this.#workers.get(uid);
    if (worker) worker.update(pod);
    else this.#added(pod, known);
  }

  #deleted(pod: V1Pod): void {
    const { uid } = identityOf(pod);
    this.#ended.delete(uid);
    this.#workers.get(uid)?.vanish(pod);
  }

  #onEnd(uid: string): void {
    const pod = this.#workers.get(uid)?.pod;
    this.#workers.delete(uid);
    this.#seen.delete(uid);
    const { namespace, name } = pod ? identityOf(pod) : { namespace: '', name: '' };
    if (this.#informer.get(`${namespace}/${name}`)?.metadata?.uid === uid) this.#ended.add(uid);
  }

  async #followEvents(): Promise<void> {
    const { runtime, clock, log } = this.#deps;
    while (!this.#signal.aborted) {
      try {
        for await (const uid of runtime.events(this.#signal)) this.wake(uid);
      } catch (error) {
        if (isAbort(error, this.#signal)) return;
        log.warn({ error: messageOf(error) }, 'kubelet: events of the runtime broke off, trying again');
      }
      if (this.#signal.aborted) return;
      await clock.sleep(1000, this.#signal).catch(() => undefined);
      this.#relistSoon();
    }
  }

  #scheduleRelist(): void {
    this.#relistTimer?.cancel();
    if (this.#signal.aborted) return;
    this.#relistTimer = this.#deps.clock.after(this.#relistMs, () => this.#relistSoon());
  }

  #relistSoon(): void {
    this.#relisting ??= this.#relist().finally(() => {
      this.#relisting = undefined;
      this.#scheduleRelist();
    });
  }

  /** The safety net: finds what events have not told. */
  async #relist(): Promise<void> {
    try {
      const records = await this.#deps.runtime.list();
      if (this.#signal.aborted) return;
      this.#reap(records);
      const present = new Set<string>();
      for (const record of records) {
        present.add(record.pod.uid);
        this.#compare(record.pod.uid, summary(record));
      }
      for (const uid of this.#seen.keys()) if (!present.has(uid)) this.#compare(uid, '');
    } catch (error) {
      if (isAbort(error, this.#signal)) return;
      this.#deps.log.warn({ error: messageOf(error) }, 'kubelet: the runtime could not be asked for its pods');
    }
  }

  #compare(uid: string, now: string): void {
    const before = this.#seen.get(uid);
    if (!this.#workers.has(uid)) {
      this.#seen.delete(uid);
      return;
    }
    this.#seen.set(uid, now);
    if (before !== undefined && before !== now) this.#workers.get(uid)?.wake();
  }

  /** Ends what runs without a pod. */
  #reap(records: readonly PodRecord[]): void {
    for (const record of records) {
      const { uid } = record.pod;
      if (this.#workers.has(uid) || this.#orphans.has(uid)) continue;
      const work = this.#endOrphan(record).finally(() => this.#orphans.delete(uid));
      this.#orphans.set(uid, work);
    }
  }

  async #endOrphan({ pod: { uid, namespace, name } }: PodRecord): Promise<void> {
    const { log, runtime, rootDir } = this.#deps;
    // The list may be older than the end of a pod that was still known when it was made.
    const record = await runtime.get(uid).catch(() => undefined);
    if (!record || this.#workers.has(uid)) return;
    log.info({ pod: `${namespace}/${name}`, uid }, 'kubelet: ending containers that belong to no pod');
    const pod: V1Pod = { metadata: { uid, namespace, name }, spec: { containers: [] } };
    const options = { graceSeconds: ORPHAN_GRACE_SECONDS, podIP: '', signal: this.#signal };
    try {
      await Promise.all(
        record.containers
          .filter(({ state }) => state === 'running')
          .map((container) =>
            killContainer(
              pod,
              { id: container.id, name: container.name, message: `Stopping container ${container.name}` },
              options,
              this.#deps,
            ),
          ),
      );
      await removePod(record, runtime);
      await rm(podDirectory(rootDir, uid), { recursive: true, force: true });
    } catch (error) {
      log.warn({ pod: `${namespace}/${name}`, error: messageOf(error) }, 'kubelet: orphan could not be ended');
    }
  }

  /** Directories of pods that neither the API nor the runtime knows. */
  async #removeOldDirectories(records: readonly PodRecord[]): Promise<void> {
    const keep = new Set(records.map(({ pod }) => pod.uid));
    try {
      for (const uid of await readdir(join(this.#deps.rootDir, 'pods'))) {
        if (keep.has(uid) || this.#workers.has(uid)) continue;
        await rm(podDirectory(this.#deps.rootDir, uid), { recursive: true, force: true });
      }
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
    }
  }
}

function summary(record: PodRecord): string {
  const containers = record.containers.map(({ id, state }) => `${id}:${state}`);
  const sandboxes = record.sandboxes.map(({ id, ready, ip }) => `${id}:${ready}:${ip ?? ''}`);
  return [...sandboxes, ...containers].sort().join(' ');
}
