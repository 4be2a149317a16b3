/** Texts on the wire that Go's decoder parses: moments in time and base64. */

/** What became of a text: its normal form, or upstream's message. */
export type Scalar = { value: string } | { error: string };

const TIME_LAYOUT = '2006-01-02T15:04:05Z07:00';
const MICRO_LAYOUT = '2006-01-02T15:04:05.000000Z07:00';
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

interface Cursor {
  rest: string;
  fail(as: string): never;
}

class TimeError extends Error {}

/** `metav1.Time`: RFC 3339 with any offset and fraction in, UTC and whole seconds out. */
export function parseTime(text: string): Scalar {
  return parseMoment(text, TIME_LAYOUT, false);
}

/** `metav1.MicroTime`: exactly six decimals in, UTC and six decimals out. */
export function parseMicroTime(text: string): Scalar {
  return parseMoment(text, MICRO_LAYOUT, true);
}

function parseMoment(text: string, layout: string, micro: boolean): Scalar {
  try {
    return { value: readMoment(text, layout, micro) };
  } catch (error) {
    if (error instanceof TimeError) return { error: error.message };
    throw error;
  }
}

function readMoment(text: string, layout: string, micro: boolean): string {
  const quoted = JSON.stringify(text);
  const cursor: Cursor = {
    rest: text,
    fail(as) {
      throw new TimeError(
        `parsing time ${quoted} as ${JSON.stringify(layout)}: cannot parse ${JSON.stringify(this.rest)} as "${as}"`,
      );
    },
  };
  const outOfRange = (what: string) => new TimeError(`parsing time ${quoted}: ${what} out of range`);
  const year = digits(cursor, 4, '2006');
  literal(cursor, '-');
  const month = digits(cursor, 2, '01');
  if (month < 1 || month > 12) throw outOfRange('month');
  literal(cursor, '-');
  const day = digits(cursor, 2, '02');
  literal(cursor, 'T');
  const hour = digits(cursor, 2, '15');
  if (hour > 23) throw outOfRange('hour');
  literal(cursor, ':');
  const minute = digits(cursor, 2, '04');
  if (minute > 59) throw outOfRange('minute');
  literal(cursor, ':');
  const second = digits(cursor, 2, '05');
  if (second > 59) throw outOfRange('second');
  const fraction = micro ? microFraction(cursor) : optionalFraction(cursor);
  const offsetMinutes = offset(cursor);
  if (cursor.rest !== '') throw new TimeError(`parsing time ${quoted}: extra text: ${JSON.stringify(cursor.rest)}`);
  if (day < 1 || day > daysIn(year, month)) throw outOfRange('day');
  const moment = new Date(0);
  moment.setUTCFullYear(year, month - 1, day);
  moment.setUTCHours(hour, minute - offsetMinutes, second, 0);
  const seconds = moment.toISOString().slice(0, 19);
  return micro ? `${seconds}.${fraction}Z` : `${seconds}Z`;
}

function digits(cursor: Cursor, count: number, as: string): number {
  const text = cursor.rest.slice(0, count);
  if (text.length < count || !/^\d+$/.test(text)) cursor.fail(as);
  cursor.rest = cursor.rest.slice(count);
  return Number(text);
}

function literal(cursor: Cursor, character: string): void {
  if (!cursor.rest.startsWith(character)) cursor.fail(character);
  cursor.rest = cursor.rest.slice(1);
}

function microFraction(cursor: Cursor): string {
  const match = /^[.,](\d{6})(?!\d)/.exec(cursor.rest);
  if (!match) cursor.fail('.000000');
  cursor.rest = cursor.rest.slice(7);
  return match?.[1] ?? '';
}

function optionalFraction(cursor: Cursor): string {
  const match = /^[.,]\d+/.exec(cursor.rest);
  if (match) cursor.rest = cursor.rest.slice(match[0].length);
  return '';
}

function offset(cursor: Cursor): number {
  if (cursor.rest.startsWith('Z')) {
    cursor.rest = cursor.rest.slice(1);
    return 0;
  }
  const match = /^([+-])(\d\d):(\d\d)/.exec(cursor.rest);
  if (!match || Number(match[2]) > 24 || Number(match[3]) > 60) cursor.fail('Z07:00');
  cursor.rest = cursor.rest.slice(6);
  const minutes = Number(match?.[2]) * 60 + Number(match?.[3]);
  return match?.[1] === '-' ? -minutes : minutes;
}

function daysIn(year: number, month: number): number {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && isLeap ? 29 : (DAYS[month - 1] ?? 0);
}

/** `[]byte`: standard base64 with padding; line ends are skipped, as in Go. */
export function parseBase64(text: string): Scalar {
  const value = Buffer.from(text, 'base64').toString('base64');
  if (value === text) return { value };
  const position = corruptAt(text);
  return position === undefined ? { value } : { error: `illegal base64 data at input byte ${position}` };
}

/** The byte Go's decoder complains about, which for a missing remainder is the start of the last group. */
function corruptAt(text: string): number | undefined {
  const bytes = Buffer.from(text, 'utf8');
  let inGroup = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0;
    if (isLineEnd(byte)) continue;
    if (byte === 0x3d) return corruptPadding(bytes, i, inGroup);
    if (!isAlphabet(byte)) return i;
    inGroup = (inGroup + 1) % 4;
  }
  return inGroup === 0 ? undefined : bytes.length - inGroup;
}

function corruptPadding(bytes: Uint8Array, at: number, inGroup: number): number | undefined {
  if (inGroup < 2) return at;
  let next = skipLineEnds(bytes, at + 1);
  if (inGroup === 2) {
    if (next === bytes.length) return bytes.length;
    if (bytes[next] !== 0x3d) return next - 1;
    next = skipLineEnds(bytes, next + 1);
  }
  return next < bytes.length ? next : undefined;
}

function skipLineEnds(bytes: Uint8Array, from: number): number {
  let next = from;
  while (isLineEnd(bytes[next] ?? 0)) next++;
  return next;
}

function isLineEnd(byte: number): boolean {
  return byte === 0x0a || byte === 0x0d;
}

function isAlphabet(byte: number): boolean {
  return (
    (byte >= 0x41 && byte <= 0x5a) ||
    (byte >= 0x61 && byte <= 0x7a) ||
    (byte >= 0x30 && byte <= 0x39) ||
    byte === 0x2b ||
    byte === 0x2f
  );
}
