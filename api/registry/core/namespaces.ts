import type { V1Namespace } from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { declare, type ResourceDeclaration, type UpdateStrategy } from '../declaration.ts';
import { invalidEach, invalidValue } from '../validation/errors.ts';
import { validateFinalizerPrefix } from '../validation/metadata.ts';
import { isQualifiedName, nameIsDnsLabel } from '../validation/names.ts';
import { ageColumn, column, type Describe, nameColumn } from './columns.ts';

const NAME_LABEL = 'kubernetes.io/metadata.name';

export function namespaces(describe: Describe): ResourceDeclaration {
  return declare<V1Namespace>({
    group: '',
    version: 'v1',
    kind: 'Namespace',
    plural: 'namespaces',
    singular: 'namespace',
    shortNames: ['ns'],
    namespaced: false,
    verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
    definition: 'io.k8s.api.core.v1.Namespace',
    columns: [
      nameColumn(describe),
      column('Status', 'The status of the namespace', (namespace) => namespace.status?.phase ?? ''),
      ageColumn(describe),
    ],
    fields: (namespace) => ({ 'status.phase': namespace.status?.phase ?? '' }),
    fieldLabels: ['status.phase'],
    strategy: {
      default: defaultNamespace,
      prepareForCreate(namespace) {
        namespace.status = { phase: 'Active' };
        namespace.spec ??= {};
        namespace.spec.finalizers ??= [];
        if (!namespace.spec.finalizers.includes('kubernetes')) namespace.spec.finalizers.push('kubernetes');
      },
      prepareForUpdate(namespace, old) {
        namespace.spec = { ...namespace.spec, finalizers: old.spec?.finalizers ?? [] };
        namespace.status = old.status ?? {};
      },
      validate: validateNamespace,
      validateName: nameIsDnsLabel,
      held: (namespace) => (namespace.spec?.finalizers?.length ?? 0) > 0,
      preconditionsFirst: true,
      beginDeletion(namespace) {
        delete namespace.metadata?.deletionGracePeriodSeconds;
        namespace.status = { ...namespace.status, phase: 'Terminating' };
      },
      returnsDeleted: true,
    },
    status: {
      prepareForUpdate(namespace, old) {
        namespace.spec = old.spec ?? {};
      },
      validateUpdate: validateNamespaceStatus,
    },
  });
}

/** The `finalize` subresource: the only way to change `spec.finalizers`. */
export const namespaceFinalize: UpdateStrategy<V1Namespace> = {
  prepareForUpdate(namespace, old) {
    namespace.status = old.status ?? {};
  },
  // Unlike elsewhere upstream tells here which one it is.
  validateUpdate: ({ spec }) =>
    (spec?.finalizers ?? []).flatMap((finalizer, i) => validateFinalizer(finalizer, `spec.finalizers[${i}]`)),
};

/** The label holds the name and nothing else; a namespace whose name is yet to be generated gets it later. */
function defaultNamespace(namespace: V1Namespace): void {
  namespace.spec ??= {};
  namespace.status ??= {};
  namespace.status.phase ||= 'Active';
  const { metadata } = namespace;
  if (!metadata?.name) return;
  metadata.labels ??= {};
  metadata.labels[NAME_LABEL] = metadata.name;
}

function validateNamespace(namespace: V1Namespace): FieldError[] {
  return (namespace.spec?.finalizers ?? []).flatMap((finalizer) => validateFinalizer(finalizer, 'spec.finalizers'));
}

function validateFinalizer(finalizer: string, path: string): FieldError[] {
  return [...invalidEach(path, finalizer, isQualifiedName(finalizer)), ...validateFinalizerPrefix(finalizer, path)];
}

function validateNamespaceStatus(namespace: V1Namespace): FieldError[] {
  const phase = namespace.status?.phase ?? '';
  const deleted = namespace.metadata?.deletionTimestamp !== undefined;
  if (phase === (deleted ? 'Terminating' : 'Active')) return [];
  const detail = deleted
    ? "may only be 'Terminating' if `deletionTimestamp` is not empty"
    : "may only be 'Active' if `deletionTimestamp` is empty";
  return [invalidValue('status.Phase', phase, detail)];
}
