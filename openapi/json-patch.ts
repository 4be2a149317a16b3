/** JSON patch, RFC 6902, with the semantics and the messages of the library upstream uses (evanphx/json-patch 4). */
import fastJsonPatch from 'fast-json-patch';
import { cloneJson, isJsonObject, jsonKind } from './json.ts';
import { clonePatch, PatchError } from './patch-error.ts';

/** Upstream's limits: operations in one patch, and bytes that `copy` may add. */
export const MAX_OPERATIONS = 10_000;
export const MAX_COPY_BYTES = 3 * 1024 * 1024;

type Container = Record<string, unknown> | unknown[];
type Operation = Record<string, unknown>;

interface Target {
  container: Container;
  key: string;
}

interface State {
  document: unknown;
  copiedBytes: number;
}

/**
 * `original` after all operations of `patch`. Mutates neither. Throws `PatchError`: 400 when `patch` is no list of
 * operations, 422 when one does not apply or a test fails.
 */
export function applyJsonPatch(original: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) {
    throw new PatchError(`json: cannot unmarshal ${jsonKind(patch)} into Go value of type jsonpatch.Patch`, 400);
  }
  if (patch.length > MAX_OPERATIONS) {
    throw new PatchError(
      `The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${patch.length}`,
      413,
    );
  }
  const state: State = { document: cloneJson(original), copiedBytes: 0 };
  for (const operation of clonePatch(patch)) {
    if (!isJsonObject(operation)) {
      const kind = jsonKind(operation);
      throw new PatchError(`json: cannot unmarshal ${kind} into Go value of type jsonpatch.Operation`, 400);
    }
    applyOperation(state, operation);
  }
  return state.document;
}

const OPERATIONS: Record<string, (state: State, operation: Operation) => void> = {
  add,
  remove,
  replace,
  move,
  copy,
  test,
};

function applyOperation(state: State, operation: Operation): void {
  const op = typeof operation.op === 'string' ? operation.op : 'unknown';
  const apply = Object.hasOwn(OPERATIONS, op) ? OPERATIONS[op] : undefined;
  if (!apply) throw refuse(`Unexpected kind: ${op}`);
  apply(state, operation);
}

function add(state: State, operation: Operation): void {
  const path = pointer(operation, 'path', 'add operation failed to decode path');
  const target = find(state.document, path);
  if (!target) throw refuse(`add operation does not apply: doc is missing path: "${path}": missing value`);
  insert(target, operation.value, `error in add for path: '${path}'`);
}

function remove(state: State, operation: Operation): void {
  const path = pointer(operation, 'path', 'remove operation failed to decode path');
  const target = find(state.document, path);
  if (!target) throw refuse(`remove operation does not apply: doc is missing path: "${path}": missing value`);
  takeOut(target, `error in remove for path: '${path}'`);
}

function replace(state: State, operation: Operation): void {
  const path = pointer(operation, 'path', 'replace operation failed to decode path');
  if (path === '') {
    if (typeof operation.value !== 'object' || operation.value === null) {
      throw refuse('replace operation value must be object or array');
    }
    state.document = operation.value;
    return;
  }
  const target = find(state.document, path);
  if (!target) throw refuse(`replace operation does not apply: doc is missing path: ${path}: missing value`);
  const index = existing(target);
  if (index === undefined) throw refuse(`replace operation does not apply: doc is missing key: ${path}: missing value`);
  perform(target.container, { op: 'replace', path: pointerTo(index), value: orNull(operation.value) });
}

function move(state: State, operation: Operation): void {
  const from = pointer(operation, 'from', 'move operation failed to decode from');
  const source = find(state.document, from);
  if (!source) throw refuse(`move operation does not apply: doc is missing from path: ${from}: missing value`);
  const value = takeOut(source, `error in move for path: '${source.key}'`);
  const path = pointer(operation, 'path', 'move operation failed to decode path');
  const target = find(state.document, path);
  if (!target) throw refuse(`move operation does not apply: doc is missing destination path: ${path}: missing value`);
  insert(target, value, `error in move for path: '${path}'`);
}

function copy(state: State, operation: Operation): void {
  const from = pointer(operation, 'from', 'copy operation failed to decode from');
  const source = find(state.document, from);
  if (!source) throw refuse(`copy operation does not apply: doc is missing from path: ${from}: missing value`);
  const index = existing(source);
  if (index === undefined) throw refuse(`error in copy for from: '${from}': ${missing(source)}`);
  const path = pointer(operation, 'path', 'copy operation failed to decode path');
  const target = find(state.document, path);
  if (!target) throw refuse(`copy operation does not apply: doc is missing destination path: ${path}: missing value`);
  const text = JSON.stringify(valueAt(source.container, index));
  state.copiedBytes += Buffer.byteLength(text);
  if (state.copiedBytes > MAX_COPY_BYTES) {
    throw refuse(
      `Unable to complete the copy, the accumulated size increase of copy is ${state.copiedBytes}, exceeding the limit ${MAX_COPY_BYTES}`,
    );
  }
  insert(target, JSON.parse(text), 'error while adding value during copy');
}

