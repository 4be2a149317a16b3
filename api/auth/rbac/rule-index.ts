/**
 * Roles and bindings, arranged so that the question of a request costs a few lookups: bindings by namespace and by
 * subject, roles by name.
 */
import type {
  RbacV1Subject,
  V1ClusterRole,
  V1ClusterRoleBinding,
  V1PolicyRule,
  V1Role,
  V1RoleBinding,
  V1RoleRef,
} from '../../../openapi/generated/types.ts';
import type { Subject } from '../attributes.ts';
import { rulesOfRole } from './aggregation.ts';

/** A binding as one of its subjects has it. */
export interface Grant {
  /** `''` for a ClusterRoleBinding. */
  namespace: string;
  binding: string;
  role: V1RoleRef;
  subject: RbacV1Subject;
}

/** Says no to go on, yes to stop. `rules` are missing when the role is. */
export type Visit = (grant: Grant, rules: readonly V1PolicyRule[] | undefined) => boolean;

type Grants = Map<string, Grant[]>;

const GROUP = 'rbac.authorization.k8s.io';

export class RuleIndex {
  readonly #clusterRoles = new Map<string, V1ClusterRole>();
  /** Rules of roles that aggregate others, worked out when somebody asks, until some role changes. */
  readonly #aggregated = new Map<string, readonly V1PolicyRule[]>();
  readonly #roles = new Map<string, V1Role>();
  /** By namespace, `''` for the whole cluster, and then by subject. */
  readonly #grants = new Map<string, Grants>();
  /** Where each binding's grants are to be found again, by its key. */
  readonly #bindings = new Map<string, string[]>();

  setClusterRole(name: string, role: V1ClusterRole | undefined): void {
    this.#aggregated.clear();
    if (role) this.#clusterRoles.set(name, role);
    else this.#clusterRoles.delete(name);
  }

  setRole(namespace: string, name: string, role: V1Role | undefined): void {
    if (role) this.#roles.set(`${namespace}/${name}`, role);
    else this.#roles.delete(`${namespace}/${name}`);
  }

  /** Replaces what a binding grants; `namespace` is `''` for a ClusterRoleBinding. */
  setBinding(namespace: string, name: string, binding: V1RoleBinding | V1ClusterRoleBinding | undefined): void {
    const key = `${namespace}/${name}`;
    this.#forget(namespace, name, key);
    if (!binding) return;
    const grants = this.#grants.get(namespace) ?? new Map<string, Grant[]>();
    this.#grants.set(namespace, grants);
    const keys: string[] = [];
    for (const subject of binding.subjects ?? []) {
      const of = subjectKey(subject, namespace);
      if (of === undefined || keys.includes(of)) continue;
      keys.push(of);
      grants.set(of, [...(grants.get(of) ?? []), { namespace, binding: name, role: binding.roleRef, subject }]);
    }
    this.#bindings.set(key, keys);
  }

  #forget(namespace: string, name: string, key: string): void {
    const grants = this.#grants.get(namespace);
    for (const subject of this.#bindings.get(key) ?? []) {
      const left = grants?.get(subject)?.filter((grant) => grant.binding !== name) ?? [];
      if (left.length > 0) grants?.set(subject, left);
      else grants?.delete(subject);
    }
    this.#bindings.delete(key);
    if (grants?.size === 0) this.#grants.delete(namespace);
  }

  clear(): void {
    this.#aggregated.clear();
    this.#clusterRoles.clear();
    this.#roles.clear();
    this.#grants.clear();
    this.#bindings.clear();
  }

  /** The rules of what a binding in `namespace` refers to; `undefined` when there is no such role. */
  rulesOf(ref: V1RoleRef, namespace: string): readonly V1PolicyRule[] | undefined {
    if (ref.kind !== 'ClusterRole') return rulesOrNone(this.#roles.get(`${namespace}/${ref.name}`));
    const role = this.#clusterRoles.get(ref.name);
    return role?.aggregationRule ? this.#aggregate(ref.name, role) : rulesOrNone(role);
  }

  #aggregate(name: string, role: V1ClusterRole): readonly V1PolicyRule[] {
    let rules = this.#aggregated.get(name);
    if (!rules) {
      rules = rulesOfRole(role, [...this.#clusterRoles.values()]);
      this.#aggregated.set(name, rules);
    }
    return rules;
  }

  /** Visits what a user is granted in the whole cluster, then in the namespace. True when a visit said so. */
  visit(user: Subject, namespace: string, visit: Visit): boolean {
    if (this.#visit(user, '', visit)) return true;
    return namespace !== '' && this.#visit(user, namespace, visit);
  }

  #visit(user: Subject, namespace: string, visit: Visit): boolean {
    const grants = this.#grants.get(namespace);
    if (!grants) return false;
    if (this.#visitAll(grants.get(`u:${user.name}`), visit)) return true;
    for (const group of user.groups) {
      if (this.#visitAll(grants.get(`g:${group}`), visit)) return true;
    }
    return false;
  }

  #visitAll(grants: readonly Grant[] | undefined, visit: Visit): boolean {
    if (!grants) return false;
    for (const grant of grants) {
      if (visit(grant, this.rulesOf(grant.role, grant.namespace))) return true;
    }
    return false;
  }
}

const NONE: readonly V1PolicyRule[] = [];

function rulesOrNone(role: V1Role | undefined): readonly V1PolicyRule[] | undefined {
  return role && (role.rules ?? NONE);
}

/** A service account is the user it authenticates as. */
function subjectKey({ kind, apiGroup, name, namespace }: RbacV1Subject, bindingNamespace: string): string | undefined {
  const group = apiGroup ?? '';
  switch (kind) {
    case 'User':
      return group === GROUP || group === '' ? `u:${name}` : undefined;
    case 'Group':
      return group === GROUP || group === '' ? `g:${name}` : undefined;
    case 'ServiceAccount': {
      const of = namespace || bindingNamespace;
      return of === '' ? undefined : `u:system:serviceaccount:${of}:${name}`;
    }
    default:
      return undefined;
  }
}
