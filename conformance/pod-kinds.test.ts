/** What the API alone does for a pod: its class, its refusals, and the parts with an endpoint of their own. */
import assert from 'node:assert/strict';
import {
  applyPatch,
  at,
  behaves,
  behaviour,
  fetchApi,
  includes,
  JSON_PATCH,
  objectOf,
  STRATEGIC_PATCH,
  statusOf,
  suite,
  testNamespace,
} from './harness.ts';
import { samplePod, samplePodSpec } from './kinds.ts';

suite('pods by the API alone', () => {
  const namespace = testNamespace();
  const post = (name: string, spec: object, metadata: object = {}) =>
    fetchApi('POST', namespace.path('pods'), {
      body: { metadata: { name, ...metadata }, spec: { ...samplePodSpec(), ...spec } },
    });
  const container = (resources: object) => ({
    containers: [{ name: 'main', image: 'example.invalid/main:1', resources }],
  });

  const amounts = { cpu: '100m', memory: '100Mi' };
  const row =
    'Pods Extended Pods Set QOS Class should be set on Pods with matching resource requests and limits for memory and cpu';
  behaviour(row, async () => {
    objectOf(await post('guaranteed', container({ limits: amounts, requests: amounts })), 201);
    const path = namespace.path('pods', 'guaranteed');
    includes(objectOf(await fetchApi('GET', path)).status, { qosClass: 'Guaranteed' });
  });

  const classes: [qosClass: string, resources: object][] = [
    ['Guaranteed', { limits: amounts }],
    ['Burstable', { requests: amounts }],
    ['Burstable', { limits: { cpu: '100m' } }],
    ['Burstable', { limits: amounts, requests: { cpu: '50m' } }],
    ['BestEffort', {}],
    ['BestEffort', { requests: { 'ephemeral-storage': '1Gi' } }],
  ];
  for (const [qosClass, resources] of classes) {
    behaves(`a pod with ${JSON.stringify(resources)} is ${qosClass}`, async () => {
      const name = `class-${classes.findIndex(([, candidate]) => candidate === resources)}`;
      includes(objectOf(await post(name, container(resources)), 201).status, { qosClass });
    });
  }

  behaviour('Sysctls [LinuxOnly] [NodeConformance] should reject invalid sysctls', async () => {
    const sysctls = [
      { name: 'foo-', value: 'bar' },
      { name: 'kernel.shmmax', value: '100000000' },
      { name: 'safe-and-unsafe', value: '100000000' },
      { name: 'bar..', value: '42' },
    ];
    const answer = await post('sysctls', { securityContext: { sysctls } });
    const { message = '' } = statusOf(answer, { code: 422, reason: 'Invalid' });
    assert.match(message, /spec\.securityContext\.sysctls\[0\]\.name: Invalid value: "foo-"/);
    assert.match(message, /spec\.securityContext\.sysctls\[3\]\.name: Invalid value: "bar\.\."/);
    assert.doesNotMatch(message, /safe-and-unsafe|kernel\.shmmax/);
  });

  behaves(
    'generation is 1 at first, whatever was sent, and counts the changes of the spec',
    { since: 34 },
    async () => {
      const created = objectOf(await post('counted', { nodeName: 'conformance-nowhere' }, { generation: 100 }), 201);
      assert.equal(created.metadata.generation, 1);
      const path = namespace.path('pods', 'counted');
      const toleration = { key: 'example.com/x', operator: 'Exists' };
      const changes: [patch: object, generation: number][] = [
        [{ metadata: { labels: { a: 'b' } } }, 1],
        [{ metadata: { generation: 7 } }, 1],
        [{ spec: { containers: [{ name: 'main', image: 'example.invalid/main:2' }] } }, 2],
        [{ spec: { activeDeadlineSeconds: 50 } }, 3],
        [{ spec: { tolerations: [...(at(created, 'spec.tolerations') as object[]), toleration] } }, 4],
      ];
      for (const [patch, generation] of changes) {
        const { metadata } = objectOf(await applyPatch(path, STRATEGIC_PATCH, patch));
        assert.equal(metadata.generation, generation, JSON.stringify(patch));
      }
      const reported = await applyPatch(`${path}/status`, STRATEGIC_PATCH, { status: { observedGeneration: 4 } });
      includes(objectOf(reported), { metadata: { generation: 4 }, status: { observedGeneration: 4 } });
      // It has a node, whose kubelet will report: until then it is only on its way out.
      const { metadata } = objectOf(await fetchApi('DELETE', `${path}?gracePeriodSeconds=20`));
      assert.ok(metadata.deletionTimestamp);
      assert.equal(metadata.generation, 5);
      await fetchApi('DELETE', `${path}?gracePeriodSeconds=0`);
    },
  );

  behaves('ephemeral containers are added through their own endpoint, and only there', { since: 25 }, async () => {
    objectOf(await fetchApi('POST', namespace.path('pods'), { body: samplePod('debugged') }), 201);
    const path = namespace.path('pods', 'debugged');
    const debuggers = ['one', 'two'].map((name) => ({
      name,
      image: 'example.invalid/debug:1',
      stdin: true,
      tty: true,
    }));
    const [first, second] = debuggers;
    const direct = await applyPatch(path, STRATEGIC_PATCH, { spec: { ephemeralContainers: [first] } });
    statusOf(direct, { code: 422, reason: 'Invalid', message: /spec: Forbidden: pod updates may not change fields/ });
    const patch = { spec: { ephemeralContainers: [first] } };
    const patched = objectOf(await applyPatch(`${path}/ephemeralcontainers`, STRATEGIC_PATCH, patch));
    includes(patched, { kind: 'Pod', spec: { ephemeralContainers: [first] } });
    const pod = objectOf(await fetchApi('GET', `${path}/ephemeralcontainers`));
    const spec = pod.spec as { ephemeralContainers: object[] };
    const body = { ...pod, spec: { ...spec, ephemeralContainers: [...spec.ephemeralContainers, second] } };
    objectOf(await fetchApi('PUT', `${path}/ephemeralcontainers`, { body }));
    const both = objectOf(await fetchApi('GET', path));
    includes(both.spec, { ephemeralContainers: debuggers });
    const fewer = { ...both, spec: { ...(both.spec as object), ephemeralContainers: [first] } };
    statusOf(await fetchApi('PUT', `${path}/ephemeralcontainers`, { body: fewer }), {
      code: 422,
      reason: 'Invalid',
      message: /spec\.ephemeralContainers: Forbidden: existing ephemeral containers "two" may not be removed/,
    });
  });
});

