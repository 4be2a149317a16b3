import assert from 'node:assert/strict';
import type { V1PodCondition, V1PodSpec } from '../openapi/generated/types.ts';
import { NON_ZERO_REQUESTS, podRequests } from './resources.ts';
import { container, pod } from './testing/objects.ts';

const sidecar = { restartPolicy: 'Always' };

describe('podRequests', () => {
  const cases: { title: string; spec: Partial<V1PodSpec>; cpu: number }[] = [
    {
      title: 'adds up containers',
      spec: { containers: [container({ cpu: '1' }), container({ cpu: '250m' })] },
      cpu: 1250,
    },
    {
      title: 'takes the largest init container when it asks for more than all containers',
      spec: {
        containers: [container({ cpu: '1' })],
        initContainers: [container({ cpu: '3' }), container({ cpu: '2' })],
      },
      cpu: 3000,
    },
    {
      title: 'adds a sidecar to the containers',
      spec: { containers: [container({ cpu: '1' })], initContainers: [container({ cpu: '2' }, sidecar)] },
      cpu: 3000,
    },
    {
      title: 'adds the sidecars started before it to an init container',
      spec: {
        containers: [container({ cpu: '1' })],
        initContainers: [container({ cpu: '2' }, sidecar), container({ cpu: '5' })],
      },
      cpu: 7000,
    },
    { title: 'adds overhead', spec: { containers: [container({ cpu: '1' })], overhead: { cpu: '500m' } }, cpu: 1500 },
    {
      title: 'lets pod-level requests stand for the containers',
      spec: { containers: [container({ cpu: '1' })], resources: { requests: { cpu: '2' } } },
      cpu: 2000,
    },
  ];
  for (const { title, spec, cpu } of cases) {
    it(title, () => assert.equal(podRequests(pod('a', spec)).get('cpu'), cpu));
  }

  it('counts memory in bytes and extended resources in pieces', () => {
    const requests = podRequests(pod('a', { containers: [container({ memory: '1Gi', 'example.com/gpu': '2' })] }));
    assert.deepEqual([...requests].sort(), [
      ['example.com/gpu', 2],
      ['memory', 2 ** 30],
    ]);
  });

  it('fills in defaults only where a container does not mention the resource', () => {
    const spec = { containers: [container({ cpu: '0' }), container({ memory: '1' })] };
    const requests = podRequests(pod('a', spec), NON_ZERO_REQUESTS);
    assert.deepEqual(Object.fromEntries(requests), { cpu: 100, memory: 200 * 2 ** 20 + 1 });
  });
});

describe('podRequests of a pod that is being resized', () => {
  const resized = (has: string, wants: string, conditions: V1PodCondition[] = []) => {
    const resources = { requests: { cpu: has } };
    const target = pod('a', { containers: [container({ cpu: wants })] });
    const status = { name: 'main', image: '', imageID: '', ready: true, restartCount: 0, resources };
    return podRequests({ ...target, status: { containerStatuses: [status], conditions } }).get('cpu');
  };

  it('are the larger of what it has and what it wants', () => {
    assert.equal(resized('1', '2'), 2000);
    assert.equal(resized('2', '1'), 2000);
  });

  it('are what it has when it cannot get what it wants', () => {
    assert.equal(resized('1', '9', [{ type: 'PodResizePending', status: 'True', reason: 'Infeasible' }]), 1000);
  });
});
