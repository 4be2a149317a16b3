/** What every controller is made of. */
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import type { Client } from '../../client/client.ts';
import { type EventRecorder, eventRecorder } from '../../client/events.ts';
import { apiVersionOf, type KubeObject, type ResourceRef } from '../../openapi/object.ts';
import type { InformerFactory } from './informers.ts';

export interface ControllerContext {
  /** A client that acts as the controller's own identity. */
  client: Client;
  informers: InformerFactory;
  clock: Clock;
  random: Random;
  log: Log;
  /** A recorder that speaks for `component`; flushed when the manager stops. */
  recorder(component: string): EventRecorder;
}

/** Makes recorders and remembers them, so that what they still have to say can be awaited. */
export function recorderFactory(options: { client: Client; clock: Clock; random: Random; log: Log }) {
  const recorders: EventRecorder[] = [];
  return {
    recorder(component: string): EventRecorder {
      const recorder = eventRecorder({ ...options, component });
      recorders.push(recorder);
      return recorder;
    },
    async flush(): Promise<void> {
      await Promise.all(recorders.map((recorder) => recorder.flush()));
    },
  };
}

/** The object with its kind filled in, for events and owner references: servers leave it out in places. */
export function typed<T extends KubeObject>(ref: ResourceRef, object: T): T & { kind: string; apiVersion: string } {
  return { ...object, kind: ref.kind, apiVersion: apiVersionOf(ref) };
}
