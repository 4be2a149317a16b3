import assert from 'node:assert/strict';
import type { Attributes } from '../auth/attributes.ts';
import type { Authorizer } from './authorize.ts';
import { impersonate } from './impersonate.ts';

const ASKER = { name: 'admin', groups: ['system:masters'] };
const anybody: Authorizer = () => 'allow';

describe('impersonate', () => {
  const cases: [string, string[], object][] = [
    ['leaves requests without the headers alone', ['If-Match', 'x', 'accept', '*/*'], ASKER],
    ['acts as a user', ['Impersonate-User', 'bob'], { name: 'bob', groups: ['system:authenticated'] }],
    [
      'acts as a user with groups, an id and more',
      [
        ['Impersonate-User', 'bob'],
        ['impersonate-group', 'a'],
        ['Impersonate-Group', 'b'],
        ['Impersonate-Uid', '7'],
        ['Impersonate-Extra-Scopes', 'x'],
        ['Impersonate-Extra-acme.com%2Fproject', 'y'],
        ['Impersonate-Extra-scopes', 'z'],
      ].flat(),
      {
        name: 'bob',
        uid: '7',
        groups: ['a', 'b', 'system:authenticated'],
        extra: { scopes: ['x', 'z'], 'acme.com/project': ['y'] },
      },
    ],
    [
      'knows the groups of service accounts',
      ['Impersonate-User', 'system:serviceaccount:a:sa'],
      {
        name: 'system:serviceaccount:a:sa',
        groups: ['system:serviceaccounts', 'system:serviceaccounts:a', 'system:authenticated'],
      },
    ],
    [
      'leaves nobody without authentication authenticated',
      ['Impersonate-User', 'system:anonymous'],
      { name: 'system:anonymous', groups: ['system:unauthenticated'] },
    ],
  ];
  for (const [title, headers, expected] of cases) {
    it(title, () => assert.deepEqual(impersonate(headers, ASKER, [anybody]), expected));
  }

  it('asks for each part by itself', () => {
    const asked: (Attributes['resource'] | undefined)[] = [];
    const ask: Authorizer = (user, { resource }) => {
      assert.equal(user, ASKER);
      asked.push(resource);
      return 'allow';
    };
    const headers = [
      'Impersonate-User',
      'system:serviceaccount:a:sa',
      'Impersonate-Group',
      'g',
      'Impersonate-Uid',
      '7',
    ];
    impersonate([...headers, 'Impersonate-Extra-k', 'v'], ASKER, [ask]);
    assert.deepEqual(
      asked.map((resource) => [
        resource?.verb,
        resource?.group,
        `${resource?.resource}/${resource?.subresource}`,
        `${resource?.namespace}/${resource?.name}`,
      ]),
      [
        ['impersonate', '', 'serviceaccounts/', 'a/sa'],
        ['impersonate', '', 'groups/', '/g'],
        ['impersonate', 'authentication.k8s.io', 'userextras/k', '/v'],
        ['impersonate', 'authentication.k8s.io', 'uids/', '/7'],
      ],
    );
  });

  it('refuses who may not', () => {
    assert.throws(() => impersonate(['Impersonate-User', 'bob'], { name: 'eve', groups: [] }, []), {
      code: 403,
      message:
        'users "bob" is forbidden: User "eve" cannot impersonate resource "users" in API group "" at the cluster scope',
    });
  });

  it('refuses groups without a user', () => {
    assert.throws(() => impersonate(['Impersonate-Group', 'g'], ASKER, [anybody]), {
      code: 500,
      message: 'requested [{Group  g    }] without impersonating a user',
    });
  });
});
