/** How much of the past an embedded engine keeps: bounded in number, in bytes and in age. No effect but its own books. */
import type { Clock } from '../../base/clock.ts';
import type { StorageEvent } from './interface.ts';

export interface HistoryLimits {
  /** Events kept. */
  entries: number;
  /** Bytes of what they replaced, keys counted in. The last commit is kept whatever its size. */
  bytes: number;
  /** Milliseconds. Looked at when something is written; what was there at the start counts from then. */
  ageMs: number;
}

/** Five minutes, as a real server has etcd compacted. */
export const HISTORY_LIMITS: HistoryLimits = { entries: 10_000, bytes: 64 * 1024 ** 2, ageMs: 5 * 60_000 };

/** What one event is on disk beside its key and value, about. */
const RECORD_BYTES = 32;
/** More goes than has to, so that not every commit has something to forget. */
const SLACK = 0.1;

/** What was committed together. */
interface Chunk {
  /** The last one. */
  revision: number;
  bytes: number;
  /** By the monotonic clock. */
  atMs: number;
}

export class Retention {
  readonly #limits: HistoryLimits;
  readonly #clock: Pick<Clock, 'monotonic'>;
  /** Oldest first. */
  #chunks: Chunk[] = [];
  #bytes = 0;

  /** `revision` and `bytes`: of the history there is already. */
  constructor(limits: HistoryLimits, clock: Pick<Clock, 'monotonic'>, revision: number, bytes: number) {
    this.#limits = limits;
    this.#clock = clock;
    if (bytes > 0) this.#push({ revision, bytes, atMs: clock.monotonic() });
  }

  /** Up to where history goes when it is at `revision` with `events`, and gone up to `compacted` already. */
  compactedAfter(events: readonly StorageEvent[], revision: number, compacted: number): number {
    const { entries } = this.#limits;
    const byCount = revision - compacted > entries ? revision - Math.floor(entries * (1 - SLACK)) : 0;
    return Math.max(compacted, byCount, this.#byAge(), this.#byBytes(bytesOf(events)));
  }

  /** Takes note of a commit. */
  committed(events: readonly StorageEvent[], revision: number, compacted: number): void {
    if (events.length > 0) this.#push({ revision, bytes: bytesOf(events), atMs: this.#clock.monotonic() });
    const kept = this.#chunks.findIndex((chunk) => chunk.revision > compacted);
    for (const gone of this.#chunks.splice(0, kept < 0 ? this.#chunks.length : kept)) this.#bytes -= gone.bytes;
  }

  #push(chunk: Chunk): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.bytes;
  }

  #byAge(): number {
    const { ageMs } = this.#limits;
    const now = this.#clock.monotonic();
    const oldest = this.#chunks[0];
    if (!oldest || now - oldest.atMs <= ageMs * (1 + SLACK)) return 0;
    const young = this.#chunks.findIndex((chunk) => now - chunk.atMs <= ageMs);
    return this.#chunks.at(young < 0 ? -1 : young - 1)!.revision;
  }

  #byBytes(added: number): number {
    let kept = this.#bytes + added;
    if (kept <= this.#limits.bytes) return 0;
    let revision = 0;
    for (const chunk of this.#chunks) {
      if (kept <= this.#limits.bytes * (1 - SLACK)) break;
      kept -= chunk.bytes;
      revision = chunk.revision;
    }
    return revision;
  }
}

function bytesOf(events: readonly StorageEvent[]): number {
  let bytes = 0;
  for (const { key, previous } of events) bytes += RECORD_BYTES + key.length + (previous?.value.length ?? 0);
  return bytes;
}
