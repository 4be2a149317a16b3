/** Who manages what after a write: upstream's rules for updates and for applied configurations. */
import { getOwn, isJsonObject } from '../json.ts';
import type { ApplySchema } from './apply-schema.ts';
import { type Comparison, compare, excluding, including } from './compare.ts';
import { isSameValue } from './equal.ts';
import {
  difference,
  EMPTY,
  type FieldSet,
  fromPaths,
  intersection,
  isEmpty,
  recursiveDifference,
  union,
  within,
} from './field-set.ts';
import { fieldsOf } from './from-value.ts';
import { type Manager, type Managers, managerKey, NO_MANAGERS, withoutIdle } from './managers.ts';
import { merge, removeFields } from './merge.ts';
import { withNamedFields } from './named-fields.ts';
import { fieldElement } from './path-elements.ts';
import { reconcile } from './reconcile.ts';
import { type ShapeCache, shapeOf } from './shape-cache.ts';

/** A kind in all versions that managers may name. */
export interface Versions {
  /** `undefined` for a version that is not served, or no more: who manages fields in it manages nothing. */
  schema(apiVersion: string): ApplySchema | undefined;
  /** The object in another version; it is not changed. */
  convert(object: object, apiVersion: string): object;
}

/** Fields that a write cannot change, because the server overwrites them. */
export type ResetFields =
  /** These and all below them. */
  | { but?: undefined; fields: FieldSet }
  /** All but these and what is below them. */
  | { but: FieldSet };

export const NO_RESET: ResetFields = { fields: EMPTY };

/** Who writes, in which version, when. */
export interface Writer {
  manager: string;
  apiVersion: string;
  subresource: string;
  /** RFC 3339. */
  now: string;
  reset: ResetFields;
}

/** Somebody else's fields that a configuration would change. */
export interface Conflict {
  key: string;
  manager: Manager;
  paths: FieldSet;
}

export class ApplyConflict extends Error {
  readonly conflicts: readonly Conflict[];

  constructor(conflicts: readonly Conflict[]) {
    super('the configuration conflicts with other managers');
    this.name = 'ApplyConflict';
    this.conflicts = conflicts;
  }
}

/** What every object has and nobody manages. */
const UNMANAGED = fromPaths(
  ...['apiVersion', 'kind', 'metadata'].map((name) => [fieldElement(name)]),
  ...[
    'name',
    'namespace',
    'creationTimestamp',
    'selfLink',
    'uid',
    'clusterName',
    'generation',
    'managedFields',
    'resourceVersion',
  ].map((name) => [fieldElement('metadata'), fieldElement(name)]),
);

/**
 * The managers after `live` became `object` by an ordinary write: what changed is the writer's, and nobody else's.
 * Throws TypedError for objects whose items cannot be told apart.
 */
export function updateManagers(
  live: object,
  object: object,
  managers: Managers,
  writer: Writer,
  versions: Versions,
): Managers {
  const known = reconciled(managers, versions);
  const { comparison, others } = settle(known, live, object, { ...writer, force: true }, versions, () => false);
  return withWriter(new Map(withoutIdle(others)), takenIn(comparison, writer.reset), writer);
}

/**
 * The managers of an object that is created: the writer alone. `zero` is what there was before, and the same for all
 * objects of the kind, so that what is taken depends on the object's shape alone and is remembered in `shapes`.
 */
export function creatingManagers(
  zero: object,
  object: object,
  writer: Writer,
  versions: Versions,
  shapes: ShapeCache,
): Managers {
  const schema = schemaOf(writer.apiVersion, versions);
  const taken = shapes.get(`${sameLeaves(zero, object)}${shapeOf(object, schema)}`, () => {
    const { comparison } = settle(NO_MANAGERS, zero, object, { ...writer, force: true }, versions, () => false);
    return takenIn(comparison, writer.reset);
  });
  return withWriter(new Map(), taken, writer);
}

/** For each scalar and each empty value in `zero`, whether the object has the same: what a shape does not say. */
function sameLeaves(zero: object, object: unknown): string {
  let same = '';
  for (const [name, leaf] of Object.entries(zero)) {
    const value = isJsonObject(object) ? getOwn(object, name) : undefined;
    const isInner = isJsonObject(leaf) && Object.keys(leaf).length > 0;
    same += isInner ? sameLeaves(leaf, value) : isSameValue(leaf, value) ? '=' : '.';
  }
  return same;
}

function takenIn({ added, modified }: Comparison, reset: ResetFields): FieldSet {
  return difference(resetFrom(union(modified, added), reset), UNMANAGED);
}

/** Adds what an ordinary write took. */
function withWriter(managers: Map<string, Manager>, taken: FieldSet, writer: Writer): Managers {
  if (isEmpty(taken)) return managers;
  const { manager, apiVersion, subresource, now } = writer;
  const self: Manager = { manager, operation: 'Update', apiVersion, subresource, time: now, set: taken };
  const key = managerKey(self);
  return managers.set(key, { ...self, set: union(taken, managers.get(key)?.set ?? EMPTY) });
}

/**
 * The object and the managers after a configuration is applied. What its manager applied before and does not any more
 * is removed, unless somebody else manages it. `object` is `undefined` when it stays as it is.
 * Throws ApplyConflict unless forced, TypedError for objects whose items cannot be told apart.
 */
