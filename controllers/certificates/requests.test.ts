import assert from 'node:assert/strict';
import type { V1CertificateSigningRequest } from '../../openapi/generated/types.ts';
import {
  awaitsApproval,
  awaitsSignature,
  clientUsagesProblem,
  isOutdated,
  kubeletClientProblem,
  kubeletServingProblem,
  type RequestedCertificate,
  recognizedAs,
  verdictOf,
} from './requests.ts';

const NODE: RequestedCertificate = {
  commonName: 'system:node:n1',
  organizations: ['system:nodes'],
  dnsNames: [],
  ipAddresses: [],
  emailAddresses: [],
  uris: [],
};
const CLIENT = ['client auth', 'digital signature', 'key encipherment'];
const SERVING = ['server auth', 'digital signature', 'key encipherment'];
const NOW = Date.UTC(2026, 0, 2);
const ago = (hours: number) => `${new Date(NOW - hours * 3_600_000).toISOString().slice(0, 19)}Z`;

function request(spec: Partial<V1CertificateSigningRequest['spec']>, status?: V1CertificateSigningRequest['status']) {
  return {
    metadata: { name: 'r', creationTimestamp: ago(2) },
    spec: { request: '', signerName: 'kubernetes.io/kube-apiserver-client-kubelet', usages: CLIENT, ...spec },
    ...(status ? { status } : {}),
  } satisfies V1CertificateSigningRequest;
}

describe('kubeletClientProblem', () => {
  const cases: { given: Partial<RequestedCertificate>; usages?: string[]; expected: string | undefined }[] = [
    { given: {}, expected: undefined },
    { given: {}, usages: ['digital signature', 'client auth'], expected: undefined },
    { given: { organizations: [] }, expected: 'subject organization is not system:nodes' },
    { given: { organizations: ['system:nodes', 'x'] }, expected: 'subject organization is not system:nodes' },
    { given: { dnsNames: ['a'] }, expected: 'DNS subjectAltNames are not allowed' },
    { given: { ipAddresses: ['a'] }, expected: 'IP subjectAltNames are not allowed' },
    { given: { emailAddresses: ['a'] }, expected: 'Email subjectAltNames are not allowed' },
    { given: { uris: ['a'] }, expected: 'URI subjectAltNames are not allowed' },
    { given: { commonName: 'n1' }, expected: 'subject common name does not begin with system:node:' },
    {
      given: {},
      usages: SERVING,
      expected: 'usages did not match [client auth digital signature key encipherment]',
    },
    {
      given: {},
      usages: [...CLIENT, 'any'],
      expected: 'usages did not match [client auth digital signature key encipherment]',
    },
  ];
  for (const { given, usages = CLIENT, expected } of cases) {
    it(`of ${JSON.stringify(given)} for ${usages.join(', ')} is ${expected}`, () => {
      assert.equal(kubeletClientProblem({ ...NODE, ...given }, usages), expected);
    });
  }
});

describe('kubeletServingProblem', () => {
  const cases: { given: Partial<RequestedCertificate>; usages?: string[]; expected: string | undefined }[] = [
    { given: { dnsNames: ['n1'] }, expected: undefined },
    { given: { ipAddresses: ['10.0.0.1'] }, usages: ['server auth', 'digital signature'], expected: undefined },
    { given: {}, expected: 'DNS or IP subjectAltName is required' },
    { given: { dnsNames: ['n1'], uris: ['a'] }, expected: 'URI subjectAltNames are not allowed' },
    { given: { dnsNames: ['n1'], emailAddresses: ['a'] }, expected: 'Email subjectAltNames are not allowed' },
    {
      given: { dnsNames: ['n1'] },
      usages: CLIENT,
      expected: 'usages did not match [digital signature key encipherment server auth]',
    },
    {
      given: { dnsNames: ['n1'], commonName: 'n1' },
      expected: 'subject common name does not begin with system:node:',
    },
  ];
  for (const { given, usages = SERVING, expected } of cases) {
    it(`of ${JSON.stringify(given)} for ${usages.join(', ')} is ${expected}`, () => {
      assert.equal(kubeletServingProblem({ ...NODE, ...given }, usages), expected);
    });
  }
});

