/** Printer columns of custom resources. */
import { rfc3339 } from '../../../base/clock.ts';
import type { V1CustomResourceColumnDefinition } from '../../../openapi/generated/types.ts';
import type { KubeObject } from '../../../openapi/object.ts';
import { goJson } from '../../../openapi/structural/field-error.ts';
import { type JsonPath, jsonPath } from '../../../openapi/structural/json-path.ts';
import { type Describe, nameColumn, translateTimestampSince } from '../core/columns.ts';
import type { Column } from '../declaration.ts';

type Cell = string | number | boolean | null;

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

/** The name, and the columns that the definition lists; the age where it lists none. */
export function customColumns(
  definitions: readonly V1CustomResourceColumnDefinition[],
  describe: Describe,
): Column<KubeObject>[] {
  const name = nameColumn<KubeObject>(describe);
  if (definitions.length === 0) return [name, ageColumn(describe)];
  const columns = definitions.map(columnOf);
  // As upstream: one column that cannot be made leaves none but the name.
  return columns.every((column) => column !== undefined) ? [name, ...columns] : [name];
}

function ageColumn(describe: Describe): Column<KubeObject> {
  return {
    name: 'Age',
    type: 'date',
    priority: 0,
    get description() {
      return describe(META, 'creationTimestamp');
    },
    value: ({ metadata }, now) => translateTimestampSince(metadata?.creationTimestamp, now),
  };
}

function columnOf(definition: V1CustomResourceColumnDefinition): Column<KubeObject> | undefined {
  const path = pathOf(definition.jsonPath);
  if (!path) return undefined;
  const type = definition.type as Column<KubeObject>['type'];
  return {
    name: definition.name,
    type,
    format: definition.format ?? '',
    priority: definition.priority ?? 0,
    description:
      definition.description || `Custom resource definition column (in JSONPath format): ${definition.jsonPath}`,
    value(object, now) {
      const [value] = path.find(object);
      return value === undefined ? null : cellOf(type, value, now);
    },
  };
}

function pathOf(text: string): JsonPath | undefined {
  try {
    return jsonPath(text);
  } catch {
    // Definitions are validated loosely, as upstream does: what cannot be read is found out only here.
    return undefined;
  }
}

function cellOf(type: Column<KubeObject>['type'], value: unknown, now: number): Cell {
  switch (type) {
    case 'string':
      return textOf(value);
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : null;
    case 'number':
      return typeof value === 'number' ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    case 'date':
      return typeof value === 'string' ? dateOf(value, now) : null;
  }
}

function textOf(value: unknown): string {
  if (typeof value === 'object' && value !== null) return goJson(value);
  return value === null ? '<nil>' : String(value);
}

function dateOf(value: string, now: number): string {
  if (value === '' || value === 'null') return '<unknown>';
  const time = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}/.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(time) ? '<invalid>' : translateTimestampSince(rfc3339(time), now);
}
