import assert from 'node:assert/strict';
import type { V1ContainerStatus, V1Pod } from '../../../openapi/generated/types.ts';
import { podColumns, summaryOf } from './pod-columns.ts';

const status = (name: string, rest: Partial<V1ContainerStatus>): V1ContainerStatus => ({
  name,
  image: '',
  imageID: '',
  ready: false,
  restartCount: 0,
  ...rest,
});
const running = (name: string) => status(name, { ready: true, state: { running: {} } });
const ended = (name: string, exitCode: number, rest: { reason?: string; signal?: number } = {}) =>
  status(name, { state: { terminated: { exitCode, ...rest } } });
const waiting = (name: string, reason: string) => status(name, { state: { waiting: { reason } } });

const pod = (containers: number, podStatus: V1Pod['status'], rest: Partial<V1Pod> = {}): V1Pod => ({
  metadata: { name: 'p' },
  spec: { containers: Array.from({ length: containers }, (_, i) => ({ name: `c${i}` })) },
  ...(podStatus ? { status: podStatus } : {}),
  ...rest,
});
const withInit = (podStatus: V1Pod['status'], sidecar = false): V1Pod => ({
  ...pod(1, podStatus),
  spec: {
    containers: [{ name: 'c0' }],
    initContainers: [{ name: 'i0', ...(sidecar ? { restartPolicy: 'Always' } : {}) }, { name: 'i1' }],
  },
});
const deleted = { metadata: { name: 'p', deletionTimestamp: '2026-01-01T00:00:00Z' } };

const CASES: [title: string, pod: V1Pod, ready: string, status: string][] = [
  ['a new pod', pod(2, { phase: 'Pending' }), '0/2', 'Pending'],
  ['a running pod', pod(2, { phase: 'Running', containerStatuses: [running('c0'), running('c1')] }), '2/2', 'Running'],
  [
    'a pod that is pulled',
    pod(1, { phase: 'Pending', containerStatuses: [waiting('c0', 'ContainerCreating')] }),
    '0/1',
    'ContainerCreating',
  ],
  [
    'a pod that crashes',
    pod(1, { phase: 'Running', containerStatuses: [waiting('c0', 'CrashLoopBackOff')] }),
    '0/1',
    'CrashLoopBackOff',
  ],
  [
    'a pod that is done',
    pod(1, { phase: 'Succeeded', containerStatuses: [ended('c0', 0, { reason: 'Completed' })] }),
    '0/1',
    'Completed',
  ],
  [
    'a pod that failed',
    pod(1, { phase: 'Failed', containerStatuses: [ended('c0', 1, { reason: 'Error' })] }),
    '0/1',
    'Error',
  ],
  [
    'an exit code without a reason',
    pod(1, { phase: 'Failed', containerStatuses: [ended('c0', 3)] }),
    '0/1',
    'ExitCode:3',
  ],
  [
    'a signal without a reason',
    pod(1, { phase: 'Failed', containerStatuses: [ended('c0', 137, { signal: 9 })] }),
    '0/1',
    'Signal:9',
  ],
  ['an evicted pod', pod(1, { phase: 'Failed', reason: 'Evicted' }), '0/1', 'Evicted'],
  [
    'a container done beside one that runs, not ready',
    pod(2, {
      phase: 'Running',
      containerStatuses: [running('c0'), ended('c1', 0, { reason: 'Completed' })].toReversed(),
    }),
    '1/2',
    'NotReady',
  ],
  [
    'a container done beside one that runs, ready',
    pod(2, {
      phase: 'Running',
      conditions: [{ type: 'Ready', status: 'True' }],
      containerStatuses: [ended('c0', 0, { reason: 'Completed' }), running('c1')],
    }),
    '1/2',
    'Running',
  ],
  [
    'a pod that is deleted',
    pod(1, { phase: 'Running', containerStatuses: [running('c0')] }, deleted),
    '1/1',
    'Terminating',
  ],
  ['a deleted pod on a lost node', pod(1, { phase: 'Running', reason: 'NodeLost' }, deleted), '0/1', 'Unknown'],
  [
    'a deleted pod that had ended',
    pod(1, { phase: 'Succeeded', containerStatuses: [ended('c0', 0, { reason: 'Completed' })] }, deleted),
    '0/1',
    'Completed',
  ],
  [
    'a gated pod',
    pod(1, { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }] }),
    '0/1',
    'SchedulingGated',
  ],
  [
    'init containers at work',
    withInit({ phase: 'Pending', initContainerStatuses: [ended('i0', 0), status('i1', { state: { running: {} } })] }),
    '0/1',
    'Init:1/2',
  ],
  [
    'a failed init container',
    withInit({ phase: 'Pending', initContainerStatuses: [ended('i0', 1, { reason: 'Error' })] }),
    '0/1',
    'Init:Error',
  ],
  [
    'a failed init container without reason',
    withInit({ phase: 'Pending', initContainerStatuses: [ended('i0', 2)] }),
    '0/1',
    'Init:ExitCode:2',
  ],
  [
    'an init container that crashes',
    withInit({ phase: 'Pending', initContainerStatuses: [waiting('i0', 'CrashLoopBackOff')] }),
    '0/1',
    'Init:CrashLoopBackOff',
  ],
  [
    'an init container yet to start',
    withInit({ phase: 'Pending', initContainerStatuses: [waiting('i0', 'PodInitializing')] }),
    '0/1',
    'Init:0/2',
  ],
  [
    'a sidecar that counts',
    withInit(
      {
        phase: 'Running',
        initContainerStatuses: [status('i0', { ...running('i0'), started: true }), ended('i1', 0)],
        containerStatuses: [running('c0')],
      },
      true,
    ),
    '2/2',
    'Running',
  ],
];

