import assert from 'node:assert/strict';
import { load } from 'js-yaml';
import { kubeconfigText } from './kubeconfig.ts';

describe('kubeconfigText', () => {
  it('is YAML that carries server, CA and token, and names a context', () => {
    const text = kubeconfigText({
      name: 'test',
      server: 'https://127.0.0.1:6443',
      ca: Buffer.from('CERT'),
      token: 'abc-_123',
    });
    const config = load(text) as Record<string, never>;
    assert.deepEqual(config, {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        { name: 'test', cluster: { server: 'https://127.0.0.1:6443', 'certificate-authority-data': 'Q0VSVA==' } },
      ],
      users: [{ name: 'test-admin', user: { token: 'abc-_123' } }],
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'test-admin' } }],
      'current-context': 'test',
    });
  });
});
