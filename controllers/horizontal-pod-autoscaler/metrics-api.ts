/** Asks the metrics APIs for figures. What it throws is worded as upstream's metrics clients do. */
import { messageOf } from '../../base/errors.ts';
import { quantityMillis } from '../../base/quantity.ts';
import type { Client } from '../../client/client.ts';
import type { V2CrossVersionObjectReference } from '../../openapi/generated/types.ts';
import type { KubeObject } from '../../openapi/object.ts';
import { isStatus } from '../../openapi/status.ts';
import type { PodMetric, PodMetrics } from './pod-groups.ts';

const RESOURCE_METRICS = '/apis/metrics.k8s.io/v1beta1';
const CUSTOM_METRICS = 'custom.metrics.k8s.io';
const EXTERNAL_METRICS = '/apis/external.metrics.k8s.io/v1beta1';
/** Of custom metrics that do not say. */
const WINDOW_MS = 60_000;

interface PodMetricsObject extends KubeObject {
  timestamp?: string;
  /** A Go duration. */
  window?: string;
  containers?: { name: string; usage?: Record<string, string> }[];
}

interface MetricValue {
  describedObject?: { name?: string };
  timestamp?: string;
  windowSeconds?: number;
  value?: string;
}

interface List<T> {
  items?: T[];
}

/** How a Go duration is read. */
type ReadDuration = (text: string) => number | undefined;

export class MetricsApi {
  readonly #client: Client;
  readonly #readDuration: ReadDuration;

  constructor(client: Client, readDuration: ReadDuration) {
    this.#client = client;
    this.#readDuration = readDuration;
  }

  /** What pods use of a resource, thousandths; of one container if one is named. */
  async resource(namespace: string, selector: string, resource: string, container = ''): Promise<PodMetrics> {
    const path = `${RESOURCE_METRICS}/namespaces/${namespace}/pods`;
    const items = await this.#items<PodMetricsObject>(
      'resource',
      path,
      { labelSelector: selector },
      'pods.metrics.k8s.io',
    );
    const metrics = new Map<string, PodMetric>();
    for (const pod of items) {
      const { name = '', namespace: within = '' } = pod.metadata ?? {};
      const containers = pod.containers ?? [];
      const chosen = container === '' ? containers : containers.filter((each) => each.name === container);
      if (container !== '' && chosen.length === 0) {
        const why = `container ${container} not present in metrics for pod ${within}/${name}`;
        throw new Error(`failed to get container metrics: ${why}`);
      }
      const values = chosen.map(({ usage }) => usage?.[resource]);
      if (values.length === 0 || values.some((value) => value === undefined)) continue;
      const value = values.reduce<number>((sum, each) => sum + quantityMillis(each), 0);
      metrics.set(name, {
        at: Date.parse(pod.timestamp ?? ''),
        windowMs: this.#readDuration(pod.window ?? '') ?? 0,
        value,
      });
    }
    return metrics;
  }

  /** A metric of pods, thousandths. */
  async pods(namespace: string, selector: string, metric: string, metricSelector: string): Promise<PodMetrics> {
    const path = `${await this.#customApi()}/namespaces/${namespace}/pods/*/${metric}`;
    const query = { labelSelector: selector, metricLabelSelector: metricSelector };
    const items = await this.#items<MetricValue>('custom', path, query, `pods.${CUSTOM_METRICS}`);
    return new Map(
      items.map(({ describedObject, timestamp, windowSeconds, value }) => [
        describedObject?.name ?? '',
        {
          at: Date.parse(timestamp ?? ''),
          windowMs: windowSeconds === undefined ? WINDOW_MS : windowSeconds * 1000,
          value: quantityMillis(value),
        },
      ]),
    );
  }

  /** A metric of one object, thousandths. `resource` is the object's, such as `ingresses.networking.k8s.io`. */
  async object(
    namespace: string,
    object: V2CrossVersionObjectReference,
    resource: string,
    metric: string,
    metricSelector: string,
  ): Promise<number> {
    const isNamespace = object.kind === 'Namespace' && !object.apiVersion?.includes('/');
    const at = isNamespace ? `${namespace}/metrics` : `${namespace}/${resource}/${object.name}`;
    const path = `${await this.#customApi()}/namespaces/${at}/${metric}`;
    const query = { metricLabelSelector: metricSelector };
    const [value, ...more] = await this.#items<MetricValue>('custom', path, query, `${resource}.${CUSTOM_METRICS}`);
    if (more.length > 0) {
      const count = more.length + 1;
      const why = `the custom metrics API server returned ${count} results when we asked for exactly one`;
      throw new Error(`unable to fetch metrics from custom metrics API: ${why}`);
    }
    return quantityMillis(value?.value);
  }

  /** A metric that belongs to no object, thousandths, all of its series together. */
  async external(namespace: string, metric: string, metricSelector: string): Promise<number> {
    const path = `${EXTERNAL_METRICS}/namespaces/${namespace}/${metric}`;
    const query = { labelSelector: metricSelector };
    const items = await this.#items<MetricValue>('external', path, query, `${metric}.external.metrics.k8s.io`);
    return items.reduce((sum, { value }) => sum + quantityMillis(value), 0);
  }

  async #customApi(): Promise<string> {
    const unable = 'unable to fetch metrics from custom metrics API';
    let group: { preferredVersion?: { groupVersion?: string } };
    try {
      group = (await this.#client.transport.call({ method: 'GET', path: `/apis/${CUSTOM_METRICS}` })) as typeof group;
    } catch (error) {
      const why = isStatus(error, 'NotFound')
        ? `no custom metrics API (${CUSTOM_METRICS}) registered`
        : messageOf(error);
      throw new Error(`${unable}: ${why}`);
    }
    return `/apis/${group.preferredVersion?.groupVersion ?? `${CUSTOM_METRICS}/v1beta2`}`;
  }

  async #items<T>(api: string, path: string, query: Record<string, string>, resource: string): Promise<T[]> {
    const present = Object.fromEntries(Object.entries(query).filter(([, value]) => value !== ''));
    let list: List<T>;
    try {
      list = (await this.#client.transport.call({ method: 'GET', path, query: present })) as List<T>;
    } catch (error) {
      throw new Error(`unable to fetch metrics from ${api} metrics API: ${refusal(error, resource)}`);
    }
    if (!list.items?.length) throw new Error(`no metrics returned from ${api} metrics API`);
    return list.items;
  }
}

/** Where a server has no words of its own, clients say what they asked for. */
const WORDLESS = [
  'the server could not find the requested resource',
  'the server is currently unable to handle the request',
];

function refusal(error: unknown, resource: string): string {
  const message = messageOf(error);
  return WORDLESS.includes(message) ? `${message} (get ${resource})` : message;
}
