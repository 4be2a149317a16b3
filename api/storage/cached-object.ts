import type { KubeObject } from '../../openapi/object.ts';
import { type FieldTerm, matchesFields, matchesLabels, type Requirement } from '../../openapi/selectors.ts';
import { atRevision, parseObject, served } from './stored.ts';

type Strings = Readonly<Record<string, string>>;

/** The selectable fields of an object, beside `metadata.name` and `metadata.namespace`. */
export type SelectFields = (object: KubeObject) => Record<string, string>;

export interface CachedObjectOptions {
  /** What `stored` says, where it is at hand, with or without a resourceVersion. Not to be changed any more. */
  written?: KubeObject | undefined;
  /** Freezes what `object` gives, for tests. */
  freeze?: boolean;
}

const NONE: Strings = Object.freeze({});

/** An object as it was committed: encoded once, parsed when somebody asks. Immutable, and shared by all readers. */
export class CachedObject {
  readonly key: string;
  /** Revision of the write; for the last state of something deleted, that of the deletion. */
  readonly revision: number;
  /** JSON of the object with its `metadata.resourceVersion`: what GET answers. */
  readonly bytes: Buffer;
  readonly labels: Strings;
  /** Selectable fields. */
  readonly fields: Strings;
  readonly #freeze: boolean;
  #parsed: WeakRef<KubeObject> | undefined;
  #derived: WeakRef<Map<unknown, unknown>> | undefined;

  /** Throws `Damaged` when `stored` is no JSON object. */
  constructor(
    key: string,
    revision: number,
    stored: Buffer,
    selectFields: SelectFields,
    { written, freeze = false }: CachedObjectOptions = {},
  ) {
    this.key = key;
    this.revision = revision;
    this.#freeze = freeze;
    const object = written ? atRevision(written, revision) : parseObject(stored);
    this.bytes = served(stored, revision, written ? undefined : object);
    // What was parsed only for the index is not kept, so that loading thousands leaves nothing behind.
    if (written) this.#parsed = new WeakRef(this.#frozen(object));
    const { name = '', namespace = '', labels } = object.metadata ?? {};
    this.labels = labels ?? NONE;
    this.fields = { 'metadata.name': name, 'metadata.namespace': namespace, ...selectFields(object) };
  }

  /** Parsed at first use and kept as long as somebody holds it, so that all readers hold the same one. */
  get object(): KubeObject {
    const known = this.#parsed?.deref();
    if (known) return known;
    const parsed = this.#frozen(parseObject(this.bytes));
    this.#parsed = new WeakRef(parsed);
    return parsed;
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
