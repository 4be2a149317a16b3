/**
 * metrics.k8s.io, which upstream's metrics-server adds to an API server: what nodes and pods use. Nothing of it is
 * stored; it is put together of what is measured and of the nodes and pods that there are.
 */
import { rfc3339 } from '../../../base/clock.ts';
import { canonicalQuantity, parseQuantity } from '../../../base/quantity.ts';
import type { V1Node, V1Pod } from '../../../openapi/generated/types.ts';
import type { KubeObject } from '../../../openapi/object.ts';
import { matchesLabels } from '../../../openapi/selectors.ts';
import { type Column, declare, type ResourceDeclaration, type VirtualQuery } from '../declaration.ts';
import type { Measured, MetricsSource, Usage } from './source.ts';

type ResourceList = Record<string, string>;

interface MetricsObject extends KubeObject {
  timestamp: string;
  /** A Go duration, such as `15.2s`. */
  window: string;
}

export interface NodeMetrics extends MetricsObject {
  usage: ResourceList;
}

export interface PodMetrics extends MetricsObject {
  containers: { name: string; usage: ResourceList }[];
}

const GROUP = { group: 'metrics.k8s.io', version: 'v1beta1' } as const;
const API_VERSION = 'metrics.k8s.io/v1beta1';

/** The group, with figures from `source`. */
export function metricsResources(source: MetricsSource): ResourceDeclaration[] {
  return [
    declare<NodeMetrics>({
      ...GROUP,
      kind: 'NodeMetrics',
      plural: 'nodes',
      storagePrefix: 'metrics.k8s.io/nodes',
      singular: '',
      namespaced: false,
      verbs: ['get', 'list'],
      definition: 'io.k8s.metrics.pkg.apis.metrics.v1beta1.NodeMetrics',
      undocumented: true,
      columns: columns<NodeMetrics>(({ usage }) => usage),
      strategy: {},
      virtual: { list: (query) => nodeMetrics(query, source), itemResource: 'nodemetrics' },
    }),
    declare<PodMetrics>({
      ...GROUP,
      kind: 'PodMetrics',
      plural: 'pods',
      storagePrefix: 'metrics.k8s.io/pods',
      singular: '',
      namespaced: true,
      verbs: ['get', 'list'],
      definition: 'io.k8s.metrics.pkg.apis.metrics.v1beta1.PodMetrics',
      undocumented: true,
      columns: columns<PodMetrics>(totalOf),
      strategy: {},
      virtual: { list: (query) => podMetrics(query, source), itemResource: 'podmetrics' },
    }),
  ];
}

function nodeMetrics({ labels, name, stored }: VirtualQuery, source: MetricsSource): NodeMetrics[] {
  let byNode: ReadonlyMap<string, V1Pod[]> | undefined;
  const podsOf = (node: string) => {
    byNode ??= groupByNode(stored('pods', '') as V1Pod[]);
    return byNode.get(node) ?? [];
  };
  return chosen(stored('nodes', '') as V1Node[], labels, name).flatMap((node) => {
    const figures = source.node(node, () => podsOf(node.metadata?.name ?? ''));
    if (!figures) return [];
    return [{ ...headOf('NodeMetrics', node, figures), usage: listOf(figures.usage) }];
  });
}

function groupByNode(pods: readonly V1Pod[]): Map<string, V1Pod[]> {
  const groups = new Map<string, V1Pod[]>();
  for (const pod of pods) {
    const node = pod.spec?.nodeName ?? '';
    const group = groups.get(node);
    if (group) group.push(pod);
    else groups.set(node, [pod]);
  }
  return groups;
}

function podMetrics({ namespace, labels, name, stored }: VirtualQuery, source: MetricsSource): PodMetrics[] {
  const nodes = new Map((stored('nodes', '') as V1Node[]).map((node) => [node.metadata?.name, node]));
  return chosen(stored('pods', namespace) as V1Pod[], labels, name).flatMap((pod) => {
    const node = nodes.get(pod.spec?.nodeName);
    const figures = node && source.pod(pod, node);
    if (!figures) return [];
    const containers = figures.containers.map((each) => ({ name: each.name, usage: listOf(each.usage) }));
    return [{ ...headOf('PodMetrics', pod, figures), containers }];
  });
}

function chosen<T extends KubeObject>(objects: readonly T[], labels: VirtualQuery['labels'], name?: string): T[] {
  return objects.filter(
    ({ metadata }) => (name === undefined || metadata?.name === name) && matchesLabels(labels, metadata?.labels),
  );
}

function headOf(kind: string, { metadata }: KubeObject, { at, windowMs }: Measured): MetricsObject {
  const { name = '', namespace, labels } = metadata ?? {};
  return {
    kind,
    apiVersion: API_VERSION,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      creationTimestamp: rfc3339(at),
      ...(labels === undefined ? {} : { labels }),
    },
    timestamp: rfc3339(at),
    window: durationText(windowMs),
  };
}

function listOf({ cpuNanos, memoryBytes }: Usage): ResourceList {
  return { cpu: cpuText(Math.round(cpuNanos)), memory: memoryText(Math.round(memoryBytes)) };
}

function cpuText(nanos: number): string {
  return canonicalQuantity(`${nanos}n`) ?? '0';
}

function memoryText(bytes: number): string {
  return bytes % 1024 === 0 ? (canonicalQuantity(`${bytes / 1024}Ki`) ?? '0') : `${bytes}`;
}

/** As Go prints a duration. */
function durationText(ms: number): string {
  if (ms < 1000) return ms === 0 ? '0s' : `${ms}ms`;
  const minutes = Math.floor(ms / 60_000);
  const seconds = `${(ms % 60_000) / 1000}s`;
  if (minutes === 0) return seconds;
  return minutes < 60 ? `${minutes}m${seconds}` : `${Math.floor(minutes / 60)}h${minutes % 60}m${seconds}`;
}

/** Of all containers together. */
function totalOf({ containers }: PodMetrics): ResourceList {
  const sum = (of: (usage: ResourceList) => string | undefined) =>
    containers.reduce((total, { usage }) => total + (parseQuantity(of(usage) ?? '0') ?? 0n), 0n);
  return {
    cpu: cpuText(Number(sum(({ cpu }) => cpu))),
    memory: memoryText(Number(sum(({ memory }) => memory) / 1_000_000_000n)),
  };
}

function columns<T extends MetricsObject>(usageOf: (object: T) => ResourceList): Column<T>[] {
  const usage = (name: string): Column<T> => ({
    name,
    type: 'string',
    format: 'quantity',
    priority: 0,
    description: '',
    value: (object) => usageOf(object)[name] ?? '',
  });
  return [
    {
      name: 'Name',
      type: 'string',
      format: 'name',
      priority: 0,
      description: 'Name of the resource',
      value: ({ metadata }) => metadata?.name ?? '',
    },
    usage('cpu'),
    usage('memory'),
    {
      name: 'Window',
      type: 'string',
      format: 'duration',
      priority: 0,
      description: '',
      value: ({ window }) => window,
    },
  ];
}
