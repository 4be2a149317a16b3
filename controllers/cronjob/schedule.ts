/**
 * The schedules of cron jobs: five fields, a descriptor such as `@daily`, or `@every 1h30m`. The fields are croner's to
 * read and to search; what it does not know of upstream's dialect is translated, and where clocks are changed it is put
 * right: a time that does not exist is passed over, one that comes twice is met twice.
 */
import type { Cron } from 'croner';
import { hasOffsets, offsetMs } from './time-zone.ts';

export interface Schedule {
  /** The first time after the given one, in milliseconds; `undefined` when none will ever come. */
  next(afterMs: number): number | undefined;
}

const DESCRIPTORS: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};
/** The highest value of minute, hour, day of month, month, day of week. */
const FIELD_MAX = [59, 23, 31, 12, 6];
const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};
/** Clocks are never set back by more than this at once. */
const SET_BACK_MAX_MS = 3 * 3_600_000;

/**
 * Reads a schedule. `zone` is the name of a time zone, the machine's own if absent; a `TZ=` in the schedule goes before
 * it. Throws an `Error` that says what is wrong.
 */
export async function parseSchedule(text: string, zone?: string): Promise<Schedule> {
  const prefix = /^(?:CRON_)?TZ=(\S*)\s+/.exec(text);
  const spec = text.slice(prefix?.[0].length ?? 0).trim();
  const timezone = prefix?.[1] ?? zone;
  if (timezone !== undefined && !hasOffsets(timezone)) {
    throw new Error(`provided bad location ${timezone}: unknown time zone ${timezone}`);
  }
  if (spec.startsWith('@every ')) return everyOf(spec);
  const fields = DESCRIPTORS[spec] ?? spec;
  if (fields.startsWith('@')) throw new Error(`unrecognized descriptor: ${fields}`);
  // Most clusters have no cron job: nobody waits for the library before the first.
  const { Cron } = await import('croner');
  const cron = new Cron(translated(fields), { paused: true, mode: '5-part', ...(timezone ? { timezone } : {}) });
  return { next: (afterMs) => nextOf(cron, afterMs, timezone) };
}

/** Upstream's fields as croner knows them: it wants `3-59/5` for `3/5`, and no empty items. */
function translated(spec: string): string {
  const fields = spec.split(/\s+/);
  if (fields.length !== FIELD_MAX.length) {
    throw new Error(`expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`);
  }
  return fields.map((field, i) => translatedField(field, FIELD_MAX[i] ?? 0)).join(' ');
}

function translatedField(field: string, max: number): string {
  const items = field.split(',').filter((item) => item !== '');
  return items.map((item) => item.replace(/^([^-*?/]+)\/(.+)$/, `$1-${max}/$2`)).join(',');
}

function nextOf(cron: Cron, afterMs: number, zone: string | undefined): number | undefined {
  const found = nextExisting(cron, afterMs);
  return repeatedOf(cron, afterMs, found ?? Number.POSITIVE_INFINITY, zone) ?? found;
}

/** For a time that is left out because clocks are set forward, croner gives a later one. */
function nextExisting(cron: Cron, afterMs: number): number | undefined {
  let found = cron.nextRun(new Date(afterMs));
  while (found && !cron.match(found)) found = cron.nextRun(found);
  return found?.getTime();
}

/** The time before `beforeMs` that the clock shows for the second time: croner gives the first only. */
function repeatedOf(cron: Cron, afterMs: number, beforeMs: number, zone: string | undefined): number | undefined {
  const setBackMs = offsetMs(afterMs - SET_BACK_MAX_MS, zone) - offsetMs(afterMs + SET_BACK_MAX_MS, zone);
  if (setBackMs <= 0) return undefined;
  for (let first = nextExisting(cron, afterMs - setBackMs); first !== undefined && first <= afterMs; ) {
    const again = first + setBackMs;
    if (again < beforeMs && offsetMs(first, zone) - offsetMs(again, zone) === setBackMs) return again;
    first = nextExisting(cron, first);
  }
  return undefined;
}

/** Whole seconds, at least one. */
function everyOf(spec: string): Schedule {
  const everyMs = Math.max(1000, Math.floor(durationMs(spec) / 1000) * 1000);
  return { next: (afterMs) => Math.floor(afterMs / 1000) * 1000 + everyMs };
}

function durationMs(spec: string): number {
  const text = spec.slice('@every '.length);
  const parts = [...text.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g)];
  const sign = text.startsWith('-') ? -1 : 1;
  const read = parts.map(([part]) => part).join('');
  if (read === '' || read !== text.replace(/^[+-]/, '')) throw new Error(`failed to parse duration ${spec}`);
  return sign * parts.reduce((ms, [, count, unit]) => ms + Number(count) * (UNIT_MS[unit ?? ''] ?? 0), 0);
}
