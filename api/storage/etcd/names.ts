/** What keys are called in etcd: as they are under `/registry`, or under another prefix that an operator chose. */

const ROOT = '/registry';
/** etcd has no limit of its own; more than the longest name makes. */
const KEY_BYTES_MAX = 4_096;
/** Below it is nothing but the receipt. */
const FIRST = Buffer.from([1]);
/** For etcd, as the end of a range: there is none. */
const NO_END = Buffer.from([0]);

/**
 * Where every write leaves its number, see writes.ts. The first of all keys, so that no watch has to show it: what it
 * says changes with every revision.
 */
export const RECEIPT = Buffer.from('\0kubets/receipt');

export interface KeyRange {
  key: Buffer;
  /** Exclusive. */
  range_end: Buffer;
}

/** Every key of etcd but the receipt, and so every revision. */
export const EVERYTHING: KeyRange = { key: FIRST, range_end: NO_END };

export class KeyNames {
  readonly #prefix: string;

  /** `prefix` as upstream's `--etcd-prefix`, for example `/registry`. Throws when it could not be told from others. */
  constructor(prefix = ROOT) {
    this.#prefix = prefix.replace(/\/+$/, '');
    if (!/^\/./.test(this.#prefix)) throw new Error(`--etcd-prefix ${prefix}: a prefix begins with / and has a name`);
  }

  /** Throws `RangeError` for what is no key. */
  toEtcd(key: string): Buffer {
    const bytes = Buffer.from(this.#renamed(key));
    if (key.length > 0 && bytes.length <= KEY_BYTES_MAX) return bytes;
    throw new RangeError(`key of ${bytes.length} bytes: 1 to ${KEY_BYTES_MAX} are allowed`);
  }

  /** `undefined` for keys that are none of ours. */
  fromEtcd(key: Buffer): string | undefined {
    const name = key.toString();
    if (this.#prefix === ROOT) return name;
    return name.startsWith(`${this.#prefix}/`) ? ROOT + name.slice(this.#prefix.length) : undefined;
  }

  /** Keys with a prefix, those before `from` left out. */
  range(prefix: string, from = prefix): KeyRange {
    const start = Buffer.from(this.#renamed(from));
    return { key: start.length === 0 ? FIRST : start, range_end: endOf(Buffer.from(this.#renamed(prefix))) };
  }

  #renamed(key: string): string {
    if (this.#prefix === ROOT) return key;
    if (key.startsWith(`${ROOT}/`)) return this.#prefix + key.slice(ROOT.length);
    throw new RangeError(`key ${key}: only those under ${ROOT}/ have a place under ${this.#prefix}`);
  }
}

/** The first key after all that begin with `prefix`, which is UTF-8 and so has no byte 0xff. */
function endOf(prefix: Buffer): Buffer {
  if (prefix.length === 0) return NO_END;
  const end = Buffer.from(prefix);
  end[end.length - 1]! += 1;
  return end;
}
