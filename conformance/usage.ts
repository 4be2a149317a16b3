/** Pods that use the CPU, and whether anybody measures them. */
import { fetchApi } from './harness.ts';

const SHELL_IMAGE = process.env.CONFORMANCE_IMAGE ?? 'kubets/busybox:1';
/** How often nodes are asked what they use: a minute in some clusters. */
export const MEASURED_MS = 90_000;
export const METRICS = '/apis/metrics.k8s.io/v1beta1';

/** Not every cluster has somebody who serves metrics.k8s.io. */
export const isMeasured = (await fetchApi('GET', METRICS)).status === 200;

/** Counts for a while, rests for a while. */
const BUSY = 'while true; do i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; sleep 0.2; done';
const IDLE = 'sleep 86400';

/** A template whose pods ask for 10m of CPU and, if they are busy, use several times that. */
export function usingTemplate(labels: object, isBusy: boolean) {
  const usage = { 'simulation.kubets.dev/cpu': isBusy ? '150m' : '1m', 'simulation.kubets.dev/memory': '8Mi' };
  return {
    metadata: { labels, annotations: usage },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [
        {
          name: 'main',
          image: SHELL_IMAGE,
          imagePullPolicy: 'IfNotPresent',
          command: ['sh', '-c', isBusy ? BUSY : IDLE],
          resources: { requests: { cpu: '10m' } },
        },
      ],
    },
  };
}
