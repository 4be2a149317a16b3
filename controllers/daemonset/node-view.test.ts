import assert from 'node:assert/strict';
import type { V1Pod } from '../../openapi/generated/types.ts';
import { BackOff } from './back-off.ts';
import { type OnNode, stepsOn, type Terms, viewOf } from './node-view.ts';
import type { Fit } from './placement.ts';
import { limitsOf, rollingSteps } from './rolling-update.ts';
import { sameStatus, Tally } from './tally.ts';
import { daemonSet } from './testing.ts';

const NOW = Date.UTC(2026, 0, 1, 0, 1);
const TERMS: Terms = { hash: 'new', generation: undefined, minReadySeconds: 0, surges: false };
const SURGING: Terms = { ...TERMS, surges: true };

/**
 * A pod from a few words: its name, then `old`, `unready`, `going`, `pending` (not bound), `failed`, `succeeded`. The
 * second of two is the younger one.
 */
function podOf(words: string, age: number): V1Pod {
  const [name = '', ...rest] = words.split(' ');
  const is = (word: string) => rest.includes(word);
  const phase = is('failed') ? 'Failed' : is('succeeded') ? 'Succeeded' : 'Running';
  return {
    metadata: {
      name,
      uid: name,
      labels: { 'controller-revision-hash': is('old') ? 'old' : 'new' },
      creationTimestamp: `2026-01-01T00:00:0${age}Z`,
      ...(is('going') ? { deletionTimestamp: '2026-01-01T00:00:30Z' } : {}),
    },
    spec: { containers: [], ...(is('pending') ? {} : { nodeName: 'n1' }) },
    status: {
      phase,
      conditions: [
        {
          type: 'Ready',
          status: is('unready') || phase !== 'Running' ? 'False' : 'True',
          lastTransitionTime: '2026-01-01T00:00:50Z',
        },
      ],
    },
  };
}

function on(pods: readonly string[], more: Partial<OnNode> = {}): OnNode {
  const fit: Fit = more.exists === false ? 'leave' : 'run';
  const common = { node: 'n1', exists: true, fit, creations: 0, deletions: new Set<string>(), nowMs: NOW };
  return { ...common, pods: pods.map((words, age) => podOf(words, age)), ...more };
}

describe('stepsOn', () => {
  const cases: {
    title: string;
    pods: string[];
    more?: Partial<OnNode>;
    terms?: Terms;
    inBackOff?: boolean;
    create?: boolean;
    delete?: string[];
  }[] = [
    { title: 'makes a pod where there is none', pods: [], create: true },
    { title: 'makes none while one is on its way', pods: [], more: { creations: 1 } },
    { title: 'makes none where new ones may not come', pods: [], more: { fit: 'stay' } },
    { title: 'makes none where none may be', pods: [], more: { fit: 'leave' } },
    { title: 'leaves the one that is there', pods: ['a'] },
    { title: 'leaves one that may stay', pods: ['a'], more: { fit: 'stay' } },
    {
      title: 'deletes all that must leave, but for those that do',
      pods: ['a', 'b going'],
      more: { fit: 'leave' },
      delete: ['a'],
    },
    { title: 'keeps the oldest of several', pods: ['a', 'b', 'c'], delete: ['b', 'c'] },
    { title: 'keeps one that is bound rather than an older one that is not', pods: ['a pending', 'b'], delete: ['a'] },
    { title: 'deletes nothing twice', pods: ['a', 'b', 'c'], more: { deletions: new Set(['c']) }, delete: ['b'] },
    { title: 'deletes a failed pod', pods: ['a failed'], delete: ['a'] },
    { title: 'leaves a failed pod as long as it must', pods: ['a failed'], inBackOff: true },
    { title: 'deletes a pod that succeeded at once', pods: ['a succeeded'], inBackOff: true, delete: ['a'] },
    { title: 'waits for a pod that goes', pods: ['a going'] },
    { title: 'makes the next at once where pods may surge', pods: ['a going'], terms: SURGING, create: true },
    { title: 'keeps an old pod beside a new one that is not ready', pods: ['a old', 'b unready'], terms: SURGING },
    { title: 'deletes the old pod when the new one is there', pods: ['a old', 'b'], terms: SURGING, delete: ['a'] },
    {
      title: 'deletes an old pod that is not ready',
      pods: ['a old unready', 'b unready'],
      terms: SURGING,
      delete: ['a'],
    },
    {
      title: 'keeps one pod of each revision',
      pods: ['a old', 'b old', 'c unready', 'd'],
      terms: SURGING,
      delete: ['b', 'd'],
    },
    {
      title: 'deletes of a node that is gone what was never bound',
      pods: ['a', 'b pending'],
      more: { exists: false },
      delete: ['b'],
    },
  ];
  for (const { title, pods, more, terms = TERMS, inBackOff = false, ...wanted } of cases) {
    it(title, () => {
      const steps = stepsOn(on(pods, more), terms, inBackOff);
      assert.equal(steps.create, wanted.create ?? false);
      assert.deepEqual(
        steps.delete.map(({ metadata }) => metadata?.name),
        wanted.delete ?? [],
      );
    });
  }

  it('says which pods ended by themselves, and whether it waits for one', () => {
    const steps = stepsOn(on(['a failed', 'b succeeded', 'c']), TERMS, false);
    assert.deepEqual([steps.failed[0]?.metadata?.name, steps.succeeded[0]?.metadata?.name], ['a', 'b']);
    assert.equal(steps.backsOff, false);
    assert.equal(stepsOn(on(['a failed']), TERMS, true).backsOff, true);
    assert.equal(stepsOn(on(['a']), TERMS, true).backsOff, false);
  });
});

