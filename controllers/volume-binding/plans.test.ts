import assert from 'node:assert/strict';
import type { V1PersistentVolume, V1PersistentVolumeClaim } from '../../openapi/generated/types.ts';
import { claimStatus, unboundVolume, volumeBoundTo } from './changes.ts';
import { type ClaimView, planClaim } from './claim-plan.ts';
import { BIND_COMPLETED, BOUND_BY_CONTROLLER, defaultClassOf, PROVISIONED_BY, SELECTED_NODE } from './objects.ts';
import { claim, reference, storageClass, volume } from './testing.ts';
import { planVolume, reclaimFailure } from './volume-plan.ts';

const CLASSES = [
  storageClass('disks'),
  storageClass('late', { volumeBindingMode: 'WaitForFirstConsumer' }),
  storageClass('static', { provisioner: 'kubernetes.io/no-provisioner' }),
];
const DEFAULT = storageClass('usual', {
  metadata: { name: 'usual', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
});

function viewOf(volumes: V1PersistentVolume[], more: Partial<ClaimView> = {}): ClaimView {
  return {
    volume: (name) => volumes.find(({ metadata }) => metadata?.name === name),
    meantFor: (key) => volumes.filter(({ spec }) => spec?.claimRef && `default/${spec.claimRef.name}` === key),
    available: () => volumes.filter(({ spec }) => !spec?.claimRef),
    storageClass: (name) => CLASSES.find(({ metadata }) => metadata?.name === name),
    defaultClass: () => undefined,
    unscheduledPods: () => [],
    ...more,
  };
}

/** A step in short: what it does, with what, and what is told. */
function inShort(wanting: V1PersistentVolumeClaim, view: ClaimView): string {
  const step = planClaim(wanting, view);
  const event = 'event' in step && step.event ? ` ${step.event.type} ${step.event.reason} ${step.event.message}` : '';
  const what = 'volume' in step ? ` ${step.volume.metadata?.name}` : '';
  const which = 'storageClass' in step ? ` ${step.storageClass}` : '';
  return `${step.do}${what}${which}${'provisioner' in step ? ` ${step.provisioner}` : ''}${event}`;
}

describe('planClaim', () => {
  const bound = { annotations: { [BIND_COMPLETED]: 'yes' } };
  const { storageClassName: _, ...classless } = claim('c').spec ?? {};
  const cases: [what: string, claim: V1PersistentVolumeClaim, view: ClaimView, step: string][] = [
    ['binds to what will do', claim('c'), viewOf([volume('v')]), 'bind v'],
    [
      'waits for a volume where there is no class',
      claim('c'),
      viewOf([]),
      'wait Normal FailedBinding no persistent volumes available for this claim and no storage class is set',
    ],
    [
      'gets the default class, made after it',
      { ...claim('c'), spec: classless },
      viewOf([], { defaultClass: () => DEFAULT }),
      'assign-class usual',
    ],
    [
      'gets no class where it asks for none',
      claim('c'),
      viewOf([], { defaultClass: () => DEFAULT }),
      'wait Normal FailedBinding no persistent volumes available for this claim and no storage class is set',
    ],
    [
      'asks the provisioner of its class',
      claim('c', { storageClassName: 'disks' }),
      viewOf([]),
      'provision example.com/disks',
    ],
    [
      'waits for its class',
      claim('c', { storageClassName: 'none' }),
      viewOf([]),
      'wait Warning ProvisioningFailed storageclass.storage.k8s.io "none" not found',
    ],
    [
      'has no plugin of upstream',
      claim('c', { storageClassName: 'static' }),
      viewOf([]),
      'wait Warning ProvisioningFailed no volume plugin matched name: kubernetes.io/no-provisioner',
    ],
    [
      'waits for a first consumer though there is a volume',
      claim('c', { storageClassName: 'late' }),
      viewOf([volume('v', { storageClassName: 'late' })]),
      'wait Normal WaitForFirstConsumer waiting for first consumer to be created before binding',
    ],
    [
      'names the pod that waits to be scheduled',
      claim('c', { storageClassName: 'late' }),
      viewOf([], { unscheduledPods: () => ['a'] }),
      'wait Normal WaitForPodScheduled waiting for pod a to be scheduled',
    ],
    [
      'names the pods that wait to be scheduled',
      claim('c', { storageClassName: 'late' }),
      viewOf([], { unscheduledPods: () => ['a', 'b'] }),
      'wait Normal WaitForPodScheduled waiting for pods a,b to be scheduled',
    ],
    [
      'asks the provisioner once a node is chosen',
      claim('c', { storageClassName: 'late' }, { annotations: { [SELECTED_NODE]: 'n1' } }),
      viewOf([volume('v', { storageClassName: 'late' })]),
      'provision example.com/disks',
    ],
    [
      'takes what the scheduler meant for it',
      claim('c', { storageClassName: 'late' }),
      viewOf([volume('v', { ...reference('c', 'uid-of-c'), storageClassName: 'late' })]),
      'bind v',
    ],
    ['waits for the volume it names', claim('c', { volumeName: 'v' }), viewOf([]), 'wait'],
    ['gets the volume it names', claim('c', { volumeName: 'v' }), viewOf([volume('v')]), 'bind v'],
    [
      'does not get what it names but cannot use',
      claim('c', { volumeName: 'v' }),
      viewOf([volume('v', { storageClassName: 'x' })]),
      'wait Warning VolumeMismatch Cannot bind to requested volume "v": storageClassName does not match',
    ],
    ['gets what was meant for it', claim('c', { volumeName: 'v' }), viewOf([volume('v', reference('c'))]), 'bind v'],
    [
      "does not get another claim's",
      claim('c', { volumeName: 'v' }),
      viewOf([volume('v', reference('d'))]),
      'wait Warning FailedBinding volume "v" already bound to a different claim.',
    ],
    [
      "does not get another claim's, nor was it to be given to it",
      claim('c', { volumeName: 'v' }, { annotations: { [BOUND_BY_CONTROLLER]: 'yes' } }),
      viewOf([volume('v', reference('d'))]),
      'refuse Warning FailedBinding volume "v" already bound to a different claim.',
    ],
    [
      'is lost with its volume',
      claim('c', { volumeName: 'v' }, bound),
      viewOf([]),
      'lose Warning ClaimLost Bound claim has lost its PersistentVolume. Data on the volume is lost!',
    ],
    [
      "is lost with its volume's name",
      claim('c', {}, bound),
      viewOf([]),
      'lose Warning ClaimLost Bound claim has lost reference to PersistentVolume. Data on the volume is lost!',
    ],
    [
      'is lost when the volume is bound to another',
      claim('c', { volumeName: 'v' }, bound),
      viewOf([volume('v', reference('d', 'uid-of-d'))]),
      'lose Warning ClaimMisbound Two claims are bound to the same volume, this one is bound incorrectly',
    ],
    [
      'is bound anew when the volume forgot it',
      claim('c', { volumeName: 'v' }, bound),
      viewOf([volume('v')]),
      'bind v',
    ],
    [
      'stays bound',
      claim('c', { volumeName: 'v' }, bound),
      viewOf([volume('v', reference('c', 'uid-of-c'), {}, 'Bound')]),
      'bind v',
    ],
  ];
  for (const [what, wanting, view, step] of cases) {
    it(`a claim ${what}`, () => assert.equal(inShort(wanting, view), step));
  }
});

describe('planVolume', () => {
  const ours = reference('c', 'uid-of-c');
  const made = { annotations: { [PROVISIONED_BY]: 'example.com/disks' } };
  const cases: [what: string, volume: V1PersistentVolume, claim: V1PersistentVolumeClaim | undefined, step: object][] =
    [
      ['is available', volume('v'), undefined, { do: 'phase', phase: 'Available' }],
      [
        'is available to the claim that it is meant for',
        volume('v', reference('c')),
        claim('c'),
        { do: 'phase', phase: 'Available' },
      ],
      ['is bound', volume('v', ours), claim('c', { volumeName: 'v' }), { do: 'phase', phase: 'Bound' }],
      ['is released when its claim is gone', volume('v', ours), undefined, { do: 'release' }],
      [
        'is released when its claim is another of the name',
        volume('v', ours),
        claim('c', {}, { uid: 'new' }),
        { do: 'release' },
      ],
      ['lets the claim finish what was begun', volume('v', ours), claim('c'), { do: 'wake-claim', key: 'default/c' }],
      ['is unbound when its claim has another', volume('v', ours), claim('c', { volumeName: 'w' }), { do: 'unbind' }],
      [
        'is released when it was made for a claim that has another',
        volume('v', { ...ours, persistentVolumeReclaimPolicy: 'Delete' }, made),
        claim('c', { volumeName: 'w' }),
        { do: 'release' },
      ],
      [
        'tells that its mode is not what the claim asks for',
        volume('v', { ...ours, volumeMode: 'Block' }),
        claim('c'),
        {
          do: 'tell-mismatch',
          volumeMessage:
            'Cannot bind PersistentVolume to requested PersistentVolumeClaim "c" due to incompatible volumeMode.',
          claimMessage:
            'Cannot bind PersistentVolume "v" to requested PersistentVolumeClaim due to incompatible volumeMode.',
        },
      ],
    ];
  for (const [what, found, holder, step] of cases) {
    it(`a volume ${what}`, () => assert.deepEqual(planVolume(found, holder), step));
  }
});

describe('reclaimFailure', () => {
  const policy = (persistentVolumeReclaimPolicy: string) => ({ persistentVolumeReclaimPolicy });
  const by = (provisioner: string) => ({ annotations: { [PROVISIONED_BY]: provisioner } });
  const { hostPath: _, ...bare } = volume('v', policy('Delete')).spec ?? {};
  const cases: [what: string, volume: V1PersistentVolume, told: string | undefined][] = [
    ['kept', volume('v', policy('Retain')), undefined],
    ['recycled', volume('v', policy('Recycle')), 'VolumeFailedRecycle No recycler plugin found for the volume!'],
    ['deleted by who made it', volume('v', policy('Delete'), by('example.com/disks')), undefined],
    [
      'deleted by a plugin that is no more',
      volume('v', policy('Delete'), by('kubernetes.io/rbd')),
      'VolumeFailedDelete no volume plugin matched name: kubernetes.io/rbd',
    ],
    [
      'deleted though nobody made it',
      volume('v', policy('Delete')),
      'VolumeFailedDelete Error getting deleter volume plugin for volume "v": no deletable volume plugin matched',
    ],
    [
      'deleted though nobody knows it',
      { ...volume('v'), spec: { ...bare, csi: { driver: 'd', volumeHandle: 'h' } } },
      'VolumeFailedDelete Error getting deleter volume plugin for volume "v": no volume plugin matched',
    ],
    [
      'dealt with in an unknown way',
      volume('v', policy('Burn')),
      'VolumeUnknownReclaimPolicy Volume has unrecognized PersistentVolumeReclaimPolicy',
    ],
  ];
  for (const [what, found, told] of cases) {
    it(`of a volume that is to be ${what}`, () => {
      const failure = reclaimFailure(found);
      assert.equal(failure && `${failure.reason} ${failure.message}`, told);
    });
  }
});

describe('what is written', () => {
  it('names us on a volume that we chose, and only there', () => {
    const chosen = volumeBoundTo(volume('v'), claim('c'));
    assert.equal(chosen?.spec?.claimRef?.uid, 'uid-of-c');
    assert.deepEqual(chosen?.metadata?.annotations, { [BOUND_BY_CONTROLLER]: 'yes' });
    const meant = volumeBoundTo(volume('v', reference('c')), claim('c'));
    assert.equal(meant?.spec?.claimRef?.uid, 'uid-of-c');
    assert.equal(meant?.metadata?.annotations, undefined);
    assert.equal(volumeBoundTo(volume('v', reference('c', 'uid-of-c')), claim('c')), undefined);
  });

  it('leaves a volume meant for the claim that its user chose', () => {
    const ours = volume('v', reference('c', 'uid-of-c'), { annotations: { [BOUND_BY_CONTROLLER]: 'yes', other: 'x' } });
    assert.equal(unboundVolume(ours).spec?.claimRef, undefined);
    assert.deepEqual(unboundVolume(ours).metadata?.annotations, { other: 'x' });
    const theirs = volume('v', reference('c', 'uid-of-c'));
    assert.deepEqual(unboundVolume(theirs).spec?.claimRef, { namespace: 'default', name: 'c' });
  });

  it('shows the size that the claim got when it was bound, and not one of later', () => {
    const larger = volume('v', { capacity: { storage: '5Gi' }, volumeAttributesClassName: 'fast' });
    const status = claimStatus(claim('c'), 'Bound', larger);
    assert.deepEqual(status, {
      phase: 'Bound',
      accessModes: ['ReadWriteOnce'],
      capacity: { storage: '5Gi' },
      currentVolumeAttributesClassName: 'fast',
    });
    const bound = { ...claim('c'), status: status ?? {} };
    assert.equal(claimStatus(bound, 'Bound', volume('v', { capacity: { storage: '9Gi' } })), undefined);
    assert.deepEqual(claimStatus(bound, 'Lost'), { phase: 'Lost' });
    assert.equal(claimStatus(claim('c'), 'Pending'), undefined);
  });

  it('takes the newest default class, and of those of one second the first by name', () => {
    const made = (name: string, creationTimestamp: string) => ({
      ...DEFAULT,
      metadata: { ...DEFAULT.metadata, name, creationTimestamp },
    });
    const classes = [
      made('b', '2026-01-02T00:00:00Z'),
      made('a', '2026-01-02T00:00:00Z'),
      made('0', '2026-01-01T00:00:00Z'),
    ];
    assert.equal(defaultClassOf([...classes, ...CLASSES])?.metadata?.name, 'a');
    assert.equal(defaultClassOf(CLASSES), undefined);
  });
});
