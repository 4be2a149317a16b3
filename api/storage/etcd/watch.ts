/**
 * One watch, over as many streams as it takes. Every key of etcd is watched, also those of other prefixes: so each
 * revision shows, and what has been delivered is known exactly, without asking etcd for its progress (which before
 * 3.4.25 could be told ahead of the events).
 */
import type { IEvent, IWatchResponse } from 'etcd3';
import type { Clock, Timer } from '../../../base/clock.ts';
import type { StorageError, StorageEvent, WatchBatch } from '../interface.ts';
import { Pull } from '../pull.ts';
import { compacted, unavailable } from './errors.ts';
import { failureOf } from './failure.ts';
import type { Members, WatchStream } from './members.ts';
import { EVERYTHING } from './names.ts';

export interface WatchOptions {
  members: Members;
  clock: Clock;
  prefix: string;
  /** Events after this revision. */
  after: number;
  signal: AbortSignal;
  /** The event as the consumer gets it; `undefined` for keys that are none of ours. */
  eventOf(event: IEvent): StorageEvent | undefined;
  /** Called once, when the watch is over. */
  onEnd(watch: EtcdWatch): void;
}

/** Events that may wait for the consumer; then etcd is left waiting, which serves it from history. */
const QUEUE_MAX = 5_000;
const BACKOFF_MS_MIN = 50;
const BACKOFF_MS_MAX = 1_000;

export class EtcdWatch {
  readonly pull: Pull<WatchBatch>;
  readonly #options: WatchOptions;
  /** Every event up to here is in the queue or delivered. */
  #position: number;
  #queue: WatchBatch[] = [];
  #queued = 0;
  #fragments: IEvent[] = [];
  #stream: WatchStream | undefined;
  #member = 0;
  #paused = false;
  #backoffMs = BACKOFF_MS_MIN;
  #retry: Timer | undefined;
  #over = false;
  readonly #stopFollowing: () => void;
  readonly #waiting = new Set<{ revision: number; resolve: () => void }>();

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#position = options.after;
    this.#stopFollowing = options.members.onMove(() => this.#leaveMember());
    this.pull = new Pull(
      () => this.#take(),
      options.signal,
      () => this.#end(),
    );
    if (!options.signal.aborted) this.#connect();
  }

  /** Resolves once events up to `revision` have been handed to the consumer, or that is not to be expected soon. */
  reached(revision: number): Promise<void> | undefined {
    if (this.#over || this.#paused || this.#retry || this.#position >= revision) return undefined;
    return new Promise((resolve) => this.#waiting.add({ revision, resolve }));
  }

  #take(): WatchBatch | undefined {
    const queue = this.#queue;
    this.#queue = [];
    this.#queued = 0;
    if (this.#paused) this.#resume();
    if (queue.length <= 1) return queue[0];
    return { events: queue.flatMap((batch) => batch.events), revision: queue.at(-1)!.revision };
  }

  #connect(): void {
    this.#retry = undefined;
    this.#open().catch((error) => this.#broke(this.#stream, error));
  }

  async #open(): Promise<void> {
    this.#member = this.#options.members.current;
    const stream = await this.#options.members.watchStream(this.#member);
    this.#stream = stream;
    stream.on('data', (response) => {
      if (this.#stream === stream) this.#received(response);
    });
    stream.on('error', (error) => this.#broke(stream, error));
    stream.on('end', () => this.#broke(stream, new Error('the stream ended')));
    if (this.#over) {
      stream.cancel();
      return;
    }
    // One earlier than needed: at the very revision of a compaction etcd would not say that deletions may be missing.
    const start = Math.max(this.#position, 1);
    stream.write({ create_request: { ...EVERYTHING, start_revision: start, prev_kv: true, fragment: true } });
  }

  #received(response: IWatchResponse): void {
    if (response.compact_revision !== '0') {
      this.pull.fail(compacted(this.#options.prefix, this.#position, Number(response.compact_revision)));
      return;
    }
    if (response.canceled) {
      this.#canceled(response.cancel_reason);
      return;
    }
    this.#backoffMs = BACKOFF_MS_MIN;
    this.#fragments.push(...response.events);
    if (response.fragment || this.#fragments.length === 0) return;
    const events = this.#fragments;
    this.#fragments = [];
    this.#deliver(events);
  }

  #deliver(received: readonly IEvent[]): void {
    const { prefix, eventOf } = this.#options;
    const revision = Number(received.at(-1)!.kv.mod_revision);
    if (revision <= this.#position) return;
    const events: StorageEvent[] = [];
    for (const each of received) {
      if (Number(each.kv.mod_revision) <= this.#position) continue;
      const event = eventOf(each);
      if (event?.key.startsWith(prefix)) events.push(event);
    }
    this.#position = revision;
    this.#queue.push({ events, revision });
    this.#queued += Math.max(events.length, 1);
    this.pull.wake();
    if (this.#queued > QUEUE_MAX) this.#pause();
    this.#settle((waiter) => waiter.revision <= revision);
  }

  #canceled(reason: string): void {
    const failure = failureOf(new Error(reason));
    if (failure.kind === 'refused') {
      const hint = 'its user must be allowed to read every key';
      this.pull.fail(unavailable(this.#options.prefix, `etcd refuses the watch, ${hint}: ${reason}`));
    } else this.#broke(this.#stream, failure);
  }

  /** The stream is of no use any more: begins another where this one left off. */
  #broke(stream: WatchStream | undefined, error: unknown): void {
    if (this.#over || stream !== this.#stream || this.#retry) return;
    const { members, clock, prefix } = this.#options;
    this.#drop();
    const failure = failureOf(error);
    if (failure.kind === 'refused') {
      this.pull.fail(unavailable(prefix, `etcd refuses the watch: ${failure.message}`));
      return;
    }
    this.#retry = clock.after(this.#backoffMs, () => this.#connect());
    this.#backoffMs = Math.min(this.#backoffMs * 2, BACKOFF_MS_MAX);
    this.#settle(() => true);
    members.failed(this.#member);
  }

  /** Calls go to another member because this one failed; the stream, though silent, may have failed with it. */
  #leaveMember(): void {
    if (this.#stream && this.#options.members.current !== this.#member) {
      this.#broke(this.#stream, new Error('its member has failed'));
    }
  }

  #drop(): void {
    this.#stream?.cancel();
    this.#stream = undefined;
    this.#fragments = [];
    this.#paused = false;
  }

  #pause(): void {
    this.#paused = true;
    (this.#stream as Partial<NodeJS.ReadableStream> | undefined)?.pause?.();
    this.#settle(() => true);
  }

  #resume(): void {
    this.#paused = false;
    (this.#stream as Partial<NodeJS.ReadableStream> | undefined)?.resume?.();
  }

  #settle(which: (waiter: { revision: number }) => boolean): void {
    for (const waiter of [...this.#waiting]) {
      if (!which(waiter)) continue;
      this.#waiting.delete(waiter);
      waiter.resolve();
    }
  }

  #end(): void {
    this.#over = true;
    this.#stopFollowing?.();
    this.#retry?.cancel();
    this.#queue = [];
    this.#drop();
    this.#settle(() => true);
    this.#options.onEnd(this);
  }

  fail(error: StorageError): void {
    this.pull.fail(error);
  }
}
