/** What the tests of jobs and cron jobs share: namespaces that are left empty, pods that behave, and what they wait for. */
import assert from 'node:assert/strict';
import {
  at,
  eventually,
  fetchApi,
  includes,
  listOf,
  objectOf,
  removeAll,
  type TestNamespace,
  testNamespace,
  type Wire,
} from './harness.ts';

/** Has a shell. */
const IMAGE = process.env.CONFORMANCE_IMAGE ?? 'kubets/busybox:1';
/** A job ends some seconds after its pods. */
export const JOB_MS = 25_000;
export const COMPLETION_INDEX = 'batch.kubernetes.io/job-completion-index';

export interface JobNamespace extends TestNamespace {
  /** `/apis/batch/v1/namespaces/NAME/jobs/work/status`; parts left out end the path early. */
  batch(resource: string, name?: string, subresource?: string): string;
}

/** A namespace whose cron jobs and jobs are removed before it: what is left of them would go on making pods. */
export function jobNamespace(): JobNamespace {
  const created: JobNamespace[] = [];
  // Hooks run in the order in which they are declared: this one before that of the namespace itself.
  after(async () => {
    for (const namespace of created) {
      for (const resource of ['cronjobs', 'jobs']) await removeAll(namespace.batch(resource));
    }
  });
  const namespace = testNamespace();
  const batch = (resource: string, name?: string, subresource?: string) =>
    `/apis/batch/v1/namespaces/${namespace.name}/${resource}${name === undefined ? '' : `/${name}`}${subresource ? `/${subresource}` : ''}`;
  created.push({ ...namespace, batch });
  return { ...namespace, batch };
}

/** What a container does, both where it is real and where it is simulated. */
export interface Behaviour {
  /** For a shell. */
  script: string;
  /** For a simulated node; without, it runs until it is stopped. */
  annotations?: Record<string, string>;
}

const SIMULATION = 'simulation.kubets.dev';
export const RUNS: Behaviour = { script: 'trap exit TERM; while true; do sleep 0.2; done' };
export const SUCCEEDS: Behaviour = ends(0);

/** Runs for a moment and exits with a code; with a list of codes, by completion index. */
export function ends(codes: number | readonly number[], seconds = 1): Behaviour {
  const runs = { [`${SIMULATION}/run-seconds`]: `${seconds}` };
  if (typeof codes === 'number') {
    return {
      script: `sleep ${seconds}; exit ${codes}`,
      annotations: { ...runs, [`${SIMULATION}/exit-code`]: `${codes}` },
    };
  }
  const code = `$(echo ${codes.join(' ')} | cut -d' ' -f$((JOB_COMPLETION_INDEX + 1)))`;
  const annotations = { ...runs, [`${SIMULATION}/exit-code-by-index`]: codes.join(',') };
  return { script: `sleep ${seconds}; exit ${code}`, annotations };
}

/** Fails the first time, and succeeds when its container is started again in the same pod. */
export const FAILS_ONCE: Behaviour = {
  script: 'sleep 1; [ -e /data/tried ] && exit 0; touch /data/tried; exit 1',
  annotations: { [`${SIMULATION}/run-seconds`]: '1', [`${SIMULATION}/exit-code`]: '1,0' },
};

export function podTemplate({ script, annotations = {} }: Behaviour, restartPolicy = 'Never') {
  return {
    metadata: { annotations },
    spec: {
      restartPolicy,
      terminationGracePeriodSeconds: 1,
      volumes: [{ name: 'data', emptyDir: {} }],
      containers: [
        {
          name: 'main',
          image: IMAGE,
          imagePullPolicy: 'IfNotPresent',
          command: ['sh', '-c', script],
          volumeMounts: [{ name: 'data', mountPath: '/data' }],
        },
      ],
    },
  };
}

/** Makes a job; its labels are `job: NAME`. */
export async function createJob(
  namespace: JobNamespace,
  name: string,
  behaviour: Behaviour,
  spec: object = {},
  restartPolicy?: string,
): Promise<Wire> {
  const body = {
    metadata: { name, labels: { job: name } },
    spec: { template: podTemplate(behaviour, restartPolicy), ...spec },
  };
  return objectOf(await fetchApi('POST', namespace.batch('jobs'), { body }), 201);
}

export interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
}

/** The conditions that are true, as `Type Reason`. */
export function trueConditions(job: Wire): string[] {
  const conditions = (at(job, 'status.conditions') ?? []) as Condition[];
  return conditions
    .filter(({ status }) => status === 'True')
    .map(({ type, reason }) => `${type} ${reason ?? ''}`.trim());
}

/** Waits until a job has the given fields of its status. */
export function jobStatus(namespace: JobNamespace, name: string, expected: object): Promise<Wire> {
  return eventually(async () => {
    const job = objectOf(await fetchApi('GET', namespace.batch('jobs', name)));
    includes(job.status, expected);
    return job;
  }, JOB_MS);
}

/** Waits until a job is over, and checks how it ended. */
export async function jobEnd(namespace: JobNamespace, name: string, conditions: readonly string[]): Promise<Wire> {
  const job = await eventually(async () => {
    const found = objectOf(await fetchApi('GET', namespace.batch('jobs', name)));
    assert.ok(
      trueConditions(found).some((condition) => /^(Complete|Failed)\b/.test(condition)),
      JSON.stringify(found.status),
    );
    return found;
  }, JOB_MS);
  assert.deepEqual(trueConditions(job), conditions);
  includes(job.status, { active: undefined, ready: 0, terminating: 0, uncountedTerminatedPods: {} });
  return job;
}

/** The pods of a job, oldest first. */
export async function podsOf(namespace: JobNamespace, name: string): Promise<Wire[]> {
  const query = `labelSelector=${encodeURIComponent(`batch.kubernetes.io/job-name=${name}`)}`;
  return listOf(await fetchApi('GET', `${namespace.path('pods')}?${query}`)).items;
}

/** Waits until as many pods of a job run. */
export function runningPodsOf(namespace: JobNamespace, name: string, count: number): Promise<Wire[]> {
  return eventually(async () => {
    const pods = (await podsOf(namespace, name)).filter((pod) => at(pod, 'status.phase') === 'Running');
    assert.equal(pods.length, count, `running pods of ${name}`);
    return pods;
  }, JOB_MS);
}
