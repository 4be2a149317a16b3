import type { V1ConfigMap } from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { declare, type ResourceDeclaration } from '../declaration.ts';
import { semanticEqual } from '../validation/equality.ts';
import { forbiddenField, invalidEach, invalidValue, tooLong } from '../validation/errors.ts';
import { isConfigMapKey } from '../validation/names.ts';
import { ageColumn, type Describe, fieldColumn, nameColumn } from './columns.ts';

/** Config maps and secrets may hold 1 MiB of data. */
export const DATA_MAX_BYTES = 1024 * 1024;
export const IMMUTABLE = 'field is immutable when `immutable` is set';

export function configMaps(describe: Describe): ResourceDeclaration {
  return declare<V1ConfigMap>({
    group: '',
    version: 'v1',
    kind: 'ConfigMap',
    plural: 'configmaps',
    singular: 'configmap',
    shortNames: ['cm'],
    namespaced: true,
    definition: 'io.k8s.api.core.v1.ConfigMap',
    columns: [
      nameColumn(describe),
      fieldColumn('Data', describe, ['io.k8s.api.core.v1.ConfigMap', 'data'], (map) => sizeOf(map)),
      ageColumn(describe),
    ],
    strategy: { validate: validateConfigMap, validateUpdate: validateConfigMapUpdate },
  });
}

function sizeOf(map: V1ConfigMap): number {
  return Object.keys(map.data ?? {}).length + Object.keys(map.binaryData ?? {}).length;
}

export function validateConfigMap(map: V1ConfigMap): FieldError[] {
  const { data = {}, binaryData = {} } = map;
  const errors: FieldError[] = [];
  let bytes = 0;
  for (const [key, value] of Object.entries(data)) {
    errors.push(...invalidEach(`data[${key}]`, key, isConfigMapKey(key)));
    if (key in binaryData) errors.push(invalidValue(`data[${key}]`, key, 'duplicate of key present in binaryData'));
    bytes += Buffer.byteLength(value);
  }
  for (const [key, value] of Object.entries(binaryData)) {
    errors.push(...invalidEach(`binaryData[${key}]`, key, isConfigMapKey(key)));
    bytes += Buffer.byteLength(value, 'base64');
  }
  // Go's empty path: the whole object is meant.
  if (bytes > DATA_MAX_BYTES) errors.push(tooLong('[]', DATA_MAX_BYTES));
  return errors;
}

export function validateConfigMapUpdate(map: V1ConfigMap, old: V1ConfigMap): FieldError[] {
  if (old.immutable !== true) return [];
  const errors = map.immutable === true ? [] : [forbiddenField('immutable', IMMUTABLE)];
  if (!semanticEqual(map.data ?? {}, old.data ?? {})) errors.push(forbiddenField('data', IMMUTABLE));
  if (!semanticEqual(map.binaryData ?? {}, old.binaryData ?? {})) errors.push(forbiddenField('binaryData', IMMUTABLE));
  return errors;
}
