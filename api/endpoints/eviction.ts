/** Eviction: a deletion that asks the pod's disruption budgets first. */
import type { V1DeleteOptions, V1Eviction, V1Pod, V1PodDisruptionBudget } from '../../openapi/generated/types.ts';
import type { KubeObject } from '../../openapi/object.ts';
import { badRequest, conflict, isStatus, notFound, success, timeout } from '../../openapi/status.ts';
import type { ApiResult } from '../http/request.ts';
import {
  budgetsOf,
  busyBudget,
  disrupted,
  hasEnded,
  isBeyondBudgets,
  isReady,
  letsGoUnready,
  severalBudgets,
  withDisruptionTarget,
} from '../registry/policy/disruption.ts';
import { privateCopy, type ResourceStore, type UpdateOptions, type WriteContext } from '../registry/store/store.ts';
import type { ResourceRequest } from './context.ts';
import { bodyValue, type Expected, typed } from './decode.ts';
import { writeContext } from './options.ts';

const EVICTION: Expected = {
  group: 'policy',
  version: 'v1',
  kind: 'Eviction',
  definition: 'io.k8s.api.policy.v1.Eviction',
};
/** Upstream's: rounds against others who write the pod. */
const ATTEMPTS_MAX = 20;
/** The ordinary strategies leave status alone. */
const STATUS_ONLY: UpdateOptions = { strategy: { prepareForUpdate: () => undefined }, createOnUpdate: false };

/** One eviction of one pod. */
interface Evicting {
  namespace: string;
  name: string;
  pods: ResourceStore;
  budgets: ResourceStore | undefined;
  options: V1DeleteOptions;
  write: WriteContext;
  /** In ms since the epoch. */
  now: number;
}

/** POST to `pods/NAME/eviction`. Throws 429 while the pod's budget allows no disruption. */
export async function evict(target: ResourceRequest): Promise<ApiResult> {
  const { request, info, store, context } = target;
  const eviction = await evictionOf(target);
  if (eviction.metadata?.name !== info.name) throw badRequest('name in URL does not match name in Eviction object');
  const write = writeContext(request, 'CreateOptions', eviction.deleteOptions?.dryRun ?? []);
  const evicting: Evicting = {
    namespace: info.namespace,
    name: info.name,
    pods: store,
    budgets: context.registry.find('policy', 'v1', 'poddisruptionbudgets')?.store,
    options: eviction.deleteOptions ?? {},
    write,
    now: context.clock.now(),
  };
  if (!(await evictedUnasked(evicting))) await askAndEvict(evicting);
  return { kind: 'object', status: 201, object: { ...success(), code: 201 } as object };
}

/** Reads the body, which may be of either version. */
async function evictionOf({ request, context }: ResourceRequest): Promise<V1Eviction> {
  const value = await bodyValue(request, 'Eviction');
  const old = (value as { apiVersion?: unknown } | null)?.apiVersion === 'policy/v1beta1';
  const expected = old ? { ...EVICTION, version: 'v1beta1' } : EVICTION;
  const isKnown = (apiVersion: string, kind: string) =>
    (apiVersion === 'policy/v1' && kind === 'Eviction') || context.known(apiVersion, kind);
  // Null is an empty object.
  return typed(value ?? {}, request, expected, isKnown) as V1Eviction;
}

function podOf({ pods, namespace, name }: Evicting): V1Pod {
  return pods.get(namespace, name).object;
}

/** Deletes a pod that no budget is asked about; false when one must be. */
async function evictedUnasked(evicting: Evicting): Promise<boolean> {
  const { options } = evicting;
  const unset = options.preconditions?.resourceVersion === undefined;
  for (let attempt = 1; ; attempt++) {
    const pod = podOf(evicting);
    if (!isBeyondBudgets(pod)) return false;
    try {
      // A pod that may yet become ready is only deleted as it was seen.
      await remove(evicting, unset && !hasEnded(pod) ? atVersionOf(pod, options) : options);
      return true;
    } catch (error) {
      if (!unset || attempt >= ATTEMPTS_MAX || !isStatus(error, 'Conflict')) throw error;
    }
  }
}

