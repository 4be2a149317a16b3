/** CEL values compared by what they say. */

/** A text that is the same for equal values and no others. */
export function canonical(value: unknown): string {
  if (typeof value === 'bigint') return `n${value}`;
  if (typeof value === 'number') return Number.isInteger(value) ? `n${BigInt(value)}` : `n${value}`;
  if (typeof value === 'string') return JSON.stringify(value);
  if (value instanceof Date) return `t${value.getTime()}`;
  if (value instanceof Uint8Array) return `b${Buffer.from(value).toString('base64')}`;
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value instanceof Map)
    return `{${[...value]
      .map(([key, inner]) => `${canonical(key)}:${canonical(inner)}`)
      .sort()
      .join(',')}}`;
  return String(value);
}

export function isEqual(a: unknown, b: unknown): boolean {
  return a === b || canonical(a) === canonical(b);
}
