/** A namespace of a suite's own. */
import assert from 'node:assert/strict';
import { nameSuffix, systemRandom } from '../../base/random.ts';
import { fetchApi, server } from './cluster.ts';
import { eventually } from './eventually.ts';

export interface TestNamespace {
  readonly name: string;
  /** `/api/v1/namespaces/NAME/pods/web/status`; parts left out end the path early. */
  path(resource: string, name?: string, subresource?: string): string;
}

/** Core resources a suite may leave behind, and the leases beside them. */
const CONTENT = [
  'pods',
  'replicationcontrollers',
  'services',
  'endpoints',
  'configmaps',
  'secrets',
  'serviceaccounts',
  'events',
];

/** A name nobody else uses. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${nameSuffix(systemRandom, 8)}`;
}

/**
 * Creates a namespace before the suite's tests and removes it, with its content, after them. It needs no controllers:
 * the default service account, whose token no pod gets, is made here, and the namespace is finalized here. What
 * controllers put into it is there when this resolves, so that tests may count.
 */
export function testNamespace(prefix = 'conformance'): TestNamespace {
  const name = uniqueName(prefix);
  before(() => createNamespace(name));
  after(() => removeNamespace(name));
  return {
    name,
    path: (resource, object, subresource) =>
      `/api/v1/namespaces/${name}/${resource}${object === undefined ? '' : `/${object}`}${subresource ? `/${subresource}` : ''}`,
  };
}

export async function createNamespace(name: string): Promise<void> {
  const created = await fetchApi('POST', '/api/v1/namespaces', { body: { metadata: { name } } });
  assert.equal(created.status, 201, created.text);
  const body = { metadata: { name: 'default' }, automountServiceAccountToken: false };
  const account = await fetchApi('POST', `/api/v1/namespaces/${name}/serviceaccounts`, { body });
  assert.ok([201, 409].includes(account.status), account.text);
  if (account.status === 409) {
    const headers = { 'content-type': 'application/merge-patch+json' };
    const path = `/api/v1/namespaces/${name}/serviceaccounts/default`;
    const patched = await fetchApi('PATCH', path, { headers, body: { automountServiceAccountToken: false } });
    assert.equal(patched.status, 200, patched.text);
  }
  if (!server.publishesRootCa) return;
  const certificate = `/api/v1/namespaces/${name}/configmaps/kube-root-ca.crt`;
  await eventually(async () => assert.equal((await fetchApi('GET', certificate)).status, 200));
}

export async function removeNamespace(name: string): Promise<void> {
  const root = `/api/v1/namespaces/${name}`;
  await fetchApi('DELETE', root);
  for (const resource of CONTENT) await removeAll(`${root}/${resource}`);
  await removeAll(`/apis/coordination.k8s.io/v1/namespaces/${name}/leases`);
  const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name }, spec: { finalizers: [] } };
  await fetchApi('PUT', `${root}/finalize`, { body });
}

/** Deletes every object of a collection at once, finalizers or not; each one by name, as 1.20 cannot do services. */
export async function removeAll(collection: string): Promise<void> {
  const answer = await fetchApi('GET', collection);
  if (answer.status !== 200) return;
  const { items } = answer.json<{ items: { metadata: { name: string; finalizers?: string[] } }[] }>();
  for (const { metadata } of items) {
    // Names of events are hardly checked: anything may be in them.
    const path = `${collection}/${encodeURIComponent(metadata.name)}`;
    if (metadata.finalizers?.length) {
      await fetchApi('PATCH', path, {
        headers: { 'content-type': 'application/merge-patch+json' },
        body: { metadata: { finalizers: null } },
      });
    }
    await fetchApi('DELETE', `${path}?gracePeriodSeconds=0&propagationPolicy=Background`);
  }
}
