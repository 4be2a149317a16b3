/**
 * The stages of a simulated pod: what its status is next, from what it is and the time. Pure. It decides with the
 * kubelet's own functions, over records that are read back from the status instead of from a runtime.
 */
import { isDeepStrictEqual } from 'node:util';
import { rfc3339 } from '../../base/clock.ts';
import type { V1Container, V1Pod, V1PodStatus } from '../../openapi/generated/types.ts';
import { type ContainerToStart, computePodActions } from '../kubelet/actions.ts';
import type { ProbeView, WaitingReason } from '../kubelet/container-status.ts';
import { containersOf, goDuration, hasExited, instancesOf, isSidecar, isTerminal, podText } from '../kubelet/names.ts';
import { deadlineOf, graceOf } from '../kubelet/pod-view.ts';
import { qosClassOf } from '../kubelet/qos.ts';
import { podStatus } from '../kubelet/status.ts';
import { mergeStatus } from '../kubelet/status-writer.ts';
import type { ContainerRecord, PodRecord } from '../runtime/runtime.ts';
import { addSandbox, drawOf, newInstance, RUNTIME_NAME, type Run, type Runs, recordOf } from './pod-record.ts';
import { exitCodeAt, initExitCodeAt, type PodScript, runEndOf } from './script.ts';

export interface PodPlan {
  hostIP: string;
  /** The pod's address; its own or one that is free. */
  podIP: string;
  /** When the pod was first seen on its node, milliseconds since the epoch. */
  boundAt: number;
  /** What the pod's annotations say, and what its node's say of all its pods. */
  script: PodScript;
  nodeScript: PodScript;
  runs: Runs;
  /** Why the node does not take the pod, if it does not. */
  rejection?: { reason: string; message: string };
}

export interface PodStep {
  /** What to write; absent where the status is as it ought to be. */
  status?: V1PodStatus;
  /** When to look again though nothing has happened, milliseconds since the epoch. */
  at?: number;
  /** Nothing runs any more: the object of the deleted pod may go. */
  remove?: boolean;
  /** To be remembered. */
  runs: Runs;
}

/** A start that comes later than this is announced: the pod is seen to be Pending with its containers waiting. */
const ANNOUNCED_MS = 1000;
const ROUNDS_MAX = 50;
/** Upstream's waits between restarts: none, 10 s, 20 s, up to 5 min; a run of 10 min makes them begin anew. */
const BACKOFF_FIRST_MS = 10_000;
const BACKOFF_MAX_MS = 300_000;
const LONG_RUN_MS = 600_000;
const DEADLINE = {
  reason: 'DeadlineExceeded',
  message: 'Pod was active on the node longer than the specified deadline',
};

/** What comes next for a pod that is bound to a simulated node. */
export function nextPodStatus(pod: V1Pod, now: number, plan: PodPlan): PodStep {
  if (pod.metadata?.deletionTimestamp !== undefined) return endingStep(pod, now, plan);
  if (isTerminal(pod.status?.phase)) return { runs: plan.runs };
  if (plan.rejection) return { status: rejectedStatus(pod, now, plan.rejection), runs: plan.runs };
  const record = recordOf(pod, plan.podIP, plan.runs);
  const course = new Course(pod, record, now, plan);
  if (record.sandboxes.length === 0) {
    const startAt = plan.boundAt + (plan.script.startMs ?? plan.nodeScript.startMs ?? 0);
    if (now < startAt && startAt - now <= ANNOUNCED_MS) return { at: startAt, runs: plan.runs };
    if (now < startAt) course.lookAgain(startAt);
    else addSandbox(record, pod, plan.podIP);
  }
  const deadline = deadlineOf(pod, { startTime: pod.status?.startTime ?? rfc3339(now) });
  if (deadline !== undefined && now >= deadline) {
    course.endAll();
    return course.step({ failed: DEADLINE });
  }
  if (deadline !== undefined) course.lookAgain(deadline);
  if (record.sandboxes.length > 0) course.advance();
  return course.step({});
}

