import assert from 'node:assert/strict';
import { fillAlwaysWritten } from './always-written.ts';

const filled = (definition: string, object: object): object => {
  fillAlwaysWritten(definition, object);
  return object;
};

describe('fillAlwaysWritten()', () => {
  const cases: [what: string, definition: string, object: object, result: object][] = [
    [
      'writes structs, however deep',
      'io.k8s.api.apps.v1.Deployment',
      { metadata: { name: 'web' }, spec: { replicas: 1, template: { spec: { containers: [{ name: 'a' }] } } } },
      {
        metadata: { name: 'web' },
        spec: {
          replicas: 1,
          strategy: {},
          template: { metadata: {}, spec: { containers: [{ name: 'a', resources: {} }] } },
        },
        status: {},
      },
    ],
    ['takes null for an empty struct', 'io.k8s.api.rbac.v1.Role', { metadata: null }, { metadata: {}, rules: null }],
    ['writes lists without omitempty as null', 'io.k8s.api.rbac.v1.Role', {}, { metadata: {}, rules: null }],
    [
      'writes scalars without omitempty',
      'io.k8s.api.core.v1.ContainerStatus',
      { name: 'a' },
      { name: 'a', ready: false, restartCount: 0, image: '', imageID: '', state: {}, lastState: {} },
    ],
    [
      'writes times as null, in lists of structs too',
      'io.k8s.api.core.v1.PodStatus',
      { conditions: [{ type: 'Ready', status: 'True' }] },
      { conditions: [{ type: 'Ready', status: 'True', lastProbeTime: null, lastTransitionTime: null }] },
    ],
    ['knows the fields of embedded structs', 'io.k8s.api.core.v1.EphemeralContainer', {}, { name: '', resources: {} }],
    ['leaves what is set', 'io.k8s.api.core.v1.EmptyDirVolumeSource', { medium: 'Memory' }, { medium: 'Memory' }],
    ['does nothing for a definition that does not exist', 'none', { a: 1 }, { a: 1 }],
  ];
  for (const [what, definition, object, result] of cases) {
    it(what, () => assert.deepEqual(filled(definition, object), result));
  }

  it('comes to an end where definitions refer to themselves', () => {
    const id = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps';
    assert.deepEqual(filled(id, { properties: { a: { type: 'object' } } }), { properties: { a: { type: 'object' } } });
  });
});
