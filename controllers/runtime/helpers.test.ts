import assert from 'node:assert/strict';
import { FakeClock, settle } from '../../base/fake-clock.ts';
import { type Log, silentLog } from '../../base/log.ts';
import { WorkQueue } from '../../client/work-queue.ts';
import { conflict } from '../../openapi/status.ts';
import { controllerOf, periodicController } from './controller.ts';
import { Expectations } from './expectations.ts';
import { slowStart } from './slow-start.ts';

describe('controllerOf', () => {
  let clock: FakeClock;
  let queue: WorkQueue;
  let abort: AbortController;
  let logged: string[];
  let log: Log;

  beforeEach(() => {
    clock = new FakeClock();
    queue = new WorkQueue({ clock });
    abort = new AbortController();
    logged = [];
    log = {
      ...silentLog,
      debug: (_fields, message) => logged.push(`debug ${message}`),
      warn: (_fields, message) => logged.push(`warn ${message}`),
    };
  });

  const run = (
    reconcile: (key: string) => Promise<{ requeueAfterMs: number } | undefined>,
    options: { workers?: number; synced?: Promise<void>[] } = {},
  ) =>
    controllerOf({
      name: 'test',
      queue,
      workers: options.workers ?? 1,
      reconcile,
      synced: options.synced ?? [],
      clock,
      log,
    }).run(abort.signal);

  it('waits until everything is synced before it looks at a key', async () => {
    let sync: () => void = () => undefined;
    const seen: string[] = [];
    queue.add('a');
    const running = run(
      async (key) => {
        seen.push(key);
        return undefined;
      },
      { synced: [new Promise((resolve) => (sync = resolve))] },
    );
    await settle();
    assert.deepEqual(seen, []);
    sync();
    await settle();
    assert.deepEqual(seen, ['a']);
    abort.abort();
    await running;
  });

  it('stops although nothing was ever synced', async () => {
    const running = run(async () => undefined, { synced: [new Promise(() => undefined)] });
    abort.abort();
    await running;
  });

  it('tries again after a growing delay when reconcile throws, and forgets the failures once it succeeds', async () => {
    const at: number[] = [];
    let failures = 2;
    queue.add('a');
    const running = run(async () => {
      at.push(clock.now());
      if (failures-- > 0) throw new Error('no');
      return undefined;
    });
    await clock.advance(1000);
    assert.deepEqual(
      at.map((ms) => ms - at[0]!),
      [0, 5, 15],
    );
    assert.equal(queue.failures('a'), 0);
    assert.equal(logged.filter((line) => line.startsWith('warn')).length, 2);
    abort.abort();
    await running;
  });

  it('does not raise its voice over a conflict', async () => {
    let failed = false;
    queue.add('a');
    const running = run(async () => {
      if (failed) return undefined;
      failed = true;
      throw conflict({ group: '', resource: 'pods' }, 'a', 'old');
    });
    await clock.advance(100);
    assert.deepEqual(
      logged.filter((line) => line.includes('again')),
      ['debug controller: reconcile will be tried again'],
    );
    abort.abort();
    await running;
  });

  it('looks again when reconcile asks for it', async () => {
    let looks = 0;
    queue.add('a');
    const running = run(async () => (++looks === 1 ? { requeueAfterMs: 500 } : undefined));
    await clock.advance(499);
    assert.equal(looks, 1);
    await clock.advance(1);
    assert.equal(looks, 2);
    abort.abort();
    await running;
  });

  it('works on as many keys at once as it has workers, and lets them finish when it stops', async () => {
    const open: (() => void)[] = [];
    for (const key of ['a', 'b', 'c']) queue.add(key);
    let ended = false;
    const running = run(() => new Promise((resolve) => open.push(() => resolve(undefined))), { workers: 2 });
    const stopped = running.then(() => {
      ended = true;
    });
    await settle();
    assert.equal(open.length, 2);
    abort.abort();
    await settle();
    assert.equal(ended, false);
    for (const finish of open) finish();
    await stopped;
    assert.equal(open.length, 2, 'the third key is left');
    assert.equal(clock.timers, 0);
  });

  it('runs a periodic pass at once and then at intervals, whatever one pass throws', async () => {
    let passes = 0;
    const controller = periodicController({
      name: 'p',
      periodMs: 100,
      tick: async () => {
        if (++passes === 2) throw new Error('once');
      },
      synced: [],
      clock,
      log,
    });
    const running = controller.run(abort.signal);
    await clock.advance(350);
    assert.equal(passes, 4);
    abort.abort();
    await running;
    assert.equal(clock.timers, 0);
  });
});

