import assert from 'node:assert/strict';
import type { V1Job, V1JobStatus } from '../../../openapi/generated/types.ts';
import { created, updated } from '../test-support.ts';
import { firstOverlap, parseIndexes } from './job-indexes.ts';

const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } };
const is = (...types: string[]) => types.map((type) => ({ type, status: 'True' }));
const startTime = '2026-01-01T00:00:00Z';
const completionTime = '2026-01-01T00:00:05Z';
const complete = { startTime, completionTime, conditions: is('SuccessCriteriaMet', 'Complete') };
const failed = { startTime, conditions: is('FailureTarget', 'Failed') };
const indexed = { completionMode: 'Indexed', completions: 5 };
const limited = { ...indexed, backoffLimitPerIndex: 1 };

const CASES: [what: string, old: object, status: object, errors: string[], spec?: object][] = [
  ['a start', {}, { startTime, active: 1, ready: 1 }, []],
  ['completion', { startTime }, complete, []],
  ['failure', { startTime }, failed, []],
  [
    'negative numbers',
    {},
    { active: -1, ready: -1 },
    ['active', 'ready'].map((field) => `status.${field}: Invalid value: -1: must be greater than or equal to 0`),
  ],
  [
    'pods that are counted twice',
    {},
    { uncountedTerminatedPods: { succeeded: ['a', ''], failed: ['a'] } },
    [
      'status.uncountedTerminatedPods.succeeded[1]: Invalid value: "": must not be empty',
      'status.uncountedTerminatedPods.failed[0]: Duplicate value: "a"',
    ],
  ],
  [
    'all ends at once',
    { startTime },
    { ...complete, conditions: is('SuccessCriteriaMet', 'Complete', 'Failed', 'FailureTarget') },
    [
      'status.conditions: Invalid value: cannot set Complete=True and Failed=true conditions',
      'status.conditions: Invalid value: cannot set Complete=True and FailureTarget=true conditions',
      'status.conditions: Invalid value: cannot set SuccessCriteriaMet=True and Failed=true conditions',
      'status.conditions: Invalid value: cannot set SuccessCriteriaMet=True and FailureTarget=true conditions',
    ],
  ],
  [
    'ends without what leads there',
    { startTime },
    { ...complete, conditions: is('Complete') },
    [
      'status.conditions: Invalid value: cannot set Complete=True condition without the SuccessCriteriaMet=true condition',
    ],
  ],
  [
    'failure without what leads there',
    { startTime },
    { startTime, conditions: is('Failed') },
    ['status.conditions: Invalid value: cannot set Failed=True condition without the FailureTarget=true condition'],
  ],
  [
    'completion without a time',
    {},
    { conditions: complete.conditions },
    [
      'status.completionTime: Required value: completionTime is required for Complete jobs',
      'status.startTime: Required value: startTime is required for finished job',
    ],
  ],
  [
    'a time without completion, before the start',
    { startTime: completionTime },
    { startTime: completionTime, completionTime: startTime },
    [
      `status.completionTime: Invalid value: "${startTime}": cannot set completionTime when there is no Complete=True condition`,
      `status.completionTime: Invalid value: "${startTime}": must be equal to or after \`startTime\``,
    ],
  ],
  [
    'an end with pods left',
    { startTime },
    { ...failed, active: 1, terminating: 2, uncountedTerminatedPods: { failed: ['a'] } },
    [
      'status.active: Invalid value: 1: active>0 is invalid for finished job',
      'status.uncountedTerminatedPods: Invalid value: {"Succeeded":null,"Failed":["a"]}: must be empty for finished job',
      'status.terminating: Invalid value: 2: terminating>0 is invalid for finished job',
    ],
  ],
  ['what was wrong before', { active: 1, conditions: is('Complete') }, { active: 1, conditions: is('Complete') }, []],
  [
    'more ready pods than active ones',
    {},
    { ready: 1 },
    ['status.ready: Invalid value: 1: cannot set more ready pods than active'],
  ],
  [
    'an end that is taken back',
    complete,
    { startTime },
    [
      'status.conditions: Invalid value: cannot disable the terminal Complete=True condition',
      'status.conditions: Invalid value: cannot disable the SuccessCriteriaMet=True condition',
    ],
  ],
  [
    'another time of completion',
    complete,
    { ...complete, completionTime: '2026-01-01T00:00:06Z' },
    ['status.completionTime: Invalid value: "2026-01-01T00:00:06Z": field is immutable'],
  ],
  [
    'counts that go down',
    { failed: 2, succeeded: 2 },
    { failed: 1, succeeded: 1 },
    [
      'status.failed: Invalid value: 1: cannot decrease the failed counter',
      'status.succeeded: Invalid value: 1: cannot decrease the succeeded counter',
    ],
  ],
  ['successes of a job that shrank', { succeeded: 2 }, { succeeded: 1 }, [], { ...indexed, parallelism: 5 }],
  [
    'a start that is taken back',
    { startTime },
    {},
    ['status.startTime: Required value: startTime cannot be removed for unsuspended job'],
  ],
  ['a start that is taken back while the job waits', { startTime }, {}, [], { suspend: true }],
  [
    'indexes without indexes',
    {},
    { completedIndexes: '0', failedIndexes: '' },
    [
      'status.completedIndexes: Invalid value: "0": cannot set non-empty completedIndexes when non-indexed completion mode',
      'status.failedIndexes: Invalid value: "": cannot set non-null failedIndexes when backoffLimitPerIndex is null',
    ],
  ],
  [
    'indexes that cannot be',
    {},
    { completedIndexes: '3,1', failedIndexes: '5' },
    [
      'status.completedIndexes: Invalid value: "3,1": error parsing completedIndexes: non-increasing order, previous: 3, current: 1',
      'status.failedIndexes: Invalid value: "5": error parsing failedIndexes: too large index: "5"',
    ],
    limited,
  ],
  [
    'indexes that both failed and completed',
    {},
    { completedIndexes: '0,2-4', failedIndexes: '1,3' },
    ['status.failedIndexes: Invalid value: "1,3": failedIndexes and completedIndexes overlap at index: 3'],
    limited,
  ],
  [
    'completion without the success that was asked for',
    { startTime, completionTime, conditions: is('Complete') },
    { startTime, completionTime, conditions: is('Complete') },
    [
      'status.conditions: Invalid value: cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True',
    ],
    { ...indexed, successPolicy: { rules: [{ succeededCount: 1 }] } },
  ],
];

