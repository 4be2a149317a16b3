/**
 * Reads the wire schema of Kubernetes off the installed `@kubernetes/client-node` package: every type with its fields,
 * formats, required marks and descriptions, joined with the tables in `openapi/facts`.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** What a field holds. `ref` names a definition; `format` is OpenAPI's. */
export type FieldType =
  | { kind: 'string' | 'boolean' | 'integer' | 'number' | 'any' | 'object'; format?: string }
  | { kind: 'quantity' | 'intOrString' | 'time' | 'microTime' | 'byte' }
  | { kind: 'array'; items: FieldType }
  | { kind: 'map'; values: FieldType }
  | { kind: 'ref'; ref: string };

export interface Field {
  /** Name on the wire. */
  name: string;
  type: FieldType;
  required: boolean;
  description: string;
}

/** One wire type. */
export interface Definition {
  /** OpenAPI definition name, for example `io.k8s.api.core.v1.Pod`. */
  id: string;
  /** Class name in client-node, for example `V1Pod`; also the name of our TypeScript type. */
  model: string;
  description: string;
  fields: Field[];
}

/** Per JSON field: protobuf number, cardinality, type. */
export type WireFact = Record<string, [number, 'optional' | 'repeated' | 'map', string]>;

interface ModelClass {
  attributeTypeMap?: { name: string; baseName: string; type: string; format: string }[];
}

const require = createRequire(import.meta.url);
const QUANTITY = 'io.k8s.apimachinery.pkg.api.resource.Quantity';

/** Directory of client-node's generated code. */
export function clientNodeGenerated(): string {
  return join(dirname(require.resolve('@kubernetes/client-node')), 'gen');
}

