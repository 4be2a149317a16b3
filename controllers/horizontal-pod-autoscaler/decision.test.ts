import assert from 'node:assert/strict';
import { rfc3339 } from '../../base/clock.ts';
import type { V1Scale, V2HorizontalPodAutoscaler, V2MetricSpec } from '../../openapi/generated/types.ts';
import { newHistory } from './behavior.ts';
import { DEFAULT_SETTINGS, type Decision, desiredReplicas, wantsMetrics } from './decision.ts';
import { metricsOf, NOW, podsOf } from './fixtures.ts';
import type { Reading } from './metric-specs.ts';

const CPU: V2MetricSpec = {
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } },
};
const QPS: V2MetricSpec = {
  type: 'External',
  external: { metric: { name: 'qps', selector: { matchLabels: { a: 'b' } } }, target: { type: 'Value', value: '10' } },
};

function autoscaler(spec: Partial<V2HorizontalPodAutoscaler['spec']> = {}): V2HorizontalPodAutoscaler {
  const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
  return {
    metadata: { name: 'web', namespace: 'default' },
    spec: { scaleTargetRef, minReplicas: 1, maxReplicas: 10, metrics: [CPU], ...spec },
  };
}

function scale(replicas: number): V1Scale {
  return { spec: { replicas }, status: { replicas, selector: 'app=web' } };
}

function decide(owner: V2HorizontalPodAutoscaler, replicas: number, readings: Reading[]): Decision {
  const pods = podsOf(...Array.from({ length: replicas }, () => ({})));
  const history = newHistory(replicas, NOW - 600_000);
  return desiredReplicas({
    autoscaler: owner,
    scale: scale(replicas),
    readings,
    pods,
    history,
    conditions: [],
    settings: DEFAULT_SETTINGS,
    nowMs: NOW,
  });
}

const told = ({ conditions }: Decision) => conditions.map(({ type, status, reason }) => `${type}=${status} ${reason}`);

