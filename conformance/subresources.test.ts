/** Status, binding, scale and finalize: writes that touch a part of an object only. */
import assert from 'node:assert/strict';
import {
  applyPatch,
  at,
  behaves,
  behaviour,
  fetchApi,
  includes,
  MERGE_PATCH,
  mutate,
  objectOf,
  STRATEGIC_PATCH,
  statusOf,
  suite,
  testNamespace,
  uniqueName,
} from './harness.ts';
import { sampleController, samplePod, sampleService } from './kinds.ts';

suite('status', () => {
  const namespace = testNamespace();
  const post = async (resource: string, body: object) =>
    objectOf(await fetchApi('POST', namespace.path(resource), { body }), 201);

  behaves('what a creation says of a status is not believed', async () => {
    const body = { ...samplePod('believed'), status: { phase: 'Running', podIP: '10.0.0.1' } };
    const pod = await post('pods', body);
    includes(pod.status, { phase: 'Pending', podIP: undefined, qosClass: 'BestEffort' });
  });

  behaves('a PUT of a pod leaves its status alone, a PUT of its status leaves the rest alone', async () => {
    await post('pods', samplePod('parts'));
    const main = await mutate(namespace.path('pods', 'parts'), (pod) => {
      pod.status = { phase: 'Failed' };
      pod.metadata.labels = { changed: 'yes' };
    });
    includes(main, { status: { phase: 'Pending' }, metadata: { labels: { changed: 'yes' } } });
    const status = await mutate(namespace.path('pods', 'parts', 'status'), (pod) => {
      pod.status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
      pod.spec = { ...(pod.spec as object), activeDeadlineSeconds: 5 };
    });
    includes(status, { status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } });
    includes(status.spec, { activeDeadlineSeconds: undefined });
  });

  behaviour('Pods should patch a pod status', async () => {
    await post('pods', samplePod('patched'));
    const path = namespace.path('pods', 'patched', 'status');
    const one = { status: { conditions: [{ type: 'Ready', status: 'False', reason: 'One' }] } };
    objectOf(await applyPatch(path, STRATEGIC_PATCH, one));
    const two = { status: { message: 'Patched', conditions: [{ type: 'Other', status: 'True' }] } };
    const pod = objectOf(await applyPatch(path, STRATEGIC_PATCH, two));
    const conditions = at(pod, 'status.conditions') as { type: string }[];
    assert.deepEqual(conditions.map(({ type }) => type).sort(), ['Other', 'Ready']);
    assert.equal(at(objectOf(await fetchApi('GET', path)), 'status.message'), 'Patched');
  });

  behaves(
    'a service has a status of its own',
    { covers: 'Services should complete a service status lifecycle' },
    async () => {
      await post('services', sampleService('balanced'));
      const path = namespace.path('services', 'balanced', 'status');
      const patch = {
        status: {
          conditions: [
            { type: 'Tested', status: 'True', reason: 'E2E', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' },
          ],
        },
      };
      const patched = objectOf(await applyPatch(path, MERGE_PATCH, patch));
      assert.equal(at(patched, 'status.conditions.0.type'), 'Tested');
      const updated = await mutate(path, (service) => {
        service.status = { loadBalancer: {}, conditions: [] };
        service.metadata.annotations = { patched: 'yes' };
      });
      assert.equal(at(updated, 'status.conditions.0'), undefined);
    },
  );

  behaves('a node reports its status', async () => {
    const name = uniqueName('node');
    const body = { metadata: { name }, spec: { unschedulable: true } };
    objectOf(await fetchApi('POST', '/api/v1/nodes', { body }), 201);
    const capacity = { cpu: '2', memory: '4Gi', pods: '110' };
    const patch = {
      status: { capacity, allocatable: capacity, addresses: [{ type: 'InternalIP', address: '10.0.0.9' }] },
    };
    const node = objectOf(await applyPatch(`/api/v1/nodes/${name}/status`, STRATEGIC_PATCH, patch));
    await fetchApi('DELETE', `/api/v1/nodes/${name}`);
    includes(node.status, { capacity, addresses: [{ address: '10.0.0.9' }] });
  });

  behaviour('Namespaces [Serial] should apply changes to a namespace status', async () => {
    const path = `/api/v1/namespaces/${namespace.name}/status`;
    const condition = {
      type: 'Tested',
      status: 'True',
      reason: 'E2E',
      message: 'set',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    };
    objectOf(await applyPatch(path, MERGE_PATCH, { status: { conditions: [condition] } }));
    const read = objectOf(await fetchApi('GET', path));
    includes(read.status, { phase: 'Active', conditions: [{ type: 'Tested', message: 'set' }] });
  });
});

