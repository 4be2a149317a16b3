/** The policy that every cluster begins with, upstream's of 1.36: roles and who has them. */
import type {
  V1ClusterRole,
  V1ClusterRoleBinding,
  V1PolicyRule,
  V1Role,
  V1RoleBinding,
} from '../../../openapi/generated/types.ts';
import { controllerRules } from './bootstrap-controllers.ts';
import { bootstrapRoles } from './bootstrap-roles.ts';
import { account, binding, clusterBinding, clusterRole, EVENTS, group, READ, role, rule, user } from './policy.ts';

export interface Policy {
  clusterRoles: V1ClusterRole[];
  clusterRoleBindings: V1ClusterRoleBinding[];
  roles: V1Role[];
  roleBindings: V1RoleBinding[];
}

const EVERYBODY = group('system:authenticated');
const SCHEDULER = 'system:kube-scheduler';
const MANAGER = 'system:kube-controller-manager';

/** Made anew at each call; the caller may keep it. */
export function bootstrapPolicy(): Policy {
  const controllers = Object.entries(controllerRules());
  return {
    clusterRoles: [
      ...bootstrapRoles(),
      ...controllers.map(([name, rules]) => clusterRole(`system:controller:${name}`, rules)),
    ],
    clusterRoleBindings: [
      ...bindings(),
      ...controllers.map(([name]) => clusterBinding(`system:controller:${name}`, account(name))),
    ],
    ...namespaced(),
  };
}

function bindings(): V1ClusterRoleBinding[] {
  return [
    clusterBinding('cluster-admin', group('system:masters')),
    clusterBinding('system:monitoring', group('system:monitoring')),
    clusterBinding('system:discovery', EVERYBODY),
    clusterBinding('system:basic-user', EVERYBODY),
    clusterBinding('system:public-info-viewer', EVERYBODY, group('system:unauthenticated')),
    clusterBinding('system:node-proxier', user('system:kube-proxy')),
    clusterBinding('system:kube-node-simulator', user('system:kube-node-simulator')),
    clusterBinding('system:metrics-server', account('metrics-server')),
    clusterBinding(MANAGER, user(MANAGER)),
    clusterBinding('system:kube-dns', account('kube-dns')),
    clusterBinding(SCHEDULER, user(SCHEDULER)),
    clusterBinding('system:volume-scheduler', user(SCHEDULER)),
    // Nodes have an authorizer of their own.
    clusterBinding('system:node'),
    clusterBinding('system:service-account-issuer-discovery', group('system:serviceaccounts')),
  ];
}

function namespaced(): Pick<Policy, 'roles' | 'roleBindings'> {
  const system = 'kube-system';
  const authentication = 'extension-apiserver-authentication';
  const locking = (component: string): V1PolicyRule[] => [
    rule('watch', 'core', 'configmaps'),
    rule('get update', 'core', 'configmaps', component),
  ];
  const lock = (component: string) => `system::leader-locking-${component}`;
  const controller = (name: string) => `system:controller:${name}`;
  return {
    roles: [
      role('kube-public', controller('bootstrap-signer'), [
        rule(READ, 'core', 'configmaps'),
        rule('update', 'core', 'configmaps', 'cluster-info'),
        EVENTS,
      ]),
      role(system, `${authentication}-reader`, [rule(READ, 'core', 'configmaps', authentication)]),
      role(system, controller('bootstrap-signer'), [rule(READ, 'core', 'secrets')]),
      role(system, controller('cloud-provider'), [rule('create get list watch', 'core', 'configmaps')]),
      role(system, controller('token-cleaner'), [rule('delete get list watch', 'core', 'secrets'), EVENTS]),
      role(system, lock('kube-controller-manager'), locking('kube-controller-manager')),
      role(system, lock('kube-scheduler'), locking('kube-scheduler')),
    ],
    roleBindings: [
      binding(
        'kube-public',
        controller('bootstrap-signer'),
        controller('bootstrap-signer'),
        account('bootstrap-signer'),
      ),
      binding(system, `system::${authentication}-reader`, `${authentication}-reader`, user(MANAGER), user(SCHEDULER)),
      ...['bootstrap-signer', 'cloud-provider', 'token-cleaner'].map((name) =>
        binding(system, controller(name), controller(name), account(name)),
      ),
      ...['kube-controller-manager', 'kube-scheduler'].map((name) =>
        binding(system, lock(name), lock(name), user(`system:${name}`), account(name)),
      ),
    ],
  };
}
