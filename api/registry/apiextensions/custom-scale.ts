/** The `scale` subresource of custom resources, where the definition says that the numbers are. */
import type { V1CustomResourceSubresourceScale } from '../../../openapi/generated/types.ts';
import { isJsonObject, type JsonObject, setOwn } from '../../../openapi/json.ts';
import type { KubeObject } from '../../../openapi/object.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { goNumber } from '../../../openapi/structural/field-error.ts';
import { simplePath, valueAt } from '../../../openapi/structural/json-path.ts';
import type { ScaleMapping } from '../declaration.ts';
import { invalidValue } from '../validation/errors.ts';

export function customScale(scale: V1CustomResourceSubresourceScale): ScaleMapping<KubeObject> {
  const specPath = simplePath(scale.specReplicasPath);
  const statusPath = simplePath(scale.statusReplicasPath);
  const selectorPath = scale.labelSelectorPath ? simplePath(scale.labelSelectorPath) : undefined;
  return {
    specReplicas: (object) => numberAt(object, specPath),
    statusReplicas: (object) => numberAt(object, statusPath),
    selector(object) {
      const value = selectorPath && valueAt(object, selectorPath);
      return typeof value === 'string' ? value : '';
    },
    setReplicas: (object, replicas) => setAt(object as JsonObject, specPath, replicas),
  };
}

function numberAt(object: KubeObject, path: readonly string[]): number {
  const value = valueAt(object, path);
  return typeof value === 'number' ? value : 0;
}

function setAt(object: JsonObject, path: readonly string[], value: unknown): void {
  let inner = object;
  for (const name of path.slice(0, -1)) {
    if (!isJsonObject(inner[name])) setOwn(inner, name, {});
    inner = inner[name] as JsonObject;
  }
  setOwn(inner, path.at(-1) ?? '', value);
}

const MAX_INT32 = 2147483647;

/** What is wrong with the numbers of an object; of a status update only that of `status` is looked at. */
export function validateScale(
  object: unknown,
  scale: V1CustomResourceSubresourceScale | undefined,
  isStatusUpdate: boolean,
): FieldError[] {
  if (!scale) return [];
  return [
    ...(isStatusUpdate ? [] : validateReplicas(object, scale.specReplicasPath)),
    ...validateReplicas(object, scale.statusReplicasPath),
    ...(scale.labelSelectorPath ? validateSelector(object, scale.labelSelectorPath) : []),
  ];
}

function validateReplicas(object: unknown, path: string): FieldError[] {
  const { value, error } = access(object, path, (found) => Number.isInteger(found), 'int64');
  if (error !== undefined) return [invalidValue(path, 0, error)];
  const replicas = typeof value === 'number' ? value : 0;
  if (replicas < 0) return [invalidValue(path, replicas, 'should be a non-negative integer')];
  return replicas > MAX_INT32 ? [invalidValue(path, replicas, `should be less than or equal to ${MAX_INT32}`)] : [];
}

function validateSelector(object: unknown, path: string): FieldError[] {
  const { error } = access(object, path, (found) => typeof found === 'string', 'string');
  return error === undefined ? [] : [invalidValue(path, '', error)];
}

/** Follows a path as upstream's accessors do, with their complaint about what has another type. */
function access(
  object: unknown,
  path: string,
  isWanted: (value: unknown) => boolean,
  wanted: string,
): { value?: unknown; error?: string } {
  const complain = (value: unknown, expected: string) => ({
    error: `${path} accessor error: ${goValue(value)} is of the type ${goType(value)}, expected ${expected}`,
  });
  let inner = object;
  for (const name of simplePath(path)) {
    if (inner === null || inner === undefined) return {};
    if (!isJsonObject(inner)) return complain(inner, 'map[string]interface{}');
    if (!Object.hasOwn(inner, name)) return {};
    inner = inner[name];
  }
  return isWanted(inner) ? { value: inner } : complain(inner, wanted);
}

function goType(value: unknown): string {
  if (value === null) return '<nil>';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  if (typeof value === 'string') return 'string';
  return Array.isArray(value) ? '[]interface {}' : 'map[string]interface {}';
}

/** A value as Go's `%v` shows it. */
function goValue(value: unknown): string {
  if (value === null) return '<nil>';
  if (typeof value === 'number') return goNumber(value);
  if (Array.isArray(value)) return `[${value.map(goValue).join(' ')}]`;
  if (!isJsonObject(value)) return String(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `map[${entries.map(([key, inner]) => `${key}:${goValue(inner)}`).join(' ')}]`;
}
