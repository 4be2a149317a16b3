/**
 * Looks up what was written to keys, for writes whose answers got lost. When that happens it happens to many at once,
 * and they must not make it worse: all who wait are answered from one reading of the events.
 */
import { messageOf } from '../../../base/errors.ts';
import type { StorageEvent, WatchBatch } from '../interface.ts';
import { unavailable } from './errors.ts';

interface Question {
  key: string;
  after: number;
  until: number;
  resolve(events: StorageEvent[]): void;
  reject(error: unknown): void;
}

export class History {
  readonly #read: (after: number) => AsyncIterable<WatchBatch>;
  #questions: Question[] = [];
  #reading = false;

  /** `read` gives all events after a revision until nobody wants any more, or it has taken too long. */
  constructor(read: (after: number) => AsyncIterable<WatchBatch>) {
    this.#read = read;
  }

  /** The events of one key after one revision and up to another. Rejects when they cannot be had. */
  of(key: string, after: number, until: number): Promise<StorageEvent[]> {
    return new Promise((resolve, reject) => {
      this.#questions.push({ key, after, until, resolve, reject });
      if (!this.#reading) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#reading = true;
    while (this.#questions.length > 0) {
      const questions = this.#questions;
      this.#questions = [];
      try {
        const events = await this.#events(questions);
        for (const { key, after, until, resolve } of questions) {
          resolve((events.get(key) ?? []).filter(({ revision }) => revision > after && revision <= until));
        }
      } catch (error) {
        for (const { key, reject } of questions) reject(unavailable(key, messageOf(error), error));
      }
    }
    this.#reading = false;
  }

  async #events(questions: readonly Question[]): Promise<Map<string, StorageEvent[]>> {
    const events = new Map<string, StorageEvent[]>(questions.map(({ key }) => [key, []]));
    const until = Math.max(...questions.map((question) => question.until));
    for await (const batch of this.#read(Math.min(...questions.map(({ after }) => after)))) {
      for (const event of batch.events) events.get(event.key)?.push(event);
      if (batch.revision >= until) return events;
    }
    throw new Error(`etcd does not show what was written up to revision ${until}`);
  }
}
