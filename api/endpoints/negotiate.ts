/** Content negotiation, as upstream does it in two steps: the router's, then that of the endpoint. */
import { memo } from '../../base/memo.ts';
import { notAcceptable, StatusError } from '../../openapi/status.ts';

export type Format = 'json' | 'yaml' | 'protobuf';

export const CONTENT_TYPES: Readonly<Record<Format, string>> = {
  json: 'application/json',
  yaml: 'application/yaml',
  protobuf: 'application/vnd.kubernetes.protobuf',
};

export type TransformKind = 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList';

export interface Presentation {
  format: Format;
  /** Another kind than the resource's own: a Table or only its metadata, in the given version of meta.k8s.io. */
  as?: { kind: TransformKind; version: string };
  pretty: boolean;
}

export const PLAIN: Presentation = { format: 'json', pretty: false };

/** What an endpoint can answer, and what it is asked. */
export interface Offer {
  /** A watch: YAML has no framing, and nothing is indented. */
  stream?: boolean;
  /** Whether the kind has protobuf messages; those of custom resources do not. True when absent. */
  protobuf?: boolean;
  /** Whether Tables and bare metadata are to be had. Errors and discovery are only what they are. */
  transforms?: boolean;
  /** Whether that goes for Tables; what is only ever created has none. True when absent. */
  tables?: boolean;
  userAgent?: string;
  /** The request's `pretty`. */
  pretty?: string | null;
}

/** One form that a client accepts. */
export interface Clause {
  /** For example `application/json`. */
  type: string;
  /** Without `q`. */
  parameters: ReadonlyMap<string, string>;
  quality: number;
}

/** There are as many Accept headers as there are programs. */
const HEADERS_REMEMBERED = 256;

/** In the order in which a wildcard takes them. */
const FORMATS: readonly Format[] = ['json', 'yaml', 'protobuf'];
export const MEDIA_TYPES: readonly string[] = FORMATS.map((format) => CONTENT_TYPES[format]);
const STREAM_TYPES = [`${CONTENT_TYPES.json};stream=watch`, `${CONTENT_TYPES.protobuf};stream=watch`];
const TRANSFORMS: ReadonlySet<string> = new Set(['Table', 'PartialObjectMetadata', 'PartialObjectMetadataList']);
const META_VERSIONS: ReadonlySet<string> = new Set(['v1', 'v1beta1']);

/** Picks the form for an answer. Throws 406 when the client accepts none of ours. */
export function negotiate(accept: string | undefined, offer: Offer = {}): Presentation {
  const pretty = prettyWanted(offer.pretty ?? null, offer.userAgent ?? '');
  const found = accept ? firstAcceptable(parseAccept(accept), offer) : PLAIN;
  if (!found) throw notAcceptable([...MEDIA_TYPES]);
  // Upstream chooses without a thought for framing and refuses then, though the next choice might do.
  if (offer.stream && found.format === 'yaml') throw notAcceptable(STREAM_TYPES);
  return { ...found, pretty: found.format === 'json' && !offer.stream && (found.pretty || pretty) };
}

function firstAcceptable(clauses: readonly Clause[], offer: Offer): Presentation | undefined {
  for (const clause of clauses) {
    for (const format of FORMATS) {
      if (!matchesType(clause.type, CONTENT_TYPES[format])) continue;
      const presentation = presentationOf(clause.parameters, format, offer);
      if (presentation) return presentation;
    }
  }
  return undefined;
}

function matchesType(wanted: string, type: string): boolean {
  return wanted === type || wanted === '*/*' || wanted === 'application/*';
}

