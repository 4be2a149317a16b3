import assert from 'node:assert/strict';
import { compareGroups, compareVersionNames, compareVersions } from './discovery-order.ts';

describe('the order of discovery', () => {
  it('of groups is upstream’s, with those of custom resources last and by their names', () => {
    const groups = ['zoo.example.com', 'apps', 'a.example.com', 'admissionregistration.k8s.io', 'apiextensions.k8s.io'];
    assert.deepEqual([...groups, 'apiregistration.k8s.io', 'policy'].sort(compareGroups), [
      'apiregistration.k8s.io',
      'apps',
      'policy',
      'admissionregistration.k8s.io',
      'apiextensions.k8s.io',
      'a.example.com',
      'zoo.example.com',
    ]);
  });

  it('of versions prefers autoscaling/v2, and v1 to v1beta1 anywhere', () => {
    assert.deepEqual(
      ['v1', 'v2', 'v2beta2'].sort((a, b) => compareVersions('autoscaling', a, b)),
      ['v2', 'v1', 'v2beta2'],
    );
    assert.deepEqual(
      ['v1beta1', 'v1'].sort((a, b) => compareVersions('policy', a, b)),
      ['v1', 'v1beta1'],
    );
  });

  it('of names is that of Kubernetes', () => {
    const sorted = ['v10', 'v2', 'v1', 'v11beta2', 'v10beta3', 'v3beta1', 'v12alpha1', 'v11alpha2', 'foo1', 'foo10'];
    assert.deepEqual([...sorted].reverse().sort(compareVersionNames), sorted);
  });
});
