/** A small cluster in which all is well, for the tests of the checker to break. */
import type {
  V1ControllerRevision,
  V1CronJob,
  V1DaemonSet,
  V1Deployment,
  V1EndpointSlice,
  V1Job,
  V1Node,
  V1OwnerReference,
  V1Pod,
  V1PodTemplateSpec,
  V1ReplicaSet,
  V1Service,
  V1StatefulSet,
} from '../../openapi/generated/types.ts';
import type { KubeObject } from '../../openapi/object.ts';
import type { JobLedger } from './check-jobs.ts';

export const NAMESPACE = 'churn';

/** What the checker is given; a test may change it. */
export interface State {
  objects: KubeObject[];
  jobs: Map<string, JobLedger>;
}

export function goodState(): State {
  const objects = [...nodes(), ...ofDeployment(), ...ofStatefulSet(), ...ofDaemonSet(), ...ofJobs()];
  return { objects, jobs: new Map([['job', { succeeded: 2, failed: 1, deleted: 0 }]]) };
}

function template(app: string, revision = '1'): V1PodTemplateSpec {
  return {
    metadata: { labels: { app }, annotations: { revision } },
    spec: { containers: [{ name: 'main', image: `example/main:${revision}` }] },
  };
}

/** Its uid is its name: there are no two of one. */
function meta(name: string, kind?: string, owner?: string) {
  const reference: V1OwnerReference = {
    apiVersion: 'v1',
    kind: kind ?? '',
    name: owner ?? '',
    uid: owner ?? '',
    controller: true,
  };
  const base = { name, namespace: NAMESPACE, uid: name, generation: 3, resourceVersion: '7' };
  return owner === undefined ? base : { ...base, ownerReferences: [reference] };
}

export function pod(
  name: string,
  owner: [kind: string, name: string],
  app: string,
  more: Partial<V1Pod['spec']> = {},
): V1Pod {
  const { metadata, spec } = template(app);
  return {
    kind: 'Pod',
    metadata: {
      ...meta(name, ...owner),
      ...metadata,
      labels: { ...metadata?.labels, 'controller-revision-hash': 'r1' },
    },
    spec: { containers: spec?.containers ?? [], ...more },
    status: { phase: 'Running', podIP: `ip-${name}`, conditions: [{ type: 'Ready', status: 'True' }] },
  };
}

function nodes(): V1Node[] {
  return ['n1', 'n2'].map((name) => ({
    kind: 'Node',
    metadata: { name, uid: name, labels: { zone: 'a' } },
    status: { conditions: [{ type: 'Ready', status: 'True' }] },
  }));
}

function ofDeployment(): KubeObject[] {
  const selector = { matchLabels: { app: 'web' } };
  const deployment: V1Deployment = {
    kind: 'Deployment',
    metadata: meta('web'),
    spec: { replicas: 2, revisionHistoryLimit: 1, selector, template: template('web') },
    status: {
      observedGeneration: 3,
      replicas: 2,
      updatedReplicas: 2,
      readyReplicas: 2,
      availableReplicas: 2,
      conditions: [
        { type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable' },
        { type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable' },
      ],
    },
  };
  const service: V1Service = { kind: 'Service', metadata: meta('web-service'), spec: { selector: { app: 'web' } } };
  const slice: V1EndpointSlice = {
    kind: 'EndpointSlice',
    metadata: meta('web-slice', 'Service', 'web-service'),
    addressType: 'IPv4',
    endpoints: ['web-1', 'web-2'].map((uid) => ({
      addresses: [`ip-${uid}`],
      conditions: { ready: true },
      targetRef: { kind: 'Pod', uid },
    })),
  };
  const pods = ['web-1', 'web-2'].map((name) => pod(name, ['ReplicaSet', 'web-new'], 'web'));
  return [deployment, replicaSet('web-new', '1', 2), replicaSet('web-old', '0', 0), ...pods, service, slice];
}

function replicaSet(name: string, revision: string, replicas: number): V1ReplicaSet {
  return {
    kind: 'ReplicaSet',
    metadata: meta(name, 'Deployment', 'web'),
    spec: { replicas, selector: { matchLabels: { app: 'web' } }, template: template('web', revision) },
    status: {
      observedGeneration: 3,
      replicas,
      fullyLabeledReplicas: replicas,
      readyReplicas: replicas,
      availableReplicas: replicas,
    },
  };
}

function revision(name: string, kind: string, owner: string, number: number): V1ControllerRevision {
  return { kind: 'ControllerRevision', metadata: meta(name, kind, owner), revision: number };
}

function ofStatefulSet(): KubeObject[] {
  const set: V1StatefulSet = {
    kind: 'StatefulSet',
    metadata: meta('db'),
    spec: {
      replicas: 2,
      revisionHistoryLimit: 1,
      serviceName: 'db',
      selector: { matchLabels: { app: 'db' } },
      template: template('db'),
    },
    status: {
      observedGeneration: 3,
      replicas: 2,
      readyReplicas: 2,
      availableReplicas: 2,
      currentReplicas: 2,
      updatedReplicas: 2,
      currentRevision: 'r1',
      updateRevision: 'r1',
    },
  };
  const pods = ['db-0', 'db-1'].map((name) => pod(name, ['StatefulSet', 'db'], 'db'));
  return [set, ...pods, revision('db-r1', 'StatefulSet', 'db', 1)];
}

function ofDaemonSet(): KubeObject[] {
  const { metadata, spec } = template('agent');
  const set: V1DaemonSet = {
    kind: 'DaemonSet',
    metadata: meta('agent'),
    spec: {
      revisionHistoryLimit: 1,
      selector: { matchLabels: { app: 'agent' } },
      template: {
        ...(metadata ? { metadata } : {}),
        spec: { containers: spec?.containers ?? [], nodeSelector: { zone: 'a' } },
      },
    },
    status: {
      observedGeneration: 3,
      desiredNumberScheduled: 2,
      currentNumberScheduled: 2,
      numberReady: 2,
      numberAvailable: 2,
      updatedNumberScheduled: 2,
      numberMisscheduled: 0,
    },
  };
  const pods = ['n1', 'n2'].map((nodeName) => pod(`agent-${nodeName}`, ['DaemonSet', 'agent'], 'agent', { nodeName }));
  return [set, ...pods, revision('agent-r1', 'DaemonSet', 'agent', 1)];
}

function ofJobs(): KubeObject[] {
  const job: V1Job = {
    kind: 'Job',
    metadata: { ...meta('job', 'CronJob', 'cron'), generation: 1 },
    spec: { completions: 2, template: template('job') },
    status: { succeeded: 2, failed: 1, conditions: [{ type: 'Complete', status: 'True' }] },
  };
  const cronJob: V1CronJob = {
    kind: 'CronJob',
    metadata: meta('cron'),
    spec: {
      schedule: '* * * * *',
      successfulJobsHistoryLimit: 1,
      jobTemplate: { spec: { template: template('job') } },
    },
  };
  const pods = ['job-1', 'job-2'].map((name): V1Pod => {
    const made = pod(name, ['Job', 'job'], 'job');
    return { ...made, status: { phase: 'Succeeded' } };
  });
  return [cronJob, job, ...pods];
}