describe('summaryOf()', () => {
  for (const [title, object, ready, text] of CASES) {
    it(`tells the state of ${title}`, () => {
      const summary = summaryOf(object);
      assert.equal(summary.status, text);
      assert.equal(summary.ready, ready);
    });
  }
});

describe('podColumns()', () => {
  const now = Date.parse('2026-01-01T00:01:00Z');
  const cells = (object: V1Pod) => podColumns(() => '').map((column) => column.value(object, now));

  it('tells when a container was last started again', () => {
    const lastState = { terminated: { exitCode: 1, finishedAt: '2026-01-01T00:00:55Z' } };
    const object = pod(2, {
      phase: 'Running',
      containerStatuses: [
        { ...running('c0'), restartCount: 1, lastState },
        { ...running('c1'), restartCount: 2 },
      ],
    });
    assert.equal(cells(object)[3], '3 (5s ago)');
  });

  it('counts restarts of init containers only while they are at work', () => {
    const restarted = { ...ended('i0', 0), restartCount: 4 };
    assert.equal(cells(withInit({ phase: 'Pending', initContainerStatuses: [restarted, waiting('i1', 'x')] }))[3], '4');
    const done = {
      phase: 'Running',
      initContainerStatuses: [restarted, ended('i1', 0)],
      containerStatuses: [running('c0')],
    };
    assert.equal(cells(withInit(done))[3], '0');
  });

  it('shows addresses, nodes and readiness gates when asked for more', () => {
    const object = pod(1, {
      phase: 'Running',
      podIPs: [{ ip: '1.1.1.1' }],
      nominatedNodeName: 'm',
      conditions: [
        { type: 'a', status: 'True' },
        { type: 'b', status: 'False' },
      ],
    });
    object.spec = { containers: [], nodeName: 'n', readinessGates: [{ conditionType: 'a' }, { conditionType: 'b' }] };
    assert.deepEqual(cells(object).slice(5), ['1.1.1.1', 'n', 'm', '1/2']);
    assert.deepEqual(cells(pod(1, {})).slice(5), ['<none>', '<none>', '<none>', '<none>']);
  });
});
