import assert from 'node:assert/strict';
import type { V1ReplicationController, V1Service } from '../openapi/generated/types.ts';
import { requirementsOf } from '../openapi/selectors.ts';
import { siblingRequirements } from './siblings.ts';
import { pod } from './testing/objects.ts';

const selecting = (selector?: Record<string, string>): V1Service => ({ spec: selector ? { selector } : {} });

describe('what the siblings of a pod are selected by', () => {
  const owner = { apiVersion: 'v1', kind: 'ReplicationController', name: 'rc', uid: 'u1', controller: true };
  const labels = { app: 'web', tier: 'front' };
  const requirements = (services: V1Service[], rc?: V1ReplicationController) => {
    const target = pod('a', {}, { labels, ...(rc ? { ownerReferences: [owner] } : {}) });
    return siblingRequirements(target, {
      services: () => services,
      replicationController: () => rc,
      replicaSet: () => undefined,
      statefulSet: () => undefined,
    });
  };

  it('is nothing for a pod of no service and no controller', () => {
    assert.deepEqual(requirements([selecting({ app: 'db' }), selecting(), selecting({})]), []);
  });

  it('is all that its services select by, together', () => {
    const expected = requirementsOf({ app: 'web', tier: 'front' });
    assert.deepEqual(requirements([selecting({ app: 'web' }), selecting({ tier: 'front' })]), expected);
  });

  it('is what its replication controller selects by', () => {
    const rc = { metadata: { uid: 'u1' }, spec: { selector: { app: 'web' } } };
    assert.deepEqual(requirements([], rc), requirementsOf({ app: 'web' }));
    assert.deepEqual(requirements([], { ...rc, metadata: { uid: 'another of the same name' } }), []);
  });

  it('is what its replica set or stateful set selects by, beside its services', () => {
    const set = {
      metadata: { uid: 'u1' },
      spec: { selector: { matchExpressions: [{ key: 'tier', operator: 'Exists' }] } },
    };
    for (const kind of ['ReplicaSet', 'StatefulSet']) {
      const ownerReferences = [{ ...owner, apiVersion: 'apps/v1', kind }];
      const found = siblingRequirements(pod('a', {}, { labels, ownerReferences }), {
        services: () => [selecting({ app: 'web' })],
        replicationController: () => undefined,
        replicaSet: () => (kind === 'ReplicaSet' ? set : undefined),
        statefulSet: () => (kind === 'StatefulSet' ? { ...set, spec: { ...set.spec, template: {} } } : undefined),
      });
      assert.deepEqual(found, [...requirementsOf({ app: 'web' }), { key: 'tier', operator: 'exists' }]);
    }
  });
});
