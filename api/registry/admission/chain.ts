import type { Clock } from '../../../base/clock.ts';
import type { Random } from '../../../base/random.ts';
import type { WatchCache } from '../../storage/watch-cache.ts';
import type { Admission } from './admission.ts';
import { claimResize } from './claim-resize.ts';
import { defaultIngressClass } from './default-ingress-class.ts';
import { defaultStorageClass } from './default-storage-class.ts';
import { defaultTolerationSeconds } from './default-toleration-seconds.ts';
import { limitRanger } from './limit-ranger.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';
import { podPriority } from './priority.ts';
import { resourceQuota } from './resource-quota.ts';
import { runtimeClass } from './runtime-class.ts';
import { serviceAccount } from './service-account.ts';
import { storageObjectInUseProtection } from './storage-protection.ts';
import { taintNodesByCondition } from './taint-nodes.ts';

/**
 * What every write passes, in upstream's order. `serviceAccounts`: refuse pods whose service account is missing, and
 * mount its token into the others; both need controllers that provide for it.
 */
export function admissionChain(cache: WatchCache, clock: Clock, random: Random, serviceAccounts: boolean): Admission[] {
  const lifecycle = namespaceLifecycle(cache);
  return [
    lifecycle,
    limitRanger(cache),
    serviceAccount(cache, clock, { required: serviceAccounts, ...(serviceAccounts ? { mountTokens: random } : {}) }),
    // A pod may have waited for its account for longer than its namespace was to live.
    ...(serviceAccounts ? [lifecycle] : []),
    taintNodesByCondition,
    podPriority(cache),
    defaultTolerationSeconds,
    defaultStorageClass(cache),
    storageObjectInUseProtection,
    claimResize(cache),
    runtimeClass(cache),
    defaultIngressClass(cache),
    resourceQuota(cache),
  ];
}
