/** Bodies: from bytes of any type we read to an object of the kind that the path stands for. */

import { duplicateFields } from '../../openapi/duplicate-fields.ts';
import { apiVersionOf, type KubeObject } from '../../openapi/object.ts';
import { type Decoded, decode } from '../../openapi/schema.ts';
import { badRequest, unsupportedMediaType } from '../../openapi/status.ts';
import type { ApiRequest } from '../http/request.ts';
import { PROTOBUF, protobufValue } from './decode-protobuf.ts';
import { parseYaml } from './yaml.ts';

export const BODY_TYPES = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];

/** A kind of body and the schema it must meet. */
export interface Expected {
  group: string;
  version: string;
  kind: string;
  definition: string;
  /** In place of the definition's. */
  decode?(value: unknown): Decoded;
}

/** Whether a kind exists at all, for the wording of a refusal. */
export type KnownKind = (apiVersion: string, kind: string) => boolean;

/** Reads the request's body as an object of the expected kind, checked and normalised. Throws upstream's errors. */
export async function decodeBody(request: ApiRequest, expected: Expected, isKnown: KnownKind): Promise<KubeObject> {
  return typed(await bodyValue(request, expected.kind), request, expected, isKnown);
}

/** The same for a body that may be left out, such as DeleteOptions: `undefined` then. */
export async function decodeOptionalBody(
  request: ApiRequest,
  expected: Expected,
  isKnown: KnownKind,
): Promise<KubeObject | undefined> {
  if (request.value === undefined && (await request.bytes()).length === 0) return undefined;
  return decodeBody(request, expected, isKnown);
}

/** Checks a value against a kind's schema: kind and version first, then every field, as Go's decoder would. */
export function typed(
  value: unknown,
  request: Pick<ApiRequest, 'query' | 'warnings' | 'duplicates'>,
  expected: Expected,
  isKnown: KnownKind,
): KubeObject {
  checkKind(value, expected, isKnown);
  const prefix = `${expected.kind} in version ${JSON.stringify(expected.version)} cannot be handled as a ${expected.kind}: `;
  const decoded = expected.decode ? expected.decode(value) : decode(expected.definition, value);
  const [first] = decoded.errors;
  if (first !== undefined) throw badRequest(prefix + first.message);
  reportUnknown([...decoded.unknown, ...(request.duplicates ?? [])], request, prefix);
  const object = decoded.value as KubeObject;
  keepReset(value, object);
  object.kind = expected.kind;
  object.apiVersion = apiVersionOf(expected);
  return object;
}

/** An empty list of managers is not the same as none: it resets them, as one empty entry does. */
function keepReset(value: unknown, object: KubeObject): void {
  const sent = (value as KubeObject).metadata?.managedFields;
  if (Array.isArray(sent) && sent.length === 0) object.metadata = { ...object.metadata, managedFields: [{}] };
}

const WARNINGS_MAX = 10;

function reportUnknown(
  unknown: readonly string[],
  request: Pick<ApiRequest, 'query' | 'warnings'>,
  prefix: string,
): void {
  const mode = request.query.get('fieldValidation') || 'Warn';
  if (unknown.length === 0 || mode === 'Ignore') return;
  if (mode === 'Strict') throw badRequest(`${prefix}strict decoding error: ${unknown.join(', ')}`);
  for (const warning of unknown.slice(0, WARNINGS_MAX)) request.warnings.push(warning);
}

/** The body as a value, before any schema. */
export async function bodyValue(request: ApiRequest, kind: string): Promise<unknown> {
  if (request.value !== undefined) return request.value;
  const type = mediaType(request.header('content-type'));
  const bytes = await request.bytes();
  const unrecognized = (detail: string) =>
    badRequest(
      `the object provided is unrecognized (must be of type ${kind}): couldn't get version/kind; ${detail} (${preview(bytes)})`,
    );
  if (type === 'application/json' || request.header('content-type') === undefined) {
    try {
      const value = parseJson(bytes);
      request.duplicates = duplicateFields(bytes.toString());
      return value;
    } catch (error) {
      throw unrecognized(`json parse error: ${goJsonMessage(error)}`);
    }
  }
  if (type === 'application/yaml') return yamlValue(bytes, unrecognized);
  if (type === PROTOBUF) {
    const { group = '', version = '' } = request.info.resource ?? {};
    return protobufValue(bytes, { kind, apiVersion: apiVersionOf({ group, version }) }, preview(bytes));
  }
  throw unsupportedMediaType(BODY_TYPES);
}

/** Strict UTF-8, then JSON. */
export function parseJson(bytes: Buffer): unknown {
  return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
}

async function yamlValue(bytes: Buffer, unrecognized: (detail: string) => Error): Promise<unknown> {
  try {
    return await parseYaml(bytes);
  } catch (error) {
    throw unrecognized(`yaml: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`);
  }
}

/** The type of a Content-Type header, without its parameters. */
export function mediaType(header: string | undefined): string {
  return (header ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}

/** Kinds that upstream registers in every group and version, so that a body may name any. */
const EVERYWHERE = new Set(['DeleteOptions']);

function checkKind(value: unknown, expected: Expected, isKnown: KnownKind): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const found = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
    throw badRequest(
      `the object provided is unrecognized (must be of type ${expected.kind}): couldn't get version/kind; json parse error: json: cannot unmarshal ${found} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`,
    );
  }
  const { kind, apiVersion } = value as Record<string, unknown>;
  for (const [name, part] of [
    ['APIVersion', apiVersion],
    ['Kind', kind],
  ] as const) {
    if (part !== undefined && part !== null && typeof part !== 'string') {
      throw badRequest(
        `couldn't get version/kind; json parse error: json: cannot unmarshal ${typeof part} into Go struct field .${name === 'Kind' ? 'kind' : 'apiVersion'} of type string`,
      );
    }
  }
  const found = { apiVersion: String(apiVersion || apiVersionOf(expected)), kind: String(kind || expected.kind) };
  if (found.kind === expected.kind && (found.apiVersion === apiVersionOf(expected) || EVERYWHERE.has(found.kind)))
    return;
  const version = found.apiVersion.slice(found.apiVersion.indexOf('/') + 1);
  const why = isKnown(found.apiVersion, found.kind)
    ? `converting (${version}.${found.kind}) to (${expected.group || 'core'}.${expected.kind}): unknown conversion`
    : `no kind ${JSON.stringify(found.kind)} is registered for version ${JSON.stringify(found.apiVersion)} in scheme "pkg/api/legacyscheme/scheme.go:30"`;
  throw badRequest(
    `${found.kind} in version ${JSON.stringify(version)} cannot be handled as a ${expected.kind}: ${why}`,
  );
}

/** V8's complaint about JSON in Go's words, as far as the two can be matched. */
function goJsonMessage(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (
    /Unexpected end|Unterminated string|Expected .* at position|property name or '}'/.test(message) &&
    !/token/.test(message)
  ) {
    return /Unexpected end|Unterminated/.test(message)
      ? 'unexpected end of JSON input'
      : 'invalid character looking for beginning of object key string';
  }
  const token = /Unexpected token '?(.)/.exec(message)?.[1];
  return token === undefined ? message : `invalid character '${token}' looking for beginning of value`;
}

const PREVIEW_MAX = 64;

function preview(bytes: Buffer): string {
  if (bytes.length === 0) return '<empty>';
  const head = bytes.subarray(0, PREVIEW_MAX);
  const text = head.toString('utf8');
  return text.startsWith('{') ? text : head.toString('hex');
}
