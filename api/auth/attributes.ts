/** What authorizers are asked about: who wants to do what. */

/** Somebody who asks. */
export interface Subject {
  name: string;
  uid?: string;
  groups: readonly string[];
  extra?: Readonly<Record<string, readonly string[]>>;
}

/** What somebody wants to do. A `RequestInfo` is one; reviews and special checks make their own. */
export interface Attributes {
  verb: string;
  /** For what is no resource. */
  path: string;
  resource?: ResourceAttributes;
}

export interface ResourceAttributes {
  verb: string;
  group: string;
  version: string;
  /** `''` for all namespaces and for cluster-scoped resources. */
  namespace: string;
  /** The plural. */
  resource: string;
  subresource: string;
  name: string;
}

/** Attributes of a verb that no request has by itself, such as `escalate`, `bind`, `approve` and `impersonate`. */
export function attributesOf(resource: Partial<ResourceAttributes> & { verb: string; resource: string }): Attributes {
  return {
    verb: resource.verb,
    path: '',
    resource: { group: '', version: '*', namespace: '', subresource: '', name: '', ...resource },
  };
}
