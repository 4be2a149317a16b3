/** Time zones by their names in the IANA database. */

/** Whether the machine knows the zone. */
export function hasOffsets(zone: string): boolean {
  if (zone === '' || zone === 'Local') return true;
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: zone });
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** How far the clocks of a zone, the machine's own if absent, are before UTC at a time; all in milliseconds. */
export function offsetMs(atMs: number, zone: string | undefined): number {
  if (zone === undefined) return -new Date(atMs).getTimezoneOffset() * 60_000;
  const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
  const match = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(format.format(atMs));
  if (!match) throw new Error(`bug: no offset of ${zone} in ${format.format(atMs)}`);
  const [, sign = '+', hours = '0', minutes = '0', seconds = '0'] = match;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000;
}

/** RFC 3339 with the zone's offset, as Go writes it: `2026-07-01T09:00:00+02:00`, or `Z` for none. */
export function zonedTime(atMs: number, zone: string): string {
  const offset = offsetMs(atMs, zone);
  const local = new Date(atMs + offset).toISOString().slice(0, 19);
  if (offset === 0) return `${local}Z`;
  const minutes = Math.abs(Math.trunc(offset / 60_000));
  const two = (value: number) => String(value).padStart(2, '0');
  return `${local}${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
