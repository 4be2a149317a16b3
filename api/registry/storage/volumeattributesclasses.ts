import type { V1VolumeAttributesClass } from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { ageColumn, type Describe, fieldColumn, nameColumn } from '../core/columns.ts';
import { declare, type ResourceDeclaration } from '../declaration.ts';
import { semanticEqual } from '../validation/equality.ts';
import { forbiddenField, required } from '../validation/errors.ts';
import { validateDriverParameters, validateProvisioner } from './validation.ts';

const CLASS = 'io.k8s.api.storage.v1.VolumeAttributesClass';

export function volumeAttributesClasses(describe: Describe): ResourceDeclaration {
  return declare<V1VolumeAttributesClass>({
    group: 'storage.k8s.io',
    version: 'v1',
    kind: 'VolumeAttributesClass',
    plural: 'volumeattributesclasses',
    singular: 'volumeattributesclass',
    shortNames: ['vac'],
    namespaced: false,
    definition: CLASS,
    columns: [
      nameColumn(describe),
      fieldColumn('DriverName', describe, [CLASS, 'driverName'], ({ driverName }) => driverName),
      ageColumn(describe),
    ],
    strategy: {
      validate: ({ driverName, parameters = {} }) => [
        ...validateProvisioner(driverName, 'driverName'),
        ...validateDriverParameters(parameters, 'parameters'),
        ...(Object.keys(parameters).length > 0
          ? []
          : [required('parameters', 'must contain at least one key/value pair')]),
      ],
      validateUpdate,
      returnsDeleted: true,
    },
  });
}

function validateUpdate(object: V1VolumeAttributesClass, old: V1VolumeAttributesClass): FieldError[] {
  return (['driverName', 'parameters'] as const)
    .filter((field) => !semanticEqual(object[field], old[field]))
    .map((field) => forbiddenField(field, `updates to ${field} are forbidden.`));
}
