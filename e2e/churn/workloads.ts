/** The workloads of the churn: small, and of pods that leave a silent node soon. */
import type { Random } from '../../base/random.ts';
import { CRON_JOBS, DAEMON_SETS, DEPLOYMENTS, JOBS, REPLICA_SETS, STATEFUL_SETS } from '../../client/resources.ts';
import type {
  V1CronJob,
  V1DaemonSet,
  V1Deployment,
  V1Job,
  V1JobSpec,
  V1PodTemplateSpec,
  V1ReplicaSet,
  V1Service,
  V1StatefulSet,
} from '../../openapi/generated/types.ts';
import type { KubeObject, ResourceRef } from '../../openapi/object.ts';

export const NAMESPACE = 'churn';
const SIMULATION = 'simulation.kubets.dev/';
const REPLICAS_MAX = 12;

export interface Kind {
  ref: ResourceRef;
  make(name: string, random: Random): KubeObject;
  /** How many of this kind there may be at a time. */
  max: number;
  /** Whether `spec.replicas` may be changed. */
  scales: boolean;
  /** Whether a change of the template changes the pods there are. */
  rolls: boolean;
}

export const KINDS: readonly Kind[] = [
  { ref: DEPLOYMENTS, make: deployment, max: 5, scales: true, rolls: true },
  { ref: STATEFUL_SETS, make: statefulSet, max: 3, scales: true, rolls: true },
  { ref: DAEMON_SETS, make: daemonSet, max: 2, scales: false, rolls: true },
  { ref: REPLICA_SETS, make: replicaSet, max: 2, scales: true, rolls: false },
  { ref: JOBS, make: job, max: 8, scales: false, rolls: false },
  { ref: CRON_JOBS, make: cronJob, max: 2, scales: false, rolls: false },
];

export function replicas(random: Random): number {
  return Math.floor(random.next() * (REPLICAS_MAX + 1));
}

/** A new image, and an annotation that says the same: what a roll-out changes. */
export function revisionPatch(revision: number): object {
  return {
    spec: {
      template: {
        metadata: { annotations: { revision: String(revision) } },
        spec: { containers: [{ name: 'main', image: `example/main:${revision}` }] },
      },
    },
  };
}

/** Selects what `template` labels. */
export function service(name: string, kind: string): V1Service {
  return {
    metadata: { name: `${kind.toLowerCase()}-${name}`, namespace: NAMESPACE },
    spec: { selector: labelsOf(kind, name), ports: [{ name: 'http', port: 80 }] },
  };
}

function labelsOf(kind: string, name: string): Record<string, string> {
  return { app: name, kind };
}

function template(kind: string, name: string, annotations: Record<string, string> = {}): V1PodTemplateSpec {
  const leaveSoon = (key: string) => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 2 });
  const words = Object.entries(annotations).map(([key, value]) => [SIMULATION + key, value]);
  return {
    metadata: { labels: labelsOf(kind, name), annotations: { revision: '0', ...Object.fromEntries(words) } },
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: [{ name: 'main', image: 'example/main:0' }],
      tolerations: ['unreachable', 'not-ready'].map((state) => leaveSoon(`node.kubernetes.io/${state}`)),
    },
  };
}

function about(kind: string, name: string) {
  const labels = labelsOf(kind, name);
  return { metadata: { name, namespace: NAMESPACE, labels }, selector: { matchLabels: labels } };
}

function deployment(name: string, random: Random): V1Deployment {
  const { metadata, selector } = about('Deployment', name);
  const strategy = pick(random, [
    { type: 'Recreate' },
    { type: 'RollingUpdate', rollingUpdate: { maxSurge: 2, maxUnavailable: 0 } },
    { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
    { type: 'RollingUpdate', rollingUpdate: { maxSurge: '50%', maxUnavailable: '25%' } },
  ]);
  const revisionHistoryLimit = pick(random, [0, 2]);
  const pods = template('Deployment', name, pick<Record<string, string>>(random, [{}, { 'start-seconds': '0.5' }]));
  return { metadata, spec: { selector, replicas: replicas(random), strategy, revisionHistoryLimit, template: pods } };
}

function replicaSet(name: string, random: Random): V1ReplicaSet {
  const { metadata, selector } = about('ReplicaSet', name);
  return { metadata, spec: { selector, replicas: replicas(random), template: template('ReplicaSet', name) } };
}

function statefulSet(name: string, random: Random): V1StatefulSet {
  const { metadata, selector } = about('StatefulSet', name);
  const podManagementPolicy = pick(random, ['OrderedReady', 'Parallel']);
  const count = Math.floor(random.next() * 5);
  return {
    metadata,
    spec: {
      selector,
      serviceName: name,
      replicas: count,
      podManagementPolicy,
      revisionHistoryLimit: 2,
      template: template('StatefulSet', name),
    },
  };
}

function daemonSet(name: string, random: Random): V1DaemonSet {
  const { metadata, selector } = about('DaemonSet', name);
  const pods = template('DaemonSet', name);
  const nodeSelector = { 'topology.kubernetes.io/zone': pick(random, ['a', 'b']) };
  const updateStrategy = pick(random, [
    { type: 'RollingUpdate', rollingUpdate: { maxSurge: 2, maxUnavailable: 0 } },
    { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 3 } },
  ]);
  const spec = pods.spec && { ...pods.spec, nodeSelector };
  return {
    metadata,
    spec: { selector, updateStrategy, revisionHistoryLimit: 2, template: { ...pods, ...(spec ? { spec } : {}) } },
  };
}

function jobSpec(name: string, kind: string, random: Random): V1JobSpec {
  const completions = 1 + Math.floor(random.next() * 8);
  const parallelism = 1 + Math.floor(random.next() * 4);
  const behaviour = pick<Record<string, string>>(random, [
    {},
    { 'fail-rate': '0.3' },
    { 'exit-code': '1' },
    { 'exit-code-by-index': '0,1,0' },
  ]);
  const pods = template(kind, name, { 'run-seconds': String(0.2 + random.next() * 2), ...behaviour });
  const isIndexed = behaviour['exit-code-by-index'] !== undefined || random.next() < 0.3;
  return {
    completions,
    parallelism,
    backoffLimit: 2,
    // Nothing else ends a job that goes wrong in a new way.
    activeDeadlineSeconds: 60,
    ...(isIndexed ? { completionMode: 'Indexed' } : {}),
    template: { ...pods, ...(pods.spec ? { spec: { ...pods.spec, restartPolicy: 'Never' } } : {}) },
  };
}

function job(name: string, random: Random): V1Job {
  const ttl = random.next() < 0.3 ? { ttlSecondsAfterFinished: 3 } : {};
  return { metadata: { name, namespace: NAMESPACE }, spec: { ...jobSpec(name, 'Job', random), ...ttl } };
}

function cronJob(name: string, random: Random): V1CronJob {
  return {
    metadata: { name, namespace: NAMESPACE },
    spec: {
      schedule: '* * * * *',
      concurrencyPolicy: pick(random, ['Allow', 'Forbid', 'Replace']),
      successfulJobsHistoryLimit: 1,
      jobTemplate: { spec: jobSpec(name, 'CronJob', random) },
    },
  };
}

function pick<T>(random: Random, choices: readonly T[]): T {
  return choices[Math.floor(random.next() * choices.length)] as T;
}
