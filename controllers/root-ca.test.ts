import assert from 'node:assert/strict';
import { CONFIG_MAPS, NAMESPACES } from '../client/resources.ts';
import type { V1ConfigMap, V1Namespace } from '../openapi/generated/types.ts';
import { forbidden } from '../openapi/status.ts';
import { ROOT_CA } from './root-ca.ts';
import { FakeCluster } from './runtime/fake-cluster.ts';

describe('root CA publisher', () => {
  let cluster: FakeCluster;
  beforeEach(() => {
    cluster = new FakeCluster();
  });
  afterEach(async () => {
    await cluster.stop();
    assert.equal(cluster.clock.timers, 0);
  });

  const start = (rootCa: string | undefined = 'PEM') =>
    cluster.start(['root-ca-cert-publisher'], rootCa === '' ? {} : { rootCa });
  const published = (namespace: string) => cluster.api.peek<V1ConfigMap>(CONFIG_MAPS, ROOT_CA, namespace);
  const create = (name: string, more: Partial<V1Namespace> = {}) =>
    cluster.api.create<V1Namespace>(NAMESPACES, undefined, {
      metadata: { name },
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active' },
      ...more,
    });
  const change = (edit: (config: V1ConfigMap) => V1ConfigMap) => cluster.api.change(CONFIG_MAPS, ROOT_CA, 'a', edit);

  it('publishes the certificate in every namespace, old and new, and says what it is for', async () => {
    create('old');
    await start();
    await cluster.until('old', () => published('old'));
    create('new');
    const config = await cluster.until('new', () => published('new'));
    assert.deepEqual(config.data, { 'ca.crt': 'PEM' });
    assert.match(config.metadata?.annotations?.['kubernetes.io/description'] ?? '', /^Contains a CA bundle/);
  });

  it('makes it again when it is deleted', async () => {
    create('a');
    await start();
    const first = await cluster.until('made', () => published('a'));
    cluster.api.remove(CONFIG_MAPS, ROOT_CA, 'a');
    const second = await cluster.until('made again', () => published('a'));
    assert.notEqual(second.metadata?.uid, first.metadata?.uid);
  });

  it('puts right what somebody changed, and keeps a description and labels of their own', async () => {
    create('a');
    await start();
    await cluster.until('made', () => published('a'));
    change((config) => ({ ...config, data: { 'ca.crt': 'theirs', more: 'x' } }));
    await cluster.until('repaired', () => JSON.stringify(published('a')?.data) === '{"ca.crt":"PEM"}');
    change((config) => ({ ...config, metadata: { ...config.metadata, annotations: {}, labels: { l: 'x' } } }));
    const repaired = await cluster.until('described', () =>
      published('a')?.metadata?.annotations ? published('a') : false,
    );
    await cluster.until('described', () => published('a')?.metadata?.annotations?.['kubernetes.io/description']);
    assert.deepEqual(repaired.metadata?.labels, { l: 'x' });
    const annotations = { 'kubernetes.io/description': 'ours' };
    change((config) => ({ ...config, metadata: { ...config.metadata, annotations } }));
    await cluster.clock.advance(1000);
    assert.deepEqual(published('a')?.metadata?.annotations, annotations);
  });

  it('leaves namespaces alone that are going away', async () => {
    create('going', { status: { phase: 'Terminating' } });
    create('marked');
    await cluster.client.namespaces.delete('marked');
    await start();
    await cluster.clock.advance(1000);
    assert.deepEqual(cluster.api.all(CONFIG_MAPS), []);
  });

  it('does not insist when the server says that the namespace is going away', async () => {
    create('a');
    let attempts = 0;
    cluster.api.intercept = (call) => {
      if (call.method !== 'POST') return;
      attempts++;
      const error = forbidden(CONFIG_MAPS, ROOT_CA, 'no');
      error.status.details = { causes: [{ reason: 'NamespaceTerminating' }] };
      throw error;
    };
    await start();
    await cluster.clock.advance(60_000);
    assert.equal(attempts, 1);
  });

  it('publishes nothing where no certificate is given', async () => {
    create('a');
    await start('');
    await cluster.clock.advance(1000);
    assert.deepEqual(cluster.api.all(CONFIG_MAPS), []);
  });
});
