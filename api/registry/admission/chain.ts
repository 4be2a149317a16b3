import type { Clock } from '../../../base/clock.ts';
import type { WatchCache } from '../../storage/watch-cache.ts';
import type { Admission } from './admission.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';
import { serviceAccountExists } from './service-account.ts';

/** What is asked before a write, in order. `serviceAccounts`: refuse pods whose service account is missing. */
export function admissionChain(cache: WatchCache, clock: Clock, serviceAccounts: boolean): Admission[] {
  const lifecycle = namespaceLifecycle(cache);
  // Asked again at last: a pod may have waited for its account for longer than its namespace was to live.
  return serviceAccounts ? [lifecycle, serviceAccountExists(cache, clock), lifecycle] : [lifecycle];
}
