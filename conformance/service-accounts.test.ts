/** Service accounts: the accounts, their tokens, and how both reach pods and those who check them. */
import assert from 'node:assert/strict';
import { createPublicKey, type JsonWebKey, verify } from 'node:crypto';
import {
  applyPatch,
  at,
  behaves,
  behaviour,
  eventually,
  fetchApi,
  includes,
  listOf,
  mutate,
  objectOf,
  STRATEGIC_PATCH,
  statusOf,
  suite,
  targetAs,
  testNamespace,
  type Wire,
  watch,
} from './harness.ts';
import { samplePodSpec } from './kinds.ts';

const MOUNT_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';
const REVIEWS = '/apis/authentication.k8s.io/v1/tokenreviews';
const BINDINGS = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings';

interface Claims {
  iss: string;
  aud: string[];
  sub: string;
  exp: number;
  iat: number;
}

interface Configuration {
  issuer: string;
  jwks_uri: string;
  id_token_signing_alg_values_supported: string[];
}

const decode = <T>(part = '') => JSON.parse(Buffer.from(part, 'base64url').toString()) as T;
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

suite('service accounts', () => {
  const namespace = testNamespace();
  const accounts = namespace.path('serviceaccounts');
  const createAccount = async (name: string, fields: object = {}, labels?: object) =>
    objectOf(await fetchApi('POST', accounts, { body: { metadata: { name, labels }, ...fields } }), 201);
  const requestToken = async (account: string, spec: object = {}) => {
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec };
    const answer = objectOf(await fetchApi('POST', `${accounts}/${account}/token`, { body }), 201);
    return { answer, token: String(at(answer, 'status.token') ?? '') };
  };
  const reviewOf = async (token: string, audiences?: string[]) =>
    objectOf(await fetchApi('POST', REVIEWS, { body: { spec: { token, audiences } } }), 201);

  behaviour('ServiceAccounts should run through the lifecycle of a ServiceAccount', async () => {
    const labels = { 'test-serviceaccount-static': 'true' };
    const selector = 'labelSelector=test-serviceaccount-static%3Dtrue';
    const path = `${accounts}/testserviceaccount`;
    const created = await createAccount('testserviceaccount', {}, labels);
    assert.equal(objectOf(await fetchApi('GET', path)).metadata.uid, created.metadata.uid);
    const stream = await watch(accounts, `${selector}&timeoutSeconds=180`);
    await stream.until((events) => events.some(({ type }) => type === 'ADDED'));
    objectOf(await applyPatch(path, STRATEGIC_PATCH, { automountServiceAccountToken: false }));
    await stream.until((events) => events.some(({ type }) => type === 'MODIFIED'));
    const { items } = listOf(await fetchApi('GET', `/api/v1/serviceaccounts?${selector}`));
    const found = items.find(({ metadata }) => metadata.namespace === namespace.name);
    includes(found, { metadata: { name: 'testserviceaccount' }, automountServiceAccountToken: false });
    assert.equal((await fetchApi('DELETE', `${accounts}?${selector}`)).status, 200);
    await stream.until((events) => events.some(({ type }) => type === 'DELETED'));
    stream.stop();
    statusOf(await fetchApi('GET', path), { code: 404, reason: 'NotFound' });
  });

  behaviour('ServiceAccounts should update a ServiceAccount', async () => {
    await createAccount('updated', { automountServiceAccountToken: false });
    const change = (account: Wire) => Object.assign(account, { automountServiceAccountToken: true });
    assert.equal((await mutate(`${accounts}/updated`, change)).automountServiceAccountToken, true);
    const read = objectOf(await fetchApi('GET', `${accounts}/updated`));
    assert.equal(read.automountServiceAccountToken, true);
  });

  behaviour('ServiceAccounts should create a serviceAccountToken and ensure a successful TokenReview', async () => {
    const account = await createAccount('tokens');
    const { answer, token } = await requestToken('tokens', { expirationSeconds: 600 });
    includes(answer, { kind: 'TokenRequest', spec: { expirationSeconds: 600 } });
    assert.ok(token.length > 0);
    assert.ok(Date.parse(String(at(answer, 'status.expirationTimestamp'))) > 0);
    includes((await reviewOf(token)).status, {
      authenticated: true,
      error: undefined,
      user: {
        username: `system:serviceaccount:${namespace.name}:tokens`,
        uid: account.metadata.uid,
        groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace.name}`, 'system:authenticated'],
      },
    });
  });

  behaves('the token opens the door, for what the account may do', async () => {
    await createAccount('guest');
    const guest = targetAs(bearer((await requestToken('guest')).token));
    try {
      assert.equal((await guest.fetch('GET', '/version')).status, 200);
      statusOf(await guest.fetch('GET', namespace.path('secrets')), {
        code: 403,
        reason: 'Forbidden',
        message: new RegExp(`^secrets is forbidden: User "system:serviceaccount:${namespace.name}:guest" cannot list`),
      });
    } finally {
      guest.close();
    }
  });

  behaves('a token is for its audience', async () => {
    await createAccount('aimed');
    const { token } = await requestToken('aimed', { audiences: ['somebody.example.com'] });
    assert.deepEqual(decode<Claims>(token.split('.')[1]).aud, ['somebody.example.com']);
    const right = await reviewOf(token, ['somebody.example.com', 'other.example.com']);
    includes(right.status, { authenticated: true, audiences: ['somebody.example.com'] });
    assert.notEqual(at(await reviewOf(token), 'status.authenticated'), true);
    const stranger = targetAs(bearer(token));
    const answer = await stranger.fetch('GET', '/api');
    stranger.close();
    statusOf(answer, { code: 401, reason: 'Unauthorized' });
  });

  behaves('a token dies with what it is bound to', async () => {
    await createAccount('mortal');
    const secret = objectOf(
      await fetchApi('POST', namespace.path('secrets'), { body: { metadata: { name: 'anchor' } } }),
      201,
    );
    const { name, uid } = secret.metadata;
    const boundObjectRef = { apiVersion: 'v1', kind: 'Secret', name, uid };
    const { token } = await requestToken('mortal', { boundObjectRef });
    assert.equal(at(await reviewOf(token), 'status.authenticated'), true);
    await fetchApi('DELETE', namespace.path('secrets', 'anchor'));
    // The server may remember for some seconds whom it knew.
    await eventually(async () => assert.notEqual(at(await reviewOf(token), 'status.authenticated'), true));
  });

  behaves('a token must last ten minutes, and be for an account that is there', async () => {
    await createAccount('short');
    const body = { spec: { expirationSeconds: 599 } };
    statusOf(await fetchApi('POST', `${accounts}/short/token`, { body }), {
      code: 422,
      reason: 'Invalid',
      message: /spec\.expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes/,
    });
    statusOf(await fetchApi('POST', `${accounts}/nobody/token`, { body: { spec: {} } }), {
      code: 404,
      reason: 'NotFound',
      message: 'serviceaccounts "nobody" not found',
    });
  });

  // The pod of upstream's test reads a token its kubelet asked for in this way, and does the rest as this test does.
  behaviour(
    'ServiceAccounts ServiceAccountIssuerDiscovery should support OIDC discovery of service account issuer',
    async () => {
      await createAccount('oidc');
      const role = 'system:service-account-issuer-discovery';
      const name = `${namespace.name}-${role}`;
      const subjects = [{ kind: 'ServiceAccount', name: 'oidc', namespace: namespace.name }];
      const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role };
      objectOf(await fetchApi('POST', BINDINGS, { body: { metadata: { name }, subjects, roleRef } }), 201);
      const pod = targetAs(bearer((await requestToken('oidc')).token));
      try {
        const { token } = await requestToken('oidc', { expirationSeconds: 600, audiences: ['oidc-discovery-test'] });
        const read = (path: string) =>
          eventually(async () => {
            const answer = await pod.fetch('GET', path, { headers: { accept: '*/*' } });
            assert.equal(answer.status, 200, answer.text);
            return answer;
          });
        const document = await read('/.well-known/openid-configuration');
        assert.match(String(document.headers['content-type']), /^application\/json/);
        const configuration = document.json<Configuration>();
        const keys = await read(new URL(configuration.jwks_uri).pathname);
        assert.match(String(keys.headers['content-type']), /^application\/jwk-set\+json/);
        statusOf(await pod.fetch('GET', new URL(configuration.jwks_uri).pathname), { code: 406 });
        const claims = verifiedClaims(
          token,
          configuration,
          keys.json<{ keys: (JsonWebKey & { kid: string })[] }>().keys,
        );
        includes(claims, {
          iss: configuration.issuer,
          aud: ['oidc-discovery-test'],
          sub: `system:serviceaccount:${namespace.name}:oidc`,
        });
        assert.equal(claims.exp - claims.iat, 600);
      } finally {
        pod.close();
        await fetchApi('DELETE', `${BINDINGS}/${name}`);
      }
    },
  );

  behaviour('ServiceAccounts should guarantee kube-root-ca.crt exist in any namespace', { since: 21 }, async () => {
    const path = namespace.path('configmaps', 'kube-root-ca.crt');
    const first = await eventually(async () => objectOf(await fetchApi('GET', path)));
    assert.match(JSON.stringify(first.data), /^\{"ca.crt":"-----BEGIN CERTIFICATE-----/);
    objectOf(await fetchApi('DELETE', path));
    const second = await eventually(async () => objectOf(await fetchApi('GET', path)));
    assert.notEqual(second.metadata.uid, first.metadata.uid);
    await mutate(path, (config) => Object.assign(config, { data: { 'ca.crt': '' } }));
    await eventually(async () => assert.deepEqual(objectOf(await fetchApi('GET', path)).data, first.data));
  });

  behaviour('ServiceAccounts should allow opting out of API token automount', { since: 21 }, async () => {
    const defaults: [account: string, automount: boolean | undefined][] = [
      ['plain', undefined],
      ['mount', true],
      ['nomount', false],
    ];
    for (const [account, ofAccount] of defaults) {
      await createAccount(account, { automountServiceAccountToken: ofAccount });
      for (const ofPod of [undefined, true, false]) {
        const name = `pod-${account}-${ofPod ?? 'unset'}`;
        const spec = { ...samplePodSpec(), serviceAccountName: account, automountServiceAccountToken: ofPod };
        const pod = objectOf(
          await fetchApi('POST', namespace.path('pods'), { body: { metadata: { name }, spec } }),
          201,
        );
        assert.equal(mountsToken(pod), ofPod ?? ofAccount ?? true, name);
      }
    }
  });
});

/** The claims of a token whose signature the issuer's published key confirms. */
function verifiedClaims(token: string, configuration: Configuration, keys: (JsonWebKey & { kid: string })[]): Claims {
  const [head, body, signature] = token.split('.');
  const { kid, alg } = decode<{ kid: string; alg: string }>(head);
  assert.ok(configuration.id_token_signing_alg_values_supported.includes(alg), alg);
  const jwk = keys.find((candidate) => candidate.kid === kid);
  assert.ok(jwk, `no key ${kid} is published`);
  const key = { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' as const };
  const signed = Buffer.from(`${head}.${body}`);
  assert.ok(verify('sha256', signed, key, Buffer.from(signature ?? '', 'base64url')), 'the signature is wrong');
  return decode<Claims>(body);
}

function mountsToken(pod: Wire): boolean {
  const mounts = (at(pod, 'spec.containers.0.volumeMounts') ?? []) as { name: string; mountPath: string }[];
  const mount = mounts.find(({ mountPath }) => mountPath === MOUNT_PATH);
  const volumes = (at(pod, 'spec.volumes') ?? []) as { name: string; projected?: object }[];
  if (!mount) return false;
  assert.ok(volumes.some(({ name, projected }) => name === mount.name && projected !== undefined));
  return true;
}