/** The pod is to go: its containers heed their signal at once, after the preStop hooks that sleep. */
function endingStep(pod: V1Pod, now: number, plan: PodPlan): PodStep {
  const course = new Course(pod, recordOf(pod, plan.podIP, plan.runs), now, plan);
  const graceMs = graceOf(pod) * 1000;
  const endAt = Date.parse(pod.metadata?.deletionTimestamp ?? '') - graceMs + Math.min(graceMs, preStopMs(pod));
  if (now < endAt && course.anyRunning) return { at: endAt, runs: plan.runs };
  course.endAll();
  return { ...course.step({ over: true }), remove: true };
}

function preStopMs(pod: V1Pod): number {
  const seconds = (pod.spec?.containers ?? []).map(({ lifecycle }) => lifecycle?.preStop?.sleep?.seconds ?? 0);
  return Math.max(0, ...seconds) * 1000;
}

function rejectedStatus(pod: V1Pod, now: number, { reason, message }: { reason: string; message: string }) {
  const time = rfc3339(now);
  const status: V1PodStatus = { phase: 'Failed', reason, message, startTime: time, qosClass: qosClassOf(pod) };
  return { ...pod.status, ...status };
}

/** One look at a pod: its record, changed step by step up to now. */
class Course {
  readonly #pod: V1Pod;
  readonly #record: PodRecord;
  readonly #now: number;
  readonly #plan: PodPlan;
  readonly #runs: Map<string, Run>;
  readonly #waiting = new Map<string, WaitingReason>();
  #at: number | undefined;

  constructor(pod: V1Pod, record: PodRecord, now: number, plan: PodPlan) {
    this.#pod = pod;
    this.#record = record;
    this.#now = now;
    this.#plan = plan;
    this.#runs = new Map(plan.runs);
  }

  get anyRunning(): boolean {
    return this.#record.containers.some(({ state }) => state === 'running');
  }

