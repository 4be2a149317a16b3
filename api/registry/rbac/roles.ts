import type { V1ClusterRole, V1Role } from '../../../openapi/generated/types.ts';
import type { Access } from '../../auth/access.ts';
import { type Describe, fieldColumn, nameColumn } from '../core/columns.ts';
import { type Column, declare, type ResourceDeclaration, type StrategyContext } from '../declaration.ts';
import { isPathSegmentName } from '../validation/names.ts';
import { checkAggregation, checkEscalation, isOnlyGarbageCollection } from './escalation.ts';
import { validateAggregation, validateRules } from './validation.ts';

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

/** When a role was made, in full: roles have no printer of their own upstream. */
function createdAt<T extends V1Role>(describe: Describe): Column<T> {
  const value = (role: T) => role.metadata?.creationTimestamp ?? '';
  return fieldColumn('Created At', describe, [META, 'creationTimestamp'], value, { type: 'date' });
}

export function roles(access: Access, describe: Describe): ResourceDeclaration {
  const check = (role: V1Role, context: StrategyContext) =>
    checkEscalation(access, 'roles', role.metadata?.name ?? '', role.rules ?? [], context);
  return declare<V1Role>({
    group: 'rbac.authorization.k8s.io',
    version: 'v1',
    kind: 'Role',
    plural: 'roles',
    singular: 'role',
    namespaced: true,
    definition: 'io.k8s.api.rbac.v1.Role',
    columns: [nameColumn(describe), createdAt(describe)],
    strategy: {
      createOnUpdate: true,
      validateName: isPathSegmentName,
      prepareForCreate: check,
      prepareForUpdate(role, old, context) {
        if (!isOnlyGarbageCollection(role, old)) check(role, context);
      },
      validate: (role) => validateRules(role.rules, true),
    },
  });
}

export function clusterRoles(access: Access, describe: Describe): ResourceDeclaration {
  const check = (role: V1ClusterRole, context: StrategyContext, old?: V1ClusterRole) => {
    const name = role.metadata?.name ?? '';
    checkEscalation(access, 'clusterroles', name, role.rules ?? [], context);
    if (aggregates(role) || (old && aggregates(old))) checkAggregation(access, name, context);
  };
  return declare<V1ClusterRole>({
    group: 'rbac.authorization.k8s.io',
    version: 'v1',
    kind: 'ClusterRole',
    plural: 'clusterroles',
    singular: 'clusterrole',
    namespaced: false,
    definition: 'io.k8s.api.rbac.v1.ClusterRole',
    columns: [nameColumn(describe), createdAt(describe)],
    strategy: {
      createOnUpdate: true,
      validateName: isPathSegmentName,
      prepareForCreate: (role, context) => check(role, context),
      prepareForUpdate(role, old, context) {
        if (!isOnlyGarbageCollection(role, old)) check(role, context, old);
      },
      validate: (role) => [...validateRules(role.rules, false), ...validateAggregation(role.aggregationRule)],
    },
  });
}

function aggregates({ aggregationRule }: V1ClusterRole): boolean {
  return (aggregationRule?.clusterRoleSelectors ?? []).length > 0;
}
