import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { CERTIFICATE_SIGNING_REQUESTS } from '../../client/resources.ts';
import type { V1CertificateSigningRequest, V1SubjectAccessReview } from '../../openapi/generated/types.ts';
import { FakeCluster } from '../runtime/fake-cluster.ts';
import { durationOf, expiryOf, readRequest, type SignerKeys, signRequest, validity } from './x509.ts';

const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const RSA = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  publicExponent: new Uint8Array([1, 0, 1]),
  modulusLength: 2048,
};
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const CLIENT = ['client auth', 'digital signature', 'key encipherment'];

async function loadX509() {
  await import('reflect-metadata');
  return import('@peculiar/x509');
}

async function makeAuthority(algorithm: typeof EC | typeof RSA = EC): Promise<SignerKeys> {
  const x509 = await loadX509();
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const cert = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: 'CN=test-ca',
    notBefore: new Date(Date.UTC(2025, 0, 1)),
    notAfter: new Date(Date.UTC(2036, 0, 1)),
    keys,
    signingAlgorithm: algorithm,
    extensions: [await x509.SubjectKeyIdentifierExtension.create(keys.publicKey)],
  });
  const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  return { cert: cert.toString('pem'), key: `-----BEGIN PRIVATE KEY-----\n${der}\n-----END PRIVATE KEY-----\n` };
}

/** PEM in base64. */
async function makeRequest(name: string, names: { type: 'dns' | 'ip' | 'email' | 'url'; value: string }[] = []) {
  const x509 = await loadX509();
  const keys = await crypto.subtle.generateKey(EC, true, ['sign', 'verify']);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name,
    keys,
    signingAlgorithm: EC,
    extensions: names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : [],
  });
  return Buffer.from(request.toString('pem')).toString('base64');
}

const certificateOf = (base64: string) => new X509Certificate(Buffer.from(base64, 'base64'));

describe('certificate requests in PEM', () => {
  it('are read with all names', async () => {
    const request = await makeRequest('CN=system:node:n1, O=system:nodes', [
      { type: 'dns', value: 'n1' },
      { type: 'ip', value: '10.0.0.1' },
      { type: 'email', value: 'a@example.com' },
      { type: 'url', value: 'https://example.com' },
    ]);
    assert.deepEqual(await readRequest(request), {
      commonName: 'system:node:n1',
      organizations: ['system:nodes'],
      dnsNames: ['n1'],
      ipAddresses: ['10.0.0.1'],
      emailAddresses: ['a@example.com'],
      uris: ['https://example.com'],
    });
  });

  it('must be requests', async () => {
    const text = Buffer.from('-----BEGIN X-----\nAA==\n-----END X-----\n').toString('base64');
    await assert.rejects(readRequest(text), /^Error: PEM block type must be CERTIFICATE REQUEST$/);
  });
});

