/** Splits a stream of bytes into lines, each of bounded length: the framing of a watch. */

/** The most a line may hold unless told otherwise: the largest request a server takes, several times over. */
export const LINE_BYTES_MAX = 16 * 1024 * 1024;

/**
 * Yields each line without its end, skipping empty ones; what follows the last newline is a line only if it is
 * complete when the stream ends. Throws when a line grows beyond `bytesMax`.
 */
export async function* linesOf(chunks: AsyncIterable<Buffer>, bytesMax = LINE_BYTES_MAX): AsyncGenerator<string> {
  let parts: Buffer[] = [];
  let held = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(10, start); end >= 0; end = chunk.indexOf(10, start)) {
      parts.push(chunk.subarray(start, end));
      held += end - start;
      assertShort(held, bytesMax);
      if (held > 0) yield textOf(parts);
      parts = [];
      held = 0;
      start = end + 1;
    }
    if (start < chunk.length) {
      parts.push(chunk.subarray(start));
      held += chunk.length - start;
      assertShort(held, bytesMax);
    }
  }
  if (held > 0) yield textOf(parts);
}

function textOf(parts: Buffer[]): string {
  return (parts.length === 1 ? parts[0]! : Buffer.concat(parts)).toString('utf8');
}

function assertShort(bytes: number, bytesMax: number): void {
  if (bytes > bytesMax) throw new Error(`Cannot read the watch: a line is longer than ${bytesMax} bytes`);
}
