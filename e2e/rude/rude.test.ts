/** Slow and rude clients: others notice nothing of them, memory stays bounded, and nothing is left when they are gone. */
import assert from 'node:assert/strict';
import { seededRandom } from '../../base/random.ts';
import { eventually } from '../harness.ts';
import type { AttackKind } from './attacks.ts';
import type { PoliteClient } from './polite-client.ts';
import { RudeServer } from './server.ts';
import { isUndisturbed, lineOf, type Trial, trial } from './trial.ts';

/** The long form: as many as there may ever be, and figures on standard output. */
const LONG = process.env.RUDE === 'long';
const MB = 1024 * 1024;
/** Of a request, in seconds; the limit for handshakes and headers is a constant of half a minute. */
const REQUEST_TIMEOUT_S = LONG ? 60 : 20;

interface Case {
  title: string;
  kind: AttackKind;
  count: number;
  /** Of the long form. */
  many: number;
  /** What the server may take beyond what it had, at its peak. */
  memoryMb: number;
  /** Whether work is going on while it is held, of which others get their share of the processor only. */
  isBusy?: boolean;
}

/** What each holds is cut off after a time: begun first, looked for last. */
const CUT_OFF: readonly { kind: AttackKind; count: number }[] = [
  { kind: 'handshakes', count: 100 },
  { kind: 'slowHeaders', count: 100 },
  { kind: 'drip', count: 300 },
  { kind: 'dripH2', count: 300 },
];

const CASES: readonly Case[] = [
  { title: 'idle connections', kind: 'idle', count: 500, many: 5_000, memoryMb: 120 },
  { title: 'watchers that stop reading', kind: 'watchers', count: 100, many: 1_000, memoryMb: 60 },
  { title: 'HTTP/2 watchers without a window', kind: 'watchersH2', count: 500, many: 5_000, memoryMb: 60 },
  { title: 'clients that vanish in the middle of a body', kind: 'vanish', count: 100, many: 2_000, memoryMb: 120 },
  { title: 'bodies in crumbs', kind: 'crumbs', count: 1, many: 50, memoryMb: 50 },
  { title: 'streams opened and reset at once', kind: 'rapidReset', count: 5_000, many: 50_000, memoryMb: 160 },
  { title: 'streams reset all the time', kind: 'rapidResets', count: 2_000, many: 5_000, memoryMb: 100, isBusy: true },
  { title: 'a flood of pings', kind: 'pings', count: 400_000, many: 10_000_000, memoryMb: 60 },
  { title: 'a flood of settings', kind: 'settings', count: 400_000, many: 10_000_000, memoryMb: 60 },
  { title: 'headers without an end', kind: 'continuations', count: 100_000, many: 5_000_000, memoryMb: 60 },
  { title: 'requests sent ahead of answers', kind: 'pipelined', count: 600, many: 20_000, memoryMb: 120 },
  { title: 'a flood of requests sent ahead', kind: 'pipelinedFlood', count: 200_000, many: 2_000_000, memoryMb: 120 },
  { title: 'lists that nobody reads', kind: 'lists', count: 25, many: 500, memoryMb: 300 },
  { title: 'HTTP/2 lists without a window', kind: 'listsH2', count: 100, many: 3_000, memoryMb: 300 },
  { title: 'Tables that nobody reads', kind: 'tables', count: 30, many: 500, memoryMb: 200 },
  { title: 'compressed lists that nobody reads', kind: 'gzip', count: 10, many: 500, memoryMb: 200 },
  { title: 'WebSocket watchers that stop reading', kind: 'watchersWebSocket', count: 100, many: 1_000, memoryMb: 60 },
  { title: 'a flood of WebSocket pings', kind: 'webSocketPings', count: 1_000_000, many: 10_000_000, memoryMb: 80 },
];

const MAPS = '/api/v1/namespaces/rude/configmaps';
const LARGE = '/api/v1/namespaces/large/configmaps';

