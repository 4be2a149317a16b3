import assert from 'node:assert/strict';
import type { V1PersistentVolumeClaim, V1Pod, V1ResourceQuota, V1Service } from '../../openapi/generated/types.ts';
import type { KubeObject } from '../../openapi/object.ts';
import { countedResources, quotaEvaluator } from '../../openapi/quota/evaluators.ts';
import { isInitialized, sameStatus, statusOf } from './usage.ts';

function pod(
  name: string,
  requests: Record<string, string> = {},
  more: { spec?: object; status?: object } = {},
): V1Pod {
  return {
    metadata: { name },
    spec: { containers: [{ name: 'c', resources: { requests } }], ...more.spec },
    status: { phase: 'Running', ...more.status },
  };
}

function count(spec: V1ResourceQuota['spec'], objects: Record<string, readonly KubeObject[]>, used = {}) {
  const counted = Object.entries(objects).map(([resource, found]) => ({
    evaluator: quotaEvaluator(resource)!,
    objects: found,
  }));
  return statusOf({ ...(spec ? { spec } : {}), status: { used } }, counted);
}

describe('statusOf', () => {
  it('adds up what pods ask for, whatever the units', () => {
    const pods = [
      pod('a', { cpu: '500m', memory: '512Mi', 'example.com/gpu': '1' }),
      pod('b', { cpu: '1', memory: '1Gi', 'example.com/gpu': '2' }),
      pod('c', {}, { status: { phase: 'Succeeded' } }),
    ];
    const hard = {
      pods: '5',
      'count/pods': '5',
      cpu: '2',
      'requests.memory': '4Gi',
      'limits.cpu': '1',
      'requests.example.com/gpu': '9',
    };
    assert.deepEqual(count({ hard }, { pods }), {
      hard,
      used: {
        pods: '2',
        'count/pods': '3',
        cpu: '1500m',
        'requests.memory': '1536Mi',
        'limits.cpu': '0',
        'requests.example.com/gpu': '3',
      },
    });
  });

  it('counts objects under both of their names', () => {
    const hard = { configmaps: '3', 'count/configmaps': '3', 'count/deployments.apps': '1' };
    const objects: Record<string, KubeObject[]> = { configmaps: [{}, {}], 'deployments.apps': [{}] };
    assert.deepEqual(count({ hard }, objects).used, {
      configmaps: '2',
      'count/configmaps': '2',
      'count/deployments.apps': '1',
    });
  });

  it('counts the node ports and load balancers of services', () => {
    const hard = { services: '9', 'services.nodeports': '9', 'services.loadbalancers': '9' };
    const services: V1Service[] = [
      { spec: { type: 'ClusterIP', ports: [{ port: 1 }] } },
      { spec: { type: 'NodePort', ports: [{ port: 1 }, { port: 2 }] } },
      { spec: { type: 'LoadBalancer', ports: [{ port: 1 }] } },
      { spec: { type: 'LoadBalancer', allocateLoadBalancerNodePorts: false, ports: [{ port: 1 }] } },
    ];
    assert.deepEqual(count({ hard }, { services }).used, {
      services: '4',
      'services.nodeports': '3',
      'services.loadbalancers': '2',
    });
  });

  it('counts claims and their storage for each class', () => {
    const claim = (storage: string, storageClassName?: string): V1PersistentVolumeClaim => ({
      spec: { resources: { requests: { storage } }, ...(storageClassName ? { storageClassName } : {}) },
    });
    const gold = 'gold.storageclass.storage.k8s.io';
    const hard = {
      persistentvolumeclaims: '9',
      'requests.storage': '9Gi',
      [`${gold}/requests.storage`]: '9Gi',
      [`${gold}/persistentvolumeclaims`]: '9',
    };
    const claims = [claim('1Gi'), claim('2Gi', 'gold')];
    assert.deepEqual(count({ hard }, { persistentvolumeclaims: claims }).used, {
      persistentvolumeclaims: '2',
      'requests.storage': '3Gi',
      [`${gold}/requests.storage`]: '2Gi',
      [`${gold}/persistentvolumeclaims`]: '1',
    });
  });

  const scoped: { scope: string; expected: string }[] = [
    { scope: 'Terminating', expected: '1' },
    { scope: 'NotTerminating', expected: '2' },
    { scope: 'BestEffort', expected: '1' },
    { scope: 'NotBestEffort', expected: '2' },
  ];
  const pods = [
    pod('a', {}, { spec: { activeDeadlineSeconds: 5, priorityClassName: 'high' } }),
    pod('b', { cpu: '1' }),
    pod('c', { cpu: '1' }, { spec: { priorityClassName: 'low' } }),
  ];
  for (const { scope, expected } of scoped) {
    it(`counts only the pods of the scope ${scope}`, () => {
      assert.deepEqual(count({ hard: { pods: '9' }, scopes: [scope] }, { pods }).used, { pods: expected });
    });
  }

  const selected: { operator: string; values?: string[]; expected: string }[] = [
    { operator: 'In', values: ['high', 'low'], expected: '2' },
    { operator: 'NotIn', values: ['high'], expected: '2' },
    { operator: 'Exists', expected: '2' },
    { operator: 'DoesNotExist', expected: '1' },
  ];
  for (const { operator, values, expected } of selected) {
    it(`counts only the pods whose priority class is ${operator} ${values ?? ''}`, () => {
      const requirement = { scopeName: 'PriorityClass', operator, ...(values ? { values } : {}) };
      const scopeSelector = { matchExpressions: [requirement] };
      assert.deepEqual(count({ hard: { pods: '9' }, scopeSelector }, { pods }).used, { pods: expected });
    });
  }

  it('keeps what could not be counted, and forgets what is no longer limited', () => {
    const used = { 'count/widgets.example.com': '4', secrets: '2' };
    const hard = { 'count/widgets.example.com': '9', pods: '1' };
    assert.deepEqual(count({ hard }, { pods: [] }, used).used, { 'count/widgets.example.com': '4', pods: '0' });
  });

  it('does not count a pod whose time to stop is over', () => {
    const evaluator = quotaEvaluator('pods')!;
    const metadata = { name: 'a', deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds: 30 };
    const at = Date.UTC(2026, 0, 1);
    assert.equal(evaluator.usage({ ...pod('a'), metadata }, at + 30_000).pods, '1');
    assert.equal(evaluator.usage({ ...pod('a'), metadata }, at + 30_001).pods, undefined);
    assert.equal(evaluator.usage({ ...pod('a'), metadata }).pods, '1');
  });
});

