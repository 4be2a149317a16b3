/** `kubets down`: stops the cluster and removes every trace of it from this host but its objects. */
import { rm } from 'node:fs/promises';
import { systemClock } from '../base/clock.ts';
import { codeOf, messageOf } from '../base/errors.ts';
import { silentLog } from '../base/log.ts';
import { systemRandom } from '../base/random.ts';
import { dockerSocket } from './docker-socket.ts';
import { clusterId, type Home, homeAt, removePid, runningProcess } from './home.ts';
import { PROXY_LOCK } from './node.ts';
import { type Screen, screenFor } from './terminal.ts';

const STOP_MS = 15_000;
const LOOK_EVERY_MS = 50;

/** Resolves when nothing is left; rejects, after doing what it could, when something is. */
export async function down(options: { purge: boolean }): Promise<void> {
  const screen = screenFor(process.stdout, process.env);
  const home = homeAt();
  await stopProcess(home, screen);
  const failures: string[] = [];
  const step = async (what: string, work: () => Promise<string | undefined>) => {
    try {
      const done = await work();
      if (done) screen.note(done);
    } catch (error) {
      failures.push(`${what}: ${messageOf(error)}`);
    }
  };
  await step('remove containers', () => removeContainers(home));
  await step('remove iptables chains', removeRules);
  await step('remove volumes', async () => void (await rm(home.kubelet, { recursive: true, force: true })));
  if (options.purge)
    await step('forget objects', async () => void (await rm(home.root, { recursive: true, force: true })));
  if (failures.length > 0) throw new Error(`down left something behind; ${failures.join('; ')}`);
  screen.note(options.purge ? 'nothing is left' : `nothing runs any more; objects stay in ${home.root}`);
}

async function stopProcess(home: Home, screen: Screen): Promise<void> {
  const running = await runningProcess(home);
  if (!running) return;
  screen.note(`stopping the cluster (pid ${running.pid})`);
  signal(running.pid, 'SIGTERM');
  const deadline = systemClock.monotonic() + STOP_MS;
  while (await runningProcess(home)) {
    if (systemClock.monotonic() > deadline) {
      screen.warning([`the cluster did not stop within ${STOP_MS / 1000} s: killing it`]);
      signal(running.pid, 'SIGKILL');
      await removePid(home);
      return;
    }
    await systemClock.sleep(LOOK_EVERY_MS);
  }
}

function signal(pid: number, name: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    // It ended by itself in the meantime.
    if (codeOf(error) !== 'ESRCH') throw error;
  }
}

async function removeContainers(home: Home): Promise<string | undefined> {
  const { openDocker } = await import('../nodeagent/runtime/docker/docker-runtime.ts');
  const id = await clusterId(home, systemRandom);
  let runtime: Awaited<ReturnType<typeof openDocker>>;
  try {
    runtime = await openDocker({ socketPath: dockerSocket(), clusterId: id, clock: systemClock, log: silentLog });
  } catch (error) {
    // No Docker, no containers.
    return `no containers removed: ${messageOf(error)}`;
  }
  try {
    await runtime.cleanup(id);
  } finally {
    await runtime.close();
  }
  return 'containers and pod network removed';
}

async function removeRules(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const { iptablesApplier } = await import('../nodeagent/proxy/apply.ts');
  const { MissingCommandError } = await import('../nodeagent/proxy/run-command.ts');
  try {
    await iptablesApplier({ log: silentLog, lockFile: PROXY_LOCK }).remove();
    return 'iptables chains removed';
  } catch (error) {
    // Without the command there was never a rule.
    if (error instanceof MissingCommandError) return undefined;
    throw error;
  }
}
