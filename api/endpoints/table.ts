/** Objects as `kubectl get` shows them: a Table with the resource's columns, or the metadata alone. */
import type { V1Scale } from '../../openapi/generated/types.ts';
import type { KubeObject } from '../../openapi/object.ts';
import { ageColumn, nameColumn } from '../registry/core/columns.ts';
import type { Column, ResourceDeclaration } from '../registry/declaration.ts';

export interface TableOptions {
  version: string;
  /** What each row carries of its object. */
  includeObject: 'None' | 'Metadata' | 'Object';
  headers: boolean;
  now: number;
}

/** A `Table` of the given objects. */
export function tableOf(
  resource: Pick<ResourceDeclaration, 'columns'>,
  objects: readonly KubeObject[],
  metadata: object,
  options: TableOptions,
): object {
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${options.version}`,
    metadata,
    columnDefinitions: options.headers ? resource.columns.map(definitionOf) : null,
    rows: objects.map((object) => ({
      cells: resource.columns.map((column) => column.value(object, options.now)),
      ...rowObject(object, options),
    })),
  };
}

/** The columns of a Scale. Name and age are described as those of the resource are, where that is at hand. */
export function scaleColumns(columns: ResourceDeclaration['columns'] = []): Column<KubeObject>[] {
  const described = (title: string) => () => columns.find(({ name }) => name === title)?.description ?? '';
  const number = (name: string, description: string, part: 'spec' | 'status'): Column<KubeObject> => ({
    name,
    type: 'integer',
    priority: 0,
    description,
    value: (object) => (object as V1Scale)[part]?.replicas ?? 0,
  });
  return [
    nameColumn(described('Name')),
    number('Desired', 'replicas is the desired number of instances for the scaled object.', 'spec'),
    number('Available', 'replicas is the actual number of observed instances of the scaled object.', 'status'),
    ageColumn(described('Age')),
  ];
}

function definitionOf(column: Column<KubeObject>): object {
  const { name, type, format = '', description, priority } = column;
  return { name, type, format, description, priority };
}

function rowObject(object: KubeObject, options: TableOptions): object {
  switch (options.includeObject) {
    case 'None':
      return { object: null };
    case 'Object':
      return { object };
    case 'Metadata':
      return { object: partialOf(object, options.version) };
  }
}

/** The object's `PartialObjectMetadata`. */
export function partialOf(object: KubeObject, version: string): object {
  return { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata: object.metadata ?? {} };
}
