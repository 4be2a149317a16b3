/** Who may: an ordered list of authorizers; the first with an opinion decides, and no opinion at all is a no. */
import { forbidden } from '../../openapi/status.ts';
import type { UserInfo } from './request.ts';
import type { RequestInfo } from './request-info.ts';

export type Decision = 'allow' | 'deny' | 'no opinion';

export type Authorizer = (user: UserInfo, info: RequestInfo) => Decision;

/** Throws 403 in upstream's words unless an authorizer allows the request. */
export function authorize(authorizers: readonly Authorizer[], user: UserInfo, info: RequestInfo): void {
  for (const authorizer of authorizers) {
    const decision = authorizer(user, info);
    if (decision === 'allow') return;
    if (decision === 'deny') break;
  }
  throw refusal(user, info);
}

function refusal(user: UserInfo, info: RequestInfo): Error {
  const { resource } = info;
  if (!resource)
    return forbidden(
      { group: '', resource: '' },
      '',
      `forbidden: User ${JSON.stringify(user.name)} cannot ${info.verb} path ${JSON.stringify(info.path)}`,
    );
  const what = resource.subresource ? `${resource.resource}/${resource.subresource}` : resource.resource;
  const scope = resource.namespace ? `in the namespace ${JSON.stringify(resource.namespace)}` : 'at the cluster scope';
  const subject = resource.group ? `${resource.resource}.${resource.group}` : resource.resource;
  const message = `${subject}${resource.name ? ` ${JSON.stringify(resource.name)}` : ''} is forbidden: User ${JSON.stringify(user.name)} cannot ${resource.verb} resource ${JSON.stringify(what)} in API group ${JSON.stringify(resource.group)} ${scope}`;
  return forbidden({ group: resource.group, resource: resource.resource }, resource.name, message);
}

/** Upstream's superuser group. */
export const administrators: Authorizer = (user) => (user.groups.includes('system:masters') ? 'allow' : 'no opinion');

/** Health and version are open to all, discovery and schema to whoever has an identity, as upstream's roles for them. */
export const discoverers: Authorizer = (user, info) => {
  if (info.resource || info.verb !== 'get') return 'no opinion';
  if (/^\/(version|healthz|livez|readyz)(\/|$)/.test(info.path)) return 'allow';
  if (!user.groups.includes('system:authenticated')) return 'no opinion';
  return /^\/(api|apis|openapi)(\/|$)/.test(info.path) ? 'allow' : 'no opinion';
};

/** What one identity may do, in the shape of an RBAC rule. `*` stands for all. */
export interface Rule {
  groups: readonly string[];
  /** Plurals, with the subresource after a slash. */
  resources: readonly string[];
  verbs: readonly string[];
}

const READ = ['get', 'list', 'watch'];
const ALL = ['*'];
const EVENTS: Rule = { groups: [''], resources: ['events'], verbs: ['create', 'patch', 'update'] };
const LEASES: Rule = {
  groups: ['coordination.k8s.io'],
  resources: ['leases'],
  verbs: ['create', 'get', 'update', 'patch', 'list', 'watch'],
};

const rule = (resources: readonly string[], verbs: readonly string[]): Rule => ({ groups: [''], resources, verbs });

/** What each component needs, and no more; upstream's bootstrap roles as far as the resources here go. */
const COMPONENTS: Record<string, readonly Rule[]> = {
  'system:kube-scheduler': [
    EVENTS,
    LEASES,
    rule(['nodes', 'namespaces', 'pods', 'replicationcontrollers', 'services'], READ),
    rule(['pods'], ['delete']),
    rule(['pods/binding', 'bindings'], ['create']),
    rule(['pods/status'], ['patch', 'update']),
  ],
  'system:kube-controller-manager': [EVENTS, LEASES, { groups: ALL, resources: ALL, verbs: READ }],
  'system:kube-proxy': [EVENTS, rule(['services', 'endpoints', 'nodes'], READ)],
  'system:serviceaccount:kube-system:replication-controller': [
    EVENTS,
    rule(['replicationcontrollers'], ['get', 'list', 'update', 'watch', 'patch']),
    rule(['replicationcontrollers/status', 'replicationcontrollers/finalizers'], ['update', 'patch']),
    rule(['pods'], ['create', 'delete', 'get', 'list', 'patch', 'watch', 'update']),
  ],
  'system:serviceaccount:kube-system:endpoint-controller': [
    EVENTS,
    rule(['pods', 'services'], READ),
    rule(['endpoints'], ['create', 'delete', 'get', 'list', 'update', 'patch']),
  ],
  'system:serviceaccount:kube-system:namespace-controller': [
    rule(['namespaces'], ['delete', 'get', 'list', 'watch']),
    rule(['namespaces/finalize', 'namespaces/status'], ['update', 'patch']),
    { groups: ALL, resources: ALL, verbs: ['delete', 'deletecollection', 'get', 'list'] },
  ],
  'system:serviceaccount:kube-system:service-account-controller': [
    EVENTS,
    rule(['serviceaccounts'], ['create', 'get', 'list', 'watch']),
  ],
  'system:serviceaccount:kube-system:node-controller': [
    EVENTS,
    rule(['nodes'], ['delete', 'get', 'list', 'patch', 'update', 'watch']),
    rule(['nodes/status', 'pods/status'], ['patch', 'update']),
    rule(['pods'], ['delete', 'get', 'list', 'watch']),
    LEASES,
  ],
  'system:serviceaccount:kube-system:pod-garbage-collector': [
    rule(['pods'], ['delete', 'get', 'list', 'watch']),
    rule(['pods/status'], ['patch']),
    rule(['nodes'], READ),
  ],
  'system:serviceaccount:kube-system:generic-garbage-collector': [
    EVENTS,
    { groups: ALL, resources: ALL, verbs: ['delete', 'get', 'list', 'patch', 'update', 'watch'] },
  ],
};

/** What the kubelets need: upstream's `system:node` role. That each keeps to its own node and pods comes with RBAC. */
const NODES: readonly Rule[] = [
  EVENTS,
  LEASES,
  rule(['nodes'], ['create', 'get', 'list', 'watch', 'patch', 'update']),
  rule(['nodes/status'], ['patch', 'update']),
  rule(['pods'], ['get', 'list', 'watch', 'delete']),
  rule(['pods/status'], ['patch', 'update']),
  rule(['configmaps', 'secrets', 'services', 'serviceaccounts'], READ),
];

/** The identities of the cluster's own components. */
export const components: Authorizer = (user, info) => {
  const rules = user.groups.includes('system:nodes') ? NODES : COMPONENTS[user.name];
  return rules?.some((candidate) => permits(candidate, info)) ? 'allow' : 'no opinion';
};

function permits(candidate: Rule, { resource }: RequestInfo): boolean {
  if (!resource) return false;
  const name = resource.subresource ? `${resource.resource}/${resource.subresource}` : resource.resource;
  return has(candidate.groups, resource.group) && has(candidate.resources, name) && has(candidate.verbs, resource.verb);
}

function has(list: readonly string[], value: string): boolean {
  return list.includes('*') || list.includes(value);
}
