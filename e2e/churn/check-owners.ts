/** Nothing is left behind: what has an owner has one that is there, and nothing is still going. */
import type { V1Pod } from '../../openapi/generated/types.ts';
import type { KubeObject } from '../../openapi/object.ts';
import { controllerOf, nameOf, type Objects } from './objects.ts';

const TRACKING = 'batch.kubernetes.io/job-tracking';
/** Kinds that only ever exist for something else. */
const OWNED = new Set(['ControllerRevision', 'EndpointSlice']);

export function checkOwners(objects: Objects, namespace: string): string[] {
  return objects.all.flatMap((object) => [
    ...danglingOwners(object, objects),
    ...(object.metadata?.namespace === namespace ? leftovers(object) : []),
  ]);
}

function danglingOwners(object: KubeObject, { byUid }: Objects): string[] {
  return (object.metadata?.ownerReferences ?? []).flatMap(({ kind, name, uid }) => {
    const owner = byUid.get(uid);
    if (!owner) return [`${nameOf(object)}: its owner ${kind} ${name} (${uid}) is gone`];
    const isSame = owner.kind === kind && owner.metadata?.name === name;
    return isSame ? [] : [`${nameOf(object)}: its owner is called ${kind} ${name}, and is ${nameOf(owner)}`];
  });
}

function leftovers(object: KubeObject): string[] {
  const problems: string[] = [];
  if (object.metadata?.deletionTimestamp !== undefined) problems.push(`${nameOf(object)}: is still being deleted`);
  const mustBeOwned = object.kind === 'Pod' || OWNED.has(object.kind ?? '');
  if (mustBeOwned && !controllerOf(object)) problems.push(`${nameOf(object)}: nobody controls it`);
  if (object.kind === 'Pod' && object.metadata?.finalizers?.includes(TRACKING))
    problems.push(`${nameOf(object)}: still has the finalizer by which it is counted`);
  return problems;
}

/** Pods whose owner is done with them; only those of jobs may stay when they have ended. */
export function checkPods(pods: readonly V1Pod[]): string[] {
  return pods.flatMap((pod) => {
    const isJobs = controllerOf(pod)?.kind === 'Job';
    const phase = pod.status?.phase;
    if (isJobs)
      return phase === 'Succeeded' || phase === 'Failed'
        ? []
        : [`${nameOf(pod)}: is ${phase} though all jobs are done`];
    return phase === 'Running' ? [] : [`${nameOf(pod)}: is ${phase}`];
  });
}
