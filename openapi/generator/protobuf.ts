/** Writes the table that protobuf is read and written by: numbers, types and presence of every field, no prose. */
import type { Declared, Facts } from './facts.ts';
import type { Definition, WireFact } from './model.ts';

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const EXTENSIONS = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1';

/** Messages whose JSON is no object of their fields. */
const SPECIAL: Record<string, string> = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity': 'quantity',
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': 'intOrString',
  'io.k8s.apimachinery.pkg.runtime.RawExtension': 'raw',
  [`${META}.FieldsV1`]: 'raw',
  [`${META}.Time`]: 'time',
  [`${META}.MicroTime`]: 'microTime',
  [`${EXTENSIONS}.JSON`]: 'raw',
};

/** Messages whose JSON is one of their fields: a list, or one of two. */
const SHAPES: Record<string, string> = {
  Verbs: 'items',
  ExtraValue: 'items',
  JSONSchemaPropsOrArray: 'listOr',
  JSONSchemaPropsOrStringArray: 'listOr',
  JSONSchemaPropsOrBool: 'boolOr',
};

/** Groups that are not named after their package. */
const GROUPS: Record<string, string> = {
  core: '',
  apps: 'apps',
  autoscaling: 'autoscaling',
  batch: 'batch',
  extensions: 'extensions',
  policy: 'policy',
  rbac: 'rbac.authorization.k8s.io',
  flowcontrol: 'flowcontrol.apiserver.k8s.io',
  apiserverinternal: 'internal.apiserver.k8s.io',
};

/**
 * Text of `openapi/generated/protobuf.json`, as `openapi/protobuf-table.ts` reads it: `groups`, the package of each
 * group and version, and `messages`, a text for each message of the packages that `definitions` come from.
 */
export function protobufText(definitions: Definition[], facts: Facts): string {
  const { declared } = facts;
  const packages = new Set(definitions.map((definition) => packageOf(definition.id)));
  const messages: Record<string, string> = {};
  for (const [id, fields] of Object.entries(facts.wire)) {
    if (packages.has(packageOf(id)) && !(id in SPECIAL)) messages[id] = messageText(id, fields, declared[id] ?? {});
  }
  return JSON.stringify({ groups: groupsOf(packages), messages });
}

function packageOf(id: string): string {
  return id.slice(0, id.lastIndexOf('.'));
}

function groupsOf(packages: Set<string>): Record<string, string> {
  const result: Record<string, string> = { 'meta.k8s.io/v1': META };
  for (const name of [...packages].sort()) {
    const [group = '', version = ''] = name.split('.').slice(-2);
    if (name.startsWith('io.k8s.apimachinery.')) continue;
    const full = GROUPS[group] ?? `${group}.k8s.io`;
    result[full === '' ? version : `${full}/${version}`] = name;
  }
  return result;
}

/** The shape, where it is no plain object, and the fields in the order of their declaration, with spaces between. */
function messageText(id: string, fields: WireFact, declared: Declared): string {
  const shape = SHAPES[id.slice(id.lastIndexOf('.') + 1)];
  const texts = Object.entries(fields).map(
    ([name, [number, label, type]]) =>
      `${name}:${number}${presence(name, label, type, declared)}${typeText(id, label, type)}`,
  );
  return [...(shape ? [`~${shape}`] : []), ...texts].join(' ');
}

/** When a field is in JSON: see `Presence` in `openapi/protobuf-table.ts`. */
function presence(name: string, label: string, type: string, declared: Declared): string {
  const isIn = (list: string[] | undefined) => list?.includes(name) === true;
  if (isIn(declared.inline)) return '^';
  if (isIn(declared.pointer)) return isIn(declared.always) ? '&' : '*';
  if (isIn(declared.omitZero)) return '-';
  const isStruct = label === 'optional' && type.includes('.');
  return isStruct || isIn(declared.always) ? '!' : '?';
}

function typeText(owner: string, label: string, type: string): string {
  const values = /^map<string,(.*)>$/.exec(type)?.[1];
  if (values) return `{}${valueText(owner, values)}`;
  return `${label === 'repeated' ? '[]' : ''}${valueText(owner, type)}`;
}

/** A scalar's name, `@` and a definition id, or `@.` and a name in the owner's package. */
function valueText(owner: string, type: string): string {
  if (!type.includes('.')) return type;
  const special = SPECIAL[type];
  if (special) return special;
  const home = `${packageOf(owner)}.`;
  return `@${type.startsWith(home) ? type.slice(home.length - 1) : type}`;
}
