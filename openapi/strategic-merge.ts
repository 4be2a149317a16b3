/**
 * Strategic merge patch: a merge patch that knows from the types which lists are keyed, and a handful of `$`
 * directives. Follows upstream's apimachinery down to the order of the results.
 */
import { cloneJson, getOwn, isJsonObject, type JsonObject, jsonKind, setOwn } from './json.ts';
import { clonePatch, PatchError } from './patch-error.ts';
import { badArgument, badPatchType, goText, malformed } from './strategic-merge-errors.ts';
import {
  deleteFromList,
  isInOrder,
  isListOfMaps,
  type MergedList,
  mergeByKey,
  mergeScalars,
  orderAs,
} from './strategic-merge-list.ts';
import { type MergeRule, type WireType, wireDefinition } from './wire-schema.ts';

const DIRECTIVE = '$patch';
const RETAIN_KEYS = '$retainKeys';
const DELETE_FROM = '$deleteFromPrimitiveList';
const SET_ORDER = '$setElementOrder';

/** What is known about the members of an object: the fields of a struct, the values of a map, or nothing. */
type Shape = { struct: string } | { values: WireType } | undefined;

const NO_RULE: MergeRule = { merge: false, replace: false, retainKeys: false, key: '' };

/**
 * `original`, an object of that definition, after `patch`. Mutates neither. Throws `PatchError` with upstream's
 * message. Fields the type does not have are kept where the patch adds them: the decoder refuses them later.
 */
export function applyStrategicMergePatch(definitionId: string, original: unknown, patch: unknown): unknown {
  if (!isJsonObject(patch)) {
    const kind = jsonKind(patch);
    throw new PatchError(`json: cannot unmarshal ${kind} into Go value of type map[string]interface {}`, 400);
  }
  const base = isJsonObject(original) ? cloneJson(original) : {};
  return mergeMap(base, clonePatch(patch), { struct: definitionId });
}

/** Both arguments are ours to take apart. */
function mergeMap(original: JsonObject, patch: JsonObject, shape: Shape): JsonObject {
  if (Object.hasOwn(patch, DIRECTIVE)) return followDirective(patch);
  retainKeys(original, patch);
  for (const key of Object.keys(patch)) if (key.startsWith(SET_ORDER)) applyOrder(original, patch, key, shape);
  for (const [key, value] of Object.entries(patch)) mergeField(original, key, value, shape);
  return original;
}

function followDirective(patch: JsonObject): JsonObject {
  const { [DIRECTIVE]: directive, ...rest } = patch;
  if (directive === 'replace') return rest;
  if (directive === 'delete') return {};
  throw badPatchType(directive, patch);
}

/** Drops from the original what `$retainKeys` does not list: how a union changes its member. */
function retainKeys(original: JsonObject, patch: JsonObject): void {
  if (!Object.hasOwn(patch, RETAIN_KEYS)) return;
  const list = patch[RETAIN_KEYS];
  delete patch[RETAIN_KEYS];
  if (!Array.isArray(list)) throw malformed('retainKeys');
  const retained = new Set<unknown>(list);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null || key.startsWith(DELETE_FROM) || key.startsWith(SET_ORDER)) continue;
    if (!retained.has(key)) throw malformed('retainKeys');
  }
  for (const key of Object.keys(original)) if (!retained.has(key)) delete original[key];
}

function mergeField(original: JsonObject, patchKey: string, value: unknown, shape: Shape): void {
  const isDeletion = patchKey.startsWith(DELETE_FROM);
  const key = isDeletion ? keyAfter(patchKey, DELETE_FROM) : patchKey;
  if (value === null) {
    delete original[key];
    return;
  }
  const current = getOwn(original, key);
  if (current === undefined || kindOf(current) !== kindOf(value)) {
    if (!isDeletion) setOwn(original, key, withoutNulls(value));
    return;
  }
  if (isJsonObject(current) && isJsonObject(value)) {
    const merged = ruleOf(shape, key).replace ? value : mergeMap(current, value, shapeOf(shape, key));
    setOwn(original, key, merged);
  } else if (Array.isArray(current) && Array.isArray(value)) {
    setOwn(original, key, mergeList(current, value, key, shape, isDeletion).items);
  } else setOwn(original, key, value);
}

