/** What `kubectl get pods` shows. */
import type { V1Container, V1ContainerStatus, V1Pod } from '../../../openapi/generated/types.ts';
import type { Column } from '../declaration.ts';
import { ageColumn, column, type Describe, fieldColumn, humanDuration, nameColumn } from './columns.ts';

const NONE = '<none>';

export function podColumns(describe: Describe): Column<V1Pod>[] {
  const spec = 'io.k8s.api.core.v1.PodSpec';
  const status = 'io.k8s.api.core.v1.PodStatus';
  const wide = { priority: 1 };
  return [
    nameColumn(describe),
    column('Ready', 'The aggregate readiness state of this pod for accepting traffic.', (pod) => summaryOf(pod).ready),
    column('Status', 'The aggregate status of the containers in this pod.', (pod) => summaryOf(pod).status),
    column(
      'Restarts',
      'The number of times the containers in this pod have been restarted and when the last container in this pod has restarted.',
      (pod, now) => restartsText(summaryOf(pod), now),
    ),
    ageColumn(describe),
    fieldColumn('IP', describe, [status, 'podIP'], (pod) => pod.status?.podIPs?.[0]?.ip || NONE, wide),
    fieldColumn('Node', describe, [spec, 'nodeName'], (pod) => pod.spec?.nodeName || NONE, wide),
    fieldColumn(
      'Nominated Node',
      describe,
      [status, 'nominatedNodeName'],
      (pod) => pod.status?.nominatedNodeName || NONE,
      wide,
    ),
    fieldColumn('Readiness Gates', describe, [spec, 'readinessGates'], readinessGates, wide),
  ];
}

/** The state of a pod in a line. */
export interface PodSummary {
  /** `1/2` */
  ready: string;
  /** `Running`, `Init:0/1`, `CrashLoopBackOff`, … */
  status: string;
  restarts: number;
  /** When a container last ended before it was started again, in milliseconds since the epoch; 0 for never. */
  lastRestart: number;
}

/** Sums up the containers of a pod as upstream does. */
export function summaryOf(pod: V1Pod): PodSummary {
  const tally = new Tally(pod);
  const initializing = tally.addInitContainers();
  if (!initializing || tally.initialized) tally.addContainers();
  return tally.summary();
}

const RESTARTABLE = (container: V1Container | undefined) => container?.restartPolicy === 'Always';

class Tally {
  readonly #pod: V1Pod;
  #reason: string;
  #ready = 0;
  #total: number;
  #restarts = 0;
  #lastRestart = 0;
  #restartableRestarts = 0;
  #restartableLastRestart = 0;

  constructor(pod: V1Pod) {
    this.#pod = pod;
    const { spec, status } = pod;
    this.#total = (spec?.containers?.length ?? 0) + (spec?.initContainers?.filter(RESTARTABLE).length ?? 0);
    this.#reason = status?.reason || status?.phase || '';
    const scheduled = status?.conditions?.find((condition) => condition.type === 'PodScheduled');
    if (scheduled?.reason === 'SchedulingGated') this.#reason = 'SchedulingGated';
  }

  get initialized(): boolean {
    return (
      this.#pod.status?.conditions?.some(({ type, status }) => type === 'Initialized' && status === 'True') === true
    );
  }

  /** Whether init containers are still at work, which then is what the status tells. */
  addInitContainers(): boolean {
    const specs = this.#pod.spec?.initContainers ?? [];
    const byName = new Map(specs.map((container) => [container.name, container]));
    for (const [i, status] of (this.#pod.status?.initContainerStatuses ?? []).entries()) {
      const restartable = RESTARTABLE(byName.get(status.name));
      this.#countRestarts(status, restartable);
      if (status.state?.terminated?.exitCode === 0) continue;
      if (restartable && status.started) {
        if (status.ready) this.#ready++;
        continue;
      }
      this.#reason = initReason(status, i, specs.length);
      return true;
    }
    return false;
  }

  addContainers(): void {
    this.#restarts = this.#restartableRestarts;
    this.#lastRestart = this.#restartableLastRestart;
    let running = false;
    for (const status of (this.#pod.status?.containerStatuses ?? []).toReversed()) {
      this.#countRestarts(status, false);
      const reason = containerReason(status);
      if (reason !== undefined) this.#reason = reason;
      else if (status.ready && status.state?.running) {
        running = true;
        this.#ready++;
      }
    }
    // One container that ended well does not make a pod completed while another runs.
    if (this.#reason === 'Completed' && running) this.#reason = this.#isReady() ? 'Running' : 'NotReady';
  }

  summary(): PodSummary {
    return {
      ready: `${this.#ready}/${this.#total}`,
      status: this.#finalStatus(),
      restarts: this.#restarts,
      lastRestart: this.#lastRestart,
    };
  }

  #finalStatus(): string {
    const { metadata, status } = this.#pod;
    if (!metadata?.deletionTimestamp) return this.#reason;
    if (status?.reason === 'NodeLost') return 'Unknown';
    return status?.phase === 'Succeeded' || status?.phase === 'Failed' ? this.#reason : 'Terminating';
  }

  #isReady(): boolean {
    return this.#pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;
  }

  #countRestarts(status: V1ContainerStatus, restartable: boolean): void {
    const finished = Date.parse(status.lastState?.terminated?.finishedAt ?? '') || 0;
    this.#restarts += status.restartCount ?? 0;
    this.#lastRestart = Math.max(this.#lastRestart, finished);
    if (!restartable) return;
    this.#restartableRestarts += status.restartCount ?? 0;
    this.#restartableLastRestart = Math.max(this.#restartableLastRestart, finished);
  }
}

function initReason({ state }: V1ContainerStatus, index: number, total: number): string {
  const terminated = state?.terminated;
  if (terminated) return `Init:${terminated.reason || exitText(terminated)}`;
  const waiting = state?.waiting?.reason;
  return waiting && waiting !== 'PodInitializing' ? `Init:${waiting}` : `Init:${index}/${total}`;
}

function containerReason({ state }: V1ContainerStatus): string | undefined {
  if (state?.waiting?.reason) return state.waiting.reason;
  return state?.terminated ? state.terminated.reason || exitText(state.terminated) : undefined;
}

function exitText({ signal, exitCode }: { signal?: number; exitCode?: number }): string {
  return signal ? `Signal:${signal}` : `ExitCode:${exitCode ?? 0}`;
}

/** `3`, or `3 (5s ago)`. */
function restartsText({ restarts, lastRestart }: PodSummary, now: number): string {
  return restarts !== 0 && lastRestart !== 0 ? `${restarts} (${humanDuration(now - lastRestart)} ago)` : `${restarts}`;
}

function readinessGates(pod: V1Pod): string {
  const gates = pod.spec?.readinessGates ?? [];
  if (gates.length === 0) return NONE;
  const open = gates.filter(
    (gate) => pod.status?.conditions?.find(({ type }) => type === gate.conditionType)?.status === 'True',
  );
  return `${open.length}/${gates.length}`;
}
