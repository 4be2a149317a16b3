/** Nodes, leases and runtime classes, as the API keeps them, and what a runtime class does to a pod. */
import assert from 'node:assert/strict';
import {
  applyPatch,
  at,
  behaves,
  behaviour,
  eventually,
  fetchApi,
  includes,
  listOf,
  namesOf,
  objectOf,
  STRATEGIC_PATCH,
  statusOf,
  suite,
  testNamespace,
  uniqueName,
} from './harness.ts';
import { supportsOperations } from './kind-operations.ts';
import { samplePodSpec } from './kinds.ts';

supportsOperations({
  apiVersion: 'v1',
  resource: 'nodes',
  rows: ['Node Lifecycle should run through the lifecycle of a node'],
  status: {
    patch: { capacity: { cpu: '4', memory: '8Gi', pods: '110' } },
    update: { addresses: [{ type: 'InternalIP', address: '10.0.0.9' }] },
  },
});

supportsOperations({
  apiVersion: 'node.k8s.io/v1',
  resource: 'runtimeclasses',
  rows: ['RuntimeClass should support RuntimeClasses API operations'],
});

suite('runtime classes and pods', () => {
  const namespace = testNamespace();
  const classes = '/apis/node.k8s.io/v1/runtimeclasses';
  const made: string[] = [];
  const createClass = async (fields: object = {}) => {
    const name = uniqueName('runtime');
    made.push(name);
    const body = { metadata: { name }, handler: 'conformance', ...fields };
    objectOf(await fetchApi('POST', classes, { body }), 201);
    return name;
  };
  const createPod = (name: string, runtimeClassName: string) => {
    const body = { metadata: { name }, spec: { ...samplePodSpec(), runtimeClassName } };
    return fetchApi('POST', namespace.path('pods'), { body });
  };
  const refusal = (pod: string, runtimeClass: string) => ({
    code: 403,
    reason: 'Forbidden',
    message: `pods "${pod}" is forbidden: pod rejected: RuntimeClass "${runtimeClass}" not found`,
  });
  after(async () => {
    for (const name of made) await fetchApi('DELETE', `${classes}/${name}`);
  });

  behaviour('RuntimeClass should reject a Pod requesting a non-existent RuntimeClass [NodeConformance]', async () => {
    const runtimeClass = `${namespace.name}-nonexistent`;
    statusOf(await createPod('unknown', runtimeClass), refusal('unknown', runtimeClass));
    statusOf(await fetchApi('GET', namespace.path('pods', 'unknown')), { code: 404 });
  });

  behaviour('RuntimeClass should reject a Pod requesting a deleted RuntimeClass [NodeConformance]', async () => {
    const runtimeClass = await createClass();
    const pod = await eventually(async () => objectOf(await createPod('before', runtimeClass), 201));
    includes(pod.spec, { runtimeClassName: runtimeClass, overhead: undefined });
    assert.equal((await fetchApi('DELETE', `${classes}/${runtimeClass}`)).status, 200);
    statusOf(await fetchApi('GET', `${classes}/${runtimeClass}`), { code: 404, reason: 'NotFound' });
    // The server may know it for a moment still: what that lets in goes before the next attempt.
    await eventually(async () => {
      const answer = await createPod('after', runtimeClass);
      if (answer.status === 201) await fetchApi('DELETE', namespace.path('pods', 'after'));
      statusOf(answer, refusal('after', runtimeClass));
    });
  });

  behaves('the overhead and the scheduling of the class come into the pod', async () => {
    const podFixed = { cpu: '10m', memory: '1Mi' };
    const toleration = { key: 'example.com/runtime', operator: 'Exists', effect: 'NoSchedule' };
    const scheduling = { nodeSelector: { 'example.com/runtime': 'yes' }, tolerations: [toleration] };
    const runtimeClass = await createClass({ overhead: { podFixed }, scheduling });
    const pod = await eventually(async () => objectOf(await createPod('overhead', runtimeClass), 201));
    includes(pod.spec, { overhead: podFixed, nodeSelector: scheduling.nodeSelector });
    const tolerations = at(pod, 'spec.tolerations') as { key: string }[];
    assert.ok(tolerations.some(({ key }) => key === toleration.key));
    const body = {
      metadata: { name: 'other' },
      spec: { ...samplePodSpec(), runtimeClassName: runtimeClass, overhead: { cpu: '20m' } },
    };
    statusOf(await fetchApi('POST', namespace.path('pods'), { body }), {
      code: 403,
      reason: 'Forbidden',
      message: /^pods "other" is forbidden: pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead/,
    });
  });
});

suite('leases', () => {
  const namespace = testNamespace();

  behaviour('Lease lease API should be available', async () => {
    const leases = `/apis/coordination.k8s.io/v1/namespaces/${namespace.name}/leases`;
    const spec = (holderIdentity: string, leaseTransitions: number) => ({
      holderIdentity,
      leaseDurationSeconds: 30 + leaseTransitions,
      acquireTime: `0001-01-01T00:00:0${leaseTransitions + 2}.000000Z`,
      renewTime: `2026-01-01T00:00:0${leaseTransitions + 5}.678901Z`,
      leaseTransitions,
    });
    const read = async () => objectOf(await fetchApi('GET', `${leases}/lease`));
    const body = { metadata: { name: 'lease' }, spec: spec('holder', 0) };
    const created = objectOf(await fetchApi('POST', leases, { body }), 201);
    assert.deepEqual((await read()).spec, body.spec);
    const update = { ...created, spec: spec('holder2', 1) };
    objectOf(await fetchApi('PUT', `${leases}/lease`, { body: update }));
    assert.deepEqual((await read()).spec, update.spec);
    const patch = { spec: spec('holder3', 2) };
    objectOf(await applyPatch(`${leases}/lease`, STRATEGIC_PATCH, patch));
    assert.deepEqual((await read()).spec, patch.spec);
    const labels = { deletecollection: 'true' };
    const second = { metadata: { name: 'lease2', labels }, spec: spec('holder', 0) };
    objectOf(await fetchApi('POST', leases, { body: second }), 201);
    assert.deepEqual(namesOf(listOf(await fetchApi('GET', leases))), ['lease', 'lease2']);
    assert.equal((await fetchApi('DELETE', `${leases}?labelSelector=deletecollection%3Dtrue`)).status, 200);
    assert.deepEqual(namesOf(listOf(await fetchApi('GET', leases))), ['lease']);
    assert.equal((await fetchApi('DELETE', `${leases}/lease`)).status, 200);
    statusOf(await fetchApi('GET', `${leases}/lease`), { code: 404, reason: 'NotFound' });
  });
});
