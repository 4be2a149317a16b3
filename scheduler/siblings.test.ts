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
    return siblingRequirements(target, { services: () => services, replicationController: () => rc });
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
});
