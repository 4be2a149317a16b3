/**
 * What a store holds, in two numbers that a commit can bring up to date at once: how many objects, and a digest of
 * which keys at which revisions. A record has a checksum of its own; this is what notices that one is missing.
 */
import { crc32 } from 'node:zlib';
import type { StorageEvent } from '../interface.ts';

export interface Summary {
  count: number;
  /** The sum of all `fingerprint`s, modulo 2^32. */
  digest: number;
}

export const EMPTY: Summary = { count: 0, digest: 0 };

/** The summary with one more object. */
export function plus({ count, digest }: Summary, key: string | Buffer, modRevision: number): Summary {
  return { count: count + 1, digest: (digest + fingerprint(key, modRevision)) >>> 0 };
}

/** The summary after `events`. */
export function after(summary: Summary, events: readonly StorageEvent[]): Summary {
  let { count, digest } = summary;
  for (const { type, key, revision, previous } of events) {
    if (previous) {
      count--;
      digest -= fingerprint(key, previous.modRevision);
    }
    if (type === 'put') {
      count++;
      digest += fingerprint(key, revision);
    }
    digest = digest >>> 0;
  }
  return { count, digest };
}

/** 32 bits in which a change of a single bit of either shows. */
function fingerprint(key: string | Buffer, modRevision: number): number {
  return crc32(`${modRevision}`, crc32(key));
}
