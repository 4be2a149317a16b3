import assert from 'node:assert/strict';
import { NAMESPACES, SERVICE_ACCOUNTS } from '../client/resources.ts';
import type { V1Namespace } from '../openapi/generated/types.ts';
import { forbidden } from '../openapi/status.ts';
import { FakeCluster } from './runtime/fake-cluster.ts';

describe('service account controller', () => {
  let cluster: FakeCluster;
  beforeEach(() => {
    cluster = new FakeCluster();
  });
  afterEach(async () => {
    await cluster.stop();
    assert.equal(cluster.clock.timers, 0);
  });

  const account = (namespace: string) => cluster.api.peek(SERVICE_ACCOUNTS, 'default', namespace);
  const create = (name: string, more: Partial<V1Namespace> = {}) =>
    cluster.api.create<V1Namespace>(NAMESPACES, undefined, {
      metadata: { name },
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active' },
      ...more,
    });

  it('makes the default account in every namespace, old and new', async () => {
    create('old');
    await cluster.start(['serviceaccount']);
    await cluster.until('old', () => account('old'));
    create('new');
    await cluster.until('new', () => account('new'));
  });

  it('makes it again when it is deleted', async () => {
    create('a');
    await cluster.start(['serviceaccount']);
    await cluster.until('made', () => account('a'));
    cluster.api.remove(SERVICE_ACCOUNTS, 'default', 'a');
    await cluster.until('made again', () => account('a'));
  });

  it('leaves namespaces alone that are going away', async () => {
    create('going', { status: { phase: 'Terminating' } });
    create('marked');
    await cluster.client.namespaces.delete('marked');
    await cluster.start(['serviceaccount']);
    await cluster.clock.advance(1000);
    assert.deepEqual(cluster.api.all(SERVICE_ACCOUNTS), []);
  });

  it('does not insist when the server says that the namespace is going away', async () => {
    create('a');
    let attempts = 0;
    cluster.api.intercept = (call) => {
      if (call.method !== 'POST') return;
      attempts++;
      const error = forbidden(SERVICE_ACCOUNTS, 'default', 'no');
      error.status.details = { causes: [{ reason: 'NamespaceTerminating' }] };
      throw error;
    };
    await cluster.start(['serviceaccount']);
    await cluster.clock.advance(60_000);
    assert.equal(attempts, 1);
  });
});
