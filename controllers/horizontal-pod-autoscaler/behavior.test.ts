import assert from 'node:assert/strict';
import type { V2HPAScalingPolicy, V2HPAScalingRules } from '../../openapi/generated/types.ts';
import { type History, newHistory, normalize, withChange } from './behavior.ts';
import { NOW } from './fixtures.ts';

const WINDOW_MS = 300_000;
const EMPTY: History = { recommendations: [], ups: [], downs: [] };
const seconds = (count: number) => NOW - count * 1000;
const recommended = (...list: [replicas: number, secondsAgo: number][]): History => ({
  ...EMPTY,
  recommendations: list.map(([replicas, ago]) => ({ replicas, at: seconds(ago) })),
});

describe('normalize, without behavior', () => {
  const cases: [title: string, desired: number, current: number, history: History, replicas: number, why: string][] = [
    ['lets a count within the bounds be', 5, 4, EMPTY, 5, 'DesiredWithinRange'],
    ['keeps to the maximum', 20, 8, EMPTY, 10, 'TooManyReplicas'],
    ['keeps to the minimum', 1, 4, EMPTY, 2, 'TooFewReplicas'],
    ['at most doubles', 10, 3, EMPTY, 6, 'ScaleUpLimit'],
    ['grows to four at once', 10, 1, EMPTY, 4, 'ScaleUpLimit'],
    ['goes down no further than it was asked for lately', 3, 6, recommended([5, 299]), 5, 'DesiredWithinRange'],
    ['forgets what was asked for before the window', 3, 6, recommended([5, 301]), 3, 'DesiredWithinRange'],
  ];
  for (const [title, desired, current, history, replicas, why] of cases) {
    it(title, () => {
      const found = normalize(desired, { min: 2, max: 10, current }, undefined, history, WINDOW_MS, NOW);
      assert.equal(found.replicas, replicas);
      assert.equal(found.limited.reason, why);
      assert.equal(found.limited.isLimited, why !== 'DesiredWithinRange');
      assert.equal(found.stabilized?.reason, title.startsWith('goes') ? 'ScaleDownStabilized' : undefined);
    });
  }
  it('remembers what was asked for, and not for longer than it counts', () => {
    const found = normalize(
      3,
      { min: 1, max: 9, current: 3 },
      undefined,
      recommended([4, 400], [5, 10]),
      WINDOW_MS,
      NOW,
    );
    assert.deepEqual(found.history.recommendations, [
      { replicas: 5, at: seconds(10) },
      { replicas: 3, at: NOW },
    ]);
  });
});

