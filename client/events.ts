/** Records what happened to an object as an Event, counting repeats instead of storing them again. */
import { type Clock, rfc3339 } from '../base/clock.ts';
import { messageOf } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { CoreV1Event } from '../openapi/generated/types.ts';
import { type KubeObject, keyOf } from '../openapi/object.ts';
import { isStatus, type StatusError } from '../openapi/status.ts';
import type { Client } from './client.ts';
import { EventCorrelator } from './event-correlator.ts';
import { RecentMap } from './recent-map.ts';

export interface EventRecorder {
  /**
   * Sends an Event about `object` in the background; a failure is logged, as upstream never fails work for an event.
   * `fieldPath` narrows it to a part, such as `spec.containers{web}`.
   */
  event(object: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string, fieldPath?: string): void;
  /** Resolves once everything recorded so far has been sent or given up. */
  flush(): Promise<void>;
}

export interface EventRecorderOptions {
  client: Client;
  clock: Clock;
  random: Random;
  log: Log;
  component: string;
  host?: string;
}

/** Where an event that was sent before is stored, and how often it has been seen. */
interface Sent {
  namespace: string;
  name: string;
  count: number;
}

/** Upstream's limit for the message of an event. */
const MESSAGE_CHARACTERS_MAX = 1024;

/** A recorder that speaks for `component`. Events are sent one after the other, in the order of the calls. */
export function eventRecorder(options: EventRecorderOptions): EventRecorder {
  const { client, clock, log } = options;
  const correlator = new EventCorrelator(clock);
  const sent = new RecentMap<Sent>();
  let tail: Promise<void> = Promise.resolve();

  const send = async (event: CoreV1Event, key: string): Promise<void> => {
    const before = sent.get(key);
    if (before) {
      const count = before.count + 1;
      const patch = { count, lastTimestamp: event.lastTimestamp, message: event.message };
      try {
        await client.events.patch(before.name, before.namespace, patch, 'application/strategic-merge-patch+json');
        sent.set(key, { ...before, count });
        return;
      } catch (error) {
        // It has expired since; tell it anew.
        if (!isStatus(error, 'NotFound')) throw error;
        sent.delete(key);
      }
    }
    const stored = await client.events.create(event);
    sent.set(key, { namespace: stored.metadata.namespace ?? '', name: stored.metadata.name ?? '', count: 1 });
  };

  return {
    event(object, type, reason, message, fieldPath) {
      const { component, host } = options;
      const about = JSON.stringify([object.kind, keyOf(object), object.metadata?.uid]);
      const group = JSON.stringify([component, host, about, fieldPath, type, reason]);
      const text = message.slice(0, MESSAGE_CHARACTERS_MAX);
      const correlation = correlator.correlate(about, group, text);
      if (!correlation) return;
      const event = eventOf(options, object, { type, reason, message: correlation.message, fieldPath });
      tail = tail.then(() =>
        send(event, correlation.key).catch((error: unknown) => {
          // Of what ends with its namespace nobody can be told any more.
          const level = isStatus(error, 'Forbidden') && namesCause(error, 'NamespaceTerminating') ? 'debug' : 'warn';
          log[level]({ object: keyOf(object), reason, error: messageOf(error) }, 'events: could not be recorded');
        }),
      );
    },
    flush: () => tail,
  };
}

function eventOf(
  options: EventRecorderOptions,
  object: KubeObject,
  told: { type: string; reason: string; message: string; fieldPath: string | undefined },
): CoreV1Event {
  const { clock, random, component, host } = options;
  const { name = '', namespace = '', uid = '', resourceVersion } = object.metadata ?? {};
  const nowMs = clock.now();
  // Upstream puts nanoseconds in hex here; two recorders may speak in the same millisecond.
  const nanoseconds = BigInt(Math.floor(nowMs)) * 1_000_000n + BigInt(Math.floor(random.next() * 1e6));
  return {
    metadata: { name: `${name}.${nanoseconds.toString(16)}`, namespace: namespace || 'default' },
    involvedObject: {
      kind: object.kind ?? '',
      namespace,
      name,
      uid,
      apiVersion: object.apiVersion ?? '',
      ...(resourceVersion ? { resourceVersion } : {}),
      ...(told.fieldPath ? { fieldPath: told.fieldPath } : {}),
    },
    reason: told.reason,
    message: told.message,
    source: { component, ...(host ? { host } : {}) },
    firstTimestamp: rfc3339(nowMs),
    lastTimestamp: rfc3339(nowMs),
    count: 1,
    type: told.type,
    reportingComponent: component,
    reportingInstance: host ?? '',
  };
}

function namesCause({ status }: StatusError, reason: string): boolean {
  return status.details?.causes?.some((cause) => cause.reason === reason) === true;
}
