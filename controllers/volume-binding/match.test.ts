import assert from 'node:assert/strict';
import type { V1PersistentVolume, V1PersistentVolumeClaim } from '../../openapi/generated/types.ts';
import { bestVolume, mismatchOf } from './match.ts';
import { claim, reference, volume } from './testing.ts';

const size = (storage: string) => ({ capacity: { storage } });
const modes = (...accessModes: string[]) => ({ accessModes });

describe('bestVolume', () => {
  const cases: [
    what: string,
    claim: V1PersistentVolumeClaim,
    volumes: V1PersistentVolume[],
    best: string | undefined,
    onlyMeant?: boolean,
  ][] = [
    ['is the smallest that is large enough', claim('c'), ['5Gi', '2Gi', '500Mi'].map((s) => volume(s, size(s))), '2Gi'],
    ['is the first by name of those of one size', claim('c'), [volume('b'), volume('a')], 'a'],
    ['is none where all are too small', claim('c'), [volume('a', size('1023Mi'))], undefined],
    [
      'is of the class',
      claim('c', { storageClassName: 'x' }),
      [volume('a'), volume('b', { storageClassName: 'x' })],
      'b',
    ],
    [
      'is of the class that the old annotation names',
      claim('c', {}, { annotations: { 'volume.beta.kubernetes.io/storage-class': 'x' } }),
      [volume('a'), volume('b', { storageClassName: 'x' })],
      'b',
    ],
    [
      'has all modes that are asked for',
      claim('c', modes('ReadWriteMany')),
      [volume('a'), volume('b', modes('ReadWriteOnce', 'ReadWriteMany'))],
      'b',
    ],
    [
      'has as few other modes as can be, though it is larger',
      claim('c'),
      [volume('a', modes('ReadWriteOnce', 'ReadOnlyMany')), volume('b', size('9Gi'))],
      'b',
    ],
    [
      'has the volume mode',
      claim('c', { volumeMode: 'Block' }),
      [volume('a'), volume('b', { volumeMode: 'Block' })],
      'b',
    ],
    [
      'has the attributes class',
      claim('c', { volumeAttributesClassName: 'fast' }),
      [volume('a'), volume('b', { volumeAttributesClassName: 'fast' })],
      'b',
    ],
    [
      'meets the selector',
      claim('c', { selector: { matchLabels: { disk: 'ssd' } } }),
      [volume('a', {}, { labels: { disk: 'hdd' } }), volume('b', size('2Gi'), { labels: { disk: 'ssd' } })],
      'b',
    ],
    ['is available', claim('c'), [volume('a', {}, {}, 'Released')], undefined],
    ['is not on its way out', claim('c'), [volume('a', {}, { deletionTimestamp: '2026-01-01T00:00:00Z' })], undefined],
    ["is not another claim's", claim('c'), [volume('a', reference('other'))], undefined],
    ['is none for a former claim of the name', claim('c'), [volume('a', reference('c', 'former'))], undefined],
    [
      'is the one meant for the claim, whatever its size, class and labels',
      claim('c', { selector: { matchLabels: { disk: 'ssd' } } }),
      [volume('a'), volume('b', { ...reference('c'), ...size('9Gi'), storageClassName: 'x' }, {}, 'Pending')],
      'b',
    ],
    [
      'is none where the one meant for it is too small',
      claim('c'),
      [volume('a', { ...reference('c'), ...size('1Mi') })],
      undefined,
    ],
    ['is left to the scheduler where that chooses the node', claim('c'), [volume('a')], undefined, true],
    ['is the one meant for it, also there', claim('c'), [volume('a'), volume('b', reference('c'))], 'b', true],
  ];
  for (const [what, wanting, volumes, best, onlyMeant = false] of cases) {
    it(what, () => assert.equal(bestVolume(wanting, volumes, onlyMeant)?.metadata?.name, best));
  }
});

describe('mismatchOf', () => {
  const cases: [volume: V1PersistentVolume, claim: V1PersistentVolumeClaim, why: string | undefined][] = [
    [volume('v'), claim('c'), undefined],
    [volume('v', {}, { deletionTimestamp: 'x' }), claim('c'), 'the volume is marked for deletion "v"'],
    [volume('v', size('1Mi')), claim('c'), 'requested PV is too small'],
    [volume('v', { storageClassName: 'x' }), claim('c'), 'storageClassName does not match'],
    [volume('v', { volumeAttributesClassName: 'x' }), claim('c'), 'volumeAttributesClassName does not match'],
    [volume('v', { volumeMode: 'Block' }), claim('c'), 'incompatible volumeMode'],
    [volume('v', modes('ReadOnlyMany')), claim('c'), 'incompatible accessMode'],
  ];
  for (const [found, wanting, why] of cases) {
    it(`says ${why ?? 'nothing of a volume that will do'}`, () => assert.equal(mismatchOf(found, wanting), why));
  }
});
