/** Keeps the status of disruption budgets, by which the eviction of pods is granted or refused. */
import { messageOf } from '../../base/errors.ts';
import type { ResourceClient } from '../../client/client.ts';
import type { EventRecorder } from '../../client/events.ts';
import type { Informer } from '../../client/informer.ts';
import { POD_DISRUPTION_BUDGETS, PODS } from '../../client/resources.ts';
import { WorkQueue } from '../../client/work-queue.ts';
import type { V1Pod, V1PodDisruptionBudget, V1PodDisruptionBudgetStatus } from '../../openapi/generated/types.ts';
import { selectorRequirements } from '../../openapi/label-selector.ts';
import { keyOf } from '../../openapi/object.ts';
import { matchesLabels, type Requirement } from '../../openapi/selectors.ts';
import { isStatus } from '../../openapi/status.ts';
import { type ControllerContext, typed } from '../runtime/context.ts';
import { type Controller, controllerOf, type ReconcileResult } from '../runtime/controller.ts';
import { BY_NAMESPACE } from '../runtime/informers.ts';
import { Pacer } from '../runtime/pacer.ts';
import { controllerOfObject, isReady, sameMap } from '../runtime/pods.ts';
import { Scales } from './scale.ts';
import {
  countHealthy,
  disruptedOf,
  disruptionTargetLeftMs,
  expectedOf,
  failedStatus,
  needsScale,
  sameStatus,
  selectorInWords,
  statusOf,
  withStaleTarget,
} from './status.ts';

/** Controllers are scaled without anybody telling us: every budget is looked at again after this long. */
const RESYNC_MS = 30_000;
const MULTIPLE = 'MultiplePodDisruptionBudgets';

export function disruptionController(context: ControllerContext): Controller {
  const { informers, clock, log } = context;
  const queue = new WorkQueue({ clock });
  const manager = new DisruptionManager(context, queue);
  manager.watch();
  return controllerOf({
    name: 'disruption',
    queue,
    workers: 1,
    reconcile: (key) => manager.reconcile(key),
    synced: [
      informers.pods.synced(),
      informers.of<V1PodDisruptionBudget>(POD_DISRUPTION_BUDGETS).synced(),
      ...manager.scales.synced(),
    ],
    clock,
    log,
  });
}

class DisruptionManager {
  readonly scales: Scales;
  readonly #context: ControllerContext;
  readonly #queue: WorkQueue;
  readonly #recorder: EventRecorder;
  readonly #budgets: Informer<V1PodDisruptionBudget>;
  readonly #client: ResourceClient<V1PodDisruptionBudget>;
  readonly #pacer: Pacer;
  readonly #requirements = new WeakMap<V1PodDisruptionBudget, readonly Requirement[]>();

  constructor(context: ControllerContext, queue: WorkQueue) {
    this.#context = context;
    this.#queue = queue;
    this.#recorder = context.recorder('controllermanager');
    this.#budgets = context.informers.of<V1PodDisruptionBudget>(POD_DISRUPTION_BUDGETS);
    this.#client = context.client.resource<V1PodDisruptionBudget>(POD_DISRUPTION_BUDGETS);
    this.#pacer = new Pacer(context.clock);
    this.scales = new Scales(context);
  }

