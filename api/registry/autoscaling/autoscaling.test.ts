import assert from 'node:assert/strict';
import type { V2HorizontalPodAutoscaler, V2MetricSpec } from '../../../openapi/generated/types.ts';
import { created, errorsOf, updated } from '../test-support.ts';
import { formatMetrics } from './horizontalpodautoscalers-columns.ts';

const KIND = 'HorizontalPodAutoscaler';
const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'x' };
const fresh = (spec: object = {}) =>
  created<V2HorizontalPodAutoscaler>(KIND, {
    metadata: { name: 'a' },
    spec: { scaleTargetRef, maxReplicas: 3, ...spec },
  });
const cpu = { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } };

describe('autoscalers', () => {
  it('ask for 80 percent of the CPU', () => {
    const { spec, status } = fresh();
    assert.deepEqual([spec.minReplicas, spec.metrics, spec.behavior], [1, [cpu], undefined]);
    assert.deepEqual(status, { currentMetrics: null, desiredReplicas: 0 });
  });

  it('complete a behavior that is given in part', () => {
    const { behavior } = fresh({ behavior: { scaleDown: { selectPolicy: 'Min', tolerance: '0.050' } } }).spec;
    assert.deepEqual(behavior, {
      scaleUp: {
        stabilizationWindowSeconds: 0,
        selectPolicy: 'Max',
        policies: [
          { type: 'Pods', value: 4, periodSeconds: 15 },
          { type: 'Percent', value: 100, periodSeconds: 15 },
        ],
      },
      scaleDown: {
        selectPolicy: 'Min',
        policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
        tolerance: '50m',
      },
    });
  });

  it('keep spec and status apart', () => {
    const change = (object: V2HorizontalPodAutoscaler) => {
      object.spec.maxReplicas = 7;
      object.status = { desiredReplicas: 5 };
    };
    const whole = updated(KIND, fresh(), change).object;
    assert.deepEqual([whole.spec.maxReplicas, whole.status?.desiredReplicas], [7, 0]);
    const part = updated(KIND, fresh(), change, 'status').object;
    assert.deepEqual([part.spec.maxReplicas, part.status?.desiredReplicas], [3, 5]);
    assert.equal(whole.metadata?.generation, undefined);
  });

  it('refuse a status of less than nothing', () => {
    const change = (object: V2HorizontalPodAutoscaler) =>
      Object.assign(object, { status: { desiredReplicas: -1, currentReplicas: -2 } });
    assert.deepEqual(updated(KIND, fresh(), change, 'status').errors, [
      'status.currentReplicas: Invalid value: -2: must be greater than or equal to 0',
      'status.desiredReplicas: Invalid value: -1: must be greater than or equal to 0',
    ]);
  });
});

