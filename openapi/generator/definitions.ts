/** Writes what the OpenAPI documents are built from: definitions with their prose, and the query parameters. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DefinitionsFile, DocumentedDefinition, DocumentedField, DocumentedParameter } from '../documents-file.ts';
import { type Facts, type Rule, rulesOf } from './facts.ts';
import { clientNodeGenerated, type Definition, type Field } from './model.ts';
import { typeCode } from './wire-schema.ts';

/** Text of `openapi/generated/definitions.json`. */
export function definitionsText(definitions: Definition[], facts: Facts): string {
  const documented: Record<string, DocumentedDefinition> = {};
  for (const definition of definitions) documented[definition.id] = documentedDefinition(definition, facts);
  const file: DefinitionsFile = {
    definitions: documented,
    parameters: readParameters(),
    connect: readConnectParameters(),
  };
  return JSON.stringify(file);
}

function documentedDefinition(definition: Definition, facts: Facts): DocumentedDefinition {
  const rules = rulesOf(definition, facts);
  const required = definition.fields.filter((field) => field.required).map((field) => field.name);
  const gvk = groupVersionKind(definition);
  const result: DocumentedDefinition = { f: {} };
  if (definition.description) result.d = definition.description;
  if (required.length > 0) result.required = required;
  if (gvk) result.gvk = gvk;
  for (const field of definition.fields) result.f[field.name] = documentedField(field, rules[field.name]);
  return result;
}

function documentedField(field: Field, rule: Rule | undefined): DocumentedField {
  const result: DocumentedField = { t: documentedCode(field) };
  if (field.description) result.d = field.description;
  if (!rule) return result;
  const fallback = parseDefault(rule.default);
  if (fallback !== undefined) result.default = fallback;
  if (rule.values) result.enum = rule.values;
  const extensions = extensionsOf(rule);
  if (Object.keys(extensions).length > 0) result.x = extensions;
  return result;
}

function documentedCode(field: Field): string {
  const code = typeCode(field.type);
  if (field.type.kind !== 'object') return code;
  return field.type.format === 'RawExtension' ? 'raw' : field.type.format === 'FieldsV1' ? 'fields' : code;
}

function parseDefault(text: string | undefined): unknown {
  return text === undefined || text.startsWith('ref(') ? undefined : JSON.parse(text);
}

function extensionsOf(rule: Rule): Record<string, unknown> {
  return {
    ...(rule.listMapKeys ? { 'list-map-keys': rule.listMapKeys } : {}),
    ...(rule.listType ? { 'list-type': rule.listType } : {}),
    ...(rule.mapType || rule.structType ? { 'map-type': rule.mapType ?? rule.structType } : {}),
    ...(rule.patchMergeKey ? { 'patch-merge-key': rule.patchMergeKey } : {}),
    ...(rule.patchStrategy ? { 'patch-strategy': rule.patchStrategy } : {}),
  };
}

/** Groups whose name is not their package with `.k8s.io` after it. */
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
  meta: '',
};

function groupVersionKind(definition: Definition): DocumentedDefinition['gvk'] {
  const names = new Set(definition.fields.map((field) => field.name));
  const isKind = names.has('metadata') || /\.(DeleteOptions|APIVersions|API\w+List|APIGroup)$/.test(definition.id);
  if (!isKind || !names.has('kind') || !names.has('apiVersion')) return undefined;
  const [pkg = '', version = '', kind = ''] = definition.id.split('.').slice(-3);
  return { group: GROUPS[pkg] ?? `${pkg}.k8s.io`, kind, version };
}

/** Calls whose parameters, taken together, are those of every verb. */
const TYPICAL = ['createNamespacedPod', 'patchNamespacedPod', 'listNamespacedPod', 'deleteCollectionNamespacedPod'];

function readParameters(): Record<string, DocumentedParameter> {
  const api = coreApi();
  const all: Record<string, DocumentedParameter> = Object.assign(
    {},
    ...TYPICAL.map((method) => parametersOf(api, method)),
  );
  // Where no patch is meant, the text is shorter.
  const { fieldManager } = parametersOf(api, 'createNamespacedPod');
  if (!fieldManager || !all.pretty) throw new Error("read client-node's parameters: fieldManager or pretty is missing");
  const { fieldManager: patchFieldManager } = parametersOf(api, 'patchNamespacedPod');
  return { ...all, fieldManager, ...(patchFieldManager ? { patchFieldManager } : {}) };
}

/** `pods/exec` → its query parameters. */
function readConnectParameters(): Record<string, Record<string, DocumentedParameter>> {
  const api = coreApi();
  const result: Record<string, Record<string, DocumentedParameter>> = {};
  const methods = { exec: 'connectGet…Exec', attach: 'connectGet…Attach', portforward: 'connectGet…Portforward' };
  for (const [name, pattern] of Object.entries({ ...methods, log: 'read…Log', proxy: 'connectGet…Proxy' })) {
    const {
      name: _name,
      namespace: _namespace,
      pretty: _pretty,
      ...query
    } = parametersOf(api, pattern.replace('…', 'NamespacedPod'));
    result[`pods/${name}`] = query;
  }
  result['nodes/proxy'] = onlyPath(parametersOf(api, 'connectGetNodeProxy'));
  result['services/proxy'] = onlyPath(parametersOf(api, 'connectGetNamespacedServiceProxy'));
  return result;
}

function onlyPath(parameters: Record<string, DocumentedParameter>): Record<string, DocumentedParameter> {
  return parameters.path ? { path: parameters.path } : {};
}

function coreApi(): string {
  return readFileSync(join(clientNodeGenerated(), 'apis', 'CoreV1Api.d.ts'), 'utf8');
}

function parametersOf(api: string, method: string): Record<string, DocumentedParameter> {
  const end = api.indexOf(`    ${method}(`);
  if (end < 0) throw new Error(`read client-node's parameters: no call ${method}`);
  const comment = api.slice(api.lastIndexOf('/**', end), end);
  const signature = api.slice(end, api.indexOf('\n', end));
  const result: Record<string, DocumentedParameter> = {};
  for (const [, name = '', description = ''] of comment.matchAll(/@param (\w+) (.+)$/gm)) {
    const type = new RegExp(`\\b${name}\\??: (\\w+)`).exec(signature)?.[1];
    if (name === 'body' || !type) continue;
    result[name.replace(/^_/, '')] = {
      type: type === 'number' ? 'integer' : type === 'boolean' ? 'boolean' : 'string',
      description: withoutEscapes(description),
    };
  }
  return result;
}

function withoutEscapes(html: string): string {
  return html
    .replace(/\\/g, '')
    .replace(/&quot;/g, '"')
    .replace(/&#x([0-9A-Fa-f]+);/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&amp;/g, '&');
}
