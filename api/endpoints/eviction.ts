/** Eviction: a deletion that later asks the pod's disruption budgets first. */
import type { V1Eviction } from '../../openapi/generated/types.ts';
import { badRequest, success } from '../../openapi/status.ts';
import type { ApiResult } from '../http/request.ts';
import type { ResourceRequest } from './context.ts';
import { decodeBody, type Expected } from './decode.ts';
import { writeContext } from './options.ts';

const EVICTION: Expected = {
  group: 'policy',
  version: 'v1',
  kind: 'Eviction',
  definition: 'io.k8s.api.policy.v1.Eviction',
};

/** POST to `pods/NAME/eviction`. No PodDisruptionBudget is served yet, so none can object. */
export async function evict({ request, info, store, context }: ResourceRequest): Promise<ApiResult> {
  const isKnown = (apiVersion: string, kind: string) =>
    (apiVersion === 'policy/v1' && kind === 'Eviction') || context.known(apiVersion, kind);
  const eviction = (await decodeBody(request, EVICTION, isKnown)) as V1Eviction;
  if (eviction.metadata?.name && eviction.metadata.name !== info.name)
    throw badRequest('name in URL does not match name in Eviction object');
  const write = writeContext(request, 'CreateOptions', eviction.deleteOptions?.dryRun ?? []);
  await store.delete(info.namespace, info.name, eviction.deleteOptions ?? {}, write);
  return { kind: 'object', status: 201, object: { ...success(), code: 201 } as object };
}
