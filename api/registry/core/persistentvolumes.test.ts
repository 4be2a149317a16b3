import assert from 'node:assert/strict';
import type { V1PersistentVolume, V1PersistentVolumeClaim } from '../../../openapi/generated/types.ts';
import { created, declarationOf, errorsOf, updated } from '../test-support.ts';

const volume = (spec: object = {}) => ({
  metadata: { name: 'v' },
  spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/v' }, ...spec },
});
/** A volume of another source than `volume` has. */
const source = (spec: object) => {
  const { hostPath: _, ...rest } = volume().spec;
  return { metadata: { name: 'v' }, spec: { ...rest, ...spec } };
};
const claim = (spec: object = {}) => ({
  metadata: { name: 'c' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
});
const affinity = (key: string) => ({
  required: { nodeSelectorTerms: [{ matchExpressions: [{ key, operator: 'In', values: ['b'] }] }] },
});

describe('persistent volumes', () => {
  const fresh = (spec: object = {}) => created<V1PersistentVolume>('PersistentVolume', volume(spec));

  it('wait to be bound, and stay when they are released', () => {
    const { spec, status } = fresh();
    assert.equal(spec?.persistentVolumeReclaimPolicy, 'Retain');
    assert.equal(spec?.volumeMode, 'Filesystem');
    assert.deepEqual(spec?.hostPath, { path: '/v', type: '' });
    assert.equal(status?.phase, 'Pending');
    assert.ok(status?.lastPhaseTransitionTime);
  });

  const NO_SLASH = 'Required value';
  const cases: [what: string, object: object, errors: string[]][] = [
    [
      'nothing',
      { metadata: { name: 'v' }, spec: {} },
      [
        'spec.accessModes: Required value',
        'spec.capacity: Required value',
        'spec.capacity: Unsupported value: null: supported values: "storage"',
        'spec: Required value: must specify a volume type',
      ],
    ],
    [
      'another capacity',
      volume({ capacity: { cpu: '1' } }),
      ['spec.capacity: Unsupported value: {"cpu":"1"}: supported values: "storage"'],
    ],
    [
      'no capacity',
      volume({ capacity: { storage: '0' } }),
      ['spec.capacity[storage]: Invalid value: "0": must be greater than zero'],
    ],
    [
      'an access mode that does not exist',
      volume({ accessModes: ['X'] }),
      [
        'spec.accessModes: Unsupported value: "X": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"',
      ],
    ],
    [
      'a mode that goes with no other',
      volume({ accessModes: ['ReadWriteOncePod', 'ReadWriteOnce'] }),
      ['spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes'],
    ],
    [
      'two sources',
      volume({ nfs: { server: 's', path: '/' } }),
      ['spec.nfs: Forbidden: may not specify more than 1 volume type'],
    ],
    [
      'a recycled root',
      volume({ hostPath: { path: '/' }, persistentVolumeReclaimPolicy: 'Recycle' }),
      ["spec.persistentVolumeReclaimPolicy: Forbidden: may not be 'recycle' for a hostPath mount of '/'"],
    ],
    [
      'a local volume that may be anywhere',
      source({ local: { path: '/a' } }),
      ['spec.nodeAffinity: Required value: Local volume requires node affinity'],
    ],
    [
      'an affinity without terms',
      volume({ nodeAffinity: { required: { nodeSelectorTerms: [] } } }),
      ['spec.nodeAffinity.required.nodeSelectorTerms: Required value: must have at least one node selector term'],
    ],
    [
      'attributes of what is no CSI volume',
      volume({ volumeAttributesClassName: 'fast' }),
      ['spec.csi: Required value: has to be specified when using volumeAttributesClassName'],
    ],
    [
      'an empty CSI source',
      source({ csi: { driver: 'd', nodePublishSecretRef: {} } }),
      [
        `spec.csi.volumeHandle: ${NO_SLASH}`,
        `spec.csi.nodePublishSecretRef.name: ${NO_SLASH}`,
        `spec.csi.nodePublishSecretRef.namespace: ${NO_SLASH}`,
      ],
    ],
    [
      'a disk with a strange partition',
      source({ gcePersistentDisk: { partition: 300 } }),
      [
        'spec.persistentDisk.pdName: Required value',
        'spec.persistentDisk.partition: Invalid value: 300: must be between 1 and 255, inclusive',
      ],
    ],
    [
      'iSCSI without its name',
      source({ iscsi: { targetPortal: 'a', iqn: 'foo', lun: 256, chapAuthSession: true } }),
      [
        'spec.iscsi.iqn: Invalid value: "foo": must be valid format',
        'spec.iscsi.lun: Invalid value: 256: must be between 0 and 255, inclusive',
        'spec.iscsi.secretRef: Required value',
      ],
    ],
    [
      'fibre channel with too many names',
      source({ fc: { targetWWNs: ['a'], wwids: ['b'] } }),
      [
        'spec.fc.targetWWNs: Invalid value: ["a"]: targetWWNs and wwids can not be specified simultaneously',
        'spec.fc.lun: Required value: lun is required if targetWWNs is specified',
      ],
    ],
    [
      'a reserved option',
      source({ flexVolume: { driver: 'd', options: { 'a.k8s.io/b': 'c' } } }),
      [
        'spec.flexVolume.options[a.k8s.io/b]: Invalid value: "a.k8s.io/b": kubernetes.io and k8s.io namespaces are reserved',
      ],
    ],
    [
      'an azure disk elsewhere',
      source({ azureDisk: { diskName: 'a', diskURI: 'b', kind: 'Managed' } }),
      [
        'spec.azureDisk.diskURI: Unsupported value: "b": supported values: "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}"',
      ],
    ],
  ];
  for (const [what, object, errors] of cases) {
    it(`cannot have ${what}`, () => assert.deepEqual(errorsOf('PersistentVolume', object as never), errors));
  }

  it('keep source, mode and place', () => {
    const old = fresh({ nodeAffinity: affinity('beta.kubernetes.io/os') });
    const change = (spec: object) =>
      updated('PersistentVolume', old, (each) => Object.assign(each.spec ?? {}, spec)).errors;
    assert.deepEqual(change({ hostPath: { path: '/w' } }), [
      'spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation',
    ]);
    assert.deepEqual(change({ volumeMode: 'Block' }), ['volumeMode: Invalid value: "Block": field is immutable']);
    assert.deepEqual(change({ nodeAffinity: affinity('kubernetes.io/os') }), [], 'the same label by its name of today');
    assert.deepEqual(change({ nodeAffinity: affinity('x') }), [
      'nodeAffinity: Invalid value: {"Required":{"NodeSelectorTerms":[{"MatchExpressions":[{"Key":"x","Operator":"In","Values":["b"]}],"MatchFields":null}]}}: field is immutable',
    ]);
    assert.deepEqual(change({ capacity: { storage: '2Gi' } }), []);
  });

  it('note when they change their phase', () => {
    const old = { ...fresh(), status: { phase: 'Pending', lastPhaseTransitionTime: '2020-01-01T00:00:00Z' } };
    const at = (status: object) =>
      updated('PersistentVolume', old, (each) => Object.assign(each, { status }), 'status').object.status
        ?.lastPhaseTransitionTime;
    assert.equal(at({ phase: 'Pending' }), '2020-01-01T00:00:00Z');
    assert.notEqual(at({ phase: 'Bound', lastPhaseTransitionTime: '2020-01-01T00:00:00Z' }), '2020-01-01T00:00:00Z');
    assert.equal(at({ phase: 'Bound', lastPhaseTransitionTime: '2021-01-01T00:00:00Z' }), '2021-01-01T00:00:00Z');
  });

  it('show modes in short and what they are bound to', () => {
    const spec = { accessModes: ['ReadWriteMany', 'ReadWriteOnce'], claimRef: { namespace: 'n', name: 'c' } };
    const cells = declarationOf('PersistentVolume').columns.map(({ value }) => value(fresh(spec), 0));
    assert.deepEqual(cells.slice(0, 8), ['v', '1Gi', 'RWO,RWX', 'Retain', 'Pending', 'n/c', '', '<unset>']);
  });

  it('warn of what works no more', () => {
    const { warnings } = declarationOf('PersistentVolume').strategy;
    assert.deepEqual(warnings?.(source({ rbd: { monitors: ['a'], image: 'i' } })), [
      'spec.rbd: deprecated in v1.28, non-functional in v1.31+',
    ]);
    assert.deepEqual(warnings?.(volume()), []);
  });
});

describe('persistent volume claims', () => {
  const fresh = (spec: object = {}) => created<V1PersistentVolumeClaim>('PersistentVolumeClaim', claim(spec));
  const bound = { ...fresh({ storageClassName: 'a' }), status: { phase: 'Bound', capacity: { storage: '1Gi' } } };

  const cases: [what: string, spec: object, errors: string[]][] = [
    [
      'no mode and no size',
      { accessModes: [], resources: {} },
      [
        'spec.accessModes: Required value: at least 1 access mode is required',
        'spec.resources[storage]: Required value',
      ],
    ],
    [
      'a size of nothing',
      { resources: { requests: { storage: '0' } } },
      ['spec.resources[storage]: Invalid value: "0": must be greater than zero'],
    ],
    [
      'another kind without its group',
      { dataSourceRef: { kind: 'Foo', name: 'a' } },
      [
        'spec.dataSource: Invalid value: "Foo": must be \'PersistentVolumeClaim\' when referencing the default apiGroup',
        'spec.dataSourceRef: Invalid value: "Foo": must be \'PersistentVolumeClaim\' when referencing the default apiGroup',
      ],
    ],
    [
      'two sources',
      {
        dataSource: { kind: 'PersistentVolumeClaim', name: 'a' },
        dataSourceRef: { kind: 'PersistentVolumeClaim', name: 'b' },
      },
      ['spec: Invalid value: {}: must match dataSourceRef'],
    ],
  ];
  for (const [what, spec, errors] of cases) {
    it(`cannot have ${what}`, () => assert.deepEqual(errorsOf('PersistentVolumeClaim', claim(spec)), errors));
  }

  it('name their source in both fields, and none that older servers ignored', () => {
    const dataSource = { kind: 'PersistentVolumeClaim', name: 'a' };
    assert.deepEqual(fresh({ dataSource }).spec?.dataSourceRef, dataSource);
    assert.deepEqual(fresh({ dataSourceRef: dataSource }).spec?.dataSource, dataSource);
    assert.equal(fresh({ dataSource: { apiGroup: 'x.io', kind: 'Y', name: 'z' } }).spec?.dataSource, undefined);
    assert.equal(fresh({ dataSourceRef: { ...dataSource, namespace: 'n' } }).spec?.dataSourceRef, undefined);
  });

  const IMMUTABLE =
    'spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';
  const size = (storage: string) => ({ resources: { requests: { storage } } });
  const changes: [what: string, old: V1PersistentVolumeClaim, spec: object, errors: string[]][] = [
    ['get their volume once', fresh(), { volumeName: 'v' }, []],
    ['keep the volume they have', fresh({ volumeName: 'v' }), { volumeName: 'w' }, [IMMUTABLE]],
    ['get a class later', fresh(), { storageClassName: 'x' }, []],
    ['keep the class they have', bound, { storageClassName: 'x' }, [IMMUTABLE]],
    ['grow when they are bound', bound, size('2Gi'), []],
    ['do not grow before', fresh(), size('2Gi'), [IMMUTABLE]],
    [
      'do not shrink below what they have',
      bound,
      size('1Mi'),
      ['spec.resources.requests.storage: Forbidden: field can not be less than status.capacity'],
    ],
    ['change their attributes', bound, { volumeAttributesClassName: 'fast' }, []],
  ];
  for (const [what, old, spec, errors] of changes) {
    it(what, () => {
      const outcome = updated('PersistentVolumeClaim', old, (each) => Object.assign(each.spec ?? {}, spec));
      assert.deepEqual(outcome.errors, errors);
    });
  }

  it('show size and modes of the volume only when they have one', () => {
    const cells = (object: V1PersistentVolumeClaim) =>
      declarationOf('PersistentVolumeClaim').columns.map(({ value }) => value(object, 0));
    assert.deepEqual(cells(fresh()).slice(0, 5), ['c', 'Pending', '', '', '']);
    const status = { phase: 'Bound', capacity: { storage: '2Gi' }, accessModes: ['ReadWriteOnce'] };
    const full = { ...fresh({ volumeName: 'v' }), status };
    assert.deepEqual(cells(full).slice(0, 5), ['c', 'Bound', 'v', '2Gi', 'RWO']);
  });
});
