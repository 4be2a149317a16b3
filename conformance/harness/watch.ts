/** Watches, as a plain HTTP client sees them: one JSON object a line. */
import { createInterface } from 'node:readline';
import { systemClock } from '../../base/clock.ts';
import { fetchApi, target } from './cluster.ts';
import type { Answer } from './http.ts';
import type { Wire, WireStatus } from './wire.ts';

export interface WatchEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  object: Wire;
}

export interface OpenWatch {
  /** Everything received so far. */
  readonly events: WatchEvent[];
  /** Resolves with all events so far once `done` holds for them; rejects when the stream ends or the deadline passes. */
  until(done: (events: WatchEvent[]) => boolean, deadlineMs?: number): Promise<WatchEvent[]>;
  /** Resolves with all events when the server has ended the stream. */
  ended(deadlineMs?: number): Promise<WatchEvent[]>;
  stop(): void;
}

const DEADLINE_MS = 10_000;

/** Streams a failed test left behind would keep the process from ending. */
const open = new Set<AbortController>();

after(() => {
  for (const controller of open) controller.abort();
});

/** Opens a watch on a collection; `query` comes after `watch=true`. Rejects if the server refuses it. */
export async function watch(collection: string, query = '', headers: Record<string, string> = {}): Promise<OpenWatch> {
  const abort = new AbortController();
  open.add(abort);
  const path = `${collection}?watch=true${query ? `&${query}` : ''}`;
  const response = await target.open('GET', path, { headers, signal: abort.signal, deadlineMs: 120_000 });
  if (response.statusCode !== 200) {
    abort.abort();
    throw new Error(`GET ${path} answered ${response.statusCode}`);
  }
  const events: WatchEvent[] = [];
  const listeners = new Set<() => void>();
  let over = false;
  const changed = () => {
    for (const listener of [...listeners]) listener();
  };
  const lines = createInterface(response);
  lines.on('line', (line) => {
    if (line.trim() !== '') events.push(JSON.parse(line) as WatchEvent);
    changed();
  });
  const finish = () => {
    over = true;
    open.delete(abort);
    changed();
  };
  lines.on('close', finish);
  lines.on('error', finish);
  response.on('error', finish);
  const wait = (done: () => boolean, failed: () => boolean, deadlineMs: number) =>
    waitFor(listeners, done, failed, deadlineMs, () => `${path}: ${describeEvents(events)}${over ? ', ended' : ''}`);
  return {
    events,
    until: async (done, deadlineMs = DEADLINE_MS) => {
      await wait(
        () => done(events),
        () => over,
        deadlineMs,
      );
      return [...events];
    },
    ended: async (deadlineMs = DEADLINE_MS) => {
      await wait(
        () => over,
        () => false,
        deadlineMs,
      );
      return [...events];
    },
    stop: () => abort.abort(),
  };
}

function waitFor(
  listeners: Set<() => void>,
  done: () => boolean,
  failed: () => boolean,
  deadlineMs: number,
  state: () => string,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = (error?: Error) => {
      listeners.delete(look);
      timer.cancel();
      if (error) reject(error);
      else resolve();
    };
    const timer = systemClock.after(deadlineMs, () => finish(new Error(`not within ${deadlineMs} ms: ${state()}`)));
    const look = () => {
      if (done()) finish();
      else if (failed()) finish(new Error(`the watch ended before: ${state()}`));
    };
    listeners.add(look);
    look();
  });
}

/** `ADDED a, MODIFIED a`: for messages, and to compare whole sequences. */
export function describeEvents(events: WatchEvent[]): string {
  return events.map(({ type, object }) => `${type} ${object.metadata?.name ?? object.kind}`).join(', ');
}

/** A watch that is expected to be refused or to end at once: the answer, or the first event's Status. */
export async function refusedWatch(collection: string, query: string): Promise<Answer & { error?: WireStatus }> {
  const answer = await fetchApi('GET', `${collection}?watch=true&timeoutSeconds=5&${query}`);
  const first = answer.text.split('\n')[0] ?? '';
  if (answer.status !== 200 || first === '') return answer;
  const event = JSON.parse(first) as { type: string; object: WireStatus };
  return { ...answer, ...(event.type === 'ERROR' ? { error: event.object } : {}) };
}
