import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { systemClock } from '../base/clock.ts';
import { type Log, silentLog } from '../base/log.ts';
import { openStore, type StoreFlags, storeSettings, withStoreFlags } from './store-flags.ts';

const parse = (...args: string[]) =>
  storeSettings(withStoreFlags(new Command()).exitOverride().parse(args, { from: 'user' }).opts<StoreFlags>());

describe('the flags of the store', () => {
  it('have defaults that lose nothing and keep five minutes', () => {
    assert.deepEqual(parse(), {
      durability: 'strict',
      history: { ageMs: 300_000, entries: 10_000, bytes: 67_108_864 },
    });
  });

  it('limit history by age, number and size', () => {
    const { history } = parse('--history-age', '90s', '--history-events', '500', '--history-size', '1Gi');
    assert.deepEqual(history, { ageMs: 90_000, entries: 500, bytes: 1024 ** 3 });
  });

  it('refuse what they cannot read', () => {
    for (const args of [
      ['--history-age', 'long'],
      ['--history-events', '-1'],
      ['--history-size', 'much'],
    ]) {
      assert.throws(() => parse(...args), new RegExp(args.join(' ')));
    }
  });

  it('say what is given up where the store is less than durable, and nothing otherwise', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kubets-flags-'));
    const warnings: string[] = [];
    const log: Log = { ...silentLog, warn: (_fields, message) => warnings.push(String(message)) };
    for (const durability of ['strict', 'relaxed'] as const) {
      await (await openStore(join(folder, durability), { durability }, systemClock, log)).close();
    }
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? '', /writes that were acknowledged are lost/);
    await rm(folder, { recursive: true });
  });
});
