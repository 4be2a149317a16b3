import assert from 'node:assert/strict';
import { FakeClock, settle } from '../base/fake-clock.ts';
import { silentLog } from '../base/log.ts';
import { seededRandom } from '../base/random.ts';
import type { V1ConfigMap } from '../openapi/generated/types.ts';
import { keyOf } from '../openapi/object.ts';
import { serviceUnavailable } from '../openapi/status.ts';
import { Client } from './client.ts';
import { FakeApi } from './fake-api.ts';
import { Informer } from './informer.ts';
import { CONFIG_MAPS } from './resources.ts';

describe('Informer', () => {
  let clock: FakeClock;
  let api: FakeApi;
  let abort: AbortController;
  let running: Promise<void>;
  let informer: Informer<V1ConfigMap>;
  let heard: string[];

  beforeEach(() => {
    clock = new FakeClock();
    api = new FakeApi({ clock, resources: [CONFIG_MAPS] });
    abort = new AbortController();
    heard = [];
    running = Promise.resolve();
    informer = make();
  });

  afterEach(async () => {
    abort.abort();
    await running;
    assert.equal(api.openWatches, 0, 'the watch is closed');
    assert.equal(clock.timers, 0, 'no timer is left');
  });

  function make(options: { namespace?: string; labelSelector?: string } = {}): Informer<V1ConfigMap> {
    const client = new Client(api);
    const made = new Informer(client.configMaps, { clock, random: seededRandom(1), log: silentLog, ...options });
    return made.addHandler({
      added: (object) => heard.push(`added ${keyOf(object)} ${value(object)}`),
      updated: (object, old) => heard.push(`updated ${keyOf(object)} ${value(old)}>${value(object)}`),
      deleted: (object) => heard.push(`deleted ${keyOf(object)} ${value(object)}`),
    });
  }

  async function start(): Promise<void> {
    running = informer.run(abort.signal);
    await informer.synced();
    await settle();
  }

  const value = (object: V1ConfigMap) => object.data?.v ?? '';
  const put = (name: string, v: string, labels: Record<string, string> = {}, namespace = 'a') =>
    api.create<V1ConfigMap>(CONFIG_MAPS, namespace, { metadata: { name, labels }, data: { v } });
  const change = (name: string, v: string) =>
    api.change<V1ConfigMap>(CONFIG_MAPS, name, 'a', (object) => ({ ...object, data: { v } }));
  const lists = () => api.calls.filter((call) => call.query?.watch === undefined).length;

  it('has what was there, and is synced only then', async () => {
    put('x', '1');
    put('y', '1');
    assert.equal(informer.hasSynced, false);
    await start();
    assert.equal(informer.hasSynced, true);
    assert.equal(informer.size, 2);
    assert.equal(value(informer.get('a/x')!), '1');
    assert.deepEqual(heard, ['added a/x 1', 'added a/y 1']);
  });

  it('follows what changes, telling handlers in order', async () => {
    await start();
    put('x', '1');
    change('x', '2');
    api.remove(CONFIG_MAPS, 'x', 'a');
    put('z', '1');
    await settle();
    assert.deepEqual(heard, ['added a/x 1', 'updated a/x 1>2', 'deleted a/x 2', 'added a/z 1']);
    assert.deepEqual(informer.list().map(keyOf), ['a/z']);
  });

  it('tells a handler that comes late of what is already there', async () => {
    put('x', '1');
    await start();
    const late: string[] = [];
    informer.addHandler({ added: (object) => late.push(keyOf(object)) });
    assert.deepEqual(late, ['a/x']);
  });

  it('asks only for its namespace and labels', async () => {
    informer = make({ namespace: 'b', labelSelector: 'app=web' });
    put('in', '1', { app: 'web' }, 'b');
    put('other', '1', { app: 'db' }, 'b');
    put('elsewhere', '1', { app: 'web' }, 'a');
    await start();
    put('later', '1', { app: 'web' }, 'b');
    await settle();
    assert.deepEqual(informer.list().map(keyOf), ['b/in', 'b/later']);
  });

  it('keeps its indexes at what the objects say now', async () => {
    informer.addIndex('byValue', (object) => [value(object)]);
    put('x', '1');
    put('y', '1');
    await start();
    assert.deepEqual(informer.byIndex('byValue', '1').map(keyOf), ['a/x', 'a/y']);
    assert.equal(informer.countByIndex('byValue', '1'), 2);
    change('x', '2');
    await settle();
    assert.deepEqual(informer.byIndex('byValue', '1').map(keyOf), ['a/y']);
    assert.deepEqual(informer.byIndex('byValue', '2').map(keyOf), ['a/x']);
    api.remove(CONFIG_MAPS, 'x', 'a');
    await settle();
    assert.deepEqual(informer.byIndex('byValue', '2'), []);
    assert.equal(informer.countByIndex('byValue', '2'), 0);
    assert.throws(() => informer.byIndex('nope', ''), /no index nope/);
  });

  it('watches on from where a watch ended, without a new list', async () => {
    await start();
    const { resourceVersion } = put('x', '1').metadata!;
    await settle();
    api.dropWatches();
    put('y', '1');
    await clock.advance(300);
    assert.equal(lists(), 1);
    assert.equal(api.calls.at(-1)!.query!.resourceVersion, resourceVersion);
    assert.deepEqual(heard, ['added a/x 1', 'added a/y 1']);
  });

  it('lists again after 410 and finds what it missed, deletions too', async () => {
    put('gone', '1');
    put('changed', '1');
    put('same', '1');
    await start();
    heard.length = 0;
    api.dropWatches();
    api.remove(CONFIG_MAPS, 'gone', 'a');
    change('changed', '2');
    put('new', '1');
    api.compact();
    await clock.advance(300);
    assert.equal(lists(), 2);
    assert.deepEqual(heard, ['updated a/changed 1>2', 'added a/new 1', 'deleted a/gone 1']);
    assert.equal(api.openWatches, 1, 'it watches again');
  });

  it('takes an object that was made anew under the same name for another one', async () => {
    put('x', '1');
    await start();
    heard.length = 0;
    api.dropWatches();
    api.remove(CONFIG_MAPS, 'x', 'a');
    put('x', '2');
    api.compact();
    await clock.advance(300);
    assert.deepEqual(heard, ['deleted a/x 1', 'added a/x 2']);
  });

  it('tries again with growing pauses when the server refuses', async () => {
    let refusals = 3;
    const at: number[] = [];
    api.intercept = () => {
      at.push(clock.now());
      if (refusals-- > 0) throw serviceUnavailable('not yet');
    };
    running = informer.run(abort.signal);
    await clock.advance(5000);
    assert.equal(informer.hasSynced, true);
    const pauses = at.slice(1, 4).map((ms, i) => ms - at[i]!);
    assert.ok(pauses[0]! >= 100 && pauses[0]! < 200, `first pause ${pauses[0]}`);
    assert.ok(pauses[1]! >= 200 && pauses[1]! < 400, `second pause ${pauses[1]}`);
    assert.ok(pauses[2]! >= 400 && pauses[2]! < 800, `third pause ${pauses[2]}`);
  });

  it('pauses when a server ends every watch at once', async () => {
    await start();
    const before = api.calls.length;
    for (let i = 0; i < 20; i++) {
      api.dropWatches();
      await settle();
    }
    assert.ok(api.calls.length - before <= 2, `${api.calls.length - before} calls without time passing`);
  });

  it('does not take an abort of somebody else for its own', async () => {
    await start();
    api.dropWatches(new DOMException('not yours', 'AbortError'));
    await clock.advance(300);
    put('x', '1');
    await settle();
    assert.deepEqual(heard, ['added a/x 1']);
  });

  it('stops while it waits to try again', async () => {
    api.intercept = () => {
      throw serviceUnavailable('never');
    };
    running = informer.run(abort.signal);
    await settle();
    assert.equal(clock.timers, 1);
    abort.abort();
    await running;
  });
});