describe('Expectations', () => {
  let clock: FakeClock;
  let expectations: Expectations;
  beforeEach(() => {
    clock = new FakeClock();
    expectations = new Expectations(clock);
  });

  it('are satisfied when nothing was ever expected', () => assert.equal(expectations.satisfied('a'), true));

  it('are satisfied once every creation was observed', () => {
    expectations.expectCreations('a', 2);
    expectations.creationObserved('a');
    assert.equal(expectations.satisfied('a'), false);
    expectations.creationObserved('a');
    assert.equal(expectations.satisfied('a'), true);
  });

  it('count each deletion once', () => {
    expectations.expectDeletions('a', ['x', 'y']);
    expectations.deletionObserved('a', 'x');
    expectations.deletionObserved('a', 'x');
    expectations.deletionObserved('a', 'other');
    assert.equal(expectations.satisfied('a'), false);
    expectations.deletionObserved('a', 'y');
    assert.equal(expectations.satisfied('a'), true);
  });

  it('are given up after five minutes', async () => {
    expectations.expectCreations('a', 1);
    await clock.advance(300_000);
    assert.equal(expectations.satisfied('a'), false);
    await clock.advance(1);
    assert.equal(expectations.satisfied('a'), true);
  });

  it('grow with what is begun, and tell what is outstanding', async () => {
    assert.equal(expectations.outstanding('a'), undefined);
    expectations.creationBegun('a');
    expectations.creationBegun('a');
    expectations.deletionBegun('a', 'x');
    expectations.creationObserved('a');
    assert.equal(expectations.outstanding('a')?.creations, 1);
    assert.deepEqual([...(expectations.outstanding('a')?.deletions ?? [])], ['x']);
    await clock.advance(200_000);
    expectations.deletionBegun('a', 'y');
    await clock.advance(200_000);
    assert.equal(expectations.outstanding('a')?.deletions.size, 2, 'the last counts for how long it has been');
    await clock.advance(100_001);
    assert.equal(expectations.outstanding('a'), undefined);
    expectations.creationBegun('a');
    assert.equal(expectations.outstanding('a')?.deletions.size, 0, 'what was given up is over');
    expectations.creationObserved('a');
    assert.equal(expectations.outstanding('a'), undefined);
  });

  it('can be forgotten', () => {
    expectations.expectCreations('a', 1);
    expectations.forget('a');
    assert.equal(expectations.satisfied('a'), true);
  });
});

describe('slowStart', () => {
  async function batches(count: number, failFrom = Number.POSITIVE_INFINITY) {
    const sizes: number[] = [];
    let inBatch = 0;
    let attempts = 0;
    const result = await slowStart(count, async () => {
      if (inBatch++ === 0)
        queueMicrotask(() =>
          queueMicrotask(() => {
            sizes.push(inBatch);
            inBatch = 0;
          }),
        );
      if (++attempts >= failFrom) throw new Error(`attempt ${attempts}`);
    });
    await settle();
    return { sizes, attempts, result };
  }

  it('doubles its batches while all goes well', async () => {
    const { sizes, result } = await batches(10);
    assert.deepEqual(sizes, [1, 2, 4, 3]);
    assert.deepEqual(result, { successes: 10 });
  });

  it('stops after the first batch with a failure, having let it finish', async () => {
    const { sizes, attempts, result } = await batches(100, 3);
    assert.deepEqual(sizes, [1, 2]);
    assert.equal(attempts, 3);
    assert.equal(result.successes, 2);
    assert.match(String(result.error), /attempt 3/);
  });

  it('tries once when the first attempt fails', async () => {
    assert.equal((await batches(100, 1)).attempts, 1);
  });

  it('does nothing for nothing', async () => {
    assert.deepEqual((await batches(0)).result, { successes: 0 });
  });
});
