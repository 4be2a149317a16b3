import type { V1Namespace } from '../../openapi/generated/types.ts';
import type { KubeObject } from '../../openapi/object.ts';
import type { ApiResult } from '../http/request.ts';
import type { UpdateOptions } from '../registry/store/store.ts';
import type { ResourceRequest } from './context.ts';
import { update } from './update.ts';

/** PUT of `namespaces/NAME/finalize`: only `spec.finalizers` changes; the last one gone lets a deleted namespace go. */
export function finalizeNamespace(target: ResourceRequest): Promise<ApiResult> {
  const options: UpdateOptions = {
    createOnUpdate: false,
    strategy: {
      prepareForUpdate(object: KubeObject, old: KubeObject) {
        const next = object as V1Namespace;
        next.status = structuredClone((old as V1Namespace).status ?? {});
      },
    },
  };
  return update(target, options);
}
