import assert from 'node:assert/strict';
import { seededRandom } from '../../base/random.ts';
import type {
  V1ControllerRevision,
  V1CronJob,
  V1DaemonSet,
  V1Deployment,
  V1EndpointSlice,
  V1Job,
  V1Node,
  V1Pod,
  V1ReplicaSet,
  V1StatefulSet,
} from '../../openapi/generated/types.ts';
import type { KubeObject } from '../../openapi/object.ts';
import { check } from './checker.ts';
import { eventStorms } from './events.ts';
import { FAULTS, faultOf } from './faults.ts';
import { goodState, NAMESPACE, pod, type State } from './fixtures.ts';
import { changes } from './snapshot.ts';

function problemsOf({ objects, jobs }: State): string[] {
  return check(objects, NAMESPACE, jobs);
}

/** The one of this name, to be changed in place. */
function the<T extends KubeObject>({ objects }: State, name: string): T {
  const found = objects.find(({ metadata }) => metadata?.name === name);
  assert.ok(found, name);
  return found as T;
}

function without(state: State, name: string): void {
  state.objects = state.objects.filter(({ metadata }) => metadata?.name !== name);
}

interface Broken {
  title: string;
  break(state: State): void;
  /** Of the problems that are found, one says so. */
  says: RegExp;
}

