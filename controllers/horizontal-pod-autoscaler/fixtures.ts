/** For tests: pods as an autoscaler sees them. */
import { rfc3339 } from '../../base/clock.ts';
import { FakeClock } from '../../base/fake-clock.ts';
import type { V1Pod } from '../../openapi/generated/types.ts';
import type { PodMetrics } from './pod-groups.ts';

export const NOW = new FakeClock().now();
const MINUTE_MS = 60_000;

export interface PodShape {
  request?: string;
  phase?: string;
  ready?: boolean;
  /** Ages in minutes. */
  started?: number;
  changed?: number;
  going?: boolean;
}

/** A pod that has been running and ready for ten minutes, unless told otherwise. */
export function podOf(name: string, shape: PodShape = {}): V1Pod {
  const { request = '100m', phase = 'Running', ready = true, started = 10, changed = started, going } = shape;
  const ago = (minutes: number) => rfc3339(NOW - minutes * MINUTE_MS);
  const resources = request === '' ? {} : { requests: { cpu: request } };
  return {
    metadata: { name, namespace: 'default', labels: { app: 'web' }, ...(going ? { deletionTimestamp: ago(0) } : {}) },
    spec: { containers: [{ name: 'main', image: 'i', resources }] },
    status: {
      phase,
      startTime: ago(started),
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: ago(changed) }],
    },
  };
}

/** Figures of now, over half a minute: thousandths by pod. */
export function metricsOf(values: Record<string, number>): PodMetrics {
  return new Map(Object.entries(values).map(([name, value]) => [name, { at: NOW, windowMs: MINUTE_MS / 2, value }]));
}

/** `p0` and so on. */
export function podsOf(...shapes: PodShape[]): V1Pod[] {
  return shapes.map((shape, i) => podOf(`p${i}`, shape));
}
