/**
 * Pods and what makes them, as the API keeps them: all operations, status and scale. The listed behaviours of these
 * kinds wait for controllers or a node; what they ask of the API alone is here, and no row is claimed.
 */
import assert from 'node:assert/strict';
import {
  applyPatch,
  behaves,
  fetchApi,
  includes,
  JSON_PATCH,
  MERGE_PATCH,
  mutate,
  objectOf,
  STRATEGIC_PATCH,
  statusOf,
  suite,
  testNamespace,
} from './harness.ts';
import { kindOf, supportsOperations } from './kind-operations.ts';
import { collectionOf } from './kinds.ts';

const condition = (type: string) => ({ type, status: 'True', reason: 'E2E', message: 'Set from e2e test' });

for (const [apiVersion, resource] of [
  ['v1', 'pods'],
  ['v1', 'replicationcontrollers'],
  ['apps/v1', 'deployments'],
  ['apps/v1', 'replicasets'],
  ['apps/v1', 'statefulsets'],
  ['apps/v1', 'daemonsets'],
  ['batch/v1', 'jobs'],
] as const) {
  supportsOperations({
    apiVersion,
    resource,
    status: {
      patch: { conditions: [condition('StatusPatched')] },
      update: { conditions: [condition('StatusUpdated')] },
    },
  });
}

suite('scale', () => {
  const namespace = testNamespace();

  for (const resource of ['deployments', 'replicasets', 'statefulsets']) {
    const kind = kindOf('apps/v1', resource);
    const path = `${collectionOf(kind, namespace.name)}/scaled`;

    behaves(`of ${resource} is read, replaced and patched, and moves the generation`, async () => {
      const body = kind.sample('scaled', namespace.name);
      const created = objectOf(await fetchApi('POST', collectionOf(kind, namespace.name), { body }), 201);
      const first = objectOf(await fetchApi('GET', `${path}/scale`));
      includes(first, {
        apiVersion: 'autoscaling/v1',
        kind: 'Scale',
        metadata: { name: 'scaled', namespace: namespace.name, uid: created.metadata.uid },
        spec: { replicas: undefined },
        status: { replicas: 0, selector: 'app=scaled' },
      });
      const counts: [replicas: number, write: () => ReturnType<typeof fetchApi>][] = [
        [2, () => fetchApi('PUT', `${path}/scale`, { body: { ...first, metadata: nameOnly, spec: { replicas: 2 } } })],
        [4, () => applyPatch(`${path}/scale`, MERGE_PATCH, { spec: { replicas: 4 } })],
        [3, () => applyPatch(`${path}/scale`, STRATEGIC_PATCH, { spec: { replicas: 3 } })],
        [1, () => applyPatch(`${path}/scale`, JSON_PATCH, [{ op: 'add', path: '/spec/replicas', value: 1 }])],
      ];
      let generation = Number(created.metadata.generation);
      for (const [replicas, write] of counts) {
        includes(objectOf(await write()), { kind: 'Scale', spec: { replicas } });
        generation++;
        includes(objectOf(await fetchApi('GET', path)), { spec: { replicas }, metadata: { generation } });
      }
      const answer = await applyPatch(`${path}/scale`, MERGE_PATCH, { spec: { replicas: -1 } });
      statusOf(answer, { code: 422, reason: 'Invalid', message: /spec\.replicas: Invalid value: -1: must be greater/ });
      await mutate(path, (object) => {
        object.spec = { ...(object.spec as object), replicas: 0 };
      });
      const gone = await fetchApi('DELETE', `${path}?propagationPolicy=Background`);
      assert.equal(gone.status, 200, gone.text);
    });
  }
  const nameOnly = { name: 'scaled', namespace: namespace.name };
});
