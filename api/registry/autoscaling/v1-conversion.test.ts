import assert from 'node:assert/strict';
import type {
  V1HorizontalPodAutoscaler,
  V2HorizontalPodAutoscaler,
  V2MetricSpec,
} from '../../../openapi/generated/types.ts';
import type { KubeObject } from '../../../openapi/object.ts';
import { created, declarationOf, errorsOf } from '../test-support.ts';

const KIND = 'HorizontalPodAutoscaler';
const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'x' };
const fresh = (spec: object = {}) =>
  created<V2HorizontalPodAutoscaler>(KIND, {
    metadata: { name: 'a' },
    spec: { scaleTargetRef, maxReplicas: 3, ...spec },
  });
const cpu = { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } };

/** One of each, as v2 has it and as v1's annotation does. */
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
const METRICS_V1 =
  '[{"type":"Pods","pods":{"metricName":"p","targetAverageValue":"1"}},' +
  '{"type":"Object","object":{"target":{"kind":"K","name":"n","apiVersion":"g/v1"},"metricName":"m","targetValue":"3","selector":{"matchLabels":{"a":"b"}}}},' +
  '{"type":"External","external":{"metricName":"e","targetAverageValue":"2500m"}},' +
  '{"type":"Resource","resource":{"name":"memory","targetAverageValue":"100Mi"}},' +
  '{"type":"ContainerResource","containerResource":{"name":"cpu","targetAverageUtilization":7,"container":"c"}}]';
const ANNOTATION = 'autoscaling.alpha.kubernetes.io/';

