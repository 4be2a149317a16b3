/**
 * Keeps the status of resource quotas. Admission charges what is created; this counts from scratch what is there, and
 * so gives back what is no longer used, or was charged for a write that came to nothing.
 */
import type { ResourceClient } from '../../client/client.ts';
import type { Informer } from '../../client/informer.ts';
import { RESOURCE_QUOTAS } from '../../client/resources.ts';
import { WorkQueue } from '../../client/work-queue.ts';
import type { V1Pod, V1ResourceQuota } from '../../openapi/generated/types.ts';
import { type KubeObject, keyOf } from '../../openapi/object.ts';
import { countedResources, type QuotaEvaluator, quotaEvaluator } from '../../openapi/quota/evaluators.ts';
import { type ResourceList, sameAmounts } from '../../openapi/quota/resource-list.ts';
import type { ControllerContext } from '../runtime/context.ts';
import { type Controller, controllerOf, type ReconcileResult } from '../runtime/controller.ts';
import { BY_NAMESPACE } from '../runtime/informers.ts';
import { Pacer } from '../runtime/pacer.ts';
import { DISCOVERY_MS, ServedResources } from './served.ts';
import { type Counted, isInitialized, sameStatus, statusOf } from './usage.ts';

const WORKERS = 5;
/** Every quota is counted anew after this long: upstream's `--resource-quota-sync-period`. */
const RESYNC_MS = 300_000;
/** Objects tend to go in numbers: they are given back together. */
const GIVE_BACK_MS = 50;
/** Admission has charged what comes; counting it again is only to be sure. */
const REVIEW_MS = 1000;

export function resourceQuotaController(context: ControllerContext): Controller {
  const { informers, clock, log } = context;
  const queue = new WorkQueue({ clock });
  const manager = new QuotaManager(context, queue);
  manager.watch();
  return controllerOf({
    name: 'resourcequota',
    queue,
    workers: WORKERS,
    reconcile: (key) => manager.reconcile(key),
    synced: [informers.of<V1ResourceQuota>(RESOURCE_QUOTAS).synced()],
    clock,
    log,
  });
}

class QuotaManager {
  readonly #context: ControllerContext;
  readonly #queue: WorkQueue;
  readonly #quotas: Informer<V1ResourceQuota>;
  readonly #client: ResourceClient<V1ResourceQuota>;
  readonly #served: ServedResources;
  /** Of each resource that some quota limits, what is followed. */
  readonly #followed = new Map<string, Informer<KubeObject>>();
  readonly #pacer: Pacer;
  readonly #usage = new WeakMap<KubeObject, ResourceList>();

  constructor(context: ControllerContext, queue: WorkQueue) {
    this.#context = context;
    this.#queue = queue;
    this.#quotas = context.informers.of<V1ResourceQuota>(RESOURCE_QUOTAS);
    this.#client = context.client.resource<V1ResourceQuota>(RESOURCE_QUOTAS);
    this.#pacer = new Pacer(context.clock);
    this.#served = new ServedResources(context.client, context.clock);
  }

  watch(): void {
    this.#quotas.addHandler({
      added: (quota) => this.#queue.add(keyOf(quota)),
      // What admission charges is no reason to count.
      updated: (quota) => !isInitialized(quota) && this.#queue.add(keyOf(quota)),
      deleted: (quota) => this.#pacer.forget(keyOf(quota)),
    });
  }

  async reconcile(key: string): Promise<ReconcileResult> {
    const limits = Object.keys(this.#quotas.get(key)?.spec?.hard ?? {});
    const counted: Counted[] = [];
    let unknown = false;
    for (const resource of countedResources(limits)) {
      const evaluator = quotaEvaluator(resource);
      const informer = evaluator && (await this.#follow(resource, evaluator));
      if (!evaluator || !informer) {
        unknown = true;
        continue;
      }
      if (!informer.hasSynced) {
        this.#lookAgainWhenSynced(informer, key);
        return undefined;
      }
      counted.push({ evaluator, objects: informer.byIndex(BY_NAMESPACE, key.slice(0, key.indexOf('/'))) });
    }
    // Read last: what was awaited may have taken a while.
    const quota = this.#quotas.get(key);
    if (!quota) return undefined;
    const usage = (evaluator: QuotaEvaluator, object: KubeObject) => this.#usageOf(evaluator, object);
    const status = this.#pacer.measure(key, () => statusOf(quota, counted, usage));
    if (!sameStatus(quota.status, status)) await this.#client.updateStatus({ ...quota, status });
    return { requeueAfterMs: unknown ? DISCOVERY_MS : RESYNC_MS };
  }

  #lookAgainWhenSynced(informer: Informer<KubeObject>, key: string): void {
    informer.synced().then(
      () => this.#queue.add(key),
      () => undefined,
    );
  }

  /** The copy of a resource; `undefined` when the server has none. */
  async #follow(resource: string, evaluator: QuotaEvaluator): Promise<Informer<KubeObject> | undefined> {
    const ref = await this.#served.find(resource);
    if (!ref) return undefined;
    const informer = this.#context.informers.of<KubeObject>(ref);
    // Another one takes its place when the resource was gone for a while.
    if (this.#followed.get(resource) === informer) return informer;
    this.#followed.set(resource, informer);
    informer.addHandler({
      added: (object) => informer.hasSynced && this.#enqueue(evaluator, object, REVIEW_MS),
      updated: (object, old) => this.#changes(evaluator, object, old) && this.#enqueue(evaluator, object, GIVE_BACK_MS),
      deleted: (object) => this.#enqueue(evaluator, object, GIVE_BACK_MS),
    });
    return informer;
  }

  /** Whether the update of an object may change what some quota counts. */
  #changes(evaluator: QuotaEvaluator, object: KubeObject, old: KubeObject): boolean {
    if (this.#quotas.byIndex(BY_NAMESPACE, object.metadata?.namespace ?? '').length === 0) return false;
    const deadline = (each: KubeObject) => (each as V1Pod).spec?.activeDeadlineSeconds;
    return (
      deadline(object) !== deadline(old) ||
      !sameAmounts(this.#usageOf(evaluator, object), this.#usageOf(evaluator, old))
    );
  }

  #enqueue(evaluator: QuotaEvaluator, { metadata }: KubeObject, afterMs: number): void {
    for (const quota of this.#quotas.byIndex(BY_NAMESPACE, metadata?.namespace ?? '')) {
      const limits = Object.keys(quota.spec?.hard ?? {});
      if (!limits.some((name) => evaluator.matchesResource(name))) continue;
      this.#queue.addAfter(keyOf(quota), Math.max(afterMs, this.#pacer.pauseMs(keyOf(quota))));
    }
  }

  #usageOf(evaluator: QuotaEvaluator, object: KubeObject): ResourceList {
    // What is on its way out may count less with time alone.
    if (object.metadata?.deletionTimestamp !== undefined) return evaluator.usage(object, this.#context.clock.now());
    let usage = this.#usage.get(object);
    if (!usage) {
      usage = evaluator.usage(object);
      this.#usage.set(object, usage);
    }
    return usage;
  }
}
