import assert from 'node:assert/strict';
import type { V1ClusterRole, V1ClusterRoleBinding } from '../../../openapi/generated/types.ts';
import { AUTOUPDATE, clusterBinding, clusterRole, group, rule } from './policy.ts';
import { completed } from './store-policy.ts';

describe('completed', () => {
  const wanted = clusterRole('r', [rule('get list', 'core', 'pods'), rule('get', 'core', 'nodes')]);

  it('adds the rules that somebody has taken, and keeps those that somebody has added', () => {
    const own = rule('delete', 'core', 'pods');
    const stored = { ...structuredClone(wanted), rules: [rule('get list watch', 'core', 'pods'), own] };
    const found: V1ClusterRole | undefined = completed(stored, wanted);
    assert.deepEqual(found?.rules, [rule('get list watch', 'core', 'pods'), own, rule('get', 'core', 'nodes')]);
  });

  it('changes nothing where nothing is missing', () => {
    assert.equal(completed(structuredClone(wanted), wanted), undefined);
  });

  it('adds missing subjects and labels', () => {
    const binding = clusterBinding('b', group('a'), group('b'));
    const stored = { ...structuredClone(binding), metadata: { name: 'b' }, subjects: [group('c'), group('b')] };
    const found = completed(stored, binding) as V1ClusterRoleBinding | undefined;
    assert.deepEqual(found?.subjects, [group('c'), group('b'), group('a')]);
    assert.deepEqual(found?.metadata?.labels, { 'kubernetes.io/bootstrapping': 'rbac-defaults' });
  });

  it('leaves alone what asks for it', () => {
    const metadata = { name: 'r', annotations: { [AUTOUPDATE]: 'false' } };
    assert.equal(completed({ metadata, rules: [] } as V1ClusterRole, wanted), undefined);
  });
});
