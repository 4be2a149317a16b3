import assert from 'node:assert/strict';
import { systemClock } from '../../../base/clock.ts';
import { StorageError, type StorageEvent } from '../interface.ts';
import { bytes, collect, collectUntil } from '../suite-support.ts';
import type { EtcdStorage } from './etcd.ts';

/** Writers that create, update and delete until they are told to stop, and a watcher beside them. */
export class Load {
  readonly #storage: EtcdStorage;
  readonly #start: number;
  readonly #acknowledged = new Map<number, string>();
  readonly #seen: StorageEvent[] = [];
  readonly #watching: Promise<StorageEvent[]>;
  readonly #writing: Promise<unknown>;
  #end = Number.POSITIVE_INFINITY;
  #unknown = 0;
  #stopped = false;

  static async on(storage: EtcdStorage): Promise<Load> {
    return new Load(storage, await storage.revision());
  }

  private constructor(storage: EtcdStorage, start: number) {
    this.#storage = storage;
    this.#start = start;
    this.#watching = this.#watch();
    this.#writing = Promise.all(Array.from({ length: 8 }, (_, i) => this.#write(`/registry/load/${i}`)));
  }

  /** Resolves when so many writes have been acknowledged. */
  async grown(count: number): Promise<void> {
    while (this.#acknowledged.size < count) await Promise.race([this.#writing, systemClock.sleep(10)]);
  }

  /** Resolves when so many more have been. */
  grows(count: number): Promise<void> {
    return this.grown(this.#acknowledged.size + count);
  }

  /** Ends the load; fails unless each acknowledged write is in history, and the watch saw history as it is. */
  async check(): Promise<void> {
    this.#stopped = true;
    await this.#writing;
    this.#end = await this.#storage.revision();
    // The watch may be there already, and would not look again.
    await this.#storage.create('/registry/after', bytes(''));
    await this.#watching;
    const history = await collectUntil(this.#storage, '/registry/load/', this.#start, this.#end);
    const told = (events: readonly StorageEvent[]) =>
      events.map(({ revision, type, value }) => `${revision} ${type} ${value}`);
    assert.deepEqual(told(this.#seen), told(history));
    const made = new Map(history.map(({ revision, key, type, value }) => [revision, `${type} ${key} ${value}`]));
    for (const [revision, what] of this.#acknowledged) assert.equal(made.get(revision), what);
    const extra = history.length - this.#acknowledged.size;
    assert.ok(extra <= this.#unknown, `${extra} writes were made that nobody knows of`);
  }

  async #watch(): Promise<StorageEvent[]> {
    const enough = (all: StorageEvent[], { revision }: { revision: number }) => {
      this.#seen.push(...all.slice(this.#seen.length));
      return revision >= this.#end;
    };
    return collect(this.#storage, '/registry/load/', this.#start, enough);
  }

  async #write(key: string): Promise<void> {
    for (let i = 0; !this.#stopped; i++) {
      try {
        const first = await this.#did(`put ${key} ${i}`, this.#storage.create(key, bytes(`${i}`)));
        const second = await this.#did(`put ${key} ${i}+`, this.#storage.update(key, bytes(`${i}+`), first));
        await this.#did(`delete ${key} `, this.#storage.delete(key, second));
      } catch (error) {
        assert.ok(error instanceof StorageError && error.code === 'Timeout', String(error));
        this.#unknown++;
        const { item } = await this.#storage.get(key);
        if (item) await this.#did(`delete ${key} `, this.#storage.delete(key, item.modRevision));
      }
    }
  }

  async #did(what: string, write: Promise<number>): Promise<number> {
    const revision = await write;
    assert.equal(this.#acknowledged.get(revision), undefined, `revision ${revision} is used twice`);
    this.#acknowledged.set(revision, what);
    return revision;
  }
}
