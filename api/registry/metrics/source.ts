/** Where the figures of metrics.k8s.io come from: whoever measures nodes, or knows what is said of them. */
import type { V1Node, V1Pod } from '../../../openapi/generated/types.ts';

export interface Usage {
  /** Billionths of a core. */
  cpuNanos: number;
  memoryBytes: number;
}

/** Figures as of a moment, CPU as the average over the time before it. */
export interface Measured {
  /** Milliseconds since the epoch. */
  at: number;
  windowMs: number;
}

export interface NodeFigures extends Measured {
  usage: Usage;
}

export interface PodFigures extends Measured {
  containers: readonly { name: string; usage: Usage }[];
}

export interface MetricsSource {
  /** Nothing where nobody has measured the node, or not for a good while. `pods` are those on the node. */
  node(node: V1Node, pods: () => readonly V1Pod[]): NodeFigures | undefined;
  /** Nothing where nobody has measured the pod yet, or it does not run. */
  pod(pod: V1Pod, node: V1Node): PodFigures | undefined;
}