function kindOf(value: unknown): string {
  return Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value;
}

/** A null deletes; where there is nothing to delete it must not be stored. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isJsonObject(value)) return value;
  const kept = Object.entries(value).filter(([, inner]) => inner !== null);
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutNulls(inner)]));
}

function mergeList(original: unknown[], patch: unknown[], key: string, shape: Shape, isDeletion: boolean): MergedList {
  const rule = ruleOf(shape, key);
  if (!rule.merge) return { items: patch, live: original };
  if (original.length === 0 && patch.length === 0) return { items: original, live: original };
  if (!isListOfMaps(original, patch)) {
    if (isDeletion) return { items: deleteFromList(original, patch), live: original };
    return mergeScalars(original, patch);
  }
  if (rule.key === '') throw new PatchError(`cannot merge lists without merge key for ${nameOf(shape, key)}`, 422);
  const items = shapeOf(shape, key);
  return mergeByKey(original, patch, rule.key, (old, item) => mergeMap(old, item, items), withoutNulls);
}

/** Merges the list that a `$setElementOrder/x` is about, and brings it into the order given there. */
function applyOrder(original: JsonObject, patch: JsonObject, directive: string, shape: Shape): void {
  const order = patch[directive];
  delete patch[directive];
  if (!Array.isArray(order)) throw badArgument('list', order);
  const key = keyAfter(directive, SET_ORDER);
  const current = listOf(original, key);
  const changes = listOf(patch, key);
  const rule = ruleOf(shape, key);
  checkOrder(changes ?? [], order, rule.key);
  delete patch[key];
  const merged = mergeIfBoth(current, changes, key, shape);
  if (merged) setOwn(original, key, orderAs(merged.items, order, merged.live, rule.key));
}

function mergeIfBoth(
  current: unknown[] | undefined,
  changes: unknown[] | undefined,
  key: string,
  shape: Shape,
): MergedList | undefined {
  if (current && changes) return mergeList(current, changes, key, shape, false);
  if (current) return { items: current, live: current };
  return changes && { items: changes, live: [] };
}

/** The patch's own list has to follow the order it asks for, and may hold nothing the order does not name. */
function checkOrder(changes: unknown[], order: unknown[], mergeKey: string): void {
  if (changes.length === 0 || order.length === 0) return;
  if (!isInOrder(changes, order, mergeKey)) {
    throw new PatchError(
      `The order in patch list:\n${goText(changes)}\n doesn't match ${SET_ORDER} list:\n${goText(order)}\n`,
      422,
    );
  }
}

function listOf(object: JsonObject, key: string): unknown[] | undefined {
  if (!Object.hasOwn(object, key)) return undefined;
  const value = object[key];
  if (!Array.isArray(value)) throw badArgument('list', value);
  return value;
}

function keyAfter(directive: string, prefix: string): string {
  const slash = directive.indexOf('/');
  if (slash !== prefix.length) throw malformed(prefix === DELETE_FROM ? 'primitive list' : 'setElementOrder list');
  return directive.slice(slash + 1);
}

function ruleOf(shape: Shape, key: string): MergeRule {
  return (shape && 'struct' in shape && wireDefinition(shape.struct)?.merges.get(key)) || NO_RULE;
}

/** The shape of a field's value, or of its items where it is a list. */
function shapeOf(shape: Shape, key: string): Shape {
  if (!shape) return undefined;
  const type = 'values' in shape ? shape.values : wireDefinition(shape.struct)?.fields.get(key);
  return type && shapeOfType(type.kind === 'array' ? type.items : type);
}

function shapeOfType(type: WireType): Shape {
  if (type.kind === 'ref') return { struct: type.ref };
  return type.kind === 'map' ? { values: type.values } : undefined;
}

function nameOf(shape: Shape, key: string): string {
  const inner = shapeOf(shape, key);
  return inner && 'struct' in inner ? (inner.struct.split('.').at(-1) ?? '') : '';
}
