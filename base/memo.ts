/** What pure functions answered before, for texts that come again and again. */

/** Longer texts are strangers', and not worth their memory. */
const TEXT_MAX_CHARS = 256;

/**
 * The same function, that remembers its answers for up to `limit` short texts; then it begins anew. Answers are shared,
 * and must not be changed. What it throws is not remembered.
 */
export function memo<T>(limit: number, answer: (text: string) => T): (text: string) => T {
  const known = new Map<string, { value: T }>();
  return (text) => {
    const found = known.get(text);
    if (found) return found.value;
    const value = answer(text);
    if (text.length > TEXT_MAX_CHARS) return value;
    if (known.size >= limit) known.clear();
    known.set(text, { value });
    return value;
  };
}
