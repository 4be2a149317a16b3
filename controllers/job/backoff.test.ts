import assert from 'node:assert/strict';
import type { V1Pod } from '../../openapi/generated/types.ts';
import { finishedAtMs, nextRecord, remainingMs } from './backoff.ts';
import { podWith } from './fixtures.ts';

const NOON = Date.UTC(2026, 0, 1, 12);
const at = (seconds: number) => `${new Date(NOON + seconds * 1000).toISOString().slice(0, 19)}Z`;
const ended = (seconds: number) => podWith(`p${seconds}`, { finishedAt: at(seconds) });

describe('nextRecord', () => {
  const cases: [title: string, failuresBefore: number, succeeded: number[], failed: number[], after: object][] = [
    ['keeps what is known when nothing ended', 2, [], [], { failures: 2, lastFailureMs: NOON }],
    ['adds failures', 2, [], [9, 4], { failures: 4, lastFailureMs: NOON + 9000 }],
    ['forgets failures at a success', 2, [4], [], { failures: 0 }],
    ['forgets failures before a success', 2, [4], [3, 4], { failures: 0 }],
    ['counts failures after a success', 2, [1, 4], [3, 5, 6], { failures: 2, lastFailureMs: NOON + 6000 }],
  ];
  for (const [title, failures, succeeded, failed, after] of cases) {
    it(title, () => {
      const before = { failures, lastFailureMs: NOON };
      assert.deepEqual(nextRecord(before, succeeded.map(ended), failed.map(ended)), after);
    });
  }
});

describe('remainingMs', () => {
  const cases: [failures: number, seconds: number][] = [
    [0, 0],
    [1, 10],
    [2, 20],
    [4, 80],
    [7, 600],
    [2000, 600],
  ];
  for (const [failures, seconds] of cases) {
    it(`is ${seconds} s after ${failures} failures`, () => {
      const record = { failures, lastFailureMs: NOON };
      assert.equal(remainingMs(record, NOON), seconds * 1000);
      assert.equal(remainingMs(record, NOON + 700_000), 0);
    });
  }
});

describe('finishedAtMs', () => {
  const unready = { type: 'Ready', status: 'False', lastTransitionTime: at(7) };
  const sidecar: V1Pod = {
    ...podWith('p', { finishedAt: at(3) }),
    spec: {
      containers: [],
      initContainers: [{ name: 'side', restartPolicy: 'Always' }, { name: 'first' }],
    },
  };
  sidecar.status!.initContainerStatuses = ['side', 'first'].map((name, i) => ({
    name,
    image: '',
    imageID: '',
    ready: false,
    restartCount: 0,
    state: { terminated: { exitCode: 0, finishedAt: at(5 + i) } },
  }));
  const running = podWith('p');
  running.status!.conditions = [unready];
  const cases: [title: string, pod: V1Pod, ms: number][] = [
    ['when the container ended', ended(3), NOON + 3000],
    ['when the last sidecar ended, but no other init container', sidecar, NOON + 5000],
    ['since when it is not ready', running, NOON + 7000],
    ['when it was deleted, not when it must be gone', podWith('p', { deleted: true }), Date.UTC(2026, 0, 1)],
    ['when it was created', podWith('p'), Date.UTC(2026, 0, 1)],
  ];
  for (const [title, pod, ms] of cases) it(`is ${title}`, () => assert.equal(finishedAtMs(pod), ms));
});
