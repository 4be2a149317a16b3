/** The official TypeScript client: its typed API, its watch, its informer, as people write against them. */
import assert from 'node:assert/strict';
import {
  ApiException,
  CoordinationV1Api,
  CoreV1Api,
  KubernetesObjectApi,
  makeInformer,
  PatchStrategy,
  setHeaderOptions,
  type V1ConfigMap,
  VersionApi,
  Watch,
} from '@kubernetes/client-node';
import { behaves, eventually, kubeConfig, suite, testNamespace } from './harness.ts';
import { samplePodSpec } from './kinds.ts';

suite('@kubernetes/client-node', () => {
  const { name: namespace } = testNamespace();
  const core = kubeConfig.makeApiClient(CoreV1Api);
  const configMap = (name: string, labels: Record<string, string> = {}): V1ConfigMap => ({
    metadata: { name, labels },
    data: { key: 'value' },
  });

  behaves('typed calls create, read, replace, list and delete', async () => {
    const created = await core.createNamespacedConfigMap({ namespace, body: configMap('typed') });
    assert.ok(created.metadata?.creationTimestamp instanceof Date);
    const read = await core.readNamespacedConfigMap({ namespace, name: 'typed' });
    assert.deepEqual(read.data, { key: 'value' });
    const body = { ...read, data: { key: 'replaced' } };
    const replaced = await core.replaceNamespacedConfigMap({ namespace, name: 'typed', body });
    assert.equal(replaced.data?.key, 'replaced');
    const list = await core.listNamespacedConfigMap({ namespace, fieldSelector: 'metadata.name=typed' });
    assert.deepEqual(
      list.items.map((item) => item.metadata?.name),
      ['typed'],
    );
    await core.deleteNamespacedConfigMap({ namespace, name: 'typed' });
    await assert.rejects(core.readNamespacedConfigMap({ namespace, name: 'typed' }), (error) => {
      assert.ok(error instanceof ApiException);
      assert.equal(error.code, 404);
      return true;
    });
  });

  behaves('the three patch types go through setHeaderOptions', async () => {
    await core.createNamespacedConfigMap({ namespace, body: configMap('patched') });
    const patch = (type: string, body: object) =>
      core.patchNamespacedConfigMap({ namespace, name: 'patched', body }, setHeaderOptions('Content-Type', type));
    await patch(PatchStrategy.JsonPatch, [{ op: 'add', path: '/data/json', value: '1' }]);
    await patch(PatchStrategy.MergePatch, { data: { merge: '1' } });
    const patched = await patch(PatchStrategy.StrategicMergePatch, { data: { strategic: '1', key: null } });
    assert.deepEqual(patched.data, { json: '1', merge: '1', strategic: '1' });
  });

  behaves('pods, controllers, services and their subresources have types that fit', async () => {
    const template = { metadata: { labels: { a: 'b' } }, spec: samplePodSpec() as { containers: [] } };
    const rc = { metadata: { name: 'typed' }, spec: { replicas: 0, selector: { a: 'b' }, template } };
    const created = await core.createNamespacedReplicationController({ namespace, body: rc });
    assert.equal(created.spec?.replicas, 0);
    const scale = await core.readNamespacedReplicationControllerScale({ namespace, name: 'typed' });
    assert.equal(scale.metadata?.uid, created.metadata?.uid);
    const pod = await core.createNamespacedPod({
      namespace,
      body: { metadata: { name: 'typed' }, spec: template.spec },
    });
    assert.equal(pod.status?.phase, 'Pending');
    const status = await core.readNamespacedPodStatus({ namespace, name: 'typed' });
    assert.equal(status.metadata?.uid, pod.metadata?.uid);
    const service = await core.createNamespacedService({
      namespace,
      body: { metadata: { name: 'typed' }, spec: { ports: [{ port: 80 }] } },
    });
    assert.equal(service.spec?.ports?.[0]?.targetPort, 80);
  });

  behaves('leases keep their microseconds', async () => {
    const leases = kubeConfig.makeApiClient(CoordinationV1Api);
    const lease = await leases.createNamespacedLease({
      namespace,
      body: { metadata: { name: 'typed' }, spec: { holderIdentity: 'me', leaseDurationSeconds: 15 } },
    });
    assert.equal(lease.spec?.holderIdentity, 'me');
  });

  behaves('the version is there', async () => {
    const { gitVersion } = await kubeConfig.makeApiClient(VersionApi).getCode();
    assert.match(gitVersion, /^v\d/);
  });

  behaves('KubernetesObjectApi finds the path of a kind by discovery', async () => {
    const objects = KubernetesObjectApi.makeApiClient(kubeConfig);
    const header = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'generic', namespace } };
    await objects.create<V1ConfigMap>({ ...header, data: { a: '1' } });
    const patched = await objects.patch<V1ConfigMap>({ ...header, data: { b: '2' } });
    assert.deepEqual(patched.data, { a: '1', b: '2' });
    await objects.delete(header);
    await assert.rejects(objects.read(header), (error) => error instanceof ApiException && error.code === 404);
  });

  behaves('Watch delivers events until it is aborted', async () => {
    const seen: string[] = [];
    const path = `/api/v1/namespaces/${namespace}/configmaps`;
    const controller = await new Watch(kubeConfig).watch(
      path,
      { labelSelector: 'watched=yes' },
      (phase, object: V1ConfigMap) => {
        seen.push(`${phase} ${object.metadata?.name}`);
      },
      () => undefined,
    );
    await core.createNamespacedConfigMap({ namespace, body: configMap('seen', { watched: 'yes' }) });
    await core.deleteNamespacedConfigMap({ namespace, name: 'seen' });
    await eventually(async () => assert.deepEqual(seen, ['ADDED seen', 'DELETED seen']));
    controller.abort();
  });

  behaves('makeInformer lists, follows and stops', async () => {
    const labelSelector = 'informed=yes';
    const list = () => core.listNamespacedConfigMap({ namespace, labelSelector });
    await core.createNamespacedConfigMap({ namespace, body: configMap('there', { informed: 'yes' }) });
    const informer = makeInformer(kubeConfig, `/api/v1/namespaces/${namespace}/configmaps`, list, labelSelector);
    const seen: string[] = [];
    for (const verb of ['add', 'update', 'delete'] as const) {
      informer.on(verb, (object) => {
        seen.push(`${verb} ${object.metadata?.name} ${object.data?.key}`);
      });
    }
    const errors: unknown[] = [];
    informer.on('error', (error) => errors.push(error));
    await informer.start();
    assert.deepEqual(
      informer.list().map((object) => object.metadata?.name),
      ['there'],
    );
    await core.createNamespacedConfigMap({ namespace, body: configMap('new', { informed: 'yes' }) });
    await core.patchNamespacedConfigMap(
      { namespace, name: 'new', body: { data: { key: 'changed' } } },
      setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
    );
    await core.deleteNamespacedConfigMap({ namespace, name: 'new' });
    const expected = ['add there value', 'add new value', 'update new changed', 'delete new changed'];
    await eventually(async () => assert.deepEqual(seen, expected));
    assert.equal(informer.get('there', namespace)?.data?.key, 'value');
    assert.equal(informer.get('new', namespace), undefined);
    await informer.stop();
    assert.deepEqual(errors, []);
  });

  behaves('a conflict is an ApiException with the Status in its body', async () => {
    const created = await core.createNamespacedConfigMap({ namespace, body: configMap('conflict') });
    await core.replaceNamespacedConfigMap({ namespace, name: 'conflict', body: { ...created, data: { key: 'new' } } });
    await assert.rejects(core.replaceNamespacedConfigMap({ namespace, name: 'conflict', body: created }), (error) => {
      assert.ok(error instanceof ApiException);
      assert.equal(error.code, 409);
      assert.match(String(error.body), /"reason":"Conflict"/);
      return true;
    });
  });
});
