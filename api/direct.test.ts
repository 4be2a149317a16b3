import assert from 'node:assert/strict';
import { FakeClock, settle } from '../base/fake-clock.ts';
import type { KubeList, KubeObject } from '../openapi/object.ts';
import { isStatus } from '../openapi/status.ts';
import type { ApiCall, Transport, WatchEvent } from '../openapi/transport.ts';
import { ADMIN, startServer } from './server.fixture.ts';
import type { ApiServer } from './server.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
const post = (name: string): ApiCall => ({ method: 'POST', path: MAPS, body: { metadata: { name } } });
const WATCH: ApiCall = { method: 'GET', path: MAPS, query: { watch: 'true' } };

/** How many listeners a signal has. */
function countingSignal() {
  const { signal } = new AbortController();
  let listeners = 0;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
    listeners++;
    addEventListener.apply(signal, args);
  };
  signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
    listeners--;
    removeEventListener.apply(signal, args);
  };
  return { signal, listeners: () => listeners };
}

describe('DirectTransport', () => {
  let clock: FakeClock;
  let server: ApiServer;
  let transport: Transport;

  beforeEach(async () => {
    clock = new FakeClock();
    server = await startServer({ clock });
    transport = server.direct(ADMIN);
  });
  afterEach(async () => {
    await server.stop();
    assert.equal(clock.timers, 0, 'no timer is left');
  });

  it('answers as the wire does, with the very objects of the cache', async () => {
    const made = (await transport.call(post('a'))) as KubeObject;
    assert.equal(made.metadata?.namespace, 'default');
    const read = await transport.call({ method: 'GET', path: `${MAPS}/a` });
    const list = (await transport.call({ method: 'GET', path: MAPS })) as KubeList<KubeObject>;
    assert.equal(read, made);
    assert.equal(list.kind, 'ConfigMapList');
    assert.equal(list.items[0], made);
    assert.ok(Object.isFrozen(made));
  });

  it('refuses what nobody serves, for lists and watches alike', async () => {
    for (const query of [{}, { watch: 'true' }] as Record<string, string>[]) {
      const call: ApiCall = { method: 'GET', path: '/apis/none.example.com/v1/things', query };
      const asked = query.watch ? transport.watch(call)[Symbol.asyncIterator]().next() : transport.call(call);
      await assert.rejects(asked, (error) => isStatus(error, 'NotFound'));
    }
  });

  it('takes a copy of the body, as the wire would', async () => {
    const body = { metadata: { name: 'a' }, data: { k: 'v' }, none: undefined };
    await transport.call({ method: 'POST', path: MAPS, body });
    body.data.k = 'changed';
    const { data } = (await transport.call({ method: 'GET', path: `${MAPS}/a` })) as { data?: object };
    assert.deepEqual(data, { k: 'v' });
  });

  it('patches with the type that the call names', async () => {
    await transport.call(post('a'));
    const contentType = 'application/json-patch+json';
    const body = [{ op: 'add', path: '/data', value: { k: 'v' } }];
    const patched = await transport.call({ method: 'PATCH', path: `${MAPS}/a`, contentType, body });
    assert.deepEqual((patched as { data?: object }).data, { k: 'v' });
  });

  it('answers what is no object: documents as values, logs as text', async () => {
    const version = (await transport.call({ method: 'GET', path: '/version' })) as { major: string };
    assert.equal(version.major, '1');
    assert.equal(await transport.call({ method: 'GET', path: '/readyz' }), 'ok');
    const pod = { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } };
    await transport.call({ method: 'POST', path: '/api/v1/namespaces/default/pods', body: pod });
    assert.equal(await transport.call({ method: 'GET', path: '/api/v1/namespaces/default/pods/p/log' }), '');
  });

  const refused: { title: string; call: ApiCall; reason: string; of?: string }[] = [
    { title: 'what does not exist', call: { method: 'GET', path: `${MAPS}/none` }, reason: 'NotFound' },
    { title: 'a bad body', call: { method: 'POST', path: MAPS, body: { data: 1 } }, reason: 'BadRequest' },
    { title: 'what the identity may not do', call: post('a'), reason: 'Forbidden', of: 'nobody' },
  ];
  for (const { title, call, reason, of } of refused) {
    it(`refuses ${title}`, async () => {
      const by = of ? server.direct({ name: of, groups: [] }) : transport;
      await assert.rejects(by.call(call), (error) => isStatus(error, reason));
      if (call.method === 'GET')
        await assert.rejects(
          by
            .watch({ ...WATCH, path: '/api/v1/none' })
            [Symbol.asyncIterator]()
            .next(),
          (error) => isStatus(error, 'NotFound'),
        );
    });
  }

  it('leaves no listener and no timer on a signal that outlives thousands of calls', async () => {
    const { signal, listeners } = countingSignal();
    await settle();
    const own = clock.timers;
    for (let i = 0; i < 2_000; i++) await transport.call({ method: 'GET', path: MAPS, signal });
    await assert.rejects(transport.call({ method: 'GET', path: `${MAPS}/none`, signal }));
    await transport.call(post('a'));
    for (let i = 0; i < 50; i++) {
      for await (const { type } of transport.watch({ ...WATCH, signal })) {
        assert.equal(type, 'ADDED');
        break;
      }
    }
    assert.equal(listeners(), 0);
    await clock.advance(1_000);
    assert.ok(clock.timers <= own, 'no more timers than the server has itself');
  });

  it('yields events until the signal aborts', async () => {
    const abort = new AbortController();
    const seen: string[] = [];
    const watching = (async () => {
      for await (const { type, object } of transport.watch({ ...WATCH, signal: abort.signal }))
        seen.push(`${type} ${object.metadata?.name}`);
    })();
    await transport.call(post('a'));
    await transport.call({ method: 'DELETE', path: `${MAPS}/a` });
    await settle();
    abort.abort();
    await watching;
    assert.deepEqual(seen, ['ADDED a', 'DELETED a']);
  });

  it('does nothing for a signal that has aborted, and tells the reason to whom waits', async () => {
    const reason = new Error('no longer wanted');
    const aborted = AbortSignal.abort(reason);
    await assert.rejects(transport.call({ ...post('a'), signal: aborted }), reason);
    await assert.rejects(transport.call({ method: 'GET', path: `${MAPS}/a` }), (error) => isStatus(error, 'NotFound'));
    const abort = new AbortController();
    const query = { resourceVersion: '99999' };
    const waiting = transport.call({ method: 'GET', path: MAPS, query, signal: abort.signal });
    abort.abort(reason);
    await assert.rejects(waiting, reason);
  });

  it('ends its watches and takes no more calls once it is closed; others go on', async () => {
    const other = server.direct(ADMIN);
    const ended = collect(transport.watch(WATCH));
    await settle();
    await transport.close();
    assert.deepEqual(await ended, []);
    await assert.rejects(transport.call(post('a')), /the transport is closed/);
    await other.call(post('a'));
  });

  it('tells its watches in their last event that the server stops', async () => {
    const ended = collect(transport.watch(WATCH));
    await settle();
    await server.stop();
    const events = await ended;
    assert.deepEqual(
      events.map(({ type }) => type),
      ['ERROR'],
    );
    assert.equal((events[0]?.object as { code?: number } | undefined)?.code, 503);
  });
});

async function collect(events: AsyncIterable<WatchEvent>): Promise<WatchEvent[]> {
  const all: WatchEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}
