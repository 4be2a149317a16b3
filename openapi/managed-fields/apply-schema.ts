/** How server-side apply sees the values of a kind: what is owned field by field, and what as a whole. */

export type ApplySchema =
  /** Owned as one: scalars, atomic lists, maps and structs. The rest says what is inside, to check a configuration by. */
  | {
      kind: 'atomic';
      /** Any value when this and the others are absent; any scalar with `any`. */
      scalar?: 'string' | 'numeric' | 'boolean' | 'any';
      /** Of an atomic list: its items. */
      items?(): ApplySchema;
      /** Of an atomic map or struct: what it would be if it were not atomic. */
      content?(): ApplySchema;
    }
  /** Owned field by field. Fields that `field` does not know are not tracked. */
  | { kind: 'struct'; field(name: string): ApplySchema | undefined }
  /** Any keys, each owned by itself. */
  | { kind: 'map'; values: ApplySchema }
  /** A list of scalars, each owned by itself. */
  | { kind: 'set' }
  /** A list whose items are told apart by their values under `keys`; `defaults` are those keys' where an item has none. */
  | { kind: 'associative'; keys: readonly string[]; items: ApplySchema; defaults: Readonly<Record<string, unknown>> }
  /** Whatever the values are: objects as maps of the like, all else as a whole. For what has no schema. */
  | { kind: 'deduced' };

/** Anything at all, owned as a whole. */
export const UNTYPED: ApplySchema = { kind: 'atomic' };

/** For objects without a schema. */
export const DEDUCED: ApplySchema = { kind: 'deduced' };