suite('pods: resize', () => {
  const namespace = testNamespace();
  const path = namespace.path('pods', 'sized');
  const resize = namespace.path('pods', 'sized', 'resize');
  const container = (resources: object) => ({ name: 'main', image: 'example.invalid/main:1', resources });
  const patchOf = (resources: object) => ({ spec: { containers: [{ name: 'main', resources }] } });
  const since = 33;
  before(async () => {
    const requests = { cpu: '100m', memory: '100Mi' };
    const limits = { cpu: '200m', memory: '200Mi' };
    const body = {
      metadata: { name: 'sized' },
      spec: { ...samplePodSpec(), containers: [container({ requests, limits })] },
    };
    objectOf(await fetchApi('POST', namespace.path('pods'), { body }), 201);
  });

  behaves('a patch changes what a container asks for, and the generation', { since }, async () => {
    const before = objectOf(await fetchApi('GET', path));
    const resources = { requests: { cpu: '150m', memory: '100Mi' }, limits: { cpu: '300m', memory: '200Mi' } };
    const resized = objectOf(await applyPatch(resize, STRATEGIC_PATCH, patchOf(resources)));
    includes(resized, { kind: 'Pod', status: { qosClass: 'Burstable' } });
    const pod = objectOf(await fetchApi('GET', path));
    includes(at(pod, 'spec.containers.0.resources'), resources);
    assert.equal(pod.metadata.generation, Number(before.metadata.generation) + 1);
  });

  behaves('a PUT does so, too, and GET answers the pod', { since }, async () => {
    const resources = { requests: { cpu: '120m', memory: '120Mi' }, limits: { cpu: '300m', memory: '240Mi' } };
    const pod = objectOf(await fetchApi('GET', path));
    const body = { ...pod, spec: { ...(pod.spec as object), containers: [container(resources)] } };
    objectOf(await fetchApi('PUT', resize, { body }));
    const read = objectOf(await fetchApi('GET', resize));
    includes(at(read, 'spec.containers.0.resources'), resources);
    assert.deepEqual(read, objectOf(await fetchApi('GET', path)));
  });

  const refusals: [title: string, path: string, patch: object, message: RegExp][] = [
    [
      'the pod itself takes no other resources',
      path,
      patchOf({ requests: { cpu: '130m' } }),
      /spec: Forbidden: pod updates may not change fields other than/,
    ],
    [
      'a resize may not change the class of the pod',
      resize,
      patchOf({ requests: { cpu: '300m', memory: '240Mi' }, limits: { cpu: '300m', memory: '240Mi' } }),
      /Pod QOS Class may not change as a result of resizing/,
    ],
  ];
  for (const [title, target, patch, message] of refusals) {
    behaves(title, { since }, async () => {
      statusOf(await applyPatch(target, STRATEGIC_PATCH, patch), { code: 422, reason: 'Invalid', message });
    });
  }

  behaves('a resize may not take a limit away', { since }, async () => {
    const patch = [{ op: 'remove', path: '/spec/containers/0/resources/limits/cpu' }];
    statusOf(await applyPatch(resize, JSON_PATCH, patch), {
      code: 422,
      reason: 'Invalid',
      message: /spec\.containers\[0\]\.resources\.limits: Forbidden: resource limits cannot be removed/,
    });
  });

  behaves('what else comes with a resize is left out', { since }, async () => {
    const before = objectOf(await fetchApi('GET', path));
    const containers = [{ name: 'main', image: 'example.invalid/main:2' }];
    objectOf(await applyPatch(resize, STRATEGIC_PATCH, { spec: { containers, restartPolicy: 'Never' } }));
    assert.deepEqual(objectOf(await fetchApi('GET', path)).spec, before.spec);
  });
});
