/**
 * Rejected values in messages. 1.20 writes all but the simplest in Go's syntax, `core.Taint{Key:"a"}`; since 1.25 they
 * are JSON, with the fields of today. What is equal is the rest of the message.
 */

/** Where a rejected value begins. */
const VALUE = /((?:Invalid|Unsupported|Duplicate) value: )/;
/** `core.Taint{`, `[]string{`, `map[string]string{`, `intstr.IntOrString{`, `map[string]string(nil)`. */
const GO_COMPOSITE = /^[&*]?(?:\[\]|map\[[\w.]+\])*(?:\w+\.)?\w+(?=[{(])/;

/** Whether two messages are the same but for values that the reference writes in Go's syntax, and kubets as JSON. */
export function sameButForGoValues(reference: string, kubets: string): boolean {
  const left = reference.split(VALUE);
  const right = kubets.split(VALUE);
  if (left.length !== right.length || left.length === 1) return false;
  return left.every((part, index) => {
    const other = right[index] ?? '';
    if (part === other) return true;
    if (index === 0 || !VALUE.test(left[index - 1] ?? '')) return false;
    const go = goValueLength(part);
    const json = jsonValueLength(other);
    return go > 0 && json > 0 && part.slice(go) === other.slice(json);
  });
}

/** The length of the Go value a text begins with; 0 if there is none. */
function goValueLength(text: string): number {
  const head = GO_COMPOSITE.exec(text)?.[0].length;
  return head === undefined ? 0 : head + bracketLength(text.slice(head));
}

/** The length of the JSON value a text begins with; 0 if there is none. */
function jsonValueLength(text: string): number {
  const simple = /^(?:"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*(?=:)|-?\d+|null|true|false)/.exec(text);
  return simple ? simple[0].length : bracketLength(text);
}

/** The length of the bracketed expression a text begins with, strings in it included; 0 if there is none. */
function bracketLength(text: string): number {
  if (!'{[('.includes(text[0] ?? ' ')) return 0;
  let depth = 0;
  for (let index = 0; index < text.length; index++) {
    const character = text[index] ?? '';
    if (character === '"') index += (/^"(?:[^"\\]|\\.)*"/.exec(text.slice(index))?.[0].length ?? 1) - 1;
    else if ('{[('.includes(character)) depth++;
    else if ('}])'.includes(character)) depth--;
    if (depth === 0) return index + 1;
  }
  return 0;
}
