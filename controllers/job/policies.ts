/** What a job's policies say about its failed pods and succeeded indexes. */
import type {
  V1ContainerStatus,
  V1Pod,
  V1PodCondition,
  V1PodFailurePolicy,
  V1PodFailurePolicyOnExitCodesRequirement,
  V1PodFailurePolicyOnPodConditionsPattern,
  V1PodFailurePolicyRule,
  V1SuccessPolicy,
} from '../../openapi/generated/types.ts';
import { type Intervals, overlapOf, parseIntervals, totalOf } from './intervals.ts';

/** What to make of a failed pod. */
export interface FailureVerdict {
  /** Whether the failure counts towards the back-off limits. */
  counted: boolean;
  /** The action of the rule that matched, if any. */
  action?: string;
  /** Why the whole job fails, if it does. */
  message?: string;
}

const COUNTED: FailureVerdict = { counted: true };

/** The first rule that matches decides; a failure that none matches counts. */
export function matchFailurePolicy(policy: V1PodFailurePolicy | undefined, pod: V1Pod): FailureVerdict {
  for (const [i, rule] of (policy?.rules ?? []).entries()) {
    const reason = reasonOf(rule, pod);
    if (reason === undefined) continue;
    const { action } = rule;
    if (action === 'FailJob')
      return { counted: true, action, message: `${reason} matching ${action} rule at index ${i}` };
    if (action === 'Ignore' || action === 'FailIndex' || action === 'Count') {
      return { counted: action !== 'Ignore', action };
    }
  }
  return COUNTED;
}

/** What about the pod the rule matches. */
function reasonOf({ onExitCodes, onPodConditions }: V1PodFailurePolicyRule, pod: V1Pod): string | undefined {
  const name = `${pod.metadata?.namespace}/${pod.metadata?.name}`;
  if (onExitCodes) {
    const container = matchExitCodes(pod, onExitCodes);
    const code = container?.state?.terminated?.exitCode;
    return container && `Container ${container.name} for pod ${name} failed with exit code ${code}`;
  }
  const condition = matchConditions(pod, onPodConditions ?? []);
  return condition && `Pod ${name} has condition ${condition.type}`;
}

function matchExitCodes(
  pod: V1Pod,
  requirement: V1PodFailurePolicyOnExitCodesRequirement,
): V1ContainerStatus | undefined {
  const matches = ({ name, state }: V1ContainerStatus) => {
    const code = state?.terminated?.exitCode ?? 0;
    if (code === 0 || (requirement.containerName !== undefined && requirement.containerName !== name)) return false;
    const listed = requirement.values.includes(code);
    return requirement.operator === 'In' ? listed : requirement.operator === 'NotIn' && !listed;
  };
  return pod.status?.containerStatuses?.find(matches) ?? pod.status?.initContainerStatuses?.find(matches);
}

function matchConditions(
  pod: V1Pod,
  patterns: readonly V1PodFailurePolicyOnPodConditionsPattern[],
): V1PodCondition | undefined {
  return pod.status?.conditions?.find((condition) =>
    patterns.some(({ type, status = 'True' }) => type === condition.type && status === condition.status),
  );
}

/** Says which rule the succeeded indexes meet; `undefined` when they meet none. */
export function matchSuccessPolicy(
  policy: V1SuccessPolicy | undefined,
  completions: number,
  succeeded: Intervals,
): string | undefined {
  if (succeeded.length === 0) return undefined;
  const met = (policy?.rules ?? []).findIndex(({ succeededIndexes, succeededCount }) => {
    if (succeededIndexes === undefined) return succeededCount !== undefined && totalOf(succeeded) >= succeededCount;
    const required = parseIntervals(succeededIndexes, completions);
    if (required.length === 0) return false;
    const overlap = overlapOf(required, succeeded);
    return overlap === totalOf(required) || (succeededCount !== undefined && overlap >= succeededCount);
  });
  return met < 0 ? undefined : `Matched rules at index ${met}`;
}
