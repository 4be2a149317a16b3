/** Two controller managers on one API server: one works, and when it dies without a word the other takes over. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ClusterCore, startCluster } from '../cmd/cluster-core.ts';
import { eventually } from './harness.ts';

const MAIN = fileURLToPath(new URL('../package/main.js', import.meta.url));
/** The lease's 15 seconds and a try of at most 2.4, on a busy machine. */
const TAKEOVER_SECONDS = 20;

describe('two controller managers', function () {
  this.timeout(120_000);
  let cluster: ClusterCore;
  let work = '';
  const managers: ChildProcess[] = [];

  before(async () => {
    work = await mkdtemp(join(tmpdir(), 'kubets-election-'));
    cluster = await startCluster({ node: 'none', controllers: false, scheduler: false });
    await writeFile(join(work, 'kubeconfig'), cluster.kubeconfig, { mode: 0o600 });
  });
  after(async () => {
    for (const manager of managers) await kill(manager, 'SIGKILL');
    await cluster?.stop();
    await rm(work, { recursive: true, force: true });
  });

  const start = () => {
    const flags = ['--kubeconfig', join(work, 'kubeconfig'), '--log-level', 'warn'];
    const manager = spawn(process.execPath, [MAIN, 'controller-manager', ...flags], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    managers.push(manager);
    return manager;
  };
  const holder = async () =>
    (await cluster.client().leases.get('kube-controller-manager', 'kube-system')).spec?.holderIdentity;
  const podsBecome = (count: number, seconds: number) =>
    eventually(
      `${count} pods`,
      async () => (await cluster.client().pods.list({ namespace: 'default' })).items.length === count,
      seconds,
    );
  const scale = (replicas: number) =>
    cluster
      .client()
      .replicationControllers.patch('web', 'default', { spec: { replicas } }, 'application/merge-patch+json');

  it('one works', async () => {
    start();
    const first = await eventually('a leader', holder);
    await cluster.client().replicationControllers.create({
      metadata: { name: 'web', namespace: 'default' },
      spec: {
        replicas: 2,
        selector: { app: 'web' },
        template: {
          metadata: { labels: { app: 'web' } },
          spec: { containers: [{ name: 'main', image: 'kubets/pause:1' }] },
        },
      },
    });
    await podsBecome(2, 15);
    start();
    assert.equal(await holder(), first);
  });

  it('and the other takes over when it is killed, and does neither more nor less than is to be done', async () => {
    const first = await holder();
    await kill(managers[0] as ChildProcess, 'SIGKILL');
    await scale(5);
    await podsBecome(5, TAKEOVER_SECONDS);
    assert.notEqual(await holder(), first);
  });

  it('and who is asked to stop gives the lease back at once', async () => {
    const [, second] = managers;
    assert.equal(await kill(second as ChildProcess, 'SIGTERM'), 0);
    assert.equal((await holder()) ?? '', '');
    start();
    await scale(1);
    await podsBecome(1, 10);
  });
});

async function kill(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const exit = once(child, 'exit') as Promise<[number | null]>;
  child.kill(signal);
  return (await exit)[0];
}
