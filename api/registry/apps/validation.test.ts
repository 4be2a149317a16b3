import assert from 'node:assert/strict';
import type { KubeObject } from '../../../openapi/object.ts';
import { created, errorsOf, updated } from '../test-support.ts';

const selector = { matchLabels: { a: 'b' } };
const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
const errors = (kind: string, spec: object) =>
  errorsOf(kind, { metadata: { name: 'a' }, spec: { selector, template, ...spec } });
const MISMATCH = '`selector` does not match template `labels`';
const NEGATIVE = 'must be greater than or equal to 0';
const PERCENT =
  "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";

/** Compared with a real server; values are shown as 1.36 shows them. */
const REFUSED: [kind: string, what: string, spec: object, errors: string[]][] = [
  ['Deployment', 'nothing wrong', {}, []],
  [
    'Deployment',
    'no selector',
    { selector: undefined },
    ['spec.selector: Required value', `spec.template.metadata.labels: Invalid value: {"a":"b"}: ${MISMATCH}`],
  ],
  [
    'Deployment',
    'an empty selector',
    { selector: {} },
    ['spec.selector: Invalid value: {}: empty selector is invalid for deployment'],
  ],
  [
    'Deployment',
    'an unreadable selector',
    { selector: { matchExpressions: [{ key: 'a', operator: 'Zoo' }] } },
    [
      'spec.selector.matchExpressions[0].operator: Invalid value: "Zoo": not a valid selector operator',
      'spec.selector: Invalid value: {"matchExpressions":[{"key":"a","operator":"Zoo"}]}: invalid label selector',
    ],
  ],
  [
    'Deployment',
    'a template that is not selected',
    { template: { spec: template.spec } },
    [`spec.template.metadata.labels: Invalid value: null: ${MISMATCH}`],
  ],
  [
    'Deployment',
    'pods that end',
    { template: { ...template, spec: { ...template.spec, restartPolicy: 'Never', activeDeadlineSeconds: 3 } } },
    [
      'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
      'spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicaSet is not Supported',
    ],
  ],
  [
    'Deployment',
    'negative numbers',
    { replicas: -1, minReadySeconds: -2, revisionHistoryLimit: -3, progressDeadlineSeconds: -4 },
    [
      `spec.replicas: Invalid value: -1: ${NEGATIVE}`,
      `spec.minReadySeconds: Invalid value: -2: ${NEGATIVE}`,
      `spec.revisionHistoryLimit: Invalid value: -3: ${NEGATIVE}`,
      `spec.progressDeadlineSeconds: Invalid value: -4: ${NEGATIVE}`,
      'spec.progressDeadlineSeconds: Invalid value: -4: must be greater than minReadySeconds',
    ],
  ],
  [
    'Deployment',
    'a strategy that does not exist',
    { strategy: { type: 'Foo', rollingUpdate: { maxSurge: '5' } } },
    [
      'spec.strategy: Unsupported value: {"Type":"Foo","RollingUpdate":{"MaxUnavailable":0,"MaxSurge":"5"}}: supported values: "Recreate", "RollingUpdate"',
    ],
  ],
  [
    'Deployment',
    'parameters of another strategy',
    { strategy: { type: 'Recreate', rollingUpdate: { maxSurge: 1 } } },
    ["spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'"],
  ],
  [
    'Deployment',
    'an update that cannot move',
    { strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: '0%' } } },
    ['spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "0%": may not be 0 when `maxSurge` is 0'],
  ],
  [
    'Deployment',
    'amounts that are none',
    { strategy: { rollingUpdate: { maxSurge: '5', maxUnavailable: '150%' } } },
    [
      `spec.strategy.rollingUpdate.maxSurge: Invalid value: "5": ${PERCENT}`,
      'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "150%": must not be greater than 100%',
    ],
  ],
  [
    'ReplicaSet',
    'a disk that several pods would write to',
    {
      replicas: 2,
      template: {
        ...template,
        spec: { ...template.spec, volumes: [{ name: 'v', gcePersistentDisk: { pdName: 'x' } }] },
      },
    },
    [
      'spec.template.spec.volumes[0].gcePersistentDisk.readOnly: Invalid value: false: must be true for replicated pods > 1; GCE PD can only be mounted on multiple machines if it is read-only',
    ],
  ],
  [
    'ReplicaSet',
    'an empty selector, in the words of deployments',
    { selector: {} },
    ['spec.selector: Invalid value: {}: empty selector is invalid for deployment'],
  ],
  ['StatefulSet', 'nothing wrong', { serviceName: 'x' }, []],
  [
    'StatefulSet',
    'policies that do not exist',
    {
      podManagementPolicy: 'X',
      updateStrategy: { type: 'Foo', rollingUpdate: { partition: -1 } },
      persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Keep' },
    },
    [
      "spec.podManagementPolicy: Invalid value: \"X\": must be 'OrderedReady' or 'Parallel'",
      'spec.updateStrategy: Invalid value: {"Type":"Foo","RollingUpdate":{"Partition":-1,"MaxUnavailable":null}}: must be \'RollingUpdate\' or \'OnDelete\'',
      'spec.persistentVolumeClaimRetentionPolicy.whenDeleted: Unsupported value: "Keep": supported values: "Retain", "Delete"',
    ],
  ],
  [
    'StatefulSet',
    'parameters of another strategy',
    { updateStrategy: { type: 'OnDelete', rollingUpdate: { partition: 1 } } },
    [
      'spec.updateStrategy.rollingUpdate: Invalid value: {"Partition":1,"MaxUnavailable":null}: only allowed for updateStrategy \'RollingUpdate\'',
    ],
  ],
  [
    'StatefulSet',
    'numbers out of range',
    {
      replicas: -1,
      minReadySeconds: -2,
      ordinals: { start: -3 },
      updateStrategy: { rollingUpdate: { partition: -4, maxUnavailable: 0 } },
      serviceName: 'A',
    },
    [
      `spec.updateStrategy.rollingUpdate.partition: Invalid value: -4: ${NEGATIVE}`,
      'spec.updateStrategy.rollingUpdate.maxUnavailable: Invalid value: 0: cannot be 0',
      `spec.replicas: Invalid value: -1: ${NEGATIVE}`,
      `spec.minReadySeconds: Invalid value: -2: ${NEGATIVE}`,
      `spec.ordinals.start: Invalid value: -3: ${NEGATIVE}`,
      "spec.serviceName: Invalid value: \"A\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
    ],
  ],
  [
    'StatefulSet',
    'containers that mount what there is not, though not those that mount claims',
    {
      template: {
        ...template,
        spec: {
          containers: [
            {
              name: 'c',
              image: 'i',
              volumeMounts: [
                { name: 'data', mountPath: '/a' },
                { name: 'none', mountPath: '/b' },
              ],
            },
          ],
        },
      },
      volumeClaimTemplates: [
        {
          metadata: { name: 'data' },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1' } } },
        },
      ],
    },
    ['spec.template.spec.containers[0].volumeMounts[1].name: Not found: "none"'],
  ],
  [
    'StatefulSet',
    'claims that ask for nothing',
    { volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: {} }] },
    [
      'spec.volumeClaimTemplates[0].spec.accessModes: Required value: at least 1 access mode is required',
      'spec.volumeClaimTemplates[0].spec.resources[storage]: Required value',
    ],
  ],
  [
    'DaemonSet',
    'no selector',
    { selector: undefined },
    [`spec.template.metadata.labels: Invalid value: {"a":"b"}: ${MISMATCH}`],
  ],
  [
    'DaemonSet',
    'an empty selector',
    { selector: {} },
    ['spec.selector: Invalid value: {}: empty selector is invalid for daemonset'],
  ],
  [
    'DaemonSet',
    'a strategy that does not exist',
    { updateStrategy: { type: 'Foo' } },
    [
      'spec.updateStrategy: Unsupported value: {"Type":"Foo","RollingUpdate":null}: supported values: "RollingUpdate", "OnDelete"',
    ],
  ],
  [
    'DaemonSet',
    'an update that cannot move',
    { updateStrategy: { rollingUpdate: { maxUnavailable: 0 } } },
    ['spec.updateStrategy.rollingUpdate.maxUnavailable: Required value: cannot be 0 when maxSurge is 0'],
  ],
  [
    'DaemonSet',
    'an update both ways',
    { updateStrategy: { rollingUpdate: { maxSurge: '10%' } } },
    [
      'spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: "10%": may not be set when maxUnavailable is non-zero',
    ],
  ],
];

