import assert from 'node:assert/strict';
import type { V1DeleteOptions, V1ObjectMeta } from '../../../openapi/generated/types.ts';
import type { KubeObject } from '../../../openapi/object.ts';
import type { Strategy } from '../declaration.ts';
import { checkDeleteOptions, checkPreconditions, decideDeletion } from './deletion.ts';

const NOW = Date.UTC(2026, 0, 1);
const PLAIN: Strategy<KubeObject> = {};
const GRACEFUL: Strategy<KubeObject> = { gracePeriod: (_object, requested) => requested ?? 30 };

interface Case {
  title: string;
  metadata: V1ObjectMeta;
  strategy: Strategy<KubeObject>;
  options: V1DeleteOptions;
  /** `remove`, `unchanged`, or the metadata that is to be stored. */
  expected: 'remove' | 'unchanged' | V1ObjectMeta;
}

const CASES: Case[] = [
  {
    title: 'removes what has neither grace nor finalizers',
    metadata: {},
    strategy: PLAIN,
    options: {},
    expected: 'remove',
  },
  {
    title: 'marks what a finalizer holds',
    metadata: { finalizers: ['a/b'] },
    strategy: PLAIN,
    options: {},
    expected: { finalizers: ['a/b'], deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds: 0 },
  },
  {
    title: 'gives a pod its grace period, counted into the timestamp',
    metadata: { generation: 1 },
    strategy: GRACEFUL,
    options: {},
    expected: { generation: 2, deletionTimestamp: '2026-01-01T00:00:30Z', deletionGracePeriodSeconds: 30 },
  },
  {
    title: 'removes a pod at once with grace 0',
    metadata: {},
    strategy: GRACEFUL,
    options: { gracePeriodSeconds: 0 },
    expected: 'remove',
  },
  {
    title: 'shortens a grace period that runs',
    metadata: { deletionTimestamp: '2026-01-01T00:00:30Z', deletionGracePeriodSeconds: 30 },
    strategy: GRACEFUL,
    options: { gracePeriodSeconds: 5 },
    expected: { deletionTimestamp: '2026-01-01T00:00:05Z', deletionGracePeriodSeconds: 5 },
  },
  {
    title: 'never lengthens one',
    metadata: { deletionTimestamp: '2026-01-01T00:00:30Z', deletionGracePeriodSeconds: 30 },
    strategy: GRACEFUL,
    options: { gracePeriodSeconds: 60 },
    expected: 'unchanged',
  },
  {
    title: 'holds the owner in a foreground deletion',
    metadata: {},
    strategy: PLAIN,
    options: { propagationPolicy: 'Foreground' },
    expected: {
      finalizers: ['foregroundDeletion'],
      deletionTimestamp: '2026-01-01T00:00:00Z',
      deletionGracePeriodSeconds: 0,
    },
  },
  {
    title: 'orphans by default where upstream does',
    metadata: {},
    strategy: { orphansByDefault: true },
    options: {},
    expected: { finalizers: ['orphan'], deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds: 0 },
  },
  {
    title: 'lets Background override what was asked before',
    metadata: { finalizers: ['foregroundDeletion'] },
    strategy: PLAIN,
    options: { propagationPolicy: 'Background' },
    expected: 'remove',
  },
];

describe('decideDeletion', () => {
  for (const { title, metadata, strategy, options, expected } of CASES) {
    it(title, () => {
      const deletion = decideDeletion({ metadata: structuredClone(metadata) }, strategy, options, NOW);
      if (typeof expected === 'string') assert.equal(deletion.kind, expected);
      else assert.deepEqual(deletion, { kind: 'mark', object: { metadata: expected } });
    });
  }
});

describe('checkDeleteOptions', () => {
  it('refuses contradictions and unknown policies with 422', () => {
    assert.throws(() => checkDeleteOptions({ orphanDependents: true, propagationPolicy: 'Orphan' }), {
      code: 422,
      message: /cannot be both set/,
    });
    assert.throws(() => checkDeleteOptions({ propagationPolicy: 'Sideways' }), {
      code: 422,
      message: /Unsupported value: "Sideways"/,
    });
    checkDeleteOptions({ propagationPolicy: 'Foreground', gracePeriodSeconds: 3 });
  });
});

describe('checkPreconditions', () => {
  it('refuses another uid or version with 409', () => {
    const pods = { group: '', kind: 'Pod' };
    checkPreconditions({ preconditions: { uid: 'u', resourceVersion: '7' } }, { uid: 'u' }, 7, pods);
    assert.throws(() => checkPreconditions({ preconditions: { uid: 'v' } }, { uid: 'u', name: 'p' }, 7, pods), {
      code: 409,
      message: /on Pod "p": the UID in the precondition \(v\) does not match the UID in record \(u\)/,
    });
    assert.throws(() => checkPreconditions({ preconditions: { resourceVersion: '6' } }, { uid: 'u' }, 7, pods), {
      code: 409,
    });
  });
});