describe('signRequest', () => {
  const cluster = new FakeCluster();
  const sources = {
    clock: cluster.clock,
    random: { uuid: () => '', next: () => 0, bytes: (n: number) => Buffer.alloc(n, 7) },
  };

  for (const [title, algorithm] of [
    ['an elliptic curve', EC],
    ['RSA', RSA],
  ] as const) {
    it(`signs with an authority of ${title}`, async () => {
      const authority = await makeAuthority(algorithm);
      const request = await makeRequest('O=people, CN=jane', [{ type: 'dns', value: 'jane.example.com' }]);
      const signed = certificateOf(await signRequest(authority, { request, usages: CLIENT }, sources));
      assert.ok(signed.verify(new X509Certificate(authority.cert).publicKey));
      assert.ok(signed.checkIssued(new X509Certificate(authority.cert)));
      assert.equal(signed.subject, 'O=people\nCN=jane');
      assert.equal(signed.issuer, 'CN=test-ca');
      assert.equal(signed.subjectAltName, 'DNS:jane.example.com');
      assert.deepEqual(signed.keyUsage, ['1.3.6.1.5.5.7.3.2']);
      assert.equal(signed.ca, false);
      assert.equal(Date.parse(signed.validFrom), cluster.clock.now() - 5 * MINUTE_MS);
      assert.equal(Date.parse(signed.validTo), cluster.clock.now() + 365 * DAY_MS - 5 * MINUTE_MS);
    });
  }

  it('refuses a usage that it does not know', async () => {
    const request = await makeRequest('CN=jane');
    await assert.rejects(
      signRequest(await makeAuthority(), { request, usages: ['flying'] }, sources),
      /unrecognized usage values: \["flying"\]/,
    );
  });

  it('refuses a request that another key has signed', async () => {
    const request = await makeRequest('CN=jane');
    const der = Buffer.from(
      Buffer.from(request, 'base64')
        .toString()
        .replace(/-----[^-]+-----|\s/g, ''),
      'base64',
    );
    der[der.length - 3]! ^= 1;
    const forged = `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
    await assert.rejects(
      signRequest(await makeAuthority(), { request: Buffer.from(forged).toString('base64'), usages: CLIENT }, sources),
    );
  });
});

describe('the time of a certificate', () => {
  const now = Date.UTC(2026, 0, 1);
  const cases: { title: string; asked: number | undefined; max: number; expected: number }[] = [
    { title: 'all there is by default', asked: undefined, max: DAY_MS, expected: DAY_MS },
    { title: 'what was asked for', asked: 3600, max: DAY_MS, expected: 3_600_000 },
    { title: 'no more than there is', asked: 999_999, max: DAY_MS, expected: DAY_MS },
    { title: 'ten minutes at least', asked: 1, max: DAY_MS, expected: 600_000 },
  ];
  for (const { title, asked, max, expected } of cases) {
    it(`is ${title}`, () => assert.equal(durationOf(asked, max), expected));
  }

  it('begins five minutes back, which a short one does not lose', () => {
    const { notBefore, notAfter } = validity(now, 3_600_000, now + 9 * DAY_MS);
    assert.equal(notBefore.getTime(), now - 5 * MINUTE_MS);
    assert.equal(notAfter.getTime(), now + 3_600_000);
    assert.equal(validity(now, DAY_MS, now + 9 * DAY_MS).notAfter.getTime(), now + DAY_MS - 5 * MINUTE_MS);
  });

  it('ends with its authority', () => {
    assert.equal(validity(now, DAY_MS, now + 1000).notAfter.getTime(), now + 1000);
    assert.throws(() => validity(now, DAY_MS, now), /refusing to sign a certificate that expired in the past/);
    assert.throws(() => validity(now, DAY_MS, now - DAY_MS), /the signer has expired/);
  });
});

describe('certificate controllers', () => {
  let cluster: FakeCluster;
  let reviews: V1SubjectAccessReview[];
  let allowed: (review: V1SubjectAccessReview) => boolean;
  beforeEach(() => {
    cluster = new FakeCluster();
    reviews = [];
    allowed = () => true;
    const call = cluster.api.call.bind(cluster.api);
    cluster.api.call = (request) => {
      if (request.path.endsWith('/subjectaccessreviews')) {
        const review = request.body as V1SubjectAccessReview;
        reviews.push(review);
        return Promise.resolve({ ...review, status: { allowed: allowed(review) } });
      }
      if (!request.path.endsWith('/approval')) return call(request);
      const update = request.body as V1CertificateSigningRequest;
      return call({ ...request, path: request.path.replace('/approval', '/status'), body: update });
    };
  });
  afterEach(async () => {
    await cluster.stop();
    assert.equal(cluster.clock.timers, 0, 'no timer is left');
  });

  const found = (name = 'r') => cluster.api.peek<V1CertificateSigningRequest>(CERTIFICATE_SIGNING_REQUESTS, name);
  const condition = (type: string) => found()?.status?.conditions?.find((each) => each.type === type);
  const create = (spec: Partial<V1CertificateSigningRequest['spec']>, status = {}, name = 'r') =>
    cluster.api.create<V1CertificateSigningRequest>(CERTIFICATE_SIGNING_REQUESTS, undefined, {
      metadata: { name },
      spec: {
        request: '',
        signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
        usages: CLIENT,
        username: 'system:node:n1',
        groups: ['system:nodes'],
        ...spec,
      },
      status,
    });
  const approved = { conditions: [{ type: 'Approved', status: 'True' }] };
  /** Reading and signing are real work, which the still clock does not wait for. */
  const done = async <T>(what: string, check: () => T | undefined | false): Promise<T> => {
    for (let round = 0; ; round++) {
      try {
        return await cluster.until(what, check);
      } catch (error) {
        if (round === 20) throw error;
      }
    }
  };

  it('approve the request of a kubelet that may have it', async () => {
    create({ request: await makeRequest('O=system:nodes, CN=system:node:n1') });
    await cluster.start(['csrapproving']);
    const { status, reason, message } = await done('approved', () => condition('Approved'));
    assert.deepEqual(
      [status, reason, message],
      ['True', 'AutoApproved', 'Auto approving self kubelet client certificate after SubjectAccessReview.'],
    );
    assert.deepEqual(reviews[0]!.spec, {
      user: 'system:node:n1',
      groups: ['system:nodes'],
      resourceAttributes: {
        group: 'certificates.k8s.io',
        resource: 'certificatesigningrequests',
        verb: 'create',
        subresource: 'selfnodeclient',
      },
    });
  });

  it('ask again later whether a kubelet may have it', async () => {
    allowed = () => false;
    create({ request: await makeRequest('O=system:nodes, CN=system:node:n1') });
    await cluster.start(['csrapproving']);
    await done('asked for both', () => reviews.length === 2);
    allowed = ({ spec }) => spec.resourceAttributes?.subresource === 'nodeclient';
    await cluster.clock.advance(1000);
    const { message } = await done('approved', () => condition('Approved'));
    assert.equal(message, 'Auto approving kubelet client certificate after SubjectAccessReview.');
  });

  it('sign what was approved', async () => {
    const authority = await makeAuthority();
    create({ request: await makeRequest('O=system:nodes, CN=system:node:n1'), expirationSeconds: 3600 }, approved);
    await cluster.start(['csrsigning'], { signer: authority });
    const signed = certificateOf(await done('signed', () => found()?.status?.certificate));
    assert.ok(signed.verify(new X509Certificate(authority.cert).publicKey));
    assert.equal(Date.parse(signed.validTo), cluster.clock.now() + 3_600_000);
  });

  it('fail a request that the signer does not sign', async () => {
    create({ request: await makeRequest('CN=jane') }, approved);
    await cluster.start(['csrsigning'], { signer: await makeAuthority() });
    const { status, reason, message } = await done('failed', () => condition('Failed'));
    assert.deepEqual(
      [status, reason, message],
      ['True', 'SignerValidationFailure', 'subject organization is not system:nodes'],
    );
    assert.equal(found()!.status!.certificate, undefined);
  });

  it('leave the requests of other signers, and those that nobody approved', async () => {
    const request = await makeRequest('CN=jane');
    create({ request, signerName: 'example.com/own' }, approved);
    create({ request, signerName: 'kubernetes.io/kube-apiserver-client' }, {}, 'pending');
    create({ request, signerName: 'kubernetes.io/kube-apiserver-client' }, approved, 'last');
    await cluster.start(['csrsigning', 'csrapproving'], { signer: await makeAuthority() });
    await done('the last is signed', () => found('last')?.status?.certificate);
    assert.equal(found()!.status!.certificate, undefined);
    assert.deepEqual(found('pending')!.status, {});
  });

  it('delete requests that had their time', async () => {
    const old = { type: 'Denied', status: 'True', lastUpdateTime: '2025-12-31T00:00:00Z' };
    create({}, { conditions: [old] });
    create({}, {}, 'young');
    await cluster.start(['csrcleaner']);
    await cluster.until('cleaned', () => found() === undefined);
    assert.ok(found('young'));
    await cluster.clock.advance(24 * 3_600_000);
    assert.ok(found('young'));
    await cluster.clock.advance(3_600_000);
    await cluster.until('cleaned later', () => found('young') === undefined);
  });

  it('read when a certificate ends', async () => {
    const authority = await makeAuthority();
    assert.equal(expiryOf(Buffer.from(authority.cert).toString('base64')), Date.UTC(2036, 0, 1));
    assert.equal(expiryOf('AAAA'), undefined);
  });
});
