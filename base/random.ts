/** The only place that draws random numbers. Everything that needs one is handed a `Random`. */
import { randomBytes, randomUUID } from 'node:crypto';

export interface Random {
  /** A version 4 UUID. */
  uuid(): string;
  /** Uniform in [0, 1). */
  next(): number;
  /** Unpredictable bytes, fit for keys and tokens (from a seeded source: only for tests). */
  bytes(count: number): Buffer;
}

/** The machine's randomness. */
export const systemRandom: Random = {
  uuid: () => randomUUID(),
  next: () => Math.random(),
  bytes: (count) => randomBytes(count),
};

/** A reproducible source: the same seed gives the same draws. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    // mulberry32
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const bytes = (count: number) => Buffer.from(Array.from({ length: count }, () => Math.floor(next() * 256)));
  const uuid = () => {
    const hex = bytes(16).toString('hex');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
  };
  return { uuid, next, bytes };
}

/** Upstream leaves out vowels and look-alikes, so that a generated name is never a word. */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

/** A suffix for generated names, in upstream's alphabet. */
export function nameSuffix(random: Random, length = 5): string {
  let out = '';
  for (let i = 0; i < length; i++) out += ALPHABET[Math.floor(random.next() * ALPHABET.length)];
  return out;
}
