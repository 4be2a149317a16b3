/**
 * Fields whose wild values would set a cluster to work for real, or reach beyond the playground: pods that are run,
 * webhooks and policies that match others' requests, a class that is everybody's. They keep to these values.
 */
import type { Json } from './json.ts';

const COUNTS: Json[] = [-1, 0, 1, 2, 1.5, 'x', null, '', [], {}, true];
const NOBODY: Json[] = ['conformance-nobody', 'conformance-nobody-else'];

const TAME = new Map<string, readonly Json[]>(
  Object.entries({
    replicas: COUNTS,
    minReplicas: COUNTS,
    maxReplicas: COUNTS,
    parallelism: COUNTS,
    completions: COUNTS,
    schedulerName: NOBODY,
    nodeName: ['fz-node-1', 'fz-node-2', 5, null],
    image: ['example.invalid/main:1', '', 5, 'example.invalid/ma in', ' '],
    suspend: [true, 'x', 1, {}],
    globalDefault: [false, 'x', 0, null],
    apiGroups: [['nothing.example.com'], 'nothing.example.com', 5, {}],
    subjects: [[{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'somebody' }], 'x', 5, {}],
    group: ['fz-1.example.com', 'fz-2.example.com', 5, [], 'Fz'],
    cidrs: [['10.254.0.0/24'], ['10.254.0.0/33'], ['x'], 5, {}, ['10.254.0.0/24', '10.254.1.0/24']],
  }),
);

/** What the field may be; `undefined` where it may be anything. */
export function tameValues(field: string): readonly Json[] | undefined {
  return TAME.get(field);
}
