import assert from 'node:assert/strict';
import type { V1CSIDriver, V1CSINode, V1StorageClass, V1VolumeAttachment } from '../../../openapi/generated/types.ts';
import { SUBDOMAIN } from '../core/test-messages.ts';
import { created, declarationOf, errorsOf, type Loose, updated } from '../test-support.ts';

const metadata = { name: 'a' };
const cellsOf = (kind: string, object: object) => declarationOf(kind).columns.map(({ value }) => value(object, 0));

describe('kinds of storage.k8s.io', () => {
  it('go by their short names, and answer a deletion with what is deleted', () => {
    const kinds = [
      'CSIDriver',
      'CSINode',
      'CSIStorageCapacity',
      'StorageClass',
      'VolumeAttachment',
      'VolumeAttributesClass',
    ];
    const found = kinds.map((kind) => {
      const { shortNames, strategy } = declarationOf(kind);
      return [shortNames?.join() ?? '', strategy.returnsDeleted ?? false, strategy.unconditionalUpdate ?? true];
    });
    assert.deepEqual(found, [
      ['', true, false],
      ['', true, false],
      ['', false, false],
      ['sc', true, true],
      ['', true, false],
      ['vac', true, true],
    ]);
  });

  const term = (key: string, ...values: string[]) => ({ matchLabelExpressions: [{ key, values }] });
  const attachment = (spec: object) => ({
    metadata,
    spec: { attacher: 'x.io', nodeName: 'n', source: { persistentVolumeName: 'p' }, ...spec },
  });
  const cases: [kind: string, object: object, errors: string[]][] = [
    ['StorageClass', { metadata }, ['provisioner: Required value']],
    [
      'StorageClass',
      { metadata, provisioner: 'x', reclaimPolicy: 'Recycle', volumeBindingMode: 'Y' },
      [
        'reclaimPolicy: Unsupported value: "Recycle": supported values: "Delete", "Retain"',
        'volumeBindingMode: Unsupported value: "Y": supported values: "Immediate", "WaitForFirstConsumer"',
      ],
    ],
    [
      'StorageClass',
      { metadata, provisioner: 'x', parameters: { '': 'a' } },
      ['parameters: Invalid value: "": field can not be empty.'],
    ],
    [
      'StorageClass',
      { metadata, provisioner: 'x', allowedTopologies: [term('c', 'a'), term('c', 'a')] },
      ['allowedTopologies[1].matchLabelExpressions: Duplicate value: ""'],
    ],
    [
      'StorageClass',
      { metadata, provisioner: 'x', allowedTopologies: [term('c'), term('d', 'a', 'a')] },
      [
        'allowedTopologies[0].matchLabelExpressions[0].values: Required value',
        'allowedTopologies[1].matchLabelExpressions[0].values[1]: Duplicate value: "a"',
      ],
    ],
    [
      'VolumeAttributesClass',
      { metadata, driverName: 'x' },
      ['parameters: Required value: must contain at least one key/value pair'],
    ],
    [
      'CSIDriver',
      { metadata, spec: { fsGroupPolicy: 'X', volumeLifecycleModes: ['A'] } },
      [
        'spec.fsGroupPolicy: Unsupported value: "X": supported values: "File", "None", "ReadWriteOnceWithFSType"',
        'spec.volumeLifecycleModes: Unsupported value: "A": supported values: "Persistent", "Ephemeral"',
      ],
    ],
    [
      'CSIDriver',
      {
        metadata,
        spec: { tokenRequests: [{ audience: 'a' }, { audience: 'a' }, { audience: 'b', expirationSeconds: 1 }] },
      },
      [
        'spec.tokenRequests[1].audience: Duplicate value: "a"',
        'spec.tokenRequests[2].expirationSeconds: Invalid value: 1: may not specify a duration less than 10 minutes',
      ],
    ],
    [
      'CSIDriver',
      { metadata, spec: { nodeAllocatableUpdatePeriodSeconds: 3 } },
      ['spec.nodeAllocatableUpdatePeriodSeconds: Invalid value: 3: must be greater than or equal to 10 seconds'],
    ],
    [
      'CSINode',
      {
        metadata,
        spec: {
          drivers: [
            { name: 'd', nodeID: '' },
            { name: 'd', nodeID: 'x', topologyKeys: ['k', 'k'] },
          ],
        },
      },
      [
        'spec.drivers[0].nodeID: Required value',
        'spec.drivers[1].name: Duplicate value: "d"',
        'spec.drivers[1]: Duplicate value: "k"',
      ],
    ],
    [
      'CSIStorageCapacity',
      { metadata, storageClassName: 'A', capacity: '-1' },
      [
        `storageClassName: Invalid value: "A": ${SUBDOMAIN}`,
        'capacity: Invalid value: "-1": must be greater than or equal to 0',
      ],
    ],
    ['VolumeAttachment', attachment({}), []],
    [
      'VolumeAttachment',
      attachment({ source: {} }),
      ['spec.source: Required value: must specify exactly one of inlineVolumeSpec and persistentVolumeName'],
    ],
    [
      'VolumeAttachment',
      attachment({
        source: {
          inlineVolumeSpec: {
            csi: { driver: 'd', volumeHandle: 'h' },
            accessModes: ['ReadWriteOnce'],
            capacity: { storage: '1' },
            volumeMode: 'Block',
          },
        },
      }),
      [
        'spec.source.inlineVolumeSpec.capacity: Forbidden: may not be specified in the context of inline volumes',
        'spec.source.inlineVolumeSpec.volumeMode: Forbidden: may not specify volumeMode other than Filesystem in the context of inline volumes',
      ],
    ],
  ];
  for (const [kind, object, errors] of cases) {
    it(`find ${errors.length} errors in ${kind} ${JSON.stringify(object)}`, () =>
      assert.deepEqual(errorsOf(kind, object as Loose), errors));
  }
});

