/** Which of the writes that wait happen, and with which revisions. Pure: no effect, no waiting. */
import { type KeyValue, StorageError, type StorageEvent } from './interface.ts';

const NOTHING = Buffer.alloc(0);

export type Write =
  | { type: 'create'; key: string; value: Buffer }
  | { type: 'update'; key: string; value: Buffer; expected: number }
  | { type: 'delete'; key: string; expected: number };

export interface Decision {
  events: StorageEvent[];
  /** The store's revision once the events are committed. */
  revision: number;
  /** One for each write, in order: its revision, or why it does not happen. */
  outcomes: (number | StorageError)[];
}

/** Decides `writes` in order, each in the light of those before it, on top of `stored` at `revision`. */
export function decide(
  writes: readonly Write[],
  revision: number,
  stored: (key: string) => KeyValue | undefined,
): Decision {
  const written = new Map<string, KeyValue | undefined>();
  const decision: Decision = { events: [], revision, outcomes: [] };
  for (const write of writes) {
    const previous = written.has(write.key) ? written.get(write.key) : stored(write.key);
    const refusal = refuse(write, previous);
    if (refusal) {
      decision.outcomes.push(refusal);
      continue;
    }
    const event = eventOf(write, ++decision.revision, previous);
    const { key, value } = event;
    written.set(key, event.type === 'put' ? { key, value, modRevision: event.revision } : undefined);
    decision.events.push(event);
    decision.outcomes.push(event.revision);
  }
  return decision;
}

function refuse(write: Write, previous: KeyValue | undefined): StorageError | undefined {
  const { key } = write;
  if (write.type === 'create') {
    return previous && new StorageError('Exists', key, `${key} exists already`, previous.modRevision);
  }
  if (!previous) return new StorageError('NotFound', key, `${key} does not exist`);
  if (previous.modRevision === write.expected) return undefined;
  const message = `${key} is at revision ${previous.modRevision}, not ${write.expected}`;
  return new StorageError('Conflict', key, message, previous.modRevision);
}

function eventOf(write: Write, revision: number, previous: KeyValue | undefined): StorageEvent {
  const { key } = write;
  const before = previous ? { previous } : {};
  return write.type === 'delete'
    ? { type: 'delete', key, revision, value: NOTHING, ...before }
    : { type: 'put', key, revision, value: write.value, ...before };
}
