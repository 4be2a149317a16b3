/** Access as clients of a whole server meet it: tokens, reviews, escalation, and the objects every cluster has. */
import assert from 'node:assert/strict';
import { isStatus } from '../../openapi/status.ts';
import type { Transport } from '../../openapi/transport.ts';
import { ADMIN, startServer } from '../server.fixture.ts';
import type { ApiServer } from '../server.ts';

const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const REVIEWS = '/apis/authorization.k8s.io/v1';

interface Loose {
  metadata?: { name?: string };
  items?: Loose[];
  status?: Record<string, unknown>;
  spec?: Record<string, unknown>;
}

describe('access control', () => {
  let server: ApiServer;
  let admin: Transport;
  const as = (name: string) => server.direct({ name, groups: [] });
  const get = async (path: string, who = admin) => (await who.call({ method: 'GET', path })) as Loose;
  const post = async (path: string, body: object, who = admin) =>
    (await who.call({ method: 'POST', path, body })) as Loose;

  before(async () => {
    server = await startServer();
    admin = server.direct(ADMIN);
    await server.settled();
    await post('/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'sa' } });
    const rules = [{ verbs: ['create', 'update'], apiGroups: ['rbac.authorization.k8s.io'], resources: ['*'] }];
    await post(`${RBAC}/clusterroles`, { metadata: { name: 'granter' }, rules });
    const roleRef = { kind: 'ClusterRole', name: 'granter' };
    await post(`${RBAC}/clusterrolebindings`, {
      metadata: { name: 'g' },
      roleRef,
      subjects: [{ kind: 'User', name: 'eve' }],
    });
  });
  after(() => server.stop());

  it('stores what every cluster has', async () => {
    const names = async (path: string) => (await get(path)).items?.map(({ metadata }) => metadata?.name) ?? [];
    assert.ok((await names(`${RBAC}/clusterroles`)).includes('cluster-admin'));
    assert.ok((await names(`${RBAC}/clusterrolebindings`)).includes('system:controller:job-controller'));
    assert.ok((await names(`${RBAC}/rolebindings`)).includes('system:controller:token-cleaner'));
    assert.ok((await names('/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas')).includes('catch-all'));
    assert.ok((await names('/apis/apiregistration.k8s.io/v1/apiservices')).includes('v1.apps'));
  });

  it('issues tokens, and says whose they are', async () => {
    const path = '/api/v1/namespaces/default/serviceaccounts/sa/token';
    const { status, spec } = await post(path, { spec: {} });
    const audiences = ['https://kubernetes.default.svc.cluster.local'];
    assert.deepEqual(spec, { audiences, expirationSeconds: 3600, boundObjectRef: null });
    const review = await post('/apis/authentication.k8s.io/v1/tokenreviews', { spec: { token: status?.token } });
    const user = review.status?.user as { username?: string } | undefined;
    assert.deepEqual([review.status?.authenticated, user?.username], [true, 'system:serviceaccount:default:sa']);
  });

  const requests: [string, object, string][] = [
    [
      'too short a life',
      { expirationSeconds: 5 },
      'spec.expirationSeconds: Invalid value: 5: may not specify a duration less than 10 minutes',
    ],
    ['a pod that is not there', { boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'p' } }, 'pods "p" not found'],
    [
      'what nothing can be bound to',
      { boundObjectRef: { kind: 'Job', apiVersion: 'batch/v1' } },
      'cannot bind token to object of type batch/v1, Kind=Job',
    ],
    [
      'another of that name',
      { boundObjectRef: { kind: 'Secret', apiVersion: 'v1', name: 's', uid: 'x' } },
      'the UID in the bound object reference (x) does not match',
    ],
  ];
  for (const [title, spec, message] of requests) {
    it(`refuses tokens for ${title}`, async () => {
      if (title.startsWith('another')) await post('/api/v1/namespaces/default/secrets', { metadata: { name: 's' } });
      const body = { spec: { audiences: [], ...spec } };
      await assert.rejects(post('/api/v1/namespaces/default/serviceaccounts/sa/token', body), (error: Error) =>
        error.message.includes(message),
      );
    });
  }

  it('answers whether somebody may, and why', async () => {
    const review = async (spec: object) => (await post(`${REVIEWS}/subjectaccessreviews`, { spec })).status;
    const resourceAttributes = { verb: 'create', group: 'rbac.authorization.k8s.io', resource: 'roles' };
    assert.deepEqual(await review({ user: 'eve', resourceAttributes }), {
      allowed: true,
      reason: 'RBAC: allowed by ClusterRoleBinding "g" of ClusterRole "granter" to User "eve"',
    });
    assert.deepEqual(await review({ user: 'bob', resourceAttributes }), { allowed: false });
    assert.deepEqual(await review({ groups: ['system:masters'], nonResourceAttributes: { path: '/x', verb: 'get' } }), {
      allowed: true,
    });
  });

  it('tells everybody who they are and what they may do', async () => {
    const { status } = await post('/apis/authentication.k8s.io/v1/selfsubjectreviews', {}, as('eve'));
    assert.deepEqual(status, { userInfo: { username: 'eve', groups: ['system:authenticated'] } });
    const spec = { namespace: 'default' };
    const rules = await post(`${REVIEWS}/selfsubjectrulesreviews`, { spec }, as('eve'));
    assert.ok(JSON.stringify(rules.status?.resourceRules).includes('"rbac.authorization.k8s.io"'));
    const own = { resourceAttributes: { verb: 'get', resource: 'pods' } };
    const access = await post(`${REVIEWS}/selfsubjectaccessreviews`, { spec: own }, as('eve'));
    assert.deepEqual(access.status, { allowed: false });
  });

  const refusals: [string, string, object, string][] = [
    [
      'a role that exceeds what its maker holds',
      'clusterroles',
      { rules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }] },
      'is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["pods"], Verbs:["get"]}',
    ],
    [
      'an aggregation, which may select anything',
      'clusterroles',
      { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: 'b' } }] } },
      'must have cluster-admin privileges to use the aggregationRule',
    ],
    [
      'a binding of a role that exceeds what its maker holds',
      'clusterrolebindings',
      { roleRef: { kind: 'ClusterRole', name: 'system:kube-dns' } },
      'is attempting to grant RBAC permissions not currently held',
    ],
    [
      'a binding of a role that is not there',
      'clusterrolebindings',
      { roleRef: { kind: 'ClusterRole', name: 'gone' } },
      'clusterroles.rbac.authorization.k8s.io "gone" not found',
    ],
  ];
  for (const [title, plural, body, message] of refusals) {
    it(`refuses ${title}`, async () => {
      const object = { metadata: { name: 'x' }, ...body };
      await assert.rejects(post(`${RBAC}/${plural}`, object, as('eve')), (error: Error) =>
        error.message.includes(message),
      );
    });
  }

  it('lets hand on what is held', async () => {
    const rules = [{ verbs: ['create'], apiGroups: ['rbac.authorization.k8s.io'], resources: ['roles'] }];
    const made = await post(`${RBAC}/clusterroles`, { metadata: { name: 'same' }, rules }, as('eve'));
    assert.equal(made.metadata?.name, 'same');
  });

  it('says in a refusal which role is missing', async () => {
    const roleRef = { kind: 'ClusterRole', name: 'gone' };
    const subjects = [{ kind: 'User', name: 'lost' }];
    await post(`${RBAC}/clusterrolebindings`, { metadata: { name: 'l' }, roleRef, subjects });
    await assert.rejects(get('/api/v1/pods', as('lost')), (error: unknown) => {
      assert.ok(isStatus(error, 'Forbidden'));
      assert.match(
        error.message,
        /at the cluster scope: RBAC: clusterrole.rbac.authorization.k8s.io "gone" not found$/,
      );
      return true;
    });
  });

  it('approves and signs only for who may', async () => {
    const path = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
    await assert.rejects(get(`${path}/x/approval`, as('eve')), { code: 403 });
  });
});
