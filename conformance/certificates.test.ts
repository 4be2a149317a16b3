/** CertificateSigningRequests as objects: nobody signs them here. */
import assert from 'node:assert/strict';
import {
  applyPatch,
  at,
  atLeast,
  behaves,
  behaviour,
  fetchApi,
  includes,
  listOf,
  MERGE_PATCH,
  mutate,
  objectOf,
  statusOf,
  suite,
  uniqueName,
  type Wire,
  watch,
} from './harness.ts';
import { discovered, kindOf } from './kind-operations.ts';

/** CN=e2e.example.com, self-signed: PEM in base64. */
const CERTIFICATE =
  'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUJwVENDQVV1Z0F3SUJBZ0lVVkYwMHVnNUk1emxXa0czQXNkWndOaFhpcjdFd0NnWUlLb1p' +
  'JemowRUF3SXcKR2pFWU1CWUdBMVVFQXd3UFpUSmxMbVY0WVcxd2JHVXVZMjl0TUI0WERUSTJNVEV5TVRFeU5EVTBORm9YRFRNMgpNVEV4T0RFeU' +
  '5EVTBORm93R2pFWU1CWUdBMVVFQXd3UFpUSmxMbVY0WVcxd2JHVXVZMjl0TUZrd0V3WUhLb1pJCnpqMENBUVlJS29aSXpqMERBUWNEUWdBRTREN' +
  'DBkb3JOR0wvaFNlbWJIY3gySUF1Vy9pYzdXczBKTHRFSkhkdEUKL0phWEQwQlE4ckEzQ0NydEdlNnBlNHpKUTJJc1FuTWw5S1pmNFFja2h4OUVV' +
  'cU52TUcwd0hRWURWUjBPQkJZRQpGRFVaUXkzR1IzUHpoa1pJUC9XU1dHWlRZSGx1TUI4R0ExVWRJd1FZTUJhQUZEVVpReTNHUjNQemhrWklQL1d' +
  'TCldHWlRZSGx1TUE4R0ExVWRFd0VCL3dRRk1BTUJBZjh3R2dZRFZSMFJCQk13RVlJUFpUSmxMbVY0WVcxd2JHVXUKWTI5dE1Bb0dDQ3FHU000OU' +
  'JBTUNBMGdBTUVVQ0lHSm00S0Y0N01vVk1Pck5hUTBXWGJaSEQzRlV5Mmg0NUU2bwpScHBQK1I1RkFpRUEyckRRQ3FHSC9kVmF1Sk00bklvYWhkb' +
  '3hCWnRuMGx6d1V6N3RGcFRZcHE0PQotLS0tLUVORCBDRVJUSUZJQ0FURS0tLS0tCg==';

const apiVersion = 'certificates.k8s.io/v1';
const kind = kindOf(apiVersion, 'certificatesigningrequests');
const requests = `/apis/${apiVersion}/certificatesigningrequests`;

interface Condition {
  type: string;
  status: string;
  reason: string;
  message?: string;
}

const conditionsOf = (request: Wire) => (at(request, 'status.conditions') ?? []) as Condition[];
const add = (condition: Condition) => (request: Wire) => {
  request.status = { ...(request.status as object), conditions: [...conditionsOf(request), condition] };
};

