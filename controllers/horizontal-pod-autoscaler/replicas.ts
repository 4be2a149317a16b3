/** How many replicas a metric asks for: upstream's replica calculator. Pure; what it throws are upstream's messages. */
import type { V1Pod } from '../../openapi/generated/types.ts';
import { isReady } from '../runtime/pods.ts';
import { groupPods, isGone, type PodMetrics, type ReadinessOptions, requestsOf } from './pod-groups.ts';

/** How far from 1 a ratio of usage to target may be that changes nothing. */
export interface Tolerances {
  up: number;
  down: number;
}

export interface CalculatorInput {
  /** As the target's spec has it. */
  current: number;
  /** All that the target's selector selects. */
  pods: readonly V1Pod[];
  tolerances: Tolerances;
  options: ReadinessOptions;
  nowMs: number;
}

export interface Proposal {
  replicas: number;
  /** Percent of what pods ask for. */
  utilization?: number;
  /** Thousandths: the average of a pod, or the figure itself where that was asked for. */
  usage: number;
}

const INT32_MAX = 2 ** 31 - 1;

interface Ratio {
  ratio: number;
  utilization?: number;
  usage: number;
}

/** So that the average utilization of what pods ask for becomes `target` percent. */
export function replicasForUtilization(
  input: CalculatorInput & { metrics: PodMetrics; target: number; resource: string; container?: string },
): Proposal {
  const { target, resource, container } = input;
  let requests = new Map<string, number>();
  const fallback = Math.max(100, target);
  return replicasForPods(input, resource === 'cpu', {
    prepare: () => {
      requests = requestsOf(input.pods, resource, container);
    },
    ratioOf: (values) => utilizationRatio(values, requests, target),
    whenMissing: (name) => Math.trunc(((requests.get(name) ?? 0) * fallback) / 100),
  });
}

/** So that a pod's average becomes `target` thousandths. */
export function replicasForAverage(
  input: CalculatorInput & { metrics: PodMetrics; target: number; resource?: string },
): Proposal {
  const { target, resource } = input;
  return replicasForPods(input, resource === 'cpu', {
    prepare: () => undefined,
    ratioOf: (values) => {
      const usage = Math.trunc(sum(values.values()) / values.size);
      return { ratio: usage / target, usage };
    },
    whenMissing: () => target,
  });
}

function utilizationRatio(values: ReadonlyMap<string, number>, requests: ReadonlyMap<string, number>, target: number) {
  const known = [...values].filter(([name]) => requests.has(name));
  const requested = sum(known.map(([name]) => requests.get(name) ?? 0));
  if (requested === 0) throw new Error('no metrics returned matched known pods');
  const used = sum(known.map(([, value]) => value));
  const utilization = Math.trunc((used * 100) / requested);
  return { ratio: utilization / target, utilization, usage: Math.trunc(used / known.length) };
}

interface Measure {
  /** Called once it is clear that anything was measured. */
  prepare(): void;
  ratioOf(values: ReadonlyMap<string, number>): Ratio;
  /** What a pod without figures is taken to use when others would have fewer replicas. */
  whenMissing(pod: string): number;
}

/**
 * Pods without figures, or not to be judged yet, are taken to use what makes the change smaller, and never turn its
 * direction round.
 */
function replicasForPods(
  input: CalculatorInput & { metrics: PodMetrics },
  isCpu: boolean,
  { prepare, ratioOf, whenMissing }: Measure,
): Proposal {
  const { current, pods, tolerances, metrics, options, nowMs } = input;
  if (pods.length === 0) throw new Error('no pods returned by selector while calculating replica count');
  const { ready, unready, missing } = groupPods(pods, metrics, isCpu, options, nowMs);
  const values = new Map([...metrics].map(([name, { value }]) => [name, value]));
  for (const pod of pods) if (isGone(pod)) values.delete(pod.metadata?.name ?? '');
  for (const name of unready) values.delete(name);
  if (values.size === 0) throw new Error('did not receive metrics for targeted pods (pods might be unready)');
  prepare();
  const { ratio, ...figures } = ratioOf(values);
  const growsWithUnready = unready.length > 0 && ratio > 1;
  if (!growsWithUnready && missing.length === 0) {
    return { replicas: isWithin(tolerances, ratio) ? current : int32(Math.ceil(ratio * ready)), ...figures };
  }
  if (ratio < 1) for (const name of missing) values.set(name, whenMissing(name));
  if (ratio > 1) for (const name of missing) values.set(name, 0);
  if (growsWithUnready) for (const name of unready) values.set(name, 0);
  return { replicas: rebalanced(ratio, ratioOf(values).ratio, values.size, current, tolerances), ...figures };
}

function rebalanced(before: number, ratio: number, count: number, current: number, tolerances: Tolerances): number {
  const turned = (before < 1 && ratio > 1) || (before > 1 && ratio < 1);
  if (turned || isWithin(tolerances, ratio)) return current;
  const replicas = int32(Math.ceil(ratio * count));
  return (ratio < 1 && replicas > current) || (ratio > 1 && replicas < current) ? current : replicas;
}

/** So that `usage` thousandths, which more replicas make smaller, become `target`. */
export function replicasForValue(input: CalculatorInput & { usage: number; target: number }): Proposal {
  const { current, pods, tolerances, usage, target } = input;
  const ratio = usage / target;
  if (current === 0) return { replicas: int32(Math.ceil(ratio)), usage };
  if (isWithin(tolerances, ratio)) return { replicas: current, usage };
  if (pods.length === 0) {
    throw new Error('unable to calculate ready pods: no pods returned by selector while calculating replica count');
  }
  const ready = pods.filter((pod) => pod.status?.phase === 'Running' && isReady(pod)).length;
  return { replicas: int32(Math.ceil(ratio * ready)), usage };
}

/** So that `usage` thousandths, divided among the replicas, become `target` each. */
export function replicasForShare(input: {
  /** As the target's status has it. */
  replicas: number;
  tolerances: Tolerances;
  usage: number;
  target: number;
}): Proposal {
  const { replicas, tolerances, usage, target } = input;
  const wanted = isWithin(tolerances, usage / (target * replicas)) ? replicas : int32(Math.ceil(usage / target));
  return { replicas: wanted, usage: replicas === 0 ? usage : Math.ceil(usage / replicas) };
}

function isWithin({ up, down }: Tolerances, ratio: number): boolean {
  return 1 - down <= ratio && ratio <= 1 + up;
}

function int32(count: number): number {
  return Math.min(count, INT32_MAX);
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
