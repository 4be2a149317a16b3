/** Field management of one resource in one of its versions: what writes do to `metadata.managedFields`. */

import { type Clock, rfc3339 } from '../../../base/clock.ts';
import type { V1ManagedFieldsEntry } from '../../../openapi/generated/types.ts';
import { cloneJson } from '../../../openapi/json.ts';
import { type ApplySchema, DEDUCED } from '../../../openapi/managed-fields/apply-schema.ts';
import { builtInSchema, zeroObject } from '../../../openapi/managed-fields/built-in-schema.ts';
import { isSameValue } from '../../../openapi/managed-fields/equal.ts';
import { TypedError } from '../../../openapi/managed-fields/list-items.ts';
import {
  capUpdaters,
  isReset,
  type Managers,
  managerEntries,
  NO_MANAGERS,
  parseManagers,
  storedManagers,
} from '../../../openapi/managed-fields/managers.ts';
import { ShapeCache } from '../../../openapi/managed-fields/shape-cache.ts';
import {
  creatingManagers,
  updateManagers,
  type Versions,
  type Writer,
} from '../../../openapi/managed-fields/updater.ts';
import { apiVersionOf, type KubeObject } from '../../../openapi/object.ts';
import { wireDefinition } from '../../../openapi/wire-schema.ts';
import type { ResourceDeclaration, ServedVersion } from '../declaration.ts';
import { resetFieldsOf } from './reset-fields.ts';

/** Sets `object.metadata.managedFields`, in place; `live` is what is stored, as it is now, absent for a creation. */
export type ManageFields = (object: KubeObject, live: KubeObject | undefined) => void;

/** Upstream's name for a manager that does not give one. */
const UNKNOWN = 'unknown';

export class FieldManager {
  /** Of the version in which clients write. */
  readonly declaration: ResourceDeclaration;
  readonly versions: Versions;
  readonly #stored: ResourceDeclaration;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #apiVersion: string;
  readonly #zero: KubeObject;
  /** What creations took. */
  readonly #created = new ShapeCache();

  /** `declaration` is that of the version in which clients write, `stored` the one that brings all versions. */
  constructor(declaration: ResourceDeclaration, stored: ResourceDeclaration, clock: Pick<Clock, 'now'>) {
    this.declaration = declaration;
    this.#stored = stored;
    this.#clock = clock;
    this.#apiVersion = apiVersionOf(declaration);
    this.#zero = { apiVersion: this.#apiVersion, kind: declaration.kind, ...zeroObject(declaration.definition) };
    this.versions = {
      schema: (apiVersion) => this.#schema(apiVersion),
      convert: (object, apiVersion) => convert(stored, object, apiVersion),
    };
  }

  /** What there is of an object that does not exist yet, for comparisons. Not to be changed. */
  get zero(): KubeObject {
    return this.#zero;
  }

  /** Tracks ordinary writes by a manager. A subresource cannot set managedFields itself. */
  tracker(manager: string, subresource = ''): ManageFields {
    return (object, live) => {
      const managers = this.#trusted(object, live, subresource !== '');
      if (managers.size === 0 && live) setEntries(object, undefined);
      else this.#track(object, live, managers, this.writer(manager, subresource));
    };
  }

