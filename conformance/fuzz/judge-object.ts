/** The shape of what an answer holds: an object, a list, a Table, metadata alone, a Status. */
import type { FuzzRequest } from './request.ts';

type Fields = Record<string, unknown>;

/** In the forms that Accept may ask for, and what deletions and evictions answer. */
const ALWAYS = ['Table', 'PartialObjectMetadata', 'PartialObjectMetadataList', 'Status'];

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What is wrong with the object of a success. */
export function judgeSuccess({ kinds }: FuzzRequest, value: unknown): string | undefined {
  if (!isFields(value)) return 'a success that is no object';
  const { kind, apiVersion } = value;
  if (typeof kind !== 'string' || kind === '') return 'an object without kind';
  // The document of a core version alone has none, by an accident of history.
  if (typeof apiVersion !== 'string' && !/^API/.test(kind)) return 'an object without apiVersion';
  if (kinds && !kinds.includes(kind) && !ALWAYS.includes(kind)) return `a ${kind}, not a ${kinds.join(' or ')}`;
  if (kind === 'Status') return value.status === 'Success' ? undefined : `a success that is a ${String(value.status)}`;
  if (kind === 'Table') return judgeTable(value);
  if (kind.endsWith('List') && kinds) return judgeList(value);
  return undefined;
}

function judgeList({ items, metadata, kind }: Fields): string | undefined {
  // Protobuf tells no empty list from none.
  if (items !== undefined && items !== null && !Array.isArray(items))
    return `the items of a ${String(kind)} are no list`;
  if (!isFields(metadata)) return 'a list without metadata';
  const nameless = (items ?? []).find(
    (item: unknown) => !isFields(item) || !isFields(item.metadata) || !item.metadata.name,
  );
  return nameless === undefined ? undefined : 'a list with an item without a name';
}

function judgeTable({ columnDefinitions, rows }: Fields): string | undefined {
  if (!Array.isArray(columnDefinitions)) return 'a Table without columns';
  if (rows !== undefined && rows !== null && !Array.isArray(rows)) return 'a Table whose rows are no list';
  const odd = (rows ?? []).find((row: unknown) => !isFields(row) || !Array.isArray(row.cells));
  if (odd !== undefined) return 'a row without cells';
  const count = columnDefinitions.length;
  // A watch sends the columns once.
  const short = (rows ?? []).find((row: { cells: unknown[] }) => count > 0 && row.cells.length !== count);
  return short === undefined
    ? undefined
    : `a row of ${(short as { cells: unknown[] }).cells.length} cells in ${count} columns`;
}

/** What is wrong with the Status of a failure. */
export function judgeFailure(value: unknown, code: number): string | undefined {
  if (!isFields(value)) return 'an error that is no object';
  if (value.kind !== 'Status' || value.apiVersion !== 'v1' || value.status !== 'Failure')
    return 'an error that is no Status';
  if (value.code !== code) return `code ${String(value.code)} in the Status`;
  if (typeof value.message !== 'string' || value.message === '') return 'a Status without a message';
  if (
    /\[object |undefined|TypeError|RangeError|Cannot read prop|is not a function|not iterable/.test(
      unquoted(value.message),
    )
  ) {
    return 'a message that shows the inside';
  }
  if (value.reason !== undefined && (typeof value.reason !== 'string' || value.reason === '')) return 'an odd reason';
  return judgeDetails(value.details);
}

/** Without what was said by the request itself. */
function unquoted(message: string): string {
  return message.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""');
}

function judgeDetails(details: unknown): string | undefined {
  if (details === undefined) return undefined;
  if (!isFields(details)) return 'details that are no object';
  const { causes } = details;
  if (causes === undefined || causes === null) return undefined;
  if (!Array.isArray(causes)) return 'causes that are no list';
  return causes.every((cause) => isFields(cause) && typeof cause.message === 'string')
    ? undefined
    : 'a cause without message';
}
