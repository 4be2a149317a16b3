/** Checks names of time zones. */
import type { FieldError } from '../../../openapi/status.ts';
import { invalidValue } from '../validation/errors.ts';

const PART = /^[A-Za-z.\-_0-9+]{1,14}$/;

/** What Go says about a zone that it cannot load; `undefined` when it can. */
export function timeZoneError(zone: string): string | undefined {
  if (zone === '' || zone === 'UTC' || zone === 'Local') return undefined;
  return isKnown(zone) ? undefined : `unknown time zone ${zone}`;
}

/** The runtime takes names in any case and offsets such as `+01`, Go does not. */
function isKnown(zone: string): boolean {
  if (!/^[A-Z]/.test(zone)) return false;
  try {
    const { timeZone } = new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions();
    return timeZone === zone || timeZone.toLowerCase() !== zone.toLowerCase();
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** A zone as `spec.timeZone` names it, if it does. */
export function validateTimeZone(zone: string | undefined, field: string): FieldError[] {
  if (zone === undefined) return [];
  if (zone === '') return [invalidValue(field, zone, 'timeZone must be nil or non-empty string')];
  const isWellFormed = zone
    .split('/')
    .every((part) => part !== '.' && part !== '..' && !part.startsWith('-') && PART.test(part));
  if (!isWellFormed) return [invalidValue(field, zone, `unknown time zone ${zone}`)];
  const errors: FieldError[] = [];
  if (zone.toLowerCase() === 'local') {
    const detail = 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones';
    errors.push(invalidValue(field, zone, detail));
  }
  const unknown = timeZoneError(zone);
  if (unknown !== undefined) errors.push(invalidValue(field, zone, unknown));
  return errors;
}
