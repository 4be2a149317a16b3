import assert from 'node:assert/strict';
import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import type { V1CertificateSigningRequest } from '../../../openapi/generated/types.ts';
import { parseCertificateRequest } from '../../auth/pkcs10.ts';
import { contextOf, created, declarationOf, errorsOf, updated } from '../test-support.ts';

const der = (tag: number, ...parts: Buffer[]) => {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 0x80 ? [length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
};
const oid = (hex: string) => der(0x06, Buffer.from(hex, 'hex'));
const attribute = (type: string, value: string) => der(0x31, der(0x30, oid(type), der(0x0c, Buffer.from(value))));

/** A request as openssl makes it; `spoil` changes what was signed. */
function pemRequest(organization: string, spoil = false): string {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = createPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const info = (o: string) =>
    der(
      0x30,
      der(0x02, Buffer.from([0])),
      der(0x30, attribute('550403', 'bob'), attribute('55040a', o)),
      publicKey.export({ type: 'spki', format: 'der' }),
      der(0xa0),
    );
  const signature = sign('sha256', info(organization), key);
  const algorithm = der(0x30, oid('2a8648ce3d040302'));
  const whole = der(0x30, info(spoil ? 'evil' : organization), algorithm, der(0x03, Buffer.from([0]), signature));
  return `-----BEGIN CERTIFICATE REQUEST-----\n${whole.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
}

const encoded = (pem: string) => Buffer.from(pem).toString('base64');
const metadata = { name: 'c' };
const spec = (change: object = {}) => ({
  request: encoded(pemRequest('dev')),
  signerName: 'example.com/signer',
  usages: ['client auth'],
  ...change,
});

describe('parseCertificateRequest', () => {
  it('reads whom it is for, and checks the signature', () => {
    assert.deepEqual(parseCertificateRequest(pemRequest('dev')), {
      commonName: 'bob',
      organizations: ['dev'],
      isSigned: true,
    });
    assert.equal(parseCertificateRequest(pemRequest('dev', true)).isSigned, false);
  });

  for (const text of ['', 'x', '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----']) {
    it(`finds no request in ${JSON.stringify(text)}`, () => {
      assert.throws(() => parseCertificateRequest(text), { message: 'PEM block type must be CERTIFICATE REQUEST' });
    });
  }

  it('refuses what is cut off', () => {
    const pem = pemRequest('dev').replace(/\n([^-]{80})[^-]+/, '\n$1\n');
    assert.throws(() => parseCertificateRequest(pem), /^Error: asn1: structure error/);
  });
});

describe('certificate signing requests', () => {
  const fresh = () => created<V1CertificateSigningRequest>('CertificateSigningRequest', { metadata, spec: spec() });

  it('say who asks, whatever they say themselves', () => {
    const object = { metadata, spec: spec({ username: 'root', uid: '0' }), status: { certificate: 'eA==' } };
    const request = created<V1CertificateSigningRequest>('CertificateSigningRequest', object);
    const { username, groups, uid } = request.spec;
    assert.deepEqual([username, groups, uid, request.status], ['tester', ['system:masters'], undefined, {}]);
  });

  const cases: [string, object, string[]][] = [
    ['a signed request is fine', {}, []],
    ['a request must be signed', { request: encoded(pemRequest('dev', true)) }, ['spec.request: Invalid value:']],
    [
      'usages are known and come once',
      { usages: ['any', 'any', 'x'] },
      ['spec.usages[2]: Unsupported value: "x"', 'spec.usages[1]: Duplicate value: "any"'],
    ],
    ['usages are needed', { usages: [] }, ['spec.usages: Required value: usages must be provided']],
    [
      'signers have a domain',
      { signerName: 'x' },
      [
        `spec.signerName: Invalid value: "x": must be a fully qualified domain and path of the form 'example.com/signer-name'`,
      ],
    ],
    [
      'of two parts',
      { signerName: 'x/y' },
      ['spec.signerName: Invalid value: "x": should be a domain with at least two segments separated by dots'],
    ],
    [
      'the legacy signer is gone',
      { signerName: 'kubernetes.io/legacy-unknown' },
      ['spec.signerName: Invalid value: "kubernetes.io/legacy-unknown": the legacy signerName'],
    ],
    [
      'ten minutes at least',
      { expirationSeconds: 1 },
      ['spec.expirationSeconds: Invalid value: 1: may not specify a duration less than 600 seconds (10 minutes)'],
    ],
  ];
  for (const [title, change, expected] of cases) {
    it(title, () => {
      const errors = errorsOf('CertificateSigningRequest', { metadata, spec: spec(change) });
      assert.equal(errors.length, expected.length, errors.join('\n'));
      for (const [i, start] of expected.entries()) assert.ok(errors[i]?.startsWith(start), errors[i]);
    });
  }

  it('make nobody an administrator', () => {
    const object = {
      metadata,
      spec: spec({ request: encoded(pemRequest('system:masters')), signerName: 'kubernetes.io/kube-apiserver-client' }),
    };
    assert.throws(() => created('CertificateSigningRequest', object), {
      code: 403,
      message:
        'certificatesigningrequests.certificates.k8s.io "c" is forbidden: use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed',
    });
  });

  it('are approved by their own subresource, which sets nothing else', () => {
    const old = fresh();
    const request = structuredClone(old);
    request.status = { certificate: 'eA==', conditions: [{ type: 'Approved', status: 'True' }] };
    const approval = declarationOf('CertificateSigningRequest').parts?.approval;
    approval?.prepareForUpdate(request, old, contextOf());
    assert.deepEqual(approval?.validateUpdate?.(request, old), []);
    assert.equal(request.status.certificate, undefined);
    const [condition] = request.status.conditions ?? [];
    assert.deepEqual(condition, {
      type: 'Approved',
      status: 'True',
      lastUpdateTime: '2026-01-01T00:00:00Z',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    });
  });

  it('are not approved by their status', () => {
    const conditions = [{ type: 'Approved', status: 'True' }];
    const { errors } = updated(
      'CertificateSigningRequest',
      fresh(),
      (request) => Object.assign(request, { status: { conditions } }),
      'status',
    );
    assert.deepEqual(errors, ['status.conditions: Forbidden: updates may not add a condition of type "Approved"']);
  });

  it('stay approved, and never both approved and denied', () => {
    const approved = { ...fresh(), status: { conditions: [{ type: 'Approved', status: 'True' }] } };
    const { errors } = updated(
      'CertificateSigningRequest',
      approved,
      (request) => Object.assign(request, { status: {} }),
      'status',
    );
    assert.deepEqual(errors, ['status.conditions: Forbidden: updates may not remove a condition of type "Approved"']);
    const approval = declarationOf('CertificateSigningRequest').parts?.approval;
    const both = {
      ...approved,
      status: { conditions: [...approved.status.conditions, { type: 'Denied', status: 'True' }] },
    };
    assert.deepEqual(
      approval?.validateUpdate?.(both, approved).map(({ message }) => message),
      ['Invalid value: "Denied": Approved and Denied conditions are mutually exclusive'],
    );
  });

  it('take certificates that are some', () => {
    const { errors } = updated(
      'CertificateSigningRequest',
      fresh(),
      (request) => Object.assign(request, { status: { certificate: 'eA==' } }),
      'status',
    );
    assert.deepEqual(errors, [
      'status.certificate: Invalid value: "<certificate data>": must contain at least one CERTIFICATE PEM block',
    ]);
  });

  it('show their state', () => {
    const column = declarationOf('CertificateSigningRequest').columns.find(({ name }) => name === 'Condition');
    const state = (types: string[], certificate?: string) =>
      column?.value(
        {
          ...fresh(),
          status: { conditions: types.map((type) => ({ type, status: 'True' })), certificate },
        } as V1CertificateSigningRequest,
        0,
      );
    assert.deepEqual(
      [state([]), state(['Approved'], 'x'), state(['Approved', 'Denied']), state(['Approved', 'Failed'])],
      ['Pending', 'Approved,Issued', 'Denied', 'Approved,Failed'],
    );
  });
});
