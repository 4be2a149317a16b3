import assert from 'node:assert/strict';
import type { V1ContainerStatus, V1Pod, V1PodStatus } from '../../openapi/generated/types.ts';
import type { PodRecord } from '../runtime/runtime.ts';
import { container, instance, NOW, pod, record } from './fixtures.ts';
import { podStatus, type StatusView } from './status.ts';

const VIEW: StatusView = { now: NOW + 5000, runtimeName: 'docker', hostIP: '192.168.0.1' };
const exited = (exitCode: number) => ({ state: 'exited' as const, exitCode });
const crashLoop = new Map([['web', { reason: 'CrashLoopBackOff', message: 'back-off 10s restarting' }]]);

function statusOf(of: V1Pod, records: PodRecord, view: Partial<StatusView> = {}): V1PodStatus {
  return podStatus(of, records, { ...VIEW, ...view });
}

function only(status: V1PodStatus): V1ContainerStatus {
  return status.containerStatuses?.[0] as V1ContainerStatus;
}

function conditionsOf(status: V1PodStatus): string[] {
  return (status.conditions ?? []).map(({ type, status, reason, message }) =>
    [type, status, reason, message].filter((part) => part !== undefined).join(' '),
  );
}

describe('podStatus', () => {
  it('describes a pod before its sandbox as upstream does', () => {
    const status = statusOf(pod(), record([], []));
    assert.deepEqual(status, {
      observedGeneration: 1,
      phase: 'Pending',
      conditions: [
        {
          type: 'PodReadyToStartContainers',
          observedGeneration: 1,
          status: 'False',
          lastTransitionTime: '2026-01-01T00:00:05Z',
        },
        { type: 'Initialized', observedGeneration: 1, status: 'True', lastTransitionTime: '2026-01-01T00:00:05Z' },
        {
          type: 'Ready',
          observedGeneration: 1,
          status: 'False',
          reason: 'ContainersNotReady',
          message: 'containers with unready status: [web]',
          lastTransitionTime: '2026-01-01T00:00:05Z',
        },
        {
          type: 'ContainersReady',
          observedGeneration: 1,
          status: 'False',
          reason: 'ContainersNotReady',
          message: 'containers with unready status: [web]',
          lastTransitionTime: '2026-01-01T00:00:05Z',
        },
        { type: 'PodScheduled', observedGeneration: 1, status: 'True', lastTransitionTime: '2026-01-01T00:00:05Z' },
      ],
      hostIP: '192.168.0.1',
      hostIPs: [{ ip: '192.168.0.1' }],
      startTime: '2026-01-01T00:00:05Z',
      containerStatuses: [
        {
          name: 'web',
          state: { waiting: { reason: 'ContainerCreating' } },
          lastState: {},
          ready: false,
          restartCount: 0,
          image: 'busybox:1',
          imageID: '',
          started: false,
        },
      ],
      qosClass: 'BestEffort',
    });
  });

  it('describes a running pod as upstream does', () => {
    const status = statusOf(pod(), record([instance()]));
    assert.equal(status.phase, 'Running');
    assert.equal(status.podIP, '10.1.0.1');
    assert.deepEqual(status.podIPs, [{ ip: '10.1.0.1' }]);
    assert.deepEqual(only(status), {
      name: 'web',
      state: { running: { startedAt: '2026-01-01T00:00:00Z' } },
      lastState: {},
      ready: true,
      restartCount: 0,
      image: 'busybox:1',
      imageID: 'sha256:1',
      containerID: 'docker://web-0',
      started: true,
      resources: {},
    });
    assert.deepEqual(conditionsOf(status), [
      'PodReadyToStartContainers True',
      'Initialized True',
      'Ready True',
      'ContainersReady True',
      'PodScheduled True',
    ]);
  });

  const phases: { title: string; pod: V1Pod; record: PodRecord; view?: Partial<StatusView>; phase: string }[] = [
    {
      title: 'running while one container runs',
      pod: pod({ containers: [container('a'), container('b')], restartPolicy: 'Never' }),
      record: record([instance('a'), instance('b', exited(1))]),
      phase: 'Running',
    },
    {
      title: 'pending while one container has not been started',
      pod: pod({ containers: [container('a'), container('b')] }),
      record: record([instance('a')]),
      phase: 'Pending',
    },
    {
      title: 'running though every container crashes',
      pod: pod(),
      record: record([instance('web', exited(1))]),
      view: { waiting: crashLoop },
      phase: 'Running',
    },
    {
      title: 'succeeded',
      pod: pod({ restartPolicy: 'Never' }),
      record: record([instance('web', exited(0))]),
      phase: 'Succeeded',
    },
    {
      title: 'failed',
      pod: pod({ restartPolicy: 'Never' }),
      record: record([instance('web', exited(1))]),
      phase: 'Failed',
    },
    {
      title: 'succeeded with OnFailure',
      pod: pod({ restartPolicy: 'OnFailure' }),
      record: record([instance('web', exited(0))]),
      phase: 'Succeeded',
    },
    {
      title: 'running with OnFailure after a failure',
      pod: pod({ restartPolicy: 'OnFailure' }),
      record: record([instance('web', exited(1))]),
      phase: 'Running',
    },
    {
      title: 'failed when an init container failed for good',
      pod: pod({ restartPolicy: 'Never', initContainers: [container('i')] }),
      record: record([instance('i', exited(1))]),
      phase: 'Failed',
    },
    {
      title: 'pending while an init container runs',
      pod: pod({ initContainers: [container('i')] }),
      record: record([instance('i')]),
      phase: 'Pending',
    },
    {
      title: 'failed when the kubelet has ended it',
      pod: pod(),
      record: record([instance()]),
      view: { failed: { reason: 'DeadlineExceeded', message: 'm' } },
      phase: 'Failed',
    },
    {
      title: 'what it finally was in the API',
      pod: pod(),
      record: record([instance()]),
      view: { previous: { phase: 'Succeeded' } },
      phase: 'Succeeded',
    },
    {
      title: 'failed when it was deleted while it ran and exited with 143',
      pod: pod(),
      record: record([instance('web', exited(143))]),
      view: { over: true },
      phase: 'Failed',
    },
    {
      title: 'succeeded when it was deleted and exited with 0',
      pod: pod(),
      record: record([instance('web', exited(0))]),
      view: { over: true },
      phase: 'Succeeded',
    },
    {
      title: 'failed when it was deleted before it ran',
      pod: pod(),
      record: record([], []),
      view: { over: true },
      phase: 'Failed',
    },
  ];
  for (const { title, pod, record, view, phase } of phases) {
    it(`gives the phase ${phase}: ${title}`, () => assert.equal(statusOf(pod, record, view).phase, phase));
  }

  it('shows a crash loop as waiting with its last end', () => {
    const status = statusOf(pod(), record([instance('web', exited(1), 1)]), { waiting: crashLoop });
    assert.deepEqual(only(status).state, {
      waiting: { reason: 'CrashLoopBackOff', message: 'back-off 10s restarting' },
    });
    assert.deepEqual(only(status).lastState, {
      terminated: {
        exitCode: 1,
        reason: 'Error',
        startedAt: '2026-01-01T00:00:00Z',
        finishedAt: '2026-01-01T00:00:01Z',
        containerID: 'docker://web-1',
      },
    });
    assert.equal(only(status).restartCount, 1);
  });

  it('tells of an end with its reason, message and the end before it', () => {
    const ended = record([instance('web', { ...exited(137), oomKilled: true }, 2), instance('web', exited(0), 1)]);
    const status = only(statusOf(pod(), ended, { messages: new Map([['web-2', 'out of memory']]) }));
    assert.equal(status.state?.terminated?.reason, 'OOMKilled');
    assert.equal(status.state?.terminated?.message, 'out of memory');
    assert.equal(status.lastState?.terminated?.reason, 'Completed');
    assert.equal(status.restartCount, 2);
  });

  it('remembers an end the runtime has forgotten', () => {
    const before = statusOf(pod({ restartPolicy: 'Never' }), record([instance('web', exited(0))]));
    const after = statusOf(pod({ restartPolicy: 'Never' }), record([]), { previous: before });
    assert.equal(after.phase, 'Succeeded');
    assert.deepEqual(only(after).state, only(before).state);
  });

  it('reports a container that vanished as ended unknown', () => {
    const before = statusOf(pod(), record([instance()]));
    const after = only(statusOf(pod(), record([]), { previous: before }));
    assert.deepEqual(after.state, { waiting: { reason: 'ContainerCreating' } });
    assert.equal(after.lastState?.terminated?.reason, 'ContainerStatusUnknown');
    assert.equal(after.restartCount, 1);
  });

  it('shows why a container could not be started', () => {
    const waiting = new Map([['web', { reason: 'ErrImagePull', message: 'no route' }]]);
    const status = statusOf(pod(), record([]), { waiting });
    assert.deepEqual(only(status).state, { waiting: { reason: 'ErrImagePull', message: 'no route' } });
    assert.equal(status.phase, 'Pending');
  });

  it('waits for the init containers before all else', () => {
    const status = statusOf(pod({ initContainers: [container('i'), container('j')] }), record([instance('i')]));
    assert.deepEqual(only(status).state, { waiting: { reason: 'PodInitializing' } });
    assert.deepEqual(
      status.initContainerStatuses?.map(({ ready, state }) => [ready, Object.keys(state ?? {})]),
      [
        [false, ['running']],
        [false, ['waiting']],
      ],
    );
    assert.ok(
      conditionsOf(status).includes(
        'Initialized False ContainersNotInitialized containers with incomplete status: [i j]',
      ),
    );
  });

  it('counts a finished init container as ready', () => {
    const status = statusOf(pod({ initContainers: [container('i')] }), record([instance('i', exited(0))]));
    assert.equal(status.initContainerStatuses?.[0]?.ready, true);
    assert.ok(conditionsOf(status).includes('Initialized True'));
  });

  it('is not ready while a probe says so', () => {
    const probes = { started: () => true, ready: () => false };
    const status = statusOf(pod(), record([instance()]), { probes });
    assert.equal(only(status).ready, false);
    assert.ok(conditionsOf(status).includes('Ready False ContainersNotReady containers with unready status: [web]'));
  });

  it('is not ready while a sidecar is not', () => {
    const probes = { started: () => true, ready: (c: { name: string }) => c.name === 'web' };
    const spec = { initContainers: [container('side', { restartPolicy: 'Always' })] };
    const status = statusOf(pod(spec), record([instance(), instance('side')]), { probes });
    assert.ok(
      conditionsOf(status).includes('ContainersReady False ContainersNotReady containers with unready status: [side]'),
    );
  });

  it('words the conditions of a completed pod as upstream', () => {
    const status = statusOf(pod({ restartPolicy: 'Never' }), record([instance('web', exited(0))]));
    assert.deepEqual(conditionsOf(status), [
      'PodReadyToStartContainers False',
      'Initialized True PodCompleted',
      'Ready False PodCompleted',
      'ContainersReady False PodCompleted',
      'PodScheduled True',
    ]);
  });

  it('waits for readiness gates', () => {
    const gated = pod({ readinessGates: [{ conditionType: 'example.com/a' }] });
    assert.ok(
      conditionsOf(statusOf(gated, record([instance()]))).includes(
        'Ready False ReadinessGatesNotReady corresponding condition of pod readiness gate "example.com/a" does not exist.',
      ),
    );
    const open = { ...gated, status: { conditions: [{ type: 'example.com/a', status: 'True' }] } };
    assert.ok(conditionsOf(statusOf(open, record([instance()]))).includes('Ready True'));
  });

  it('keeps transition times until a condition changes', () => {
    const before = statusOf(pod(), record([]), { now: NOW });
    const same = statusOf(pod(), record([]), { now: NOW + 60_000, previous: before });
    assert.deepEqual(same, before);
    const running = statusOf(pod(), record([instance()]), { now: NOW + 60_000, previous: before });
    const time = (type: string) => running.conditions?.find((condition) => condition.type === type)?.lastTransitionTime;
    assert.equal(time('Ready'), '2026-01-01T00:01:00Z');
    assert.equal(time('Initialized'), '2026-01-01T00:00:00Z');
    assert.equal(running.startTime, before.startTime);
  });

  it('gives a pod on the host network the address of the host', () => {
    assert.equal(statusOf(pod({ hostNetwork: true }), record([instance()])).podIP, '192.168.0.1');
  });

  for (const [title, resources, qos] of [
    [
      'limits equal to requests',
      { requests: { cpu: '1', memory: '1Gi' }, limits: { cpu: '1000m', memory: '1Gi' } },
      'Guaranteed',
    ],
    ['only limits', { limits: { cpu: '1', memory: '1Gi' } }, 'Guaranteed'],
    ['only a cpu request', { requests: { cpu: '1' } }, 'Burstable'],
    ['nothing', {}, 'BestEffort'],
  ] as const) {
    it(`gives the QoS class ${qos} for ${title}`, () => {
      assert.equal(statusOf(pod({ containers: [container('web', { resources })] }), record([])).qosClass, qos);
    });
  }
});
