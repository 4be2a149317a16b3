/**
 * Time from `kubectl create` of one pod to Running, beside a bare `docker run` of the same image:
 * `node dist/bench/pod.js [--runs 10] [--image NAME]`. The image must be there already: nothing is pulled. Needs root
 * and Docker, and no other cluster on this host.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs, promisify } from 'node:util';
import { KubeConfig, type V1Pod, Watch } from '@kubernetes/client-node';
import { systemClock } from '../base/clock.ts';
import { down, newHome, removeHome, startUp } from './cluster.ts';
import { publish } from './report.ts';
import type { Measurement } from './stats.ts';

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '10' }, image: { type: 'string', default: 'kubets/busybox:1' } },
});
const runs = Number(values.runs);
const { image } = values;
const COMMAND = ['sleep', '3600'];
const DEADLINE_MS = 60_000;
const run = promisify(execFile);

const total: Measurement = { what: '`kubectl create` to Running', unit: 'ms', samples: [] };
const created: Measurement = { what: 'of it, until kubectl returns', unit: 'ms', samples: [] };
const bare: Measurement = { what: 'bare `docker run -d`', unit: 'ms', samples: [] };
const deleted: Measurement = { what: '`kubectl delete --now` to gone', unit: 'ms', samples: [] };

/** Milliseconds of a bare `docker run` until it returns, the container running. */
async function dockerRun(): Promise<number> {
  const start = systemClock.monotonic();
  const { stdout } = await run('docker', ['run', '-d', '--pull', 'never', image, ...COMMAND]);
  const elapsed = systemClock.monotonic() - start;
  await run('docker', ['rm', '-f', stdout.trim()]);
  return elapsed;
}

async function kubectl(kubeconfig: string, args: string[], input = ''): Promise<void> {
  const child = spawn('kubectl', ['--kubeconfig', kubeconfig, ...args], { stdio: ['pipe', 'ignore', 'inherit'] });
  child.stdin.end(input);
  const [code] = (await once(child, 'exit')) as [number];
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: exit ${code}`);
}

/** Resolves when a watch has shown what is waited for. */
async function until(
  config: KubeConfig,
  name: string,
  done: (type: string, pod: V1Pod) => boolean,
): Promise<{ happened: Promise<void>; stop: () => void }> {
  const { promise, resolve, reject } = withResolvers();
  const timer = systemClock.after(DEADLINE_MS, () => reject(new Error(`${name}: not within ${DEADLINE_MS} ms`)));
  const controller = await new Watch(config).watch(
    '/api/v1/namespaces/default/pods',
    { fieldSelector: `metadata.name=${name}` },
    (type: string, pod: V1Pod) => {
      if (done(type, pod)) resolve();
    },
    (error: unknown) => reject(error instanceof Error ? error : new Error(`${name}: the watch ended`)),
  );
  const stop = () => {
    timer.cancel();
    controller.abort();
  };
  return { happened: promise, stop };
}

function withResolvers(): { promise: Promise<void>; resolve: () => void; reject: (error: Error) => void } {
  let resolve: () => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

async function onePod(config: KubeConfig, kubeconfig: string, name: string): Promise<void> {
  const manifest = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: [{ name: 'main', image, imagePullPolicy: 'Never', command: COMMAND }],
    },
  };
  const running = await until(config, name, (_type, pod) => pod.status?.phase === 'Running');
  const start = systemClock.monotonic();
  const create = kubectl(kubeconfig, ['create', '-f', '-'], JSON.stringify(manifest)).then(() =>
    created.samples.push(systemClock.monotonic() - start),
  );
  await running.happened;
  total.samples.push(systemClock.monotonic() - start);
  await create;
  running.stop();
  const gone = await until(config, name, (type) => type === 'DELETED');
  const end = systemClock.monotonic();
  await kubectl(kubeconfig, ['delete', 'pod', name, '--now', '--wait=false']);
  await gone.happened;
  deleted.samples.push(systemClock.monotonic() - end);
  gone.stop();
}

await run('docker', ['image', 'inspect', image]);
const home = await newHome();
const cluster = await startUp(home, ['--node', 'docker']);
try {
  const config = new KubeConfig();
  config.loadFromFile(cluster.kubeconfig);
  // The first of each is not counted: caches are cold, kubectl has no discovery yet.
  await onePod(config, cluster.kubeconfig, 'warm-up');
  await dockerRun();
  for (const { samples } of [total, created, deleted]) samples.length = 0;
  for (let i = 0; i < runs; i++) {
    await onePod(config, cluster.kubeconfig, `bench-${i}`);
    bare.samples.push(await dockerRun());
  }
} finally {
  await cluster.stop();
  await down(home);
  await removeHome(home);
}
await publish('pod', `One pod of ${image}, ${runs} runs`, [total, created, bare, deleted]);
