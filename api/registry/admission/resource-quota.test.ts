import assert from 'node:assert/strict';
import type { V1ResourceQuota, V1ResourceQuotaSpec } from '../../../openapi/generated/types.ts';
import { quotaEvaluator } from '../../../openapi/quota/evaluators.ts';
import { configMap, DRY_RUN, NAMESPACE } from '../store/store.fixture.ts';
import { type AdmissionFixture, admitted, podOf, withAdmission } from './admission.fixture.ts';

const QUOTAS = `resourcequotas/${NAMESPACE}/`;

/** A quota of which a controller has said that nothing is used, or what is. */
async function quota(
  { put }: AdmissionFixture,
  name: string,
  spec: V1ResourceQuotaSpec,
  used: Record<string, string> = Object.fromEntries(Object.keys(spec.hard ?? {}).map((each) => [each, '0'])),
): Promise<void> {
  const metadata = { name, namespace: NAMESPACE, uid: name };
  await put(QUOTAS + name, {
    kind: 'ResourceQuota',
    apiVersion: 'v1',
    metadata,
    spec,
    status: { hard: spec.hard ?? {}, used },
  } as V1ResourceQuota);
}

const used = ({ store }: AdmissionFixture, name: string) =>
  (store('resourcequotas').get(NAMESPACE, name).object as V1ResourceQuota).status?.used;

describe('ResourceQuota', () => {
  it(
    'charges what is written, and refuses what is too much',
    withAdmission(async (fixture) => {
      await quota(fixture, 'q', { hard: { pods: '3', 'requests.cpu': '1', memory: '1Gi' } });
      const big = podOf('a', { requests: { cpu: '300m', memory: '512Mi' } });
      admitted(await fixture.create('pods', big));
      assert.deepEqual(used(fixture, 'q'), { pods: '1', 'requests.cpu': '300m', memory: '512Mi' });
      const init = { name: 'i', image: 'x', resources: { requests: { cpu: '600m', memory: '1Mi' } } };
      const spec = { initContainers: [init] };
      admitted(await fixture.create('pods', podOf('b', { requests: { cpu: '300m', memory: '256Mi' } }, spec)));
      assert.deepEqual(used(fixture, 'q'), { pods: '2', 'requests.cpu': '900m', memory: '768Mi' });
      assert.equal(
        await fixture.create('pods', { ...big, metadata: { name: 'c' } }),
        'pods "c" is forbidden: exceeded quota: q, requested: memory=512Mi,requests.cpu=300m, used: memory=768Mi,requests.cpu=900m, limited: memory=1Gi,requests.cpu=1',
      );
    }),
  );

  it(
    'asks every container to say how much it wants of what is limited',
    withAdmission(async (fixture) => {
      await quota(fixture, 'q', { hard: { 'limits.memory': '1Gi', 'requests.cpu': '1' } });
      const why = 'failed quota: q: must specify limits.memory for: c; requests.cpu for: c';
      const refused = String(await fixture.create('pods', podOf('a')));
      assert.equal(refused, `pods "a" is forbidden: ${why}`);
    }),
  );

  it(
    'knows nothing of a quota before somebody has counted',
    withAdmission(async (fixture) => {
      await quota(fixture, 'unseen', {});
      admitted(await fixture.create('pods', podOf('a')));
      await quota(fixture, 'q', { hard: { pods: '3', 'count/pods': '1' } }, { pods: '1' });
      const why = 'status unknown for quota: q, resources: count/pods,pods';
      assert.equal(await fixture.create('pods', podOf('b')), `pods "b" is forbidden: ${why}`);
    }),
  );

  it(
    'charges nothing in a dry run',
    withAdmission(async (fixture) => {
      await quota(fixture, 'q', { hard: { configmaps: '1' } });
      await fixture.store('configmaps').create(NAMESPACE, configMap('a'), DRY_RUN);
      assert.deepEqual(used(fixture, 'q'), { configmaps: '0' });
    }),
  );

  it(
    'lets no two writes have the last of a resource',
    withAdmission(async (fixture) => {
      await quota(fixture, 'q', { hard: { 'count/configmaps': '3' } });
      const names = ['a', 'b', 'c', 'd', 'e', 'f'];
      const outcomes = await Promise.all(names.map((name) => fixture.create('configmaps', configMap(name))));
      assert.equal(outcomes.filter((outcome) => typeof outcome === 'string').length, 3);
      assert.deepEqual(used(fixture, 'q'), { 'count/configmaps': '3' });
    }),
  );

  it(
    'looks again when the quota was changed meanwhile',
    withAdmission(async (fixture) => {
      const { storage, cache } = fixture;
      await quota(fixture, 'q', { hard: { configmaps: '5' } });
      const key = `/registry/${QUOTAS}q`;
      let beaten = false;
      storage.gate = async (operation, written) => {
        if (operation !== 'update' || written !== key || beaten) return;
        beaten = true;
        const { item } = await storage.get(key);
        const text = item?.value.toString().replace('"configmaps":"0"', '"configmaps":"3"') ?? '';
        await cache.waitFor(await storage.update(key, Buffer.from(text), item?.modRevision ?? 0));
      };
      admitted(await fixture.create('configmaps', configMap('a')));
      assert.deepEqual(used(fixture, 'q'), { configmaps: '4' });
    }),
  );

  it(
    'charges an update for what is more',
    withAdmission(async (fixture) => {
      await quota(fixture, 'q', { hard: { 'services.nodeports': '1', services: '5' } });
      const service = (name: string, type: string) => ({
        metadata: { name },
        spec: { type, ports: [{ port: 80 }] },
      });
      admitted(await fixture.create('services', service('a', 'ClusterIP')));
      admitted(await fixture.create('services', service('b', 'NodePort')));
      const outcome = await fixture.update('services', 'a', ({ spec }) =>
        Object.assign(spec ?? {}, { type: 'NodePort' }),
      );
      assert.equal(
        outcome,
        'services "a" is forbidden: exceeded quota: q, requested: services.nodeports=1, used: services.nodeports=1, limited: services.nodeports=1',
      );
    }),
  );

  const scopes: [what: string, spec: V1ResourceQuotaSpec, matching: object, other: object][] = [
    ['BestEffort', { scopes: ['BestEffort'] }, {}, { resources: { requests: { cpu: '1' } } }],
    ['NotBestEffort', { scopes: ['NotBestEffort'] }, { resources: { requests: { cpu: '1' } } }, {}],
    ['Terminating', { scopes: ['Terminating'] }, { spec: { activeDeadlineSeconds: 5 } }, {}],
    ['NotTerminating', { scopes: ['NotTerminating'] }, {}, { spec: { activeDeadlineSeconds: 5 } }],
    [
      'PriorityClass',
      {
        scopeSelector: {
          matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values: ['system-node-critical'] }],
        },
      },
      { spec: { priorityClassName: 'system-node-critical' } },
      {},
    ],
    [
      'CrossNamespacePodAffinity',
      { scopes: ['CrossNamespacePodAffinity'] },
      {
        spec: {
          affinity: {
            podAffinity: {
              requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'z', namespaces: ['other'] }],
            },
          },
        },
      },
      {},
    ],
  ];
  for (const [what, spec, matching, other] of scopes) {
    it(
      `counts only what is in its scope ${what}`,
      withAdmission(async (fixture) => {
        await quota(fixture, 'q', { hard: { pods: '0' }, ...spec });
        const pod = (name: string, part: { resources?: object; spec?: object }) =>
          podOf(name, part.resources, part.spec);
        admitted(await fixture.create('pods', pod('a', other)));
        const why = 'exceeded quota: q, requested: pods=1, used: pods=0, limited: pods=0';
        assert.equal(await fixture.create('pods', pod('b', matching)), `pods "b" is forbidden: ${why}`);
      }),
    );
  }
});