describe('validation of the status of jobs', () => {
  for (const [what, before, status, errors, spec = {}] of CASES) {
    it(`looks at ${what}`, () => {
      const old = created<V1Job>('Job', { metadata: { name: 'a', uid: 'u' }, spec: { template, ...spec } });
      old.status = before as V1JobStatus;
      const change = (job: V1Job) => Object.assign(job, { status, spec: { template: {} } });
      const { object, errors: found } = updated('Job', old, change, 'status');
      assert.deepEqual(found, errors);
      assert.deepEqual(object.spec, old.spec);
    });
  }
});

describe('lists of indexes', () => {
  const lists: [text: string, total: number | undefined, error: string | undefined][] = [
    ['', 0, undefined],
    ['0', 1, undefined],
    ['0,2-4', 4, undefined],
    ['2-2', undefined, 'non-increasing order, previous: 2, current: 2'],
    ['0,0', undefined, 'non-increasing order, previous: 0, current: 0'],
    ['1-x', undefined, 'cannot convert string to integer for index: "x"'],
    ['1-5', undefined, 'too large index: "5"'],
    [
      '1-2-3',
      undefined,
      'the fragment "1-2-3" violates the requirement that an index interval can have at most two parts separated by \'-\'',
    ],
  ];
  for (const [text, total, error] of lists) {
    it(`are read: ${text || 'none'}`, () => {
      const result = parseIndexes(text, 5);
      assert.deepEqual(result.error === undefined ? [result.total, undefined] : [undefined, result.error], [
        total,
        error,
      ]);
    });
  }

  it('overlap, or not', () => {
    assert.deepEqual(
      [firstOverlap('0-2', '1,3', 5), firstOverlap('0,2', '1,3', 5), firstOverlap('x,1', '1', 5)],
      [1, undefined, 1],
    );
  });
});
