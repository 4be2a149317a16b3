/** A short fuzzing run; $FUZZ_REQUESTS makes it longer, $FUZZ_SEED repeats it. `fuzz.ts` has them all. */
import assert from 'node:assert/strict';
import { fuzzOptions } from './fuzz/options.ts';
import { describeReport, passed, summaryOf } from './fuzz/report.ts';
import { fuzz } from './fuzz/run.ts';
import { behaves, suite } from './harness.ts';

suite('fuzzing', () => {
  behaves('random requests get clear answers and do no harm', async () => {
    const report = await fuzz(fuzzOptions(2000));
    assert.ok(passed(report), describeReport(report));
    console.log(summaryOf(report));
  });
}, 900_000);