describe('desiredReplicas', () => {
  it('follows its metric, and says so', () => {
    const decision = decide(autoscaler(), 2, [{ pods: metricsOf({ p0: 90, p1: 110 }) }]);
    assert.equal(decision.replicas, 4);
    assert.equal(decision.rescale, 'cpu resource utilization (percentage of request) above target');
    assert.deepEqual(decision.metrics, [
      { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 100, averageValue: '100m' } } },
    ]);
    assert.deepEqual(told(decision), [
      'ScalingActive=True ValidMetricFound',
      'AbleToScale=True ReadyForNewScale',
      'ScalingLimited=False DesiredWithinRange',
    ]);
    assert.equal(
      decision.conditions[0]?.message,
      'the HPA was able to successfully calculate a replica count from cpu resource utilization (percentage of request)',
    );
    assert.deepEqual(decision.warnings, []);
  });

  it('follows the metric that asks for most', () => {
    const decision = decide(autoscaler({ metrics: [CPU, QPS] }), 2, [
      { pods: metricsOf({ p0: 10, p1: 10 }) },
      { value: 15_000 },
    ]);
    assert.equal(decision.replicas, 3);
    const name =
      'external metric qps(&LabelSelector{MatchLabels:map[string]string{a: b,},MatchExpressions:[]LabelSelectorRequirement{},})';
    assert.equal(decision.rescale, `${name} above target`);
  });

  it('shrinks when all are below target', () => {
    const decision = decide(autoscaler(), 4, [{ pods: metricsOf({ p0: 10, p1: 10, p2: 10, p3: 10 }) }]);
    assert.equal(decision.replicas, 1);
    assert.equal(decision.rescale, 'All metrics below target');
  });

  it('changes nothing at the target', () => {
    const decision = decide(autoscaler(), 2, [{ pods: metricsOf({ p0: 50, p1: 50 }) }]);
    assert.deepEqual([decision.replicas, decision.rescale], [2, undefined]);
  });

  it('grows by what is known though another metric fails', () => {
    const decision = decide(autoscaler({ metrics: [QPS, CPU] }), 2, [
      { error: 'nobody there' },
      { pods: metricsOf({ p0: 100, p1: 100 }) },
    ]);
    assert.equal(decision.replicas, 4);
    assert.deepEqual(
      decision.metrics?.map(({ type }) => type),
      ['', 'Resource'],
    );
    assert.deepEqual(
      decision.warnings.map(({ reason }) => reason),
      ['FailedGetExternalMetric'],
    );
    assert.ok(told(decision).includes('ScalingActive=True ValidMetricFound'));
  });

  it('does not shrink while a metric fails', () => {
    const decision = decide(autoscaler({ metrics: [CPU, QPS] }), 2, [
      { pods: metricsOf({ p0: 10, p1: 10 }) },
      { error: 'nobody there' },
    ]);
    assert.equal(decision.replicas, undefined);
    assert.deepEqual(told(decision), ['ScalingActive=False FailedGetExternalMetric']);
  });

  const selector =
    '&LabelSelector{MatchLabels:map[string]string{a: b,},MatchExpressions:[]LabelSelectorRequirement{},}';
  const metric = { name: 'm' };
  const object = { describedObject: { kind: 'Service', name: 's' }, metric };
  const failures: [spec: V2MetricSpec, reason: string, message: string, prefix: string][] = [
    [
      CPU,
      'FailedGetResourceMetric',
      'failed to get cpu utilization: unable to get metrics for resource cpu: why',
      'failed to get cpu resource metric value: ',
    ],
    [
      { type: 'Resource', resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '1' } } },
      'FailedGetResourceMetric',
      'failed to get memory usage: unable to get metrics for resource memory: why',
      'failed to get memory resource metric value: ',
    ],
    [
      {
        type: 'ContainerResource',
        containerResource: { name: 'cpu', container: 'main', target: { type: 'Utilization', averageUtilization: 1 } },
      },
      'FailedGetContainerResourceMetric',
      'failed to get cpu utilization: unable to get metrics for resource cpu: why',
      'failed to get main container metric value: ',
    ],
    [
      { type: 'Pods', pods: { metric, target: { type: 'AverageValue', averageValue: '1' } } },
      'FailedGetPodsMetric',
      'unable to get metric m: why',
      'failed to get pods metric value: ',
    ],
    [
      { type: 'Object', object: { ...object, target: { type: 'Value', value: '1' } } },
      'FailedGetObjectMetric',
      'unable to get metric m: why on Service default/s',
      'failed to get object metric value: ',
    ],
    [
      { type: 'Object', object: { ...object, target: { type: 'AverageValue', averageValue: '1' } } },
      'FailedGetObjectMetric',
      'unable to get metric m: why on Service default/s',
      'failed to get object metric value: failed to get m object metric: ',
    ],
    [
      QPS,
      'FailedGetExternalMetric',
      `unable to get external metric default/qps/${selector}: why`,
      'failed to get qps external metric value: failed to get external metric qps: ',
    ],
  ];
  for (const [spec, reason, message, prefix] of failures) {
    it(`says ${prefix}...`, () => {
      const decision = decide(autoscaler({ metrics: [spec] }), 2, [{ error: 'why' }]);
      assert.deepEqual(decision.warnings, [
        { reason, message },
        {
          reason: 'FailedComputeMetricsReplicas',
          message: `invalid metrics (1 invalid out of 1), first error is: ${prefix}${message}`,
        },
      ]);
      assert.deepEqual(decision.conditions, [
        {
          type: 'ScalingActive',
          status: 'False',
          lastTransitionTime: rfc3339(NOW),
          reason,
          message: `the HPA was unable to compute the replica count: ${message}`,
        },
      ]);
      assert.deepEqual([decision.replicas, decision.rescale], [undefined, undefined]);
    });
  }

  const bounds: [title: string, replicas: number, wanted: number, reason: string | undefined][] = [
    ['above the maximum', 12, 10, 'Current number of replicas above Spec.MaxReplicas'],
    ['below the minimum', 1, 2, 'Current number of replicas below Spec.MinReplicas'],
    ['that was switched off', 0, 0, undefined],
  ];
  for (const [title, replicas, wanted, reason] of bounds) {
    it(`asks no metric about a target ${title}`, () => {
      const owner = autoscaler({ minReplicas: 2 });
      assert.equal(wantsMetrics(owner, scale(replicas)), false);
      const decision = decide(owner, replicas, []);
      assert.deepEqual([decision.replicas, decision.rescale], [wanted, reason]);
      assert.deepEqual(told(decision), replicas === 0 ? ['ScalingActive=False ScalingDisabled'] : []);
    });
  }

  it('takes the tolerance of its behavior', () => {
    const rules = { selectPolicy: 'Max', policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }] };
    const with_ = (tolerance: string) =>
      decide(autoscaler({ behavior: { scaleUp: { ...rules, tolerance }, scaleDown: rules } }), 2, [
        { pods: metricsOf({ p0: 60, p1: 60 }) },
      ]).replicas;
    assert.equal(with_('0.25'), 2);
    assert.equal(with_('50m'), 3);
  });
});
