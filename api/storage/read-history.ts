import { type Storage, StorageError, type StorageEvent } from './interface.ts';

/**
 * All events under the prefix after one revision, up to and including another that is committed. Undefined when history
 * no longer reaches there, or the signal aborts before all is read.
 */
export async function readHistory(
  storage: Storage,
  prefix: string,
  { after, upTo }: { after: number; upTo: number },
  signal: AbortSignal,
): Promise<StorageEvent[] | undefined> {
  const events: StorageEvent[] = [];
  try {
    for await (const batch of storage.watch(prefix, after, signal)) {
      for (const event of batch.events) if (event.revision <= upTo) events.push(event);
      if (batch.revision >= upTo) return events;
    }
  } catch (error) {
    if (!(error instanceof StorageError && error.code === 'Compacted')) throw error;
  }
  return undefined;
}
