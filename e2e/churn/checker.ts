/** What is wrong with a cluster in which nothing is going on any more. */
import type {
  V1CronJob,
  V1DaemonSet,
  V1Deployment,
  V1Job,
  V1Node,
  V1Pod,
  V1ReplicaSet,
  V1Service,
  V1StatefulSet,
} from '../../openapi/generated/types.ts';
import type { KubeObject } from '../../openapi/object.ts';
import { checkCronJob, checkJob, type JobLedger, NO_PODS } from './check-jobs.ts';
import { checkOwners, checkPods } from './check-owners.ts';
import { checkService } from './check-services.ts';
import { checkDaemonSet, checkDeployment, checkNode, checkReplicaSet, checkStatefulSet } from './check-workloads.ts';
import { Objects } from './objects.ts';

/**
 * Every difference between what is declared in `namespace` and what is there, a sentence each. `all` is every object
 * of the cluster, `jobs` what became of the pods of jobs, by the job's uid.
 */
export function check(all: readonly KubeObject[], namespace: string, jobs: ReadonlyMap<string, JobLedger>): string[] {
  const objects = new Objects(all);
  const ours = <T extends KubeObject>(kind: string, problemsOf: (object: T) => string[]) =>
    objects
      .of<T>(kind)
      .filter(({ metadata }) => metadata?.namespace === namespace)
      .flatMap(problemsOf);
  return [
    ...objects.of<V1Node>('Node').flatMap(checkNode),
    ...checkOwners(objects, namespace),
    ...ours<V1Pod>('Pod', (pod) => checkPods([pod])),
    ...ours<V1Deployment>('Deployment', (one) => checkDeployment(one, objects)),
    ...ours<V1ReplicaSet>('ReplicaSet', (one) => checkReplicaSet(one, objects)),
    ...ours<V1StatefulSet>('StatefulSet', (one) => checkStatefulSet(one, objects)),
    ...ours<V1DaemonSet>('DaemonSet', (one) => checkDaemonSet(one, objects)),
    ...ours<V1Job>('Job', (one) => checkJob(one, objects, jobs.get(one.metadata?.uid ?? '') ?? NO_PODS)),
    ...ours<V1CronJob>('CronJob', (one) => checkCronJob(one, objects)),
    ...ours<V1Service>('Service', (one) => checkService(one, objects)),
  ];
}
