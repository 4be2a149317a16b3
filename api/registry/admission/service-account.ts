/** Upstream's ServiceAccount admission, as far as it forbids: a pod's service account has to be there. */
import type { Clock } from '../../../base/clock.ts';
import type { V1Pod } from '../../../openapi/generated/types.ts';
import { forbidden } from '../../../openapi/status.ts';
import type { WatchCache } from '../../storage/watch-cache.ts';
import type { Admission } from './admission.ts';

/** The controller may be about to make the account of a namespace that was made a moment ago. */
const WAIT_MS = 1000;
const LOOK_EVERY_MS = 10;

export function serviceAccountExists(cache: WatchCache, clock: Clock): Admission {
  return async ({ operation, declaration, namespace, name, object }) => {
    if (operation !== 'create' || declaration.plural !== 'pods' || declaration.group !== '') return;
    const account = (object as V1Pod).spec?.serviceAccountName ?? 'default';
    const key = `/registry/serviceaccounts/${namespace}/${account}`;
    const deadline = clock.monotonic() + (account === 'default' ? WAIT_MS : 0);
    while (!cache.get(key)) {
      if (clock.monotonic() >= deadline) {
        const why = `error looking up service account ${namespace}/${account}: serviceaccount "${account}" not found`;
        throw forbidden({ group: '', resource: 'pods' }, name, `pods "${name}" is forbidden: ${why}`);
      }
      await clock.sleep(LOOK_EVERY_MS);
    }
  };
}
