import assert from 'node:assert/strict';
import type { V1ClusterRoleBinding, V1RoleBinding } from '../../../openapi/generated/types.ts';
import { created, declarationOf, errorsOf, type Loose, updated } from '../test-support.ts';

const GROUP = 'rbac.authorization.k8s.io';
const roleRef = { apiGroup: GROUP, kind: 'ClusterRole', name: 'view' };
const metadata = { name: 'a:b' };

describe('roles and bindings', () => {
  const cases: [string, string, Loose, string[]][] = [
    [
      'rules need verbs, groups and resources',
      'Role',
      { metadata, rules: [{ verbs: [] }] },
      [
        'rules[0].verbs: Required value: verbs must contain at least one value',
        'rules[0].apiGroups: Required value: resource rules must supply at least one api group',
        'rules[0].resources: Required value: resource rules must supply at least one resource',
      ],
    ],
    [
      'paths are of no namespace',
      'Role',
      { metadata, rules: [{ verbs: ['get'], nonResourceURLs: ['/x'] }] },
      ['rules[0].nonResourceURLs: Invalid value: ["/x"]: namespaced rules cannot apply to non-resource URLs'],
    ],
    [
      'a rule is about one thing',
      'ClusterRole',
      { metadata, rules: [{ verbs: ['get'], nonResourceURLs: ['/x'], resources: ['a'] }] },
      [
        'rules[0].nonResourceURLs: Invalid value: ["/x"]: rules cannot apply to both regular resources and non-resource URLs',
      ],
    ],
    [
      'an aggregation selects something',
      'ClusterRole',
      { metadata, aggregationRule: {} },
      [
        'aggregationRule.clusterRoleSelectors: Required value: at least one clusterRoleSelector required if aggregationRule is non-nil',
      ],
    ],
    [
      'names are segments of a path',
      'Role',
      { metadata: { name: 'a/b' } },
      [`metadata.name: Invalid value: "a/b": may not contain '/'`],
    ],
    [
      'bindings refer to roles and name subjects',
      'RoleBinding',
      {
        metadata,
        roleRef: { apiGroup: 'x', kind: 'Foo', name: '' },
        subjects: [
          { kind: 'User', name: '', apiGroup: 'y' },
          { kind: 'Bla', name: 'dev' },
          { kind: 'ServiceAccount', name: 'a', apiGroup: 'z' },
        ],
      },
      [
        `roleRef.apiGroup: Unsupported value: "x": supported values: "${GROUP}"`,
        'roleRef.kind: Unsupported value: "Foo": supported values: "Role", "ClusterRole"',
        'roleRef.name: Required value',
        'subjects[0].name: Required value',
        `subjects[0].apiGroup: Unsupported value: "y": supported values: "${GROUP}"`,
        'subjects[1].kind: Unsupported value: "Bla": supported values: "ServiceAccount", "User", "Group"',
        'subjects[2].apiGroup: Unsupported value: "z": supported values: ""',
      ],
    ],
    [
      'cluster bindings say of which namespace an account is',
      'ClusterRoleBinding',
      { metadata, roleRef, subjects: [{ kind: 'ServiceAccount', name: 'a' }] },
      ['subjects[0].namespace: Required value'],
    ],
  ];
  for (const [title, kind, object, expected] of cases) {
    it(title, () => assert.deepEqual(errorsOf(kind, object), expected));
  }

  it('are of RBAC’s group unless they say otherwise', () => {
    const subjects = [
      { kind: 'User', name: 'u' },
      { kind: 'Group', name: 'g' },
      { kind: 'ServiceAccount', name: 's' },
    ];
    const object = { metadata, roleRef: { kind: 'Role', name: 'r' }, subjects };
    const binding = created<V1RoleBinding>('RoleBinding', object);
    assert.equal(binding.roleRef.apiGroup, GROUP);
    assert.deepEqual(
      binding.subjects?.map(({ apiGroup }) => apiGroup),
      [GROUP, GROUP, undefined],
    );
  });

  it('keep the role that a binding refers to', () => {
    const old = created<V1ClusterRoleBinding>('ClusterRoleBinding', { metadata, roleRef });
    const { errors } = updated('ClusterRoleBinding', old, (binding) => Object.assign(binding.roleRef, { name: 'x' }));
    assert.deepEqual(errors, [
      `roleRef: Invalid value: {"APIGroup":"${GROUP}","Kind":"ClusterRole","Name":"x"}: cannot change roleRef`,
    ]);
  });

  it('show whom they bind with -o wide', () => {
    const subjects = [
      { kind: 'User', name: 'u' },
      { kind: 'User', name: 'v' },
      { kind: 'ServiceAccount', name: 's', namespace: 'n' },
    ];
    const binding = { metadata, roleRef, subjects } as V1RoleBinding;
    const { columns } = declarationOf('RoleBinding');
    assert.deepEqual(
      columns.map(({ name, priority, value }) => [name, priority, name === 'Age' ? '' : value(binding, 0)]),
      [
        ['Name', 0, 'a:b'],
        ['Role', 0, 'ClusterRole/view'],
        ['Age', 0, ''],
        ['Users', 1, 'u, v'],
        ['Groups', 1, ''],
        ['ServiceAccounts', 1, 'n/s'],
      ],
    );
    assert.deepEqual(
      declarationOf('ClusterRole').columns.map(({ name, type }) => [name, type]),
      [
        ['Name', 'string'],
        ['Created At', 'date'],
      ],
    );
  });
});
