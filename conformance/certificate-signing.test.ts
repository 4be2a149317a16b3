/** Certificates that the cluster signs: asked for, approved, and good for what they say. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import https from 'node:https';
import {
  at,
  behaves,
  eventually,
  fetchApi,
  mutate,
  objectOf,
  statusOf,
  suite,
  target,
  uniqueName,
  type Wire,
} from './harness.ts';
import { findKubectls, KubectlRunner } from './kubectl.ts';

const REQUESTS = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const CLIENT = ['digital signature', 'key encipherment', 'client auth'];
const SERVING = ['digital signature', 'key encipherment', 'server auth'];
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** A request and its key, both in PEM. */
async function makeRequest(name: string, dnsNames: readonly string[] = []): Promise<{ request: string; key: string }> {
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const names = dnsNames.map((value) => ({ type: 'dns' as const, value }));
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name,
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : [],
  });
  const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  return {
    request: request.toString('pem'),
    key: `-----BEGIN PRIVATE KEY-----\n${der}\n-----END PRIVATE KEY-----\n`,
  };
}

/** Who the server takes the holder of a certificate for. */
function whoIs(cert: string, key: string): Promise<{ username: string; groups: string[] }> {
  const body = JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' });
  const { ca, servername } = target.connection.tls;
  return new Promise((resolve, reject) => {
    const call = https.request(
      new URL('/apis/authentication.k8s.io/v1/selfsubjectreviews', target.url),
      {
        method: 'POST',
        agent: false,
        cert,
        key,
        ...(ca ? { ca } : {}),
        ...(servername ? { servername } : {}),
        headers: { 'content-type': 'application/json' },
      },
      (response) => {
        let text = '';
        response.on('data', (data) => {
          text += data;
        });
        response.on('end', () => {
          if (response.statusCode === 201) resolve(JSON.parse(text).status.userInfo);
          else reject(new Error(text));
        });
      },
    );
    call.on('error', reject);
    call.end(body);
  });
}

