/** Brings sets that were made when the schema was another into what it is now. */
import { getOwn, isJsonObject } from '../json.ts';
import type { ApplySchema } from './apply-schema.ts';
import { EMPTY, type FieldSet, isEmpty, member } from './field-set.ts';
import { fieldsOf } from './from-value.ts';
import { itemElement, type ListSchema, schemaBelow } from './list-items.ts';
import { SELF } from './path-elements.ts';

/** Sets for which nothing needs to be done with a schema, whatever the live object is. */
const SETTLED = new WeakMap<FieldSet, ApplySchema>();

/**
 * What is owned as a whole now was perhaps owned in parts: then it is owned whole by whoever had a part. And the other way
 * round: who owned the whole owns all parts that `live` has. Upstream cannot tell that from owning a map of which others
 * have taken all parts, so that these come back to it, and neither do we. Gives back the same set when there is nothing to do.
 */
export function reconcile(set: FieldSet, live: unknown, schema: ApplySchema): FieldSet {
  if (SETTLED.get(set) === schema) return set;
  let result: Record<string, FieldSet> | undefined;
  let settled = true;
  for (const element in set) {
    if (element === SELF) continue;
    const node = set[element] as FieldSet;
    const inner = schemaBelow(schema, element);
    if (!inner || isSettled(node, inner)) continue;
    const now = reconcileNode(element, node, live, schema, inner);
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

function reconcileNode(
  element: string,
  node: FieldSet,
  live: unknown,
  schema: ApplySchema,
  inner: ApplySchema,
): FieldSet {
  if (inner.kind === 'atomic') return inner.scalar ? node : EMPTY;
  const value = valueAt(element, live, schema);
  if (!isEmpty(node)) return reconcile(node, value, inner);
  if (typeof value !== 'object' || value === null) return node;
  const parts = fieldsOf(value, inner);
  return isEmpty(parts) ? node : member(parts);
}

function valueAt(element: string, live: unknown, schema: ApplySchema): unknown {
  if (element.startsWith('f:')) return isJsonObject(live) ? getOwn(live, element.slice(2)) : undefined;
  if (!Array.isArray(live)) return undefined;
  return live.find((item) => itemElement(schema as ListSchema, item) === element);
}
