/** Objects as `kubectl get` shows them: a Table with the resource's columns, or the metadata alone. */
import type { KubeObject } from '../../openapi/object.ts';
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

function definitionOf(column: Column<KubeObject>): object {
  const { name, type, format = '', description, priority } = column;
  // The wire knows dates as strings.
  return { name, type: type === 'date' ? 'string' : type, format, description, priority };
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
