/** What to do about the pods of a StatefulSet, decided from what is there. Pure. */
import type { V1Pod, V1StatefulSet } from '../../openapi/generated/types.ts';
import { isAvailable, isFinished } from '../runtime/pods.ts';
import { blocksCreation, claimNamesOf, type FindClaim, ownersMatch } from './claims.ts';
import { identityMatches, isInRange, ordinalOf, podName, replicasOf, startOf, storageMatches } from './identity.ts';
import { outdatedPods } from './rolling-update.ts';

export interface Situation {
  set: V1StatefulSet;
  /** Names of the revisions the set comes from and goes to. */
  currentRevision: string;
  updateRevision: string;
  /** The pods that are the set's own. */
  pods: readonly V1Pod[];
  findClaim: FindClaim;
  nowMs: number;
}

export type Step =
  | { do: 'create'; ordinal: number; revision: 'current' | 'update' }
  /** Makes the claims of a waiting pod that are missing, and sets their owners right. */
  | { do: 'claims'; pod: V1Pod }
  /** Gives a pod the labels, volumes and owners of claims it should have. */
  | { do: 'update'; pod: V1Pod }
  /** Sets the owners of the claims of a pod right that is too many. */
  | { do: 'owners'; pod: V1Pod }
  | { do: 'delete'; pod: V1Pod };

export interface Plan {
  /** To be carried out one after the other; a failure ends the plan. */
  phases: Step[][];
  /** Whether the steps of a phase may go side by side. */
  parallel: boolean;
  /** Pods among those to delete that go because their revision is old. */
  outdated: V1Pod[];
}

/** An ordinal that should have a pod, and the pod if it has. */
export interface Slot {
  ordinal: number;
  pod: V1Pod | undefined;
}

/** The next steps, as many as may be taken before anything else is seen. */
export function planOf(situation: Situation): Plan {
  const { set } = situation;
  const parallel = set.spec?.podManagementPolicy === 'Parallel';
  const plan: Plan = { phases: [], parallel, outdated: [] };
  if (set.metadata?.deletionTimestamp !== undefined) return plan;
  const { slots, condemned } = partition(set, situation.pods);
  const replicas = replicaSteps(situation, slots, parallel);
  plan.phases.push(replicas.steps);
  if (replicas.blocked) return plan;
  const owners = condemned.filter((pod) => !ownersMatch(set, pod, situation.findClaim));
  plan.phases.push(owners.map((pod) => ({ do: 'owners', pod })));
  const removals = condemnedSteps(situation, condemned, parallel);
  plan.phases.push(removals.steps);
  if (removals.blocked || set.spec?.updateStrategy?.type === 'OnDelete') return plan;
  plan.outdated = outdatedPods(set, slots, situation.updateRevision, situation.nowMs);
  plan.phases.push(plan.outdated.map((pod) => ({ do: 'delete', pod })));
  return plan;
}

/** The ordinals in range, in order, and the pods beyond them, the highest first. */
function partition(set: V1StatefulSet, pods: readonly V1Pod[]): { slots: Slot[]; condemned: V1Pod[] } {
  const start = startOf(set);
  const slots = Array.from({ length: replicasOf(set) }, (_, i): Slot => ({ ordinal: start + i, pod: undefined }));
  const condemned: V1Pod[] = [];
  for (const pod of pods) {
    const ordinal = ordinalOf(pod);
    const slot = isInRange(set, ordinal) ? slots[ordinal - start] : undefined;
    if (slot) slot.pod = pod;
    else if (ordinal >= 0) condemned.push(pod);
  }
  return { slots, condemned: condemned.sort((a, b) => ordinalOf(b) - ordinalOf(a)) };
}

interface Steps {
  steps: Step[];
  /** Whether nothing may follow before these have shown. */
  blocked: boolean;
}

/** In order, the first pod that is not available ends the look: its successors depend on it. */
function replicaSteps(situation: Situation, slots: readonly Slot[], parallel: boolean): Steps {
  const steps: Step[] = [];
  for (const slot of slots) {
    const step = stepFor(situation, slot);
    if (step) steps.push(step);
    if (!parallel && !isSettled(situation, slot)) return { steps, blocked: true };
  }
  return { steps, blocked: false };
}

function stepFor(situation: Situation, { ordinal, pod }: Slot): Step | undefined {
  const { set, findClaim } = situation;
  if (!pod) {
    if (blocksCreation(set, podName(set, ordinal), ordinal, findClaim)) return undefined;
    return { do: 'create', ordinal, revision: revisionFor(set, ordinal) };
  }
  // However it ended: an evicted pod may well have succeeded. Its successor comes when it is gone.
  if (isFinished(pod)) return pod.metadata?.deletionTimestamp === undefined ? { do: 'delete', pod } : undefined;
  if (isPending(pod) && lacksClaims(situation, pod)) return { do: 'claims', pod };
  if (isInOrder(situation, pod)) return undefined;
  const isWaiting = set.spec?.podManagementPolicy !== 'Parallel' && !isSettled(situation, { ordinal, pod });
  return isWaiting ? undefined : { do: 'update', pod };
}

/** Below the partition, and without one below the pods that have not been updated, pods keep the current revision. */
function revisionFor(set: V1StatefulSet, ordinal: number): 'current' | 'update' {
  const { type, rollingUpdate } = set.spec?.updateStrategy ?? {};
  if (type === 'OnDelete' && !rollingUpdate) return 'update';
  const kept = rollingUpdate ? (rollingUpdate.partition ?? 0) : (set.status?.currentReplicas ?? 0);
  return ordinal < startOf(set) + kept ? 'current' : 'update';
}

function isPending(pod: V1Pod): boolean {
  return (pod.status?.phase ?? 'Pending') === 'Pending';
}

function lacksClaims({ set, findClaim }: Situation, pod: V1Pod): boolean {
  if (!set.spec?.volumeClaimTemplates?.length) return false;
  return claimNamesOf(set, ordinalOf(pod)).some((name) => !findClaim(name)) || !ownersMatch(set, pod, findClaim);
}

function isInOrder({ set, findClaim }: Situation, pod: V1Pod): boolean {
  return identityMatches(set, pod) && storageMatches(set, pod) && ownersMatch(set, pod, findClaim);
}

/** Whether successors may be looked at: there, running, ready, available, and to stay. */
function isSettled({ set, nowMs }: Situation, { pod }: Slot): boolean {
  if (!pod || pod.metadata?.deletionTimestamp !== undefined || pod.status?.phase !== 'Running') return false;
  return isAvailable(pod, set.spec?.minReadySeconds ?? 0, nowMs);
}

/** In order, one pod goes at a time, and none while another one, unless it is the lowest, is not well. */
function condemnedSteps(situation: Situation, condemned: readonly V1Pod[], parallel: boolean): Steps {
  const going = (pod: V1Pod) => pod.metadata?.deletionTimestamp !== undefined;
  if (parallel)
    return { steps: condemned.filter((pod) => !going(pod)).map((pod) => ({ do: 'delete', pod })), blocked: false };
  const [highest] = condemned;
  if (!highest) return { steps: [], blocked: false };
  if (going(highest)) return { steps: [], blocked: true };
  const { set, nowMs } = situation;
  const isUnwell = (pod: V1Pod) => going(pod) || !isAvailable(pod, set.spec?.minReadySeconds ?? 0, nowMs);
  const isWell = highest.status?.phase === 'Running' && !isUnwell(highest);
  const mayGo = isWell || condemned.findLast(isUnwell) === highest;
  return { steps: mayGo ? [{ do: 'delete', pod: highest }] : [], blocked: true };
}
