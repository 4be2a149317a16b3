/** How kubets, which speaks 1.36, may differ from the reference, which speaks 1.20: each with the reason. */
import type { Difference } from './compare.ts';
import { clusterExceptions } from './expected/cluster.ts';
import { coreExceptions } from './expected/core.ts';
import { generalExceptions } from './expected/general.ts';
import { requestExceptions } from './expected/requests.ts';
import { wordings } from './expected/wordings.ts';
import { workloadExceptions } from './expected/workloads.ts';
import { isObject, type Json } from './json.ts';

export interface Exception {
  /** Matches `theme/case title #number path`, with the number of the request from 0. */
  where: RegExp;
  /** What the reference says there, as JSON, empty where it says nothing; anything unless told. */
  reference?: RegExp;
  /** What kubets says there, likewise. */
  kubets?: RegExp;
  /** In what way the two, both texts, are the same all the same. */
  same?: (reference: string, kubets: string) => boolean;
  reason: string;
  /** Seen only when another part of the cluster came first, so that a run without it proves nothing. */
  sometimes?: boolean;
}

/** A text that upstream has changed since; it is replaced in what the reference says. */
export interface Wording {
  from: RegExp;
  to: string;
  reason: string;
}

export { wordings };

export const exceptions: Exception[] = [
  ...generalExceptions,
  ...requestExceptions,
  ...coreExceptions,
  ...workloadExceptions,
  ...clusterExceptions,
];

/** The reference's answer in today's words; `used` takes the wordings that were needed. */
export function reword(value: Json, used: Set<Wording>): Json {
  if (typeof value === 'string') return rewordText(value, used);
  if (Array.isArray(value)) return value.map((item) => reword(item, used));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, reword(inner, used)]));
}

function rewordText(text: string, used: Set<Wording>): string {
  let result = text;
  for (const wording of wordings) {
    const changed = result.replace(wording.from, wording.to);
    if (changed !== result) used.add(wording);
    result = changed;
  }
  return result;
}

/** The exception that allows a difference. */
export function exceptionFor(place: string, { path, reference, kubets }: Difference): Exception | undefined {
  const text = (value: Json | undefined) => (value === undefined ? '' : JSON.stringify(value));
  return exceptions.find(
    (exception) =>
      exception.where.test(`${place} ${path}`) &&
      (exception.reference?.test(text(reference)) ?? true) &&
      (exception.kubets?.test(text(kubets)) ?? true) &&
      (exception.same?.(String(reference), String(kubets)) ?? true),
  );
}