async function askAndEvict(evicting: Evicting): Promise<void> {
  const { options, budgets, namespace } = evicting;
  const pod = podOf(evicting);
  const all = budgets?.cache.list(`${budgets.prefix}${namespace}/`).items.map(({ object }) => object) ?? [];
  const [budget, ...more] = budgetsOf(pod, all as V1PodDisruptionBudget[]);
  if (more.length > 0) throw severalBudgets();
  if (!budget) return remove(evicting, options);
  const name = budget.metadata?.name ?? '';
  if (isReady(pod) || !letsGoUnready(budget)) {
    await takeDisruption(evicting, name);
    return remove(evicting, options);
  }
  try {
    await remove(evicting, atVersionOf(pod, options));
  } catch (error) {
    // It may have become ready meanwhile.
    if (options.preconditions?.resourceVersion === undefined && isStatus(error, 'Conflict')) throw busyBudget(name);
    throw error;
  }
}

/** Takes one disruption out of the budget, or throws why there is none. */
async function takeDisruption({ budgets, namespace, name, write, now }: Evicting, budgetName: string): Promise<void> {
  if (!budgets) return;
  const change = (old: KubeObject | undefined): KubeObject => {
    if (!old) throw notFound({ group: 'policy', resource: 'poddisruptionbudgets' }, budgetName);
    return disrupted(privateCopy(budgets.get(namespace, budgetName)) as V1PodDisruptionBudget, name, now);
  };
  try {
    await budgets.update(namespace, budgetName, change, write, { ...STATUS_ONLY, fromStored: true });
  } catch (error) {
    if (!isStatus(error, 'Conflict')) throw error;
    throw timeout(`couldn't update PodDisruptionBudget ${JSON.stringify(budgetName)} due to conflicts`, 10);
  }
}

/** The same deletion, of the very version of the pod that was looked at. */
function atVersionOf(pod: V1Pod, options: V1DeleteOptions): V1DeleteOptions {
  const resourceVersion = pod.metadata?.resourceVersion;
  return { ...options, preconditions: { ...options.preconditions, ...(resourceVersion ? { resourceVersion } : {}) } };
}

/** Writes into the pod why it goes, then deletes it. */
async function remove(evicting: Evicting, options: V1DeleteOptions): Promise<void> {
  const { pods, namespace, name, write, now } = evicting;
  let preconditions = options.preconditions;
  if (!write.dryRun) {
    const change = (old: KubeObject | undefined): V1Pod => {
      if (!old) throw notFound({ group: '', resource: 'pods' }, name);
      const pod = privateCopy(pods.get(namespace, name)) as V1Pod;
      checkPreconditions(options, pod);
      delete pod.metadata?.resourceVersion;
      return { ...pod, status: { ...pod.status, conditions: withDisruptionTarget(pod, now) } };
    };
    const { object } = await pods.update(namespace, name, change, write, STATUS_ONLY);
    const version = versionOf(object);
    if (preconditions?.resourceVersion !== undefined && version !== undefined) {
      preconditions = { ...preconditions, resourceVersion: version };
    }
  }
  await pods.delete(namespace, name, { ...options, ...(preconditions ? { preconditions } : {}) }, write);
}

function versionOf(stored: object): string | undefined {
  const object = 'object' in stored ? (stored.object as KubeObject) : (stored as KubeObject);
  return object.metadata?.resourceVersion;
}

function checkPreconditions({ preconditions }: V1DeleteOptions, { metadata }: V1Pod): void {
  const { uid, resourceVersion } = preconditions ?? {};
  const refuse = (what: string, wanted: string, found: string | undefined, happened: string) =>
    conflict(
      { group: '', resource: 'Pod' },
      metadata?.name ?? '',
      `the ${what} in the precondition (${wanted}) does not match the ${what} in record (${found}). ${happened}`,
    );
  if (uid && uid !== metadata?.uid) {
    throw refuse('UID', uid, metadata?.uid, 'The object might have been deleted and then recreated');
  }
  if (resourceVersion && resourceVersion !== metadata?.resourceVersion) {
    throw refuse('ResourceVersion', resourceVersion, metadata?.resourceVersion, 'The object might have been modified');
  }
}
