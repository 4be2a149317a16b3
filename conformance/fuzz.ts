/**
 * Random requests against the cluster of $KUBECONFIG: `node dist/conformance/fuzz.js`. $FUZZ_SEED repeats a run and
 * $FUZZ_ONLY one request of it, $FUZZ_REQUESTS (100,000; 3,000 against a server older than 1.36) and $FUZZ_CONCURRENCY
 * size it. Exits with 1 when an answer was not a good server's, an object was harmed or the server is not well
 * afterwards.
 */
import { fuzzOptions } from './fuzz/options.ts';
import { describeReport, passed } from './fuzz/report.ts';
import { fuzz } from './fuzz/run.ts';
import { server, target } from './harness/cluster.ts';

const options = fuzzOptions(server.minor >= 36 ? 100_000 : 3000);
console.log(`fuzz: seed ${options.seed}, ${options.requests} requests, against ${target.url.href}`);
const report = await fuzz({ ...options, progress: (sent) => console.log(`  ${sent} sent`) });
console.log(describeReport(report));
target.close();
process.exitCode = passed(report) ? 0 : 1;
