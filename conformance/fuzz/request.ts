import type { Surface } from './surface.ts';

export interface FuzzRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body?: Buffer;
  /** The answer may be a stream without end. */
  watch: boolean;
  /** Kinds that an object in the answer may have; `undefined` where anything may come back. */
  kinds?: readonly string[];
}

/** Where requests may do damage, and where the objects are that must survive. */
export interface Universe {
  surfaces: readonly Surface[];
  /** Anything in it may come and go. */
  playground: string;
  /** Its objects are aimed at with requests that must all fail, or do nothing. */
  sanctuary: string;
  sentinels: { resource: string; name: string; collection: string }[];
}

/** So many names a kind: few enough that requests meet what others made. */
const NAMES = 12;

export const fuzzNames: readonly string[] = Array.from({ length: NAMES }, (_, i) => `fz-${i}`);

/** The path of a collection, in the playground where it is one of a namespace. */
export function collectionOf(surface: Surface, namespace: string): string {
  const { root, resource, namespaced } = surface;
  return namespaced ? `${root}/namespaces/${namespace}/${resource}` : `${root}/${resource}`;
}
