/** Writes the compact schema that decoding and strategic merge read: a short code a field, no prose. */
import { alwaysWritten, type Facts, omittedWhenEmpty, type Rule, rulesOf } from './facts.ts';
import type { Definition, Field, FieldType } from './model.ts';

interface CompactDefinition {
  f: Record<string, string>;
  m?: Record<string, string>;
  o?: string[];
  a?: string[];
}

/**
 * Text of `openapi/generated/wire-schema.json`: definition id → `f`, the type code of each field as
 * `openapi/wire-schema.ts` reads them, `m`, `strategies:key` of the fields that have a patch strategy, `o`, the fields
 * that are left out where they are zero or empty, and `a`, those that are written even then.
 */
export function wireSchemaText(definitions: Definition[], facts: Facts): string {
  const result: Record<string, CompactDefinition> = {};
  for (const definition of definitions) {
    const rules = rulesOf(definition, facts);
    const compact: CompactDefinition = { f: {} };
    const merges: Record<string, string> = {};
    for (const field of definition.fields) {
      compact.f[field.name] = codeWithName(field, rules[field.name], definition.id);
      const rule = rules[field.name];
      if (rule?.patchStrategy) merges[field.name] = `${rule.patchStrategy}:${rule.patchMergeKey ?? ''}`;
    }
    if (Object.keys(merges).length > 0) compact.m = merges;
    const omitted = omittedWhenEmpty(definition, facts);
    if (omitted.size > 0) compact.o = [...omitted];
    const always = alwaysWritten(definition, facts);
    if (always.length > 0) compact.a = always;
    result[definition.id] = compact;
  }
  return JSON.stringify(result);
}

/** `string`, `[]` + items, `{}` + values, `@` + definition id. */
export function typeCode(type: FieldType): string {
  switch (type.kind) {
    case 'array':
      return `[]${typeCode(type.items)}`;
    case 'map':
      return `{}${typeCode(type.values)}`;
    case 'ref':
      return `@${type.ref}`;
    case 'integer':
      return type.format === 'int32' ? 'int32' : 'int64';
    default:
      return type.kind === 'object' ? 'any' : type.kind;
  }
}

/** Go's names of string and map types that messages show: `[]v1.Capability`, `types.UID`. */
function codeWithName(field: Field, rule: Rule | undefined, id: string): string {
  const code = typeCode(field.type);
  const name = goName(field, rule, code, id);
  return name ? `${code}!${name}` : code;
}

function goName(field: Field, rule: Rule | undefined, code: string, id: string): string | undefined {
  if (rule?.enum && code.endsWith('string')) return rule.enum.split('.').slice(-2).join('.');
  if (field.name === 'uid' && code === 'string') return 'types.UID';
  if (code === '{}quantity' && id.startsWith('io.k8s.api.core.')) return 'v1.ResourceList';
  if (id.endsWith('.core.v1.HTTPGetAction') && field.name === 'scheme') return 'v1.URIScheme';
  return undefined;
}
