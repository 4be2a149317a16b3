/** Roles and bindings. */
import type { Access } from '../../auth/access.ts';
import type { Describe } from '../core/columns.ts';
import type { ResourceDeclaration } from '../declaration.ts';
import { clusterRoleBindings, roleBindings } from './bindings.ts';
import { clusterRoles, roles } from './roles.ts';

export function rbacResources(access: Access, describe: Describe): ResourceDeclaration[] {
  return [
    clusterRoleBindings(access, describe),
    clusterRoles(access, describe),
    roleBindings(access, describe),
    roles(access, describe),
  ];
}