  lookAgain(at: number): void {
    if (at > this.#now) this.#at = Math.min(this.#at ?? at, at);
  }

  /** Ends runs that are over and starts what is to be started, until only time can bring more. */
  advance(): void {
    for (let round = 0; round < ROUNDS_MAX; round++) {
      this.#endRuns();
      const probes = { started: (id: string) => this.#started(id), failed: () => undefined };
      const actions = computePodActions(this.#pod, this.#record, probes);
      for (const { id } of actions.kill) this.#end(id, 0, this.#now);
      let progress = actions.kill.length > 0;
      for (const start of actions.start) progress = this.#start(start) || progress;
      if (!progress) return;
    }
    this.lookAgain(this.#now + BACKOFF_FIRST_MS);
  }

  endAll(): void {
    for (const { id, state } of this.#record.containers) if (state === 'running') this.#end(id, 0, this.#now);
  }

  step(view: { failed?: { reason: string; message: string }; over?: boolean }): PodStep {
    const { hostIP } = this.#plan;
    const desired = podStatus(this.#pod, this.#record, {
      now: this.#now,
      runtimeName: RUNTIME_NAME,
      hostIP,
      waiting: this.#waiting,
      probes: this.#probes(),
      ...view,
    });
    const status = mergeStatus(this.#pod.status, desired);
    return {
      ...(isDeepStrictEqual(status, this.#pod.status) ? {} : { status }),
      ...(this.#at === undefined || isTerminal(status.phase) ? {} : { at: this.#at }),
      runs: this.#runs,
    };
  }

  #endRuns(): void {
    for (const record of this.#record.containers) {
      if (record.state !== 'running' || !this.#isRegular(record.name)) continue;
      const end = this.#endOf(record);
      if (!end) continue;
      if (end.at > this.#now) this.lookAgain(end.at);
      else this.#end(record.id, end.code, end.at);
    }
  }

  #endOf({ name, attempt, startedAt = 0 }: ContainerRecord): { at: number; code: number } | undefined {
    const { script, nodeScript } = this.#plan;
    const { uid } = this.#record.pod;
    const lives = (this.#pod.spec?.restartPolicy ?? 'Always') === 'Always';
    const end = runEndOf(script, nodeScript, lives, drawOf(uid, name, attempt, 'crash'));
    if (!end) return undefined;
    const code = end.code ?? exitCodeAt(script, attempt, drawOf(uid, name, attempt, 'exit'), nodeScript.failRate);
    return { at: startedAt + end.afterMs, code };
  }

  #end(id: string, exitCode: number, finishedAt: number): void {
    const found = this.#record.containers.find((record) => record.id === id);
    if (found?.state !== 'running') return;
    Object.assign(found, { state: 'exited', exitCode, finishedAt });
    const { name, attempt, startedAt = 0 } = found;
    const restarts = this.#runs.get(name)?.restarts ?? attempt;
    this.#runs.set(name, { attempt, startedAt, finishedAt, restarts });
  }

  /** Returns whether it was started; else it is said to wait. */
  #start({ kind, container }: ContainerToStart): boolean {
    const last = instancesOf(this.#record, container.name)[0];
    const restarts = last && hasExited(last) ? this.#restartsAfter(last) : 0;
    if (restarts === undefined) return false;
    const attempt = last ? last.attempt + 1 : 0;
    const instance = newInstance(this.#pod, container, attempt, this.#now);
    this.#record.containers = [
      instance,
      ...this.#record.containers.filter((other) => other.name !== container.name || other === last),
    ];
    this.#runs.set(container.name, { attempt, startedAt: this.#now, restarts });
    if (kind === 'init' && !isSidecar(container)) {
      this.#end(instance.id, initExitCodeAt(this.#plan.script, attempt), this.#now);
    }
    return true;
  }

  /** Counts the restart that is due, or notes how long it has to wait. */
  #restartsAfter(last: ContainerRecord): number | undefined {
    const { name, attempt, startedAt = 0, finishedAt = this.#now } = last;
    const before = finishedAt - startedAt > LONG_RUN_MS ? 0 : (this.#runs.get(name)?.restarts ?? attempt);
    const delayMs = before === 0 ? 0 : Math.min(BACKOFF_FIRST_MS * 2 ** (before - 1), BACKOFF_MAX_MS);
    if (this.#now >= finishedAt + delayMs) return before + 1;
    this.lookAgain(finishedAt + delayMs);
    const whose = `container=${name} pod=${podText(this.#pod)}`;
    const message = `back-off ${goDuration(delayMs)} restarting failed ${whose}`;
    this.#waiting.set(name, { reason: 'CrashLoopBackOff', message });
    return undefined;
  }

  #isRegular(name: string): boolean {
    return (this.#pod.spec?.containers ?? []).some((container) => container.name === name);
  }

  /** Probes succeed, once their initial delay is over. */
  #probes(): ProbeView {
    return {
      started: (container, id) => this.#isPast(id, container.startupProbe?.initialDelaySeconds),
      ready: (container, id) =>
        this.#plan.script.ready && this.#isPast(id, container.readinessProbe?.initialDelaySeconds),
    };
  }

  #started(id: string): boolean {
    const { name } = this.#record.containers.find((record) => record.id === id) ?? {};
    const container: V1Container | undefined = containersOf(this.#pod).find(
      (it) => it.container.name === name,
    )?.container;
    return this.#isPast(id, container?.startupProbe?.initialDelaySeconds);
  }

  #isPast(id: string, delaySeconds = 0): boolean {
    if (delaySeconds === 0) return true;
    const startedAt = this.#record.containers.find((record) => record.id === id)?.startedAt ?? this.#now;
    this.lookAgain(startedAt + delaySeconds * 1000);
    return this.#now >= startedAt + delaySeconds * 1000;
  }
}
