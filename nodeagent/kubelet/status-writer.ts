/**
 * Writes pod statuses to the API. Writes of one pod follow one another and only the newest status counts; a status the
 * server already has is not written. Conditions that are not the kubelet's are taken from the newest object known, and
 * the write carries its resourceVersion: a write over somebody else's is refused, and tried again on what is there.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../base/clock.ts';
import { isAbort, messageOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { Client } from '../../client/client.ts';
import type { V1Pod, V1PodStatus } from '../../openapi/generated/types.ts';
import { isStatus } from '../../openapi/status.ts';
import { isKubeletCondition } from './conditions.ts';
import { identityOf } from './names.ts';

interface Entry {
  /** The newest object we know of, from the informer or from our own write. */
  base: V1Pod;
  desired?: V1PodStatus;
  /** What `desired` was when the server last took it, and what it made of it. */
  written?: { desired: V1PodStatus; own: V1PodStatus };
  writing?: Promise<void>;
}

/** Keys of a status that belong to other components. */
const FOREIGN = ['nominatedNodeName', 'resourceClaimStatuses', 'extendedResourceClaimStatus'] as const;
const RETRY_FIRST_MS = 100;
const RETRY_MAX_MS = 10_000;

export class StatusWriter {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #signal: AbortSignal;
  readonly #entries = new Map<string, Entry>();

  constructor(options: { client: Client; clock: Clock; log: Log; signal: AbortSignal }) {
    this.#client = options.client;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#signal = options.signal;
  }

  /** The status last asked for, or last seen in the API. */
  latest(uid: string): V1PodStatus | undefined {
    const entry = this.#entries.get(uid);
    return entry?.desired ?? entry?.base.status;
  }

  /** Tells of a newer object; a status somebody else has overwritten is written again. */
  observe(pod: V1Pod): void {
    const uid = pod.metadata?.uid ?? '';
    const entry = this.#entries.get(uid);
    if (!entry) {
      this.#entries.set(uid, { base: pod });
      return;
    }
    if (!isNewer(pod, entry.base)) return;
    entry.base = pod;
    if (entry.written && !isDeepStrictEqual(ownPart(pod.status), entry.written.own)) {
      delete entry.written;
      this.#start(uid, entry);
    }
  }

  /** Asks for `status` to be written, in the background. */
  set(pod: V1Pod, status: V1PodStatus): void {
    const uid = pod.metadata?.uid ?? '';
    this.observe(pod);
    const entry = this.#entries.get(uid);
    if (!entry) return;
    entry.desired = status;
    this.#start(uid, entry);
  }

  /** Resolves once what was asked for has been written or given up. */
  async flush(uid: string): Promise<void> {
    for (;;) {
      const writing = this.#entries.get(uid)?.writing;
      if (!writing) return;
      await writing;
    }
  }

  forget(uid: string): void {
    this.#entries.delete(uid);
  }

  #start(uid: string, entry: Entry): void {
    if (entry.writing || !entry.desired || this.#signal.aborted) return;
    if (entry.written && isDeepStrictEqual(entry.written.desired, entry.desired)) return;
    entry.writing = this.#write(uid, entry).finally(() => {
      delete entry.writing;
    });
  }

  async #write(uid: string, entry: Entry): Promise<void> {
    let retryMs = RETRY_FIRST_MS;
    while (!this.#signal.aborted && this.#entries.get(uid) === entry && entry.desired) {
      const desired = entry.desired;
      if (entry.written && isDeepStrictEqual(entry.written.desired, desired)) return;
      try {
        await this.#put(entry, desired);
        retryMs = RETRY_FIRST_MS;
      } catch (error) {
        if (isStatus(error, 'NotFound') || isAbort(error, this.#signal)) return;
        const { namespace, name } = identityOf(entry.base);
        if (isStatus(error, 'Conflict')) {
          if (!(await this.#refresh(uid, entry))) return;
          continue;
        }
        this.#log.warn({ pod: `${namespace}/${name}`, error: messageOf(error), retryMs }, 'status: write failed');
        await this.#clock.sleep(retryMs, this.#signal).catch(() => undefined);
        retryMs = Math.min(retryMs * 2, RETRY_MAX_MS);
      }
    }
  }

  async #put(entry: Entry, desired: V1PodStatus): Promise<void> {
    const merged = mergeStatus(entry.base.status, desired);
    if (isDeepStrictEqual(merged, entry.base.status)) {
      entry.written = { desired, own: ownPart(entry.base.status) };
      return;
    }
    const answer = await this.#client.pods.updateStatus({ ...entry.base, status: merged });
    entry.written = { desired, own: ownPart(answer.status) };
    if (isNewer(answer, entry.base)) entry.base = answer;
  }

  /** Reads the pod anew. False when it is gone, or another has its name. */
  async #refresh(uid: string, entry: Entry): Promise<boolean> {
    const { namespace, name } = identityOf(entry.base);
    try {
      const pod = await this.#client.pods.get(name, namespace);
      if (pod.metadata?.uid !== uid) return false;
      entry.base = pod;
      return true;
    } catch (error) {
      if (isStatus(error, 'NotFound')) return false;
      this.#log.warn({ pod: `${namespace}/${name}`, error: messageOf(error) }, 'status: read failed');
      await this.#clock.sleep(RETRY_FIRST_MS, this.#signal).catch(() => undefined);
      return true;
    }
  }
}

/** Resource versions of one object can be compared (KEP-5504); what cannot be read counts as newer. */
function isNewer(a: V1Pod, b: V1Pod): boolean {
  const [left, right] = [a.metadata?.resourceVersion ?? '', b.metadata?.resourceVersion ?? ''];
  if (!/^\d+$/.test(left) || !/^\d+$/.test(right)) return left !== right;
  return BigInt(left) > BigInt(right);
}

/** `desired` with everything in `current` that belongs to others. */
export function mergeStatus(current: V1PodStatus | undefined, desired: V1PodStatus): V1PodStatus {
  const foreign = (current?.conditions ?? []).filter(({ type }) => !isKubeletCondition(type));
  const kept = Object.fromEntries(FOREIGN.flatMap((key) => (current?.[key] ? [[key, current[key]]] : [])));
  return { ...kept, ...desired, conditions: [...foreign, ...(desired.conditions ?? [])] };
}

function ownPart(status: V1PodStatus = {}): V1PodStatus {
  const own: V1PodStatus = { ...status };
  for (const key of FOREIGN) delete own[key];
  own.conditions = (status.conditions ?? []).filter(({ type }) => isKubeletCondition(type));
  return own;
}
