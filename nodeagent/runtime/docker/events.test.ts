import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { FakeClock, settle } from '../../../base/fake-clock.ts';
import { silentLog } from '../../../base/log.ts';
import { type EventSource, podEvents } from './events.ts';

/** Stands for dockerode where only its way of opening a stream is used. */
class FakeDocker {
  /** One for each connection; absent once no daemon answers. */
  readonly streams: PassThrough[] = [];
  up = true;
  readonly modem = {
    dial: (_: object, done: (error: Error | null, stream?: PassThrough) => void) => {
      if (!this.up) return done(new Error('connect ECONNREFUSED'));
      const stream = new PassThrough();
      this.streams.push(stream);
      done(null, stream);
    },
  };
}

function world() {
  const clock = new FakeClock();
  const docker = new FakeDocker();
  const present = new Set<string>();
  const changed: string[] = [];
  const source = {
    docker,
    clusterId: 'c',
    clock,
    log: silentLog,
    uids: async () => [...present],
    changed: (id: string) => changed.push(id),
  } as unknown as EventSource;
  const stop = new AbortController();
  const seen: string[] = [];
  const done = (async () => {
    for await (const uid of podEvents(source, stop.signal)) seen.push(uid);
  })();
  const emit = (uid: string, action = 'start', type = 'container') => {
    const Attributes = { 'io.kubernetes.pod.uid': uid, 'io.kubernetes.docker.type': type };
    docker.streams.at(-1)?.write(`${JSON.stringify({ Action: action, Actor: { ID: `id-${uid}`, Attributes } })}\n`);
  };
  return { clock, docker, present, changed, stop, seen, done, emit };
}

describe('The events of pods', () => {
  it('name the pod and tell which container changed', async () => {
    const { emit, seen, changed, stop, done } = world();
    await settle();
    emit('a');
    await settle();
    assert.deepEqual(seen, ['a']);
    assert.deepEqual(changed, ['id-a']);
    stop.abort();
    await done;
  });

  it('are put together from whatever pieces they arrive in', async () => {
    const { docker, seen, stop, done } = world();
    await settle();
    const line = JSON.stringify({ Action: 'die', Actor: { ID: 'x', Attributes: { 'io.kubernetes.pod.uid': 'ü' } } });
    for (const byte of Buffer.from(`${line}\n`)) docker.streams[0]?.write(Buffer.from([byte]));
    await settle();
    await settle();
    assert.deepEqual(seen, ['ü']);
    stop.abort();
    await done;
  });

  it('name every pod, those that went too, after the stream was lost', async () => {
    const { clock, docker, present, emit, seen, stop, done } = world();
    present.add('kept');
    await settle();
    emit('gone');
    emit('destroyed', 'destroy', 'podsandbox');
    await settle();
    seen.length = 0;
    docker.up = false;
    docker.streams[0]?.end();
    await clock.advance(60_000);
    assert.deepEqual(seen, []);
    docker.up = true;
    present.add('new');
    await clock.advance(5_000);
    assert.deepEqual(seen.toSorted(), ['gone', 'kept', 'new']);
    seen.length = 0;
    emit('new');
    await settle();
    assert.deepEqual(seen, ['new']);
    stop.abort();
    await done;
  });

  it('end at once, leaving no timer, when told to while no daemon answers', async () => {
    const { clock, docker, stop, done } = world();
    docker.up = false;
    docker.streams[0]?.end();
    await clock.advance(1_000);
    stop.abort();
    await done;
    assert.equal(clock.timers, 0);
  });
});