const metric = (...metrics: object[]) => ({ metrics });
const REFUSED: [what: string, spec: object, errors: string[]][] = [
  ['nothing wrong', {}, []],
  [
    'numbers of replicas',
    { minReplicas: 0, maxReplicas: 0 },
    [
      'spec.minReplicas: Invalid value: 0: must be greater than or equal to 1',
      'spec.maxReplicas: Invalid value: 0: must be greater than 0',
      'spec.metrics: Forbidden: must specify at least one Object or External metric to support scaling to zero replicas',
    ],
  ],
  [
    'a range that is none',
    { minReplicas: 4 },
    ['spec.maxReplicas: Invalid value: 3: must be greater than or equal to `minReplicas`'],
  ],
  [
    'a target that is none',
    { scaleTargetRef: { kind: 'a/b', apiVersion: 'v1' } },
    [
      'spec.scaleTargetRef.kind: Invalid value: "a/b": may not contain \'/\'',
      'spec.scaleTargetRef.name: Required value',
      'spec.scaleTargetRef.apiVersion: Invalid value: "v1": apiVersion must specify API group',
    ],
  ],
  [
    'a version that is none',
    { scaleTargetRef: { kind: 'a', name: 'b', apiVersion: 'a/b/c' } },
    ['spec.scaleTargetRef.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c'],
  ],
  [
    'replication controllers, which have no group',
    { scaleTargetRef: { kind: 'ReplicationController', name: 'b' } },
    [],
  ],
  [
    'a type that does not exist',
    metric({ type: 'Foo' }),
    Array(2).fill(
      'spec.metrics[0].type: Unsupported value: "Foo": supported values: "ContainerResource", "External", "Object", "Pods", "Resource"',
    ),
  ],
  [
    'sources of other types',
    metric({
      type: 'Pods',
      pods: { metric: { name: 'a/b' }, target: { type: 'X' } },
      resource: { name: 'cpu', target: { type: 'Value' } },
    }),
    [
      'spec.metrics[0].pods.metric.name: Invalid value: "a/b": may not contain \'/\'',
      'spec.metrics[0].pods.target.type: Invalid value: "X": must be either Utilization, Value, or AverageValue',
      'spec.metrics[0].pods.target.averageValue: Required value: must specify a positive target averageValue',
      'spec.metrics[0].resource: Forbidden: must populate the given metric source only',
    ],
  ],
  [
    'a type without its source',
    metric({ type: 'Pods' }),
    ['spec.metrics[0].pods: Required value: must populate information for the given metric source'],
  ],
  [
    'resources',
    metric({
      type: 'Resource',
      resource: { name: '', target: { type: 'Utilization', averageUtilization: 0, averageValue: '0' } },
    }),
    [
      'spec.metrics[0].resource.name: Required value: must specify a resource name',
      'spec.metrics[0].resource.target.averageValue: Invalid value: "0": must be positive',
      'spec.metrics[0].resource.target.averageUtilization: Invalid value: 0: must be greater than 0',
      'spec.metrics[0].resource.target.averageValue: Forbidden: may not set both a target raw value and a target utilization',
    ],
  ],
  [
    'resources of containers',
    metric({
      type: 'ContainerResource',
      containerResource: { name: 'cpu', container: '', target: { type: 'Utilization' } },
    }),
    [
      'spec.metrics[0].containerResource.container: Required value: must specify a container',
      'spec.metrics[0].containerResource.target.averageUtilization: Required value: must set either a target raw value or a target utilization',
    ],
  ],
  [
    'metrics from elsewhere',
    metric({
      type: 'External',
      external: { metric: { name: 'e' }, target: { type: 'Value', value: '1', averageValue: '-1' } },
    }),
    [
      'spec.metrics[0].external.target.averageValue: Invalid value: "-1": must be positive',
      'spec.metrics[0].external.target.value: Forbidden: may not set both a target value for metric and a per-pod target',
    ],
  ],
  [
    'metrics of objects',
    metric({
      type: 'Object',
      object: { describedObject: { kind: 'a', name: '' }, metric: { name: '' }, target: { type: '' } },
    }),
    [
      'spec.metrics[0].object.describedObject.name: Required value',
      'spec.metrics[0].object.metric.name: Required value: must specify a metric name',
      'spec.metrics[0].object.target.type: Required value: must specify a metric target type',
      'spec.metrics[0].object.target.type: Invalid value: "": must be either Utilization, Value, or AverageValue',
      'spec.metrics[0].object.target.averageValue: Required value: must set either a target value or averageValue',
    ],
  ],
  [
    'behavior',
    {
      behavior: {
        scaleUp: {
          selectPolicy: 'Foo',
          stabilizationWindowSeconds: 3601,
          tolerance: '-1',
          policies: [{ type: 'Z', value: 0, periodSeconds: 1801 }],
        },
        scaleDown: { stabilizationWindowSeconds: -1, policies: [] },
      },
    },
    [
      'spec.behavior.scaleUp.stabilizationWindowSeconds: Invalid value: 3601: must be less than or equal to 3600',
      'spec.behavior.scaleUp.selectPolicy: Unsupported value: "Foo": supported values: "Disabled", "Max", "Min"',
      'spec.behavior.scaleUp.policies[0].type: Unsupported value: "Z": supported values: "Percent", "Pods"',
      'spec.behavior.scaleUp.policies[0].value: Invalid value: 0: must be greater than zero',
      'spec.behavior.scaleUp.policies[0].periodSeconds: Invalid value: 1801: must be less than or equal to 1800',
      'spec.behavior.scaleUp.tolerance: Invalid value: "-1": must be greater than or equal to 0',
      'spec.behavior.scaleDown.stabilizationWindowSeconds: Invalid value: -1: must be greater than or equal to zero',
      'spec.behavior.scaleDown.policies: Required value: must specify at least one Policy',
    ],
  ],
];

describe('validation of autoscalers', () => {
  for (const [what, spec, errors] of REFUSED) {
    it(`looks at ${what}`, () => {
      const object = { metadata: { name: 'a' }, spec: { scaleTargetRef, maxReplicas: 3, ...spec } };
      assert.deepEqual(errorsOf(KIND, object), errors);
    });
  }
});

/** One of each. */
const METRICS: V2MetricSpec[] = [
  { type: 'Pods', pods: { metric: { name: 'p' }, target: { type: 'AverageValue', averageValue: '1' } } },
  {
    type: 'Object',
    object: {
      describedObject: { kind: 'K', name: 'n', apiVersion: 'g/v1' },
      metric: { name: 'm', selector: { matchLabels: { a: 'b' } } },
      target: { type: 'Value', value: '3' },
    },
  },
  { type: 'External', external: { metric: { name: 'e' }, target: { type: 'AverageValue', averageValue: '2500m' } } },
  { type: 'Resource', resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '100Mi' } } },
  {
    type: 'ContainerResource',
    containerResource: { name: 'cpu', container: 'c', target: { type: 'Utilization', averageUtilization: 7 } },
  },
];

describe('formatMetrics()', () => {
  const [pods, , external, memory, container] = METRICS;
  const current = { averageValue: '9', averageUtilization: 10 };
  const cases: [text: string, metrics: (V2MetricSpec | undefined)[], statuses: object[]][] = [
    ['<none>', [], []],
    ['cpu: <unknown>/80%', [cpu], []],
    ['cpu: 10%/80%', [cpu], [{ resource: { current } }]],
    ['memory: 9/100Mi', [memory], [{ resource: { current } }]],
    ['cpu: 10%/7%, 9/1', [container, pods], [{ containerResource: { current } }, { pods: { current } }]],
    ['<unknown>/2500m (avg)', [external], []],
    ['<unknown type>', [{ type: 'Foo' }], []],
  ];
  for (const [text, metrics, statuses] of cases) {
    it(`writes ${text}`, () => {
      assert.equal(formatMetrics(metrics as V2MetricSpec[], statuses as Parameters<typeof formatMetrics>[1]), text);
    });
  }
});
