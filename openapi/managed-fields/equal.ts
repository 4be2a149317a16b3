/** Whether two JSON values are the same: lists in their order, objects in any. */
export function isSameValue(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a)) return Array.isArray(b) && isSameList(a, b);
  return !Array.isArray(b) && isSameObject(a as Record<string, unknown>, b as Record<string, unknown>);
}

function isSameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!isSameValue(a[i], b[i])) return false;
  return true;
}

/** A field that is undefined is none. */
function isSameObject(a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): boolean {
  let fields = 0;
  for (const name in a) {
    if (a[name] === undefined) continue;
    fields++;
    if (!Object.hasOwn(b, name) || !isSameValue(a[name], b[name])) return false;
  }
  for (const name in b) if (b[name] !== undefined) fields--;
  return fields === 0;
}
