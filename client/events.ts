/** Records what happened to an object as an Event, counting repeats instead of storing them again. */
import { type Clock, rfc3339 } from '../base/clock.ts';
import { messageOf } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { CoreV1Event } from '../openapi/generated/types.ts';
import { type KubeObject, keyOf } from '../openapi/object.ts';
import { isStatus } from '../openapi/status.ts';
import type { Client } from './client.ts';

export interface EventRecorder {
  /**
   * Sends an Event about `object` in the background; a failure is logged, as upstream never fails work for an event.
   * `fieldPath` narrows it to a part, such as `spec.containers{web}`.
   */
  event(object: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string, fieldPath?: string): void;
  /** Resolves once everything recorded so far has been sent or given up. */
  flush(): Promise<void>;
}

const REMEMBERED_MAX = 4096;

export function eventRecorder(options: {
  client: Client;
  clock: Clock;
  random: Random;
  log: Log;
  component: string;
  host?: string;
}): EventRecorder {
  const { client, clock, random, log, component, host } = options;
  /** Events sent before, by all that makes them the same, least recent first. */
  const seen = new Map<string, CoreV1Event>();
  let tail: Promise<void> = Promise.resolve();

  const send = async (event: CoreV1Event, same: string): Promise<void> => {
    const before = seen.get(same);
    seen.delete(same);
    let stored: CoreV1Event | undefined;
    if (before) {
      const count = (before.count ?? 1) + 1;
      const patch = { count, lastTimestamp: event.lastTimestamp };
      try {
        stored = await client.events.patch(
          before.metadata?.name ?? '',
          before.metadata?.namespace,
          patch,
          'application/strategic-merge-patch+json',
        );
      } catch (error) {
        if (!isStatus(error, 'NotFound')) throw error;
      }
    }
    stored ??= await client.events.create(event);
    seen.set(same, stored);
    const oldest = seen.keys().next().value;
    if (seen.size > REMEMBERED_MAX && oldest !== undefined) seen.delete(oldest);
  };

  return {
    event(object, type, reason, message, fieldPath) {
      const now = clock.now();
      const { name = '', uid = '', resourceVersion } = object.metadata ?? {};
      const namespace = object.metadata?.namespace || 'default';
      const event: CoreV1Event = {
        metadata: {
          // Upstream puts nanoseconds in hex here; two recorders may speak in the same millisecond.
          name: `${name}.${(BigInt(Math.floor(now)) * 1_000_000n + BigInt(Math.floor(random.next() * 1e6))).toString(16)}`,
          namespace,
        },
        involvedObject: {
          kind: object.kind ?? '',
          namespace: object.metadata?.namespace ?? '',
          name,
          uid,
          apiVersion: object.apiVersion ?? '',
          ...(resourceVersion ? { resourceVersion } : {}),
          ...(fieldPath ? { fieldPath } : {}),
        },
        reason,
        message: message.slice(0, 1024),
        source: { component, ...(host ? { host } : {}) },
        firstTimestamp: rfc3339(now),
        lastTimestamp: rfc3339(now),
        count: 1,
        type,
        reportingComponent: component,
        reportingInstance: host ?? '',
      };
      const same = JSON.stringify([object.kind, keyOf(object), uid, type, reason, message, fieldPath]);
      tail = tail.then(() =>
        send(event, same).catch((error: unknown) => {
          log.warn({ object: keyOf(object), reason, error: messageOf(error) }, 'events: could not be recorded');
        }),
      );
    },
    flush: () => tail,
  };
}
