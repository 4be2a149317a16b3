import assert from 'node:assert/strict';
import type { ContainerInspectInfo } from 'dockerode';
import { containerRecord, podRecords } from './records.ts';

const CREATED = '2026-01-01T00:00:00.123456789Z';
const STARTED = '2026-01-01T00:00:01.5Z';
const FINISHED = '2026-01-01T00:00:02Z';
const ZERO = '0001-01-01T00:00:00Z';
const AT = Date.UTC(2026, 0, 1);

function inspect(state: Partial<ContainerInspectInfo['State']>): ContainerInspectInfo {
  const State = { Running: false, Paused: false, ExitCode: 0, Error: '', StartedAt: ZERO, FinishedAt: ZERO, ...state };
  const Labels = {
    'io.kubernetes.pod.uid': 'u',
    'io.kubernetes.container.name': 'app',
    'io.kubets.attempt': '4',
    'io.kubets.label-keys': '["a"]',
    'of-the-image': 'c',
    a: 'b',
  };
  const Config = { Image: 'image:1', Tty: false, Labels };
  return { Id: 'id', Created: CREATED, Image: 'sha256:1', State, Config } as unknown as ContainerInspectInfo;
}

describe('The record of a container', () => {
  const cases: { title: string; state: Partial<ContainerInspectInfo['State']>; record: object }[] = [
    { title: 'is created until it starts', state: { Status: 'created' }, record: { state: 'created' } },
    {
      title: 'runs from its start',
      state: { Status: 'running', Running: true, StartedAt: STARTED },
      record: { state: 'running', startedAt: AT + 1500 },
    },
    {
      title: 'keeps how and when it ended',
      state: { Status: 'exited', ExitCode: 3, StartedAt: STARTED, FinishedAt: FINISHED },
      record: { state: 'exited', startedAt: AT + 1500, finishedAt: AT + 2000, exitCode: 3 },
    },
    {
      title: 'never ends before it began',
      state: { Status: 'exited', StartedAt: FINISHED, FinishedAt: STARTED },
      record: { state: 'exited', startedAt: AT + 2000, finishedAt: AT + 2000, exitCode: 0 },
    },
    {
      title: 'says when memory ran out',
      state: { Status: 'exited', ExitCode: 137, OOMKilled: true, StartedAt: STARTED, FinishedAt: FINISHED },
      record: { state: 'exited', startedAt: AT + 1500, finishedAt: AT + 2000, exitCode: 137, oomKilled: true },
    },
    {
      title: 'counts a failed start as an exit at its creation, with the reason',
      state: { Status: 'created', ExitCode: 127, Error: 'no such file' },
      record: { state: 'exited', startedAt: AT + 123, finishedAt: AT + 123, exitCode: 127, message: 'no such file' },
    },
    {
      title: 'is exited while it is being removed',
      state: { Status: 'removing', ExitCode: 137, StartedAt: STARTED, FinishedAt: FINISHED },
      record: { state: 'exited', startedAt: AT + 1500, finishedAt: AT + 2000, exitCode: 137 },
    },
  ];
  for (const { title, state, record } of cases) {
    it(title, () => {
      assert.deepEqual(containerRecord(inspect(state)).record, {
        id: 'id',
        pod: { uid: 'u', namespace: '', name: '' },
        name: 'app',
        attempt: 4,
        image: 'image:1',
        imageId: 'sha256:1',
        createdAt: AT + 123,
        labels: { a: 'b' },
        ...record,
      });
    });
  }

  it('stands before older ones of its pod', () => {
    const pod = { uid: 'u', namespace: 'n', name: 'p' };
    const sandbox = (id: string, createdAt: number, attempt: number) => ({ id, pod, attempt, ready: true, createdAt });
    const [record] = podRecords([sandbox('old', 1, 0), sandbox('new', 2, 1), sandbox('newest', 2, 2)], []);
    assert.deepEqual(
      record?.sandboxes.map(({ id }) => id),
      ['newest', 'new', 'old'],
    );
  });
});