  /** Who writes now. */
  writer(manager: string, subresource: string): Writer {
    return {
      manager: manager || UNKNOWN,
      apiVersion: this.#apiVersion,
      subresource,
      now: rfc3339(this.#clock.now()),
      reset: resetFieldsOf(this.#stored, subresource),
    };
  }

  /** An object of any version without its managedFields, in the version in which clients write. */
  view(object: KubeObject): KubeObject {
    return this.versions.convert(withoutEntries(object), this.#apiVersion);
  }

  #track(object: KubeObject, live: KubeObject | undefined, managers: Managers, writer: Writer): void {
    const before = live ? this.view(live) : this.#zero;
    const view = this.view(object);
    const isFirst = !live && managers.size === 0;
    try {
      const after = isFirst
        ? creatingManagers(before, view, writer, this.versions, this.#created)
        : updateManagers(before, view, managers, writer, this.versions);
      setEntries(object, managerEntries(capUpdaters(after)));
    } catch (error) {
      if (!(error instanceof TypedError)) throw error;
      // What cannot be compared changes nothing in who manages it, as upstream.
      setEntries(object, live?.metadata?.managedFields);
    }
  }

  /** The managers a writer sends, where it may and they can be read, else those that are stored. */
  #trusted(object: KubeObject, live: KubeObject | undefined, isSubresource: boolean): Managers {
    const stored = live?.metadata?.managedFields;
    const sent = object.metadata?.managedFields;
    if (isSubresource || !sent || isSameValue(sent, stored)) return managersOf(live);
    if (isReset(sent)) return NO_MANAGERS;
    const managers = readable(() => parseManagers(sent));
    return managers.size > 0 ? managers : managersOf(live);
  }

  #schema(apiVersion: string): ApplySchema | undefined {
    if (apiVersion === this.#apiVersion) return schemaOf(this.declaration);
    if (apiVersion === apiVersionOf(this.#stored)) return schemaOf(this.#stored);
    const alias = aliasOf(this.#stored, apiVersion);
    return alias && schemaOf(alias);
  }
}

/** The managers of a stored object. */
export function managersOf(live: KubeObject | undefined): Managers {
  return readable(() => storedManagers(live?.metadata?.managedFields));
}

function readable(read: () => Managers): Managers {
  try {
    return read();
  } catch {
    // Entries that say nothing of use count for nothing, whoever wrote them.
    return NO_MANAGERS;
  }
}

/** For writes that are nobody's, such as a binding: what is stored stays. */
export const keepEntries: ManageFields = (object, live) => setEntries(object, live?.metadata?.managedFields);

/** For writes that come with the entries they shall leave behind, such as an applied configuration. */
export const entriesGiven: ManageFields = () => undefined;

/** Sets an object's entries, or takes them away. */
export function setEntries(object: KubeObject, entries: V1ManagedFieldsEntry[] | undefined): void {
  object.metadata ??= {};
  if (entries) object.metadata.managedFields = entries;
  else delete object.metadata.managedFields;
}

/**
 * A write that changes nothing but when managers last wrote shall change nothing: then the times stay those that are
 * stored. Changes `object` in place.
 */
export function keepTimes(object: KubeObject, live: KubeObject): void {
  const after = object.metadata?.managedFields;
  const before = live.metadata?.managedFields;
  if (!after || !before || after.length !== before.length) return;
  if (after.every((entry, index) => entry.time === before[index]?.time)) return;
  const isSame = after.every((entry, index) =>
    isSameValue({ ...entry, time: undefined }, { ...before[index], time: undefined }),
  );
  if (isSame && isSameValue(comparable(object), comparable(live))) setEntries(object, before);
}

function comparable(object: KubeObject): KubeObject {
  const { managedFields: _, resourceVersion: _version, ...metadata } = object.metadata ?? {};
  return { ...object, metadata };
}

/** Shares all but itself and its metadata. */
function withoutEntries(object: KubeObject): KubeObject {
  if (!object.metadata?.managedFields) return object;
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

function schemaOf(version: Pick<ResourceDeclaration, 'definition' | 'applySchema'>): ApplySchema {
  if (version.applySchema) return version.applySchema();
  return wireDefinition(version.definition) ? builtInSchema(version.definition) : DEDUCED;
}

function aliasOf(stored: ResourceDeclaration, apiVersion: string): ServedVersion<KubeObject> | undefined {
  return stored.alsoServed?.find(
    ({ group = stored.group, version }) => apiVersionOf({ group, version }) === apiVersion,
  );
}

/** The object in another version, by way of the one that is stored; the same object when it is in that version. */
function convert(stored: ResourceDeclaration, object: KubeObject, apiVersion: string): KubeObject {
  const from = object.apiVersion ?? apiVersionOf(stored);
  if (from === apiVersion) return object;
  const copy = cloneJson(object);
  copy.apiVersion = apiVersionOf(stored);
  aliasOf(stored, from)?.toStored?.(copy);
  copy.apiVersion = apiVersion;
  aliasOf(stored, apiVersion)?.fromStored?.(copy);
  return copy;
}
