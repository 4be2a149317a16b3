/** Where two normalised answers differ. */
import { isObject, type Json } from './json.ts';
import type { NormalisedAnswer } from './normalise.ts';

export interface Difference {
  /** `body.spec.ports[0].name`, `status`, `headers.warning`. */
  path: string;
  /** `undefined` where there is nothing. */
  reference: Json | undefined;
  kubets: Json | undefined;
}

/**
 * All differences, the outermost of each: what is missing is one, however much it holds. Answers of another status or
 * kind have nothing to compare: their difference is one, told in short.
 */
export function compare(reference: NormalisedAnswer, kubets: NormalisedAnswer): Difference[] {
  if (reference.status !== kubets.status) {
    return [{ path: 'status', reference: summary(reference), kubets: summary(kubets) }];
  }
  const kinds = [kindOf(reference.body), kindOf(kubets.body)];
  if (kinds[0] !== kinds[1]) return [{ path: 'kind', reference: kinds[0] ?? null, kubets: kinds[1] ?? null }];
  return [
    ...differences(reference.headers, kubets.headers, 'headers'),
    ...differences(reference.body, kubets.body, 'body'),
  ];
}

function kindOf(body: Json): Json | undefined {
  return isObject(body) ? body.kind : undefined;
}

/** `201`, or `422 Invalid: Pod "x" is invalid: …`. */
function summary({ status, body }: NormalisedAnswer): string {
  if (!isObject(body) || body.kind !== 'Status') return String(status);
  return `${status} ${body.reason ?? body.status}: ${body.message ?? ''}`;
}

function differences(reference: Json | undefined, kubets: Json | undefined, path: string): Difference[] {
  if (isObject(reference) && isObject(kubets)) {
    const keys = new Set([...Object.keys(reference), ...Object.keys(kubets)]);
    return [...keys].flatMap((key) => differences(reference[key], kubets[key], `${path}.${key}`));
  }
  if (Array.isArray(reference) && Array.isArray(kubets)) {
    const length = Math.max(reference.length, kubets.length);
    return Array.from({ length }, (_, index) =>
      differences(reference[index], kubets[index], `${path}[${index}]`),
    ).flat();
  }
  return reference === kubets ? [] : [{ path, reference, kubets }];
}

/** For people: one difference in three lines, long values cut around the place where they part. */
export function describeDifference({ path, reference, kubets }: Difference): string {
  const [left, right] = [show(reference), show(kubets)];
  const from = Math.max(0, commonPrefix(left, right) - 60);
  const cut = (text: string) => `${from > 0 ? '…' : ''}${text.slice(from, from + 400)}`;
  return `  ${path}\n    reference: ${cut(left)}\n    kubets:    ${cut(right)}`;
}

function show(value: Json | undefined): string {
  return value === undefined ? '(nothing)' : JSON.stringify(value);
}

function commonPrefix(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return length === a.length && length === b.length ? 0 : length;
}