const cases: Broken[] = [
  {
    title: 'a pod whose ReplicaSet is gone',
    break: (state) => state.objects.push(pod('orphan', ['ReplicaSet', 'nobody'], 'other')),
    says: /Pod churn\/orphan: its owner ReplicaSet nobody \(nobody\) is gone/,
  },
  {
    title: 'a ReplicaSet whose Deployment is gone',
    break: (state) => without(state, 'web'),
    says: /ReplicaSet churn\/web-old: its owner Deployment web .* is gone/,
  },
  {
    title: 'a ControllerRevision whose StatefulSet is gone',
    break: (state) => without(state, 'db'),
    says: /ControllerRevision churn\/db-r1: its owner/,
  },
  {
    title: 'an EndpointSlice whose Service is gone',
    break: (state) => without(state, 'web-service'),
    says: /EndpointSlice churn\/web-slice: its owner/,
  },
  {
    title: 'an owner that is another than it is called',
    break: (state) => {
      for (const owner of the<V1Pod>(state, 'db-0').metadata?.ownerReferences ?? []) owner.name = 'cache';
    },
    says: /is called StatefulSet cache, and is StatefulSet churn\/db/,
  },
  {
    title: 'a pod that nobody controls',
    break: (state) => {
      delete the<V1Pod>(state, 'web-1').metadata?.ownerReferences;
    },
    says: /Pod churn\/web-1: nobody controls it/,
  },
  {
    title: 'an object that is still being deleted',
    break: (state) =>
      Object.assign(the(state, 'web-old').metadata ?? {}, { deletionTimestamp: '2026-01-01T00:00:00Z' }),
    says: /ReplicaSet churn\/web-old: is still being deleted/,
  },
  {
    title: 'a finalizer that nobody removed',
    break: (state) =>
      Object.assign(the(state, 'job-1').metadata ?? {}, { finalizers: ['batch.kubernetes.io/job-tracking'] }),
    says: /Pod churn\/job-1: still has the finalizer/,
  },
  {
    title: 'a pod too many',
    break: (state) => state.objects.push(pod('web-3', ['ReplicaSet', 'web-new'], 'web')),
    says: /Deployment churn\/web: has 3 pods instead of 2/,
  },
  {
    title: 'a pod too few',
    break: (state) => without(state, 'web-2'),
    says: /Deployment churn\/web: has 1 pods instead of 2/,
  },
  {
    title: 'a pod of another image',
    break: (state) => {
      for (const container of the<V1Pod>(state, 'web-1').spec?.containers ?? []) container.image = 'example/main:0';
    },
    says: /Deployment churn\/web: web-1 is not of its template: container main/,
  },
  {
    title: 'a pod with another annotation than its template',
    break: (state) => Object.assign(the(state, 'agent-n1').metadata?.annotations ?? {}, { revision: '0' }),
    says: /DaemonSet churn\/agent: agent-n1 is not of its template: annotations/,
  },
  {
    title: 'a pod without a label of its template',
    break: (state) => Object.assign(the(state, 'db-1').metadata?.labels ?? {}, { app: 'cache' }),
    says: /StatefulSet churn\/db: db-1 is not of its template: labels/,
  },
  {
    title: 'a pod that is not Ready',
    break: (state) => {
      for (const condition of the<V1Pod>(state, 'web-1').status?.conditions ?? []) condition.status = 'False';
    },
    says: /Deployment churn\/web: web-1 is not Ready/,
  },
  {
    title: 'a pod that has failed and stays',
    break: (state) => Object.assign(the<V1Pod>(state, 'web-1').status ?? {}, { phase: 'Failed' }),
    says: /Pod churn\/web-1: is Failed/,
  },
  {
    title: 'a pod of a finished job that runs on',
    break: (state) => Object.assign(the<V1Pod>(state, 'job-1').status ?? {}, { phase: 'Running' }),
    says: /Pod churn\/job-1: is Running though all jobs are done/,
  },
  {
    title: 'a count that is not true',
    break: (state) => Object.assign(the<V1Deployment>(state, 'web').status ?? {}, { readyReplicas: 1 }),
    says: /Deployment churn\/web: status.readyReplicas is 1 instead of 2/,
  },
  {
    title: 'a generation that was not observed',
    break: (state) => Object.assign(the<V1StatefulSet>(state, 'db').status ?? {}, { observedGeneration: 2 }),
    says: /StatefulSet churn\/db: generation 3 is not observed, only 2/,
  },
  {
    title: 'a Deployment that is not complete',
    break: (state) =>
      Object.assign(the<V1Deployment>(state, 'web').status?.conditions?.[1] ?? {}, { reason: 'ReplicaSetUpdated' }),
    says: /Deployment churn\/web: Progressing is True, ReplicaSetUpdated/,
  },
  {
    title: 'a Deployment that is not available',
    break: (state) => Object.assign(the<V1Deployment>(state, 'web').status?.conditions?.[0] ?? {}, { status: 'False' }),
    says: /Deployment churn\/web: Available is False/,
  },
  {
    title: 'an old ReplicaSet that is not scaled down',
    break: (state) => Object.assign(the<V1ReplicaSet>(state, 'web-old').spec ?? {}, { replicas: 1 }),
    says: /ReplicaSet churn\/web-old: is old, and not scaled down/,
  },
  {
    title: 'more old ReplicaSets than are kept',
    break: (state) => Object.assign(the<V1Deployment>(state, 'web').spec ?? {}, { revisionHistoryLimit: 0 }),
    says: /keeps 1 old ReplicaSets instead of 0/,
  },
  {
    title: 'two ReplicaSets of one template',
    break: (state) => {
      const made = structuredClone(the<V1ReplicaSet>(state, 'web-new'));
      Object.assign(made.metadata ?? {}, { name: 'web-twin', uid: 'web-twin' });
      state.objects.push(made);
    },
    says: /2 ReplicaSets have its template/,
  },
  {
    title: 'a StatefulSet whose pods have the wrong ordinals',
    break: (state) => Object.assign(the(state, 'db-1').metadata ?? {}, { name: 'db-2' }),
    says: /StatefulSet churn\/db: its pods are db-0,db-2/,
  },
  {
    title: 'a StatefulSet on its way to another revision',
    break: (state) => Object.assign(the<V1StatefulSet>(state, 'db').status ?? {}, { currentRevision: 'r0' }),
    says: /is at r0, on the way to r1/,
  },
  {
    title: 'more revisions than are kept',
    break: (state) => {
      for (const revision of [2, 3]) {
        const made = { ...structuredClone(the<V1ControllerRevision>(state, 'db-r1')), revision };
        Object.assign(made.metadata ?? {}, { name: `db-r${revision}`, uid: `db-r${revision}` });
        state.objects.push(made);
      }
    },
    says: /has 3 revisions, and 1 old ones are to be kept/,
  },
  {
    title: 'a node without its DaemonSet pod, and another with two',
    break: (state) => Object.assign(the<V1Pod>(state, 'agent-n2').spec ?? {}, { nodeName: 'n1' }),
    says: /DaemonSet churn\/agent: 0 pods on n2/,
  },
  {
    title: 'a DaemonSet that miscounts',
    break: (state) => Object.assign(the<V1DaemonSet>(state, 'agent').status ?? {}, { numberMisscheduled: 1 }),
    says: /status.numberMisscheduled is 1 instead of 0/,
  },
  {
    title: 'a job that has not come to its end',
    break: (state) => Object.assign(the<V1Job>(state, 'job').status ?? {}, { conditions: [] }),
    says: /Job churn\/job: has not come to its end/,
  },
  {
    title: 'a job that counted a success twice',
    break: (state) => state.jobs.set('job', { succeeded: 1, failed: 1, deleted: 0 }),
    says: /Job churn\/job: 2 have succeeded .*"succeeded":1/,
  },
  {
    title: 'a job that missed a failure',
    break: (state) => state.jobs.set('job', { succeeded: 2, failed: 2, deleted: 0 }),
    says: /Job churn\/job: 1 have failed/,
  },
  {
    title: 'a job that counted a deleted pod as both',
    break: (state) => state.jobs.set('job', { succeeded: 1, failed: 0, deleted: 1 }),
    says: /Job churn\/job: counts a pod twice/,
  },
  {
    title: 'a job that is complete too early',
    break: (state) => Object.assign(the<V1Job>(state, 'job').spec ?? {}, { completions: 3 }),
    says: /2 have succeeded, of 3/,
  },
  {
    title: 'a job with active pods after its end',
    break: (state) => Object.assign(the<V1Job>(state, 'job').status ?? {}, { active: 1 }),
    says: /active 1, terminating 0, ready 0/,
  },
  {
    title: 'a job with pods that are still to be counted',
    break: (state) =>
      Object.assign(the<V1Job>(state, 'job').status ?? {}, { uncountedTerminatedPods: { failed: ['job-9'] } }),
    says: /pods are not counted yet: job-9/,
  },
  {
    title: 'a cron job that takes a finished job to be active',
    break: (state) => Object.assign(the<V1CronJob>(state, 'cron'), { status: { active: [{ name: 'job' }] } }),
    says: /CronJob churn\/cron: takes job to be active/,
  },
  {
    title: 'a cron job that keeps too many jobs',
    break: (state) => Object.assign(the<V1CronJob>(state, 'cron').spec ?? {}, { successfulJobsHistoryLimit: 0 }),
    says: /CronJob churn\/cron: keeps 1 jobs that are Complete/,
  },
  {
    title: 'a slice that misses a pod',
    break: (state) => the<V1EndpointSlice>(state, 'web-slice').endpoints?.pop(),
    says: /Service churn\/web-service: its slices have 1 ready endpoints, and it 2 pods/,
  },
  {
    title: 'a slice that names a pod of before',
    break: (state) =>
      Object.assign(the<V1EndpointSlice>(state, 'web-slice').endpoints?.[0]?.targetRef ?? {}, { uid: 'x' }),
    says: /Service churn\/web-service: its slices have/,
  },
  {
    title: 'a node that is not Ready',
    break: (state) => Object.assign(the<V1Node>(state, 'n1').status?.conditions?.[0] ?? {}, { status: 'Unknown' }),
    says: /Node n1: Ready is Unknown/,
  },
  {
    title: 'a taint that nobody took away',
    break: (state) =>
      Object.assign(the<V1Node>(state, 'n1'), { spec: { taints: [{ key: 'unreachable', effect: 'NoExecute' }] } }),
    says: /Node n1: still has taints: unreachable/,
  },
];

