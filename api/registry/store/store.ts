/**
 * The generic store: the sequence of every read and write, the same for all resources. What is peculiar to one stands
 * in its declaration's strategy.
 */

import type { Clock } from '../../../base/clock.ts';
import type { Random } from '../../../base/random.ts';
import { fillAlwaysWritten } from '../../../openapi/always-written.ts';
import type { V1DeleteOptions } from '../../../openapi/generated/types.ts';
import { cloneJson } from '../../../openapi/json.ts';
import { apiVersionOf, type KubeObject } from '../../../openapi/object.ts';
import {
  alreadyExists,
  badRequest,
  conflict,
  invalid,
  isStatus,
  notFound,
  OBJECT_MODIFIED,
  type ResourceName,
  StatusError,
} from '../../../openapi/status.ts';
import { type Storage, StorageError } from '../../storage/interface.ts';
import { CachedObject, encodeStored, served, type WatchCache } from '../../storage/watch-cache.ts';
import { type Admission, type AdmissionRequest, admit, admitValidated, subresourceOf } from '../admission/admission.ts';
import type { ResourceDeclaration, StrategyContext, UpdateStrategy } from '../declaration.ts';
import { validateObjectMeta, validateObjectMetaUpdate } from '../validation/metadata.ts';
import { Allocations } from './allocations.ts';
import { Claims } from './claims.ts';
import { checkSize, isFinished, isRace, isSame, keyErrors } from './decisions.ts';
import { checkDeleteOptions, checkPreconditions, decideDeletion } from './deletion.ts';
import { noUniqueName, storageToStatus } from './errors.ts';
import { keepEntries, keepTimes, type ManageFields } from './managed-fields.ts';
import { validateManagedFields } from './managed-fields-validation.ts';
import { atVersion, carryOver, checkNamespace, fillSystemFields, metadataOf, takeResourceVersion } from './metadata.ts';

export interface StoreDependencies {
  storage: Storage;
  cache: WatchCache;
  clock: Clock;
  random: Random;
  /** Asked in order before every write. */
  admission: readonly Admission[];
}

/** Who writes, and whether for real. */
export interface WriteContext {
  user: string;
  groups?: readonly string[];
  uid?: string;
  extra?: Readonly<Record<string, readonly string[]>>;
  dryRun: boolean;
  /** Takes what the strategy has to say in `Warning` headers. */
  warnings?: string[];
}

/** Committed, or (with dryRun, or when it has been overwritten already) only worked out. */
export type Stored = CachedObject | KubeObject;

/** Makes the new state from the stored one; must return an object of its own, never `old` changed. */
export type Change = (old: KubeObject | undefined) => KubeObject | Promise<KubeObject>;

export interface UpdateOptions {
  /** Of a subresource; the resource's own strategy when absent. */
  strategy?: UpdateStrategy<KubeObject>;
  /** Overrides the strategy's. */
  createOnUpdate?: boolean;
  /** The change begins from the stored object, so that it needs to name no version where a PUT would have to. */
  fromStored?: boolean;
  /** Keeps account of who manages which fields; absent, that stays as it is. */
  manage?: ManageFields;
}

/** A conflict with ourselves clears within a commit; more rounds than this mean that something is wrong. */
const ATTEMPTS_MAX = 1000;
/** Upstream's: names generated for one object before it gives up. */
const GENERATED_NAMES_MAX = 8;

export class ResourceStore {
  readonly declaration: ResourceDeclaration;
  /** Storage prefix with a slash at the end, for example `/registry/pods/`. */
  readonly prefix: string;
  readonly cache: WatchCache;
  readonly storage: Storage;
  readonly clock: Clock;
  readonly #random: Random;
  readonly #admission: readonly Admission[];
  readonly #dependencies: StoreDependencies;
  readonly #name: ResourceName;
  readonly #allocations: Allocations;

  constructor(
    declaration: ResourceDeclaration,
    dependencies: StoreDependencies,
    group = declaration.group,
    allocations?: Allocations,
  ) {
    this.declaration = declaration;
    this.prefix = storagePrefix(declaration);
    this.cache = dependencies.cache;
    this.storage = dependencies.storage;
    this.clock = dependencies.clock;
    this.#random = dependencies.random;
    this.#admission = dependencies.admission;
    this.#dependencies = dependencies;
    this.#name = { group, resource: declaration.plural };
    this.#allocations = allocations ?? new Allocations(declaration.strategy, this.#sharing());
  }

