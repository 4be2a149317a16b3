import assert from 'node:assert/strict';
import type { V1PersistentVolumeClaim, V1Pod, V1StatefulSet } from '../../openapi/generated/types.ts';
import { newPod } from './identity.ts';
import { type Plan, planOf, type Step } from './plan.ts';
import { statefulSet } from './testing.ts';

const NOW = Date.UTC(2026, 0, 1, 0, 1);
const LONG_AGO = '2026-01-01T00:00:00Z';

interface Seen {
  ready?: boolean;
  phase?: string;
  going?: boolean;
  revision?: string;
  since?: string;
}

/** A pod as the set makes it, `web-0@new` unless said otherwise: ready for long, running, of revision `new`. */
function pod(set: V1StatefulSet, ordinal: number, seen: Seen = {}): V1Pod {
  const { ready = true, phase = 'Running', going = false, revision = 'new', since = LONG_AGO } = seen;
  const made = newPod(set, set.spec?.template, ordinal, revision);
  return {
    ...made,
    metadata: { ...made.metadata, uid: `uid-${ordinal}`, ...(going ? { deletionTimestamp: LONG_AGO } : {}) },
    status: {
      phase,
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: since }],
    },
  };
}

function plan(set: V1StatefulSet, pods: readonly V1Pod[], claims: readonly V1PersistentVolumeClaim[] = []): Plan {
  return planOf({
    set,
    currentRevision: 'old',
    updateRevision: 'new',
    pods,
    findClaim: (name) => claims.find(({ metadata }) => metadata?.name === name),
    nowMs: NOW,
  });
}

function told(step: Step): string {
  return step.do === 'create' ? `create ${step.ordinal}@${step.revision}` : `${step.do} ${step.pod.metadata?.name}`;
}

interface Case {
  title: string;
  replicas: number;
  spec?: object;
  status?: object;
  pods: [ordinal: number, seen?: Seen][];
  steps: string[];
}

const PARALLEL = { podManagementPolicy: 'Parallel' };
const rolling = (fields: object) => ({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: fields } });
const OLD = { revision: 'old' };