function test(state: State, operation: Operation): void {
  const path = pointer(operation, 'path', 'test operation failed to decode path');
  const expected = orNull(operation.value);
  if (path === '') {
    expect(isEqual(state.document, expected), path);
    return;
  }
  const target = find(state.document, path);
  if (!target) throw refuse(`test operation does not apply: is missing path: ${path}: missing value`);
  const index = existing(target);
  if (index === undefined && Array.isArray(target.container)) {
    throw refuse(`error in test for path: '${path}': ${missing(target)}`);
  }
  expect(isEqual(index === undefined ? null : valueAt(target.container, index), expected), path);
}

function expect(holds: boolean, path: string): void {
  if (!holds) throw refuse(`testing value ${path} failed: test failed`);
}

function isEqual(left: unknown, right: unknown): boolean {
  try {
    perform({ value: left }, { op: 'test', path: '/value', value: right });
    return true;
  } catch (error) {
    if (error instanceof PatchError) return false;
    throw error;
  }
}

function insert(target: Target, value: unknown, context: string): void {
  const { container, key } = target;
  if (!Array.isArray(container)) {
    perform(container, { op: 'add', path: pointerTo(key), value: orNull(value) });
    return;
  }
  const index = key === '-' ? container.length : arrayIndex(key, container.length + 1);
  if (index === 'syntax') {
    const why = `strconv.Atoi: parsing ${JSON.stringify(key)}: invalid syntax`;
    throw refuse(`${context}: value was not a proper array index: '${key}': ${why}`);
  }
  if (index === undefined) throw refuse(`${context}: ${missing(target)}`);
  perform(container, { op: 'add', path: pointerTo(index), value: orNull(value) });
}

function takeOut(target: Target, context: string): unknown {
  const index = existing(target);
  if (index === undefined) {
    const why = Array.isArray(target.container)
      ? missing(target)
      : `Unable to remove nonexistent key: ${target.key}: missing value`;
    throw refuse(`${context}: ${why}`);
  }
  const value = valueAt(target.container, index);
  perform(target.container, { op: 'remove', path: pointerTo(index) });
  return value;
}

/** The one place that changes anything: one step inside one container, done by the library. */
function perform(container: Container, operation: fastJsonPatch.Operation): void {
  try {
    fastJsonPatch.applyOperation(container, operation, false, true, true);
  } catch (error) {
    throw refuse(error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error));
  }
}

function refuse(message: string): PatchError {
  return new PatchError(message, 422, true);
}

function orNull(value: unknown): unknown {
  return value === undefined ? null : value;
}

function pointer(operation: Operation, field: 'path' | 'from', context: string): string {
  const value = operation[field];
  if (typeof value === 'string') return value;
  if (value === undefined || value === null) {
    throw refuse(`${context}: operation${field === 'from' ? ',' : ''} missing ${field} field: missing value`);
  }
  throw refuse(`${context}: json: cannot unmarshal ${jsonKind(value)} into Go value of type string`);
}

/** The container that holds what the pointer names, and its key there; `undefined` where the way to it ends early. */
function find(document: unknown, path: string): Target | undefined {
  const [, ...parts] = path.split('/').map((part) => part.replace(/~1/g, '/').replace(/~0/g, '~'));
  const key = parts.pop();
  if (key === undefined || !isContainer(document)) return undefined;
  let container: Container = document;
  for (const part of parts) {
    const index = existing({ container, key: part });
    const next = index === undefined ? undefined : valueAt(container, index);
    if (!isContainer(next)) return undefined;
    container = next;
  }
  return { container, key };
}

function isContainer(value: unknown): value is Container {
  return typeof value === 'object' && value !== null;
}

/** The key or non-negative index of something that is there. Inherited properties are not. */
function existing({ container, key }: Target): string | number | undefined {
  if (!Array.isArray(container)) return Object.hasOwn(container, key) ? key : undefined;
  const index = arrayIndex(key, container.length);
  return index === 'syntax' ? undefined : index;
}

/** A negative index counts from the end, as upstream's library has it. */
function arrayIndex(key: string, length: number): number | 'syntax' | undefined {
  if (!/^[+-]?\d+$/.test(key)) return 'syntax';
  const index = Number(key) < 0 ? Number(key) + length : Number(key);
  return index >= 0 && index < length ? index : undefined;
}

function missing({ container, key }: Target): string {
  if (!Array.isArray(container)) return `unable to get nonexistent key: ${key}: missing value`;
  if (!/^[+-]?\d+$/.test(key)) return `strconv.Atoi: parsing ${JSON.stringify(key)}: invalid syntax`;
  return `Unable to access invalid index: ${Number(key)}: invalid index referenced`;
}

function valueAt(container: Container, key: string | number): unknown {
  return (container as Record<string | number, unknown>)[key];
}

function pointerTo(key: string | number): string {
  return `/${String(key).replace(/~/g, '~0').replace(/\//g, '~1')}`;
}
