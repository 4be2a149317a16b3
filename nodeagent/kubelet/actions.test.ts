import assert from 'node:assert/strict';
import type { V1Pod } from '../../openapi/generated/types.ts';
import type { PodRecord } from '../runtime/runtime.ts';
import { computePodActions, type ProbeFindings } from './actions.ts';
import { container, instance, pod, record, sandbox } from './fixtures.ts';
import { SANDBOX_LABEL } from './names.ts';

interface Case {
  title: string;
  pod: V1Pod;
  record: PodRecord;
  probes?: Partial<ProbeFindings>;
  expect: { sandbox?: number; kill?: string[]; start?: string[] };
}

const exited = (exitCode: number) => ({ state: 'exited' as const, exitCode });
const sidecar = container('side', { restartPolicy: 'Always' });
const withInit = pod({ initContainers: [container('a'), container('b')] });

const cases: Case[] = [
  {
    title: 'a new pod gets a sandbox and all its containers',
    pod: pod({ containers: [container('a'), container('b')] }),
    record: record([], []),
    expect: { sandbox: 0, start: ['a', 'b'] },
  },
  {
    title: 'a new pod with init containers starts only the first',
    pod: withInit,
    record: record([], []),
    expect: { sandbox: 0, start: ['a'] },
  },
  { title: 'a pod that runs is left alone', pod: pod(), record: record([instance()]), expect: {} },
  {
    title: 'a container made by a kubelet that wrote no hash is left alone',
    pod: pod(),
    record: record([instance('web', { labels: {} })]),
    expect: {},
  },
  {
    title: 'a changed image restarts the container',
    pod: pod({ containers: [container('web', { image: 'busybox:2' })] }),
    record: record([instance()]),
    expect: { kill: ['web-0: Container web definition changed, will be restarted'], start: ['web'] },
  },
  {
    title: 'a changed image restarts the container even where nothing is restarted',
    pod: pod({ restartPolicy: 'Never', containers: [container('web', { image: 'busybox:2' })] }),
    record: record([instance()]),
    expect: { kill: ['web-0: Container web definition changed, will be restarted'], start: ['web'] },
  },
  {
    title: 'a failed liveness probe restarts the container',
    pod: pod(),
    record: record([instance()]),
    probes: { failed: () => 'liveness' },
    expect: { kill: ['web-0: Container web failed liveness probe, will be restarted'], start: ['web'] },
  },
  {
    title: 'a failed startup probe ends a container that is never restarted',
    pod: pod({ restartPolicy: 'Never' }),
    record: record([instance()]),
    probes: { failed: () => 'startup' },
    expect: { kill: ['web-0: Container web failed startup probe'] },
  },
  {
    title: 'an ended container is started again',
    pod: pod(),
    record: record([instance('web', exited(0))]),
    expect: { start: ['web'] },
  },
  {
    title: 'success is final with OnFailure',
    pod: pod({ restartPolicy: 'OnFailure' }),
    record: record([instance('web', exited(0))]),
    expect: {},
  },
  {
    title: 'failure is not final with OnFailure',
    pod: pod({ restartPolicy: 'OnFailure' }),
    record: record([instance('web', exited(1))]),
    expect: { start: ['web'] },
  },
  {
    title: 'every end is final with Never',
    pod: pod({ restartPolicy: 'Never' }),
    record: record([instance('web', exited(1))]),
    expect: {},
  },
  {
    title: 'a container that was made and never started is started anew',
    pod: pod({ restartPolicy: 'Never' }),
    record: record([instance('web', { state: 'created' })]),
    expect: { start: ['web'] },
  },
  {
    title: 'a container whose start failed has ended',
    pod: pod({ restartPolicy: 'Never' }),
    record: record([instance('web', { state: 'created', exitCode: 127 })]),
    expect: {},
  },
  {
    title: 'a container may have a restart policy of its own',
    pod: pod({ restartPolicy: 'Never', containers: [container('web', { restartPolicy: 'OnFailure' })] }),
    record: record([instance('web', exited(3))]),
    expect: { start: ['web'] },
  },
  {
    title: 'an exit code may be worth a restart',
    pod: pod({
      containers: [
        container('web', {
          restartPolicy: 'Never',
          restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }],
        }),
      ],
    }),
    record: record([instance('web', exited(42))]),
    expect: { start: ['web'] },
  },
  {
    title: 'a dead sandbox is replaced with everything in it',
    pod: pod(),
    record: record([instance()], [sandbox({ ready: false })]),
    expect: { sandbox: 1, kill: ['web-0: Stopping container web'], start: ['web'] },
  },
  {
    title: 'a sandbox without an address is replaced',
    pod: pod(),
    record: record([], [{ ...sandbox(), ip: '' }]),
    expect: { sandbox: 1, start: ['web'] },
  },
  {
    title: 'a sandbox on the host network needs no address',
    pod: pod({ hostNetwork: true }),
    record: record([instance()], [{ ...sandbox(), ip: '' }]),
    expect: {},
  },
  {
    title: 'a pod that is never restarted gets no second sandbox once it ran',
    pod: pod({ restartPolicy: 'Never' }),
    record: record([instance('web', exited(0))], [sandbox({ ready: false })]),
    expect: {},
  },
  {
    title: 'a pod that has succeeded gets no second sandbox',
    pod: pod({ restartPolicy: 'OnFailure' }),
    record: record([instance('web', exited(0))], [sandbox({ ready: false })]),
    expect: {},
  },
  { title: 'a running init container is waited for', pod: withInit, record: record([instance('a')]), expect: {} },
  {
    title: 'a finished init container makes room for the next',
    pod: withInit,
    record: record([instance('a', exited(0))]),
    expect: { start: ['b'] },
  },
  {
    title: 'the containers follow the last init container',
    pod: withInit,
    record: record([instance('b', exited(0)), instance('a', exited(0))]),
    expect: { start: ['web'] },
  },
  {
    title: 'a failed init container is tried again',
    pod: withInit,
    record: record([instance('a', exited(1))]),
    expect: { start: ['a'] },
  },
  {
    title: 'a failed init container ends a pod that is never restarted',
    pod: pod({ initContainers: [sidecar, container('a')], restartPolicy: 'Never' }),
    record: record([instance('a', exited(1)), instance('side')]),
    expect: { kill: ['side-0: Stopping container side'] },
  },
  {
    title: 'init containers are not run again beside containers that have run',
    pod: withInit,
    record: record([instance('web', exited(1))]),
    expect: { start: ['web'] },
  },
  {
    title: 'init containers are run again in a new sandbox',
    pod: withInit,
    record: record([instance('a', { ...exited(0), labels: { [SANDBOX_LABEL]: 'old' } })], [sandbox()]),
    expect: { start: ['a'] },
  },
  {
    title: 'a sidecar that has started makes room for what follows',
    pod: pod({ initContainers: [sidecar] }),
    record: record([instance('side')]),
    expect: { start: ['web'] },
  },
  {
    title: 'a sidecar that has not started yet is waited for',
    pod: pod({ initContainers: [sidecar] }),
    record: record([instance('side')]),
    probes: { started: () => false },
    expect: {},
  },
  {
    title: 'a dead sidecar is restarted and disturbs nobody',
    pod: pod({ initContainers: [sidecar] }),
    record: record([instance(), instance('side', exited(1))]),
    expect: { start: ['side'] },
  },
  {
    title: 'sidecars end when the containers are done',
    pod: pod({ initContainers: [sidecar], restartPolicy: 'Never' }),
    record: record([instance('web', exited(0)), instance('side')]),
    expect: { kill: ['side-0: Stopping container side'] },
  },
  {
    title: 'a container the spec does not name is ended',
    pod: pod(),
    record: record([instance('other'), instance()]),
    expect: { kill: ['other-0: Stopping container other'] },
  },
  {
    title: 'of two running instances the older is ended',
    pod: pod(),
    record: record([instance('web', {}, 1), instance('web')]),
    expect: { kill: ['web-0: Stopping container web'] },
  },
  {
    title: 'an ephemeral container is started once',
    pod: pod({ ephemeralContainers: [container('debug')] }),
    record: record([instance()]),
    expect: { start: ['debug'] },
  },
  {
    title: 'an ephemeral container that ended stays ended',
    pod: pod({ ephemeralContainers: [container('debug')] }),
    record: record([instance(), instance('debug', exited(0))]),
    expect: {},
  },
];

describe('computePodActions', () => {
  for (const { title, pod, record, probes, expect } of cases) {
    it(title, () => {
      const findings: ProbeFindings = { started: () => true, failed: () => undefined, ...probes };
      const actions = computePodActions(pod, record, findings);
      assert.deepEqual(
        {
          sandbox: actions.createSandbox?.attempt,
          kill: actions.kill.map(({ id, message }) => `${id}: ${message}`),
          start: actions.start.map(({ container }) => container.name),
        },
        { sandbox: expect.sandbox, kill: expect.kill ?? [], start: expect.start ?? [] },
      );
    });
  }
});
