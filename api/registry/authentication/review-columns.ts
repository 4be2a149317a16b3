import type { KubeObject } from '../../../openapi/object.ts';
import type { Column } from '../declaration.ts';

/** Reviews have no name to be listed under; upstream's default columns show what they have. */
export function reviewColumns<T extends KubeObject>(): Column<T>[] {
  const column = (name: string, type: 'string' | 'date', value: (object: T) => string): Column<T> => ({
    name,
    type,
    ...(type === 'string' ? { format: 'name' } : {}),
    priority: 0,
    description: '',
    value,
  });
  return [
    column('Name', 'string', ({ metadata }) => metadata?.name ?? ''),
    column('Created At', 'date', ({ metadata }) => metadata?.creationTimestamp ?? ''),
  ];
}
