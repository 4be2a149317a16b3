/** Who watches an embedded engine. Each watcher is fed from history until it is up to date, then from the writes. */
import type { View } from './backend.ts';
import { eventsSince } from './history.ts';
import type { StorageEvent, WatchBatch } from './interface.ts';
import { Pull } from './pull.ts';

/** A watcher that has this many events before it is sent back to history, so that it holds no memory. */
const PENDING_LIMIT = 1_000;

type Read = <T>(use: (view: View) => T) => T;

export class WatchHub {
  readonly #read: Read;
  readonly #watchers = new Set<Watcher>();

  constructor(read: Read) {
    this.#read = read;
  }

  /** Watchers that are being served: 0 when everybody has cleaned up. */
  get size(): number {
    return this.#watchers.size;
  }

  watch(prefix: string, after: number, signal: AbortSignal): AsyncIterable<WatchBatch> {
    return {
      [Symbol.asyncIterator]: () => {
        const watcher = new Watcher(this.#read, prefix, after);
        const pull = new Pull(
          () => watcher.take(),
          signal,
          () => this.#watchers.delete(watcher),
        );
        watcher.pull = pull;
        if (!signal.aborted) this.#watchers.add(watcher);
        return pull;
      },
    };
  }

  /** Hands on what was committed. */
  publish(events: readonly StorageEvent[], revision: number): void {
    for (const watcher of this.#watchers) watcher.offer(events, revision);
  }

  /** Ends every watch with `error`. */
  close(error: Error): void {
    for (const watcher of [...this.#watchers]) watcher.pull?.fail(error);
  }
}

class Watcher {
  pull: Pull<WatchBatch> | undefined;
  readonly #read: Read;
  readonly #prefix: string;
  /** Every event up to here has been taken. */
  #delivered: number;
  /** Whether history has to be read before the pending events mean anything. */
  #behind = true;
  #pending: StorageEvent[] = [];
  #revision = 0;

  constructor(read: Read, prefix: string, after: number) {
    this.#read = read;
    this.#prefix = prefix;
    this.#delivered = after;
  }

  offer(events: readonly StorageEvent[], revision: number): void {
    if (!this.#behind) {
      for (const event of events) {
        if (event.revision > this.#delivered && event.key.startsWith(this.#prefix)) this.#pending.push(event);
      }
      this.#revision = revision;
      if (this.#pending.length > PENDING_LIMIT) this.#behind = true;
      if (this.#behind) this.#pending = [];
    }
    this.pull?.wake();
  }

  take(): WatchBatch | undefined {
    if (this.#behind) this.#catchUp();
    if (this.#revision <= this.#delivered) return undefined;
    const batch = { events: this.#pending, revision: this.#revision };
    this.#pending = [];
    this.#delivered = this.#revision;
    return batch;
  }

  #catchUp(): void {
    this.#read((view) => {
      this.#pending = eventsSince(view, this.#prefix, this.#delivered);
      this.#revision = view.revision;
    });
    this.#behind = false;
  }
}