const CASES: Case[] = [
  { title: 'makes the first pod first', replicas: 3, pods: [], steps: ['create 0@update'] },
  { title: 'makes the next when its predecessors are well', replicas: 3, pods: [[0], [1]], steps: ['create 2@update'] },
  { title: 'waits for one that is not ready', replicas: 3, pods: [[0, { ready: false }]], steps: [] },
  { title: 'waits for one that is not running', replicas: 3, pods: [[0, { phase: 'Pending' }]], steps: [] },
  { title: 'waits for one that is going', replicas: 3, pods: [[0, { going: true }]], steps: [] },
  {
    title: 'waits until a pod has been ready for long enough',
    replicas: 2,
    spec: { minReadySeconds: 10 },
    pods: [[0, { since: '2026-01-01T00:00:51Z' }]],
    steps: [],
  },
  {
    title: 'fills a hole before anything else, though the pods after it are unwell',
    replicas: 3,
    pods: [[0], [2, { ready: false }]],
    steps: ['create 1@update'],
  },
  {
    title: 'begins where the ordinals begin',
    replicas: 2,
    spec: { ordinals: { start: 5 } },
    pods: [[5]],
    steps: ['create 6@update'],
  },
  {
    title: 'removes pods below the first ordinal, the highest first',
    replicas: 2,
    spec: { ordinals: { start: 2 } },
    pods: [[0], [1], [2], [3]],
    steps: ['delete web-1'],
  },
  {
    title: 'makes all at once in parallel',
    replicas: 3,
    spec: PARALLEL,
    pods: [[1, { ready: false }]],
    steps: ['create 0@update', 'create 2@update'],
  },
  {
    title: 'deletes a failed pod, whose successor comes when it is gone',
    replicas: 2,
    pods: [[0, { phase: 'Failed' }]],
    steps: ['delete web-0'],
  },
  { title: 'deletes a pod that succeeded', replicas: 1, pods: [[0, { phase: 'Succeeded' }]], steps: ['delete web-0'] },
  {
    title: 'deletes no failed pod that goes already',
    replicas: 1,
    pods: [[0, { phase: 'Failed', going: true }]],
    steps: [],
  },
  { title: 'deletes the highest pod that is too many', replicas: 1, pods: [[0], [1], [2]], steps: ['delete web-2'] },
  { title: 'deletes no further one while one goes', replicas: 1, pods: [[0], [1], [2, { going: true }]], steps: [] },
  { title: 'deletes none while a replica is unwell', replicas: 1, pods: [[0, { ready: false }], [1]], steps: [] },
  {
    title: 'deletes an unwell surplus pod if it is the lowest one that is unwell',
    replicas: 1,
    pods: [[0], [1], [2, { ready: false }]],
    steps: ['delete web-2'],
  },
  {
    title: 'waits with an unwell surplus pod while a lower one is unwell',
    replicas: 1,
    pods: [[0], [1, { ready: false }], [2, { ready: false }]],
    steps: [],
  },
  {
    title: 'deletes all that are too many in parallel',
    replicas: 1,
    spec: PARALLEL,
    pods: [[0, { ready: false }], [1], [2], [3, { going: true }]],
    steps: ['delete web-2', 'delete web-1'],
  },
  {
    title: 'updates the highest pod first',
    replicas: 3,
    pods: [
      [0, OLD],
      [1, OLD],
      [2, OLD],
    ],
    steps: ['delete web-2'],
  },
  {
    title: 'updates the next when the last is back',
    replicas: 3,
    pods: [[0, OLD], [1, OLD], [2]],
    steps: ['delete web-1'],
  },
  {
    title: 'updates none while one is unwell',
    replicas: 3,
    pods: [
      [0, OLD],
      [1, OLD],
      [2, { ready: false }],
    ],
    steps: [],
  },
  {
    title: 'leaves pods below the partition',
    replicas: 3,
    spec: rolling({ partition: 2 }),
    pods: [[0, OLD], [1, OLD], [2]],
    steps: [],
  },
  {
    title: 'makes pods below the partition at the current revision',
    replicas: 3,
    spec: rolling({ partition: 2 }),
    pods: [[0, OLD]],
    steps: ['create 1@current'],
  },
  {
    title: 'counts the partition from the first ordinal',
    replicas: 2,
    spec: { ...rolling({ partition: 1 }), ordinals: { start: 3 } },
    pods: [[4]],
    steps: ['create 3@current'],
  },
  {
    title: 'keeps the current revision for what was not updated when no partition is given',
    replicas: 3,
    spec: { updateStrategy: { type: 'RollingUpdate' } },
    status: { currentReplicas: 2 },
    pods: [[0, OLD]],
    steps: ['create 1@current'],
  },
  {
    title: 'deletes nothing for an update on delete',
    replicas: 2,
    spec: { updateStrategy: { type: 'OnDelete' } },
    pods: [
      [0, OLD],
      [1, OLD],
    ],
    steps: [],
  },
  {
    title: 'makes pods at the new revision on delete',
    replicas: 2,
    spec: { updateStrategy: { type: 'OnDelete' } },
    pods: [[0, OLD]],
    steps: ['create 1@update'],
  },
  {
    title: 'updates an unwell pod at once in parallel',
    replicas: 2,
    spec: PARALLEL,
    pods: [
      [0, OLD],
      [1, { ...OLD, ready: false }],
    ],
    steps: ['delete web-1'],
  },
  {
    title: 'updates as many as may be missing',
    replicas: 4,
    spec: rolling({ maxUnavailable: 2 }),
    pods: [
      [0, OLD],
      [1, OLD],
      [2, OLD],
      [3, OLD],
    ],
    steps: ['delete web-3', 'delete web-2'],
  },
  {
    title: 'takes a share of the replicas, rounded down',
    replicas: 5,
    spec: rolling({ maxUnavailable: '50%' }),
    pods: [[0, OLD], [1, OLD], [2, OLD], [3, OLD], [4]],
    steps: ['delete web-3', 'delete web-2'],
  },
  {
    title: 'counts what is missing already',
    replicas: 4,
    spec: { ...PARALLEL, ...rolling({ maxUnavailable: 2 }) },
    pods: [
      [0, OLD],
      [1, OLD],
      [2, OLD],
      [3, { ready: false }],
    ],
    steps: ['delete web-2'],
  },
  {
    title: 'updates all unwell pods in parallel, and well ones as far as the limit goes',
    replicas: 4,
    spec: { ...PARALLEL, ...rolling({ maxUnavailable: 2 }) },
    pods: [
      [0, { ...OLD, ready: false }],
      [1, { ...OLD, ready: false }],
      [2, { ...OLD, ready: false }],
      [3, OLD],
    ],
    steps: ['delete web-2', 'delete web-1', 'delete web-0'],
  },
  { title: 'does nothing when all is well', replicas: 2, pods: [[0], [1]], steps: [] },
];

