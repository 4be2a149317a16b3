/** The entries of `metadata.managedFields`: who manages which fields. */
import type { V1ManagedFieldsEntry } from '../generated/types.ts';
import { EMPTY, type FieldSet, isEmpty, parseFieldSet, union } from './field-set.ts';
import { compareStrings } from './path-elements.ts';

export type Operation = 'Apply' | 'Update';

export interface Manager {
  manager: string;
  operation: Operation;
  /** Version that the fields are named in. */
  apiVersion: string;
  /** `''` for the object itself. */
  subresource: string;
  /** RFC 3339, of the last change by this manager. */
  time?: string | undefined;
  set: FieldSet;
}

/** By identity: who applies from several versions is one manager, who updates from several is several. */
export type Managers = ReadonlyMap<string, Manager>;

export const NO_MANAGERS: Managers = new Map();

type Identity = Omit<Manager, 'set' | 'time'>;

/** The key of a manager, the same text that upstream sorts managers by. */
export function managerKey({ manager, operation, apiVersion, subresource }: Identity): string {
  const who = manager === '' ? '' : `"manager":${JSON.stringify(manager)},`;
  const version = operation === 'Apply' ? '' : `,"apiVersion":${JSON.stringify(apiVersion)}`;
  const part = subresource === '' ? '' : `,"subresource":${JSON.stringify(subresource)}`;
  return `{${who}"operation":"${operation}"${version}${part}}`;
}

/** Reads entries. Throws an Error for those that cannot be: then nothing of them counts. */
export function parseManagers(entries: readonly V1ManagedFieldsEntry[] | undefined): Managers {
  if (!entries || entries.length === 0) return NO_MANAGERS;
  return readManagers(entries, parseFieldSet);
}

/** Reads entries that were written by `managerEntries`: their sets are taken as they are. */
export function storedManagers(entries: readonly V1ManagedFieldsEntry[] | undefined): Managers {
  if (!entries || entries.length === 0) return NO_MANAGERS;
  return readManagers(entries, (fields) => shared((fields ?? EMPTY) as FieldSet));
}

/** Sets of stored objects, by their text. */
const SHARED = new Map<string, FieldSet>();
const SHARED_MAX = 1024;
const SHARED_MAX_CHARS = 8192;

/**
 * One set for all that say the same: objects from one template do, and what was found out about a set (that it fits the
 * schema) need not be found out again.
 */
function shared(set: FieldSet): FieldSet {
  const text = JSON.stringify(set);
  if (text.length > SHARED_MAX_CHARS) return set;
  const known = SHARED.get(text);
  if (known) return known;
  if (SHARED.size >= SHARED_MAX) SHARED.clear();
  SHARED.set(text, set);
  return set;
}

function readManagers(entries: readonly V1ManagedFieldsEntry[], readSet: (fields: unknown) => FieldSet): Managers {
  const managers = new Map<string, Manager>();
  for (let index = 0; index < entries.length; index++) {
    const read = readManager(entries[index] as V1ManagedFieldsEntry, index, readSet);
    managers.set(managerKey(read), read);
  }
  return managers;
}

function readManager(entry: V1ManagedFieldsEntry, index: number, readSet: (fields: unknown) => FieldSet): Manager {
  const { manager = '', operation, apiVersion = '', fieldsType, subresource = '' } = entry;
  if (operation !== 'Apply' && operation !== 'Update') throw new Error('operation must be `Apply` or `Update`');
  if (apiVersion === '') throw new Error('apiVersion must not be empty');
  if (!fieldsType) throw new Error(`missing fieldsType in managed fields entry ${index}`);
  if (fieldsType !== 'FieldsV1')
    throw new Error(`invalid fieldsType ${JSON.stringify(fieldsType)} in managed fields entry ${index}`);
  const time = entry.time as unknown as string | undefined;
  return { manager, operation, apiVersion, subresource, time, set: readSet(entry.fieldsV1) };
}

/** The entries as they stand in an object, in upstream's order; `undefined` when there are none. */
export function managerEntries(managers: Managers): V1ManagedFieldsEntry[] | undefined {
  if (managers.size === 0) return undefined;
  return [...managers.values()].sort(compareManagers).map(entryOf);
}

function entryOf({ manager, operation, apiVersion, subresource, time, set }: Manager): V1ManagedFieldsEntry {
  const entry: Record<string, unknown> = {};
  if (manager !== '') entry.manager = manager;
  entry.operation = operation;
  entry.apiVersion = apiVersion;
  if (time !== undefined) entry.time = time;
  entry.fieldsType = 'FieldsV1';
  entry.fieldsV1 = set;
  if (subresource !== '') entry.subresource = subresource;
  return entry as V1ManagedFieldsEntry;
}

function compareManagers(a: Manager, b: Manager): number {
  return (
    compareStrings(a.operation, b.operation) ||
    compareTimes(a, b) ||
    compareStrings(a.manager, b.manager) ||
    compareStrings(a.apiVersion, b.apiVersion) ||
    compareStrings(a.subresource, b.subresource)
  );
}

function compareTimes(a: Manager, b: Manager): number {
  return a.time === b.time ? 0 : seconds(a) - seconds(b);
}

function seconds({ time }: Manager): number {
  return time === undefined ? 0 : Math.floor(Date.parse(time) / 1000);
}

/** Upstream's limit to the entries of updates. */
const UPDATERS_MAX = 10;
const BUCKET = 'ancient-changes';

/** Joins the oldest entries of updates, one a version, until there are no more of them than upstream keeps. */
export function capUpdaters(managers: Managers): Managers {
  const updaters = [...managers].filter(([, { operation }]) => operation === 'Update');
  if (updaters.length <= UPDATERS_MAX) return managers;
  updaters.sort(([keyA, a], [keyB, b]) => compareTimes(a, b) || compareStrings(keyA, keyB));
  const result = new Map(managers);
  const firsts = new Map<string, string>();
  let count = updaters.length;
  for (const [key, updater] of updaters) {
    if (count <= UPDATERS_MAX) break;
    const { apiVersion, time } = updater;
    const first = firsts.get(apiVersion);
    if (first === undefined) {
      firsts.set(apiVersion, key);
      continue;
    }
    const bucket: Identity = { manager: BUCKET, operation: 'Update', apiVersion, subresource: '' };
    const bucketKey = managerKey(bucket);
    const before = result.get(bucketKey) ?? result.get(first);
    if (!result.has(bucketKey)) result.delete(first);
    result.delete(key);
    result.set(bucketKey, { ...bucket, time, set: union(updater.set, before?.set ?? EMPTY) });
    count--;
  }
  return result;
}

/** Whether the client wants nobody to manage anything: an empty list, or one empty entry. */
export function isReset(entries: readonly V1ManagedFieldsEntry[] | undefined): boolean {
  if (!entries) return false;
  const [first] = entries;
  return entries.length === 0 || (entries.length === 1 && first !== undefined && Object.keys(first).length === 0);
}

/** The managers without those that manage nothing. */
export function withoutIdle(managers: Managers): Managers {
  return new Map([...managers].filter(([, { set }]) => !isEmpty(set)));
}