  /** The same store for whoever asks through that group, which is what errors name then. */
  forGroup(group: string): ResourceStore {
    if (group === this.#name.group) return this;
    return new ResourceStore(this.declaration, this.#dependencies, group, this.#allocations);
  }

  /** For what objects hold beside their bytes, where other servers could hand out the same. */
  #sharing(): { shared: boolean; claims?: Claims } {
    const { storage, cache, clock, declaration } = this;
    const claimsOf = declaration.strategy.claims;
    if (!storage.shared || !claimsOf) return { shared: storage.shared === true };
    const keyOf = ({ metadata = {} }: KubeObject) => this.key(metadata.namespace ?? '', metadata.name ?? '');
    return { shared: true, claims: new Claims({ storage, cache, clock, claimsOf, keyOf }) };
  }

  key(namespace: string, name: string): string {
    return this.declaration.namespaced ? `${this.prefix}${namespace}/${name}` : this.prefix + name;
  }

  /** Throws NotFound. */
  get(namespace: string, name: string): CachedObject {
    const found = this.cache.get(this.key(namespace, name));
    if (!found) throw notFound(this.#name, name);
    return found;
  }

  /** Stores a new object, a private copy that the caller gives away. A generated name that is taken is drawn again. */
  async create(
    namespace: string,
    object: KubeObject,
    write: WriteContext,
    { manage }: Pick<UpdateOptions, 'manage'> = {},
  ): Promise<Stored> {
    const { name, generateName } = object.metadata ?? {};
    if (name || !generateName) return this.#createOnce(namespace, object, write, manage);
    const pristine = cloneJson(object);
    for (let drawn = 1; ; drawn++) {
      const candidate = drawn === 1 ? object : cloneJson(pristine);
      try {
        return await this.#createOnce(namespace, candidate, write, manage);
      } catch (error) {
        if (!isStatus(error, 'AlreadyExists')) throw error;
        if (drawn >= GENERATED_NAMES_MAX) throw noUniqueName(error);
      }
    }
  }

  /** Where storage is shared, what was refused by an outdated cache is tried again. */
  async #createOnce(
    namespace: string,
    object: KubeObject,
    write: WriteContext,
    manage?: ManageFields,
  ): Promise<Stored> {
    if (!this.storage.shared) return this.#create(namespace, object, write, manage);
    const pristine = cloneJson(object);
    const known = this.cache.revision;
    try {
      if (write.dryRun) await this.#caughtUp(known);
      return await this.#create(namespace, object, write, manage);
    } catch (error) {
      if (!isStatus(error) || isStatus(error, 'AlreadyExists') || !(await this.#caughtUp(known))) throw error;
      return this.#create(namespace, pristine, write, manage);
    }
  }

  /** Waits until the cache is up to date; whether there was something that it had not known at `revision`. */
  async #caughtUp(revision: number): Promise<boolean> {
    try {
      await this.cache.caughtUp();
    } catch (error) {
      throw storageToStatus(error, this.#name, '');
    }
    return this.cache.revision > revision;
  }

  async #create(
    namespace: string,
    object: KubeObject,
    write: WriteContext,
    manage: ManageFields = keepEntries,
  ): Promise<Stored> {
    const { strategy } = this.declaration;
    const context = this.#context(namespace, write);
    checkNamespace(object, this.declaration.namespaced, namespace);
    const metadata = metadataOf(object);
    if (takeResourceVersion(object) !== '')
      throw badRequest('resourceVersion should not be set on objects to be created');
    this.#stamp(object);
    this.#default(object);
    manage(object, undefined);
    const request = this.#request('create', namespace, metadata.name ?? metadata.generateName ?? '', write, { object });
    await admit(this.#admission, request);
    fillSystemFields(object, context);
    strategy.prepareForCreate?.(object, context);
    this.#refuse(metadata.name ?? '', [...this.#metadataErrors(object), ...(strategy.validate?.(object) ?? [])]);
    for (const text of strategy.warnings?.(object) ?? []) write.warnings?.push(text);
    await admitValidated(this.#admission, request);
    const name = metadata.name ?? '';
    const key = this.key(namespace, name);
    this.#refuse(name, keyErrors(key, name));
    if (write.dryRun && this.cache.get(key)) throw this.#alreadyThere(key, name);
    await this.#take(object, undefined, context);
    if (write.dryRun) {
      this.#allocations.release(object);
      return object;
    }
    let revision: number;
    const stored = encodeStored(object);
    try {
      checkSize(stored);
      this.cache.remember(stored, object);
      revision = await this.storage.create(key, stored);
    } catch (error) {
      this.#allocations.release(object);
      // What may have been stored keeps its claims.
      if (!(error instanceof StorageError && error.code === 'Timeout')) await this.#allocations.disclaim(object);
      if (error instanceof StorageError && error.code === 'Exists') throw this.#alreadyThere(key, name);
      throw storageToStatus(error, this.#name, name);
    }
    return this.#committed(key, stored, revision);
  }

  /** The refusal of a creation, which says so where the name may soon be free. */
  #alreadyThere(key: string, name: string): StatusError {
    const error = alreadyExists(this.#name, name);
    if (!this.cache.get(key)?.object.metadata?.deletionTimestamp) return error;
    return new StatusError({ ...error.status, message: `object is being deleted: ${error.status.message}` });
  }

  /** Changes a stored object, again from the start whenever another write came first. */
  update(
    namespace: string,
    name: string,
    change: Change,
    write: WriteContext,
    options: UpdateOptions = {},
  ): Promise<{ object: Stored; created: boolean }> {
    return this.#untilNoRace(namespace, name, write, async () => {
      const current = this.cache.get(this.key(namespace, name));
      if (!current) return this.#createOnUpdate(namespace, name, change, write, options);
      const object = await change(this.#inShape(current));
      return { object: await this.#replace(namespace, name, object, current, write, options), created: false };
    });
  }

  /** Deletes, marks or leaves the object, whichever its finalizers and grace period ask for. */
  async delete(
    namespace: string,
    name: string,
    options: V1DeleteOptions,
    write: WriteContext,
  ): Promise<{ object: Stored; removed: boolean }> {
    checkDeleteOptions(options);
    const request = this.#request('delete', namespace, name, write);
    await admit(this.#admission, request);
    await admitValidated(this.#admission, request);
    return this.#untilNoRace(namespace, name, write, async () => {
      const current = this.get(namespace, name);
      checkPreconditions(options, current.object.metadata ?? {}, current.revision, this.declaration);
      return this.#deleteOnce(namespace, name, current, options, write);
    });
  }

  /**
   * Makes attempts until none is beaten by another write. Where storage is shared, a refusal counts only when the cache
   * was up to date: one that an outdated cache led to is worth another attempt.
   */
  async #untilNoRace<T>(namespace: string, name: string, write: WriteContext, attempt: () => Promise<T>): Promise<T> {
    const key = this.key(namespace, name);
    const known = this.cache.revision;
    let isUpToDate = !this.storage.shared;
    if (write.dryRun && !isUpToDate) await this.#caughtUp(known);
    for (let attempts = 1; ; attempts++) {
      try {
        return await this.#allocations.inTurn(key, attempt);
      } catch (error) {
        if (isStatus(error) && !isUpToDate) {
          isUpToDate = true;
          if (await this.#caughtUp(known)) continue;
        }
        if (!(error instanceof StorageError) || !isRace(error) || attempts >= ATTEMPTS_MAX)
          throw storageToStatus(error, this.#name, name);
        await this.#raceOver(error);
      }
    }
  }

  async #deleteOnce(
    namespace: string,
    name: string,
    current: CachedObject,
    options: V1DeleteOptions,
    write: WriteContext,
  ): Promise<{ object: Stored; removed: boolean }> {
    const copy = privateCopy(current);
    const deletion = decideDeletion(copy, this.declaration.strategy, options, this.clock.now());
    if (deletion.kind === 'unchanged') return { object: await this.#unchanged(current), removed: false };
    if (deletion.kind === 'mark') {
      if (write.dryRun) return { object: deletion.object, removed: false };
      return { object: await this.#write(this.key(namespace, name), deletion.object, current), removed: false };
    }
    const { marked } = deletion;
    if (write.dryRun) return { object: marked ?? current, removed: true };
    const last = marked ? await this.#write(this.key(namespace, name), marked, current) : current;
    return { object: await this.#remove(namespace, name, last), removed: true };
  }

  async #remove(namespace: string, name: string, last: Stored): Promise<KubeObject> {
    const [object, version] =
      last instanceof CachedObject ? [last.object, last.revision] : [last, Number(last.metadata?.resourceVersion)];
    const revision = await this.storage.delete(this.key(namespace, name), version);
    this.#allocations.release(object);
    await this.#allocations.disclaim(object);
    await this.cache.waitFor(revision);
    return atVersion(object, revision);
  }

  async #createOnUpdate(
    namespace: string,
    name: string,
    change: Change,
    write: WriteContext,
    options: UpdateOptions,
  ): Promise<{ object: Stored; created: boolean }> {
    const allowed =
      options.createOnUpdate ?? (options.strategy === undefined && this.declaration.strategy.createOnUpdate === true);
    if (!allowed) throw notFound(this.#name, name);
    const object = await change(undefined);
    this.checkName(object, name);
    // A PUT that names a version means an object that is no longer there.
    if (object.metadata?.resourceVersion) throw conflict(this.#name, name, OBJECT_MODIFIED);
    try {
      return { object: await this.#create(namespace, object, write, options.manage), created: true };
    } catch (error) {
      // Another made it meanwhile: what was to be a creation becomes an update of that.
      if (isStatus(error, 'AlreadyExists'))
        throw new StorageError('Conflict', this.key(namespace, name), error.message);
      throw error;
    }
  }

  async #replace(
    namespace: string,
    name: string,
    object: KubeObject,
    current: CachedObject,
    write: WriteContext,
    options: UpdateOptions,
  ): Promise<Stored> {
    const old = this.#inShape(current);
    const { strategy } = this.declaration;
    const context = this.#context(namespace, write);
    this.checkName(object, name);
    checkNamespace(object, this.declaration.namespaced, namespace);
    this.#checkVersion(object, current, options.fromStored === true);
    this.#stamp(object);
    carryOver(object, old);
    this.#default(object);
    (options.manage ?? keepEntries)(object, old);
    const subresource = subresourceOf(this.declaration, options.strategy);
    const request = this.#request('update', namespace, name, write, { object, old, subresource });
    await admit(this.#admission, request);
    keepTimes(object, old);
    const prepare = options.strategy ?? strategy;
    prepare.prepareForUpdate?.(object, old, context);
    this.#refuse(name, [
      ...this.#metadataErrors(object),
      ...validateObjectMetaUpdate(object.metadata ?? {}, old.metadata ?? {}),
      ...(options.strategy ? [] : (strategy.validate?.(object) ?? [])),
      ...(prepare.validateUpdate?.(object, old) ?? []),
    ]);
    for (const text of strategy.warnings?.(object, old) ?? []) write.warnings?.push(text);
    await admitValidated(this.#admission, request);
    if (isFinished(object, strategy.held)) {
      if (!write.dryRun) await this.#remove(namespace, name, current);
      return atVersion(object, current.revision);
    }
    await this.#take(object, old, context);
    if (write.dryRun) {
      this.#allocations.settle(old, context);
      return atVersion(object, current.revision);
    }
    try {
      const stored = await this.#write(this.key(namespace, name), object, current);
      this.#allocations.settle(object, context);
      await this.#allocations.disclaim(old, object);
      return stored;
    } catch (error) {
      this.#allocations.settle(old, context);
      if (!(error instanceof StorageError && error.code === 'Timeout')) await this.#allocations.disclaim(object, old);
      throw error;
    }
  }

  /** Writes unless nothing would change, as upstream: a no-op takes no revision and wakes no watch. */
  async #write(key: string, object: KubeObject, current: CachedObject): Promise<Stored> {
    takeResourceVersion(object);
    const stored = encodeStored(object);
    checkSize(stored);
    if (isSame(stored, object, current)) return this.#unchanged(current);
    this.cache.remember(stored, object);
    const revision = await this.storage.update(key, stored, current.revision);
    return this.#committed(key, stored, revision);
  }

  async #take(object: KubeObject, old: KubeObject | undefined, context: StrategyContext): Promise<void> {
    try {
      await this.#allocations.take(object, old, context);
    } catch (error) {
      throw storageToStatus(error, this.#name, object.metadata?.name ?? '');
    }
  }

  /** What need not be written, unless the cache is outdated and it turns out to be something else. */
  async #unchanged(current: CachedObject): Promise<CachedObject> {
    await this.cache.caughtUp();
    if (this.cache.get(current.key)?.revision === current.revision) return current;
    throw new StorageError('Conflict', current.key, 'it was changed by another server');
  }

  async #committed(key: string, stored: Buffer, revision: number): Promise<Stored> {
    await this.cache.waitFor(revision);
    const cached = this.cache.get(key);
    return cached?.revision === revision ? cached : (JSON.parse(served(stored, revision).toString()) as KubeObject);
  }

  /** The write that beat ours will show in the cache; only then is a new attempt worth it. */
  async #raceOver(error: StorageError): Promise<void> {
    const { revision } = await this.storage.get(error.key);
    await this.cache.waitFor(Math.max(revision, error.revision));
  }

  /** Throws BadRequest unless the object carries the name that the URL gives. */
  checkName(object: KubeObject, name: string): void {
    const metadata = metadataOf(object);
    if (!metadata.name)
      throw badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`);
    if (metadata.name !== name) {
      throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${name})`);
    }
  }

  #checkVersion(object: KubeObject, current: CachedObject, fromStored: boolean): void {
    const name = current.object.metadata?.name ?? '';
    const uid = object.metadata?.uid;
    const version = takeResourceVersion(object);
    // What begins from the stored object has no precondition: there it is an immutable field.
    if (!fromStored && uid && uid !== current.object.metadata?.uid) {
      const found = current.object.metadata?.uid;
      const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${found}`;
      const error = `invalid object, Code: 4, Key: ${current.key}, ResourceVersion: 0, AdditionalErrorMsg: ${why}`;
      throw conflict(this.#name, name, `StorageError: ${error}`);
    }
    if (version !== '' && version !== String(current.revision)) throw conflict(this.#name, name, OBJECT_MODIFIED);
    if (version === '' && !fromStored && this.declaration.strategy.unconditionalUpdate === false) {
      const message = 'Invalid value: 0x0: must be specified for an update';
      const { group, plural } = this.declaration;
      // Of the resource, not of the kind, as upstream words this one.
      throw invalid({ group, kind: plural }, name, [
        { type: 'FieldValueInvalid', field: 'metadata.resourceVersion', message },
      ]);
    }
  }

  /** What is stored, in the shape that its schema has today. */
  #inShape(current: CachedObject): KubeObject {
    if (!this.declaration.fromStored) return current.object;
    const object = privateCopy(current);
    this.declaration.fromStored(object);
    return object;
  }

  #metadataErrors(object: KubeObject) {
    const { namespaced, strategy } = this.declaration;
    const { metadata = {} } = object;
    const { validateName, anyFinalizers = false } = strategy;
    const rules = { namespaced, validateName, anyFinalizers };
    return [...validateObjectMeta(metadata, rules), ...validateManagedFields(metadata.managedFields)];
  }

  #refuse(name: string, errors: ReturnType<typeof validateObjectMeta>): void {
    if (errors.length > 0) throw this.#invalid(name, errors);
  }

  #invalid(name: string, errors: ReturnType<typeof validateObjectMeta>): StatusError {
    return invalid({ group: this.declaration.group, kind: this.declaration.kind }, name, errors);
  }

  #default(object: KubeObject): void {
    fillAlwaysWritten(this.declaration.definition, object);
    this.declaration.strategy.default?.(object);
  }

  #stamp(object: KubeObject): void {
    object.kind = this.declaration.kind;
    object.apiVersion = apiVersionOf(this.declaration);
  }

  #request(
    operation: AdmissionRequest['operation'],
    namespace: string,
    name: string,
    write: WriteContext,
    about: { object?: KubeObject; old?: KubeObject; subresource?: string } = {},
  ): AdmissionRequest {
    const { declaration, storage } = this;
    const user = { name: write.user, groups: write.groups ?? [] };
    return { operation, declaration, subresource: '', namespace, name, user, dryRun: write.dryRun, storage, ...about };
  }

  #context(namespace: string, write: WriteContext): StrategyContext {
    const { user, groups = [], uid, extra } = write;
    const known = { ...(uid === undefined ? {} : { uid }), ...(extra ? { extra } : {}) };
    return { clock: this.clock, random: this.#random, namespace, user, groups, dryRun: write.dryRun, ...known };
  }
}

/** `/registry/pods/`, or where upstream keeps the resource instead. */
export function storagePrefix(declaration: ResourceDeclaration): string {
  return `/registry/${declaration.storagePrefix ?? declaration.plural}/`;
}

/** A copy that may be changed. */
export function privateCopy(cached: CachedObject): KubeObject {
  return cached.copy();
}