describe('planOf', () => {
  for (const { title, replicas, spec, status, pods, steps } of CASES) {
    it(title, () => {
      const set: V1StatefulSet = { ...statefulSet(replicas, spec), status: { replicas: 0, ...status } };
      const found = plan(
        set,
        pods.map(([ordinal, seen]) => pod(set, ordinal, seen)),
      );
      assert.deepEqual(found.phases.flat().map(told), steps);
    });
  }

  it('takes no step for a set that is being deleted', () => {
    const set = statefulSet(2);
    set.metadata!.deletionTimestamp = LONG_AGO;
    assert.deepEqual(plan(set, []).phases, []);
  });

  it('puts a pod right that lacks its label', () => {
    const set = statefulSet(1);
    const made = pod(set, 0);
    delete made.metadata!.labels!['statefulset.kubernetes.io/pod-name'];
    assert.deepEqual(plan(set, [made]).phases.flat().map(told), ['update web-0']);
  });

  it('tells which pods go because of their revision', () => {
    const set = statefulSet(1, PARALLEL);
    const old = pod(set, 0, OLD);
    assert.deepEqual(plan(set, [old, pod(set, 1, OLD)]).outdated, [old]);
  });
});

describe('planOf with claims', () => {
  const CLAIMS = { volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'] } }] };
  const retention = (whenScaled: string, whenDeleted: string) => ({
    ...CLAIMS,
    persistentVolumeClaimRetentionPolicy: { whenScaled, whenDeleted },
  });
  const claim = (ordinal: number, owner?: 'pod' | 'set' | 'former pod'): V1PersistentVolumeClaim => {
    const references = {
      pod: { apiVersion: 'v1', kind: 'Pod', name: `web-${ordinal}`, uid: `uid-${ordinal}`, controller: true },
      'former pod': { apiVersion: 'v1', kind: 'Pod', name: `web-${ordinal}`, uid: 'gone', controller: true },
      set: { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'web', uid: 'set-uid', controller: true },
    };
    const ownerReferences = owner ? { ownerReferences: [references[owner]] } : {};
    return { metadata: { name: `data-web-${ordinal}`, ...ownerReferences } };
  };

  const cases: {
    title: string;
    spec: object;
    pods: [number, Seen?][];
    claims: V1PersistentVolumeClaim[];
    steps: string[];
  }[] = [
    {
      title: 'makes claims a waiting pod lacks',
      spec: CLAIMS,
      pods: [[0, { phase: 'Pending', ready: false }]],
      claims: [],
      steps: ['claims web-0'],
    },
    {
      title: 'waits for a pod whose claims are there',
      spec: CLAIMS,
      pods: [[0, { phase: 'Pending', ready: false }]],
      claims: [claim(0)],
      steps: [],
    },
    {
      title: 'gives claims to the set when they go with it',
      spec: retention('Retain', 'Delete'),
      pods: [[0]],
      claims: [claim(0)],
      steps: ['update web-0'],
    },
    {
      title: 'leaves claims that have their owner',
      spec: retention('Retain', 'Delete'),
      pods: [[0]],
      claims: [claim(0, 'set')],
      steps: [],
    },
    {
      title: 'takes claims back when they are to be kept',
      spec: retention('Retain', 'Retain'),
      pods: [[0]],
      claims: [claim(0, 'set')],
      steps: ['update web-0'],
    },
    {
      title: 'gives claims to the pod that is scaled down',
      spec: retention('Delete', 'Retain'),
      pods: [[0], [1]],
      claims: [claim(0), claim(1)],
      steps: ['owners web-1', 'delete web-1'],
    },
    {
      title: 'gives them to nobody else than that pod',
      spec: retention('Delete', 'Delete'),
      pods: [[0], [1]],
      claims: [claim(0, 'set'), claim(1, 'pod')],
      steps: ['delete web-1'],
    },
    {
      title: 'waits for the claims of a former pod to go',
      spec: retention('Delete', 'Retain'),
      pods: [],
      claims: [claim(0, 'former pod')],
      steps: [],
    },
    {
      title: 'uses the claims of a former pod that are kept',
      spec: CLAIMS,
      pods: [],
      claims: [claim(0, 'former pod')],
      steps: ['create 0@update'],
    },
    {
      title: 'leaves claims alone that a former pod owns',
      spec: retention('Retain', 'Delete'),
      pods: [[0]],
      claims: [claim(0, 'former pod')],
      steps: [],
    },
  ];
  for (const { title, spec, pods, claims, steps } of cases) {
    it(title, () => {
      const set = statefulSet(1, spec);
      const found = plan(
        set,
        pods.map(([ordinal, seen]) => pod(set, ordinal, seen)),
        claims,
      );
      assert.deepEqual(found.phases.flat().map(told), steps);
    });
  }

  it('leaves claims alone that a former set owns', () => {
    const set = statefulSet(1, retention('Retain', 'Delete'));
    set.metadata!.uid = 'another';
    assert.deepEqual(plan(set, [pod(set, 0)], [claim(0, 'set')]).phases.flat(), []);
  });

  it('puts a pod right that lacks the volume of a claim', () => {
    const set = statefulSet(1, CLAIMS);
    const made = pod(set, 0);
    made.spec!.volumes = [];
    assert.deepEqual(
      plan(set, [made], [claim(0)])
        .phases.flat()
        .map(told),
      ['update web-0'],
    );
  });
});
