/** JSON as Go's encoder writes a map, so that hashes of it agree with upstream's. */

/** What Go escapes beside what JSON must: text is then safe within HTML. */
const ESCAPED = /[<>&\u2028\u2029]/g;

/** `value` with the keys of its objects in order and without what is undefined. */
export function goJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(goJson).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    const fields = Object.entries(value).filter(([, field]) => field !== undefined);
    fields.sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${fields.map(([key, field]) => `${quoted(key)}:${goJson(field)}`).join(',')}}`;
  }
  return typeof value === 'string' ? quoted(value) : JSON.stringify(value);
}

function quoted(text: string): string {
  return JSON.stringify(text).replace(ESCAPED, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
