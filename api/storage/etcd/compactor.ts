/**
 * Makes etcd forget old revisions, the way upstream's servers do, in step with them: of all the servers of an etcd, also
 * real ones, one compacts at a time. Each counts along in a key; whoever advances it first has won the turn, and
 * compacts up to the revision that was current a turn ago.
 */
import type { ITxnRequest, ITxnResponse } from 'etcd3';
import type { Clock } from '../../../base/clock.ts';
import { failureOf } from './failure.ts';
import type { Members } from './members.ts';

export interface CompactorOptions {
  members: Members;
  clock: Clock;
  everyMs: number;
  onWarning(error: unknown, message: string): void;
}

/** Upstream's name for it. */
const KEY = Buffer.from('compact_rev_key');
const EQUAL = 0;
const VERSION = 0;

export class Compactor {
  readonly #options: CompactorOptions;
  readonly #abort = new AbortController();
  readonly #running: Promise<void>;

  constructor(options: CompactorOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock, everyMs, onWarning } = this.#options;
    const { signal } = this.#abort;
    let turn = { number: 0, revision: 0 };
    for (;;) {
      await clock.sleep(everyMs, signal).catch(() => undefined);
      if (signal.aborted) return;
      try {
        turn = await this.#take(turn);
      } catch (error) {
        onWarning(error, 'etcd: history was not compacted, it is tried again');
      }
    }
  }

  /** Takes the turn if nobody has; returns where the count and the revision are then. */
  async #take({ number, revision }: { number: number; revision: number }) {
    const { members } = this.#options;
    const request: ITxnRequest = {
      compare: [{ key: KEY, target: VERSION, result: EQUAL, version: String(number) }],
      success: [{ request_put: { key: KEY, value: Buffer.from(String(revision)) } }],
      failure: [{ request_range: { key: KEY } }],
    };
    const { succeeded, header, responses } = await members.once<ITxnResponse>('txn', request);
    const current = Number(header.revision);
    if (!succeeded) return { number: Number(responses[0]?.response_range.kvs[0]?.version ?? 0), revision: current };
    if (revision > 0) await this.#compact(revision);
    return { number: number + 1, revision: current };
  }

  async #compact(revision: number): Promise<void> {
    try {
      await this.#options.members.call('compact', { revision: String(revision) });
    } catch (error) {
      if (failureOf(error).kind !== 'compacted') throw error;
    }
  }
}
