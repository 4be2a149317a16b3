/** Watches Services and Endpoints and keeps the node's rules in step with them. */
import type { Clock, Timer } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import { type Random, systemRandom } from '../../base/random.ts';
import type { Client } from '../../client/client.ts';
import { Informer } from '../../client/informer.ts';
import type { V1Endpoints, V1Service } from '../../openapi/generated/types.ts';
import type { RuleApplier } from './apply.ts';
import { buildRules, type ProxyRules } from './rules.ts';
import { type ServicePort, servicePorts } from './service-ports.ts';
import { staleFlows } from './stale-flows.ts';

export interface ProxyOptions {
  client: Client;
  clock: Clock;
  random?: Random;
  log: Log;
  /** Ends the proxy as `stop` does. */
  signal: AbortSignal;
  /** Endpoints with this `nodeName` count as local. */
  nodeName: string;
  /** Masquerade all traffic to cluster IPs; done anyway where the kernel would let answers bypass iptables. */
  masqueradeAll?: boolean;
  /** The pods' network, for example `10.244.0.0/16`. */
  clusterCidr?: string;
  /** Answer node ports on 127.0.0.1, too; as told to the applier. */
  localhostNodePorts?: boolean;
  applier: RuleApplier;
}

export interface RunningProxy {
  /** Resolves once the first rules are in the kernel. Never rejects; never resolves when stopped before. */
  synced: Promise<void>;
  /** Stops watching and gives the lock back. The rules stay, so that connections go on; `applier.remove()` removes. */
  stop(): Promise<void>;
}

/** The first change of a burst is applied at once, what follows after at least this long. */
const SYNC_INTERVAL_MS = 100;
const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 30_000;
const VERIFY_MS = 60_000;
const FULL_SYNC_MS = 3_600_000;

/** Starts the proxy. Rejects when another one holds the host's lock. */
export async function startProxy(options: ProxyOptions): Promise<RunningProxy> {
  await options.applier.prepare();
  const proxy = new IptablesProxy(options);
  return { synced: proxy.synced, stop: () => proxy.stop() };
}

class IptablesProxy {
  readonly #options: ProxyOptions;
  readonly #stopping = new AbortController();
  readonly #services: Informer<V1Service>;
  readonly #endpoints: Informer<V1Endpoints>;
  readonly #watching: Promise<unknown>;
  readonly synced: Promise<void>;
  #resolveSynced: () => void = () => undefined;
  readonly #onAbort = () => void this.stop();
  #stopped: Promise<void> | undefined;

  #ready = false;
  /** Something changed since the last sync began. */
  #dirty = false;
  #syncing: Promise<void> | undefined;
  #syncTimer: Timer | undefined;
  #verifyTimer: Timer | undefined;
  #notBefore = 0;
  #retryMs = RETRY_FIRST_MS;
  #lastFullAt = 0;
  /** What is in the kernel. */
  #applied: { rules: ProxyRules; text: string } | undefined;
  /** What flows may exist for: the service ports that were applied last, whatever failed since. */
  #ports: readonly ServicePort[] = [];

  constructor(options: ProxyOptions) {
    this.#options = options;
    this.synced = new Promise((resolve) => {
      this.#resolveSynced = resolve;
    });
    const informerOptions = { clock: options.clock, random: options.random ?? systemRandom, log: options.log };
    this.#services = new Informer(options.client.services, informerOptions);
    this.#endpoints = new Informer(options.client.endpoints, informerOptions);
    const changed = () => this.#changed();
    for (const informer of [this.#services, this.#endpoints]) {
      informer.addHandler({ added: changed, updated: changed, deleted: changed });
    }
    const { signal } = this.#stopping;
    this.#watching = Promise.all([this.#services.run(signal), this.#endpoints.run(signal)]);
    void Promise.all([this.#services.synced(), this.#endpoints.synced()]).then(() => {
      this.#ready = true;
      this.#changed();
    });
    if (options.signal.aborted) this.#onAbort();
    else options.signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#options.signal.removeEventListener('abort', this.#onAbort);
    this.#stopping.abort();
    this.#syncTimer?.cancel();
    this.#verifyTimer?.cancel();
    await this.#syncing;
    await this.#watching;
    this.#options.applier.release();
  }

  #changed(): void {
    this.#dirty = true;
    this.#plan();
  }

