import assert from 'node:assert/strict';
import { FakeClock } from '../base/fake-clock.ts';
import { type Log, silentLog } from '../base/log.ts';
import { seededRandom } from '../base/random.ts';
import type { CoreV1Event, V1Pod } from '../openapi/generated/types.ts';
import { serviceUnavailable } from '../openapi/status.ts';
import { Client } from './client.ts';
import { type EventRecorder, eventRecorder } from './events.ts';
import { FakeApi } from './fake-api.ts';
import { EVENTS } from './resources.ts';

const POD: V1Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'a', uid: 'u1', resourceVersion: '7' },
};

describe('EventRecorder', () => {
  let clock: FakeClock;
  let api: FakeApi;
  let recorder: EventRecorder;
  let warnings: number;

  beforeEach(() => {
    clock = new FakeClock(Date.UTC(2026, 0, 1));
    api = new FakeApi({ clock, resources: [EVENTS] });
    warnings = 0;
    const log: Log = { ...silentLog, warn: () => warnings++ };
    const client = new Client(api);
    recorder = eventRecorder({ client, clock, random: seededRandom(1), log, component: 'tester', host: 'h1' });
  });

  const stored = () => api.all<CoreV1Event>(EVENTS);

  it('stores who did what to which object, when', async () => {
    recorder.event(POD, 'Warning', 'Failed', 'it broke', 'spec.containers{c}');
    await recorder.flush();
    const [event] = stored();
    assert.match(event!.metadata.name!, /^web\.[0-9a-f]{16}$/);
    assert.equal(event!.metadata.namespace, 'a');
    assert.deepEqual(event!.involvedObject, {
      kind: 'Pod',
      namespace: 'a',
      name: 'web',
      uid: 'u1',
      apiVersion: 'v1',
      resourceVersion: '7',
      fieldPath: 'spec.containers{c}',
    });
    const { reason, message, type, count, source, firstTimestamp, lastTimestamp, reportingComponent } = event!;
    assert.deepEqual([reason, message, type, count], ['Failed', 'it broke', 'Warning', 1]);
    assert.deepEqual(source, { component: 'tester', host: 'h1' });
    assert.deepEqual([firstTimestamp, lastTimestamp], ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z']);
    assert.equal(reportingComponent, 'tester');
  });

  it('puts events about objects without a namespace into default', async () => {
    recorder.event({ kind: 'Node', metadata: { name: 'n1' } }, 'Normal', 'Seen', 'hello');
    await recorder.flush();
    assert.equal(stored()[0]!.metadata.namespace, 'default');
    assert.equal(stored()[0]!.involvedObject.namespace, '');
  });

  it('counts a repeat instead of storing it again', async () => {
    recorder.event(POD, 'Normal', 'Pulled', 'image');
    await clock.advance(60_000);
    recorder.event(POD, 'Normal', 'Pulled', 'image');
    recorder.event(POD, 'Normal', 'Pulled', 'image');
    recorder.event(POD, 'Normal', 'Pulled', 'another image');
    await recorder.flush();
    const events = stored().sort((a, b) => (b.count ?? 0) - (a.count ?? 0));
    assert.deepEqual(
      events.map((event) => [event.message, event.count]),
      [
        ['image', 3],
        ['another image', 1],
      ],
    );
    assert.equal(events[0]!.firstTimestamp, '2026-01-01T00:00:00Z');
    assert.equal(events[0]!.lastTimestamp, '2026-01-01T00:01:00Z');
  });

  it('stores a repeat anew once the first has expired', async () => {
    recorder.event(POD, 'Normal', 'Pulled', 'image');
    await recorder.flush();
    api.remove(EVENTS, stored()[0]!.metadata.name!, 'a');
    recorder.event(POD, 'Normal', 'Pulled', 'image');
    await recorder.flush();
    assert.deepEqual(
      stored().map((event) => event.count),
      [1],
    );
  });

  it('combines events that differ only in their message, from the tenth on', async () => {
    for (let i = 0; i < 12; i++) recorder.event(POD, 'Normal', 'Created', `Created pod: web-${i}`);
    await recorder.flush();
    const combined = stored().filter((event) => event.message?.startsWith('(combined from similar events): '));
    assert.equal(stored().length, 10);
    assert.deepEqual(
      combined.map((event) => [event.message, event.count]),
      [['(combined from similar events): Created pod: web-11', 3]],
    );
  });

  it('stops listening to an object that causes too many, and lets one through every five minutes', async () => {
    for (let i = 0; i < 40; i++) recorder.event(POD, 'Normal', 'Spam', 'again');
    await recorder.flush();
    assert.equal(stored()[0]!.count, 25);
    recorder.event({ ...POD, metadata: { name: 'other', namespace: 'a', uid: 'u2' } }, 'Normal', 'Spam', 'again');
    await recorder.flush();
    assert.equal(stored().length, 2, 'another object is heard');
    await clock.advance(300_000);
    recorder.event(POD, 'Normal', 'Spam', 'again');
    recorder.event(POD, 'Normal', 'Spam', 'again');
    await recorder.flush();
    assert.equal(stored()[0]!.count, 26);
  });

  it('logs an event that could not be sent, and goes on with the next', async () => {
    api.intercept = () => {
      api.intercept = undefined;
      throw serviceUnavailable('no');
    };
    recorder.event(POD, 'Normal', 'One', '1');
    recorder.event(POD, 'Normal', 'Two', '2');
    await recorder.flush();
    assert.equal(warnings, 1);
    assert.deepEqual(
      stored().map((event) => event.reason),
      ['Two'],
    );
  });

  it('cuts messages to what the API takes', async () => {
    recorder.event(POD, 'Normal', 'Long', 'x'.repeat(3000));
    await recorder.flush();
    assert.equal(stored()[0]!.message!.length, 1024);
  });
});
