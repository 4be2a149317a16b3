/** Content negotiation: which of the forms we can write is the one the client asks for. */
import { notAcceptable } from '../../openapi/status.ts';

export interface Presentation {
  format: 'json' | 'yaml';
  /** Another kind than the resource's own: a Table or only its metadata, in the given version of meta.k8s.io. */
  as?: { kind: 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList'; version: string };
  pretty: boolean;
}

export const PLAIN: Presentation = { format: 'json', pretty: false };

interface Clause {
  type: string;
  parameters: Map<string, string>;
  quality: number;
}

const FORMATS: Record<string, Presentation['format']> = {
  'application/json': 'json',
  '*/*': 'json',
  'application/*': 'json',
  'application/yaml': 'yaml',
};

const MEDIA_TYPES = ['application/json', 'application/yaml'];
const AS = new Set(['Table', 'PartialObjectMetadata', 'PartialObjectMetadataList']);

/** Picks the form for an answer. Throws 406 when the client accepts none of ours. */
export function negotiate(
  accept: string | undefined,
  options: { userAgent?: string; pretty?: string | null; stream: boolean },
): Presentation {
  const pretty = prettyWanted(options.pretty ?? null, options.userAgent ?? '');
  if (!accept) return { format: 'json', pretty };
  for (const clause of parseAccept(accept)) {
    const format = FORMATS[clause.type];
    // A YAML watch has no framing upstream either.
    if (!format || (options.stream && format !== 'json')) continue;
    const as = clause.parameters.get('as');
    if (as === undefined) return { format, pretty };
    const version = clause.parameters.get('v') ?? '';
    if (!AS.has(as) || clause.parameters.get('g') !== 'meta.k8s.io' || !['v1', 'v1beta1'].includes(version)) continue;
    return { format, pretty, as: { kind: as as NonNullable<Presentation['as']>['kind'], version } };
  }
  throw notAcceptable(MEDIA_TYPES);
}

/** The clauses of an Accept header, most wanted first. */
export function parseAccept(accept: string): Clause[] {
  const clauses = accept.split(',').map((text): Clause => {
    const [type = '', ...rest] = text.split(';').map((part) => part.trim());
    const parameters = new Map(
      rest.map((part) => {
        const equals = part.indexOf('=');
        return equals < 0 ? [part, ''] : [part.slice(0, equals), part.slice(equals + 1)];
      }),
    );
    const quality = Number(parameters.get('q') ?? '1');
    return { type: type.toLowerCase(), parameters, quality: Number.isFinite(quality) ? quality : 0 };
  });
  return clauses.filter((clause) => clause.quality > 0).sort((a, b) => b.quality - a.quality);
}

/** People at a terminal or a browser get indented JSON, as upstream gives them. */
function prettyWanted(parameter: string | null, userAgent: string): boolean {
  if (parameter !== null) return parameter !== '0' && parameter.toLowerCase() !== 'false';
  return /^(curl|Wget|Mozilla\/5\.0)/.test(userAgent);
}
