/** Bodies: from bytes of any type we read to an object of the kind that the path stands for. */
import { messageOf } from '../../base/errors.ts';
import { utf8Text, withoutLoneSurrogates } from '../../base/utf8.ts';
import { duplicateFields } from '../../openapi/duplicate-fields.ts';
import { goJsonSyntaxError } from '../../openapi/go-json-syntax.ts';
import { jsonKind } from '../../openapi/json.ts';
import { apiVersionOf, type KubeObject } from '../../openapi/object.ts';
import { type Decoded, decode } from '../../openapi/schema.ts';
import { badRequest, invalid, type StatusError, unsupportedMediaType } from '../../openapi/status.ts';
import type { ApiRequest } from '../http/request.ts';
import { isCustom } from '../registry/declaration.ts';
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
  /** Of custom resources only. */
  applySchema?: unknown;
}

/** Whether a kind exists at all, for the wording of a refusal. */
export type KnownKind = (apiVersion: string, kind: string) => boolean;

/** Reads the request's body as an object of the expected kind, checked and normalised. Throws upstream's errors. */
export async function decodeBody(request: ApiRequest, expected: Expected, isKnown: KnownKind): Promise<KubeObject> {
  const value = await bodyValue(request, expected.kind);
  const problem = interpretationError(value, expected);
  if (problem === undefined && isCustom(expected)) checkHasKind(value, expected);
  if (problem === undefined) return typed(value ?? {}, request, expected, isKnown);
  const bytes = request.value === undefined ? await request.bytes() : Buffer.from(JSON.stringify(value) ?? 'null');
  throw unrecognized(expected.kind, problem, bytes);
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

/**
 * Checks an object against a kind's schema: kind and version first, then every field, as Go's decoder would. `refusal`
 * makes an error of what is wrong with it; absent, it is the one of a body.
 */
export function typed(
  value: unknown,
  request: Pick<ApiRequest, 'query' | 'warnings' | 'duplicates'>,
  expected: Expected,
  isKnown: KnownKind,
  refusal?: (detail: string) => StatusError,
): KubeObject {
  if (isCustom(expected)) checkUnstructured(value as KubeObject, expected);
  else checkKind(value, expected, isKnown, refusal);
  const { kind, version } = expected;
  const refuse = refusal ?? ((detail) => badRequest(handledAs(kind, version, kind) + detail));
  const decoded = expected.decode ? expected.decode(value) : decode(expected.definition, value);
  const [first] = decoded.errors;
  if (first !== undefined) throw refuse(first.message);
  reportUnknown([...decoded.unknown, ...(request.duplicates ?? [])], request, refuse);
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
  refuse: (detail: string) => StatusError,
): void {
  const mode = request.query.get('fieldValidation') || 'Warn';
  if (unknown.length === 0 || mode === 'Ignore') return;
  if (mode === 'Strict') throw refuse(`strict decoding error: ${unknown.join(', ')}`);
  for (const warning of unknown.slice(0, WARNINGS_MAX)) request.warnings.push(warning);
}

/** The body as a value, before any schema. */
export async function bodyValue(request: ApiRequest, kind: string): Promise<unknown> {
  if (request.value !== undefined) return request.value;
  const type = mediaType(request.header('content-type'));
  const bytes = await request.bytes();
  if (type === 'application/json' || request.header('content-type') === undefined) {
    try {
      const text = utf8Text(bytes);
      const value = parseJsonText(text);
      request.duplicates = duplicateFields(text, value);
      return value;
    } catch (error) {
      const message = goJsonSyntaxError(bytes) ?? messageOf(error);
      throw unrecognized(kind, `couldn't get version/kind; json parse error: ${message}`, bytes);
    }
  }
  if (type === 'application/yaml') return yamlValue(request, bytes, kind);
  if (type === PROTOBUF) {
    const { group = '', version = '' } = request.info.resource ?? {};
    return protobufValue(bytes, { kind, apiVersion: apiVersionOf({ group, version }) }, preview(bytes));
  }
  throw unsupportedMediaType(BODY_TYPES);
}

/** JSON as Go reads it: what is no character becomes U+FFFD. */
export function parseJson(bytes: Buffer): unknown {
  return parseJsonText(utf8Text(bytes));
}

function parseJsonText(text: string): unknown {
  return JSON.parse(withoutLoneSurrogates(text));
}

/** Of a key that is there twice the last counts; what is said of it is for `typed` to say. */
async function yamlValue(request: ApiRequest, bytes: Buffer, kind: string): Promise<unknown> {
  try {
    const { value, duplicate } = await parseYaml(bytes);
    if (duplicate !== undefined) request.duplicates = [duplicate];
    return value;
  } catch (error) {
    throw unrecognized(kind, `yaml: ${messageOf(error).split('\n')[0]}`, bytes);
  }
}

function unrecognized(kind: string, detail: string, bytes: Buffer): StatusError {
  return badRequest(`the object provided is unrecognized (must be of type ${kind}): ${detail} (${preview(bytes)})`);
}

function handledAs(kind: string, version: string, expected: string): string {
  return `${kind} in version ${JSON.stringify(version)} cannot be handled as a ${expected}: `;
}

/** The type of a Content-Type header, without its parameters. */
export function mediaType(header: string | undefined): string {
  return (header ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}

/** Kinds that upstream registers in every group and version, so that a body may name any. */
const EVERYWHERE = new Set(['DeleteOptions']);

/** Why it cannot be told from the value which kind it is of; `undefined` where it can. Null is an empty object. */
function interpretationError(value: unknown, expected: Expected): string | undefined {
  const problem = kindError(value);
  if (problem !== undefined) return `couldn't get version/kind; json parse error: json: cannot unmarshal ${problem}`;
  const { apiVersion } = (value ?? {}) as KubeObject;
  if (isCustom(expected) || !apiVersion || apiVersion.split('/').length < 3) return undefined;
  return `unexpected GroupVersion string: ${apiVersion}`;
}

/** A custom resource can be of any kind, so it has to tell which. */
function checkHasKind(value: unknown, { kind, version }: Expected): void {
  const { kind: found, apiVersion } = (value ?? {}) as KubeObject;
  if (found) return;
  const asked = apiVersion ? apiVersion.slice(apiVersion.indexOf('/') + 1) : version;
  throw badRequest(`${handledAs(kind, asked, kind)}Object 'Kind' is missing in '${JSON.stringify(value)}'`);
}

function kindError(value: unknown): string | undefined {
  if (typeof value !== 'object' || Array.isArray(value)) {
    const found = typeof value === 'boolean' ? 'bool' : jsonKind(value);
    return `${found} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`;
  }
  for (const name of ['apiVersion', 'kind'] as const) {
    const part: unknown = (value as KubeObject | null)?.[name] ?? '';
    if (typeof part !== 'string') return `${jsonKind(part)} into Go struct field .${name} of type string`;
  }
  return undefined;
}

function checkKind(
  value: unknown,
  expected: Expected,
  isKnown: KnownKind,
  refusal?: (detail: string) => StatusError,
): void {
  const problem = kindError(value);
  if (problem !== undefined) throw (refusal ?? badRequest)(`json: cannot unmarshal ${problem}`);
  const { kind, apiVersion } = value as KubeObject;
  const found = { apiVersion: apiVersion || apiVersionOf(expected), kind: kind || expected.kind };
  if (found.kind === expected.kind && (found.apiVersion === apiVersionOf(expected) || EVERYWHERE.has(found.kind)))
    return;
  const version = found.apiVersion.slice(found.apiVersion.indexOf('/') + 1);
  const why =
    isKnown(found.apiVersion, found.kind) || isListOfKnown(found.apiVersion, found.kind, isKnown)
      ? `converting (${version}.${found.kind}) to (${expected.group || 'core'}.${expected.kind}): unknown conversion`
      : `no kind ${JSON.stringify(found.kind)} is registered for version ${JSON.stringify(found.apiVersion)} in scheme ${JSON.stringify(schemeOf(expected))}`;
  throw refusal?.(why) ?? badRequest(handledAs(found.kind, version, expected.kind) + why);
}

/** Where upstream's source makes the table of kinds that its parts know; these are the lines of 1.36 built with -trimpath. */
const SCHEMES: Readonly<Record<string, string>> = {
  'apiextensions.k8s.io': 'k8s.io/apiextensions-apiserver/pkg/apiserver/apiserver.go:52',
  'apiregistration.k8s.io': 'k8s.io/kube-aggregator/pkg/apiserver/scheme/scheme.go:32',
};

function schemeOf({ group }: Expected): string {
  return SCHEMES[group] ?? 'pkg/api/legacyscheme/scheme.go:30';
}

function isListOfKnown(apiVersion: string, kind: string, isKnown: KnownKind): boolean {
  if (!kind.endsWith('List')) return false;
  return kind === 'List' ? apiVersion === 'v1' : isKnown(apiVersion, kind.slice(0, -'List'.length));
}

/** Of custom resources any kind can be decoded; whether it is the right one is told later, and otherwise. */
function checkUnstructured(object: KubeObject, expected: Expected): void {
  const { apiVersion, kind, metadata } = object;
  // A patch may have put anything there.
  if ([apiVersion, kind].some((part: unknown) => typeof (part ?? '') !== 'string'))
    throw badRequest(`Object 'Kind' is missing in '${JSON.stringify(object)}'`);
  const wanted = apiVersionOf(expected);
  if (apiVersion && apiVersion !== wanted)
    throw badRequest(`the API version in the data (${apiVersion}) does not match the expected API version (${wanted})`);
  if (!kind || kind === expected.kind) return;
  const message = `Invalid value: ${JSON.stringify(kind)}: must be ${expected.kind}`;
  throw invalid({ group: expected.group, kind }, String(metadata?.name ?? ''), [
    { type: 'FieldValueInvalid', field: 'kind', message },
  ]);
}

const PREVIEW_MAX = 30;

/** The beginning of a body for an error: as text where it looks like JSON, else in hexadecimal. */
function preview(bytes: Buffer): string {
  if (bytes.length === 0) return '<empty>';
  const head = bytes.subarray(0, PREVIEW_MAX);
  const text = head[0] === 0x7b ? head.toString('utf8') : head.toString('hex');
  return bytes.length > PREVIEW_MAX ? `${text} ...` : text;
}
