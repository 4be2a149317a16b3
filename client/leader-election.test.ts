import assert from 'node:assert/strict';
import { FakeClock, settle } from '../base/fake-clock.ts';
import { silentLog } from '../base/log.ts';
import { seededRandom } from '../base/random.ts';
import type { V1Lease } from '../openapi/generated/types.ts';
import { serviceUnavailable } from '../openapi/status.ts';
import { Client } from './client.ts';
import { FakeApi } from './fake-api.ts';
import { LEASE_LOST, runAsLeader } from './leader-election.ts';
import { LEASES } from './resources.ts';

/** Candidates for one Lease, each with a way to the server of its own. */
class Election {
  readonly clock = new FakeClock();
  readonly api = new FakeApi({ clock: this.clock, resources: [LEASES] });
  /** Who works, in the order in which they began. */
  readonly leading: string[] = [];
  readonly reasons = new Map<string, unknown>();

  candidate(identity: string) {
    const stop = new AbortController();
    const link = { isCut: false, hangs: false };
    const transport = {
      call: async (call: Parameters<FakeApi['call']>[0]) => {
        if (link.hangs) return new Promise<never>(() => undefined);
        if (link.isCut) throw serviceUnavailable('cut off');
        return this.api.call(call);
      },
      watch: (call: Parameters<FakeApi['watch']>[0]) => this.api.watch(call),
      close: () => this.api.close(),
    };
    const ended = runAsLeader({
      client: new Client(transport),
      clock: this.clock,
      random: seededRandom(identity.length),
      log: silentLog,
      signal: stop.signal,
      name: 'manager',
      identity,
      lead: async (leading) => {
        this.leading.push(identity);
        await new Promise<void>((resolve) => leading.addEventListener('abort', () => resolve(), { once: true }));
        this.leading.splice(this.leading.indexOf(identity), 1);
        this.reasons.set(identity, leading.reason);
      },
    });
    return { stop, link, ended };
  }

  get lease(): V1Lease['spec'] {
    return this.api.all<V1Lease>(LEASES, 'kube-system')[0]?.spec;
  }
}

describe('leader election', () => {
  it('lets one of several work, which renews the lease', async () => {
    const election = new Election();
    const candidates = ['one', 'three'].map((identity) => election.candidate(identity));
    await settle();
    assert.equal(election.leading.length, 1);
    const [leader = ''] = election.leading;
    const begun = election.lease;
    assert.deepEqual(
      [begun?.holderIdentity, begun?.leaseDurationSeconds, begun?.leaseTransitions, begun?.acquireTime],
      [leader, 15, 0, begun?.renewTime],
    );
    await election.clock.advance(60_000);
    assert.deepEqual(election.leading, [leader]);
    assert.equal(election.lease?.acquireTime, begun?.acquireTime);
    assert.notEqual(election.lease?.renewTime, begun?.renewTime);
    for (const { stop } of candidates) stop.abort();
    await Promise.all(candidates.map(({ ended }) => ended));
    assert.equal(election.clock.timers, 0);
  });

  it('gives the lease back when it is stopped, and the next takes over at its next try', async () => {
    const election = new Election();
    const first = election.candidate('first');
    await settle();
    const second = election.candidate('second');
    await election.clock.advance(5_000);
    first.stop.abort();
    assert.equal(await first.ended, 'stopped');
    assert.deepEqual([election.lease?.holderIdentity, election.leading], ['', []]);
    await election.clock.advance(2_500);
    assert.deepEqual([election.lease?.holderIdentity, election.leading], ['second', ['second']]);
    assert.equal(election.lease?.leaseTransitions, 1);
    second.stop.abort();
    await second.ended;
  });

  for (const how of ['isCut', 'hangs'] as const) {
    it(`stops a leader that ${how === 'isCut' ? 'is cut off' : 'gets no answers'} before another may begin`, async () => {
      const election = new Election();
      const first = election.candidate('first');
      await settle();
      const second = election.candidate('second');
      await election.clock.advance(4_000);
      first.link[how] = true;
      const seen: number[] = [];
      for (let second = 0; second < 21; second++) {
        await election.clock.advance(1_000);
        seen.push(election.leading.length);
      }
      assert.equal(await first.ended, 'lost');
      assert.equal(election.reasons.get('first'), LEASE_LOST);
      assert.ok(
        seen.every((count) => count <= 1),
        `two at a time: ${seen}`,
      );
      assert.ok(seen.indexOf(0) >= 8 && seen.indexOf(0) <= 13, `stopped after ${seen.indexOf(0)} s`);
      assert.deepEqual(election.leading, ['second']);
      second.stop.abort();
      await second.ended;
    });
  }

  it('takes over from one that died within 15 seconds and a try, measured from the last change it saw', async () => {
    const election = new Election();
    const dead = { metadata: { name: 'manager', namespace: 'kube-system' }, spec: { holderIdentity: 'dead' } };
    // The clock of the dead was wrong by years, which is nobody's business.
    await new Client(election.api).leases.create({
      ...dead,
      spec: { ...dead.spec, leaseDurationSeconds: 15, renewTime: '2036-01-01T00:00:00.000000Z', leaseTransitions: 4 },
    });
    const next = election.candidate('next');
    await election.clock.advance(14_000);
    assert.deepEqual(election.leading, []);
    await election.clock.advance(4_000);
    assert.deepEqual([election.leading, election.lease?.leaseTransitions], [['next'], 5]);
    next.stop.abort();
    await next.ended;
  });

  it('gives up a lease that somebody else has taken', async () => {
    const election = new Election();
    const leader = election.candidate('leader');
    await settle();
    const client = new Client(election.api);
    const lease = await client.leases.get('manager', 'kube-system');
    await client.leases.update({ ...lease, spec: { ...lease.spec, holderIdentity: 'thief' } });
    await election.clock.advance(5_000);
    assert.equal(await leader.ended, 'lost');
    assert.equal(election.lease?.holderIdentity, 'thief');
  });

  it('passes on what the work fails with, and lets others try', async () => {
    const election = new Election();
    const stop = new AbortController();
    const ended = runAsLeader({
      client: new Client(election.api),
      clock: election.clock,
      random: seededRandom(1),
      log: silentLog,
      signal: stop.signal,
      name: 'manager',
      identity: 'broken',
      lead: async () => {
        throw new Error('the work failed');
      },
    });
    const failed = assert.rejects(ended, /the work failed/);
    await election.clock.advance(3_000);
    await failed;
    assert.equal(election.lease?.holderIdentity, '');
  });
});