export function applyConfiguration(
  live: object,
  configuration: object,
  managers: Managers,
  writer: Writer & { force: boolean },
  versions: Versions,
): { object: object | undefined; managers: Managers } {
  const { manager, apiVersion, subresource, now } = writer;
  const schema = schemaOf(apiVersion, versions);
  const known = new Map(reconciled(managers, versions));
  const set = resetFrom(fieldsOf(configuration, schema), writer.reset);
  const self: Manager = { manager, operation: 'Apply', apiVersion, subresource, set };
  const key = managerKey(self);
  const last = known.get(key);
  known.set(key, { ...self, time: last?.time });
  const merged = merge(live, configuration, schema) as object;
  const object = prune(merged, known, apiVersion, last, versions);
  const { others } = settle(known, live, object, writer, versions, (other) => other === key);
  const isSame = isSameValue(live, object);
  const applied = { ...self, time: isSame ? last?.time : now, set: difference(set, UNMANAGED) };
  others.set(key, applied);
  return { object: isSame ? undefined : object, managers: withoutIdle(others) };
}

function schemaOf(apiVersion: string, versions: Versions): ApplySchema {
  const schema = versions.schema(apiVersion);
  if (!schema) throw new Error(`bug: nobody serves ${apiVersion}, in which somebody writes`);
  return schema;
}

/** Sets from before a change of the schema as they would be now. */
function reconciled(managers: Managers, versions: Versions): Managers {
  let changed = false;
  const result = new Map<string, Manager>();
  for (const [key, manager] of managers) {
    const schema = versions.schema(manager.apiVersion);
    const needed = schema !== undefined && schema.kind !== 'deduced';
    const set = needed ? reconcile(manager.set, schema) : manager.set;
    if (set !== manager.set) changed = true;
    result.set(key, set === manager.set ? manager : { ...manager, set });
  }
  return changed ? result : managers;
}

function resetFrom(set: FieldSet, reset: ResetFields): FieldSet {
  return reset.but ? within(set, reset.but) : recursiveDifference(set, reset.fields);
}

function compareIn(
  apiVersion: string,
  live: object,
  object: object,
  reset: ResetFields,
  versions: Versions,
): Comparison | undefined {
  const schema = versions.schema(apiVersion);
  if (!schema) return undefined;
  const found = compare(versions.convert(live, apiVersion), versions.convert(object, apiVersion), schema);
  return reset.but ? including(found, reset.but) : excluding(found, reset.fields);
}

/** Takes what changed away from all managers but the writer. Throws ApplyConflict if the writer does not force that. */
function settle(
  managers: Managers,
  live: object,
  object: object,
  { apiVersion, reset, force }: Writer & { force: boolean },
  versions: Versions,
  isWriter: (key: string) => boolean,
): { comparison: Comparison; others: Map<string, Manager> } {
  const comparisons = new Map<string, Comparison | undefined>();
  const comparedIn = (version: string) => {
    if (!comparisons.has(version)) comparisons.set(version, compareIn(version, live, object, reset, versions));
    return comparisons.get(version);
  };
  const comparison = comparedIn(apiVersion);
  if (!comparison) throw new Error(`bug: nobody serves ${apiVersion}, in which somebody writes`);
  const others = new Map<string, Manager>();
  const conflicts: Conflict[] = [];
  for (const [key, manager] of managers) {
    if (isWriter(key)) continue;
    const found = comparedIn(manager.apiVersion);
    if (!found) continue;
    const paths = intersection(manager.set, union(found.modified, found.added));
    if (!isEmpty(paths)) conflicts.push({ key, manager, paths });
    const set = difference(difference(manager.set, paths), found.removed);
    others.set(key, set === manager.set ? manager : { ...manager, set });
  }
  if (!force && conflicts.length > 0) throw new ApplyConflict(conflicts);
  return { comparison, others };
}

/** The merged object without what its manager applied last and nobody manages any more. */
function prune(
  merged: object,
  managers: Managers,
  apiVersion: string,
  last: Manager | undefined,
  versions: Versions,
): object {
  const schema = last && versions.schema(last.apiVersion);
  if (!last || !schema || isEmpty(last.set)) return merged;
  const whole = versions.convert(merged, last.apiVersion);
  const lastNamed = withNamedFields(last.set, schema);
  let pruned = removeFields(whole, lastNamed, schema) as object;
  for (const [version, set] of managedByVersion(managers, last.apiVersion)) {
    pruned = addBackOwned(versions.convert(whole, version), versions.convert(pruned, version), set, version, versions);
  }
  // Whatever else went, in passing, was not the manager's to remove.
  const prunedNamed = withNamedFields(fieldsOf(versions.convert(pruned, last.apiVersion), schema), schema);
  const wholeNamed = withNamedFields(fieldsOf(whole, schema), schema);
  const gone = intersection(difference(wholeNamed, prunedNamed), lastNamed);
  return versions.convert(removeFields(whole, gone, schema) as object, apiVersion);
}

/** All that is managed, by version; the given version comes first. */
function managedByVersion(managers: Managers, first: string): Map<string, FieldSet> {
  const sets = new Map<string, FieldSet>([[first, EMPTY]]);
  for (const { apiVersion, set } of managers.values()) sets.set(apiVersion, union(sets.get(apiVersion) ?? EMPTY, set));
  return sets;
}

function addBackOwned(whole: object, pruned: object, managed: FieldSet, version: string, versions: Versions): object {
  const schema = versions.schema(version);
  if (!schema) return pruned;
  const named = (set: FieldSet) => withNamedFields(set, schema);
  const kept = union(named(fieldsOf(pruned, schema)), named(managed));
  return removeFields(whole, difference(named(fieldsOf(whole, schema)), kept), schema) as object;
}