describe('storage classes', () => {
  const fresh = () => created<V1StorageClass>('StorageClass', { metadata, provisioner: 'x' });

  it('delete what is released, at once, unless they say otherwise', () => {
    const { reclaimPolicy, volumeBindingMode } = fresh();
    assert.deepEqual([reclaimPolicy, volumeBindingMode], ['Delete', 'Immediate']);
  });

  it('stay what they are, but for what is about later claims', () => {
    const change = (fields: object) => updated('StorageClass', fresh(), (each) => Object.assign(each, fields)).errors;
    assert.deepEqual(change({ parameters: { a: 'b' }, provisioner: 'y', reclaimPolicy: 'Retain' }), [
      'parameters: Forbidden: updates to parameters are forbidden.',
      'provisioner: Forbidden: updates to provisioner are forbidden.',
      'reclaimPolicy: Forbidden: updates to reclaimPolicy are forbidden.',
    ]);
    assert.deepEqual(change({ volumeBindingMode: 'WaitForFirstConsumer' }), [
      'volumeBindingMode: Invalid value: "WaitForFirstConsumer": field is immutable',
    ]);
    assert.deepEqual(change({ allowVolumeExpansion: true }), []);
  });

  it('show which of them is the default', () => {
    const annotations = { 'storageclass.kubernetes.io/is-default-class': 'true' };
    const shown = cellsOf('StorageClass', { ...fresh(), metadata: { name: 'a', annotations } });
    assert.deepEqual(shown.slice(0, 5), ['a (default)', 'x', 'Delete', 'Immediate', false]);
  });
});