describe('viewOf', () => {
  const cases: { pods: string[]; more?: Partial<OnNode>; rollout: string | undefined; serves?: boolean }[] = [
    { pods: [], rollout: 'empty' },
    { pods: [], more: { fit: 'stay' }, rollout: undefined },
    { pods: [], more: { creations: 1 }, rollout: 'new waiting' },
    { pods: ['a'], rollout: 'new', serves: true },
    { pods: ['a unready'], rollout: 'new waiting' },
    { pods: ['a old'], rollout: 'old', serves: true },
    { pods: ['a old'], more: { deletions: new Set(['a']) }, rollout: 'empty' },
    { pods: ['a old'], more: { creations: 1 }, rollout: 'both waiting', serves: true },
    { pods: ['a old unready'], rollout: 'old unwell' },
    { pods: ['a old'], more: { fit: 'stay' }, rollout: 'old stray', serves: true },
    { pods: ['a old unready'], more: { fit: 'stay' }, rollout: 'old stray unwell' },
    { pods: ['a old', 'b'], rollout: 'both', serves: true },
    { pods: ['a old', 'b unready'], rollout: 'both waiting', serves: true },
    { pods: ['a old unready', 'b'], rollout: 'both' },
    { pods: ['a', 'b'], rollout: 'excess' },
    { pods: ['a going'], rollout: 'empty' },
  ];
  for (const { pods, more, rollout, serves = false } of cases) {
    it(`calls ${pods.join(', ') || 'nothing'} ${JSON.stringify(more ?? {})} ${rollout}`, () => {
      const view = viewOf(on(pods, more), TERMS);
      assert.equal(view?.rollout, rollout);
      assert.equal(view?.serves ?? false, serves);
    });
  }

  it('takes a pod for available when it has been ready for long enough', () => {
    const soon = { ...TERMS, minReadySeconds: 11 };
    assert.equal(viewOf(on(['a']), soon)?.rollout, 'new waiting');
    assert.equal(viewOf(on(['a']), { ...TERMS, minReadySeconds: 10 })?.rollout, 'new');
  });
});

describe('Tally', () => {
  it('counts what the status tells, and counts anew what changes', () => {
    const tally = new Tally();
    const soon = { ...TERMS, minReadySeconds: 11 };
    tally.set('ready', viewOf(on(['a']), TERMS));
    tally.set('waiting', viewOf(on(['a']), soon));
    tally.set('old', viewOf(on(['a old unready']), TERMS));
    tally.set('empty', viewOf(on([]), TERMS));
    tally.set('stray', viewOf(on(['a'], { fit: 'stay' }), TERMS));
    tally.set('gone', viewOf(on(['a pending'], { exists: false }), TERMS));
    tally.set('none', viewOf(on([], { fit: 'leave' }), TERMS));
    const set = daemonSet();
    set.status = { ...tally.status(daemonSet()), collisionCount: 2 };
    assert.deepEqual(tally.status(set), {
      collisionCount: 2,
      observedGeneration: 1,
      desiredNumberScheduled: 4,
      currentNumberScheduled: 3,
      numberMisscheduled: 1,
      numberReady: 2,
      updatedNumberScheduled: 2,
      numberAvailable: 1,
      numberUnavailable: 3,
    });
    tally.set('ready', undefined);
    tally.set('empty', viewOf(on(['a']), TERMS));
    tally.set('stray', viewOf(on([], { fit: 'stay' }), TERMS));
    const { numberMisscheduled, numberReady, desiredNumberScheduled } = tally.status(set);
    assert.deepEqual([numberMisscheduled, numberReady, desiredNumberScheduled], [0, 2, 3]);
    assert.equal(tally.at('empty').size, 0);
    assert.deepEqual([...tally.nodes()], ['waiting', 'old', 'empty', 'gone']);
  });

  it('takes a status for the same when all counts are, and the generation is not behind', () => {
    const tally = new Tally();
    tally.set('n1', viewOf(on(['a']), TERMS));
    const status = tally.status(daemonSet());
    assert.equal(sameStatus(status, status), true);
    assert.equal(sameStatus(undefined, status), false);
    assert.equal(sameStatus({ ...status, numberReady: 0 }, status), false);
    assert.equal(sameStatus({ ...status, observedGeneration: 0 }, status), false);
    assert.equal(sameStatus({ ...status, observedGeneration: 2 }, status), true);
  });
});

