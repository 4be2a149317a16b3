import assert from 'node:assert/strict';
import type { V1ClusterRole, V1RoleBinding } from '../../../openapi/generated/types.ts';
import { attributesOf } from '../attributes.ts';
import { bootstrapPolicy } from './bootstrap.ts';
import { type RbacFixture, startRbac } from './rbac.fixture.ts';

const GROUP = 'rbac.authorization.k8s.io';
const BOB = { name: 'bob', groups: ['dev', 'system:authenticated'] };
const getPods = (namespace: string) => attributesOf({ verb: 'get', resource: 'pods', namespace });

const role = (name: string, resource: string): V1ClusterRole => ({
  metadata: { name },
  rules: [{ verbs: ['get'], apiGroups: [''], resources: [resource] }],
});
const binding = (kind: string, name: string, subject: object): V1RoleBinding => ({
  metadata: { name: 'b', namespace: 'a' },
  roleRef: { apiGroup: GROUP, kind, name },
  subjects: [{ kind: 'User', apiGroup: GROUP, name: 'bob', ...subject }],
});

describe('Rbac', () => {
  let fixture: RbacFixture;
  beforeEach(async () => {
    fixture = await startRbac();
  });
  afterEach(() => fixture.stop());

  it('holds by the bootstrap policy before anything of it is stored', () => {
    const scheduler = { name: 'system:kube-scheduler', groups: [] };
    assert.equal(fixture.rbac.allows(scheduler, getPods('')), true);
    assert.equal(fixture.rbac.allows(scheduler, attributesOf({ verb: 'get', resource: 'secrets' })), false);
  });

  it('takes what is stored for the bootstrap role of that name', async () => {
    const scheduler = { name: 'system:kube-scheduler', groups: [] };
    await fixture.put('clusterroles/system:kube-scheduler', role('system:kube-scheduler', 'secrets'));
    assert.equal(fixture.rbac.allows(scheduler, getPods('')), false);
    await fixture.remove('clusterroles/system:kube-scheduler');
    assert.equal(fixture.rbac.allows(scheduler, attributesOf({ verb: 'get', resource: 'secrets' })), false);
  });

  it('follows bindings as they come, change and go', async () => {
    await fixture.put('clusterroles/r', role('r', 'pods'));
    assert.equal(fixture.rbac.allows(BOB, getPods('a')), false);
    await fixture.put('rolebindings/a/b', binding('ClusterRole', 'r', {}));
    assert.deepEqual([fixture.rbac.allows(BOB, getPods('a')), fixture.rbac.allows(BOB, getPods('c'))], [true, false]);
    await fixture.put('rolebindings/a/b', binding('ClusterRole', 'r', { name: 'eve' }));
    assert.equal(fixture.rbac.allows(BOB, getPods('a')), false);
    await fixture.put('rolebindings/a/b', binding('ClusterRole', 'r', { kind: 'Group', name: 'dev' }));
    assert.equal(fixture.rbac.allows(BOB, getPods('a')), true);
    await fixture.remove('rolebindings/a/b');
    assert.equal(fixture.rbac.allows(BOB, getPods('a')), false);
  });

  it('knows service accounts by the users they are', async () => {
    await fixture.put('roles/a/r', { ...role('r', 'pods'), metadata: { name: 'r', namespace: 'a' } });
    await fixture.put('rolebindings/a/b', binding('Role', 'r', { kind: 'ServiceAccount', apiGroup: '', name: 'sa' }));
    const account = { name: 'system:serviceaccount:a:sa', groups: [] };
    assert.equal(fixture.rbac.allows(account, getPods('a')), true);
    assert.equal(
      fixture.rbac.reason(account, getPods('a')),
      'RBAC: allowed by RoleBinding "b/a" of Role "r" to ServiceAccount "sa/a"',
    );
  });

  it('says what a binding refers to in vain', async () => {
    await fixture.put('rolebindings/a/b', binding('Role', 'gone', {}));
    assert.equal(fixture.rbac.reason(BOB, getPods('a')), `RBAC: role.${GROUP} "gone" not found`);
    assert.deepEqual(fixture.rbac.rulesFor(BOB, 'a').errors, [`role.${GROUP} "gone" not found`]);
  });

  it('lets aggregating roles hold what others hold, at once', async () => {
    await fixture.put('rolebindings/a/b', binding('ClusterRole', 'view', {}));
    const things = attributesOf({ verb: 'get', group: 'acme.io', resource: 'things', namespace: 'a' });
    assert.deepEqual([fixture.rbac.allows(BOB, getPods('a')), fixture.rbac.allows(BOB, things)], [true, false]);
    const labels = { [`${GROUP}/aggregate-to-view`]: 'true' };
    const rules = [{ verbs: ['get'], apiGroups: ['acme.io'], resources: ['things'] }];
    await fixture.put('clusterroles/acme', { metadata: { name: 'acme', labels }, rules } as V1ClusterRole);
    assert.equal(fixture.rbac.allows(BOB, things), true);
  });

  it('refuses to hand on more than is held, in upstream’s words', async () => {
    const wanted = [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }];
    assert.equal(
      fixture.rbac.escalation(BOB, 'a', wanted),
      'user "bob" (groups=["dev" "system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["pods"], Verbs:["get"]}',
    );
    await fixture.put('rolebindings/a/b', binding('ClusterRole', 'view', {}));
    assert.equal(fixture.rbac.escalation(BOB, 'a', wanted), undefined);
  });
});

describe('the bootstrap policy', () => {
  const policy = bootstrapPolicy();
  const names = (objects: readonly { metadata?: { namespace?: string; name?: string } }[]) =>
    objects.map(({ metadata }) => `${metadata?.namespace ?? ''}/${metadata?.name}`);

  it('names nothing twice', () => {
    for (const objects of Object.values(policy)) assert.equal(new Set(names(objects)).size, objects.length);
  });

  it('binds only roles that it has', () => {
    const clusterRoles = new Set(names(policy.clusterRoles));
    const roles = new Set(names(policy.roles));
    for (const { roleRef } of policy.clusterRoleBindings) assert.ok(clusterRoles.has(`/${roleRef.name}`), roleRef.name);
    for (const { metadata, roleRef } of policy.roleBindings)
      assert.ok(roles.has(`${metadata?.namespace}/${roleRef.name}`), roleRef.name);
  });

  it('is marked as upstream marks it', () => {
    const admin = policy.clusterRoles.find(({ metadata }) => metadata?.name === 'edit');
    assert.deepEqual(admin?.metadata, {
      name: 'edit',
      labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults', [`${GROUP}/aggregate-to-admin`]: 'true' },
      annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' },
    });
  });
});