describe('a status', () => {
  it('is the same when the amounts are', () => {
    const status = { hard: { cpu: '1' }, used: { cpu: '500m' } };
    assert.ok(sameStatus({ hard: { cpu: '1000m' }, used: { cpu: '0.5' } }, status));
    assert.ok(!sameStatus({ hard: { cpu: '1' }, used: { cpu: '1' } }, status));
    assert.ok(!sameStatus({ hard: { cpu: '1' } }, { hard: { cpu: '1' }, used: {} }));
    assert.ok(!sameStatus(undefined, { hard: {}, used: {} }));
  });

  const cases: { title: string; status: V1ResourceQuota['status']; expected: boolean }[] = [
    { title: 'is complete', status: { hard: { pods: '1' }, used: { pods: '0' } }, expected: true },
    { title: 'has other limits than the spec', status: { hard: { pods: '2' }, used: { pods: '0' } }, expected: false },
    { title: 'does not know what is used', status: { hard: { pods: '1' } }, expected: false },
    { title: 'is empty', status: {}, expected: false },
  ];
  for (const { title, status, expected } of cases) {
    it(`${title}`, () => {
      assert.equal(isInitialized({ spec: { hard: { pods: '1' } }, ...(status ? { status } : {}) }), expected);
    });
  }
});

describe('countedResources', () => {
  it('names what a quota makes one count', () => {
    const limits = [
      'requests.cpu',
      'count/deployments.apps',
      'secrets',
      'x.storageclass.storage.k8s.io/requests.storage',
    ];
    assert.deepEqual(countedResources(limits).sort(), [
      'deployments.apps',
      'persistentvolumeclaims',
      'pods',
      'secrets',
    ]);
    assert.deepEqual(countedResources(['count/events', 'unheard-of']), []);
  });
});