  /** Sets the next sync for as soon as it may be, unless one runs or is set already. */
  #plan(): void {
    if (!this.#ready || !this.#dirty || this.#syncing || this.#syncTimer || this.#stopping.signal.aborted) return;
    const wait = Math.max(0, this.#notBefore - this.#options.clock.monotonic());
    this.#syncTimer = this.#options.clock.after(wait, () => {
      this.#syncTimer = undefined;
      this.#syncing = this.#sync().finally(() => {
        this.#syncing = undefined;
        this.#plan();
      });
    });
  }

  async #sync(): Promise<void> {
    const { clock, log } = this.#options;
    this.#dirty = false;
    try {
      await this.#apply();
      this.#retryMs = RETRY_FIRST_MS;
      this.#notBefore = clock.monotonic() + SYNC_INTERVAL_MS;
      this.#resolveSynced();
    } catch (error) {
      log.error({ error: messageOf(error), retryMs: this.#retryMs }, 'proxy: could not write the rules, trying again');
      this.#applied = undefined;
      this.#dirty = true;
      this.#notBefore = clock.monotonic() + this.#retryMs;
      this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MAX_MS);
    }
    this.#watchOver();
  }

  async #apply(): Promise<void> {
    const { applier, clock, nodeName, clusterCidr, localhostNodePorts = true, log } = this.#options;
    const masqueradeAll = this.#options.masqueradeAll === true || !(await applier.bridgeTrafficIsFiltered());
    const ports = servicePorts(this.#services.list(), (key) => this.#endpoints.get(key), nodeName);
    const cidr = clusterCidr === undefined ? {} : { clusterCidr };
    const rules = buildRules(ports, { masqueradeAll, localhostNodePorts, ...cidr });
    const text = JSON.stringify(rules);
    if (this.#applied?.text === text) return;
    const start = clock.monotonic();
    await applier.apply(rules, this.#applied === undefined);
    const stale = staleFlows(this.#ports, ports);
    if (!this.#applied) this.#lastFullAt = clock.monotonic();
    this.#ports = ports;
    this.#applied = { rules, text };
    log.debug({ services: ports.length, ms: clock.monotonic() - start }, 'proxy: rules written');
    if (stale.length > 0) await applier.forgetFlows(stale);
  }

  /** Each minute: are our chains still there? Each hour everything is written anew, whatever they look like. */
  #watchOver(): void {
    if (this.#stopping.signal.aborted) return;
    this.#verifyTimer ??= this.#options.clock.after(VERIFY_MS, () => {
      this.#verifyTimer = undefined;
      void this.#check();
    });
  }

  async #check(): Promise<void> {
    // A sync that runs meanwhile makes the look worthless; the next minute brings another.
    if (!this.#syncing && this.#applied) {
      this.#syncing = this.#verify(this.#applied.rules).finally(() => {
        this.#syncing = undefined;
        this.#plan();
      });
      await this.#syncing;
    }
    this.#watchOver();
  }

  async #verify(rules: ProxyRules): Promise<void> {
    const { applier, clock, log } = this.#options;
    try {
      const due = clock.monotonic() - this.#lastFullAt >= FULL_SYNC_MS;
      const intact = await applier.verify(rules);
      // A look at the settings costs nothing where nothing has changed.
      this.#dirty = true;
      if (intact && !due) return;
      if (!intact) log.warn({}, 'proxy: somebody removed our rules, writing them again');
    } catch (error) {
      log.warn({ error: messageOf(error) }, 'proxy: could not look at the rules');
    }
    this.#applied = undefined;
    this.#dirty = true;
  }
}
