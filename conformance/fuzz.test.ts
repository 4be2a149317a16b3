/** A short fuzzing run; `node dist/conformance/fuzz.js` makes the long one. $FUZZ_SEED repeats it. */
import assert from 'node:assert/strict';
import { systemRandom } from '../base/random.ts';
import { describeReport, passed } from './fuzz/report.ts';
import { fuzz } from './fuzz/run.ts';
import { behaves, server, suite } from './harness.ts';

suite('fuzzing', () => {
  behaves('random requests get clear answers and do no harm', async () => {
    const seed = Number(process.env.FUZZ_SEED ?? Math.floor(systemRandom.next() * 2 ** 31));
    const report = await fuzz({
      seed,
      requests: Number(process.env.FUZZ_REQUESTS ?? 2000),
      concurrency: 16,
      tolerate500: server.minor < 36,
    });
    assert.ok(passed(report), describeReport(report));
    console.log(
      `      seed ${seed}: ${Object.entries(report.statuses)
        .map(([status, count]) => `${count}×${status}`)
        .join(' ')}`,
    );
  });
}, 600_000);
