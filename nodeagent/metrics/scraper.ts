/**
 * What nodes and pods use, as metrics-server finds it out: it asks every kubelet now and then, through the API server's
 * proxy, and holds the last answer. Simulated nodes by the thousand have no kubelet to be asked; their pods declare
 * what they use, so that is read off them when somebody wants to know.
 */
import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { Client } from '../../client/client.ts';
import type { V1Node, V1Pod } from '../../openapi/generated/types.ts';
import type { StatsSummary } from '../kubelet/usage-report.ts';
import { SIMULATOR_LABEL } from '../simulation/node-object.ts';
import { declaredNodeUsage, declaredUsage } from '../simulation/usage.ts';
import { type NodeSample, sampleOf, type Usage } from './summary.ts';

/** Whom the scraper acts as. */
export const METRICS_IDENTITY = 'system:serviceaccount:kube-system:metrics-server';
/** As metrics-server's manifests set `--metric-resolution`. */
const PERIOD_MS = 15_000;
/** When they are asked first: most nodes are there by then. */
const FIRST_MS = 1000;
/** Kubelets asked at a time. */
const PARALLEL = 10;
/** Figures older than so many periods say nothing any more. */
const STALE_PERIODS = 3;
/** What pods declare is so at the moment, however long it is looked at. */
const DECLARED_WINDOW_MS = 1000;

export interface ScraperOptions {
  clock: Clock;
  log: Log;
  /** How often kubelets are asked; 15 s when absent. */
  periodMs?: number;
}

/** Answers from what it last heard; it asks only while it runs. */
export class MetricsScraper {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #periodMs: number;
  #samples = new Map<string, NodeSample>();

  constructor({ clock, log, periodMs = PERIOD_MS }: ScraperOptions) {
    this.#clock = clock;
    this.#log = log;
    this.#periodMs = periodMs;
  }

  /** Asks all kubelets each period until the signal aborts. Never rejects. */
  async run(client: Client, signal: AbortSignal): Promise<void> {
    const pause = (ms: number) => this.#clock.sleep(ms, signal).catch(() => undefined);
    await pause(Math.min(FIRST_MS, this.#periodMs));
    while (!signal.aborted) {
      await this.scrape(client, signal).catch((error: unknown) => {
        if (!signal.aborted) this.#log.warn({ error: messageOf(error) }, 'metrics: the nodes could not be listed');
      });
      await pause(this.#periodMs);
    }
  }

  /** Asks every kubelet once. One that does not answer keeps the figures it had, until they are stale. */
  async scrape(client: Client, signal: AbortSignal): Promise<void> {
    const { items } = await client.nodes.list({ labelSelector: `!${SIMULATOR_LABEL}`, signal });
    const names = items.flatMap(({ metadata }) => metadata?.name ?? []);
    const samples = new Map<string, NodeSample>();
    const pending = names.values();
    const work = async () => {
      for (const name of pending) {
        const sample = await this.#ask(client, name, signal);
        if (sample) samples.set(name, sample);
      }
    };
    await Promise.all(Array.from({ length: Math.min(PARALLEL, names.length) }, work));
    this.#samples = samples;
  }

  node(node: V1Node, pods: () => readonly V1Pod[]): { at: number; windowMs: number; usage: Usage } | undefined {
    if (isSimulated(node)) {
      const { cpuMillis, memoryBytes } = declaredNodeUsage(pods());
      return { ...this.#now(), usage: { cpuNanos: cpuMillis * 1e6, memoryBytes } };
    }
    const sample = this.#fresh(node);
    return sample?.usage && { at: sample.at, windowMs: sample.windowMs, usage: sample.usage };
  }

  pod(pod: V1Pod, node: V1Node) {
    if (isSimulated(node)) return this.#declared(pod);
    const { namespace = '', name = '', uid = '' } = pod.metadata ?? {};
    const sample = this.#fresh(node)?.pods.get(`${namespace}/${name}`);
    return sample?.uid === uid ? sample : undefined;
  }

  #declared(pod: V1Pod) {
    const usage = declaredUsage(pod);
    if (usage.size === 0) return undefined;
    const containers = [...usage].map(([name, { cpuMillis, memoryBytes }]) => ({
      name,
      usage: { cpuNanos: cpuMillis * 1e6, memoryBytes },
    }));
    return { ...this.#now(), containers };
  }

  #now() {
    return { at: this.#clock.now(), windowMs: DECLARED_WINDOW_MS };
  }

  #fresh({ metadata }: V1Node): NodeSample | undefined {
    const sample = this.#samples.get(metadata?.name ?? '');
    return sample && this.#clock.now() - sample.at <= STALE_PERIODS * this.#periodMs ? sample : undefined;
  }

  async #ask(client: Client, name: string, signal: AbortSignal): Promise<NodeSample | undefined> {
    const before = this.#samples.get(name);
    const late = new AbortController();
    const timer = this.#clock.after(this.#periodMs, () => late.abort(new Error('the kubelet does not answer')));
    try {
      const summary = await client.transport.call({
        method: 'GET',
        path: `/api/v1/nodes/${encodeURIComponent(name)}/proxy/stats/summary`,
        signal: AbortSignal.any([signal, late.signal]),
      });
      return sampleOf(summary as StatsSummary, this.#clock.now(), before, this.#periodMs);
    } catch (error) {
      if (!signal.aborted) this.#log.debug({ node: name, error: messageOf(error) }, 'metrics: a kubelet did not tell');
      return before;
    } finally {
      timer.cancel();
    }
  }
}

function isSimulated({ metadata }: V1Node): boolean {
  return metadata?.labels?.[SIMULATOR_LABEL] !== undefined;
}
