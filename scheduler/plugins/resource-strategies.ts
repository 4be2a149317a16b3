/** How free or full a node should be: the scoring strategies of NodeResourcesFit. All numbers are whole, as in Go. */
import { MAX_NODE_SCORE } from '../framework.ts';
import type { NodeInfo } from '../node-info.ts';
import type { PodInfo } from '../pod-info.ts';

export interface ResourceSpec {
  name: string;
  weight?: number;
}

export interface UtilizationShapePoint {
  /** Percent. */
  utilization: number;
  /** 0 to 10. */
  score: number;
}

export interface ScoringStrategy {
  type?: 'LeastAllocated' | 'MostAllocated' | 'RequestedToCapacityRatio';
  resources?: readonly ResourceSpec[];
  requestedToCapacityRatio?: { shape?: readonly UtilizationShapePoint[] };
}

export const CPU_AND_MEMORY: readonly ResourceSpec[] = [
  { name: 'cpu', weight: 1 },
  { name: 'memory', weight: 1 },
];

/** Scores a node as if the pod were on it. */
export type ResourceScorer = (pod: PodInfo, node: NodeInfo) => number;

/** Amounts of one resource on a node that has it: what is requested, the pod included, and what there is. */
type Share = (requested: number, allocatable: number) => number;

export function resourceScorer({ type, resources, requestedToCapacityRatio }: ScoringStrategy = {}): ResourceScorer {
  const specs = resources?.length ? resources : CPU_AND_MEMORY;
  switch (type) {
    case 'MostAllocated':
      return weightedMean(specs, mostRequested);
    case 'RequestedToCapacityRatio': {
      const shape = brokenLine(requestedToCapacityRatio?.shape ?? []);
      return ratio(specs, shape);
    }
    default:
      return weightedMean(specs, leastRequested);
  }
}

function leastRequested(requested: number, allocatable: number): number {
  return requested > allocatable ? 0 : Math.trunc(((allocatable - requested) * MAX_NODE_SCORE) / allocatable);
}

/** Containers that ask for nothing are counted with a default, so the sum may be over the top. */
function mostRequested(requested: number, allocatable: number): number {
  return Math.trunc((Math.min(requested, allocatable) * MAX_NODE_SCORE) / allocatable);
}

function weightedMean(specs: readonly ResourceSpec[], share: Share): ResourceScorer {
  if (specs === CPU_AND_MEMORY) return cpuAndMemoryMean(share);
  return (pod, node) => {
    let sum = 0;
    let weights = 0;
    for (const { name, weight } of specs) {
      const allocatable = allocatableFor(pod, node, name);
      if (allocatable === 0) continue;
      sum += share(requestedWith(pod, node, name), allocatable) * (weight || 1);
      weights += weight || 1;
    }
    return weights === 0 ? 0 : Math.trunc(sum / weights);
  };
}

/** The same for the default resources, without looking anything up. */
function cpuAndMemoryMean(share: Share): ResourceScorer {
  return ({ nonZero }, { allocatable, nonZeroRequested }) => {
    let sum = 0;
    let count = 0;
    if (allocatable.cpu !== 0) {
      sum += share(nonZeroRequested.cpu + nonZero.cpu, allocatable.cpu);
      count += 1;
    }
    if (allocatable.memory !== 0) {
      sum += share(nonZeroRequested.memory + nonZero.memory, allocatable.memory);
      count += 1;
    }
    return count === 0 ? 0 : Math.trunc(sum / count);
  };
}

function ratio(specs: readonly ResourceSpec[], shape: (utilization: number) => number): ResourceScorer {
  return (pod, node) => {
    let sum = 0;
    let weights = 0;
    for (const { name, weight } of specs) {
      const allocatable = allocatableFor(pod, node, name);
      if (allocatable === 0) continue;
      const requested = requestedWith(pod, node, name);
      const utilization = requested > allocatable ? 100 : Math.trunc((requested * 100) / allocatable);
      const score = shape(utilization);
      if (score <= 0) continue;
      sum += score * (weight || 1);
      weights += weight || 1;
    }
    return weights === 0 ? 0 : Math.round(sum / weights);
  };
}

/** A function through the points, straight between them and level outside; scores are brought from 0..10 to 0..100. */
function brokenLine(points: readonly UtilizationShapePoint[]): (utilization: number) => number {
  const shape = points.map(({ utilization, score }) => ({ utilization, score: score * (MAX_NODE_SCORE / 10) }));
  return (utilization) => {
    for (const [i, point] of shape.entries()) {
      if (utilization > point.utilization) continue;
      const before = shape[i - 1];
      if (!before) return point.score;
      const rise = (point.score - before.score) * (utilization - before.utilization);
      return before.score + Math.trunc(rise / (point.utilization - before.utilization));
    }
    return shape.at(-1)?.score ?? 0;
  };
}

/** 0 when the node lacks the resource, or it is an extended one that the pod does not ask for. */
function allocatableFor(pod: PodInfo, { allocatable }: NodeInfo, resource: string): number {
  if (resource.includes('/') && pod.requests.get(resource) === 0) return 0;
  return allocatable.get(resource);
}

function requestedWith(pod: PodInfo, node: NodeInfo, resource: string): number {
  if (resource === 'cpu' || resource === 'memory') {
    return node.nonZeroRequested.get(resource) + pod.nonZero.get(resource);
  }
  return node.requested.get(resource) + pod.requests.get(resource);
}
