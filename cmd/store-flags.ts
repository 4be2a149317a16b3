/** The flags of the store on this machine's disk, and the storage they ask for. */

import type { Command } from 'commander';
import { Option } from 'commander';
import type { Storage } from '../api/storage/interface.ts';
import type { Durability } from '../api/storage/lmdb/lmdb.ts';
import type { HistoryLimits } from '../api/storage/retention.ts';
import type { Clock } from '../base/clock.ts';
import { parseDuration } from '../base/duration.ts';
import type { Log } from '../base/log.ts';
import { parseQuantity, quantityUnits } from '../base/quantity.ts';

export interface StoreFlags {
  durability: Durability;
  /** Milliseconds. */
  historyAge: number;
  historyEvents: number;
  /** Bytes. */
  historySize: number;
}

/** How the store is kept. */
export interface StoreSettings {
  durability: Durability;
  history: HistoryLimits;
}

/** Adds the flags to a command. */
export function withStoreFlags(command: Command): Command {
  return command
    .addOption(
      new Option('--durability <kind>', 'strict: a write is answered once it is on disk; relaxed: before, for tests')
        .choices(['strict', 'relaxed'])
        .default('strict'),
    )
    .option(
      '--history-age <duration>',
      'how long the past is kept, for lists and watches that begin there',
      age,
      300_000,
    )
    .option('--history-events <number>', 'how many events of it at most', count, 10_000)
    .option('--history-size <bytes>', 'how much of it at most (64Mi)', size, 64 * 1024 ** 2);
}

export function storeSettings({ durability, historyAge, historyEvents, historySize }: StoreFlags): StoreSettings {
  return { durability, history: { ageMs: historyAge, entries: historyEvents, bytes: historySize } };
}

/** Opens the store in `directory`; says so where it is less than durable. */
export async function openStore(
  directory: string,
  settings: Partial<StoreSettings>,
  clock: Clock,
  log: Log,
): Promise<Storage> {
  const { openLmdb, RELAXED_WARNING } = await import('../api/storage/lmdb/lmdb.ts');
  if (settings.durability === 'relaxed') log.warn({ store: directory }, RELAXED_WARNING);
  return openLmdb(directory, { ...settings, clock });
}

function age(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms <= 0) throw new Error(`--history-age ${text}: write it as 5m or 90s`);
  return ms;
}

function count(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new Error(`--history-events ${text}: it is a number from 1 on`);
  return number;
}

function size(text: string): number {
  const bytes = sizeOf(text);
  if (bytes === undefined || bytes < 1) throw new Error(`--history-size ${text}: write it as 64Mi or 1Gi`);
  return bytes;
}

function sizeOf(text: string): number | undefined {
  return parseQuantity(text) === undefined ? undefined : quantityUnits(text);
}