describe('quotaEvaluator()', () => {
  const usage = (resource: string, object: object) => quotaEvaluator(resource)?.usage(object);

  it('counts any kind under its name and group', () => {
    assert.deepEqual(usage('deployments.apps', {}), { 'count/deployments.apps': '1' });
    assert.deepEqual(usage('secrets', {}), { 'count/secrets': '1', secrets: '1' });
    assert.equal(quotaEvaluator('events'), undefined);
  });

  it('counts claims in all and by class', () => {
    const spec = { storageClassName: 'sc', resources: { requests: { storage: '1Gi' } } };
    assert.deepEqual(usage('persistentvolumeclaims', { spec }), {
      persistentvolumeclaims: '1',
      'count/persistentvolumeclaims': '1',
      'sc.storageclass.storage.k8s.io/persistentvolumeclaims': '1',
      'requests.storage': '1Gi',
      'sc.storageclass.storage.k8s.io/requests.storage': '1Gi',
    });
  });

  it('counts extended resources, huge pages and overhead of pods, but nothing of those that have ended', () => {
    const requests = { 'example.com/gpu': '2', 'hugepages-2Mi': '4Mi', cpu: '1' };
    const pod = podOf('a', { requests, limits: { cpu: '2' } }, { overhead: { cpu: '500m', memory: '1Mi' } });
    assert.deepEqual(usage('pods', pod), {
      'count/pods': '1',
      pods: '1',
      cpu: '1500m',
      'requests.cpu': '1500m',
      'limits.cpu': '2500m',
      memory: '1Mi',
      'requests.memory': '1Mi',
      'requests.example.com/gpu': '2',
      'hugepages-2Mi': '4Mi',
      'requests.hugepages-2Mi': '4Mi',
    });
    assert.deepEqual(usage('pods', { ...pod, status: { phase: 'Failed' } }), { 'count/pods': '1' });
  });

  it('counts the ports of services that have ports of nodes', () => {
    const ports = [{ port: 80 }, { port: 81 }];
    const counted = (spec: object) => usage('services', { spec: { ports, ...spec } });
    assert.equal(counted({ type: 'ClusterIP' })?.['services.nodeports'], '0');
    assert.equal(counted({ type: 'NodePort' })?.['services.nodeports'], '2');
    assert.equal(counted({ type: 'LoadBalancer' })?.['services.loadbalancers'], '1');
    assert.equal(counted({ type: 'LoadBalancer', allocateLoadBalancerNodePorts: false })?.['services.nodeports'], '0');
  });
});
