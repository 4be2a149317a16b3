import type { ApplySchema } from './apply-schema.ts';
import { type FieldSet, member } from './field-set.ts';
import { schemaBelow } from './list-items.ts';
import { SELF } from './path-elements.ts';

/**
 * The set with all structs' fields in it that it has something below. Nobody owns those as such, so that who looks for
 * what is owned must add them.
 */
export function withNamedFields(set: FieldSet, schema: ApplySchema | undefined): FieldSet {
  if (!schema) return set;
  const result: Record<string, FieldSet> = {};
  for (const element in set) {
    const node = set[element] as FieldSet;
    if (element === SELF) {
      result[element] = node;
      continue;
    }
    const inner = schemaBelow(schema, element);
    const below = withNamedFields(node, inner);
    const isNamed = schema.kind === 'struct' && inner !== undefined;
    result[element] = isNamed ? member(below) : below;
  }
  return result;
}