suite('certificates that the cluster signs', () => {
  const made: string[] = [];
  const ask = async (name: string, request: string, spec: object) => {
    const body = { metadata: { name }, spec: { request: Buffer.from(request).toString('base64'), ...spec } };
    const created = objectOf(await fetchApi('POST', REQUESTS, { body }), 201);
    made.push(`${REQUESTS}/${name}`);
    return created;
  };
  const approve = (name: string) =>
    mutate(`${REQUESTS}/${name}/approval`, (request) => {
      const conditions = [{ type: 'Approved', status: 'True', reason: 'Conformance', message: 'by a test' }];
      request.status = { ...(request.status as object), conditions };
    });
  const issued = (name: string) =>
    eventually(async () => {
      const certificate = at(objectOf(await fetchApi('GET', `${REQUESTS}/${name}`)), 'status.certificate');
      assert.ok(typeof certificate === 'string' && certificate !== '');
      return Buffer.from(certificate, 'base64').toString();
    });
  const conditionOf = (request: Wire, type: string) =>
    ((at(request, 'status.conditions') ?? []) as { type: string; reason: string; message: string }[]).find(
      (condition) => condition.type === type,
    );
  after(async () => {
    for (const path of made) await fetchApi('DELETE', path);
  });

  behaves(
    'a client certificate is signed once it is approved, and its holder is who it says',
    { since: 28 },
    async () => {
      const user = uniqueName('jane');
      const { request, key } = await makeRequest(`O=conformance, CN=${user}`);
      const signerName = 'kubernetes.io/kube-apiserver-client';
      await ask(user, request, { signerName, usages: CLIENT, expirationSeconds: 3600 });
      await approve(user);
      const pem = await issued(user);
      const certificate = new X509Certificate(pem);
      assert.equal(certificate.subject, `O=conformance\nCN=${user}`);
      assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.2']);
      assert.equal(certificate.ca, false);
      const lifetimeMs = Date.parse(certificate.validTo) - Date.parse(certificate.validFrom);
      assert.ok(lifetimeMs >= 3_600_000 && lifetimeMs <= 3_600_000 + 600_000, String(lifetimeMs));
      const { username, groups } = await whoIs(pem, key);
      assert.equal(username, user);
      assert.ok(groups.includes('conformance'), groups.join());
    },
  );

  behaves('a request for usages that the signer does not sign fails', async () => {
    const name = uniqueName('serves');
    const { request } = await makeRequest(`CN=${name}`);
    await ask(name, request, { signerName: 'kubernetes.io/kube-apiserver-client', usages: SERVING });
    await approve(name);
    await eventually(async () => {
      const failed = conditionOf(objectOf(await fetchApi('GET', `${REQUESTS}/${name}`)), 'Failed');
      assert.equal(failed?.reason, 'SignerValidationFailure');
      assert.equal(failed?.message, 'invalid usage for client certificate: server auth');
    });
  });

  behaves('the certificate that a kubelet shows is signed with its names', async () => {
    const name = uniqueName('kubelet');
    const { request } = await makeRequest(`O=system:nodes, CN=system:node:${name}`, [`${name}.example.com`]);
    await ask(name, request, { signerName: 'kubernetes.io/kubelet-serving', usages: SERVING });
    await approve(name);
    const certificate = new X509Certificate(await issued(name));
    assert.equal(certificate.subjectAltName, `DNS:${name}.example.com`);
    assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.1']);
  });

  behaves('the request of a kubelet is approved when its asker may have it', async () => {
    const name = uniqueName('node');
    const { username } = (
      await ask(name, (await makeRequest(`O=system:nodes, CN=system:node:${name}`)).request, {
        signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
        usages: CLIENT,
      })
    ).spec as { username: string };
    const rules = [
      {
        apiGroups: ['certificates.k8s.io'],
        resources: ['certificatesigningrequests/nodeclient'],
        verbs: ['create'],
      },
    ];
    objectOf(await fetchApi('POST', `${RBAC}/clusterroles`, { body: { metadata: { name }, rules } }), 201);
    made.push(`${RBAC}/clusterroles/${name}`);
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name };
    const subjects = [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: username }];
    const body = { metadata: { name }, roleRef, subjects };
    objectOf(await fetchApi('POST', `${RBAC}/clusterrolebindings`, { body }), 201);
    made.push(`${RBAC}/clusterrolebindings/${name}`);
    const certificate = new X509Certificate(await issued(name));
    assert.equal(certificate.subject, `O=system:nodes\nCN=system:node:${name}`);
    const approved = conditionOf(objectOf(await fetchApi('GET', `${REQUESTS}/${name}`)), 'Approved');
    assert.equal(approved?.reason, 'AutoApproved');
  });

  for (const kubectl of findKubectls()) {
    behaves(`kubectl ${kubectl.version} approves and denies requests`, async () => {
      const runner = new KubectlRunner(kubectl, 'default');
      try {
        const [approved, denied] = [uniqueName('approved'), uniqueName('denied')];
        for (const name of [approved, denied]) {
          const { request } = await makeRequest(`CN=${name}`);
          await ask(name, request, { signerName: 'kubernetes.io/kube-apiserver-client', usages: CLIENT });
        }
        assert.match(await runner.ok(['certificate', 'approve', approved]), /approved$/m);
        assert.match(await runner.ok(['certificate', 'deny', denied]), /denied$/m);
        assert.equal(new X509Certificate(await issued(approved)).subject, `CN=${approved}`);
        assert.match(await runner.ok(['get', 'csr', approved]), /Approved,Issued$/m);
        assert.match(await runner.ok(['get', 'csr', denied]), /Denied$/m);
      } finally {
        runner.dispose();
      }
    });
  }

  behaves('nobody becomes an administrator by a signature', async () => {
    const name = uniqueName('master');
    const { request } = await makeRequest(`O=system:masters, CN=${name}`);
    const body = {
      metadata: { name },
      spec: {
        request: Buffer.from(request).toString('base64'),
        signerName: 'kubernetes.io/kube-apiserver-client',
        usages: CLIENT,
      },
    };
    statusOf(await fetchApi('POST', REQUESTS, { body }), { code: 403, reason: 'Forbidden' });
  });
});
