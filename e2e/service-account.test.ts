/** A pod as a client of the API: the files that its service account gives it, and what they are good for. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { V1ConfigMap, V1Pod, V1TokenReview } from '../openapi/generated/types.ts';
import { eventually, succeed, TestCluster } from './harness.ts';

const IMAGE = 'kubets/busybox:1';
const FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';

function boxOf(name: string, more: Partial<V1Pod['spec']> = {}, container: object = {}): V1Pod {
  const box = { name: 'main', image: IMAGE, imagePullPolicy: 'Never', command: ['sleep', '100000'], ...container };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'tokens' },
    spec: { terminationGracePeriodSeconds: 0, ...more, containers: [box] },
  };
}

describe('The token of a pod', function () {
  this.timeout(60_000);
  let cluster: TestCluster;

  before(async () => {
    await succeed('scripts/busybox-image.sh', [IMAGE]);
    cluster = await TestCluster.create('--node', 'docker', '--pod-cidr', '10.244.21.0/24');
    await cluster.up();
    await cluster.kubectl('create', 'namespace', 'tokens');
  });
  after(() => cluster?.destroy());

  const run = async (pod: V1Pod): Promise<V1Pod> => {
    await succeed('kubectl', ['create', '-f', '-'], { env: cluster.env, input: JSON.stringify(pod) });
    const { name = '' } = pod.metadata ?? {};
    return eventually(`${name} runs`, async () => {
      const found = await cluster.get<V1Pod>('pod', name, '-n', 'tokens');
      return found.status?.phase === 'Running' && found;
    });
  };
  const exec = (pod: string, ...command: string[]) => cluster.kubectl('exec', '-n', 'tokens', pod, '--', ...command);
  const review = async (spec: V1TokenReview['spec']): Promise<V1TokenReview['status']> => {
    const input = JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec });
    const text = await succeed('kubectl', ['create', '-f', '-', '-o', 'json'], { env: cluster.env, input });
    return (JSON.parse(text) as V1TokenReview).status;
  };

  // The first pod of a new namespace: its account and the certificate have only just been made.
  it('ServiceAccounts should mount an API token into pods', async () => {
    const pod = await run(boxOf('box'));
    assert.equal(await exec('box', 'cat', `${FOLDER}/namespace`), 'tokens');
    const config = await cluster.get<V1ConfigMap>('configmap', 'kube-root-ca.crt', '-n', 'tokens');
    const certificate = await exec('box', 'cat', `${FOLDER}/ca.crt`);
    assert.equal(certificate, config.data?.['ca.crt']);
    assert.equal(certificate, await readFile(join(cluster.home, 'pki', 'ca.crt'), 'utf8'));
    const status = await review({ token: await exec('box', 'cat', `${FOLDER}/token`) });
    assert.equal(status?.authenticated, true);
    assert.equal(status?.user?.username, 'system:serviceaccount:tokens:default');
    assert.deepEqual(status?.user?.extra?.['authentication.kubernetes.io/pod-uid'], [pod.metadata?.uid]);
    const events = await cluster.kubectl('get', 'events', '-n', 'tokens');
    assert.doesNotMatch(events, /FailedMount/, 'the pod had to wait for what it mounts');
  });

  it('is readable for the user that the pod runs as, and for no other', async () => {
    await run(boxOf('user', { securityContext: { runAsUser: 1234 } }));
    const listed = await exec('user', 'ls', '-lnL', `${FOLDER}/token`);
    assert.match(listed, /^-rw-{7} +1 1234 /);
    assert.equal((await review({ token: await exec('user', 'cat', `${FOLDER}/token`) }))?.authenticated, true);
  });

  it('ServiceAccounts should mount projected service account token', async () => {
    const sources = [{ serviceAccountToken: { path: 'vault-token', audience: 'vault', expirationSeconds: 600 } }];
    const volumes = [{ name: 'v', projected: { sources } }];
    const volumeMounts = [{ name: 'v', mountPath: '/tokens', readOnly: true }];
    await run(boxOf('projected', { volumes, automountServiceAccountToken: false }, { volumeMounts }));
    const token = await exec('projected', 'cat', '/tokens/vault-token');
    assert.deepEqual((await review({ token, audiences: ['vault'] }))?.audiences, ['vault']);
    assert.notEqual((await review({ token }))?.authenticated, true, 'it is not for the API server');
    const { code } = await cluster.kubectlRaw('exec', '-n', 'tokens', 'projected', '--', 'ls', FOLDER);
    assert.notEqual(code, 0, 'the pod has opted out of the other');
  });

  it('waits for a certificate that is not there yet, and says so', async () => {
    const sources = [{ configMap: { name: 'late' } }, { serviceAccountToken: { path: 'token' } }];
    const volumes = [{ name: 'v', projected: { sources } }];
    const pod = boxOf('late', { volumes }, { volumeMounts: [{ name: 'v', mountPath: '/v' }] });
    await succeed('kubectl', ['create', '-f', '-'], { env: cluster.env, input: JSON.stringify(pod) });
    await eventually('an event', async () =>
      (await cluster.kubectl('get', 'events', '-n', 'tokens')).includes(
        'MountVolume.SetUp failed for volume "v" : configmap "late" not found',
      ),
    );
    await cluster.kubectl('create', 'configmap', 'late', '-n', 'tokens', '--from-literal=ca.crt=x');
    await eventually(
      'the pod runs',
      async () => (await cluster.get<V1Pod>('pod', 'late', '-n', 'tokens')).status?.phase === 'Running',
    );
    assert.equal(await exec('late', 'cat', '/v/ca.crt'), 'x');
  });
});
