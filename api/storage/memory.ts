/** An engine that keeps everything in this process's memory and forgets it with the process. */
import type { Backend, Change, Commit, View } from './backend.ts';
import { type EmbeddedOptions, EmbeddedStorage } from './embedded.ts';
import type { KeyValue } from './interface.ts';
import { SortedItems } from './sorted-items.ts';

export class MemoryStorage extends EmbeddedStorage {
  constructor(options: EmbeddedOptions = {}) {
    super(new MemoryBackend(), options);
  }
}

export class MemoryBackend implements Backend, View {
  readonly keyLimit = 4096;
  readonly historyBytes = 0;
  revision = 0;
  compacted = 0;
  readonly #items = new SortedItems<KeyValue>();
  #changes: Change[] = [];

  get(key: string): KeyValue | undefined {
    return this.#items.get(key);
  }

  scan(prefix: string, from: string): Iterable<KeyValue> {
    return this.#items.scan(prefix, from);
  }

  count(prefix: string, from: string): number {
    return this.#items.count(prefix, from);
  }

  *changes(after: number): Generator<Change, void, void> {
    // Revisions have no gaps, so a change's place follows from its revision.
    for (let i = this.#changes.length - 1; i >= after - this.compacted && i >= 0; i--) yield this.#changes[i]!;
  }

  read<T>(use: (view: View) => T): T {
    return use(this);
  }

  /** A turn of the loop: else a writer in this process, whose next write follows at once, would keep sockets waiting. */
  gather(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }

  async commit({ events, revision, compacted }: Commit): Promise<void> {
    for (const { value, ...change } of events) {
      const { key, revision: modRevision } = change;
      if (change.type === 'put') this.#items.set({ key, value, modRevision });
      else this.#items.delete(key);
      this.#changes.push(change);
    }
    if (compacted > this.compacted) this.#changes = this.#changes.slice(compacted - this.compacted);
    this.revision = revision;
    this.compacted = compacted;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
