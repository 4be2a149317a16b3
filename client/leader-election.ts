/**
 * Of several processes one works: the one that holds a Lease and renews it, as client-go does it, so that ours and
 * upstream's may stand for the same Lease. Nobody's clock is compared with another's: how long a Lease has not changed
 * is measured here.
 */
import { type Clock, rfc3339Micro } from '../base/clock.ts';
import { isAbort, messageOf } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { V1Lease, V1LeaseSpec } from '../openapi/generated/types.ts';
import { isStatus } from '../openapi/status.ts';
import type { Client } from './client.ts';
import type { EventRecorder } from './events.ts';

export interface LeaderElectionOptions {
  client: Client;
  clock: Clock;
  random: Random;
  log: Log;
  /** Ends it: the Lease is given back, so that another need not wait for it to run out. */
  signal: AbortSignal;
  /** Name of the Lease. */
  name: string;
  /** Default `kube-system`. */
  namespace?: string;
  /** Tells this process from the others: upstream's is the host's name, an underscore and a uuid. */
  identity: string;
  /** How long others leave a Lease alone that is not renewed. Upstream's default: 15 s. */
  leaseDurationMs?: number;
  /** After so long without a renewal the leader stops, well before the others may begin. Upstream's default: 10 s. */
  renewDeadlineMs?: number;
  /** Time between tries. Upstream's default: 2 s. */
  retryPeriodMs?: number;
  recorder?: EventRecorder;
  /** The work. `leading` aborts when somebody else may begin; must then resolve before long. */
  lead(leading: AbortSignal): Promise<void>;
}

/** Upstream's: candidates that failed together do not try again together. */
const JITTER = 1.2;

/** Why `leading` aborts when the Lease could not be renewed. */
export const LEASE_LOST = new DOMException('the lease is lost', 'AbortError');

/**
 * Waits for the Lease, works while it is held, and resolves once that is over: `lost` when it could not be kept, after
 * which upstream's components end their process, or `stopped`. Rejects with what the work failed with.
 */
export async function runAsLeader(options: LeaderElectionOptions): Promise<'lost' | 'stopped'> {
  const candidate = new Candidate(options);
  if (!(await candidate.acquired())) return 'stopped';
  const leading = new AbortController();
  const failures: unknown[] = [];
  const work = options.lead(leading.signal).catch((error: unknown) => {
    if (!leading.signal.aborted || !isAbort(error)) failures.push(error);
    // Work that has failed is done by nobody; somebody else had better try.
    leading.abort(error);
  });
  const outcome = await candidate.kept(leading.signal);
  leading.abort(outcome === 'lost' ? LEASE_LOST : options.signal.reason);
  await work;
  if (outcome === 'stopped') await candidate.release();
  if (failures.length > 0) throw failures[0];
  return outcome;
}

class Candidate {
  readonly #options: LeaderElectionOptions;
  readonly #namespace: string;
  readonly #leaseDurationMs: number;
  readonly #retryPeriodMs: number;
  /** The Lease as it was last seen, and when it was first seen so, by the monotonic clock. */
  #seen: { lease: V1Lease; atMs: number } | undefined;
  #leader = '';
  /** Ours may be behind, and is to be read again. */
  #isStale = false;

  constructor(options: LeaderElectionOptions) {
    this.#options = options;
    this.#namespace = options.namespace ?? 'kube-system';
    this.#leaseDurationMs = options.leaseDurationMs ?? 15_000;
    this.#retryPeriodMs = options.retryPeriodMs ?? 2_000;
  }

  /** Resolves when the Lease is ours; with `false` when it is over before. */
  async acquired(): Promise<boolean> {
    const { signal, log, name, identity } = this.#options;
    log.info({ lease: name, identity }, 'leader election: waiting for the lease');
    while (!signal.aborted) {
      if (await this.#tried()) {
        log.info({ lease: name, identity }, 'leader election: leading');
        this.#tell('became leader');
        return true;
      }
      await this.#pause();
    }
    return false;
  }