describe('CSI drivers', () => {
  const fresh = () => created<V1CSIDriver>('CSIDriver', { metadata, spec: {} });

  it('have upstream’s defaults', () => {
    assert.deepEqual(fresh().spec, {
      attachRequired: true,
      fsGroupPolicy: 'ReadWriteOnceWithFSType',
      podInfoOnMount: false,
      requiresRepublish: false,
      seLinuxMount: false,
      storageCapacity: false,
      volumeLifecycleModes: ['Persistent'],
    });
  });

  it('count changes of what may change, and refuse the others', () => {
    const change = (spec: object) => updated('CSIDriver', fresh(), (each) => Object.assign(each.spec, spec));
    assert.equal(change({ requiresRepublish: true }).object.metadata?.generation, 1);
    assert.equal(change({ podInfoOnMount: true }).object.metadata?.generation, undefined);
    assert.deepEqual(change({ attachRequired: false }).errors, [
      'spec.attachedRequired: Invalid value: false: field is immutable',
    ]);
  });

  it('show what is not set, too', () => {
    assert.deepEqual(cellsOf('CSIDriver', fresh()).slice(0, 7), [
      'a',
      true,
      false,
      false,
      '<unset>',
      false,
      'Persistent',
    ]);
  });
});

describe('CSI nodes', () => {
  it('keep a driver’s entry but for what it can allocate', () => {
    const old = created<V1CSINode>('CSINode', { metadata, spec: { drivers: [{ name: 'd', nodeID: 'x' }] } });
    const change = (driver: object) =>
      updated('CSINode', old, ({ spec }) => Object.assign(spec.drivers[0] ?? {}, driver)).errors;
    assert.deepEqual(change({ allocatable: { count: 3 } }), []);
    assert.deepEqual(change({ nodeID: 'y' }), [
      'spec.drivers: Invalid value: {"Name":"d","NodeID":"y","TopologyKeys":null,"Allocatable":null}: field is immutable',
    ]);
    assert.deepEqual(cellsOf('CSINode', old).slice(0, 2), ['a', 1]);
  });
});

describe('volume attachments', () => {
  const spec = { attacher: 'x.io', nodeName: 'n', source: { persistentVolumeName: 'p' } };
  const fresh = () => created<V1VolumeAttachment>('VolumeAttachment', { metadata, spec, status: { attached: true } });

  it('are not attached before their subresource says so', () => {
    assert.deepEqual(fresh().status, { attached: false });
    const plain = updated('VolumeAttachment', fresh(), (each) => Object.assign(each, { status: { attached: true } }));
    assert.deepEqual(plain.object.status, { attached: false });
    const { object, errors } = updated(
      'VolumeAttachment',
      fresh(),
      (each) => {
        each.status = { attached: true };
        each.spec = { ...each.spec, nodeName: 'm' };
        each.metadata = { ...each.metadata, labels: { a: 'b' } };
      },
      'status',
    );
    assert.deepEqual(errors, []);
    assert.deepEqual(
      [object.status, object.spec.nodeName, object.metadata?.labels],
      [{ attached: true }, 'n', undefined],
    );
  });

  it('stay where they are', () => {
    const { errors } = updated('VolumeAttachment', fresh(), (each) => Object.assign(each.spec, { nodeName: 'm' }));
    assert.deepEqual(errors, [
      'spec: Invalid value: {"Attacher":"x.io","Source":{"PersistentVolumeName":"p","InlineVolumeSpec":null},"NodeName":"m"}: field is immutable',
    ]);
    assert.deepEqual(cellsOf('VolumeAttachment', fresh()).slice(0, 5), ['a', 'x.io', 'p', 'n', false]);
  });

  it('bound the length of what went wrong', () => {
    const { errors } = updated(
      'VolumeAttachment',
      fresh(),
      (each) => {
        each.status = { attached: false, attachError: { message: 'x'.repeat(2000), errorCode: -1 } };
      },
      'status',
    );
    assert.deepEqual(errors, [
      'status.attachError.message: Too long: may not be more than 262144 bytes',
      'status.attachError.errorCode: Invalid value: -1: must be between 0 and 2147483647, inclusive',
    ]);
  });
});
