import assert from 'node:assert/strict';
import type { V1Pod, V1PodSpec, V1PodStatus } from '../../openapi/generated/types.ts';
import { container, NOW, pod } from '../kubelet/fixtures.ts';
import { scriptOf } from './script.ts';
import { nextPodStatus, type PodPlan, type PodStep } from './stages.ts';

const ours = (annotations: Record<string, string>) =>
  Object.fromEntries(Object.entries(annotations).map(([key, value]) => [`simulation.kubets.dev/${key}`, value]));

/** A pod that is played: each look takes the status over, as the API server would. */
class Play {
  pod: V1Pod;
  step: PodStep = { runs: new Map() };
  readonly #node: Record<string, string>;

  constructor(spec: Partial<V1PodSpec> = {}, annotations: Record<string, string> = {}, node = {}) {
    this.#node = node;
    this.pod = pod(spec, { annotations: ours(annotations) });
    this.pod.status = {
      phase: 'Pending',
      conditions: [{ type: 'PodScheduled', status: 'True', lastTransitionTime: '2025-12-31T00:00:00Z' }],
    };
  }

  /** Looks at the pod `ms` after it was bound. */
  at(ms: number, more: Partial<PodPlan> = {}): this {
    this.step = nextPodStatus(this.pod, NOW + ms, {
      hostIP: '100.64.0.1',
      podIP: '10.128.0.2',
      boundAt: NOW,
      script: scriptOf(this.pod.metadata?.annotations),
      nodeScript: scriptOf(ours(this.#node)),
      runs: this.step.runs,
      ...more,
    });
    if (this.step.status) this.pod = { ...this.pod, status: this.step.status };
    return this;
  }

  annotate(annotations: Record<string, string>): this {
    this.pod = { ...this.pod, metadata: { ...this.pod.metadata, annotations: ours(annotations) } };
    return this;
  }

  /** Asks for the pod's deletion `ms` after it was bound. */
  delete(ms: number, graceSeconds = 30): this {
    const deletionTimestamp = new Date(NOW + ms + graceSeconds * 1000).toISOString();
    const deletion = { deletionTimestamp, deletionGracePeriodSeconds: graceSeconds };
    this.pod = { ...this.pod, metadata: { ...this.pod.metadata, ...deletion } };
    return this;
  }

  get status(): V1PodStatus {
    return this.pod.status ?? {};
  }

  condition(type: string): string | undefined {
    return this.status.conditions?.find((condition) => condition.type === type)?.status;
  }

  /** `running 0`, `waiting CrashLoopBackOff 1`, `exited 1 0`: state and restarts of each container, init ones first. */
  get containers(): string[] {
    const all = [...(this.status.initContainerStatuses ?? []), ...(this.status.containerStatuses ?? [])];
    return all.map(({ state, restartCount }) => {
      if (state?.running) return `running ${restartCount}`;
      if (state?.terminated) return `exited ${state.terminated.exitCode} ${restartCount}`;
      return `waiting ${state?.waiting?.reason} ${restartCount}`;
    });
  }

  /** When it wants to be looked at again, after it was bound. */
  get again(): number | undefined {
    return this.step.at === undefined ? undefined : this.step.at - NOW;
  }
}

describe('A simulated pod', () => {
  it('runs and is ready with everything a kubelet would tell of it', () => {
    const play = new Play().at(0);
    const { status } = play;
    assert.equal(status.phase, 'Running');
    assert.deepEqual([status.hostIP, status.hostIPs], ['100.64.0.1', [{ ip: '100.64.0.1' }]]);
    assert.deepEqual([status.podIP, status.podIPs], ['10.128.0.2', [{ ip: '10.128.0.2' }]]);
    assert.deepEqual([status.startTime, status.qosClass], ['2026-01-01T00:00:00Z', 'BestEffort']);
    assert.deepEqual(
      status.conditions?.map((condition) => `${condition.type} ${condition.status}`),
      ['PodReadyToStartContainers True', 'Initialized True', 'Ready True', 'ContainersReady True', 'PodScheduled True'],
    );
    assert.equal(status.conditions?.[4]?.lastTransitionTime, '2025-12-31T00:00:00Z');
    const [web] = status.containerStatuses ?? [];
    assert.match(web?.containerID ?? '', /^simulated:\/\/[0-9a-z]{64}$/);
    assert.deepEqual([web?.ready, web?.started, web?.restartCount], [true, true, 0]);
    assert.deepEqual(web?.state, { running: { startedAt: '2026-01-01T00:00:00Z' } });
    assert.equal(play.again, undefined);
  });

  it('is left alone once its status is as it ought to be', () => {
    const play = new Play({ initContainers: [container('init')] }).at(0);
    assert.equal(play.at(1000).step.status, undefined);
    assert.equal(play.at(1_000_000, { runs: new Map() }).step.status, undefined);
  });

  it('is on its host’s network where it asks for it', () => {
    assert.equal(new Play({ hostNetwork: true }).at(0).status.podIP, '100.64.0.1');
  });

  it('starts without a word after a short delay', () => {
    const play = new Play({}, {}, { 'start-seconds': '0.5' }).at(0);
    assert.deepEqual([play.step.status, play.again], [undefined, 500]);
    assert.equal(play.at(500).status.phase, 'Running');
  });

  it('is seen to wait through a long delay, which its own annotation may set', () => {
    const play = new Play({}, { 'start-seconds': '60' }, { 'start-seconds': '0.5' }).at(0);
    assert.deepEqual([play.status.phase, play.again], ['Pending', 60_000]);
    assert.deepEqual(play.containers, ['waiting ContainerCreating 0']);
    assert.deepEqual([play.status.podIP, play.condition('Ready')], [undefined, 'False']);
    assert.equal(play.at(59_000).step.status, undefined);
    assert.equal(play.at(60_000).status.phase, 'Running');
    assert.equal(play.status.startTime, '2026-01-01T00:00:00Z');
  });

  it('goes through its init containers in order, and keeps its sidecars', () => {
    const initContainers = [container('first'), container('side', { restartPolicy: 'Always' }), container('last')];
    const play = new Play({ initContainers }).at(0);
    assert.deepEqual(play.containers, ['exited 0 0', 'running 0', 'exited 0 0', 'running 0']);
    assert.equal(play.condition('Initialized'), 'True');
  });

  const initFailures: { restartPolicy: string; containers: string[]; phase: string; again: number | undefined }[] = [
    {
      restartPolicy: 'Never',
      containers: ['exited 3 0', 'waiting PodInitializing 0'],
      phase: 'Failed',
      again: undefined,
    },
    {
      restartPolicy: 'Always',
      containers: ['waiting CrashLoopBackOff 1', 'waiting PodInitializing 0'],
      phase: 'Pending',
      again: 10_000,
    },
  ];
  for (const { restartPolicy, containers, phase, again } of initFailures) {
    it(`is ${phase} when an init container fails under restartPolicy ${restartPolicy}`, () => {
      const spec = { restartPolicy, initContainers: [container('init')] };
      const play = new Play(spec, { 'init-exit-code': '3' }).at(0);
      assert.deepEqual([play.containers, play.status.phase, play.again], [containers, phase, again]);
    });
  }

  const ends: { restartPolicy: string; code: string; containers: string[]; phase: string }[] = [
    { restartPolicy: 'Never', code: '0', containers: ['exited 0 0'], phase: 'Succeeded' },
    { restartPolicy: 'Never', code: '1', containers: ['exited 1 0'], phase: 'Failed' },
    { restartPolicy: 'OnFailure', code: '0', containers: ['exited 0 0'], phase: 'Succeeded' },
    { restartPolicy: 'OnFailure', code: '1', containers: ['running 1'], phase: 'Running' },
    { restartPolicy: 'Always', code: '0', containers: ['running 1'], phase: 'Running' },
  ];
  for (const { restartPolicy, code, containers, phase } of ends) {
    it(`is ${phase} after an exit with ${code} under restartPolicy ${restartPolicy}`, () => {
      const play = new Play({ restartPolicy }, { 'run-seconds': '1.5', 'exit-code': code }).at(0);
      assert.equal(play.again, 1500);
      assert.equal(play.at(1499).step.status, undefined);
      play.at(1500);
      assert.deepEqual([play.containers, play.status.phase], [containers, phase]);
    });
  }

  it('ends its sidecars when its containers have ended', () => {
    const initContainers = [container('side', { restartPolicy: 'Always' })];
    const play = new Play({ restartPolicy: 'Never', initContainers }, { 'run-seconds': '1' }).at(0).at(1000);
    assert.deepEqual([play.containers, play.status.phase], [['exited 0 0', 'exited 0 0'], 'Succeeded']);
  });

  it('is restarted after longer and longer waits, and at once again after a long run', () => {
    const play = new Play({}, { 'run-seconds': '1', 'exit-code': '1' }).at(0).at(1000);
    assert.deepEqual(play.containers, ['running 1']);
    play.at(2000);
    assert.deepEqual([play.containers, play.again], [['waiting CrashLoopBackOff 1'], 12_000]);
    assert.match(
      play.status.containerStatuses?.[0]?.state?.waiting?.message ?? '',
      /^back-off 10s restarting failed container=web pod=web_default\(u1\)$/,
    );
    assert.equal(play.status.containerStatuses?.[0]?.lastState?.terminated?.exitCode, 1);
    assert.deepEqual([play.status.phase, play.condition('Ready')], ['Running', 'False']);
    assert.equal(play.at(11_999).step.status, undefined);
    assert.deepEqual(play.at(12_000).containers, ['running 2']);
    assert.equal(play.at(13_000).again, 33_000);
    play.at(33_000).annotate({ 'run-seconds': '601', 'exit-code': '1' });
    assert.deepEqual(play.at(33_000 + 601_000).containers, ['running 4']);
  });

  it('takes another exit code for later attempts', () => {
    const spec = { restartPolicy: 'OnFailure' };
    const play = new Play(spec, { 'run-seconds': '1', 'exit-code': '1,0' }).at(0).at(1000).at(2000);
    assert.deepEqual([play.containers, play.status.phase], [['exited 0 1'], 'Succeeded']);
  });

  it('goes on from its status alone when all else is forgotten', () => {
    const play = new Play({}, { 'run-seconds': '1', 'exit-code': '1' }).at(0).at(1000).at(2000);
    assert.deepEqual(play.at(12_000, { runs: new Map() }).containers, ['running 2']);
    assert.equal(play.at(13_000, { runs: new Map() }).again, 33_000);
  });

  it('heeds what its node says of its pods, but lives on where it is to be restarted always', () => {
    const node = { 'run-seconds': '1', 'fail-rate': '1' };
    assert.equal(new Play({ restartPolicy: 'Never' }, {}, node).at(0).at(1000).status.phase, 'Failed');
    assert.equal(new Play({}, {}, node).at(0).again, undefined);
  });

  it('crashes at the rate of its node', () => {
    const play = new Play({}, {}, { 'crashes-per-hour': '60' }).at(0);
    const crash = play.again ?? 0;
    assert.ok(crash > 0 && crash < 600_000, String(crash));
    assert.equal(play.at(crash).status.containerStatuses?.[0]?.lastState?.terminated?.exitCode, 1);
  });

  it('is ready as its annotation says, whenever that changes', () => {
    const play = new Play({}, { ready: 'false' }).at(0);
    assert.deepEqual([play.status.phase, play.condition('Ready')], ['Running', 'False']);
    assert.equal(play.annotate({}).at(5000).condition('Ready'), 'True');
    assert.equal(play.annotate({ ready: 'false' }).at(6000).condition('Ready'), 'False');
    assert.equal(play.status.conditions?.[2]?.lastTransitionTime, '2026-01-01T00:00:06Z');
  });

  it('is ready after the initial delay of its readiness probe', () => {
    const probed = container('web', { readinessProbe: { initialDelaySeconds: 5, httpGet: { port: 80 } } });
    const play = new Play({ containers: [probed] }).at(0);
    assert.deepEqual([play.condition('Ready'), play.again], ['False', 5000]);
    assert.equal(play.at(5000).condition('Ready'), 'True');
  });

  it('fails at its deadline', () => {
    const play = new Play({ activeDeadlineSeconds: 10 }).at(0);
    assert.equal(play.again, 10_000);
    play.at(10_000);
    assert.deepEqual(
      [play.status.phase, play.status.reason, play.containers],
      ['Failed', 'DeadlineExceeded', ['exited 0 0']],
    );
  });

  it('restarts a container whose image has changed', () => {
    const play = new Play().at(0);
    play.pod = { ...play.pod, spec: { containers: [container('web', { image: 'other:2' })] } };
    play.at(1000);
    assert.deepEqual([play.containers, play.status.containerStatuses?.[0]?.image], [['running 1'], 'other:2']);
  });

  it('ends when it is deleted, and then may go', () => {
    const play = new Play().at(0).delete(5000).at(5000);
    assert.deepEqual([play.containers, play.status.phase, play.step.remove], [['exited 0 0'], 'Succeeded', true]);
    assert.equal(play.status.podIP, '10.128.0.2');
    assert.deepEqual([play.at(6000).step.status, play.step.remove], [undefined, true]);
  });

  it('fails when it is deleted before it has run', () => {
    const play = new Play({}, { 'start-seconds': '60' }).at(0).delete(5000).at(5000);
    assert.deepEqual([play.status.phase, play.step.remove], ['Failed', true]);
  });

  const sleeps: { seconds: number; graceSeconds: number; endsAt: number }[] = [
    { seconds: 10, graceSeconds: 30, endsAt: 15_000 },
    { seconds: 60, graceSeconds: 30, endsAt: 35_000 },
    { seconds: 60, graceSeconds: 0, endsAt: 5000 },
  ];
  for (const { seconds, graceSeconds, endsAt } of sleeps) {
    it(`sleeps ${seconds} s before its end when it has ${graceSeconds} s of grace: until ${endsAt - 5000} ms`, () => {
      const sleeper = container('web', { lifecycle: { preStop: { sleep: { seconds } } } });
      const play = new Play({ containers: [sleeper] }).at(0).delete(5000, graceSeconds);
      if (endsAt > 5000) assert.deepEqual([play.at(5000).again, play.step.remove], [endsAt, undefined]);
      assert.equal(play.at(endsAt).step.remove, true);
    });
  }

  it('fails where its node does not take it', () => {
    const play = new Play().at(0, { rejection: { reason: 'OutOfpods', message: 'Pod was rejected: full' } });
    assert.deepEqual([play.status.phase, play.status.reason], ['Failed', 'OutOfpods']);
    assert.equal(play.condition('PodScheduled'), 'True');
  });

  it('keeps the conditions of others', () => {
    const play = new Play();
    play.pod.status?.conditions?.push({ type: 'DisruptionTarget', status: 'True', reason: 'Theirs' });
    assert.equal(play.at(0).condition('DisruptionTarget'), 'True');
  });
});