describe('verdictOf', () => {
  it('asks clients for usages of clients', () => {
    assert.equal(clientUsagesProblem(['client auth']), undefined);
    assert.equal(clientUsagesProblem(CLIENT), undefined);
    assert.equal(clientUsagesProblem(SERVING), 'invalid usage for client certificate: server auth');
    assert.equal(
      clientUsagesProblem(['digital signature']),
      'missing required usage for client certificate: client auth',
    );
  });

  const cases: { signerName: string; expected: object }[] = [
    { signerName: 'kubernetes.io/kube-apiserver-client', expected: { signs: true, problem: undefined } },
    { signerName: 'kubernetes.io/kube-apiserver-client-kubelet', expected: { signs: true, problem: undefined } },
    { signerName: 'kubernetes.io/legacy-unknown', expected: { signs: true, problem: undefined } },
    {
      signerName: 'kubernetes.io/kubelet-serving',
      expected: { signs: true, problem: 'DNS or IP subjectAltName is required' },
    },
    { signerName: 'example.com/own', expected: { signs: false } },
  ];
  for (const { signerName, expected } of cases) {
    it(`knows what ${signerName} signs`, () => {
      assert.deepEqual(verdictOf(request({ signerName }), NODE), expected);
    });
  }
});

describe('recognizedAs', () => {
  const names = (spec: Partial<V1CertificateSigningRequest['spec']>, requested = NODE) =>
    recognizedAs(request(spec), requested).map(({ subresource }) => subresource);

  it('knows the request of a node for itself from one for another', () => {
    assert.deepEqual(names({ username: 'system:node:n1' }), ['selfnodeclient', 'nodeclient']);
    assert.deepEqual(names({ username: 'system:bootstrap:abc' }), ['nodeclient']);
  });

  it('knows no other requests', () => {
    assert.deepEqual(names({ signerName: 'kubernetes.io/kube-apiserver-client' }), []);
    assert.deepEqual(names({ usages: SERVING }), []);
    assert.deepEqual(names({}, { ...NODE, commonName: 'admin' }), []);
  });
});

describe('a request', () => {
  const approved = { type: 'Approved', status: 'True' };
  const cases: { title: string; status?: V1CertificateSigningRequest['status']; expected: [boolean, boolean] }[] = [
    { title: 'that is new awaits approval', expected: [true, false] },
    { title: 'that is approved awaits its signature', status: { conditions: [approved] }, expected: [false, true] },
    {
      title: 'that is denied awaits nothing',
      status: { conditions: [{ type: 'Denied', status: 'True' }] },
      expected: [false, false],
    },
    {
      title: 'that failed awaits nothing',
      status: { conditions: [approved, { type: 'Failed', status: 'True' }] },
      expected: [false, false],
    },
    {
      title: 'that is signed awaits nothing',
      status: { conditions: [approved], certificate: 'x' },
      expected: [false, false],
    },
  ];
  for (const { title, status, expected } of cases) {
    it(title, () => {
      const given = request({}, status);
      assert.deepEqual([awaitsApproval(given), awaitsSignature(given)], expected);
    });
  }
});

describe('isOutdated', () => {
  const decided = (type: string, hours: number, certificate?: string) =>
    request(
      {},
      { conditions: [{ type, status: 'True', lastUpdateTime: ago(hours) }], ...(certificate ? { certificate } : {}) },
    );
  const created = (hours: number) => ({ ...request({}), metadata: { creationTimestamp: ago(hours) } });
  const cases: { title: string; given: V1CertificateSigningRequest; ends?: number; expected: boolean }[] = [
    { title: 'pending for a day', given: created(24), expected: false },
    { title: 'pending for longer', given: created(24.1), expected: true },
    { title: 'denied an hour ago', given: decided('Denied', 1), expected: false },
    { title: 'denied before that', given: decided('Denied', 1.1), expected: true },
    { title: 'failed long ago', given: decided('Failed', 1.1), expected: true },
    { title: 'issued an hour ago', given: decided('Approved', 1, 'x'), expected: false },
    { title: 'issued before that', given: decided('Approved', 1.1, 'x'), expected: true },
    { title: 'approved long ago but not issued', given: decided('Approved', 9), expected: false },
    { title: 'whose certificate has ended', given: decided('Approved', 0, 'x'), ends: NOW - 1, expected: true },
    { title: 'whose certificate has not ended', given: decided('Approved', 0, 'x'), ends: NOW + 1, expected: false },
  ];
  for (const { title, given, ends, expected } of cases) {
    it(`of a request ${title} is ${expected}`, () => assert.equal(isOutdated(given, NOW, ends), expected));
  }
});
