import type { V1ControllerRevision } from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { ageColumn, column, type Describe, fieldColumn, nameColumn } from '../core/columns.ts';
import { declare, type ResourceDeclaration } from '../declaration.ts';
import { required } from '../validation/errors.ts';
import { validateNonnegative } from '../validation/fields.ts';
import { validateImmutable } from '../validation/metadata.ts';

const DEFINITION = 'io.k8s.api.apps.v1.ControllerRevision';

export function controllerRevisions(describe: Describe): ResourceDeclaration {
  return declare<V1ControllerRevision>({
    group: 'apps',
    version: 'v1',
    kind: 'ControllerRevision',
    plural: 'controllerrevisions',
    singular: 'controllerrevision',
    namespaced: true,
    definition: DEFINITION,
    columns: [
      nameColumn(describe),
      column('Controller', 'Controller of the object', controllerOf),
      fieldColumn('Revision', describe, [DEFINITION, 'revision'], ({ revision }) => revision ?? 0),
      ageColumn(describe),
    ],
    strategy: {
      default(revision) {
        revision.revision ??= 0;
      },
      validate: validateRevision,
      validateUpdate: (revision, old) => [
        ...validateRevision(revision),
        ...validateImmutable(revision.data, old.data, 'data'),
      ],
    },
  });
}

/** `statefulset.apps/web`, or `<none>`. */
function controllerOf({ metadata }: V1ControllerRevision): string {
  const owner = metadata?.ownerReferences?.find(({ controller }) => controller === true);
  if (!owner) return '<none>';
  const group = owner.apiVersion.includes('/') ? `.${owner.apiVersion.split('/')[0]}` : '';
  return `${owner.kind}${group}`.toLowerCase().concat('/', owner.name);
}

function validateRevision({ data, revision }: V1ControllerRevision): FieldError[] {
  return [
    ...(data === undefined || data === null ? [required('data', 'data is mandatory')] : []),
    ...validateNonnegative(revision, 'revision'),
  ];
}