/** Reads all definitions, sorted by id. Throws when a model cannot be matched to a definition name. */
export async function readDefinitions(facts: Record<string, WireFact>): Promise<Definition[]> {
  const models = join(clientNodeGenerated(), 'models');
  const names = servedModels(models);
  const ids = matchIds(names, facts, (name) => wireNames(join(models, `${name}.d.ts`)));
  const definitions: Definition[] = [];
  for (const name of names) {
    const loaded = (await import(pathToFileURL(join(models, `${name}.js`)).href)) as Record<string, ModelClass>;
    definitions.push(
      readModel(
        name,
        loaded[name]?.attributeTypeMap ?? [],
        readFileSync(join(models, `${name}.d.ts`), 'utf8'),
        ids,
        facts,
      ),
    );
  }
  return definitions.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** The package keeps files of types long gone; its index names those of the current version. */
function servedModels(models: string): string[] {
  const index = readFileSync(join(models, 'all.js'), 'utf8');
  return [...index.matchAll(/models\/([A-Z]\w*)\.js'/g)].map((match) => match[1] ?? '');
}

function wireNames(declarationFile: string): Set<string> {
  return new Set([...readFileSync(declarationFile, 'utf8').matchAll(/^ {4}'(\w+)'\??: /gm)].map((m) => m[1] ?? ''));
}

/** Packages that carry a model's version but are not served under it. */
const NOT_SERVED =
  /audit|imagepolicy|componentconfig|kubelet|proxy\.config|client-go|\.config\.|custom_metrics|external_metrics/;

/** Types the facts lack, because their group has no protobuf declarations: the aggregator's and the version's. */
const AGGREGATOR = /^(?:Apiregistration)?(V\d+)((?:APIService|ServiceReference)\w*)$/;

function matchIds(
  names: string[],
  facts: Record<string, WireFact>,
  fieldsOf: (name: string) => Set<string>,
): Map<string, string> {
  const bySuffix = new Map<string, string[]>();
  for (const id of Object.keys(facts)) {
    if (NOT_SERVED.test(id)) continue;
    const suffix = id.split('.').slice(-2).join('.');
    bySuffix.set(suffix, [...(bySuffix.get(suffix) ?? []), id]);
  }
  const result = new Map<string, string>();
  const owners = new Map<string, string>();
  for (const name of names) {
    const id = matchId(name, bySuffix, facts, fieldsOf);
    const owner = owners.get(id);
    if (owner) throw new Error(`match client-node's models: ${owner} and ${name} are both ${id}`);
    owners.set(id, name);
    result.set(name, id);
  }
  return result;
}

function matchId(
  name: string,
  bySuffix: Map<string, string[]>,
  facts: Record<string, WireFact>,
  fieldsOf: (name: string) => Set<string>,
): string {
  if (name === 'VersionInfo') return 'io.k8s.apimachinery.pkg.version.Info';
  const parts = /^(\w*?)(V\d+(?:alpha\d+|beta\d+)?)([A-Z]\w*)$/.exec(name);
  if (!parts) throw new Error(`match client-node's models: ${name} is not named Group?VersionType`);
  const [, prefix = '', version = '', type = ''] = parts;
  const candidates = (bySuffix.get(`${version.toLowerCase()}.${type}`) ?? []).filter((id) => inGroup(id, prefix));
  const mine = fieldsOf(name);
  const score = (id: string) => Object.keys(facts[id] ?? {}).filter((field) => mine.has(field)).length;
  const best = candidates.sort((a, b) => score(b) - score(a) || (a < b ? -1 : 1))[0];
  if (best) return best;
  const aggregated = AGGREGATOR.exec(name);
  if (aggregated) return `io.k8s.kube-aggregator.pkg.apis.apiregistration.${version.toLowerCase()}.${type}`;
  throw new Error(`match client-node's models: no definition is known for ${name}`);
}

/** client-node writes the group before the version where a name would be ambiguous otherwise: `CoreV1Event`. */
function inGroup(id: string, prefix: string): boolean {
  return prefix === '' || id.split('.').at(-3) === prefix.toLowerCase();
}

function readModel(
  model: string,
  attributes: { name: string; baseName: string; type: string; format: string }[],
  declaration: string,
  ids: Map<string, string>,
  facts: Record<string, WireFact>,
): Definition {
  const id = ids.get(model) ?? model;
  const optional = new Set([...declaration.matchAll(/^ {4}'(\w+)'\?: /gm)].map((m) => m[1] ?? ''));
  const docs = new Map<string, string>();
  for (const m of declaration.matchAll(/\/\*\*\n((?: {4}\*.*\n)*?) {4}\*\/\n {4}'(\w+)'/g))
    docs.set(m[2] ?? '', docText(m[1] ?? ''));
  const head = /\/\*\*\n((?:\* .*\n)+)\*\/\nexport declare class/.exec(declaration);
  const fields = attributes.map(
    (attribute): Field => ({
      name: attribute.baseName,
      type: fieldType(attribute.type, attribute.format, ids, facts[id]?.[attribute.baseName]?.[2] ?? ''),
      required: !optional.has(attribute.name),
      description: docs.get(attribute.name) ?? '',
    }),
  );
  return { id, model, description: docText(head?.[1] ?? ''), fields };
}

function docText(block: string): string {
  return block
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, ''))
    .join('\n')
    .replace(/\\(["'\\])/g, '$1')
    .trim();
}

function fieldType(type: string, format: string, ids: Map<string, string>, wire: string): FieldType {
  const list = /^Array<(.*)>$/.exec(type);
  if (list) return { kind: 'array', items: fieldType(list[1] ?? 'any', format, ids, wire) };
  const map = /^\{ \[key: string\]: (.*); \}$/.exec(type);
  if (map) return { kind: 'map', values: fieldType(map[1] ?? 'any', format, ids, wire) };
  switch (type) {
    case 'string':
      if (wire.includes(QUANTITY)) return { kind: 'quantity' };
      return format === 'byte' ? { kind: 'byte' } : format ? { kind: 'string', format } : { kind: 'string' };
    case 'number':
      return format === 'double' ? { kind: 'number', format } : { kind: 'integer', ...(format ? { format } : {}) };
    case 'boolean':
      return { kind: 'boolean' };
    case 'Date':
      return { kind: 'time' };
    case 'V1MicroTime':
      return { kind: 'microTime' };
    case 'IntOrString':
      return { kind: 'intOrString' };
    case 'any':
      if (wire.includes('RawExtension')) return { kind: 'object', format: 'RawExtension' };
      return wire.includes('FieldsV1') ? { kind: 'object', format: 'FieldsV1' } : { kind: 'any' };
    default: {
      const ref = ids.get(type);
      if (!ref) throw new Error(`read client-node's models: unknown field type ${type}`);
      return { kind: 'ref', ref };
    }
  }
}