  /** Renews the Lease; resolves when that is over, also because `leading` has aborted for reasons of its own. */
  async kept(leading: AbortSignal): Promise<'lost' | 'stopped'> {
    const { signal, clock, log, name, identity, renewDeadlineMs = 10_000 } = this.#options;
    let renewedMs = clock.monotonic();
    while (!signal.aborted && !leading.aborted) {
      await this.#pause();
      if (signal.aborted) break;
      const leftMs = renewDeadlineMs - (clock.monotonic() - renewedMs);
      if (await this.#within(leftMs, this.#tried())) renewedMs = clock.monotonic();
      else if (clock.monotonic() - renewedMs >= renewDeadlineMs || this.#isAnothers()) {
        log.error({ lease: name, identity, leader: this.#leader }, 'leader election: the lease is lost');
        this.#tell('stopped leading');
        return 'lost';
      }
    }
    return 'stopped';
  }

  /** Gives the Lease back, so that the next try of another gets it. */
  async release(): Promise<void> {
    const { client, clock, log, name } = this.#options;
    const { lease } = this.#seen ?? {};
    if (!lease || !this.#isOurs(lease)) return;
    const now = rfc3339Micro(clock.now());
    const spec = { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: now, acquireTime: now };
    try {
      await client.leases.update({ ...lease, spec });
    } catch (error) {
      log.warn({ lease: name, error: messageOf(error) }, 'leader election: the lease was not given back');
    }
  }

  async #pause(): Promise<void> {
    const { clock, random, signal } = this.#options;
    const ms = this.#retryPeriodMs * (1 + random.next() * (JITTER - 1));
    await clock.sleep(ms, signal).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }

  /** What `tried` resolves to, `false` when that takes longer: a server that does not answer keeps no Lease. */
  #within(ms: number, tried: Promise<boolean>): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const timer = this.#options.clock.after(Math.max(0, ms), () => resolve(false));
      tried.then(resolve, reject).finally(() => timer.cancel());
    });
  }

  /** One try to get or to renew it. What the server says against it is another's luck, or counts as none. */
  async #tried(): Promise<boolean> {
    const { log, name, signal } = this.#options;
    try {
      return await this.#try();
    } catch (error) {
      if (!signal.aborted && !isStatus(error, 'Conflict') && !isStatus(error, 'AlreadyExists'))
        log.warn({ lease: name, error: messageOf(error) }, 'leader election: no answer on the lease');
      this.#isStale = true;
      return false;
    }
  }

  async #try(): Promise<boolean> {
    const { client, clock, name } = this.#options;
    const known = this.#seen?.lease;
    const lease = known && !this.#isStale && this.#isOurs(known) ? known : await this.#read();
    this.#isStale = false;
    if (!lease) {
      const metadata = { name, namespace: this.#namespace };
      this.#see(await client.leases.create({ metadata, spec: this.#spec(undefined) }));
      return true;
    }
    this.#see(lease);
    const seen = this.#seen;
    const isHeld = (lease.spec?.holderIdentity ?? '') !== '' && !this.#isOurs(lease);
    const durationMs = (lease.spec?.leaseDurationSeconds ?? this.#leaseDurationMs / 1000) * 1000;
    if (isHeld && seen && clock.monotonic() - seen.atMs < durationMs) return false;
    this.#see(await client.leases.update({ ...lease, spec: this.#spec(lease) }));
    return true;
  }

  async #read(): Promise<V1Lease | undefined> {
    try {
      return await this.#options.client.leases.get(this.#options.name, this.#namespace);
    } catch (error) {
      if (isStatus(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  #see(lease: V1Lease): void {
    const known = this.#seen?.lease.metadata?.resourceVersion;
    if (known === undefined || known !== lease.metadata?.resourceVersion) {
      this.#seen = { lease, atMs: this.#options.clock.monotonic() };
    }
    this.#leader = lease.spec?.holderIdentity ?? '';
  }

  #isOurs(lease: V1Lease): boolean {
    return lease.spec?.holderIdentity === this.#options.identity;
  }

  #isAnothers(): boolean {
    return this.#leader !== '' && this.#leader !== this.#options.identity;
  }

  #spec(before: V1Lease | undefined): V1LeaseSpec {
    const now = rfc3339Micro(this.#options.clock.now());
    const isRenewal = before !== undefined && this.#isOurs(before);
    const { acquireTime, leaseTransitions = 0 } = before?.spec ?? {};
    const spec: V1LeaseSpec = {
      ...before?.spec,
      holderIdentity: this.#options.identity,
      leaseDurationSeconds: Math.ceil(this.#leaseDurationMs / 1000),
      acquireTime: isRenewal ? (acquireTime ?? now) : now,
      renewTime: now,
      leaseTransitions: before === undefined || isRenewal ? leaseTransitions : leaseTransitions + 1,
    };
    return spec;
  }

  #tell(what: string): void {
    const { recorder, name, identity } = this.#options;
    const lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name, namespace: this.#namespace },
    };
    recorder?.event(lease, 'Normal', 'LeaderElection', `${identity} ${what}`);
  }
}
