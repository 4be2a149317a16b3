/** How the bootstrap policy is written down: rules, roles and bindings in short, made whole on demand. */
import type {
  RbacV1Subject,
  V1AggregationRule,
  V1ClusterRole,
  V1ClusterRoleBinding,
  V1PolicyRule,
  V1Role,
  V1RoleBinding,
} from '../../../openapi/generated/types.ts';

export const RBAC_GROUP = 'rbac.authorization.k8s.io';
/** Roles and bindings marked with it are kept complete at every start, unless somebody sets it to `false`. */
export const AUTOUPDATE = 'rbac.authorization.kubernetes.io/autoupdate';

export const READ = 'get list watch';
export const WRITE = 'create delete deletecollection patch update';
export const READ_WRITE = 'create delete deletecollection get list patch update watch';

const words = (text: string): string[] => text.split(' ').sort();

/** Verbs on resources of groups (`core` for the one without a name), each list separated by spaces. */
export function rule(verbs: string, groups: string, resources: string, names?: string): V1PolicyRule {
  return {
    verbs: words(verbs),
    apiGroups: words(groups)
      .map((group) => (group === 'core' ? '' : group))
      .sort(),
    resources: words(resources),
    ...(names === undefined ? {} : { resourceNames: words(names) }),
  };
}

/** Verbs on paths. */
export function urls(verbs: string, paths: string): V1PolicyRule {
  return { verbs: words(verbs), nonResourceURLs: words(paths) };
}

export const EVENTS: V1PolicyRule = rule('create patch update', 'core events.k8s.io', 'events');

function metadata(name: string, labels: Record<string, string> = {}, namespace?: string) {
  return {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults', ...labels },
    annotations: { [AUTOUPDATE]: 'true' },
  };
}

const aggregated = (to: string) => ({ [`rbac.authorization.k8s.io/aggregate-to-${to}`]: 'true' });

export function clusterRole(name: string, rules: V1PolicyRule[], aggregateTo?: string): V1ClusterRole {
  return { metadata: metadata(name, aggregateTo === undefined ? {} : aggregated(aggregateTo)), rules };
}

/** A role that holds what the roles labelled for it hold. */
export function aggregate(name: string, aggregateTo?: string): V1ClusterRole {
  const aggregationRule: V1AggregationRule = { clusterRoleSelectors: [{ matchLabels: aggregated(name) }] };
  return { ...clusterRole(name, [], aggregateTo), aggregationRule };
}

export const group = (name: string): RbacV1Subject => ({ kind: 'Group', apiGroup: RBAC_GROUP, name });
export const user = (name: string): RbacV1Subject => ({ kind: 'User', apiGroup: RBAC_GROUP, name });
export const account = (name: string): RbacV1Subject => ({ kind: 'ServiceAccount', name, namespace: 'kube-system' });

/** A binding of the cluster role of the same name. */
export function clusterBinding(name: string, ...subjects: RbacV1Subject[]): V1ClusterRoleBinding {
  const roleRef = { apiGroup: RBAC_GROUP, kind: 'ClusterRole', name };
  return { metadata: metadata(name), roleRef, ...(subjects.length > 0 ? { subjects } : {}) };
}

export function role(namespace: string, name: string, rules: V1PolicyRule[]): V1Role {
  return { metadata: metadata(name, {}, namespace), rules };
}

export function binding(namespace: string, name: string, of: string, ...subjects: RbacV1Subject[]): V1RoleBinding {
  return {
    metadata: metadata(name, {}, namespace),
    roleRef: { apiGroup: RBAC_GROUP, kind: 'Role', name: of },
    subjects,
  };
}