describe('slow and rude clients', function () {
  this.timeout(LONG ? 600_000 : 60_000);
  let server: RudeServer;
  let polite: PoliteClient;
  /** Before anybody rude came. */
  let descriptors: number;
  let begun: number;

  before(async () => {
    server = await RudeServer.start('--request-timeout', `${REQUEST_TIMEOUT_S}s`);
    polite = server.client();
    await fill(server);
    await polite.get('/version');
    descriptors = server.descriptors;
    for (const { kind, count } of CUT_OFF) await server.begin(kind, count);
    begun = performance.now();
  });
  after(async () => {
    polite?.close();
    await server?.stop();
  });

  for (const { title, kind, count, many, memoryMb, isBusy = false } of CASES) {
    it(`${title}: nobody else notices, and nothing is left`, async () => {
      const before = server.descriptors;
      const result = await trial(server, polite, { kind, count: LONG ? many : count, isBusy });
      if (LONG) console.log(`      ${lineOf(result)}`);
      assertBounded(result, LONG ? memoryMb * 3 : memoryMb);
      assert.ok(isUndisturbed(result.quiet, result.disturbed, isBusy), lineOf(result));
      await server.end(kind);
      // Those of the attacks under way may become fewer meanwhile.
      await eventually('the descriptors are closed', async () => server.descriptors <= before);
      assert.ok(server.alive, server.output);
    });
  }

  it('cuts off watchers that do not read when too much waits for them, and slows nobody who does', async () => {
    const writer = server.client();
    const before = server.descriptors;
    const stuck = LONG ? 500 : 50;
    await server.begin('watchers', stuck);
    const reader = server.client();
    const seen = follow(reader, `${MAPS}?watch=1&resourceVersion=0`);
    await eventually('the watchers stand', async () => server.descriptors >= before + stuck + 1);
    server.forgetPeak();
    const memory = server.memory;
    const value = 'x'.repeat(500_000);
    await writer.post(MAPS, { metadata: { name: 'changing' } });
    for (let i = 0; i < 90; i++) {
      const { code } = await writer.put(`${MAPS}/changing`, {
        metadata: { name: 'changing' },
        data: { value, i: `${i}` },
      });
      assert.ok(code < 300, String(code));
    }
    await eventually('the reader has seen the last change', async () => seen.last === '89');
    assert.equal(seen.missed, 0);
    await eventually('the others are cut off', async () => server.descriptors <= before + 2);
    assert.ok(server.peakMemory - memory < 400 * MB, `${(server.peakMemory - memory) / MB} MB`);
    reader.close();
    writer.close();
    await server.end('watchers');
  });

  it('refuses more requests at a time than there are places, but never a master', async () => {
    const own = await RudeServer.start('--max-requests-inflight', '2', '--max-mutating-requests-inflight', '1');
    const [master, other] = [own.client('master-token'), own.client()];
    try {
      await fill(own, 16);
      const refused = await eventually('somebody is refused', async () => {
        // Who has not read for a second loses his place, so that there is none free only for so long.
        await own.begin('lists', 2);
        const answer = await other.get('/api/v1/namespaces/large');
        await own.end('lists');
        return answer.code === 429 ? answer : undefined;
      });
      await own.begin('lists', 2);
      assert.equal((await master.get('/api/v1/namespaces/large')).code, 200);
      assert.equal(refused.headers['retry-after'], '1');
      assert.equal(refused.text, 'Too many requests, please try again later.\n');
    } finally {
      for (const client of [master, other]) client.close();
      await own.stop();
    }
  });

  it('cuts off handshakes, headers and bodies that do not come to an end', async () => {
    // Of HTTP/2 the streams are cut off; the sessions, each of a hundred of them, stay.
    const left = () => server.descriptors - descriptors - 3;
    const sinceBegun = () => Math.round(performance.now() - begun) / 1000;
    await eventually('all are cut off', async () => left() <= 0, LONG ? 120 : 45);
    assert.ok(sinceBegun() > REQUEST_TIMEOUT_S / 2);
    for (const { kind } of CUT_OFF) await server.end(kind);
    assert.equal((await polite.get(`${LARGE}/one`)).code, 200);
  });
});

/** Lists of all of them fill what the kernel keeps for a connection, several times over. */
const LIST_BYTES = 8 * MB;

/** Fills the namespace `large` with what does not compress well. */
async function fill(server: RudeServer, count = LONG ? 3_000 : 300): Promise<void> {
  const random = seededRandom(36);
  const value = () => random.bytes((LIST_BYTES / count) * 0.75).toString('base64');
  const worker = async (first: number) => {
    const client = server.client('master-token');
    for (let i = first; i < count; i += WRITERS) {
      const name = i === 0 ? 'one' : `m${i}`;
      const { code } = await client.post(LARGE, { metadata: { name }, data: i === 0 ? {} : { value: value() } });
      assert.equal(code, 201);
    }
    client.close();
  };
  await Promise.all(Array.from({ length: WRITERS }, (_, first) => worker(first)));
}

const WRITERS = 8;

function assertBounded({ kind, before, peakMemory }: Trial, memoryMb: number): void {
  const more = Math.round((peakMemory - before.memory) / MB);
  assert.ok(more <= memoryMb, `${kind}: ${more} MB more at its peak`);
}

/** Follows the changes of one object by the counter in it. */
function follow(client: PoliteClient, path: string): { last: string; missed: number } {
  const seen = { last: '', missed: 0 };
  const run = async () => {
    for await (const line of client.lines(path)) {
      const i = /"i":"(\d+)"/.exec(line)?.[1];
      if (i === undefined) continue;
      if (seen.last !== '' && Number(i) !== Number(seen.last) + 1) seen.missed++;
      seen.last = i;
    }
  };
  // It ends when the client closes its connection.
  run().catch(() => undefined);
  return seen;
}
