/** How server-side apply sees the values of a kind: what is owned field by field, and what as a whole. */

export type ApplySchema =
  /** Owned as one: scalars, atomic lists, maps and structs. */
  | { kind: 'atomic' }
  /** Owned field by field. Fields that `field` does not know are not tracked. */
  | { kind: 'struct'; field(name: string): ApplySchema | undefined }
  /** Any keys, each owned by itself. */
  | { kind: 'map'; values: ApplySchema }
  /** A list of scalars, each owned by itself. */
  | { kind: 'set' }
  /** A list whose items are told apart by their values under `keys`; `defaults` are those keys' where an item has none. */
  | { kind: 'associative'; keys: readonly string[]; items: ApplySchema; defaults: Readonly<Record<string, unknown>> };