  watch(): void {
    this.#budgets.addHandler({
      added: (budget) => this.#queue.add(keyOf(budget)),
      updated: (budget, old) => {
        // An eviction that was granted, or what we wrote ourselves, can wait for the next look.
        const isAsked = budget.metadata?.generation !== old.metadata?.generation;
        this.#queue.addAfter(keyOf(budget), isAsked ? 0 : this.#pacer.pauseMs(keyOf(budget)));
      },
      deleted: (budget) => this.#pacer.forget(keyOf(budget)),
    });
    this.#context.informers.pods.addHandler({
      added: (pod) => this.#enqueueBudgetsOf(pod),
      updated: (pod, old) => {
        if (!concernsBudgets(pod, old)) return;
        this.#enqueueBudgetsOf(pod);
        if (!sameMap(pod.metadata?.labels, old.metadata?.labels)) this.#enqueueBudgetsOf(old);
      },
      deleted: (pod) => this.#enqueueBudgetsOf(pod),
    });
  }

  async reconcile(key: string): Promise<ReconcileResult> {
    const budget = this.#budgets.get(key);
    if (!budget) return undefined;
    const about = typed(POD_DISRUPTION_BUDGETS, budget);
    try {
      return { requeueAfterMs: Math.min(RESYNC_MS, (await this.#update(about)) ?? RESYNC_MS) };
    } catch (error) {
      // Our copy of the budget is behind: the next look will do.
      if (isStatus(error, 'Conflict')) throw error;
      this.#context.log.warn({ budget: key, error: messageOf(error) }, 'disruption: a budget could not be worked out');
      await this.#write(budget, failedStatus(budget, messageOf(error), this.#context.clock.now()));
      return { requeueAfterMs: RESYNC_MS };
    }
  }

  /** Resolves with how soon the budget has to be looked at again, if that is known. */
  async #update(budget: V1PodDisruptionBudget): Promise<number | undefined> {
    const pods = this.#pacer.measure(keyOf(budget), () => this.#podsOf(budget));
    if (pods.length === 0) this.#recorder.event(budget, 'Normal', 'NoPods', 'No matching pods found');
    const { total, unmanaged } = await this.#scaleOf(budget, pods);
    if (unmanaged.length > 0) this.#tellUnmanaged(budget);
    const expected = expectedOf(budget, pods.length, total);
    const nowMs = this.#context.clock.now();
    const disrupted = disruptedOf(budget, pods, nowMs);
    for (const pod of disrupted.overdue) {
      const { namespace } = budget.metadata ?? {};
      const message = `Pod was expected by PDB ${namespace}/${namespace} to be deleted but it wasn't`;
      this.#recorder.event(typed(PODS, pod), 'Warning', 'NotDeleted', message);
    }
    const currentHealthy = countHealthy(pods, disrupted.pods, nowMs);
    await this.#write(budget, statusOf(budget, { ...expected, currentHealthy, disruptedPods: disrupted.pods }, nowMs));
    return disrupted.recheckInMs;
  }

  async #scaleOf(budget: V1PodDisruptionBudget, pods: readonly V1Pod[]) {
    if (!needsScale(budget)) return { total: 0, unmanaged: [] };
    try {
      return await this.scales.totalOf(pods);
    } catch (error) {
      const message = `Failed to calculate the number of expected pods: ${messageOf(error)}`;
      this.#recorder.event(budget, 'Warning', 'CalculateExpectedPodCountFailed', message);
      throw error;
    }
  }

  #tellUnmanaged(budget: V1PodDisruptionBudget): void {
    const message =
      `Pods selected by this PodDisruptionBudget (selector: ${selectorInWords(budget.spec?.selector)}) were found ` +
      'to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in ' +
      'undefined behavior. To account for these pods please set ".spec.minAvailable" field of the PDB to an integer ' +
      'value.';
    this.#recorder.event(budget, 'Warning', 'UnmanagedPods', message);
  }

  async #write(budget: V1PodDisruptionBudget, status: V1PodDisruptionBudgetStatus): Promise<void> {
    if (!sameStatus(budget.status, status)) await this.#client.updateStatus({ ...budget, status });
  }

  #podsOf(budget: V1PodDisruptionBudget): V1Pod[] {
    const requirements = this.#requirementsOf(budget);
    if (!requirements) return [];
    const pods = this.#context.informers.pods.byIndex(BY_NAMESPACE, budget.metadata?.namespace ?? '');
    return pods.filter((pod) => matchesLabels(requirements, pod.metadata?.labels));
  }

  #requirementsOf(budget: V1PodDisruptionBudget): readonly Requirement[] | undefined {
    let requirements = this.#requirements.get(budget);
    if (!requirements) {
      requirements = selectorRequirements(budget.spec?.selector);
      if (requirements) this.#requirements.set(budget, requirements);
    }
    return requirements;
  }

  #enqueueBudgetsOf(pod: V1Pod): void {
    const budgets = this.#budgets.byIndex(BY_NAMESPACE, pod.metadata?.namespace ?? '').filter((budget) => {
      const requirements = this.#requirementsOf(budget);
      return requirements !== undefined && matchesLabels(requirements, pod.metadata?.labels);
    });
    for (const budget of budgets) this.#queue.addAfter(keyOf(budget), this.#pacer.pauseMs(keyOf(budget)));
    if (budgets.length < 2) return;
    const { namespace, name } = pod.metadata ?? {};
    const message =
      `Pod ${JSON.stringify(namespace)}/${JSON.stringify(name)} matches multiple PodDisruptionBudgets.  ` +
      `Chose ${JSON.stringify(budgets[0]?.metadata?.name)} arbitrarily.`;
    this.#recorder.event(typed(PODS, pod), 'Warning', MULTIPLE, message);
  }
}

/** Whether a change of a pod can change what a budget allows. */
function concernsBudgets(pod: V1Pod, old: V1Pod): boolean {
  return (
    isReady(pod) !== isReady(old) ||
    pod.metadata?.deletionTimestamp !== old.metadata?.deletionTimestamp ||
    controllerOfObject(pod)?.uid !== controllerOfObject(old)?.uid ||
    !sameMap(pod.metadata?.labels, old.metadata?.labels)
  );
}

/** Takes back the announcement that a pod will go, where it has not gone in time. */
export function staleDisruptions(context: ControllerContext): Controller {
  const { client, informers, clock, log } = context;
  const queue = new WorkQueue({ clock });
  const look = (pod: V1Pod) => {
    const leftMs = disruptionTargetLeftMs(pod, clock.now());
    if (leftMs !== undefined) queue.addAfter(keyOf(pod), leftMs);
  };
  informers.pods.addHandler({ added: look, updated: look });
  return controllerOf({
    name: 'disruption-stale-targets',
    queue,
    workers: 1,
    synced: [informers.pods.synced()],
    async reconcile(key) {
      const pod = informers.pods.get(key);
      const leftMs = pod && disruptionTargetLeftMs(pod, clock.now());
      if (!pod || leftMs === undefined) return undefined;
      if (leftMs > 0) return { requeueAfterMs: leftMs };
      await client.pods.updateStatus(withStaleTarget(pod, clock.now()));
      return undefined;
    },
    clock,
    log,
  });
}
