/** The worker loop that every controller shares: keys out of a queue, `reconcile(key)`, again later when it throws. */
import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { WorkQueue } from '../../client/work-queue.ts';
import { isStatus } from '../../openapi/status.ts';
import { whenAborted } from './abort.ts';

/** `requeueAfterMs` asks for the key again after a while though nothing failed. */
export type ReconcileResult = { requeueAfterMs: number } | undefined;

export interface Controller {
  readonly name: string;
  /** Works until the signal aborts, then resolves once its workers have put down what they hold. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
}

export interface ControllerOptions {
  name: string;
  queue: WorkQueue;
  /** How many keys may be reconciled at once. */
  workers: number;
  /** Brings the world nearer to what the object `key` asks for. A throw means: again, after a growing delay. */
  // biome-ignore lint/suspicious/noConfusingVoidType: a reconcile that needs no second look returns nothing.
  reconcile(key: string): Promise<ReconcileResult | void>;
  /** What must have been read before the first key is looked at. */
  synced: readonly Promise<void>[];
  /** Called once after that, before the first key. */
  started?(): void;
  clock: Clock;
  log: Log;
}

/** A controller that takes keys from the queue once everything in `synced` is there. */
export function controllerOf(options: ControllerOptions): Controller {
  return {
    name: options.name,
    async run(signal) {
      const { queue, synced, log, name } = options;
      const closed = whenAborted(signal).then(() => queue.close());
      const ready = await Promise.race([Promise.all(synced).then(() => true), closed.then(() => false)]);
      if (!ready) return;
      log.debug({ controller: name }, 'controller: started');
      options.started?.();
      await Promise.all(Array.from({ length: options.workers }, () => work(options, signal)));
      await closed;
    },
  };
}

async function work(options: ControllerOptions, signal: AbortSignal): Promise<void> {
  for (;;) {
    const key = await options.queue.get();
    if (key === undefined) return;
    await handle(options, key, signal);
  }
}

/** What the server says when our copy is behind. */
const EXPECTED = ['Conflict', 'NotFound', 'AlreadyExists'];

async function handle({ queue, reconcile, log, name }: ControllerOptions, key: string, signal: AbortSignal) {
  try {
    const result = await reconcile(key);
    queue.forget(key);
    if (result) queue.addAfter(key, result.requeueAfterMs);
  } catch (error) {
    const retryMs = queue.addRateLimited(key);
    // What our copy does not show yet is no trouble: the next look will have it.
    const expected = signal.aborted || EXPECTED.some((reason) => isStatus(error, reason));
    const fields = { controller: name, key, error: messageOf(error), retryMs };
    if (expected) log.debug(fields, 'controller: reconcile will be tried again');
    else log.warn(fields, 'controller: reconcile failed, trying again');
  } finally {
    queue.done(key);
  }
}

/** A controller that runs `tick` every `periodMs`, the first time at once. A throw is logged; the next tick comes. */
export function periodicController(options: {
  name: string;
  periodMs: number;
  tick(): Promise<void>;
  synced: readonly Promise<void>[];
  clock: Clock;
  log: Log;
}): Controller {
  const { name, periodMs, tick, clock, log } = options;
  return {
    name,
    async run(signal) {
      const aborted = whenAborted(signal);
      await Promise.race([Promise.all(options.synced), aborted]);
      while (!signal.aborted) {
        try {
          await tick();
        } catch (error) {
          if (!signal.aborted) log.warn({ controller: name, error: messageOf(error) }, 'controller: pass failed');
        }
        await clock.sleep(periodMs, signal).catch(() => undefined);
      }
    },
  };
}
