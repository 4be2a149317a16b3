/** Docker's events about a cluster's containers, as the uids of the pods they concern. */
import { addAbortSignal, type Readable } from 'node:stream';
import type Docker from 'dockerode';
import type { Clock } from '../../../base/clock.ts';
import { isAbort, messageOf } from '../../../base/errors.ts';
import type { Log } from '../../../base/log.ts';
import { Inbox } from '../inbox.ts';
import { LABEL, labelFilter, SANDBOX_TYPE } from './labels.ts';
import { openStream } from './streams.ts';

const ACTIONS = ['start', 'die', 'destroy'];
const BACKOFF_MS = { first: 100, most: 5_000 };

export interface EventSource {
  docker: Docker;
  clusterId: string;
  clock: Clock;
  log: Log;
  /** Uids of all pods there are: what is yielded after each (re)connection, since events may have been missed. */
  uids(): Promise<string[]>;
  /** A container's id, each time something happened to it. */
  changed(containerId: string): void;
}

interface DockerEvent {
  Action?: string;
  Actor?: { ID?: string; Attributes?: Record<string, string> };
}

/** An event that is waiting to be read says the same as the next one about its pod: such are merged. */
export async function* podEvents(source: EventSource, signal: AbortSignal): AsyncGenerator<string> {
  const stop = new AbortController();
  const abort = () => stop.abort();
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  const inbox = new Inbox();
  stop.signal.addEventListener('abort', () => inbox.close(), { once: true });
  if (stop.signal.aborted) inbox.close();
  const pump = listen(source, inbox, stop.signal);
  try {
    for (let uid = await inbox.take(); uid !== undefined; uid = await inbox.take()) yield uid;
  } finally {
    signal.removeEventListener('abort', abort);
    stop.abort();
    await pump;
  }
}

/** Reads events until the signal aborts, connecting anew whenever the stream ends. Never rejects. */
async function listen(source: EventSource, inbox: Inbox, signal: AbortSignal): Promise<void> {
  const { clock, log } = source;
  let backoff = BACKOFF_MS.first;
  const known = new Set<string>();
  while (!signal.aborted) {
    try {
      const stream = await connect(source, signal);
      backoff = BACKOFF_MS.first;
      const listed = await source.uids();
      for (const uid of new Set([...known, ...listed])) inbox.put(uid);
      known.clear();
      for (const uid of listed) known.add(uid);
      await read(addAbortSignal(signal, stream), source, known, inbox);
      throw new Error('the stream ended');
    } catch (error) {
      if (isAbort(error, signal)) return;
      log.warn({ error: messageOf(error), retryMs: backoff }, 'Lost the stream of Docker events');
      await clock.sleep(backoff, signal).catch(() => undefined); // an abort ends the loop
      backoff = Math.min(backoff * 2, BACKOFF_MS.most);
    }
  }
}

function connect({ docker, clusterId }: EventSource, signal: AbortSignal): Promise<Readable> {
  const filters = { ...labelFilter(clusterId), type: ['container'], event: ACTIONS };
  return openStream(docker, '/events', { filters }, signal);
}

async function read(stream: Readable, source: EventSource, known: Set<string>, inbox: Inbox): Promise<void> {
  for await (const line of jsonLines(stream)) {
    const { Action: action, Actor: actor } = line as DockerEvent;
    if (actor?.ID) source.changed(actor.ID);
    const uid = actor?.Attributes?.[LABEL.podUid];
    if (!uid) continue;
    if (action === 'destroy' && actor?.Attributes?.[LABEL.type] === SANDBOX_TYPE) known.delete(uid);
    else known.add(uid);
    inbox.put(uid);
  }
}

/** The values of a stream of JSON documents, one a line. */
export async function* jsonLines(stream: Readable): AsyncGenerator<unknown> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim()) yield JSON.parse(line) as unknown;
  }
  if (rest.trim()) yield JSON.parse(rest) as unknown;
}
