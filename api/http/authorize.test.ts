import assert from 'node:assert/strict';
import { type RbacFixture, startRbac } from '../auth/rbac/rbac.fixture.ts';
import { type Authorizer, administrators, authorize, decide, nodes, roleBased } from './authorize.ts';
import { requestInfo } from './request-info.ts';

let fixture: RbacFixture;
let authorizers: Authorizer[];
before(async () => {
  fixture = await startRbac();
  authorizers = [administrators, nodes(), roleBased(fixture.rbac)];
});
after(() => fixture.stop());

function allowed(name: string, groups: string[], method: string, path: string): boolean {
  try {
    authorize(
      authorizers,
      { name, groups: [...groups, 'system:authenticated'] },
      requestInfo(method, path, new URLSearchParams()),
    );
    return true;
  } catch (error) {
    assert.equal((error as { code?: number }).code, 403);
    return false;
  }
}

describe('authorize', () => {
  const cases: [string, string, string[], string, string, boolean][] = [
    ['administrators may do anything', 'root', ['system:masters'], 'DELETE', '/api/v1/nodes/n', true],
    ['anybody may discover', 'eve', [], 'GET', '/apis/coordination.k8s.io/v1', true],
    ['anybody else may not read', 'eve', [], 'GET', '/api/v1/pods', false],
    ['the scheduler binds', 'system:kube-scheduler', [], 'POST', '/api/v1/namespaces/a/pods/p/binding', true],
    ['the scheduler reads no secrets', 'system:kube-scheduler', [], 'GET', '/api/v1/secrets', false],
    [
      'a node writes pod status',
      'system:node:n',
      ['system:nodes'],
      'PATCH',
      '/api/v1/namespaces/a/pods/p/status',
      true,
    ],
    ['a node creates no pods', 'system:node:n', ['system:nodes'], 'POST', '/api/v1/namespaces/a/pods', false],
    ['the proxy writes no services', 'system:kube-proxy', [], 'PUT', '/api/v1/namespaces/a/services/s', false],
    [
      'the endpoints controller writes endpoints',
      'system:serviceaccount:kube-system:endpoint-controller',
      [],
      'POST',
      '/api/v1/namespaces/a/endpoints',
      true,
    ],
    [
      'the endpoints controller deletes no pods',
      'system:serviceaccount:kube-system:endpoint-controller',
      [],
      'DELETE',
      '/api/v1/namespaces/a/pods/p',
      false,
    ],
    [
      'anybody may ask what they may do',
      'eve',
      [],
      'POST',
      '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
      true,
    ],
    ['a node that is none by name gets nothing', 'mallory', ['system:nodes'], 'GET', '/api/v1/nodes', false],
    ['paths outside discovery are closed', 'eve', [], 'GET', '/metrics', false],
  ];
  for (const [title, name, groups, method, path, expected] of cases) {
    it(title, () => assert.equal(allowed(name, groups, method, path), expected));
  }

  it('refuses in upstream’s words', () => {
    const info = requestInfo('GET', '/api/v1/namespaces/a/pods/p/log', new URLSearchParams());
    assert.throws(() => authorize(authorizers, { name: 'eve', groups: [] }, info), {
      message: 'pods "p" is forbidden: User "eve" cannot get resource "pods/log" in API group "" in the namespace "a"',
    });
  });

  it('asks in order and lets a deny stand', () => {
    const info = requestInfo('GET', '/api/v1/pods', new URLSearchParams());
    const user = { name: 'root', groups: ['system:masters'] };
    assert.throws(() => authorize([() => 'deny', administrators], user, info), { code: 403 });
    authorize([administrators, () => 'deny'], user, info);
  });

  it('tells why', () => {
    const info = requestInfo('GET', '/api/v1/nodes', new URLSearchParams());
    assert.deepEqual(decide(authorizers, { name: 'system:kube-proxy', groups: [] }, info), {
      decision: 'allow',
      reason:
        'RBAC: allowed by ClusterRoleBinding "system:node-proxier" of ClusterRole "system:node-proxier" to User "system:kube-proxy"',
    });
    assert.deepEqual(decide(authorizers, { name: 'eve', groups: [] }, info), { decision: 'no opinion', reason: '' });
  });
});
