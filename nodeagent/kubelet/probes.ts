/**
 * Probes the running containers of all pods. A worker for each probe of each container instance; what it finds is kept
 * by container id, and each change wakes the pod.
 */
import type { Clock } from '../../base/clock.ts';
import { isAbort, messageOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { EventRecorder } from '../../client/events.ts';
import type { V1Container, V1Pod, V1Probe } from '../../openapi/generated/types.ts';
import type { ContainerRuntime } from '../runtime/runtime.ts';
import type { ProbeFindings } from './actions.ts';
import type { ProbeView } from './container-status.ts';
import { type ProbeOutcome, runProbe } from './handlers.ts';
import { fieldPathOf, identityOf, isTerminal, referenceTo } from './names.ts';

export type ProbeKind = 'Liveness' | 'Readiness' | 'Startup';

/** Counts like results in a row against the probe's thresholds. */
export class ProbeCounter {
  #last: boolean | undefined;
  #run = 0;

  /** Returns the verdict when a threshold is reached, else `undefined`. */
  add(success: boolean, probe: V1Probe): boolean | undefined {
    this.#run = this.#last === success ? this.#run + 1 : 1;
    this.#last = success;
    const threshold = success ? (probe.successThreshold ?? 1) : (probe.failureThreshold ?? 3);
    return this.#run >= threshold ? success : undefined;
  }
}

/** A running container to be probed. */
export interface ProbeTarget {
  container: V1Container;
  containerId: string;
  /** Milliseconds since the epoch. */
  startedAt: number;
  /** What the API said of this very instance before the kubelet came: it stays until a probe says otherwise. */
  before?: { started: boolean; ready: boolean };
}

interface Instance {
  pod: V1Pod;
  podIP: string;
  target: ProbeTarget;
  started: boolean;
  ready: boolean;
  failed?: 'liveness' | 'startup';
  stop: AbortController;
  /** Ends all but readiness. */
  restarts: AbortController;
}

export interface ProbeManagerOptions {
  runtime: ContainerRuntime;
  clock: Clock;
  recorder: EventRecorder;
  log: Log;
  /** Called with the pod's uid when a result changed. */
  onChange(uid: string): void;
}

export class ProbeManager implements ProbeFindings, ProbeView {
  readonly #options: ProbeManagerOptions;
  readonly #instances = new Map<string, Instance>();

  constructor(options: ProbeManagerOptions) {
    this.#options = options;
  }

  /** Without a container, as `computePodActions` asks, an unknown instance counts as started only if it has no probe. */
  started(containerOrId: V1Container | string, containerId?: string): boolean {
    const id = containerId ?? (containerOrId as string);
    const instance = this.#instances.get(id);
    if (instance) return instance.started;
    return typeof containerOrId === 'string' ? true : containerOrId.startupProbe === undefined;
  }

  ready(container: V1Container, containerId: string): boolean {
    return this.#instances.get(containerId)?.ready ?? container.readinessProbe === undefined;
  }

  failed(containerId: string): 'liveness' | 'startup' | undefined {
    return this.#instances.get(containerId)?.failed;
  }

  /** Begins to probe what runs and ends what does not run any more. */
  sync(pod: V1Pod, podIP: string, targets: readonly ProbeTarget[]): void {
    const { uid } = identityOf(pod);
    const running = new Set(targets.map(({ containerId }) => containerId));
    for (const [id, instance] of this.#instances) {
      if (identityOf(instance.pod).uid !== uid) continue;
      if (running.has(id)) {
        instance.pod = pod;
        instance.podIP = podIP;
      } else this.#drop(id, instance);
    }
    for (const target of targets) {
      if (!this.#instances.has(target.containerId)) this.#begin(pod, podIP, target);
    }
  }

  /** A pod that ends is no longer restarted for its probes; readiness goes on until its containers are gone. */
  stopRestarts(uid: string): void {
    for (const { pod, restarts } of this.#instances.values()) if (identityOf(pod).uid === uid) restarts.abort();
  }

  stop(uid?: string): void {
    for (const [id, instance] of this.#instances) {
      if (uid === undefined || identityOf(instance.pod).uid === uid) this.#drop(id, instance);
    }
  }

  #drop(id: string, instance: Instance): void {
    instance.stop.abort();
    instance.restarts.abort();
    this.#instances.delete(id);
  }

  #begin(pod: V1Pod, podIP: string, target: ProbeTarget): void {
    const { container, before } = target;
    if (!container.startupProbe && !container.livenessProbe && !container.readinessProbe) return;
    const instance: Instance = {
      pod,
      podIP,
      target,
      started: container.startupProbe === undefined || before?.started === true,
      ready: container.readinessProbe === undefined || before?.ready === true,
      stop: new AbortController(),
      restarts: new AbortController(),
    };
    this.#instances.set(target.containerId, instance);
    if (instance.started) this.#afterStart(instance);
    else this.#run(instance, 'Startup', container.startupProbe);
  }

  #afterStart(instance: Instance): void {
    this.#run(instance, 'Liveness', instance.target.container.livenessProbe);
    this.#run(instance, 'Readiness', instance.target.container.readinessProbe);
  }

  #run(instance: Instance, kind: ProbeKind, probe: V1Probe | undefined): void {
    if (!probe) return;
    const { signal } = kind === 'Readiness' ? instance.stop : instance.restarts;
    this.#loop(instance, kind, probe, signal).catch((error: unknown) => {
      if (isAbort(error, signal)) return;
      this.#options.log.error(
        { pod: instance.pod.metadata?.name, kind, error: messageOf(error) },
        'probe: worker ended',
      );
    });
  }

  async #loop(instance: Instance, kind: ProbeKind, probe: V1Probe, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const counter = new ProbeCounter();
    const periodMs = (probe.periodSeconds ?? 10) * 1000;
    const dueAt = instance.target.startedAt + (probe.initialDelaySeconds ?? 0) * 1000;
    const waitMs = dueAt - clock.now();
    if (waitMs > 0) await clock.sleep(waitMs, signal);
    while (!signal.aborted) {
      const { container, containerId } = instance.target;
      const outcome = await runProbe(this.#options, probe, { container, containerId, podIP: instance.podIP }, signal);
      if (signal.aborted) return;
      this.#tell(instance, kind, outcome);
      if (outcome.result !== 'unknown') {
        const verdict = counter.add(outcome.result !== 'failure', probe);
        if (verdict !== undefined && this.#settle(instance, kind, verdict)) return;
      }
      await clock.sleep(periodMs, signal);
    }
  }

  /** Returns whether this probe has done its work. */
  #settle(instance: Instance, kind: ProbeKind, success: boolean): boolean {
    const { uid } = identityOf(instance.pod);
    if (kind === 'Readiness') {
      if (instance.ready === success) return false;
      instance.ready = success;
      this.#options.onChange(uid);
      return false;
    }
    if (success) {
      if (kind === 'Liveness') return false;
      instance.started = true;
      this.#afterStart(instance);
    } else {
      instance.failed = kind === 'Liveness' ? 'liveness' : 'startup';
    }
    this.#options.onChange(uid);
    return true;
  }

  #tell(instance: Instance, kind: ProbeKind, outcome: ProbeOutcome): void {
    const { pod, target } = instance;
    if (isTerminal(pod.status?.phase)) return;
    const say = (reason: string, message: string) =>
      this.#options.recorder.event(
        referenceTo(pod),
        'Warning',
        reason,
        message,
        fieldPathOf(pod, target.container.name),
      );
    if (outcome.result === 'failure') say('Unhealthy', `${kind} probe failed: ${outcome.output}`);
    if (outcome.result === 'warning') say('ProbeWarning', `${kind} probe warning: ${outcome.output}`);
    if (outcome.result === 'unknown') {
      say('Unhealthy', `${kind} probe errored and resulted in unknown state: ${outcome.error}`);
    }
  }
}
