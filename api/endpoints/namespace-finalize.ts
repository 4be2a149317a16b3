import type { KubeObject } from '../../openapi/object.ts';
import type { ApiResult } from '../http/request.ts';
import { namespaceFinalize } from '../registry/core/namespaces.ts';
import type { UpdateStrategy } from '../registry/declaration.ts';
import type { ResourceRequest } from './context.ts';
import { update } from './update.ts';

/** PUT of `namespaces/NAME/finalize`: only `spec.finalizers` changes; the last one gone lets a deleted namespace go. */
export function finalizeNamespace(target: ResourceRequest): Promise<ApiResult> {
  return update(target, { createOnUpdate: false, strategy: namespaceFinalize as UpdateStrategy<KubeObject> });
}