/** The form that a clause asks for in a format, if it is to be had. Parameters that mean nothing to us are ignored. */
function presentationOf(
  parameters: ReadonlyMap<string, string>,
  format: Format,
  { protobuf = true, transforms = false, tables = true }: Offer,
): Presentation | undefined {
  const stream = parameters.get('stream');
  if (stream !== undefined && (stream !== 'watch' || format === 'yaml')) return undefined;
  const serverVersion = parameters.get('sv');
  if (serverVersion !== undefined && !(transforms && serverVersion === 'v1')) return undefined;
  const pretty = parameters.get('pretty') === '1';
  const kind = parameters.get('as');
  const group = parameters.get('g');
  const version = parameters.get('v');
  if (kind === undefined && group === undefined && version === undefined)
    return format === 'protobuf' && !protobuf ? undefined : { format, pretty };
  if (!transforms || group !== 'meta.k8s.io' || !META_VERSIONS.has(version ?? '') || !isTransform(kind))
    return undefined;
  if (kind === 'Table' && (format === 'protobuf' || !tables)) return undefined;
  return { format, pretty, as: { kind, version: version ?? '' } };
}

function isTransform(kind: string | undefined): kind is TransformKind {
  return kind !== undefined && TRANSFORMS.has(kind);
}

/**
 * The router's step: throws 406 unless some type is named that the endpoint produces, or any is welcome. It compares
 * by the letter, and knows no `application/*`.
 */
export function checkRoute(accept: string | undefined, produced: readonly string[] = MEDIA_TYPES): void {
  if (!accept) return;
  const types = bareTypes(accept);
  if (types.has('*/*') || produced.some((type) => types.has(bareType(type)))) return;
  throw new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: `406: Not Acceptable\n\nAvailable representations: ${produced.join(', ')}`,
    reason: 'NotAcceptable',
    details: {},
    code: 406,
  });
}

/** What a collection produces beside what every endpoint does. */
export const LIST_TYPES: readonly string[] = [...MEDIA_TYPES, ...STREAM_TYPES];

const bareTypes = memo(HEADERS_REMEMBERED, (accept) => new Set(accept.split(',').map(bareType)));

function bareType(text: string): string {
  return (text.split(';')[0] ?? '').trim();
}

/** Go sorts as few as these by insertion. */
const INSERTION_MAX = 12;

/** The clauses of an Accept header, most wanted first, as Go's servers read and order them. */
export const parseAccept: (accept: string) => readonly Clause[] = memo(HEADERS_REMEMBERED, (accept) => {
  const clauses = accept.split(',').flatMap((text) => parseClause(text) ?? []);
  if (clauses.length > INSERTION_MAX) return clauses.sort((a, b) => b.quality - a.quality);
  const sorted: Clause[] = [];
  for (const clause of clauses) {
    // "Before" is no order that sorting another way would end with, so it has to be this one.
    let at = sorted.length;
    while (at > 0 && isBefore(clause, sorted[at - 1] as Clause)) at--;
    sorted.splice(at, 0, clause);
  }
  return sorted;
});

function parseClause(text: string): Clause | undefined {
  const [media = '', ...rest] = text.split(';');
  const parts = media.split('/').map((part) => part.trim());
  const [type, subtype = type === '*' ? '*' : ''] = parts;
  if (parts.length > 2 || subtype === '') return undefined;
  const parameters = new Map<string, string>();
  let quality = 1;
  for (const part of rest) {
    const [name = '', value = '', ...more] = part.split('=').map((piece) => piece.trim());
    if (value === '' || more.length > 0) continue;
    if (name === 'q') quality = /^[+-]?(\d+\.?\d*|\.\d+)$/.test(value) ? Number(value) : 0;
    else parameters.set(name, value);
  }
  return { type: `${type}/${subtype}`, parameters, quality };
}

function isBefore(a: Clause, b: Clause): boolean {
  if (a.quality > b.quality) return true;
  return (!a.type.startsWith('*/') && b.type.startsWith('*/')) || (!a.type.endsWith('/*') && b.type.endsWith('/*'));
}

const TRUE = /^(1|t|T|TRUE|true|True)$/;

/** People at a terminal or a browser get indented JSON, as upstream gives them. */
function prettyWanted(parameter: string | null, userAgent: string): boolean {
  if (parameter) return TRUE.test(parameter);
  return /^(curl|Wget|Mozilla\/5\.0)/.test(userAgent);
}
