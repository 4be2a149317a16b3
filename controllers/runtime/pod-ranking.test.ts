import assert from 'node:assert/strict';
import type { V1Pod } from '../../openapi/generated/types.ts';
import { podsToDelete } from './pod-ranking.ts';

const NOW = Date.UTC(2026, 0, 2);
const ago = (seconds: number) => `${new Date(NOW - seconds * 1000).toISOString().slice(0, 19)}Z`;

interface Traits {
  node?: string;
  phase?: string;
  readyFor?: number;
  age?: number;
  restarts?: number;
  cost?: string;
}

function pod(name: string, traits: Traits = {}): V1Pod {
  const { node = 'n', phase = 'Running', age = 1000, restarts = 0 } = traits;
  const annotations: Record<string, string> =
    traits.cost === undefined ? {} : { 'controller.kubernetes.io/pod-deletion-cost': traits.cost };
  return {
    metadata: { name, uid: name, creationTimestamp: ago(age), annotations },
    spec: { containers: [], ...(node ? { nodeName: node } : {}) },
    status: {
      phase,
      conditions:
        traits.readyFor === undefined
          ? []
          : [{ type: 'Ready', status: 'True', lastTransitionTime: ago(traits.readyFor) }],
      containerStatuses: [{ name: 'c', image: '', imageID: '', ready: true, restartCount: restarts }],
    },
  };
}

describe('podsToDelete', () => {
  const cases: { title: string; first: Traits; second: Traits }[] = [
    { title: 'unassigned before assigned', first: { node: '', readyFor: 10 }, second: { phase: 'Pending' } },
    { title: 'pending before unknown', first: { phase: 'Pending' }, second: { phase: 'Unknown' } },
    { title: 'unknown before running', first: { phase: 'Unknown' }, second: { phase: 'Running' } },
    { title: 'not ready before ready', first: {}, second: { readyFor: 1 } },
    { title: 'cheap before dear', first: { readyFor: 900, cost: '-5' }, second: { readyFor: 1, cost: '3' } },
    {
      title: 'a cost that is no number is none',
      first: { readyFor: 900, cost: 'x' },
      second: { readyFor: 1, cost: '1' },
    },
    {
      title: 'ready for a short time before ready for long',
      first: { readyFor: 10 },
      second: { readyFor: 500, restarts: 9 },
    },
    { title: 'more restarts before fewer', first: { restarts: 3, age: 900 }, second: { restarts: 2, age: 1 } },
    { title: 'young before old', first: { age: 10 }, second: { age: 1000 } },
  ];
  for (const { title, first, second } of cases) {
    it(`takes ${title}`, () => {
      const [a, b] = [pod('z', first), pod('a', second)];
      assert.deepEqual(podsToDelete([a, b], 1, NOW), [a]);
      assert.deepEqual(podsToDelete([b, a], 1, NOW), [a]);
    });
  }

  it('takes ages of one order of magnitude for the same, and goes by uid', () => {
    const [a, b] = [pod('a', { age: 1000 }), pod('b', { age: 950 })];
    assert.deepEqual(podsToDelete([b, a], 1, NOW), [a]);
  });

  it('takes those in company on their node before those alone, after the cheap and before the young', () => {
    const kin = new Map([
      ['crowded', 3],
      ['n', 1],
    ]);
    const [crowded, alone] = [pod('a', { node: 'crowded', readyFor: 900 }), pod('b', { readyFor: 1 })];
    assert.deepEqual(podsToDelete([alone, crowded], 1, NOW, kin), [crowded]);
    const cheap = pod('c', { readyFor: 900, cost: '-1' });
    assert.deepEqual(podsToDelete([crowded, cheap], 1, NOW, kin), [cheap]);
  });

  it('takes all when that many are to go', () => {
    const pods = [pod('a'), pod('b')];
    assert.deepEqual(podsToDelete(pods, 5, NOW), pods);
  });
});
