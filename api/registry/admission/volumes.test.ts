import assert from 'node:assert/strict';
import type { V1Node, V1PersistentVolumeClaim } from '../../../openapi/generated/types.ts';
import type { KubeObject } from '../../../openapi/object.ts';
import { NAMESPACE, plain, WRITE } from '../store/store.fixture.ts';
import { type AdmissionFixture, admitted, withAdmission } from './admission.fixture.ts';

const CLAIMS = 'persistentvolumeclaims';
const IS_DEFAULT = { 'storageclass.kubernetes.io/is-default-class': 'true' };
const claim = (spec: object = {}) => ({
  metadata: { name: 'c' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
});
const storageClass = (fixture: AdmissionFixture, name: string, fields: object, creationTimestamp: string) =>
  fixture.put(`storageclasses/${name}`, { ...fields, metadata: { name, annotations: IS_DEFAULT, creationTimestamp } });

describe('DefaultStorageClass', () => {
  for (const [what, spec, expected] of [
    ['the newest default class', {}, 'newer'],
    ['what they name', { storageClassName: 'own' }, 'own'],
    ['none when they ask for none', { storageClassName: '' }, ''],
  ] as const) {
    it(
      `gives claims ${what}`,
      withAdmission(async (fixture) => {
        await storageClass(fixture, 'older', {}, '2026-01-01T00:00:00Z');
        await storageClass(fixture, 'newer', {}, '2026-01-02T00:00:00Z');
        const made = admitted<V1PersistentVolumeClaim>(await fixture.create(CLAIMS, claim(spec)));
        assert.equal(made.spec?.storageClassName, expected);
      }),
    );
  }
});

describe('StorageObjectInUseProtection', () => {
  it(
    'holds volumes and claims',
    withAdmission(async ({ create, store }) => {
      const made = admitted(await create(CLAIMS, claim()));
      assert.deepEqual(made.metadata?.finalizers, ['kubernetes.io/pvc-protection']);
      const volume = {
        metadata: { name: 'v', finalizers: ['example.com/mine'] },
        spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/v' } },
      };
      const stored = plain(await store('persistentvolumes').create('', volume, WRITE));
      assert.deepEqual(stored.metadata?.finalizers, ['example.com/mine', 'kubernetes.io/pv-protection']);
    }),
  );
});

describe('PersistentVolumeClaimResize', () => {
  const only =
    'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize';
  for (const [what, phase, allowVolumeExpansion, expected] of [
    ['lets a bound claim grow when its class can be expanded', 'Bound', true, undefined],
    ['refuses when its class cannot', 'Bound', false, `persistentvolumeclaims "c" is forbidden: ${only}`],
  ] as const) {
    it(
      what,
      withAdmission(async (fixture) => {
        await storageClass(fixture, 'sc', { allowVolumeExpansion }, '2026-01-01T00:00:00Z');
        await fixture.create(CLAIMS, claim());
        const { status } = fixture.store(CLAIMS).declaration;
        const bind = (old: KubeObject | undefined) => Object.assign(structuredClone(old ?? {}), { status: { phase } });
        await fixture.store(CLAIMS).update(NAMESPACE, 'c', bind, WRITE, { ...(status ? { strategy: status } : {}) });
        const outcome = await fixture.update(CLAIMS, 'c', ({ spec }) =>
          Object.assign(spec ?? {}, { resources: { requests: { storage: '2Gi' } } }),
        );
        if (expected === undefined) admitted(outcome);
        else assert.equal(outcome, expected);
      }),
    );
  }
});

describe('TaintNodesByCondition', () => {
  it(
    'keeps pods off a node that nobody has seen ready',
    withAdmission(async ({ store }) => {
      const create = async (object: V1Node) => plain(await store('nodes').create('', object, WRITE)) as V1Node;
      const taint = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };
      assert.deepEqual((await create({ metadata: { name: 'a' } })).spec?.taints, [taint]);
      const own = { ...taint, value: 'x' };
      assert.deepEqual((await create({ metadata: { name: 'b' }, spec: { taints: [own] } })).spec?.taints, [own]);
    }),
  );
});