describe('the checker of the churn', () => {
  it('finds nothing where all is well', () => {
    assert.deepEqual(problemsOf(goodState()), []);
  });

  for (const { title, break: breakIt, says } of cases) {
    it(`finds ${title}`, () => {
      const state = goodState();
      breakIt(state);
      assert.match(problemsOf(state).join('\n'), says);
    });
  }

  it('leaves alone what is in other namespaces', () => {
    const { objects, jobs } = goodState();
    const other = { kind: 'Pod', metadata: { name: 'x', namespace: 'kube-system', uid: 'x' } };
    assert.deepEqual(check([...objects, other], NAMESPACE, jobs), []);
  });

  it('allows a job that was suspended to miss a pod, but not to make one up', () => {
    const state = goodState();
    Object.assign(the<V1Job>(state, 'job').metadata ?? {}, { generation: 2 });
    state.jobs.set('job', { succeeded: 3, failed: 1, deleted: 0 });
    assert.deepEqual(problemsOf(state), []);
    state.jobs.set('job', { succeeded: 1, failed: 1, deleted: 0 });
    assert.notDeepEqual(problemsOf(state), []);
  });

  it('allows a deleted pod of a job to count as either, or as none', () => {
    const state = goodState();
    for (const ledger of [
      { succeeded: 1, failed: 1, deleted: 1 },
      { succeeded: 2, failed: 0, deleted: 1 },
      { succeeded: 2, failed: 1, deleted: 1 },
    ]) {
      state.jobs.set('job', ledger);
      assert.deepEqual(problemsOf(state), []);
    }
  });
});

