import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { FakeClock } from '../../../base/fake-clock.ts';
import { seededRandom } from '../../../base/random.ts';
import type { KubeObject } from '../../../openapi/object.ts';
import { splitUsername } from './claims.ts';
import { ephemeralKey, type SigningKey, signingKey } from './key.ts';
import { ServiceAccountTokens } from './service-account-tokens.ts';

const ISSUER = 'https://issuer.test';
const ACCOUNT = { name: 'sa', uid: 'u1' };
const own = { namespace: 'a', serviceaccount: ACCOUNT };

function setUp(keys: [SigningKey, ...SigningKey[]] = [ephemeralKey()], issuer = ISSUER) {
  const objects = new Map<string, KubeObject>([
    ['/registry/serviceaccounts/a/sa', { metadata: ACCOUNT }],
    ['/registry/pods/a/p', { metadata: { name: 'p', uid: 'u2' } }],
  ]);
  const clock = new FakeClock();
  const lookup = (key: string) => objects.get(key);
  const tokens = new ServiceAccountTokens({ issuer, audiences: ['api'], keys, clock, random: seededRandom(1), lookup });
  return { objects, clock, tokens };
}

describe('service account tokens', () => {
  it('tell whose they are, and what they are bound to', async () => {
    const { tokens } = setUp();
    const bound = { ...own, pod: { name: 'p', uid: 'u2' }, node: { name: 'n', uid: 'u3' } };
    const owner = await tokens.authenticate(await tokens.sign(bound, ['api', 'other'], 600), []);
    assert.deepEqual(owner?.audiences, ['api']);
    const { extra, ...user } = owner.user;
    assert.deepEqual(user, {
      name: 'system:serviceaccount:a:sa',
      uid: 'u1',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:a'],
    });
    const { 'authentication.kubernetes.io/credential-id': id, ...rest } = extra ?? {};
    assert.match(id?.[0] ?? '', /^JTI=[0-9a-f-]{36}$/);
    assert.deepEqual(rest, {
      'authentication.kubernetes.io/node-name': ['n'],
      'authentication.kubernetes.io/node-uid': ['u3'],
      'authentication.kubernetes.io/pod-name': ['p'],
      'authentication.kubernetes.io/pod-uid': ['u2'],
    });
  });

  it('are good for their time, and a minute for clocks that differ', async () => {
    const { tokens, clock } = setUp();
    const token = await tokens.sign(own, ['api'], 600);
    await clock.advance(659_000);
    assert.ok(await tokens.authenticate(token, []));
    await clock.advance(2_000);
    await assert.rejects(tokens.authenticate(token, []), { message: 'Token has expired.' });
  });

  it('are good for their audiences alone', async () => {
    const { tokens } = setUp();
    const token = await tokens.sign(own, ['vault'], 600);
    assert.deepEqual((await tokens.authenticate(token, ['x', 'vault']))?.audiences, ['vault']);
    await assert.rejects(tokens.authenticate(token, []), {
      message: 'token audiences ["vault"] is invalid for the target audiences ["api"]',
    });
  });

  it('end with what they are bound to, also when they have been used before', async () => {
    const { tokens, objects, clock } = setUp();
    const token = await tokens.sign({ ...own, pod: { name: 'p', uid: 'u2' } }, ['api'], 600);
    assert.ok(await tokens.authenticate(token, []));
    objects.set('/registry/pods/a/p', { metadata: { name: 'p', uid: 'another' } });
    await assert.rejects(tokens.authenticate(token, []), /pod UID \(another\) does not match the claim \(u2\)/);
    objects.delete('/registry/pods/a/p');
    await assert.rejects(tokens.authenticate(token, []), { message: 'Token has been invalidated' });
    const deletionTimestamp = new Date(clock.now() - 61_000).toISOString();
    objects.set('/registry/serviceaccounts/a/sa', { metadata: { ...ACCOUNT, deletionTimestamp } });
    await assert.rejects(tokens.authenticate(token, []), { message: 'ServiceAccount a/sa has been deleted' });
  });

  it('of others are not known', async () => {
    const { tokens } = setUp();
    const stranger = setUp().tokens;
    assert.equal(await tokens.authenticate(await stranger.sign(own, ['api'], 600), []), undefined);
    const elsewhere = setUp([ephemeralKey()], 'https://other').tokens;
    assert.equal(await tokens.authenticate(await elsewhere.sign(own, ['api'], 600), []), undefined);
    for (const text of ['', 'x', 'a.b.c', `${await tokens.sign(own, ['api'], 600)}x`]) {
      assert.equal(await tokens.authenticate(text, []), undefined, text);
    }
  });

  it('without a signature, or with another algorithm, are not believed', async () => {
    const { tokens } = setUp();
    const [, payload] = (await tokens.sign(own, ['api'], 600)).split('.');
    const header = Buffer.from('{"alg":"none"}').toString('base64url');
    assert.equal(await tokens.authenticate(`${header}.${payload}.`, []), undefined);
  });

  it('signed with a key that was replaced are still believed', async () => {
    const old = ephemeralKey();
    const token = await setUp([old]).tokens.sign(own, ['api'], 600);
    assert.ok(await setUp([ephemeralKey(), old]).tokens.authenticate(token, []));
  });

  it('can be checked by anybody with what discovery says', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const rsa = signingKey(privateKey.export({ type: 'pkcs8', format: 'pem' }));
    for (const key of [rsa, ephemeralKey()]) {
      const { tokens, clock } = setUp([key]);
      const keys = createLocalJWKSet(tokens.jwks() as Parameters<typeof createLocalJWKSet>[0]);
      const options = { issuer: ISSUER, audience: 'api', currentDate: new Date(clock.now()) };
      const { payload } = await jwtVerify(await tokens.sign(own, ['api'], 600), keys, options);
      assert.deepEqual(payload['kubernetes.io'], own);
      assert.deepEqual(tokens.openidConfiguration('https://x/openid/v1/jwks'), {
        issuer: ISSUER,
        jwks_uri: 'https://x/openid/v1/jwks',
        response_types_supported: ['id_token'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: [key.algorithm],
      });
    }
  });
});

describe('splitUsername', () => {
  for (const name of ['bob', 'system:serviceaccount:a', 'system:serviceaccount:a:b:c', 'system:serviceaccount::b']) {
    it(`finds no service account in ${name}`, () => assert.equal(splitUsername(name), undefined));
  }
});
