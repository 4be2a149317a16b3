/**
 * Random requests against the cluster of $KUBECONFIG: `node dist/conformance/fuzz.js`. $FUZZ_SEED repeats a run,
 * $FUZZ_REQUESTS (100,000; 3,000 against a server older than 1.36) and $FUZZ_CONCURRENCY (32) size it. Exits with 1
 * when an answer was not a good server's, an object was harmed or the server is not well afterwards.
 */
import { systemRandom } from '../base/random.ts';
import { describeReport, passed } from './fuzz/report.ts';
import { fuzz } from './fuzz/run.ts';
import { server, target } from './harness/cluster.ts';

const seed = Number(process.env.FUZZ_SEED ?? Math.floor(systemRandom.next() * 2 ** 31));
const requests = Number(process.env.FUZZ_REQUESTS ?? (server.minor >= 36 ? 100_000 : 3000));
const concurrency = Number(process.env.FUZZ_CONCURRENCY ?? 32);

console.log(`fuzz: seed ${seed}, ${requests} requests, ${concurrency} at a time, against ${target.url.href}`);
const report = await fuzz({
  seed,
  requests,
  concurrency,
  tolerate500: server.minor < 36,
  progress: (sent) => console.log(`  ${sent} sent`),
});
console.log(describeReport(report));
target.close();
process.exitCode = passed(report) ? 0 : 1;
