/** What the printer columns of several kinds share. */
import type { KubeObject } from '../../../openapi/object.ts';
import type { Column } from '../declaration.ts';

/**
 * The description of a field, as the schema has it: `('io.k8s.api.core.v1.PodStatus', 'podIP')`. Upstream uses those as
 * descriptions of columns; they are asked for only when somebody looks at a Table's definitions.
 */
export type Describe = (definition: string, field: string) => string;

type Cell = string | number | boolean | null;

interface ColumnOptions {
  type?: Column<KubeObject>['type'];
  format?: string;
  /** 1: only with `-o wide`. */
  priority?: number;
}

/** A column with a description of its own. */
export function column<T extends KubeObject>(
  name: string,
  description: string,
  value: (object: T, now: number) => Cell,
  { type = 'string', format = '', priority = 0 }: ColumnOptions = {},
): Column<T> {
  return { name, type, format, priority, description, value };
}

/** A column described by the field it shows. */
export function fieldColumn<T extends KubeObject>(
  name: string,
  describe: Describe,
  [definition, field]: readonly [definition: string, field: string],
  value: (object: T, now: number) => Cell,
  { type = 'string', format = '', priority = 0 }: ColumnOptions = {},
): Column<T> {
  return {
    name,
    type,
    format,
    priority,
    get description() {
      return describe(definition, field);
    },
    value,
  };
}

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

export function nameColumn<T extends KubeObject>(describe: Describe, priority = 0): Column<T> {
  const value = (object: T) => object.metadata?.name ?? '';
  return fieldColumn('Name', describe, [META, 'name'], value, { format: 'name', priority });
}

export function ageColumn<T extends KubeObject>(describe: Describe): Column<T> {
  return fieldColumn('Age', describe, [META, 'creationTimestamp'], (object, now) =>
    translateTimestampSince(object.metadata?.creationTimestamp, now),
  );
}

/** The time since `timestamp` for humans; `<unknown>` without one. */
export function translateTimestampSince(timestamp: string | undefined, now: number): string {
  return timestamp ? humanDuration(now - Date.parse(timestamp)) : '<unknown>';
}

/**
 * A duration in milliseconds with two or three significant figures: `5s`, `3m12s`, `47h`, `2d3h`. A little less than
 * nothing is taken for clocks that differ; more is `<invalid>`.
 */
export function humanDuration(ms: number): string {
  const seconds = Math.trunc(ms / 1000);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return joined(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return joined(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(hours / 24);
  if (days < 8) return joined(days, 'd', hours % 24, 'h');
  if (days < 365 * 2) return `${days}d`;
  const years = Math.floor(days / 365);
  return days < 365 * 8 ? joined(years, 'y', days % 365, 'd') : `${years}y`;
}

function joined(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large}${largeUnit}` : `${large}${largeUnit}${small}${smallUnit}`;
}

/** `a=1,b=2`, or `<none>`. */
export function formatLabels(labels: Record<string, string> | undefined): string {
  const keys = Object.keys(labels ?? {}).sort();
  return keys.length === 0 ? '<none>' : keys.map((key) => `${key}=${labels?.[key]}`).join(',');
}
