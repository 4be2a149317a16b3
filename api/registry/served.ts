/** One resource as one of its versions serves it, over the store that all its versions share. */
import { cloneJson } from '../../openapi/json.ts';
import { apiVersionOf, type KubeObject } from '../../openapi/object.ts';
import { CachedObject, encodeStored } from '../storage/watch-cache.ts';
import type { ResourceDeclaration, ServedVersion } from './declaration.ts';
import { FieldManager } from './store/managed-fields.ts';
import type { ResourceStore, Stored } from './store/store.ts';

export class ServedResource {
  /** As this version has it: its group, version, definition, columns, selectable fields and subresources. */
  readonly declaration: ResourceDeclaration;
  /** What all versions share; its errors name the resource as this one does. */
  readonly store: ResourceStore;
  /** Upstream's text for the `Warning` header of a deprecated version. */
  readonly deprecation: string | undefined;
  /** Selectable fields under this version's name → under the stored one's. */
  readonly fieldNames: Readonly<Record<string, string>>;
  readonly #alias: ServedVersion<KubeObject> | undefined;
  #fields: FieldManager | undefined;

  /** Without `version` the declaration's own. */
  constructor(store: ResourceStore, version?: ServedVersion<KubeObject>) {
    this.declaration = version ? declarationOf(store.declaration, version) : store.declaration;
    this.store = store.forGroup(this.declaration.group);
    this.deprecation = (version ?? store.declaration).deprecation;
    this.fieldNames = version?.fieldNames ?? {};
    this.#alias = version;
  }

  /** Keeps account of who manages the fields that are written in this version. */
  get fields(): FieldManager {
    this.#fields ??= new FieldManager(this.declaration, this.store.declaration, this.store.clock);
    return this.#fields;
  }

  /** Whether what is stored is shown as it is. */
  get isStored(): boolean {
    return this.#alias === undefined && this.store.declaration.fromStored === undefined;
  }

  /** What is stored, as this version shows it. Worked out once an object, however many ask. */
  shown(object: CachedObject): CachedObject;
  shown(object: Stored): Stored;
  shown(object: Stored): Stored {
    if (this.isStored) return object;
    if (!(object instanceof CachedObject)) return this.#converted(cloneJson(object));
    return object.derived(this, () => {
      const converted = this.#converted(cloneJson(object.object));
      const bytes = encodeStored(converted);
      const shown = object.as(bytes, converted);
      return shown.bytes.equals(object.bytes) ? object : shown;
    });
  }

  /** An object of this version, a private copy, in the version that is stored. */
  toStored(object: KubeObject): KubeObject {
    if (!this.#alias) return object;
    object.apiVersion = apiVersionOf(this.store.declaration);
    this.#alias.toStored?.(object);
    return object;
  }

  #converted(object: KubeObject): KubeObject {
    this.store.declaration.fromStored?.(object);
    if (!this.#alias) return object;
    object.apiVersion = apiVersionOf(this.declaration);
    this.#alias.fromStored?.(object);
    return object;
  }
}

function declarationOf(base: ResourceDeclaration, version: ServedVersion<KubeObject>): ResourceDeclaration {
  const { alsoServed: _, decode: _decode, applySchema: _applySchema, status, scale, parts, ...rest } = base;
  const { group = base.group, definition, columns, fieldLabels, shortNames, decode, applySchema } = version;
  return {
    ...rest,
    ...(version.subresources ?? {
      ...(status ? { status } : {}),
      ...(scale ? { scale } : {}),
      ...(parts ? { parts } : {}),
    }),
    group,
    version: version.version,
    definition,
    ...(columns ? { columns } : {}),
    ...(fieldLabels ? { fieldLabels } : {}),
    ...(shortNames ? { shortNames } : {}),
    ...(decode ? { decode } : {}),
    ...(applySchema ? { applySchema } : {}),
  };
}
