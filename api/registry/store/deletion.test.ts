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
    title: 'shortens a grace period that runs without counting another generation',
    metadata: { generation: 2, deletionTimestamp: '2026-01-01T00:00:30Z', deletionGracePeriodSeconds: 30 },
    strategy: GRACEFUL,
    options: { gracePeriodSeconds: 5 },
    expected: { generation: 2, deletionTimestamp: '2026-01-01T00:00:05Z', deletionGracePeriodSeconds: 5 },
  },
  {
    title: 'removes what a deletion with grace 0 has marked already',
    metadata: { deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds: 0 },
    strategy: GRACEFUL,
    options: {},
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
    title: 'minds no propagation where nothing can depend on the object',
    metadata: {},
    strategy: { noDependents: true },
    options: { propagationPolicy: 'Foreground' },
    expected: 'remove',
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

describe('decideDeletion without grace', () => {
  const removal = (metadata: V1ObjectMeta) => decideDeletion({ metadata }, GRACEFUL, { gracePeriodSeconds: 0 }, NOW);
  const ended = { deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds: 0 };

  it('marks a pod before it removes it at once', () => {
    assert.deepEqual(removal({ generation: 1 }), {
      kind: 'remove',
      marked: { metadata: { generation: 2, ...ended } },
    });
  });

  it('ends a grace period that runs before it removes the pod', () => {
    const running = { deletionTimestamp: '2026-01-01T00:00:30Z', deletionGracePeriodSeconds: 30 };
    assert.deepEqual(removal(running), { kind: 'remove', marked: { metadata: ended } });
  });
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
    const pods = { group: '', kind: 'Pod', plural: 'pods', strategy: {} };
    checkPreconditions({ preconditions: { uid: 'u', resourceVersion: '7' } }, { uid: 'u' }, 7, pods);
    assert.throws(() => checkPreconditions({ preconditions: { uid: 'v' } }, { uid: 'u', name: 'p' }, 7, pods), {
      code: 409,
      message: /on Pod "p": the UID in the precondition \(v\) does not match the UID in record \(u\)/,
    });
    assert.throws(() => checkPreconditions({ preconditions: { resourceVersion: '6' } }, { uid: 'u' }, 7, pods), {
      code: 409,
      message: /the ResourceVersion in the precondition \(6\) does not match the ResourceVersion in record \(7\)/,
    });
  });

  it('speaks of the resource, in other words, where they are looked at first', () => {
    const spaces = { group: '', kind: 'Namespace', plural: 'namespaces', strategy: { preconditionsFirst: true } };
    const meta = { uid: 'u', name: 'n' };
    const check = (preconditions: object) => () => checkPreconditions({ preconditions }, meta, 7, spaces);
    const start = 'Operation cannot be fulfilled on namespaces "n": Precondition failed:';
    assert.throws(check({ uid: 'v' }), { message: `${start} UID in precondition: v, UID in object meta: u` });
    assert.throws(check({ resourceVersion: '6' }), {
      message: `${start} ResourceVersion in precondition: 6, ResourceVersion in object meta: 7`,
    });
  });
});