describe('autoscalers as autoscaling/v1', () => {
  const [v1] = declarationOf(KIND).alsoServed ?? [];
  const shown = (object: KubeObject): V1HorizontalPodAutoscaler => {
    const copy = structuredClone(object);
    v1?.fromStored?.(copy);
    return copy as V1HorizontalPodAutoscaler;
  };
  const read = (object: object): V2HorizontalPodAutoscaler => {
    const copy = structuredClone(object) as KubeObject;
    v1?.toStored?.(copy);
    return copy as V2HorizontalPodAutoscaler;
  };

  it('have a field for the CPU', () => {
    const { metadata, spec, status } = shown(fresh());
    assert.deepEqual(spec, { scaleTargetRef, minReplicas: 1, maxReplicas: 3, targetCPUUtilizationPercentage: 80 });
    assert.deepEqual(status, { currentReplicas: 0, desiredReplicas: 0 });
    assert.equal(metadata?.annotations, undefined);
  });

  it('are served by the version that is not stored', () => {
    assert.equal(v1?.version, 'v1');
    assert.equal(declarationOf(KIND).version, 'v2');
  });

  it('hold other metrics in an annotation, as a real server writes it', () => {
    const { metadata, spec } = shown(fresh({ metrics: [...METRICS, cpu] }));
    assert.deepEqual(metadata?.annotations, { [`${ANNOTATION}metrics`]: METRICS_V1 });
    assert.equal(spec.targetCPUUtilizationPercentage, 80);
  });

  it('hold behavior in an annotation, under the names of upstream’s own type', () => {
    const behavior = { scaleDown: { policies: [{ type: 'Pods', value: 1, periodSeconds: 3 }] } };
    assert.deepEqual(shown(fresh({ behavior })).metadata?.annotations, {
      [`${ANNOTATION}behavior`]:
        '{"ScaleUp":{"StabilizationWindowSeconds":0,"SelectPolicy":"Max","Policies":[{"Type":"Pods","Value":4,"PeriodSeconds":15},{"Type":"Percent","Value":100,"PeriodSeconds":15}],"Tolerance":null},"ScaleDown":{"StabilizationWindowSeconds":null,"SelectPolicy":"Max","Policies":[{"Type":"Pods","Value":1,"PeriodSeconds":3}],"Tolerance":null}}',
    });
  });

  it('lose nothing on the way there and back', () => {
    const behavior = { scaleUp: { stabilizationWindowSeconds: 5, tolerance: '50m' } };
    const stored = fresh({ metrics: [...METRICS, cpu], behavior });
    stored.metadata = { ...stored.metadata, annotations: { x: 'y' } };
    stored.status = {
      currentReplicas: 2,
      desiredReplicas: 3,
      lastScaleTime: '2026-01-01T00:00:00Z',
      currentMetrics: [
        { type: 'Resource', resource: { name: 'cpu', current: { averageValue: '3m', averageUtilization: 7 } } },
        { type: 'Pods', pods: { metric: { name: 'p' }, current: { averageValue: '2' } } },
        {
          type: 'ContainerResource',
          containerResource: { name: 'cpu', container: 'c', current: { averageValue: '1' } },
        },
        {
          type: 'Object',
          object: { describedObject: { kind: 'K', name: 'n' }, metric: { name: 'm' }, current: { value: '4' } },
        },
        { type: 'External', external: { metric: { name: 'e' }, current: { value: '1', averageValue: '5' } } },
      ],
      conditions: [{ type: 'AbleToScale', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z', reason: 'R' }],
    };
    assert.deepEqual(read(shown(stored)), stored);
  });

  it('show the CPU among what was measured', () => {
    const status = {
      desiredReplicas: 1,
      currentMetrics: [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 7 } } }],
    };
    assert.equal(shown({ ...fresh(), status } as KubeObject).status?.currentCPUUtilizationPercentage, 7);
  });

  it('pass over annotations that cannot be read', () => {
    for (const metrics of ['{', '[null]', '[5]', '[{"type":5}]', '[{"object":"x"}]', '[{"pods":{"metricName":{}}}]']) {
      const annotations = {
        [`${ANNOTATION}metrics`]: metrics,
        [`${ANNOTATION}current-metrics`]: metrics,
        [`${ANNOTATION}behavior`]: '[]',
        [`${ANNOTATION}conditions`]: metrics === '{' ? '"text"' : metrics,
      };
      const object = { metadata: { name: 'a', annotations }, spec: { scaleTargetRef, maxReplicas: 1 }, status: {} };
      const { metadata, spec, status } = read(object);
      assert.deepEqual([metadata, spec], [{ name: 'a' }, { scaleTargetRef, maxReplicas: 1 }]);
      assert.deepEqual(status, {});
    }
  });

  it('show what is applied in parts, and not checked yet', () => {
    const parts = [
      {},
      { spec: null },
      { spec: { metrics: [{ type: 'Resource', resource: { name: 'memory' } }, { object: {} }, null] } },
      { status: { currentMetrics: [{ object: {} }, { pods: {} }, { external: null }] } },
    ];
    for (const part of parts) {
      const { spec } = shown({ metadata: { name: 'a' }, ...part } as unknown as KubeObject);
      assert.deepEqual(spec, { scaleTargetRef: { kind: '', name: '' }, maxReplicas: 0 });
    }
  });

  it('are refused with a behavior that has no policies', () => {
    const annotations = { [`${ANNOTATION}behavior`]: '{"ScaleUp":{"StabilizationWindowSeconds":5,"Policies":null}}' };
    const object = read({ metadata: { name: 'a', annotations }, spec: { scaleTargetRef, maxReplicas: 1 } });
    assert.deepEqual(errorsOf(KIND, { ...object }), [
      'spec.behavior.scaleUp.policies: Required value: must specify at least one Policy',
    ]);
  });

  it('look the same in tables', () => {
    const stored = fresh({ metrics: [...METRICS, cpu] });
    const cells = (columns: readonly { value(object: KubeObject, now: number): unknown }[], object: KubeObject) =>
      columns.map(({ value }) => value(object, 0));
    const expected = ['a', 'Deployment/x', '<unknown>/1, <unknown>/3 + 4 more...', '1', 3, 0, '<unknown>'];
    assert.deepEqual(cells(declarationOf(KIND).columns, stored), expected);
    assert.deepEqual(cells(v1?.columns ?? [], shown(stored)), expected);
  });
});
