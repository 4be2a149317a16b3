/** Looks at every autoscaler once a period and scales what it points at. Decisions are made in `decision.ts`. */
import { isDeepStrictEqual } from 'node:util';
import { rfc3339 } from '../../base/clock.ts';
import { parseDuration } from '../../base/duration.ts';
import { messageOf } from '../../base/errors.ts';
import type { EventRecorder } from '../../client/events.ts';
import type { Informer } from '../../client/informer.ts';
import { HORIZONTAL_POD_AUTOSCALERS } from '../../client/resources.ts';
import type { WorkQueue } from '../../client/work-queue.ts';
import type {
  V1Pod,
  V2HorizontalPodAutoscaler,
  V2HorizontalPodAutoscalerStatus,
  V2MetricSpec,
  V2MetricStatus,
} from '../../openapi/generated/types.ts';
import { keyOf, splitKey } from '../../openapi/object.ts';
import { matchesLabels, parseLabelSelector, type Requirement } from '../../openapi/selectors.ts';
import { isStatus } from '../../openapi/status.ts';
import { type ControllerContext, typed } from '../runtime/context.ts';
import type { ReconcileResult } from '../runtime/controller.ts';
import { BY_NAMESPACE } from '../runtime/informers.ts';
import { type History, newHistory, withChange } from './behavior.ts';
import { type ConditionChange, type Conditions, withCondition } from './conditions.ts';
import { type AutoscalerSettings, currentOf, type Decision, desiredReplicas, wantsMetrics } from './decision.ts';
import type { Reading } from './metric-specs.ts';
import { MetricsApi } from './metrics-api.ts';
import { selectorQuery } from './selector-text.ts';
import { type FoundScale, Targets } from './targets.ts';

export interface AutoscalerManagerOptions {
  periodMs: number;
  settings: AutoscalerSettings;
}

/** What is remembered of an autoscaler between looks. */
interface Memory {
  history: History;
  /** The selector of its target when it was last seen. */
  selector?: Requirement[];
}

/** A selector that nothing can be done with: why, for event and condition. */
class SelectorRefused extends Error {
  readonly event: string;
  readonly change: ConditionChange;

  constructor(event: string, reason: string, message: string, condition = message) {
    super(message);
    this.event = event;
    this.change = { type: 'ScalingActive', isTrue: false, reason, message: condition };
  }
}

interface Selected {
  text: string;
  pods: V1Pod[];
}

export class AutoscalerManager {
  readonly #context: ControllerContext;
  readonly #options: AutoscalerManagerOptions;
  readonly #autoscalers: Informer<V2HorizontalPodAutoscaler>;
  readonly #queue: WorkQueue;
  readonly #recorder: EventRecorder;
  readonly #targets: Targets;
  readonly #metrics: MetricsApi;
  readonly #memories = new Map<string, Memory>();

  constructor(context: ControllerContext, queue: WorkQueue, options: AutoscalerManagerOptions) {
    this.#context = context;
    this.#options = options;
    this.#queue = queue;
    this.#autoscalers = context.informers.of<V2HorizontalPodAutoscaler>(HORIZONTAL_POD_AUTOSCALERS);
    this.#recorder = context.recorder('horizontal-pod-autoscaler');
    this.#targets = new Targets(context.client);
    this.#metrics = new MetricsApi(context.client, parseDuration);
  }

