/** The members of an etcd: calls go to one of them until it fails, then to the next. */
import type { Metadata } from '@grpc/grpc-js';
import type { IDuplexStream, IWatchRequest, IWatchResponse } from 'etcd3';
import type { ConnectionPool } from 'etcd3/lib/connection-pool.js';
import type { Clock } from '../../../base/clock.ts';
import { EtcdFailure, failureOf } from './failure.ts';

export interface MembersOptions {
  /** URLs, `http:` or `https:` throughout. */
  servers: readonly string[];
  /** PEM. */
  tls?: { ca?: Buffer; cert?: Buffer; key?: Buffer };
  auth?: { username: string; password: string };
  clock: Clock;
  /** How long a call that fails is made again before its failure is told, in ms; 10 s when absent. */
  patienceMs?: number;
}

export type WatchStream = IDuplexStream<IWatchRequest, IWatchResponse>;

/** How long one call may take; etcd itself gives up on a request without a leader after 5 to 7 s. */
const CALL_MS = 5_000;
const PATIENCE_MS = 10_000;
const PAUSE_MS = 100;

const CHANNEL = {
  'grpc.max_receive_message_length': -1,
  'grpc.max_send_message_length': -1,
  // A member that restarts is back within a second, and one that is cut off is to be noticed.
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.min_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1_000,
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 3_000,
  // Clusters in one process must not share, or one's end would be felt by another.
  'grpc.use_local_subchannel_pool': 1,
};

/** What the package would do about failures by itself: repeat writes, for one. None of that. */
const NO_POLICY = {
  onSuccess: () => ({ dispose: () => undefined }),
  onFailure: () => ({ dispose: () => undefined }),
  execute: async <T>(work: (context: { signal: AbortSignal }) => PromiseLike<T> | T): Promise<T> => work(NEVER),
};
const NEVER = { signal: new AbortController().signal };

type Method = 'range' | 'txn' | 'put' | 'compact';

export class Members {
  readonly #pools: readonly ConnectionPool[];
  readonly #clock: Clock;
  readonly #patienceMs: number;
  readonly #moved = new Set<() => void>();
  readonly #abort = new AbortController();
  #current = 0;

  /** Loads the client; connects only with the first call. */
  static async open(options: MembersOptions): Promise<Members> {
    const { ConnectionPool } = await import('etcd3/lib/connection-pool.js');
    const { servers, tls, auth, clock } = options;
    const pools = servers.map(
      (server) =>
        new ConnectionPool({
          hosts: server,
          grpcOptions: CHANNEL,
          // The package's policies have a member that is not in their type, for the compiler only.
          faultHandling: { global: NO_POLICY as never, host: () => NO_POLICY as never },
          ...(auth ? { auth } : {}),
          ...(tls ? { credentials: credentialsOf(tls) } : {}),
        }),
    );
    return new Members(pools, clock, options.patienceMs ?? PATIENCE_MS);
  }

  private constructor(pools: readonly ConnectionPool[], clock: Clock, patienceMs: number) {
    this.#pools = pools;
    this.#clock = clock;
    this.#patienceMs = patienceMs;
  }

  /** Aborts when everything is closed. */
  get closing(): AbortSignal {
    return this.#abort.signal;
  }

  /** One attempt at a call. Throws `EtcdFailure`. */
  async once<T>(method: Method, request: object): Promise<T> {
    const member = this.#current;
    try {
      return await this.#pools[member]!.exec<T>('KV', method, request, { deadline: this.#clock.now() + CALL_MS });
    } catch (error) {
      const failure = failureOf(error);
      if (failure.kind === 'unsent' || failure.kind === 'unknown') this.failed(member);
      throw failure;
    }
  }

  /** A call that may be carried out several times: repeated until it succeeds. Throws `EtcdFailure`. */
  async call<T>(method: Method, request: object): Promise<T> {
    const patience = this.patience();
    for (;;) {
      try {
        return await this.once<T>(method, request);
      } catch (error) {
        const { kind } = failureOf(error);
        if ((kind !== 'unsent' && kind !== 'unknown') || !(await patience())) throw error;
      }
    }
  }

  /** Waits a little at each call, and says whether it is worth another attempt. */
  patience(): () => Promise<boolean> {
    const until = this.#clock.monotonic() + this.#patienceMs;
    return async () => {
      if (this.#clock.monotonic() >= until || this.closing.aborted) return false;
      await this.#clock.sleep(PAUSE_MS, this.closing).catch(() => undefined);
      return !this.closing.aborted;
    };
  }

  /** A stream for watches of one member, which ends when that has no leader. */
  watchStream(member: number): Promise<WatchStream> {
    return this.#pools[member]!.withConnection('Watch', ({ client, metadata }) => {
      const required = metadata.clone();
      required.set('hasleader', 'true');
      return (client as unknown as { watch(metadata: Metadata): WatchStream }).watch(required);
    });
  }

  /** Goes on with the next member, unless somebody has seen to that already. */
  failed(member: number): void {
    if (member !== this.#current || this.#pools.length === 1) return;
    this.#current = (member + 1) % this.#pools.length;
    for (const tell of this.#moved) tell();
  }

  /** The member that calls go to now. */
  get current(): number {
    return this.#current;
  }

  /** Calls `tell` whenever calls go to another member from now on; returns how to stop that. */
  onMove(tell: () => void): () => void {
    this.#moved.add(tell);
    return () => void this.#moved.delete(tell);
  }

  close(): void {
    this.#abort.abort(new EtcdFailure('unsent', 'the store is closed'));
    for (const pool of this.#pools) pool.close();
  }
}

function credentialsOf({ ca, cert, key }: NonNullable<MembersOptions['tls']>) {
  return {
    // Absent means the system's, which the package's type does not know.
    rootCertificate: ca as Buffer,
    ...(key ? { privateKey: key } : {}),
    ...(cert ? { certChain: cert } : {}),
  };
}
