/** For tests: jobs as the server would store them, and pods of theirs. */
import type { V1ContainerStatus, V1Job, V1JobSpec, V1JobStatus, V1Pod } from '../../openapi/generated/types.ts';
import { controllerReference } from '../runtime/claim.ts';
import { COMPLETION_INDEX, TRACKING_FINALIZER } from './pods.ts';

/** A job called `work` with a selector of its own. */
export function jobWith(spec: Partial<V1JobSpec> = {}, status?: V1JobStatus): V1Job {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'work', namespace: 'default', uid: 'job-uid', generation: 1 },
    spec: {
      completions: 1,
      parallelism: 1,
      backoffLimit: 6,
      completionMode: 'NonIndexed',
      suspend: false,
      podReplacementPolicy: 'TerminatingOrFailed',
      selector: { matchLabels: { job: 'work' } },
      template: {
        metadata: { labels: { job: 'work' } },
        spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] },
      },
      ...spec,
    },
    ...(status ? { status } : {}),
  };
}

export function indexedJob(completions: number, spec: Partial<V1JobSpec> = {}, status?: V1JobStatus): V1Job {
  return jobWith({ completionMode: 'Indexed', completions, parallelism: completions, ...spec }, status);
}

export interface PodTraits {
  phase?: string;
  index?: number | string;
  annotations?: Record<string, string>;
  tracked?: boolean;
  deleted?: boolean;
  ready?: boolean;
  exitCode?: number;
  restarts?: number;
  conditions?: { type: string; status: string }[];
  /** When its container ended. */
  finishedAt?: string;
}

/** A pod of the job `work`; its uid is its name. */
export function podWith(name: string, traits: PodTraits = {}): V1Pod {
  const { phase = 'Running', index, tracked = true, deleted = false, ready } = traits;
  const readiness = ready === undefined ? [] : [{ type: 'Ready', status: ready ? 'True' : 'False' }];
  return {
    metadata: {
      name,
      namespace: 'default',
      uid: name,
      creationTimestamp: '2026-01-01T00:00:00Z',
      labels: { job: 'work' },
      annotations: { ...traits.annotations, ...(index === undefined ? {} : { [COMPLETION_INDEX]: `${index}` }) },
      ownerReferences: [controllerReference(jobWith())],
      ...(tracked ? { finalizers: [TRACKING_FINALIZER] } : {}),
      ...(deleted ? { deletionTimestamp: '2026-01-01T00:00:30Z', deletionGracePeriodSeconds: 30 } : {}),
    },
    spec: { containers: [{ name: 'c', image: 'i' }], nodeName: 'n' },
    status: {
      phase,
      conditions: [...(traits.conditions ?? []), ...readiness],
      containerStatuses: [containerStatus(traits)],
    },
  };
}

function containerStatus({ exitCode, finishedAt, restarts = 0 }: PodTraits): V1ContainerStatus {
  const terminated = { exitCode: exitCode ?? 0, ...(finishedAt ? { finishedAt } : {}) };
  const ended = exitCode !== undefined || finishedAt !== undefined;
  return {
    name: 'c',
    image: 'i',
    imageID: '',
    ready: false,
    restartCount: restarts,
    ...(ended ? { state: { terminated } } : {}),
  };
}
