/** A scheduler that runs over a fake API, with time that stands still until told. */
import { FakeClock, settle } from '../../base/fake-clock.ts';
import { silentLog } from '../../base/log.ts';
import { seededRandom } from '../../base/random.ts';
import { Client } from '../../client/client.ts';
import type { EventRecorder } from '../../client/events.ts';
import type { V1Pod } from '../../openapi/generated/types.ts';
import { type SchedulerOptions, startScheduler } from '../scheduler.ts';
import { FakeApi } from './fake-api.ts';

export class RunningScheduler {
  readonly api = new FakeApi();
  readonly clock = new FakeClock();
  /** As `Type Reason Kind name: message`. */
  readonly events: string[] = [];
  readonly #stopping = new AbortController();
  #done: Promise<void> = Promise.resolve();

  async start(options: Partial<SchedulerOptions> = {}): Promise<void> {
    const recorder: EventRecorder = {
      event: (object, type, reason, message) =>
        this.events.push(`${type} ${reason} ${object.kind} ${object.metadata?.name}: ${message}`),
      flush: async () => undefined,
    };
    const { done, synced } = await startScheduler({
      client: new Client(this.api),
      clock: this.clock,
      random: seededRandom(1),
      log: silentLog,
      signal: this.#stopping.signal,
      recorder,
      ...options,
    });
    this.#done = done;
    await synced;
    await settle();
  }

  /** Throws when timers are left. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.clock.advance(0);
    await this.#done;
    if (this.clock.timers !== 0) throw new Error(`${this.clock.timers} timers are left`);
  }

  pod(name: string): V1Pod | undefined {
    return this.api.get<V1Pod>('pods', 'default', name);
  }

  nodeOf(name: string): string | undefined {
    return this.pod(name)?.spec?.nodeName;
  }

  condition(name: string, type: string) {
    return this.pod(name)?.status?.conditions?.find((condition) => condition.type === type);
  }
}
