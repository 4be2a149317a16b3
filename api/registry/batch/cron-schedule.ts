/** Checks schedules of cron jobs: five fields, or a descriptor such as `@daily` or `@every 1h30m`. */

interface Bounds {
  min: number;
  max: number;
  names: readonly string[];
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
/** Minute, hour, day of month, month, day of week. */
const FIELDS: readonly Bounds[] = [
  { min: 0, max: 59, names: [] },
  { min: 0, max: 23, names: [] },
  { min: 1, max: 31, names: [] },
  { min: 1, max: 12, names: MONTHS },
  { min: 0, max: 6, names: DAYS },
];
const DESCRIPTORS = ['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly'];
const EVERY = '@every ';
const DURATION_UNITS = ['ns', 'us', 'µs', 'μs', 'ms', 's', 'm', 'h'];
const ATOI_MAX = 9_223_372_036_854_775_807n;

/** Whether `zone` is a time zone; returns what is wrong otherwise. */
export type CheckZone = (zone: string) => string | undefined;

/** What is wrong with a schedule, in the words of the library that upstream uses; `undefined` when it is fine. */
export function cronScheduleError(schedule: string, checkZone: CheckZone): string | undefined {
  if (schedule === '') return 'empty spec string';
  if (!/^(CRON_)?TZ=/.test(schedule)) return specError(schedule);
  const space = schedule.indexOf(' ');
  if (space < 0) return 'invalid schedule format: runtime error: slice bounds out of range [:-1]';
  const zone = schedule.slice(schedule.indexOf('=') + 1, space);
  const error = checkZone(zone);
  return error === undefined ? specError(schedule.slice(space).trim()) : `provided bad location ${zone}: ${error}`;
}

function specError(spec: string): string | undefined {
  if (spec.startsWith('@')) return descriptorError(spec);
  const fields = spec.split(/\s+/).filter((field) => field !== '');
  if (fields.length !== FIELDS.length) {
    return `expected exactly ${FIELDS.length} fields, found ${fields.length}: [${fields.join(' ')}]`;
  }
  for (const [i, bounds] of FIELDS.entries()) {
    const error = fieldError(fields[i] ?? '', bounds);
    if (error !== undefined) return error;
  }
  return undefined;
}

function descriptorError(descriptor: string): string | undefined {
  if (DESCRIPTORS.includes(descriptor)) return undefined;
  if (!descriptor.startsWith(EVERY)) return `unrecognized descriptor: ${descriptor}`;
  const error = durationError(descriptor.slice(EVERY.length));
  return error === undefined ? undefined : `failed to parse duration ${descriptor}: ${error}`;
}

/** Go's durations: `1h30m`, `1.5s`, `-2ms`, `0`. */
function durationError(text: string): string | undefined {
  const invalid = `time: invalid duration ${JSON.stringify(text)}`;
  let rest = text.replace(/^[+-]/, '');
  if (rest === '0') return undefined;
  if (rest === '') return invalid;
  while (rest !== '') {
    const number = /^(\d+\.?\d*|\.\d+)/.exec(rest)?.[0];
    if (number === undefined) return invalid;
    rest = rest.slice(number.length);
    const unit = /^[^\d.]+/.exec(rest)?.[0];
    if (unit === undefined) return `time: missing unit in duration ${JSON.stringify(text)}`;
    if (!DURATION_UNITS.includes(unit)) {
      return `time: unknown unit ${JSON.stringify(unit)} in duration ${JSON.stringify(text)}`;
    }
    rest = rest.slice(unit.length);
  }
  return undefined;
}

function fieldError(field: string, bounds: Bounds): string | undefined {
  for (const range of field.split(',')) {
    const error = range === '' ? undefined : rangeError(range, bounds);
    if (error !== undefined) return error;
  }
  return undefined;
}

/** `*`, `5`, `1-5`, each with a step such as `/2`. */
function rangeError(text: string, bounds: Bounds): string | undefined {
  const [range = '', stepText, ...moreSteps] = text.split('/');
  const [low = '', high, ...moreLimits] = range.split('-');
  const isAny = low === '*' || low === '?';
  const start = isAny ? bounds.min : numberOf(low, bounds.names);
  if (typeof start === 'string') return start;
  if (!isAny && moreLimits.length > 0) return `too many hyphens: ${text}`;
  const limit = isAny ? bounds.max : high === undefined ? start : numberOf(high, bounds.names);
  if (typeof limit === 'string') return limit;
  if (moreSteps.length > 0) return `too many slashes: ${text}`;
  const step = stepText === undefined ? 1 : numberOf(stepText, []);
  if (typeof step === 'string') return step;
  // `3/5` means from 3 on.
  const end = stepText !== undefined && high === undefined ? bounds.max : limit;
  if (start < bounds.min) return `beginning of range (${start}) below minimum (${bounds.min}): ${text}`;
  if (end > bounds.max) return `end of range (${end}) above maximum (${bounds.max}): ${text}`;
  if (start > end) return `beginning of range (${start}) beyond end of range (${end}): ${text}`;
  return step === 0 ? `step of range should be a positive number: ${text}` : undefined;
}

/** The number or the place of a name, or what is wrong with it. */
function numberOf(text: string, names: readonly string[]): number | string {
  const named = names.indexOf(text.toLowerCase());
  if (named >= 0) return names === MONTHS ? named + 1 : named;
  const atoi = `failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}:`;
  if (!/^[+-]?\d+$/.test(text)) return `${atoi} invalid syntax`;
  const value = BigInt(text.replace(/^\+/, ''));
  if (value > ATOI_MAX || value < -ATOI_MAX - 1n) return `${atoi} value out of range`;
  return value < 0n ? `negative number (${value}) not allowed: ${text}` : Number(value);
}