suite('binding', () => {
  const namespace = testNamespace();
  const bind = (pod: string, target: object, path = namespace.path('pods', pod, 'binding')) =>
    fetchApi('POST', path, { body: { apiVersion: 'v1', kind: 'Binding', metadata: { name: pod }, target } });
  before(async () => {
    for (const name of ['one', 'two', 'three']) {
      objectOf(await fetchApi('POST', namespace.path('pods'), { body: samplePod(name) }), 201);
    }
  });

  behaves('puts a pod on a node, says Success with 201, and notes the condition', async () => {
    const answer = await bind('one', { kind: 'Node', name: 'conformance-bound' });
    assert.equal(answer.status, 201, answer.text);
    includes(answer.json(), { kind: 'Status', status: 'Success', code: 201 });
    const pod = objectOf(await fetchApi('GET', namespace.path('pods', 'one')));
    includes(pod, { spec: { nodeName: 'conformance-bound' } });
    includes(at(pod, 'status.conditions.0'), { type: 'PodScheduled', status: 'True' });
  });

  behaves('happens once', async () => {
    statusOf(await bind('one', { kind: 'Node', name: 'conformance-other' }), {
      code: 409,
      reason: 'Conflict',
      message:
        'Operation cannot be fulfilled on pods/binding "one": pod one is already assigned to node "conformance-bound"',
    });
  });

  behaves('goes through the collection of bindings, too', async () => {
    const path = namespace.path('bindings');
    assert.equal((await bind('two', { kind: 'Node', name: 'conformance-bound' }, path)).status, 201);
    includes(objectOf(await fetchApi('GET', namespace.path('pods', 'two'))), {
      spec: { nodeName: 'conformance-bound' },
    });
  });

  behaves('needs a node as its target, and a pod that is there', async () => {
    statusOf(await bind('three', { kind: 'Elsewhere', name: 'x' }), {
      code: [400, 422, 500],
      message: /target\.kind: Unsupported value: "Elsewhere"/,
    });
    statusOf(await bind('three', { kind: 'Node' }), { code: [400, 422, 500], message: /target\.name: Required value/ });
    statusOf(await bind('absent', { kind: 'Node', name: 'x' }), {
      code: 404,
      reason: 'NotFound',
      message: 'pods "absent" not found',
    });
  });

  behaves('a pod that is being deleted is not bound', async () => {
    const pod = {
      metadata: { name: 'going', finalizers: ['example.com/hold'] },
      spec: (samplePod('x') as { spec: object }).spec,
    };
    objectOf(await fetchApi('POST', namespace.path('pods'), { body: pod }), 201);
    await fetchApi('DELETE', namespace.path('pods', 'going'));
    statusOf(await bind('going', { kind: 'Node', name: 'x' }), {
      code: 409,
      reason: 'Conflict',
      message: /is being deleted, cannot be assigned to a host/,
    });
  });
});

suite('scale', () => {
  const namespace = testNamespace();
  const path = namespace.path('replicationcontrollers', 'scaled', 'scale');

  behaviour('ReplicationController should get and update a ReplicationController scale', async () => {
    objectOf(
      await fetchApi('POST', namespace.path('replicationcontrollers'), { body: sampleController('scaled', 1) }),
      201,
    );
    const scale = objectOf(await fetchApi('GET', path));
    includes(scale, {
      kind: 'Scale',
      apiVersion: 'autoscaling/v1',
      metadata: { name: 'scaled', namespace: namespace.name },
      spec: { replicas: 1 },
      status: { selector: 'rc=scaled' },
    });
    const body = {
      apiVersion: 'autoscaling/v1',
      kind: 'Scale',
      metadata: { name: 'scaled', namespace: namespace.name },
      spec: { replicas: 2 },
    };
    includes(objectOf(await fetchApi('PUT', path, { body })), { kind: 'Scale', spec: { replicas: 2 } });
    const rc = objectOf(await fetchApi('GET', namespace.path('replicationcontrollers', 'scaled')));
    includes(rc, { spec: { replicas: 2 } });
  });

  behaves('takes a patch, and back to 0', async () => {
    includes(objectOf(await applyPatch(path, MERGE_PATCH, { spec: { replicas: 0 } })), { kind: 'Scale' });
    const rc = objectOf(await fetchApi('GET', namespace.path('replicationcontrollers', 'scaled')));
    includes(rc, { spec: { replicas: 0 } });
  });

  behaves('refuses a negative count and a stale version', async () => {
    const body = {
      apiVersion: 'autoscaling/v1',
      kind: 'Scale',
      metadata: { name: 'scaled', namespace: namespace.name },
      spec: { replicas: -1 },
    };
    statusOf(await fetchApi('PUT', path, { body }), {
      code: 422,
      reason: 'Invalid',
      message: /spec\.replicas: Invalid value: -1: must be greater than or equal to 0/,
    });
    const stale = { ...body, metadata: { ...body.metadata, resourceVersion: '1' }, spec: { replicas: 3 } };
    statusOf(await fetchApi('PUT', path, { body: stale }), { code: 409, reason: 'Conflict' });
  });

  behaves('of what is not there answers 404', async () => {
    const missing = namespace.path('replicationcontrollers', 'absent', 'scale');
    statusOf(await fetchApi('GET', missing), {
      code: 404,
      reason: 'NotFound',
      message: /^replicationcontrollers(\/scale\.autoscaling)? "absent" not found$/,
    });
  });
});
