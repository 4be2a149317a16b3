import type { RbacV1Subject, V1ClusterRoleBinding, V1RoleBinding } from '../../../openapi/generated/types.ts';
import type { Access } from '../../auth/access.ts';
import { ageColumn, column, type Describe, fieldColumn, nameColumn } from '../core/columns.ts';
import { type Column, declare, type ResourceDeclaration, type Strategy } from '../declaration.ts';
import { isPathSegmentName } from '../validation/names.ts';
import { checkBinding, isOnlyGarbageCollection } from './escalation.ts';
import { defaultBinding, validateBinding, validateRoleRefUnchanged } from './validation.ts';

export function roleBindings(access: Access, describe: Describe): ResourceDeclaration {
  return declare<V1RoleBinding>({
    group: 'rbac.authorization.k8s.io',
    version: 'v1',
    kind: 'RoleBinding',
    plural: 'rolebindings',
    singular: 'rolebinding',
    namespaced: true,
    definition: 'io.k8s.api.rbac.v1.RoleBinding',
    columns: columns(describe, 'RoleBinding', 'roleBinding'),
    strategy: strategy(access, 'rolebindings'),
  });
}

export function clusterRoleBindings(access: Access, describe: Describe): ResourceDeclaration {
  return declare<V1ClusterRoleBinding>({
    group: 'rbac.authorization.k8s.io',
    version: 'v1',
    kind: 'ClusterRoleBinding',
    plural: 'clusterrolebindings',
    singular: 'clusterrolebinding',
    namespaced: false,
    definition: 'io.k8s.api.rbac.v1.ClusterRoleBinding',
    columns: columns(describe, 'ClusterRoleBinding', 'clusterRoleBinding'),
    strategy: strategy(access, 'clusterrolebindings'),
  });
}

function strategy(access: Access, plural: 'rolebindings' | 'clusterrolebindings'): Strategy<V1RoleBinding> {
  const namespaced = plural === 'rolebindings';
  return {
    default: defaultBinding,
    createOnUpdate: true,
    validateName: isPathSegmentName,
    prepareForCreate(binding, context) {
      checkBinding(access, plural, binding.metadata?.name ?? '', binding.roleRef, context);
    },
    prepareForUpdate(binding, old, context) {
      if (isOnlyGarbageCollection(binding, old)) return;
      checkBinding(access, plural, binding.metadata?.name ?? '', binding.roleRef, context);
    },
    validate: (binding) => validateBinding(binding, namespaced),
    validateUpdate: (binding, old) => validateRoleRefUnchanged(binding.roleRef, old.roleRef),
  };
}

function columns(describe: Describe, kind: string, inText: string): Column<V1RoleBinding>[] {
  const wide = { priority: 1 };
  const roleRef = ({ roleRef: ref }: V1RoleBinding) => `${ref.kind}/${ref.name}`;
  const subjects = (of: string) => (binding: V1RoleBinding) => namesOf(binding.subjects, of);
  return [
    nameColumn(describe),
    fieldColumn('Role', describe, [`io.k8s.api.rbac.v1.${kind}`, 'roleRef'], roleRef),
    ageColumn(describe),
    column('Users', `Users in the ${inText}`, subjects('User'), wide),
    column('Groups', `Groups in the ${inText}`, subjects('Group'), wide),
    column('ServiceAccounts', `ServiceAccounts in the ${inText}`, subjects('ServiceAccount'), wide),
  ];
}

function namesOf(subjects: readonly RbacV1Subject[] | undefined, kind: string): string {
  return (subjects ?? [])
    .filter((subject) => subject.kind === kind)
    .map(({ namespace, name }) => (kind === 'ServiceAccount' ? `${namespace ?? ''}/${name}` : name))
    .join(', ');
}