describe('a storm of events', () => {
  const at = (...seconds: number[]) => seconds.map((second) => ({ about: 'Pod churn/web-1', atMs: second * 1000 }));

  it('is more events about one object within any minute than are allowed', () => {
    assert.deepEqual(eventStorms(at(0, 50, 100, 61), 2), ['Pod churn/web-1: 3 events within a minute']);
  });

  it('is not many events about many objects, nor many in a long time', () => {
    const others = at(0, 1, 2).map((write, index) => ({ ...write, about: `Pod churn/other-${index}` }));
    assert.deepEqual(eventStorms([...at(0, 50, 111, 172), ...others], 2), []);
  });
});

describe('what has changed between two snapshots', () => {
  const object = (uid: string, resourceVersion: string, kind = 'Pod', time = '1') => ({
    kind,
    metadata: { name: uid, uid, resourceVersion },
    status: { conditions: [{ lastHeartbeatTime: time, status: resourceVersion === '9' ? 'False' : 'True' }] },
  });

  it('is what was made, written or removed', () => {
    const before = [object('a', '1'), object('b', '2'), object('c', '3')];
    const after = [object('a', '1'), object('b', '4'), object('d', '5')];
    assert.deepEqual(changes(before, after), ['Pod b was written', 'Pod d was made', 'Pod c was removed']);
  });

  it('is a node but for its heartbeat', () => {
    const before = [object('a', '1', 'Node'), object('b', '2', 'Node')];
    const after = [object('a', '3', 'Node', '2'), object('b', '9', 'Node')];
    assert.deepEqual(changes(before, after), ['Node b was written']);
  });
});

describe('the faults of the churn', () => {
  it('are the same for the same seed, and all of them come up', () => {
    const draw = () => {
      const random = seededRandom(1);
      return Array.from({ length: 2000 }, (_, index) =>
        faultOf({ method: index % 3 ? 'PUT' : 'GET', isWatch: index % 5 === 0 }, random),
      );
    };
    const faults = draw();
    assert.deepEqual(faults, draw());
    const names = faults.flatMap((fault) => {
      if (!fault) return [];
      if (fault.kind === 'refused') return [String(fault.status.code)];
      return fault.kind === 'watch' ? ['stalled', 'dropped'] : [fault.kind];
    });
    assert.deepEqual([...new Set(names)].sort(), [...FAULTS].sort());
  });

  it('never tell of a conflict who only reads or creates', () => {
    const random = seededRandom(2);
    for (let index = 0; index < 2000; index++) {
      const fault = faultOf({ method: index % 2 ? 'GET' : 'POST', isWatch: false }, random);
      if (fault?.kind === 'refused') assert.notEqual(fault.status.code, 409);
    }
  });
});
