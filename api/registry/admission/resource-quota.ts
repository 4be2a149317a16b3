/**
 * Upstream's ResourceQuota: a write that would use more than a namespace's quotas allow is refused; what is allowed is
 * charged to the quotas' status before it is stored. A quota counts from when its status says so: who computes that
 * is a controller, which also takes back what was charged for a write that came to nothing.
 */
import type { V1ResourceQuota } from '../../../openapi/generated/types.ts';
import type { KubeObject } from '../../../openapi/object.ts';
import { type QuotaEvaluator, quotaEvaluator, requirementsOfQuota } from '../../../openapi/quota/evaluators.ts';
import {
  amountsText,
  mask,
  nanosOf,
  type ResourceList,
  sameAmounts,
  sum,
  surplus,
  withoutZeros,
} from '../../../openapi/quota/resource-list.ts';
import { conflict, internalError, OBJECT_MODIFIED } from '../../../openapi/status.ts';
import { StorageError } from '../../storage/interface.ts';
import { type CachedObject, encodeStored, type WatchCache } from '../../storage/watch-cache.ts';
import { Turns } from '../store/turns.ts';
import { type Admission, type AdmissionRequest, qualified, refusal } from './admission.ts';

/** After this many writes of quotas that others beat to it, the request is given up. */
const ATTEMPTS_MAX = 4;

export function resourceQuota(cache: WatchCache): Admission {
  const turns = new Turns();
  return {
    async validate(request) {
      const { operation, declaration, namespace, subresource } = request;
      if (namespace === '' || !declaration.namespaced || (subresource !== '' && subresource !== 'resize')) return;
      const prefix = `/registry/resourcequotas/${namespace}/`;
      if (cache.directory(prefix).length === 0) return;
      const evaluator = quotaEvaluator(qualified({ group: declaration.group, resource: declaration.plural }));
      if (!evaluator?.handles(operation, subresource)) return;
      // One at a time, so that two writes never count with the same rest.
      await turns.take(namespace, () => charge(cache, prefix, evaluator, request));
    },
  };
}

async function charge(
  cache: WatchCache,
  prefix: string,
  evaluator: QuotaEvaluator,
  request: AdmissionRequest,
): Promise<void> {
  let open: ReadonlySet<string> | undefined;
  for (let attempt = 1; ; attempt++) {
    const quotas = cache.directory(prefix).filter(({ key }) => open?.has(key) ?? true);
    const charged = checkRequest(quotas, evaluator, request);
    if (request.dryRun) return;
    open = await writeAll(cache, charged, request);
    if (open.size === 0) return;
    if (attempt >= ATTEMPTS_MAX) throw tooBusy([...open][0] ?? '', prefix);
  }
}

function tooBusy(key: string, prefix: string): Error {
  return conflict({ group: '', resource: 'resourcequotas' }, key.slice(prefix.length), OBJECT_MODIFIED);
}

interface Charge {
  quota: CachedObject;
  used: ResourceList;
}

/** Writes what is used now; comes back with the keys of those quotas that another changed meanwhile. */
async function writeAll(
  cache: WatchCache,
  charges: readonly Charge[],
  { storage }: AdmissionRequest,
): Promise<Set<string>> {
  const beaten = new Set<string>();
  for (const { quota, used } of charges) {
    const object = JSON.parse(quota.bytes.toString()) as V1ResourceQuota;
    object.status = { ...object.status, used: { ...used } };
    delete object.metadata?.resourceVersion;
    const stored = encodeStored(object);
    cache.remember(stored, object);
    try {
      await cache.waitFor(await storage.update(quota.key, stored, quota.revision));
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      if (error.code !== 'Conflict' && error.code !== 'NotFound') throw internalError(error.message);
      const { revision } = await storage.get(quota.key);
      await cache.waitFor(Math.max(revision, error.revision));
      beaten.add(quota.key);
    }
  }
  return beaten;
}

/** The quotas that have to be charged, with what is used of them then. Throws Forbidden. */
function checkRequest(quotas: readonly CachedObject[], evaluator: QuotaEvaluator, request: AdmissionRequest): Charge[] {
  const object = request.object ?? {};
  const concerned = quotas.filter(({ object: quota }) => isConcerned(quota, evaluator, object));
  for (const quota of concerned) checkCountable(quota.object, evaluator, request);
  const wanted = withoutZeros(difference(evaluator, request));
  if (Object.keys(wanted).length === 0) return [];
  return concerned.flatMap((quota) => {
    const used = usedAfter(quota.object, wanted, request);
    const before = (quota.object as V1ResourceQuota).status?.used ?? {};
    return sameAmounts(before, used) ? [] : [{ quota, used }];
  });
}

function isConcerned(quota: V1ResourceQuota, evaluator: QuotaEvaluator, object: KubeObject): boolean {
  if (!Object.keys(quota.status?.hard ?? {}).some((name) => evaluator.matchesResource(name))) return false;
  return requirementsOfQuota(quota).every((requirement) => evaluator.matchesScope(requirement, object));
}

/** What is limited has to be known of the object, and of what is there already. */
function checkCountable(quota: V1ResourceQuota, evaluator: QuotaEvaluator, request: AdmissionRequest): void {
  const { hard = {}, used = {} } = quota.status ?? {};
  const limited = Object.keys(hard).filter((name) => evaluator.matchesResource(name));
  const name = quota.metadata?.name;
  const missing = evaluator.missing(limited, request.object ?? {});
  if (missing.length > 0) throw refusal(request, `failed quota: ${name}: must specify ${missing.join('; ')}`);
  if (limited.every((each) => used[each] !== undefined)) return;
  throw refusal(request, `status unknown for quota: ${name}, resources: ${limited.sort().join(',')}`);
}

/** What the write uses more than is used now. */
function difference(evaluator: QuotaEvaluator, request: AdmissionRequest): ResourceList {
  const usage = evaluator.usage(request.object ?? {});
  const negative = Object.keys(usage).filter((name) => nanosOf(usage[name]) < 0n);
  if (negative.length > 0) {
    throw refusal(request, `quota usage is negative for resource(s): ${negative.sort().join(',')}`);
  }
  return request.old ? surplus(usage, evaluator.usage(request.old)) : usage;
}

function usedAfter(quota: V1ResourceQuota, wanted: ResourceList, request: AdmissionRequest): ResourceList {
  const { hard = {}, used = {} } = quota.status ?? {};
  const requested = mask(wanted, Object.keys(hard));
  const after = sum(used, requested);
  const exceeded = Object.keys(requested).filter((name) => nanosOf(after[name]) > nanosOf(hard[name]));
  if (exceeded.length === 0) return after;
  const text = (list: ResourceList) => amountsText(mask(list, exceeded));
  const amounts = `requested: ${text(requested)}, used: ${text(used)}, limited: ${text(hard)}`;
  throw refusal(request, `exceeded quota: ${quota.metadata?.name}, ${amounts}`);
}
