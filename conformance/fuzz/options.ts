import { systemRandom } from '../../base/random.ts';
import { server } from '../harness/cluster.ts';
import type { FuzzOptions } from './run.ts';

/**
 * A run as the environment wants it: $FUZZ_SEED, $FUZZ_REQUESTS, $FUZZ_CONCURRENCY (16), $FUZZ_ONLY (the index of the
 * one request to send). Without a seed it is another one each time; the report names it.
 */
export function fuzzOptions(requests: number): FuzzOptions {
  const { FUZZ_SEED, FUZZ_REQUESTS, FUZZ_CONCURRENCY, FUZZ_ONLY } = process.env;
  return {
    seed: Number(FUZZ_SEED ?? Math.floor(systemRandom.next() * 2 ** 31)),
    requests: Number(FUZZ_REQUESTS ?? requests),
    concurrency: Number(FUZZ_CONCURRENCY ?? 16),
    tolerate500: server.minor < 36,
    ...(FUZZ_ONLY === undefined ? {} : { only: Number(FUZZ_ONLY) }),
  };
}
