/** Which version of the tables a store has. */
import { StorageError } from '../interface.ts';
import { STATE, type Tables } from './backend.ts';
import { encodeState, type State } from './records.ts';

export const FORMAT_VERSION = 2;
const FORMAT = Buffer.from('format');

/** Makes a store of tables, or brings one of an earlier version up to date: its records are read as they are. */
export function writeFormat(tables: Tables, state: Required<State>): void {
  tables.root.transactionSync(() => {
    void tables.meta.put(STATE, encodeState(state));
    void tables.meta.put(FORMAT, Buffer.from(JSON.stringify({ format: 'kubets', version: FORMAT_VERSION })));
  });
}

/** `undefined` when the record cannot be read. */
export function readVersion(record: Buffer): number | undefined {
  try {
    const { format, version } = JSON.parse(String(record)) as { format?: unknown; version?: unknown };
    return format === 'kubets' && Number.isInteger(version) ? Number(version) : undefined;
  } catch {
    return undefined;
  }
}

/** The refusal of a store from the future. */
export function newerError(path: string, version: number): StorageError {
  const message = `${path} was written by a newer kubets (format ${version}, this one reads ${FORMAT_VERSION})`;
  return new StorageError('Damaged', '', `${message}: run that one, or choose another directory`);
}
