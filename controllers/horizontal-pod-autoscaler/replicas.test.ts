import assert from 'node:assert/strict';
import type { V1Pod } from '../../openapi/generated/types.ts';
import { DEFAULT_SETTINGS } from './decision.ts';
import { metricsOf, NOW, type PodShape, podOf, podsOf } from './fixtures.ts';
import { requestsOf } from './pod-groups.ts';
import { replicasForAverage, replicasForShare, replicasForUtilization, replicasForValue } from './replicas.ts';

const TOLERANCES = { up: 0.1, down: 0.1 };

function input(pods: V1Pod[], current = pods.length) {
  return { current, pods, tolerances: TOLERANCES, options: DEFAULT_SETTINGS, nowMs: NOW };
}

describe('replicasForUtilization', () => {
  const cases: {
    title: string;
    pods: PodShape[];
    values: Record<string, number>;
    target?: number;
    current?: number;
    replicas: number;
    utilization?: number;
  }[] = [
    {
      title: 'grows with the ratio, rounded up',
      pods: [{}, {}, {}],
      values: { p0: 70, p1: 80, p2: 90 },
      target: 50,
      replicas: 5,
      utilization: 80,
    },
    {
      title: 'shrinks with the ratio, rounded up',
      pods: [{}, {}, {}],
      values: { p0: 10, p1: 20, p2: 30 },
      target: 50,
      replicas: 2,
      utilization: 20,
    },
    {
      title: 'stays within the tolerance',
      pods: [{}, {}],
      values: { p0: 54, p1: 56 },
      target: 50,
      replicas: 2,
      utilization: 55,
    },
    {
      title: 'cuts percent off, as integers do',
      pods: [{}],
      values: { p0: 55.9 },
      target: 50,
      replicas: 1,
      utilization: 55,
    },
    {
      title: 'leaves pods out that are going',
      pods: [{}, { going: true }],
      values: { p0: 100, p1: 0 },
      target: 50,
      replicas: 2,
      utilization: 100,
    },
    {
      title: 'leaves pods out that failed',
      pods: [{}, { phase: 'Failed' }],
      values: { p0: 100 },
      target: 50,
      replicas: 2,
    },
    {
      title: 'takes pending pods to use nothing when it would grow',
      pods: [{}, {}, { phase: 'Pending' }],
      values: { p0: 100, p1: 100 },
      target: 50,
      replicas: 4,
      utilization: 100,
    },
    {
      title: 'never shrinks because of pending pods',
      pods: [{}, { phase: 'Pending' }, { phase: 'Pending' }],
      values: { p0: 80 },
      target: 50,
      replicas: 3,
    },
    {
      title: 'leaves pending pods out when it would shrink',
      pods: [{}, {}, { phase: 'Pending' }],
      values: { p0: 20, p1: 20 },
      target: 50,
      replicas: 1,
    },
    {
      title: 'takes missing pods to use nothing when it would grow',
      pods: [{}, {}, {}],
      values: { p0: 100, p1: 100 },
      target: 50,
      replicas: 4,
    },
    {
      title: 'takes missing pods to use all they ask for when it would shrink',
      pods: [{}, {}, {}, {}],
      values: { p0: 10, p1: 10, p2: 10 },
      target: 50,
      replicas: 3,
    },
    {
      title: 'takes them to use the target where that is more than all',
      pods: [{}, {}],
      values: { p0: 100 },
      target: 200,
      replicas: 2,
    },
    {
      title: 'stays where missing pods would turn it round',
      pods: [{}, {}],
      values: { p0: 60 },
      target: 50,
      replicas: 2,
    },
    {
      title: 'does not trust a pod that has not been ready for a window since its start',
      pods: [{}, { started: 1, changed: 0.1 }],
      values: { p0: 100, p1: 500 },
      target: 50,
      replicas: 2,
    },
    {
      title: 'trusts a pod in its first minutes once it has been',
      pods: [{}, { started: 2, changed: 1 }],
      values: { p0: 100, p1: 100 },
      target: 50,
      replicas: 4,
    },
    {
      title: 'does not trust a pod that was never ready',
      pods: [{}, { started: 10, changed: 9.9, ready: false }],
      values: { p0: 100, p1: 100 },
      target: 50,
      replicas: 2,
    },
    {
      title: 'trusts a pod that is unready but was ready once',
      pods: [{}, { started: 10, changed: 5, ready: false }],
      values: { p0: 100, p1: 100 },
      target: 50,
      replicas: 4,
    },
  ];
  for (const { title, pods, values, target = 50, replicas, utilization } of cases) {
    it(title, () => {
      const all = podsOf(...pods);
      const found = replicasForUtilization({ ...input(all), metrics: metricsOf(values), target, resource: 'cpu' });
      assert.equal(found.replicas, replicas);
      if (utilization !== undefined) assert.equal(found.utilization, utilization);
    });
  }

  const failures: [title: string, pods: PodShape[], values: Record<string, number>, message: string][] = [
    ['no pods', [], {}, 'no pods returned by selector while calculating replica count'],
    [
      'no figures of ready pods',
      [{ phase: 'Pending' }],
      { p0: 1 },
      'did not receive metrics for targeted pods (pods might be unready)',
    ],
    [
      'a pod that asks for nothing',
      [{}, { request: '' }],
      { p0: 1 },
      'missing request for cpu in container main of Pod p1',
    ],
  ];
  for (const [title, pods, values, message] of failures) {
    it(`refuses ${title}`, () => {
      const all = podsOf(...pods);
      const run = () =>
        replicasForUtilization({ ...input(all), metrics: metricsOf(values), target: 50, resource: 'cpu' });
      assert.throws(run, { message });
    });
  }

  it('is as tolerant each way as it is told', () => {
    const pods = podsOf({}, {});
    const at = (value: number, tolerances: { up: number; down: number }) =>
      replicasForUtilization({
        ...input(pods),
        tolerances,
        metrics: metricsOf({ p0: value, p1: value }),
        target: 50,
        resource: 'cpu',
      }).replicas;
    assert.equal(at(60, { up: 0.25, down: 0 }), 2);
    assert.equal(at(60, { up: 0, down: 0.25 }), 3);
    assert.equal(at(24, { up: 0, down: 0.6 }), 2);
    assert.equal(at(24, { up: 0.6, down: 0 }), 1);
  });
});