describe('validation of controllers', () => {
  for (const [kind, what, spec, expected] of REFUSED) {
    it(`finds in a ${kind} ${what}`, () => assert.deepEqual(errors(kind, spec), expected));
  }

  it('takes only DNS labels for names of stateful sets', () => {
    const named = (kind: string) => errorsOf(kind, { metadata: { name: 'a.b' }, spec: { selector, template } }).length;
    assert.deepEqual([named('StatefulSet'), named('Deployment')], [1, 0]);
  });

  it('finds revisions without data', () => {
    const object = { metadata: { name: 'a' }, revision: -2 };
    assert.deepEqual(errorsOf('ControllerRevision', object), [
      'data: Required value: data is mandatory',
      `revision: Invalid value: -2: ${NEGATIVE}`,
    ]);
  });
});

type Changeable = KubeObject & { spec: Record<string, unknown>; status: object };
const made = (kind: string, spec: object = {}) =>
  created<Changeable>(kind, { metadata: { name: 'a' }, spec: { selector, template, ...spec } });

describe('updates of controllers', () => {
  for (const kind of ['Deployment', 'ReplicaSet', 'DaemonSet']) {
    it(`keep the selector: ${kind}`, () => {
      const labels = { a: 'b', c: 'd' };
      const { errors: found } = updated(kind, made(kind), ({ spec }) => {
        spec.selector = { matchLabels: labels };
        spec.template = { ...template, metadata: { labels } };
      });
      assert.deepEqual(found, ['spec.selector: Invalid value: {"matchLabels":{"a":"b","c":"d"}}: field is immutable']);
    });
  }

  it('say twice what is wrong where upstream looks twice', () => {
    const wrong = (kind: string) =>
      updated(kind, made(kind), ({ spec }) => Object.assign(spec, { minReadySeconds: -1 }));
    const counts = ['Deployment', 'StatefulSet', 'ReplicaSet', 'DaemonSet'].map((kind) => wrong(kind).errors.length);
    assert.deepEqual(counts, [1, 1, 2, 2]);
  });

  const allowed = { ordinals: { start: 1 }, replicas: 3, revisionHistoryLimit: 1, minReadySeconds: 1 };
  const cases: [what: string, spec: object, ok: boolean][] = [
    ['numbers', allowed, true],
    ['what becomes of claims', { persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete' } }, true],
    ['how updates go', { updateStrategy: { type: 'OnDelete' } }, true],
    ['the service', { serviceName: 'y' }, false],
    ['the order of pods', { podManagementPolicy: 'Parallel' }, false],
  ];
  for (const [what, spec, ok] of cases) {
    it(`${ok ? 'may' : 'may not'} change ${what} of a stateful set`, () => {
      const { errors: found } = updated('StatefulSet', made('StatefulSet', { serviceName: 'x' }), (object) => {
        Object.assign(object.spec, spec);
      });
      const refusal =
        "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
      assert.deepEqual(found, ok ? [] : [refusal]);
    });
  }
});

const GREATER = 'cannot be greater than status.replicas';
const STATUSES: [kind: string, status: object, errors: string[]][] = [
  [
    'Deployment',
    {
      replicas: 1,
      updatedReplicas: 2,
      readyReplicas: 3,
      availableReplicas: 4,
      terminatingReplicas: -1,
      collisionCount: 1,
    },
    [
      `status.terminatingReplicas: Invalid value: -1: ${NEGATIVE}`,
      `status.updatedReplicas: Invalid value: 2: ${GREATER}`,
      `status.readyReplicas: Invalid value: 3: ${GREATER}`,
      `status.availableReplicas: Invalid value: 4: ${GREATER}`,
      'status.availableReplicas: Invalid value: 4: cannot be greater than readyReplicas',
      'status.collisionCount: Invalid value: 1: cannot be decremented',
    ],
  ],
  [
    'ReplicaSet',
    { replicas: 1, fullyLabeledReplicas: 2, readyReplicas: -1 },
    [
      `status.readyReplicas: Invalid value: -1: ${NEGATIVE}`,
      `status.fullyLabeledReplicas: Invalid value: 2: ${GREATER}`,
      // Nothing is available, which is more than less than nothing.
      'status.availableReplicas: Invalid value: 0: cannot be greater than readyReplicas',
    ],
  ],
  [
    'StatefulSet',
    { replicas: 1, currentReplicas: 2, availableReplicas: 1 },
    [
      `status.currentReplicas: Invalid value: 2: ${GREATER}`,
      'status.availableReplicas: Invalid value: 1: cannot be greater than status.readyReplicas',
      'status.collisionCount: Invalid value: 0: cannot be decremented',
    ],
  ],
  [
    'DaemonSet',
    { numberMisscheduled: -1, collisionCount: 3 },
    [`status.numberMisscheduled: Invalid value: -1: ${NEGATIVE}`],
  ],
];

describe('statuses of controllers', () => {
  for (const [kind, status, expected] of STATUSES) {
    it(`do not contradict themselves: ${kind}`, () => {
      const old = made(kind);
      Object.assign(old.status, { collisionCount: 2 });
      const { errors: found } = updated(kind, old, (object) => Object.assign(object, { status }), 'status');
      assert.deepEqual(found, expected);
    });
  }
});
