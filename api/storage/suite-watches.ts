import assert from 'node:assert/strict';
import type { StorageEvent } from './interface.ts';
import {
  bytes,
  collect,
  collectUntil,
  describeEvent,
  failsWith,
  fill,
  fillAtOnce,
  type OpenStorage,
  withStorage,
} from './suite-support.ts';

export function describeWatches(open: OpenStorage): void {
  describeDelivery(open);
  describeConcurrentDelivery(open);
  describeEnds(open);
}

function describeDelivery(open: OpenStorage): void {
  it(
    'delivers every event after a revision, in order, with what stood there before',
    withStorage(open, async (storage) => {
      await storage.create('/p/a', bytes('1'));
      await storage.create('/p/b', bytes('1'));
      await storage.update('/p/a', bytes('2'), 1);
      await storage.delete('/p/a', 3);
      await storage.create('/p/a', bytes('3'));
      const all = ['put /p/a@1=1', 'put /p/b@2=1', 'put /p/a@3=2<1@1', 'delete /p/a@4<2@3', 'put /p/a@5=3'];
      for (const after of [0, 1, 2, 3, 4]) {
        const events = await collectUntil(storage, '/p/', after, 5);
        assert.deepEqual(events.map(describeEvent), all.slice(after));
      }
    }),
  );

  it(
    'delivers what is written while it watches, no later than the write is acknowledged',
    withStorage(open, async (storage) => {
      const seen: StorageEvent[] = [];
      const abort = new AbortController();
      const watching = (async () => {
        for await (const batch of storage.watch('/', 0, abort.signal)) seen.push(...batch.events);
      })();
      const last = () => seen.at(-1) && describeEvent(seen.at(-1)!);
      await storage.create('/a', bytes('1'));
      assert.equal(last(), 'put /a@1=1');
      await storage.update('/a', bytes('2'), 1);
      assert.equal(last(), 'put /a@2=2<1@1');
      await storage.delete('/a', 2);
      assert.equal(last(), 'delete /a@3<2@2');
      await fill(storage, ['/b', '/c', '/d']);
      assert.equal(seen.length, 6);
      abort.abort();
      await watching;
    }),
  );

  it(
    'reports progress by empty batches when other keys are written',
    withStorage(open, async (storage) => {
      await storage.create('/p/a', bytes('1'));
      const events = collectUntil(storage, '/p/', 1, 3);
      await storage.create('/q/a', bytes('1'));
      await storage.create('/pp', bytes('1'));
      assert.deepEqual(await events, []);
    }),
  );

  it(
    'waits, when it begins at a revision still to come, for what is after that',
    withStorage(open, async (storage) => {
      const events = collectUntil(storage, '/', 2, 3);
      for (const key of ['/a', '/b', '/c']) await storage.create(key, bytes('1'));
      assert.deepEqual((await events).map(describeEvent), ['put /c@3=1']);
    }),
  );
}

function describeConcurrentDelivery(open: OpenStorage): void {
  it(
    'loses nothing and repeats nothing when watches begin while writes are under way',
    withStorage(open, async (storage) => {
      const total = 400;
      const writing = (async () => {
        for (let i = 0; i < total; i += 8) {
          await fillAtOnce(
            storage,
            Array.from({ length: 8 }, (_, j) => `/${i + j}`),
          );
        }
      })();
      const watches: Promise<StorageEvent[]>[] = [];
      for (let i = 0; i < 20; i++) {
        await new Promise((resolve) => setImmediate(resolve));
        watches.push(collectUntil(storage, '/', i, total));
      }
      await writing;
      const expected = Array.from({ length: total }, (_, i) => i + 1);
      for (const [after, events] of (await Promise.all(watches)).entries()) {
        assert.deepEqual(
          events.map((event) => event.revision),
          expected.slice(after),
        );
      }
    }),
  );

  it(
    'continues a list without a gap',
    withStorage(open, async (storage) => {
      const writes = fillAtOnce(
        storage,
        Array.from({ length: 200 }, (_, i) => `/${i}`),
      );
      const list = await storage.list('/');
      const watching = collectUntil(storage, '/', list.revision, 201);
      await writes;
      // An engine may have made all of them before it listed any.
      await storage.create('/last', bytes('last'));
      const events = await watching;
      assert.equal(list.items.length + events.length, 201);
      assert.equal(events[0]?.revision, list.revision + 1);
    }),
  );

  it(
    'serves a consumer that is slow: late, but everything, in order',
    withStorage(open, async (storage) => {
      const total = 5_000;
      const abort = new AbortController();
      const batches = storage.watch('/', 0, abort.signal)[Symbol.asyncIterator]();
      await storage.create('/first', bytes('1'));
      await batches.next();
      await fillAtOnce(
        storage,
        Array.from({ length: total }, (_, i) => `/${i}`),
      );
      const revisions: number[] = [];
      while (revisions.length < total) {
        const { value } = await batches.next();
        revisions.push(...(value?.events ?? []).map((event: StorageEvent) => event.revision));
      }
      assert.deepEqual(
        revisions,
        Array.from({ length: total }, (_, i) => i + 2),
      );
      abort.abort();
    }),
  );
}

function describeEnds(open: OpenStorage): void {
  it(
    'ends a watch without error when the signal aborts, waiting or not, before or after it began',
    withStorage(open, async (storage) => {
      const aborted = AbortSignal.abort();
      for await (const _ of storage.watch('/', 0, aborted)) assert.fail('the signal had aborted');
      const abort = new AbortController();
      const waiting = storage.watch('/', 0, abort.signal)[Symbol.asyncIterator]();
      const next = waiting.next();
      abort.abort();
      assert.equal((await next).done, true);
      assert.equal((await waiting.next()).done, true);
      await storage.create('/a', bytes('1'));
      assert.equal((await waiting.next()).done, true);
    }),
  );

  it(
    'leaves no listener on the signal once a watch is over',
    withStorage(open, async (storage) => {
      await storage.create('/a', bytes('1'));
      const signal = new AbortController().signal;
      let listeners = 0;
      const add = signal.addEventListener.bind(signal);
      const remove = signal.removeEventListener.bind(signal);
      signal.addEventListener = (...args: Parameters<typeof add>) => {
        listeners++;
        add(...args);
      };
      signal.removeEventListener = (...args: Parameters<typeof remove>) => {
        listeners--;
        remove(...args);
      };
      for await (const batch of storage.watch('/', 0, signal)) {
        assert.equal(batch.events.length, 1);
        break;
      }
      assert.equal(listeners, 0);
    }),
  );

  it(
    'ends watches with an error when it is closed',
    withStorage(open, async (storage) => {
      const watching = collect(storage, '/', 0, () => false);
      await storage.create('/a', bytes('1'));
      const failed = failsWith('Unavailable', watching);
      await storage.close();
      await failed;
    }),
  );
}
