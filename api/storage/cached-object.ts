import type { KubeObject } from '../../openapi/object.ts';
import { type FieldTerm, matchesFields, matchesLabels, type Requirement } from '../../openapi/selectors.ts';
import { atRevision, parseObject, served } from './stored.ts';

type Strings = Readonly<Record<string, string>>;

/** The selectable fields of an object, beside `metadata.name` and `metadata.namespace`. */
export type SelectFields = (object: KubeObject) => Record<string, string>;

export interface CachedObjectOptions {
  /** What `stored` says, where it is at hand, with or without a resourceVersion. Not to be changed any more. */
  written?: KubeObject | undefined;
  /** An object with the same labels and fields, where there is one: then nothing is parsed. */
  like?: CachedObject;
  /** Freezes what `object` gives, for tests. */
  freeze?: boolean;
}

const NONE: Strings = Object.freeze({});

/**
 * An object as it was committed: encoded once, parsed when somebody asks, and made ready to be served when the first
 * client reads it, which for many a version never happens. Immutable, and shared by all readers.
 */
export class CachedObject {
  readonly key: string;
  /** Revision of the write; for the last state of something deleted, that of the deletion. */
  readonly revision: number;
  /** About the bytes it takes. */
  readonly size: number;
  readonly labels: Strings;
  /** Selectable fields. */
  readonly fields: Strings;
  readonly #freeze: boolean;
  /** As it is in storage; until `bytes` takes its place. */
  #stored: Buffer | undefined;
  #bytes: Buffer | undefined;
  /** What the writer had. */
  #written: WeakRef<KubeObject> | undefined;
  #parsed: WeakRef<KubeObject> | undefined;
  #derived: WeakRef<Map<unknown, unknown>> | undefined;

  /** Throws `Damaged` when `stored` is no JSON object. */
  constructor(
    key: string,
    revision: number,
    stored: Buffer,
    selectFields: SelectFields,
    { written, like, freeze = false }: CachedObjectOptions = {},
  ) {
    this.key = key;
    this.revision = revision;
    this.size = stored.length;
    this.#stored = stored;
    this.#freeze = freeze;
    // What is parsed only for the index is not kept, so that loading thousands leaves nothing behind.
    if (written) this.#written = new WeakRef(written);
    if (like) {
      this.labels = like.labels;
      this.fields = like.fields;
      return;
    }
    const object = written ?? parseObject(stored);
    const { name = '', namespace = '', labels } = object.metadata ?? {};
    this.labels = labels ?? NONE;
    this.fields = { 'metadata.name': name, 'metadata.namespace': namespace, ...selectFields(object) };
  }

  /** JSON of the object with its `metadata.resourceVersion`: what GET answers. */
  get bytes(): Buffer {
    if (!this.#bytes) {
      this.#bytes = served(this.#stored as Buffer, this.revision);
      this.#stored = undefined;
    }
    return this.#bytes;
  }

  /** Parsed at first use and kept as long as somebody holds it, so that all readers hold the same one. */
  get object(): KubeObject {
    const known = this.#parsed?.deref();
    if (known) return known;
    const written = this.#written?.deref();
    const object = this.#frozen(written ? atRevision(written, this.revision) : this.copy());
    this.#parsed = new WeakRef(object);
    return object;
  }

  /** Parsed anew, for whoever means to change it. */
  copy(): KubeObject {
    return this.#stored ? atRevision(parseObject(this.#stored), this.revision) : parseObject(this.bytes);
  }

  /** Whether it would be the same with `stored` in its place. */
  isStoredAs(stored: Buffer): boolean {
    return this.#stored ? this.#stored.equals(stored) : served(stored, this.revision).equals(this.bytes);
  }

  /**
   * What is worked out of this object for readers, such as its bytes in another encoding: made once a key, shared by
   * all who ask, and let go of again when nobody has asked for long.
   */
  derived<T>(key: unknown, make: () => T): T {
    let known = this.#derived?.deref();
    if (!known) {
      known = new Map();
      this.#derived = new WeakRef(known);
    }
    if (!known.has(key)) known.set(key, make());
    return known.get(key) as T;
  }

  /** The same write in another shape: `stored` is `object` encoded. */
  as(stored: Buffer, object: KubeObject): CachedObject {
    return new CachedObject(this.key, this.revision, stored, () => this.fields, {
      written: object,
      freeze: this.#freeze,
    });
  }

  /** Whether it meets every requirement and every term; decided without parsing. */
  matches(labels: readonly Requirement[], fields: readonly FieldTerm[]): boolean {
    return matchesLabels(labels, this.labels) && matchesFields(fields, this.fields);
  }

  #frozen(object: KubeObject): KubeObject {
    return this.#freeze ? deepFreeze(object) : object;
  }
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const part of Object.values(value)) deepFreeze(part);
  return value;
}
