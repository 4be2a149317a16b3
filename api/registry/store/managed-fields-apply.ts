/** Server-side apply: a configuration and what is stored become the object to store. */
import type { V1ManagedFieldsEntry } from '../../../openapi/generated/types.ts';
import { isJsonObject, type JsonObject } from '../../../openapi/json.ts';
import type { ApplySchema } from '../../../openapi/managed-fields/apply-schema.ts';
import { configurationError } from '../../../openapi/managed-fields/check.ts';
import { compare } from '../../../openapi/managed-fields/compare.ts';
import { applyConflictStatus } from '../../../openapi/managed-fields/conflict.ts';
import { difference, type FieldSet, isEmpty } from '../../../openapi/managed-fields/field-set.ts';
import { fieldsOf } from '../../../openapi/managed-fields/from-value.ts';
import { TypedError } from '../../../openapi/managed-fields/list-items.ts';
import { type Managers, managerEntries } from '../../../openapi/managed-fields/managers.ts';
import { ApplyConflict, applyConfiguration, updateManagers } from '../../../openapi/managed-fields/updater.ts';
import { apiVersionOf, type KubeObject } from '../../../openapi/object.ts';
import { badRequest } from '../../../openapi/status.ts';
import { type FieldManager, managersOf } from './managed-fields.ts';

export interface ApplyOptions {
  manager: string;
  /** Takes fields from other managers. */
  force: boolean;
  subresource: string;
}

export interface Applied {
  /** In the version of the configuration, not yet decoded; shares parts with what it came from. */
  object: KubeObject;
  managedFields: V1ManagedFieldsEntry[] | undefined;
}

/** What manages the fields of an object that was written before anybody looked after that. */
const BEFORE = 'before-first-apply';

/**
 * Applies a configuration to what is stored, or to nothing. Throws 400 for one that is not of this kind, 409 for fields
 * that others manage, 500 as upstream for one that does not meet the schema.
 */
export function applyTo(
  fields: FieldManager,
  live: KubeObject | undefined,
  configuration: unknown,
  options: ApplyOptions,
): Applied {
  const applied = checkedConfiguration(fields, configuration);
  const before = live ? fields.view(live) : fields.zero;
  const writer = { ...fields.writer(options.manager, options.subresource), force: options.force };
  try {
    let managers = managersOf(live);
    if (managers.size === 0) {
      const first = { ...writer, manager: BEFORE };
      managers = updateManagers(fields.zero, before, managers, first, fields.versions);
    }
    const outcome = upgradingApply(before, applied, managers, writer, fields);
    const merged = outcome.object ?? before;
    const object = writer.manager === KUBECTL ? withLastApplied(merged, applied) : merged;
    return { object, managedFields: managerEntries(outcome.managers) };
  } catch (error) {
    throw error instanceof TypedError ? badRequest(`failed to merge config: ${error.message}`) : error;
  }
}

type ApplyWriter = Parameters<typeof applyConfiguration>[3];

/** With what kubectl applied itself before the server could taken for its own. */
function upgradingApply(
  live: KubeObject,
  configuration: KubeObject,
  managers: Managers,
  writer: ApplyWriter,
  { versions, declaration }: FieldManager,
): { object: KubeObject | undefined; managers: Managers } {
  try {
    return applyConfiguration(live, configuration, managers, writer, versions);
  } catch (error) {
    if (!(error instanceof ApplyConflict)) throw error;
    const schema = versions.schema(writer.apiVersion);
    const allowed = writer.manager === KUBECTL && schema ? lastAppliedFields(live, declaration, schema) : undefined;
    const conflicts = error.conflicts
      .map((conflict) => ({ ...conflict, paths: allowed ? difference(conflict.paths, allowed) : conflict.paths }))
      .filter(({ paths }) => !isEmpty(paths));
    if (conflicts.length > 0) throw applyConflictStatus({ conflicts });
    return applyConfiguration(live, configuration, managers, { ...writer, force: true }, versions);
  }
}

