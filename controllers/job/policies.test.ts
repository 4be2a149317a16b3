import assert from 'node:assert/strict';
import type { V1PodFailurePolicyRule, V1SuccessPolicyRule } from '../../openapi/generated/types.ts';
import { podWith } from './fixtures.ts';
import { parseIntervals } from './intervals.ts';
import { matchFailurePolicy, matchSuccessPolicy } from './policies.ts';

const onExitCodes = (operator: string, values: number[], containerName?: string) => ({
  onExitCodes: { operator, values, ...(containerName ? { containerName } : {}) },
});

describe('matchFailurePolicy', () => {
  const exited = podWith('p', { phase: 'Failed', exitCode: 42 });
  const disrupted = podWith('p', { phase: 'Failed', conditions: [{ type: 'DisruptionTarget', status: 'True' }] });
  const init = {
    ...podWith('p', { phase: 'Failed' }),
    status: {
      phase: 'Failed',
      initContainerStatuses: [
        { name: 'i', image: '', imageID: '', ready: false, restartCount: 0, state: { terminated: { exitCode: 42 } } },
      ],
    },
  };
  const cases: { title: string; rules: V1PodFailurePolicyRule[]; pod?: object; expected: object }[] = [
    { title: 'counts what no rule matches', rules: [], expected: { counted: true } },
    {
      title: 'fails the job by exit code, and says why',
      rules: [
        { action: 'Ignore', ...onExitCodes('In', [1]) },
        { action: 'FailJob', ...onExitCodes('In', [41, 42]) },
      ],
      expected: {
        counted: true,
        action: 'FailJob',
        message: 'Container c for pod default/p failed with exit code 42 matching FailJob rule at index 1',
      },
    },
    {
      title: 'takes the first rule that matches',
      rules: [
        { action: 'Count', ...onExitCodes('NotIn', [1]) },
        { action: 'FailJob', ...onExitCodes('In', [42]) },
      ],
      expected: { counted: true, action: 'Count' },
    },
    {
      title: 'looks at the container that is named',
      rules: [{ action: 'Ignore', ...onExitCodes('In', [42], 'other') }],
      expected: { counted: true },
    },
    {
      title: 'takes success for none of the other codes',
      rules: [{ action: 'Ignore', ...onExitCodes('NotIn', [1]) }],
      pod: podWith('p', { phase: 'Failed', exitCode: 0 }),
      expected: { counted: true },
    },
    {
      title: 'fails the index',
      rules: [{ action: 'FailIndex', ...onExitCodes('In', [42]) }],
      expected: { counted: true, action: 'FailIndex' },
    },
    {
      title: 'looks at init containers, too',
      rules: [{ action: 'Ignore', ...onExitCodes('In', [42]) }],
      pod: init,
      expected: { counted: false, action: 'Ignore' },
    },
    {
      title: 'ignores disruptions',
      rules: [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget' }] }],
      pod: disrupted,
      expected: { counted: false, action: 'Ignore' },
    },
    {
      title: 'passes over a condition that is otherwise',
      rules: [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'False' }] }],
      pod: disrupted,
      expected: { counted: true },
    },
    {
      title: 'fails the job by condition, and says why',
      rules: [{ action: 'FailJob', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }],
      pod: disrupted,
      expected: {
        counted: true,
        action: 'FailJob',
        message: 'Pod default/p has condition DisruptionTarget matching FailJob rule at index 0',
      },
    },
    {
      title: 'passes over actions it does not know',
      rules: [{ action: 'X', ...onExitCodes('In', [42]) }],
      expected: { counted: true },
    },
  ];
  for (const { title, rules, pod = exited, expected } of cases) {
    it(title, () => assert.deepEqual(matchFailurePolicy({ rules }, pod), expected));
  }
});

describe('matchSuccessPolicy', () => {
  const cases: [title: string, succeeded: string, rules: V1SuccessPolicyRule[], index: number | undefined][] = [
    ['needs a success', '', [{ succeededCount: 0 }], undefined],
    ['counts', '1,4', [{ succeededCount: 2 }], 0],
    ['waits for the count', '1,4', [{ succeededCount: 3 }], undefined],
    ['wants all indexes of a rule', '0,2-4', [{ succeededIndexes: '0,2,3' }], 0],
    ['waits for the last index', '0,2', [{ succeededIndexes: '0,2,3' }], undefined],
    ['counts among the indexes of a rule', '0,2,9', [{ succeededIndexes: '0,2,3', succeededCount: 2 }], 0],
    ['counts no others', '0,8,9', [{ succeededIndexes: '0,2,3', succeededCount: 2 }], undefined],
    ['takes the first rule that is met', '5', [{ succeededIndexes: '1' }, { succeededCount: 1 }], 1],
    ['passes over what it cannot read', '5', [{ succeededIndexes: 'x' }], undefined],
  ];
  for (const [title, succeeded, rules, index] of cases) {
    it(title, () => {
      const expected = index === undefined ? undefined : `Matched rules at index ${index}`;
      assert.equal(matchSuccessPolicy({ rules }, 10, parseIntervals(succeeded, 10)), expected);
    });
  }
});
