/** A pod's status from its spec and the runtime's records. Pure, and worded as upstream words it. */
import { rfc3339 } from '../../base/clock.ts';
import type { V1ContainerStatus, V1Pod, V1PodStatus } from '../../openapi/generated/types.ts';
import type { PodRecord } from '../runtime/runtime.ts';
import { currentSandbox } from './actions.ts';
import { conditionsOf } from './conditions.ts';
import {
  asTerminated,
  type ContainerStatusView,
  containerStatusOf,
  type ProbeView,
  type WaitingReason,
} from './container-status.ts';
import { type ContainerKind, containersOf, defined, isSidecar, isTerminal } from './names.ts';
import { phaseOf } from './phase.ts';
import { qosClassOf } from './qos.ts';

export interface StatusView {
  /** Milliseconds since the epoch. */
  now: number;
  runtimeName: string;
  hostIP: string;
  /** What was last written, by us or (after a restart) found in the API. */
  previous?: V1PodStatus;
  waiting?: ReadonlyMap<string, WaitingReason>;
  probes?: ProbeView;
  messages?: ReadonlyMap<string, string>;
  /** The kubelet has ended the pod on its own account, for example at its deadline. */
  failed?: { reason: string; message: string };
  /** Every container has been stopped for good: the final status. */
  over?: boolean;
}

const WITHOUT_PROBES: ProbeView = { started: () => true, ready: (container) => !container.readinessProbe };

/** The kubelet's own part of the status: conditions that others own are not in it. */
export function podStatus(pod: V1Pod, record: PodRecord, view: StatusView): V1PodStatus {
  const previous = view.previous ?? pod.status ?? {};
  const over = view.over === true;
  const containers: ContainerStatusView = {
    pod,
    record,
    runtimeName: view.runtimeName,
    waiting: view.waiting ?? new Map(),
    probes: view.probes ?? WITHOUT_PROBES,
    messages: view.messages ?? new Map(),
    over: over || view.failed !== undefined || isTerminal(previous.phase),
  };
  const init = statusesOf(containers, 'init', previous.initContainerStatuses, over);
  const regular = statusesOf(containers, 'container', previous.containerStatuses, over);
  const ephemeral = statusesOf(containers, 'ephemeral', previous.ephemeralContainerStatuses, over);
  const phase = settledPhase(pod, [...regular, ...init], view, previous);
  const sandbox = currentSandbox(pod, record);
  const ip = pod.spec?.hostNetwork ? view.hostIP : (sandbox?.ip ?? (over ? previous.podIP : undefined));
  const sidecars = init.filter(({ name }) => pod.spec?.initContainers?.some((c) => c.name === name && isSidecar(c)));
  return defined({
    observedGeneration: pod.metadata?.generation,
    phase,
    conditions: conditionsOf({
      pod,
      phase,
      init,
      containers: [...sidecars, ...regular],
      sandboxReady: sandbox !== undefined && !isTerminal(phase),
      previous: previous.conditions ?? [],
      now: view.now,
    }),
    ...(view.failed ?? endReasonOf(pod, phase)),
    hostIP: view.hostIP,
    hostIPs: [{ ip: view.hostIP }],
    podIP: ip,
    podIPs: ip ? [{ ip }] : undefined,
    startTime: previous.startTime ?? rfc3339(view.now),
    initContainerStatuses: init.length > 0 ? init : undefined,
    containerStatuses: regular,
    ephemeralContainerStatuses: ephemeral.length > 0 ? ephemeral : undefined,
    qosClass: qosClassOf(pod),
  });
}

/** A reason once written for a failed pod, such as DeadlineExceeded or Evicted, stays. */
function endReasonOf(pod: V1Pod, phase: string): { reason?: string; message?: string } {
  if (phase !== 'Failed') return {};
  const { reason, message } = pod.status ?? {};
  return { ...(reason ? { reason } : {}), ...(message ? { message } : {}) };
}

function statusesOf(
  view: ContainerStatusView,
  kind: ContainerKind,
  old: readonly V1ContainerStatus[] = [],
  over: boolean,
): V1ContainerStatus[] {
  return containersOf(view.pod)
    .filter((entry) => entry.kind === kind)
    .map(({ container }) => {
      const before = old.find(({ name }) => name === container.name);
      const status = containerStatusOf(view, kind, container, before);
      const everRan = status.containerID !== undefined || before?.containerID !== undefined;
      return over && everRan ? asTerminated(status) : status;
    });
}

function settledPhase(pod: V1Pod, statuses: V1ContainerStatus[], view: StatusView, previous: V1PodStatus) {
  // A phase that is final in the API is final.
  for (const phase of ['Succeeded', 'Failed'] as const) if (previous.phase === phase) return phase;
  if (view.failed) return 'Failed';
  const over = view.over === true;
  const initialized = (pod.spec?.containers ?? []).some((container) => {
    const status = statuses.find(({ name }) => name === container.name);
    return status?.state?.running || status?.state?.terminated || status?.lastState?.terminated;
  });
  const phase = phaseOf(pod, statuses, over, initialized);
  // A pod that ends before it has run can only have failed.
  return over && !isTerminal(phase) ? 'Failed' : phase;
}
