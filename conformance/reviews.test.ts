/** The reviews, which are asked and not kept: who is this, and may they. */
import assert from 'node:assert/strict';
import {
  at,
  behaves,
  behaviour,
  eventually,
  fetchApi,
  includes,
  objectOf,
  statusOf,
  suite,
  testNamespace,
  uniqueName,
} from './harness.ts';

const AUTHORIZATION = '/apis/authorization.k8s.io/v1';
const AUTHENTICATION = '/apis/authentication.k8s.io/v1';

interface Verdict {
  allowed: boolean;
  denied?: boolean;
  reason?: string;
}

suite('access reviews', () => {
  const namespace = testNamespace();
  const account = `system:serviceaccount:${namespace.name}:e2e`;
  const groups = ['system:authenticated', 'system:serviceaccounts', `system:serviceaccounts:${namespace.name}`];
  const resourceAttributes = { verb: 'list', resource: 'configmaps', namespace: namespace.name, version: 'v1' };
  const asAccount = { 'impersonate-user': account };
  const review = async (path: string, spec: object, headers: Record<string, string> = {}, metadata: object = {}) => {
    const answer = objectOf(await fetchApi('POST', path, { body: { metadata, spec }, headers }), 201);
    return at(answer, 'status') as Verdict;
  };
  /** What the account finds when it tries. */
  const isAllowed = async () => {
    const answer = await fetchApi('GET', namespace.path('configmaps'), { headers: asAccount });
    if (answer.status === 200) return true;
    statusOf(answer, { code: 403, reason: 'Forbidden' });
    return false;
  };
  const verdicts = async () => {
    const about = { resourceAttributes, user: account, groups };
    const own = `${AUTHORIZATION}/namespaces/${namespace.name}/localsubjectaccessreviews`;
    return [
      await review(`${AUTHORIZATION}/subjectaccessreviews`, about),
      await review(own, about, {}, { namespace: namespace.name }),
      await review(`${AUTHORIZATION}/selfsubjectaccessreviews`, { resourceAttributes }, asAccount),
    ].map(({ allowed }) => allowed);
  };
  before(async () => {
    objectOf(await fetchApi('POST', namespace.path('serviceaccounts'), { body: { metadata: { name: 'e2e' } } }), 201);
  });

  behaviour('SubjectReview should support SubjectReview API operations', async () => {
    assert.equal(await isAllowed(), false);
    assert.deepEqual(await verdicts(), [false, false, false]);
    const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace.name}`;
    const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['list'] }];
    objectOf(await fetchApi('POST', `${rbac}/roles`, { body: { metadata: { name: 'e2e' }, rules } }), 201);
    const subjects = [{ kind: 'ServiceAccount', namespace: namespace.name, name: 'e2e' }];
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'e2e' };
    const body = { metadata: { name: 'e2e' }, subjects, roleRef };
    objectOf(await fetchApi('POST', `${rbac}/rolebindings`, { body }), 201);
    // The authorizer may hear of the binding by a watch of its own.
    await eventually(async () => assert.equal(await isAllowed(), true));
    assert.deepEqual(await verdicts(), [true, true, true]);
    await fetchApi('DELETE', `${rbac}/rolebindings/e2e`);
    await fetchApi('DELETE', `${rbac}/roles/e2e`);
  });

  behaves('a local review is about its own namespace', async () => {
    const path = `${AUTHORIZATION}/namespaces/${namespace.name}/localsubjectaccessreviews`;
    const spec = { resourceAttributes: { ...resourceAttributes, namespace: 'default' }, user: account };
    statusOf(await fetchApi('POST', path, { body: { metadata: { namespace: namespace.name }, spec } }), {
      code: [400, 422],
      message: /spec\.resourceAttributes\.namespace: Invalid value: "default": must match metadata\.namespace/,
    });
  });

  behaves('a review must say of whom and of what', async () => {
    const cases: [spec: object, message: RegExp][] = [
      [{ resourceAttributes }, /at least one of user or group must be specified/],
      [{ user: 'somebody' }, /exactly one of nonResourceAttributes or resourceAttributes must be specified/],
      [
        { user: 'somebody', resourceAttributes, nonResourceAttributes: { path: '/', verb: 'get' } },
        /cannot be specified in combination with resourceAttributes/,
      ],
    ];
    for (const [spec, message] of cases) {
      const answer = await fetchApi('POST', `${AUTHORIZATION}/subjectaccessreviews`, { body: { spec } });
      statusOf(answer, { code: 422, reason: 'Invalid', message });
    }
  });

  behaves('the rules of the asker are listed', async () => {
    const spec = { namespace: namespace.name };
    const path = `${AUTHORIZATION}/selfsubjectrulesreviews`;
    const answer = objectOf(await fetchApi('POST', path, { body: { spec }, headers: asAccount }), 201);
    const rules = at(answer, 'status.resourceRules') as { verbs: string[]; resources: string[] }[];
    assert.ok(rules.some(({ resources }) => resources.includes('selfsubjectaccessreviews')));
    assert.ok(!rules.some(({ resources }) => resources.includes('secrets') || resources.includes('*')));
  });

  behaves('an impersonator must be allowed to be somebody else', async () => {
    const headers = { ...asAccount };
    const impersonate = { verb: 'impersonate', resource: 'users', name: 'somebody' };
    const path = `${AUTHORIZATION}/selfsubjectaccessreviews`;
    assert.equal((await review(path, { resourceAttributes: impersonate }, headers)).allowed, false);
    assert.equal((await review(path, { resourceAttributes: impersonate })).allowed, true);
  });

  behaviour(
    'Servers with support for Table transformation should return a 406 for a backend which does not implement metadata',
    async () => {
      const body = { spec: { nonResourceAttributes: { path: '/', verb: 'get' } } };
      const headers = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };
      const answer = await fetchApi('POST', `${AUTHORIZATION}/selfsubjectaccessreviews`, { body, headers });
      statusOf(answer, { code: 406, reason: 'NotAcceptable' });
    },
  );
});

suite('authentication reviews', () => {
  behaves('a token nobody gave out is nobody', async () => {
    const body = { spec: { token: uniqueName('nobody') } };
    const answer = objectOf(await fetchApi('POST', `${AUTHENTICATION}/tokenreviews`, { body }), 201);
    assert.notEqual(at(answer, 'status.authenticated'), true);
    assert.equal(at(answer, 'status.user.username'), undefined);
  });

  behaves('a review without a token is refused', async () => {
    statusOf(await fetchApi('POST', `${AUTHENTICATION}/tokenreviews`, { body: { spec: {} } }), {
      code: 400,
      reason: 'BadRequest',
      message: 'token is required for TokenReview in authentication',
    });
  });

  behaves('who one is', { since: 28 }, async () => {
    const path = `${AUTHENTICATION}/selfsubjectreviews`;
    const headers = { 'impersonate-user': 'jane', 'impersonate-group': 'developers', 'impersonate-uid': '42' };
    const answer = objectOf(await fetchApi('POST', path, { body: {}, headers }), 201);
    includes(at(answer, 'status.userInfo'), {
      username: 'jane',
      uid: '42',
      groups: ['developers', 'system:authenticated'],
    });
  });
});