  /** An autoscaler waits for a period before it is looked at, and between looks: news about it changes nothing. */
  watch(): void {
    const later = (autoscaler: V2HorizontalPodAutoscaler) =>
      this.#queue.addAfter(keyOf(autoscaler), this.#options.periodMs);
    this.#autoscalers.addHandler({
      added: later,
      updated: later,
      deleted: (autoscaler) => void this.#memories.delete(keyOf(autoscaler)),
    });
  }

  async reconcile(key: string): Promise<ReconcileResult> {
    const autoscaler = this.#autoscalers.get(key);
    if (!autoscaler) {
      this.#memories.delete(key);
      return undefined;
    }
    try {
      await this.#look(key, autoscaler);
    } catch (error) {
      // The next look comes in a period whatever happened, as upstream.
      const level = isStatus(error, 'Conflict') ? 'debug' : 'warn';
      this.#context.log[level]({ autoscaler: key, error: messageOf(error) }, 'autoscaler: not scaled');
    }
    return { requeueAfterMs: this.#options.periodMs };
  }

  async #look(key: string, autoscaler: V2HorizontalPodAutoscaler): Promise<void> {
    const nowMs = this.#context.clock.now();
    const before = autoscaler.status?.conditions ?? [];
    let found: FoundScale;
    try {
      found = await this.#targets.scaleOf(autoscaler.metadata?.namespace ?? '', autoscaler.spec.scaleTargetRef);
    } catch (error) {
      await this.#unreachable(autoscaler, before, messageOf(error));
      return;
    }
    const reached: ConditionChange = {
      type: 'AbleToScale',
      isTrue: true,
      reason: 'SucceededGetScale',
      message: "the HPA controller was able to get the target's current scale",
    };
    const conditions = withCondition(before, reached, nowMs);
    const memory = this.#memories.get(key) ?? { history: newHistory(currentOf(found.scale), nowMs) };
    this.#memories.set(key, memory);
    const decision = await this.#decide(key, autoscaler, found, memory, conditions);
    for (const { reason, message } of decision.warnings) this.#warn(autoscaler, reason, message);
    memory.history = decision.history;
    await this.#carryOut(autoscaler, found, memory, decision);
  }

  async #unreachable(autoscaler: V2HorizontalPodAutoscaler, before: Conditions, why: string): Promise<void> {
    this.#warn(autoscaler, 'FailedGetScale', why);
    const message = `the HPA controller was unable to get the target's current scale: ${why}`;
    const change: ConditionChange = { type: 'AbleToScale', isTrue: false, reason: 'FailedGetScale', message };
    const conditions = withCondition(before, change, this.#context.clock.now());
    await this.#writeStatus(autoscaler, { desiredReplicas: 0, ...autoscaler.status, conditions: [...conditions] });
  }

  async #decide(
    key: string,
    autoscaler: V2HorizontalPodAutoscaler,
    { scale }: FoundScale,
    memory: Memory,
    conditions: Conditions,
  ): Promise<Decision> {
    const { settings } = this.#options;
    const nowMs = this.#context.clock.now();
    const { history } = memory;
    const input = { autoscaler, scale, history, conditions, settings, nowMs };
    if (!wantsMetrics(autoscaler, scale)) return desiredReplicas({ ...input, readings: [], pods: [] });
    let selected: Selected;
    try {
      selected = this.#select(key, autoscaler, scale.status?.selector ?? '', memory);
    } catch (error) {
      if (!(error instanceof SelectorRefused)) throw error;
      const { event, message } = error;
      const warnings = [
        { reason: event, message },
        { reason: 'FailedComputeMetricsReplicas', message },
      ];
      return { conditions: withCondition(conditions, error.change, nowMs), warnings, history };
    }
    const { text, pods } = selected;
    const namespace = autoscaler.metadata?.namespace ?? '';
    const specs = autoscaler.spec.metrics ?? [];
    const readings = await Promise.all(specs.map((spec) => this.#read(spec, namespace, text)));
    return desiredReplicas({ ...input, readings, pods, nowMs: this.#context.clock.now() });
  }

  /** The pods of the target. Throws `SelectorRefused` where they are not clearly this autoscaler's. */
  #select(key: string, { metadata }: V2HorizontalPodAutoscaler, text: string, memory: Memory): Selected {
    const requirements = parsed(text);
    memory.selector = requirements;
    const all = this.#context.informers.pods.byIndex(BY_NAMESPACE, metadata?.namespace ?? '');
    const pods = all.filter((pod) => matchesLabels(requirements, pod.metadata?.labels));
    const rivals = this.#autoscalers
      .byIndex(BY_NAMESPACE, metadata?.namespace ?? '')
      .map(keyOf)
      .filter((other) => other === key || this.#selectsAny(other, pods));
    if (rivals.length > 1 && pods.length > 0) {
      const message = `pods by selector ${text} are controlled by multiple HPAs: [${rivals.map(goKey).join(' ')}]`;
      throw new SelectorRefused('AmbiguousSelector', 'AmbiguousSelector', message);
    }
    return { text, pods };
  }

  #selectsAny(key: string, pods: readonly V1Pod[]): boolean {
    const selector = this.#memories.get(key)?.selector;
    return selector !== undefined && pods.some(({ metadata }) => matchesLabels(selector, metadata?.labels));
  }

  async #read(spec: V2MetricSpec, namespace: string, selector: string): Promise<Reading> {
    const { resource, containerResource, pods, object, external } = spec;
    const metrics = this.#metrics;
    try {
      if (resource) return { pods: await metrics.resource(namespace, selector, resource.name) };
      if (containerResource) {
        const { name, container } = containerResource;
        return { pods: await metrics.resource(namespace, selector, name, container) };
      }
      if (pods) {
        const { name, selector: of } = pods.metric;
        return { pods: await metrics.pods(namespace, selector, name, selectorQuery(of)) };
      }
      if (object) {
        const { metric, describedObject } = object;
        const [ref] = await this.#targets.resourcesOf(describedObject);
        const name = ref?.group ? `${ref.resource}.${ref.group}` : (ref?.resource ?? '');
        const of = selectorQuery(metric.selector);
        return { value: await metrics.object(namespace, describedObject, name, metric.name, of) };
      }
      if (external) {
        const { name, selector: of } = external.metric;
        return { value: await metrics.external(namespace, name, selectorQuery(of)) };
      }
      return { error: 'no source' };
    } catch (error) {
      return { error: messageOf(error) };
    }
  }

  async #carryOut(
    autoscaler: V2HorizontalPodAutoscaler,
    found: FoundScale,
    memory: Memory,
    decision: Decision,
  ): Promise<void> {
    const current = currentOf(found.scale);
    const { replicas, rescale, metrics } = decision;
    if (replicas === undefined || rescale === undefined) {
      const desired = replicas === undefined ? (autoscaler.status?.desiredReplicas ?? 0) : current;
      await this.#conclude(autoscaler, { current, desired, metrics, conditions: decision.conditions });
      return;
    }
    const nowMs = this.#context.clock.now();
    const told = `New size: ${replicas}; reason: ${rescale}`;
    try {
      await this.#targets.update(found, replicas);
    } catch (error) {
      this.#warn(autoscaler, 'FailedRescale', `${told}; error: ${messageOf(error)}`);
      const message = `the HPA controller was unable to update the target scale: ${messageOf(error)}`;
      const failed: ConditionChange = { type: 'AbleToScale', isTrue: false, reason: 'FailedUpdateScale', message };
      const conditions = withCondition(decision.conditions, failed, nowMs);
      const desired = autoscaler.status?.desiredReplicas ?? 0;
      await this.#conclude(autoscaler, { current, desired, metrics, conditions });
      return;
    }
    const scaled: ConditionChange = {
      type: 'AbleToScale',
      isTrue: true,
      reason: 'SucceededRescale',
      message: `the HPA controller was able to update the target scale to ${replicas}`,
    };
    this.#recorder.event(typed(HORIZONTAL_POD_AUTOSCALERS, autoscaler), 'Normal', 'SuccessfulRescale', told);
    memory.history = withChange(decision.history, autoscaler.spec.behavior, current, replicas, nowMs);
    const conditions = withCondition(decision.conditions, scaled, nowMs);
    await this.#conclude(autoscaler, { current, desired: replicas, metrics, conditions, scaledAt: nowMs });
  }

  async #conclude(
    autoscaler: V2HorizontalPodAutoscaler,
    told: {
      current: number;
      desired: number;
      metrics: V2MetricStatus[] | undefined;
      conditions: Conditions;
      scaledAt?: number;
    },
  ): Promise<void> {
    const { current, desired, metrics, conditions, scaledAt } = told;
    const lastScaleTime = scaledAt === undefined ? autoscaler.status?.lastScaleTime : rfc3339(scaledAt);
    await this.#writeStatus(autoscaler, {
      currentReplicas: current,
      desiredReplicas: desired,
      ...(lastScaleTime === undefined ? {} : { lastScaleTime }),
      ...(metrics ? { currentMetrics: metrics } : {}),
      conditions: [...conditions],
    });
  }

  async #writeStatus(autoscaler: V2HorizontalPodAutoscaler, status: V2HorizontalPodAutoscalerStatus): Promise<void> {
    if (sameStatus(autoscaler.status, status)) return;
    const { client } = this.#context;
    try {
      await client
        .resource<V2HorizontalPodAutoscaler>(HORIZONTAL_POD_AUTOSCALERS)
        .updateStatus({ ...autoscaler, status });
    } catch (error) {
      // Deleted meanwhile.
      if (isStatus(error, 'NotFound')) return;
      this.#warn(autoscaler, 'FailedUpdateStatus', messageOf(error));
      throw error;
    }
  }

  #warn(autoscaler: V2HorizontalPodAutoscaler, reason: string, message: string): void {
    this.#recorder.event(typed(HORIZONTAL_POD_AUTOSCALERS, autoscaler), 'Warning', reason, message);
  }
}

