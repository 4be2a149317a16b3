/** Each workload is as declared: how many pods, of which template, and what its status says of them. */
import type {
  V1ControllerRevision,
  V1DaemonSet,
  V1Deployment,
  V1Node,
  V1Pod,
  V1ReplicaSet,
  V1StatefulSet,
} from '../../openapi/generated/types.ts';
import type { KubeObject } from '../../openapi/object.ts';
import { differences, includes, isReady, nameOf, type Objects } from './objects.ts';

interface Observed extends KubeObject {
  status?: { observedGeneration?: number; conditions?: { type: string; status: string; reason?: string }[] };
}

/** Pods of a workload: so many, all Ready, all of the template. */
function podProblems(
  owner: KubeObject,
  pods: readonly V1Pod[],
  wanted: number,
  template: V1Deployment['spec'],
): string[] {
  const problems: string[] = [];
  if (pods.length !== wanted) problems.push(`${nameOf(owner)}: has ${pods.length} pods instead of ${wanted}`);
  for (const pod of pods) {
    if (!isReady(pod)) problems.push(`${nameOf(owner)}: ${pod.metadata?.name} is not Ready`);
    const found = differences(pod, template?.template);
    if (found.length > 0) problems.push(`${nameOf(owner)}: ${pod.metadata?.name} is not of its template: ${found}`);
  }
  return problems;
}

/** What a status says where it is to say `wanted`; what is absent is 0. */
function statusProblems(owner: Observed, wanted: Readonly<Record<string, number>>): string[] {
  const status = (owner.status ?? {}) as Readonly<Record<string, unknown>>;
  const problems = Object.entries(wanted)
    .filter(([field, value]) => (status[field] ?? 0) !== value)
    .map(([field, value]) => `${nameOf(owner)}: status.${field} is ${status[field]} instead of ${value}`);
  const { generation } = owner.metadata ?? {};
  if (owner.status?.observedGeneration !== generation)
    problems.push(
      `${nameOf(owner)}: generation ${generation} is not observed, only ${owner.status?.observedGeneration}`,
    );
  return problems;
}

function conditionProblems(owner: Observed, wanted: Readonly<Record<string, string>>): string[] {
  return Object.entries(wanted).flatMap(([type, reason]) => {
    const condition = owner.status?.conditions?.find((one) => one.type === type);
    if (condition?.status === 'True' && condition.reason === reason) return [];
    return [`${nameOf(owner)}: ${type} is ${condition?.status}, ${condition?.reason}`];
  });
}

export function checkDeployment(deployment: V1Deployment, objects: Objects): string[] {
  const sets = objects.controlledBy<V1ReplicaSet>(deployment, 'ReplicaSet');
  const pods = sets.flatMap((set) => objects.controlledBy<V1Pod>(set, 'Pod'));
  const count = deployment.spec?.replicas ?? 1;
  const counts = ['replicas', 'updatedReplicas', 'readyReplicas', 'availableReplicas'];
  const limit = deployment.spec?.revisionHistoryLimit ?? 10;
  const isCurrent = ({ spec }: V1ReplicaSet) =>
    includes(spec?.template?.metadata?.annotations, deployment.spec?.template.metadata?.annotations);
  const current = sets.filter(isCurrent);
  const old = sets.filter((set) => !isCurrent(set));
  const problems = [
    ...podProblems(deployment, pods, count, deployment.spec),
    ...statusProblems(deployment, { ...every(counts, count), unavailableReplicas: 0 }),
    ...conditionProblems(deployment, { Available: 'MinimumReplicasAvailable', Progressing: 'NewReplicaSetAvailable' }),
  ];
  if (current.length !== 1) problems.push(`${nameOf(deployment)}: ${current.length} ReplicaSets have its template`);
  if (old.length > limit)
    problems.push(`${nameOf(deployment)}: keeps ${old.length} old ReplicaSets instead of ${limit}`);
  for (const set of old) if (set.spec?.replicas !== 0) problems.push(`${nameOf(set)}: is old, and not scaled down`);
  return problems;
}