suite('certificate signing requests', () => {
  const signerName = `example.com/${uniqueName('e2e')}`;
  const selector = `fieldSelector=spec.signerName%3D${encodeURIComponent(signerName)}`;
  const create = async () => {
    const { spec } = kind.sample('unused') as { spec: object };
    const usages = ['digital signature', 'key encipherment', 'server auth'];
    const body = {
      metadata: { generateName: 'e2e-example-csr-' },
      spec: { ...spec, signerName, usages, expirationSeconds: 3600 },
    };
    return objectOf(await fetchApi('POST', requests, { body }), 201);
  };
  const list = async () => listOf(await fetchApi('GET', `${requests}?${selector}`));
  after(async () => {
    await fetchApi('DELETE', `${requests}?${selector}`);
  });

  behaviour('Certificates API [Privileged:ClusterAdmin] should support CSR API operations', async () => {
    await discovered(kind, true);
    await approvalDiscovered();
    const [, , created] = [await create(), await create(), await create()];
    const path = `${requests}/${created.metadata.name}`;
    const read = objectOf(await fetchApi('GET', path));
    assert.equal(read.metadata.uid, created.metadata.uid);
    if (atLeast(22)) assert.equal(at(read, 'spec.expirationSeconds'), 3600);
    const { items, metadata } = await list();
    assert.equal(items.length, 3);

    const byName = `resourceVersion=${metadata.resourceVersion}&fieldSelector=metadata.name%3D${created.metadata.name}`;
    const stream = await watch(requests, byName);
    const patch = { metadata: { annotations: { patched: 'true' } } };
    includes(objectOf(await applyPatch(path, MERGE_PATCH, patch)), patch);
    const updated = await mutate(path, (request) => {
      request.metadata.annotations = { ...request.metadata.annotations, updated: 'true' };
    });
    assert.equal(updated.metadata.annotations?.updated, 'true');
    const events = await stream.until((all) => all.length === 2);
    stream.stop();
    for (const [index, annotations] of [{ patched: 'true' }, { patched: 'true', updated: 'true' }].entries()) {
      includes(events[index], { type: 'MODIFIED', object: { kind: kind.kind, metadata: { annotations } } });
    }

    await approve(path, created);
    await writeStatus(path, created);

    assert.equal((await fetchApi('DELETE', path)).status, 200);
    statusOf(await fetchApi('GET', path), { code: 404, reason: 'NotFound' });
    assert.equal((await list()).items.length, 2);
    assert.equal((await fetchApi('DELETE', `${requests}?${selector}`)).status, 200);
    assert.equal((await list()).items.length, 0);
  });

  behaves('who asks is set by the server, whatever the request says', async () => {
    const { spec } = kind.sample('unused') as { spec: object };
    const body = {
      metadata: { generateName: 'e2e-example-csr-' },
      spec: { ...spec, signerName, username: 'somebody-else', groups: ['nobody'] },
    };
    const request = objectOf(await fetchApi('POST', requests, { body }), 201);
    const { username, groups } = request.spec as { username: string; groups: string[] };
    assert.notEqual(username, 'somebody-else');
    assert.ok(groups.includes('system:authenticated'), groups.join());
  });

  behaves('approval and denial exclude each other, and neither is taken back', async () => {
    const { metadata } = await create();
    const path = `${requests}/${metadata.name}/approval`;
    const approved = { type: 'Approved', status: 'True', reason: 'E2E' };
    await mutate(path, add(approved));
    const both = { status: { conditions: [approved, { ...approved, type: 'Denied' }] } };
    statusOf(await applyPatch(path, MERGE_PATCH, both), {
      code: 422,
      reason: 'Invalid',
      message: /Approved and Denied conditions are mutually exclusive/,
    });
    statusOf(await applyPatch(path, MERGE_PATCH, { status: { conditions: [] } }), {
      code: 422,
      reason: 'Invalid',
      message: /status\.conditions: Forbidden: updates may not remove a condition of type "Approved"/,
    });
  });
});

async function approvalDiscovered(): Promise<void> {
  const { resources } = (await fetchApi('GET', `/apis/${apiVersion}`)).json<{
    resources: { name: string; verbs: string[] }[];
  }>();
  const approval = resources.find(({ name }) => name === 'certificatesigningrequests/approval');
  assert.deepEqual(approval?.verbs.toSorted(), ['get', 'patch', 'update']);
}

/** /approval read, patched with a condition nobody knows, and updated with the approval. */
async function approve(path: string, { metadata }: Wire): Promise<void> {
  const read = objectOf(await fetchApi('GET', `${path}/approval`));
  includes(read, { apiVersion, kind: kind.kind, metadata: { uid: metadata.uid } });
  const condition = { type: 'ApprovalPatch', status: 'True', reason: 'e2e' };
  const patch = { metadata: { annotations: { patchedapproval: 'true' } }, status: { conditions: [condition] } };
  includes(objectOf(await applyPatch(`${path}/approval`, MERGE_PATCH, patch)), patch);
  const approved = { type: 'Approved', status: 'True', reason: 'E2E', message: 'Set from a test' };
  includes(conditionsOf(await mutate(`${path}/approval`, add(approved))), [condition, approved]);
}

/** /status read, patched with a certificate, and updated with one more condition. */
async function writeStatus(path: string, { metadata }: Wire): Promise<void> {
  const read = objectOf(await fetchApi('GET', `${path}/status`));
  includes(read, { apiVersion, kind: kind.kind, metadata: { uid: metadata.uid } });
  const patch = { metadata: { annotations: { patchedstatus: 'true' } }, status: { certificate: CERTIFICATE } };
  const patched = objectOf(await applyPatch(`${path}/status`, MERGE_PATCH, patch));
  includes(patched, patch);
  const updated = await mutate(
    `${path}/status`,
    add({ type: 'StatusUpdate', status: 'True', reason: 'E2E', message: 'Set from a test' }),
  );
  assert.equal(conditionsOf(updated).length, conditionsOf(patched).length + 1);
  assert.equal(conditionsOf(updated).at(-1)?.type, 'StatusUpdate');
}
