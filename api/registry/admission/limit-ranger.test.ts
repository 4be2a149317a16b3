import assert from 'node:assert/strict';
import type { V1LimitRangeItem, V1Pod } from '../../../openapi/generated/types.ts';
import { type AdmissionFixture, admitted, podOf, withAdmission } from './admission.fixture.ts';

const range = (limits: V1LimitRangeItem[], fixture: AdmissionFixture) =>
  fixture.create('limitranges', { metadata: { name: 'l' }, spec: { limits } });

describe('LimitRanger', () => {
  it(
    'gives containers what they left out, and says so',
    withAdmission(async (fixture) => {
      await range([{ type: 'Container', max: { cpu: '2' }, default: { memory: '64Mi' } }], fixture);
      const spec = { initContainers: [{ name: 'i', image: 'x' }] };
      const pod = admitted<V1Pod>(await fixture.create('pods', podOf('a', { limits: { cpu: '1' } }, spec)));
      assert.deepEqual(pod.spec?.containers[0]?.resources, {
        requests: { cpu: '1', memory: '64Mi' },
        limits: { cpu: '1', memory: '64Mi' },
      });
      assert.deepEqual(pod.spec?.initContainers?.[0]?.resources?.limits, { cpu: '2', memory: '64Mi' });
      assert.equal(
        pod.metadata?.annotations?.['kubernetes.io/limit-ranger'],
        'LimitRanger plugin set: memory request for container c; memory limit for container c; cpu, memory request for init container i; cpu, memory limit for init container i',
      );
      assert.equal(pod.status?.qosClass, 'Guaranteed', 'which follows from what was filled in');
    }),
  );

  const limits: V1LimitRangeItem[] = [
    { type: 'Container', max: { cpu: '2' }, min: { cpu: '100m' }, maxLimitRequestRatio: { cpu: '4' } },
    { type: 'Pod', max: { memory: '128Mi' } },
  ];
  const fine = { requests: { cpu: '200m', memory: '1Mi' }, limits: { cpu: '300m', memory: '2Mi' } };
  const cases: [what: string, resources: Parameters<typeof podOf>[1], spec: object, why: string][] = [
    [
      'several reasons at once',
      { requests: { cpu: '50m' }, limits: { cpu: '2', memory: '1Mi' } },
      {},
      '[minimum cpu usage per Container is 100m, but request is 50m, cpu max limit to request ratio per Container is 4, but provided ratio is 40.000000]',
    ],
    [
      'too high a limit',
      { limits: { cpu: '3', memory: '1Mi' } },
      {},
      'maximum cpu usage per Container is 2, but limit is 3',
    ],
    [
      'no limit for the pod',
      { limits: { cpu: '1' } },
      {},
      'maximum memory usage per Pod is 128Mi.  No limit is specified',
    ],
    [
      'an init container that needs more than all the others',
      fine,
      { initContainers: [{ name: 'i', image: 'x', resources: { limits: { cpu: '1', memory: '200Mi' } } }] },
      'maximum memory usage per Pod is 128Mi, but limit is 200Mi',
    ],
    [
      'a sidecar that runs beside the others',
      { limits: { cpu: '1', memory: '100Mi' } },
      {
        initContainers: [
          { name: 'i', image: 'x', restartPolicy: 'Always', resources: { limits: { cpu: '1', memory: '100Mi' } } },
        ],
      },
      'maximum memory usage per Pod is 128Mi, but limit is 200Mi',
    ],
  ];
  for (const [what, resources, spec, why] of cases) {
    it(
      `refuses ${what}`,
      withAdmission(async (fixture) => {
        await range(limits, fixture);
        assert.equal(await fixture.create('pods', podOf('a', resources, spec)), `pods "a" is forbidden: ${why}`);
        admitted(await fixture.create('pods', podOf('b', fine)));
      }),
    );
  }

  it(
    'keeps claims between least and most, also when they grow',
    withAdmission(async (fixture) => {
      await range([{ type: 'PersistentVolumeClaim', min: { storage: '1Gi' }, max: { storage: '2Gi' } }], fixture);
      const claim = (storage: string) => ({
        metadata: { generateName: 'c-' },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } } },
      });
      admitted(await fixture.create('persistentvolumeclaims', claim('1Gi')));
      const why =
        /^persistentvolumeclaims "c-\w{5}" is forbidden: m(ax|in)imum storage usage per PersistentVolumeClaim/;
      for (const storage of ['1Mi', '3Gi']) {
        assert.match(String(await fixture.create('persistentvolumeclaims', claim(storage))), why);
      }
    }),
  );
});