/** Also one that a Deployment owns, with the number that the Deployment gave it. */
export function checkReplicaSet(set: V1ReplicaSet, objects: Objects): string[] {
  const pods = objects.controlledBy<V1Pod>(set, 'Pod');
  const count = set.spec?.replicas ?? 1;
  const counts = ['replicas', 'fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'];
  const { template } = set.spec ?? {};
  // One whose template is changed keeps the pods it has: nobody changes that of ours.
  const spec = template && { selector: {}, template };
  return [...podProblems(set, pods, count, spec), ...statusProblems(set, every(counts, count))];
}

export function checkStatefulSet(set: V1StatefulSet, objects: Objects): string[] {
  const pods = objects.controlledBy<V1Pod>(set, 'Pod');
  const count = set.spec?.replicas ?? 1;
  const { name } = set.metadata ?? {};
  const ordinals = Array.from({ length: count }, (_, ordinal) => `${name}-${ordinal}`);
  const counts = ['replicas', 'readyReplicas', 'availableReplicas', 'currentReplicas', 'updatedReplicas'];
  const problems = [
    ...podProblems(set, pods, count, set.spec && { selector: {}, template: set.spec.template }),
    ...statusProblems(set, every(counts, count)),
    ...revisionProblems(set, objects, set.spec?.revisionHistoryLimit),
  ];
  const names = pods.map(({ metadata }) => metadata?.name ?? '').sort();
  if (names.join() !== ordinals.sort().join()) problems.push(`${nameOf(set)}: its pods are ${names}`);
  const { currentRevision, updateRevision } = set.status ?? {};
  if (currentRevision !== updateRevision)
    problems.push(`${nameOf(set)}: is at ${currentRevision}, on the way to ${updateRevision}`);
  for (const { metadata } of pods) {
    if (metadata?.labels?.['controller-revision-hash'] !== updateRevision)
      problems.push(`${nameOf(set)}: ${metadata?.name} is of another revision than ${updateRevision}`);
  }
  return problems;
}

export function checkDaemonSet(set: V1DaemonSet, objects: Objects): string[] {
  const pods = objects.controlledBy<V1Pod>(set, 'Pod');
  const selector = set.spec?.template.spec?.nodeSelector;
  const nodes = objects.of<V1Node>('Node').filter(({ metadata }) => includes(metadata?.labels, selector));
  const counts = [
    'desiredNumberScheduled',
    'currentNumberScheduled',
    'numberReady',
    'numberAvailable',
    'updatedNumberScheduled',
  ];
  const problems = [
    ...podProblems(set, pods, nodes.length, set.spec && { selector: {}, template: set.spec.template }),
    ...statusProblems(set, { ...every(counts, nodes.length), numberMisscheduled: 0, numberUnavailable: 0 }),
    ...revisionProblems(set, objects, set.spec?.revisionHistoryLimit),
  ];
  for (const { metadata } of nodes) {
    const here = pods.filter(({ spec }) => spec?.nodeName === metadata?.name);
    if (here.length !== 1) problems.push(`${nameOf(set)}: ${here.length} pods on ${metadata?.name}`);
  }
  return problems;
}

/** The one in use, and not more of the old ones than are to be kept. */
function revisionProblems(set: KubeObject, objects: Objects, limit = 10): string[] {
  const revisions = objects.controlledBy<V1ControllerRevision>(set, 'ControllerRevision');
  const problems: string[] = [];
  if (revisions.length < 1 || revisions.length > limit + 1)
    problems.push(`${nameOf(set)}: has ${revisions.length} revisions, and ${limit} old ones are to be kept`);
  return problems;
}

/** Back as they ought to be: Ready, and marked with nothing. */
export function checkNode(node: V1Node): string[] {
  const ready = node.status?.conditions?.find(({ type }) => type === 'Ready');
  const taints = node.spec?.taints?.map(({ key }) => key) ?? [];
  return [
    ...(ready?.status === 'True' ? [] : [`${nameOf(node)}: Ready is ${ready?.status}`]),
    ...(taints.length === 0 ? [] : [`${nameOf(node)}: still has taints: ${taints}`]),
  ];
}

function every(fields: readonly string[], value: number): Record<string, number> {
  return Object.fromEntries(fields.map((field) => [field, value]));
}
