/** Brings sets that were made when the schema was another into what it is now. */
import type { ApplySchema } from './apply-schema.ts';
import { EMPTY, type FieldSet, isEmpty } from './field-set.ts';
import { schemaBelow } from './list-items.ts';
import { SELF } from './path-elements.ts';

/** Sets for which nothing needs to be done with a schema. */
const SETTLED = new WeakMap<FieldSet, ApplySchema>();

/**
 * What is owned as a whole now was perhaps owned in parts: then it is owned whole by whoever had a part. Not the other way
 * round: what is owned in parts now is treated as if it always had been. Gives back the same set when there is nothing to
 * do.
 */
export function reconcile(set: FieldSet, schema: ApplySchema): FieldSet {
  if (SETTLED.get(set) === schema) return set;
  let result: Record<string, FieldSet> | undefined;
  let settled = true;
  for (const element in set) {
    if (element === SELF) continue;
    const node = set[element] as FieldSet;
    const inner = schemaBelow(schema, element);
    if (!inner || isSettled(node, inner)) continue;
    const now = reconcileNode(node, inner);
    if (!isSettled(now, inner)) settled = false;
    if (now === node) continue;
    result ??= { ...set };
    result[element] = now;
  }
  if (settled && !result && !isEmpty(set)) SETTLED.set(set, schema);
  return result ?? set;
}

function isSettled(node: FieldSet, schema: ApplySchema): boolean {
  if (schema.kind === 'deduced' || (schema.kind === 'atomic' && isEmpty(node))) return true;
  return schema.kind !== 'atomic' && SETTLED.get(node) === schema;
}

function reconcileNode(node: FieldSet, schema: ApplySchema): FieldSet {
  if (schema.kind === 'atomic') return schema.scalar ? node : EMPTY;
  return isEmpty(node) ? node : reconcile(node, schema);
}
