/** What the `prepare` functions of several kinds have in common. */
import type { KubeObject } from '../../openapi/object.ts';
import { semanticEqual } from './validation/equality.ts';

/** For kinds whose generation counts changes of the spec. */
export function startGeneration(object: KubeObject): void {
  object.metadata ??= {};
  object.metadata.generation = 1;
}

/** Counts a change of the spec. */
export function countSpecChange(object: KubeObject & { spec?: unknown }, old: KubeObject & { spec?: unknown }): void {
  if (!semanticEqual(object.spec, old.spec)) countChange(object, old);
}

export function countChange(object: KubeObject, old: KubeObject): void {
  object.metadata ??= {};
  object.metadata.generation = (old.metadata?.generation ?? 0) + 1;
}

/** Upstream's ResetObjectMetaForStatus: a subresource that is about something else leaves metadata as it was. */
export function keepMetadata(object: KubeObject, old: KubeObject): void {
  object.metadata ??= {};
  const before = old.metadata ?? {};
  for (const field of ['generation', 'labels', 'annotations', 'finalizers', 'ownerReferences'] as const) {
    if (before[field] === undefined) delete object.metadata[field];
    else Object.assign(object.metadata, { [field]: before[field] });
  }
}