/** As Go prints the name and namespace of an autoscaler. */
function goKey(key: string): string {
  const { namespace, name } = splitKey(key);
  return `{${name} ${namespace}}`;
}

/** What is absent is none or zero, as on the wire. */
function sameStatus(a: V2HorizontalPodAutoscalerStatus | undefined, b: V2HorizontalPodAutoscalerStatus): boolean {
  return (
    (a?.currentReplicas ?? 0) === (b.currentReplicas ?? 0) &&
    (a?.desiredReplicas ?? 0) === b.desiredReplicas &&
    (a?.lastScaleTime ?? undefined) === b.lastScaleTime &&
    isDeepStrictEqual(a?.currentMetrics ?? [], b.currentMetrics ?? []) &&
    isDeepStrictEqual(a?.conditions ?? [], b.conditions ?? [])
  );
}

function parsed(text: string): Requirement[] {
  if (text === '') {
    const condition = "the HPA target's scale is missing a selector";
    throw new SelectorRefused('SelectorRequired', 'InvalidSelector', 'selector is required', condition);
  }
  try {
    return parseLabelSelector(text);
  } catch (error) {
    const message = `couldn't convert selector into a corresponding internal selector object: ${messageOf(error)}`;
    throw new SelectorRefused('InvalidSelector', 'InvalidSelector', message);
  }
}