describe('rollingSteps', () => {
  const cases: {
    title: string;
    nodes: Record<string, string[]>;
    unfit?: string[];
    limits: { surge: number; unavailable: number };
    delete?: string[];
    create?: string[];
  }[] = [
    {
      title: 'deletes as many old pods as nodes may be without one',
      nodes: { n1: ['a old'], n2: ['b old'], n3: ['c old'] },
      limits: { surge: 0, unavailable: 2 },
      delete: ['a', 'b'],
    },
    {
      title: 'deletes old pods that are unwell at once, and counts them',
      nodes: { n1: ['a old'], n2: ['b old unready'], n3: ['c old unready'] },
      limits: { surge: 0, unavailable: 1 },
      delete: ['b', 'c'],
    },
    {
      title: 'waits for nodes whose pod is new and not available, or missing',
      nodes: { n1: ['a old'], n2: ['b unready'], n3: [] },
      limits: { surge: 0, unavailable: 2 },
    },
    { title: 'is done when all are new', nodes: { n1: ['a'], n2: ['b'] }, limits: { surge: 0, unavailable: 1 } },
    {
      title: 'makes new pods beside as many old ones as may surge',
      nodes: { n1: ['a old'], n2: ['b old'], n3: ['c old', 'd unready'] },
      limits: { surge: 2, unavailable: 0 },
      create: ['n1'],
    },
    {
      title: 'replaces old pods that are unwell, whatever may surge',
      nodes: { n1: ['a old unready'], n2: ['b old'], n3: ['c old', 'd unready'] },
      limits: { surge: 1, unavailable: 0 },
      create: ['n1'],
    },
    {
      title: 'deletes the old pod where the new one is available',
      nodes: { n1: ['a old', 'b'] },
      limits: { surge: 1, unavailable: 0 },
      delete: ['a'],
    },
    {
      title: 'keeps an old pod where none should be until enough are available elsewhere',
      nodes: { n1: ['a old'], n2: ['b unready'] },
      unfit: ['n1'],
      limits: { surge: 1, unavailable: 0 },
    },
    {
      title: 'deletes an old pod where none should be when enough are available elsewhere',
      nodes: { n1: ['a old'], n2: ['b'] },
      unfit: ['n1'],
      limits: { surge: 1, unavailable: 0 },
      delete: ['a'],
    },
    {
      title: 'deletes an old pod that is unwell where none should be',
      nodes: { n1: ['a old unready'], n2: [] },
      unfit: ['n1'],
      limits: { surge: 1, unavailable: 0 },
      delete: ['a'],
    },
  ];
  for (const { title, nodes, unfit = [], limits, ...wanted } of cases) {
    it(title, () => {
      const tally = new Tally();
      for (const [node, pods] of Object.entries(nodes)) {
        tally.set(node, viewOf(on(pods, { node, fit: unfit.includes(node) ? 'stay' : 'run' }), SURGING));
      }
      const steps = rollingSteps(tally, limits);
      assert.deepEqual(
        steps.delete.map(({ pod }) => pod.metadata?.name),
        wanted.delete ?? [],
      );
      assert.deepEqual(steps.create, wanted.create ?? []);
    });
  }

  for (const [rollingUpdate, limits] of [
    [
      { maxUnavailable: 2, maxSurge: 0 },
      { surge: 0, unavailable: 2 },
    ],
    [
      { maxUnavailable: '10%', maxSurge: 0 },
      { surge: 0, unavailable: 2 },
    ],
    [
      { maxUnavailable: 0, maxSurge: '1%' },
      { surge: 1, unavailable: 0 },
    ],
    [
      { maxUnavailable: 0, maxSurge: 0 },
      { surge: 0, unavailable: 1 },
    ],
  ] as const) {
    it(`takes ${JSON.stringify(rollingUpdate)} of 11 nodes for ${JSON.stringify(limits)}`, () => {
      assert.deepEqual(limitsOf(daemonSet({ updateStrategy: { type: 'RollingUpdate', rollingUpdate } }), 11), limits);
    });
  }
});

describe('BackOff', () => {
  it('doubles the time with each failure up to a quarter of an hour, and forgets', () => {
    const backOff = new BackOff();
    assert.equal(backOff.remainingMs('n1', NOW), 0);
    backOff.next('n1', NOW);
    assert.equal(backOff.remainingMs('n1', NOW + 400), 600);
    assert.equal(backOff.remainingMs('n2', NOW), 0);
    let now = NOW;
    for (let i = 0; i < 12; i++) {
      now += backOff.remainingMs('n1', now);
      backOff.next('n1', now);
    }
    assert.equal(backOff.remainingMs('n1', now), 900_000);
    now += 1_800_001;
    backOff.next('n1', now);
    assert.equal(backOff.remainingMs('n1', now), 1000);
    backOff.clear();
    assert.equal(backOff.remainingMs('n1', now), 0);
  });
});
