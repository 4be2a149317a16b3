/** Writes the compact schema that decoding, strategic merge and server-side apply read: a short code a field, no prose. */
import { alwaysWritten, type Facts, omittedWhenEmpty, type Rule, rulesOf } from './facts.ts';
import type { Definition, Field, FieldType } from './model.ts';

interface CompactDefinition {
  f: Record<string, string>;
  m?: Record<string, string>;
  o?: string[];
  a?: string[];
  l?: Record<string, string>;
  x?: 1;
}

/**
 * Text of `openapi/generated/wire-schema.json`: definition id → `f`, the type code of each field as
 * `openapi/wire-schema.ts` reads them, `m`, `strategies:key` of the fields that have a patch strategy, `o`, the fields
 * that are left out where they are zero or empty, `a`, those that are written even then, `l`, how the ownership of a
 * field is divided, and `x` for structs that are owned as a whole.
 */
export function wireSchemaText(definitions: Definition[], facts: Facts): string {
  const result: Record<string, CompactDefinition> = {};
  const byId = new Map(definitions.map((definition) => [definition.id, definition]));
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
    const codes = definition.fields.flatMap((field) => ownershipCode(field, rules[field.name] ?? {}, byId, facts));
    if (codes.length > 0) compact.l = Object.fromEntries(codes);
    if (ATOMIC.test(definition.id)) compact.x = 1;
    result[definition.id] = compact;
  }
  return JSON.stringify(result);
}

/** Structs that upstream declares as `+structType=atomic`. */
const ATOMIC = new RegExp(
  `^io\\.k8s\\.(${[
    'api\\.admissionregistration\\.v1(alpha1|beta1)?\\.(MatchResources|NamedRuleWithOperations|ParamKind|ParamRef)',
    'api\\.admissionregistration\\.v1(beta1)?\\.Variable',
    'api\\.autoscaling\\.v1\\.CrossVersionObjectReference',
    'api\\.core\\.v1\\.(ConfigMapKey|FileKey|Node|ObjectField|ResourceField|SecretKey)Selector',
    'api\\.core\\.v1\\.(ScopeSelector|NodeSelectorTerm|TopologySelectorTerm|EndpointAddress|EndpointPort)',
    'api\\.core\\.v1\\.(LocalObject|Object|Secret|TypedLocalObject)Reference',
    'api\\.discovery\\.v1\\.EndpointPort',
    'api\\.networking\\.v1\\.ServiceBackendPort',
    'api\\.rbac\\.v1\\.(RoleRef|Subject)',
    'apimachinery\\.pkg\\.apis\\.meta\\.v1\\.(LabelSelector|OwnerReference)',
  ].join('|')})$`,
);

/**
 * Of a field that is not treated in the ordinary way (lists are owned as a whole, the rest field by field): `set`,
 * `map:` with the keys and, after `=`, the declared default of a key, `atomic` or `granular`.
 */
function ownershipCode(
  { name, type }: Field,
  rule: Rule,
  byId: ReadonlyMap<string, Definition>,
  facts: Facts,
): [string, string][] {
  if (type.kind !== 'array') {
    const code = rule.mapType ?? rule.structType;
    return code ? [[name, code]] : [];
  }
  const merged = rule.patchStrategy?.split(',').includes('merge') ? (rule.patchMergeKey ? 'map' : 'set') : 'atomic';
  const listType = rule.listType ?? merged;
  if (listType === 'atomic') return [];
  if (listType === 'set') return [[name, 'set']];
  const items = type.items.kind === 'ref' ? byId.get(type.items.ref) : undefined;
  const rules = items ? rulesOf(items, facts) : {};
  const keys = rule.listMapKeys ?? [rule.patchMergeKey ?? ''];
  const codes = keys.map((key) => {
    const fallback = rules[key]?.default;
    return fallback === undefined || fallback.startsWith('ref(') ? key : `${key}=${fallback}`;
  });
  return [[name, `map:${codes.join(',')}`]];
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
