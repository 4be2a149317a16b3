/** Large answers are sent compressed to whom asks for it, as upstream does. */
import { createGzip, type Gzip } from 'node:zlib';
import type { WireResponse } from './wire-response.ts';

/** Upstream's: what is smaller is not worth it. */
export const GZIP_MIN_BYTES = 128 * 1024;
/** Upstream's: nearly as small as any other level makes it, in a fraction of the time. */
const LEVEL = 1;
const CHUNK_BYTES = 64 * 1024;

/** Whether an `Accept-Encoding` names gzip, as upstream reads it: by the letter, and without weighing. */
export function acceptsGzip(header: string | undefined): boolean {
  return header?.split(',').some((token) => token.trim() === 'gzip') ?? false;
}

/**
 * Writes `slices` compressed, one at a time and in threads of Node's, no faster than the client reads, and ends.
 * Rejects when the client is gone.
 */
export async function sendCompressed(slices: Iterable<Buffer>, response: WireResponse): Promise<void> {
  const gzip = createGzip({ level: LEVEL, chunkSize: CHUNK_BYTES });
  try {
    await Promise.all([feed(slices, gzip), pump(gzip, response)]);
    response.end();
  } finally {
    gzip.destroy();
  }
}

async function feed(slices: Iterable<Buffer>, gzip: Gzip): Promise<void> {
  for (const slice of slices) {
    if (gzip.destroyed) return;
    await new Promise<void>((resolve) => {
      // Destroyed because the client is gone, it may never call back.
      gzip.once('close', resolve);
      gzip.write(slice, () => {
        gzip.removeListener('close', resolve);
        resolve();
      });
    });
  }
  gzip.end();
}

async function pump(gzip: Gzip, response: WireResponse): Promise<void> {
  for await (const chunk of gzip) await response.write(chunk as Buffer);
}
