/** Text that strangers sent as UTF-8, and that may be none. */
import { isUtf8 } from 'node:buffer';

const REPLACEMENT = '\ufffd';

/** The text, with U+FFFD for each byte that belongs to no character, as Go reads it. A byte order mark stays. */
export function utf8Text(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString();
  const parts: string[] = [];
  let at = 0;
  while (at < bytes.length) {
    const good = goodLength(bytes, at);
    parts.push(bytes.toString('utf8', at, at + good), at + good < bytes.length ? REPLACEMENT : '');
    at += good + 1;
  }
  return parts.join('');
}

/** How many bytes from `start` on are whole characters. */
function goodLength(bytes: Buffer, start: number): number {
  let at = start;
  while (at < bytes.length) {
    const length = characterLength(bytes[at] ?? 0);
    if (length === 0 || (length > 1 && !isUtf8(bytes.subarray(at, at + length)))) break;
    if (at + length > bytes.length) break;
    at += length;
  }
  return at - start;
}

/** By its first byte; 0 for one that cannot be the first. */
function characterLength(first: number): number {
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  if (first < 0xe0) return 2;
  return first < 0xf0 ? 3 : 4;
}

const ESCAPES = /\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[dD][89a-fA-F][0-9a-fA-F]{2}|[\s\S])/g;
const SURROGATE = /\\u[dD][89a-fA-F]/;
const ESCAPE_CHARACTERS = 6;

/** JSON text in which every escaped surrogate is one of a pair: others become U+FFFD, as with Go. */
export function withoutLoneSurrogates(json: string): string {
  if (!SURROGATE.test(json)) return json;
  return json.replace(ESCAPES, (found) => (found.length === ESCAPE_CHARACTERS ? '\\ufffd' : found));
}