describe('normalize, with behavior', () => {
  const pods = (value: number, periodSeconds = 60): V2HPAScalingPolicy => ({ type: 'Pods', value, periodSeconds });
  const percent = (value: number, periodSeconds = 60): V2HPAScalingPolicy => ({
    type: 'Percent',
    value,
    periodSeconds,
  });
  const rules = (selectPolicy: string, ...policies: V2HPAScalingPolicy[]): V2HPAScalingRules => ({
    selectPolicy,
    policies,
    stabilizationWindowSeconds: 0,
  });
  const lax = rules('Max', percent(1000));
  const run = (desired: number, current: number, up = lax, down = rules('Max', percent(100)), history = EMPTY) =>
    normalize(desired, { min: 1, max: 1000, current }, { scaleUp: up, scaleDown: down }, history, WINDOW_MS, NOW);

  const ups: [title: string, current: number, up: V2HPAScalingRules, replicas: number][] = [
    ['by pods', 10, rules('Max', pods(4)), 14],
    ['by percent, rounded up', 3, rules('Max', percent(50)), 5],
    ['by the larger of both', 10, rules('Max', pods(4), percent(100)), 20],
    ['by the smaller of both', 10, rules('Min', pods(4), percent(100)), 14],
    ['not at all when that is disabled', 10, rules('Disabled', pods(4)), 10],
  ];
  for (const [title, current, up, replicas] of ups) {
    it(`grows ${title}`, () => {
      const found = run(900, current, up);
      assert.equal(found.replicas, replicas);
      assert.deepEqual([found.limited.isLimited, found.limited.reason], [true, 'ScaleUpLimit']);
    });
  }
  const downs: [title: string, current: number, down: V2HPAScalingRules, replicas: number][] = [
    ['by pods', 10, rules('Max', pods(4)), 6],
    ['by percent, rounded down', 5, rules('Max', percent(50)), 2],
    ['by the larger of both', 10, rules('Max', pods(2), percent(50)), 5],
    ['by the smaller of both', 10, rules('Min', pods(2), percent(50)), 8],
    ['not at all when that is disabled', 10, rules('Disabled', pods(4)), 10],
  ];
  for (const [title, current, down, replicas] of downs) {
    it(`shrinks ${title}`, () => {
      const found = run(1, current, lax, down);
      assert.equal(found.replicas, replicas);
      assert.deepEqual([found.limited.isLimited, found.limited.reason], [true, 'ScaleDownLimit']);
    });
  }

  it('counts what was changed within the period, both ways', () => {
    const history: History = {
      ...EMPTY,
      ups: [
        { change: 3, at: seconds(59) },
        { change: 9, at: seconds(61) },
      ],
      downs: [{ change: 1, at: seconds(30) }],
    };
    // 10 now, so 8 a minute ago.
    assert.equal(run(900, 10, rules('Max', pods(4)), undefined, history).replicas, 12);
    assert.equal(run(1, 10, lax, rules('Max', pods(4)), history).replicas, 4);
  });
  it('does not take back what went beyond a limit', () => {
    const history: History = { ...EMPTY, ups: [{ change: 8, at: seconds(10) }] };
    assert.equal(run(900, 10, rules('Max', pods(4)), undefined, history).replicas, 10);
  });
  it('goes up no further than what was asked for within the window', () => {
    const up = { ...lax, stabilizationWindowSeconds: 60 };
    const found = run(20, 5, up, undefined, recommended([8, 30], [6, 61]));
    assert.equal(found.replicas, 8);
    assert.equal(found.stabilized?.reason, 'ScaleUpStabilized');
  });
  it('goes down no further than what was asked for within the window, its own or that of the controller', () => {
    const down = rules('Max', percent(100));
    const history = recommended([8, 30]);
    assert.equal(run(2, 9, lax, { ...down, stabilizationWindowSeconds: 60 }, history).replicas, 8);
    assert.equal(run(2, 9, lax, { ...down, stabilizationWindowSeconds: 20 }, history).replicas, 2);
    const { stabilizationWindowSeconds: _, ...open } = down;
    assert.equal(run(2, 9, lax, open, recommended([8, 299])).replicas, 8);
    assert.equal(run(2, 9, lax, open, recommended([8, 301])).replicas, 2);
  });
});

describe('withChange', () => {
  const behavior = {
    scaleUp: { policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }] },
    scaleDown: { policies: [{ type: 'Pods', value: 1, periodSeconds: 30 }] },
  };
  it('remembers by how much, as long as a policy asks for it', () => {
    const before: History = {
      ...EMPTY,
      ups: [{ change: 1, at: seconds(61) }],
      downs: [{ change: 2, at: seconds(59) }],
    };
    const up = withChange(before, behavior, 3, 7, NOW);
    assert.deepEqual(up, { ...before, ups: [{ change: 4, at: NOW }] });
    const down = withChange(before, behavior, 7, 3, NOW);
    assert.deepEqual(down.downs, [
      { change: 2, at: seconds(59) },
      { change: 4, at: NOW },
    ]);
  });
  it('remembers nothing without behavior', () => {
    const history = newHistory(3, NOW);
    assert.equal(withChange(history, undefined, 3, 7, NOW), history);
  });
});
