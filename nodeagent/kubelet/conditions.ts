/** The conditions of a pod that are the kubelet's to write. */
import { rfc3339 } from '../../base/clock.ts';
import type { V1ContainerStatus, V1Pod, V1PodCondition } from '../../openapi/generated/types.ts';
import { defined, isSidecar } from './names.ts';
import type { Phase } from './phase.ts';

const OURS = ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'];

/** Whether the kubelet owns a condition of this type; all others are kept as others wrote them. */
export function isKubeletCondition(type: string): boolean {
  return OURS.includes(type);
}

type Verdict = Pick<V1PodCondition, 'status' | 'reason' | 'message'>;

export interface ConditionInput {
  pod: V1Pod;
  phase: Phase;
  init: readonly V1ContainerStatus[];
  containers: readonly V1ContainerStatus[];
  /** The pod has a running sandbox with an address. */
  sandboxReady: boolean;
  previous: readonly V1PodCondition[];
  now: number;
}

/** In upstream's order; `lastTransitionTime` is kept where the status has not changed. */
export function conditionsOf(input: ConditionInput): V1PodCondition[] {
  const ready = containersReady(input);
  const verdicts: Record<string, Verdict> = {
    PodReadyToStartContainers: { status: input.sandboxReady ? 'True' : 'False' },
    Initialized: initialized(input),
    Ready: podReady(input, ready),
    ContainersReady: ready,
    PodScheduled: { status: 'True' },
  };
  const generation = input.pod.metadata?.generation;
  return OURS.map((type) => {
    const verdict = verdicts[type] ?? { status: 'Unknown' };
    const before = input.previous.find((condition) => condition.type === type);
    const since = before?.status === verdict.status ? before.lastTransitionTime : undefined;
    return defined({
      type,
      observedGeneration: generation,
      ...verdict,
      lastTransitionTime: since ?? rfc3339(input.now),
    });
  });
}

function containersReady({ pod, phase, containers }: ConditionInput): Verdict {
  const { unknown, unready } = sortOut(
    [...(pod.spec?.initContainers ?? []).filter(isSidecar), ...(pod.spec?.containers ?? [])].map((c) => c.name),
    containers,
  );
  if (phase === 'Succeeded' && unknown.length === 0) return { status: 'False', reason: 'PodCompleted' };
  if (phase === 'Failed' && unknown.length === 0) return { status: 'False', reason: 'PodFailed' };
  const message = describe(unknown, unready, 'unready');
  return message ? { status: 'False', reason: 'ContainersNotReady', message } : { status: 'True' };
}

function podReady({ pod, previous }: ConditionInput, ready: Verdict): Verdict {
  if (ready.status !== 'True') return ready;
  const messages: string[] = [];
  for (const { conditionType } of pod.spec?.readinessGates ?? []) {
    const gate = [...(pod.status?.conditions ?? []), ...previous].find(({ type }) => type === conditionType);
    if (!gate) {
      messages.push(`corresponding condition of pod readiness gate "${conditionType}" does not exist.`);
    } else if (gate.status !== 'True') {
      messages.push(`the status of pod readiness gate "${conditionType}" is not "True", but ${gate.status}`);
    }
  }
  if (messages.length === 0) return { status: 'True' };
  return { status: 'False', reason: 'ReadinessGatesNotReady', message: messages.join(', ') };
}

function initialized({ pod, phase, init, containers }: ConditionInput): Verdict {
  const specs = pod.spec?.initContainers ?? [];
  const unknown: string[] = [];
  const incomplete: string[] = [];
  for (const container of specs) {
    const status = init.find(({ name }) => name === container.name);
    if (!status) unknown.push(container.name);
    else if (!(isSidecar(container) ? status.started : status.ready)) incomplete.push(container.name);
  }
  if (phase === 'Succeeded' && unknown.length === 0) return { status: 'True', reason: 'PodCompleted' };
  // Once a regular container has run, the pod stays initialized whatever becomes of its sidecars.
  if (containers.some(({ name, state }) => !specs.some((spec) => spec.name === name) && state?.running)) {
    return { status: 'True' };
  }
  const message = describe(unknown, incomplete, 'incomplete');
  return message ? { status: 'False', reason: 'ContainersNotInitialized', message } : { status: 'True' };
}

function sortOut(names: string[], statuses: readonly V1ContainerStatus[]): { unknown: string[]; unready: string[] } {
  const found = new Map(statuses.map((status) => [status.name, status]));
  return {
    unknown: names.filter((name) => !found.has(name)),
    unready: names.filter((name) => found.get(name)?.ready === false),
  };
}

function describe(unknown: string[], bad: string[], what: string): string {
  return [
    ...(unknown.length > 0 ? [`containers with unknown status: [${unknown.join(' ')}]`] : []),
    ...(bad.length > 0 ? [`containers with ${what} status: [${bad.join(' ')}]`] : []),
  ].join(', ');
}