function checkedConfiguration(fields: FieldManager, configuration: unknown): KubeObject {
  if (configuration !== null && !isJsonObject(configuration)) {
    const found = Array.isArray(configuration)
      ? 'array'
      : typeof configuration === 'boolean'
        ? 'bool'
        : typeof configuration;
    const why = `json: cannot unmarshal ${found} into Go value of type map[string]interface {}`;
    throw badRequest(`error decoding YAML: error unmarshaling JSON: while decoding JSON: ${why}`);
  }
  const applied = (configuration ?? {}) as JsonObject & KubeObject;
  const kind = typeof applied.kind === 'string' ? applied.kind : '';
  const apiVersion = typeof applied.apiVersion === 'string' ? applied.apiVersion : '';
  if (kind !== fields.declaration.kind || apiVersion !== apiVersionOf(fields.declaration))
    throw badRequest(`invalid object type: ${groupVersionKind(apiVersion, kind)}`);
  if (Array.isArray((applied.metadata as { managedFields?: unknown } | undefined)?.managedFields))
    throw badRequest('metadata.managedFields must be nil');
  const schema = fields.versions.schema(apiVersion);
  // Upstream has no answer of its own for what follows and says 500 (its issue 139253); the mistake is the client's.
  const error = schema && configurationError(applied, schema);
  if (error) {
    const { namespace, name } = (applied.metadata ?? {}) as { namespace?: unknown; name?: unknown };
    const what = `${textOf(namespace)}/${textOf(name)}; ${groupVersionKind(apiVersion, kind)}`;
    throw badRequest(`failed to create typed patch object (${what}): ${error}`);
  }
  return applied;
}

function groupVersionKind(apiVersion: string, kind: string): string {
  const slash = apiVersion.includes('/') || apiVersion === '' ? apiVersion : `/${apiVersion}`;
  return `${slash === '' ? '/' : slash}, Kind=${kind}`;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

const KUBECTL = 'kubectl';
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
const ANNOTATIONS_MAX_BYTES = 256 * 1024;

/** What kubectl applied last by itself, as far as it still stands; `undefined` when that is not known. */
function lastAppliedFields(
  live: KubeObject,
  declaration: Parameters<typeof apiVersionOf>[0],
  schema: ApplySchema,
): FieldSet | undefined {
  const text = live.metadata?.annotations?.[LAST_APPLIED];
  if (!text) return undefined;
  try {
    const last = JSON.parse(text) as KubeObject;
    if (last.apiVersion !== apiVersionOf(declaration) || configurationError(last, schema)) return undefined;
    const { modified, added, removed } = compare(last, live, schema);
    return difference(difference(difference(fieldsOf(last, schema), modified), added), removed);
  } catch {
    // Anybody can write the annotation: what cannot be read says nothing.
    return undefined;
  }
}

/** Whoever goes back to applying with kubectl alone finds there what was applied by the server. */
function withLastApplied(object: KubeObject, configuration: KubeObject): KubeObject {
  const annotations = object.metadata?.annotations;
  if (!annotations?.[LAST_APPLIED]) return object;
  const { [LAST_APPLIED]: _, ...others } = annotations;
  const own = configuration.metadata?.annotations;
  const { [LAST_APPLIED]: _own, ...kept } = own ?? {};
  const metadata = { ...configuration.metadata, ...(own ? { annotations: kept } : {}) };
  const text = `${goJson({ ...configuration, metadata })}\n`;
  const bytes = Object.entries({ ...others, [LAST_APPLIED]: text }).reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value),
    0,
  );
  const fits = bytes <= ANNOTATIONS_MAX_BYTES;
  const now = fits ? { ...annotations, [LAST_APPLIED]: text } : others;
  return { ...object, metadata: { ...object.metadata, annotations: now } };
}

/** JSON as Go writes maps: keys in order, fit for HTML. */
function goJson(value: unknown): string {
  return JSON.stringify(value, (_, inner) => (isJsonObject(inner) ? sorted(inner) : inner)).replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function sorted(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));
}
