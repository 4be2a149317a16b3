import type { V1CSINode, V1CSINodeDriver } from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { ageColumn, column, type Describe, nameColumn } from '../core/columns.ts';
import { declare, type ResourceDeclaration } from '../declaration.ts';
import { semanticEqual } from '../validation/equality.ts';
import { duplicate, invalidEach, invalidValue, required } from '../validation/errors.ts';
import { validateNonnegative } from '../validation/fields.ts';
import { isQualifiedName } from '../validation/names.ts';
import { validateCsiDriverName } from './validation.ts';

const NODE_ID_MAX = 256;

export function csiNodes(describe: Describe): ResourceDeclaration {
  return declare<V1CSINode>({
    group: 'storage.k8s.io',
    version: 'v1',
    kind: 'CSINode',
    plural: 'csinodes',
    singular: 'csinode',
    namespaced: false,
    definition: 'io.k8s.api.storage.v1.CSINode',
    columns: [
      nameColumn(describe),
      column(
        'Drivers',
        'Drivers indicates the number of CSI drivers registered on the node',
        (node) => driversOf(node).length,
        { type: 'integer' },
      ),
      ageColumn(describe),
    ],
    strategy: {
      validate: ({ spec }) => validateDrivers(driversOf({ spec })),
      validateUpdate,
      unconditionalUpdate: false,
      returnsDeleted: true,
    },
  });
}

/** Go writes a list that is empty as null. */
function driversOf({ spec }: V1CSINode): readonly V1CSINodeDriver[] {
  return spec.drivers ?? [];
}

function validateDrivers(drivers: readonly V1CSINodeDriver[]): FieldError[] {
  const names = new Set<string>();
  return drivers.flatMap((driver, i) => {
    const field = `spec.drivers[${i}]`;
    const { name = '', nodeID = '', allocatable } = driver;
    const errors = validateCsiDriverName(name, `${field}.name`);
    if (nodeID === '') errors.push(required(`${field}.nodeID`));
    if (nodeID.length > NODE_ID_MAX) {
      errors.push(invalidValue(`${field}.nodeID`, nodeID, `must be ${NODE_ID_MAX} characters or less`));
    }
    errors.push(...validateNonnegative(allocatable?.count, `${field}.allocatable.count`));
    if (names.has(name)) errors.push(duplicate(`${field}.name`, name));
    names.add(name);
    return [...errors, ...validateTopologyKeys(driver.topologyKeys ?? [], field)];
  });
}

function validateTopologyKeys(keys: readonly string[], field: string): FieldError[] {
  return keys.flatMap((key, i) => [
    ...(key === '' ? [required(field)] : []),
    ...(keys.indexOf(key) < i ? [duplicate(field, key)] : []),
    ...invalidEach(field, key, isQualifiedName(key)),
  ]);
}

/** A driver's entry does not change but for what it can allocate. */
function validateUpdate(node: V1CSINode, old: V1CSINode): FieldError[] {
  const fixed = ({ name, nodeID, topologyKeys }: V1CSINodeDriver) => ({ name, nodeID, topologyKeys });
  return driversOf(old).flatMap((before) =>
    driversOf(node)
      .filter((driver) => driver.name === before.name && !semanticEqual(fixed(driver), fixed(before)))
      .map((driver) => invalidValue('spec.drivers', shownDriver(driver), 'field is immutable')),
  );
}

/** As upstream's internal type shows itself. */
function shownDriver({ name, nodeID, topologyKeys }: V1CSINodeDriver): object {
  return { Name: name, NodeID: nodeID, TopologyKeys: topologyKeys ?? null, Allocatable: null };
}