describe('replicasForAverage', () => {
  it('makes the average of a pod the target', () => {
    const metrics = metricsOf({ p0: 300, p1: 500 });
    assert.deepEqual(replicasForAverage({ ...input(podsOf({}, {})), metrics, target: 200 }), {
      replicas: 4,
      usage: 400,
    });
  });
  it('takes missing pods to be at the target when it would shrink', () => {
    const metrics = metricsOf({ p0: 50, p1: 50 });
    const found = replicasForAverage({ ...input(podsOf({}, {}, {}, {})), metrics, target: 200 });
    assert.equal(found.replicas, 3);
  });
  it('judges pods by their readiness only where it is about CPU', () => {
    const pods = podsOf({}, { started: 10, changed: 9.9, ready: false });
    const metrics = metricsOf({ p0: 400, p1: 400 });
    assert.equal(replicasForAverage({ ...input(pods), metrics, target: 200 }).replicas, 4);
    assert.equal(replicasForAverage({ ...input(pods), metrics, target: 200, resource: 'cpu' }).replicas, 2);
  });
});

describe('replicasForValue', () => {
  it('grows with the ready pods', () => {
    const pods = podsOf({}, {}, { ready: false });
    assert.deepEqual(replicasForValue({ ...input(pods), usage: 3000, target: 1000 }), { replicas: 6, usage: 3000 });
  });
  it('stays within the tolerance', () => {
    assert.equal(replicasForValue({ ...input(podsOf({}, {})), usage: 1090, target: 1000 }).replicas, 2);
  });
  it('counts from nothing where there is nothing', () => {
    assert.equal(replicasForValue({ ...input([], 0), usage: 2500, target: 1000 }).replicas, 3);
  });
});

describe('replicasForShare', () => {
  it('divides what there is', () => {
    const found = replicasForShare({ replicas: 2, tolerances: TOLERANCES, usage: 9000, target: 2000 });
    assert.deepEqual(found, { replicas: 5, usage: 4500 });
  });
  it('stays within the tolerance', () => {
    assert.equal(replicasForShare({ replicas: 4, tolerances: TOLERANCES, usage: 8500, target: 2000 }).replicas, 4);
  });
});

describe('requestsOf', () => {
  const pod = podOf('p');
  pod.spec = {
    containers: [
      { name: 'a', image: 'i', resources: { requests: { cpu: '100m', memory: '1Gi' } } },
      { name: 'b', image: 'i', resources: { requests: { cpu: '1' } } },
    ],
    initContainers: [
      { name: 'side', image: 'i', restartPolicy: 'Always', resources: { requests: { cpu: '50m' } } },
      { name: 'init', image: 'i', resources: { requests: { cpu: '4' } } },
    ],
  };
  it('adds up what runs together, sidecars included', () => {
    assert.equal(requestsOf([pod], 'cpu').get('p'), 1150);
  });
  it('is that of one container where one is named', () => {
    assert.equal(requestsOf([pod], 'cpu', 'b').get('p'), 1000);
    assert.throws(() => requestsOf([pod], 'cpu', 'c'), { message: 'container c not found in Pod p' });
  });
  it('is what the pod asks for as a whole, unless a container is named', () => {
    const whole = {
      ...pod,
      spec: { ...pod.spec, containers: pod.spec?.containers ?? [], resources: { requests: { cpu: '2' } } },
    };
    assert.equal(requestsOf([whole], 'cpu').get('p'), 2000);
    assert.equal(requestsOf([whole], 'cpu', 'a').get('p'), 100);
  });
});
