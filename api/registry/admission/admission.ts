/** Admission: an ordered list of functions, each of which may refuse a write after it has been authorized and read. */
import type { KubeObject } from '../../../openapi/object.ts';
import type { ResourceName } from '../../../openapi/status.ts';
import type { ResourceDeclaration } from '../declaration.ts';

export interface AdmissionRequest {
  operation: 'create' | 'delete';
  declaration: ResourceDeclaration;
  /** `''` for cluster-scoped resources. */
  namespace: string;
  /** For a creation the name asked for, or the prefix of one. */
  name: string;
  /** What is to be created, with its defaults. */
  object?: KubeObject;
}

/** Throws the `Status` that refuses the write. */
export type Admission = (request: AdmissionRequest) => void | Promise<void>;

/** Asks all of them in order. */
export async function admit(chain: readonly Admission[], request: AdmissionRequest): Promise<void> {
  for (const admission of chain) await admission(request);
}

/** `pods`, `leases.coordination.k8s.io`. */
export function qualified({ group, resource }: ResourceName): string {
  return group === '' ? resource : `${resource}.${group}`;
}
