/** What metrics.k8s.io is fed by: a part that asks kubelets, as metrics-server does. */
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { METRICS_IDENTITY, MetricsScraper } from '../nodeagent/metrics/scraper.ts';
import { type Part, type PartContext, serviceAccountUser } from './parts.ts';

/** The source of figures, which the API server is made with, before there is anybody to be asked. */
export function metricsSource(options: { clock: Clock; log: Log; periodMs?: number | undefined }): MetricsScraper {
  const { clock, log, periodMs } = options;
  return new MetricsScraper({ clock, log, ...(periodMs === undefined ? {} : { periodMs }) });
}

/** Keeps the source up to date. */
export function metricsPart(context: PartContext, source: MetricsScraper): Part {
  const client = context.client(serviceAccountUser(METRICS_IDENTITY));
  const running = source.run(client, context.signal);
  return { name: 'metrics', ready: Promise.resolve('metrics.k8s.io'), stop: () => running };
}
