/** Running a command in a container. */
import { readFile } from 'node:fs/promises';
import { kill } from 'node:process';
import type { Duplex } from 'node:stream';
import type Docker from 'dockerode';
import type { Exec } from 'dockerode';
import type { Clock } from '../../../base/clock.ts';
import { messageOf } from '../../../base/errors.ts';
import type { Log } from '../../../base/log.ts';
import type { ExecOptions } from '../runtime.ts';
import { spoken } from './errors.ts';
import { copyOutput } from './streams.ts';

/** Docker closes the stream a moment before it knows the exit code, and so with other news. */
const NEWS_WAITS_MS = [1, 2, 5, 10, 20, 50, 100, 250, 500, 1000];

export interface ExecHost {
  docker: Docker;
  clock: Clock;
  log: Log;
}

/** Resolves with the exit code. Rejects with the signal's reason once it aborts, and then kills the command. */
export async function execInContainer(host: ExecHost, id: string, options: ExecOptions): Promise<number> {
  options.signal.throwIfAborted();
  const exec = await spoken(
    host.docker.getContainer(id).exec({
      Cmd: options.command,
      Tty: options.tty,
      AttachStdin: options.stdin !== undefined,
      AttachStdout: options.stdout !== undefined,
      AttachStderr: options.stderr !== undefined && !options.tty,
    }),
  );
  const stream = await spoken(exec.start({ hijack: true, stdin: options.stdin !== undefined, Tty: options.tty }));
  const resizing = followSizes(exec, options, host.log);
  try {
    feedStdin(stream, options);
    await copyOutput(stream, options.tty, options.stdout, options.stderr, options.signal);
    options.signal.throwIfAborted();
    return await exitCode(host, exec, options.signal);
  } catch (error) {
    await killExec(host, exec, id);
    throw error;
  } finally {
    options.stdin?.unpipe(stream);
    stream.destroy();
    resizing.stop();
  }
}

function feedStdin(stream: Duplex, { stdin }: ExecOptions): void {
  // The command may exit with input left to read: that is its business, and no error.
  stream.on('error', () => undefined);
  if (stdin) stdin.pipe(stream);
  else stream.end();
}

function followSizes(exec: Exec, { resize, tty }: ExecOptions, log: Log): { stop(): void } {
  if (!resize || !tty) return { stop: () => undefined };
  const sizes = resize[Symbol.asyncIterator]();
  const follow = async () => {
    for (let next = await sizes.next(); !next.done; next = await sizes.next()) {
      await exec.resize({ w: next.value.width, h: next.value.height });
    }
  };
  follow().catch((error: unknown) => log.debug({ error: messageOf(error) }, 'Stopped resizing a terminal'));
  const ignored = () => undefined; // the iterator's owner hears of its own failure
  return { stop: () => void sizes.return?.().then(ignored, ignored) };
}

async function exitCode({ clock }: ExecHost, exec: Exec, signal: AbortSignal): Promise<number> {
  for (const wait of NEWS_WAITS_MS) {
    const { Running: running, ExitCode: code } = await spoken(exec.inspect());
    if (!running && code !== null) return code;
    await clock.sleep(wait, signal);
  }
  throw new Error('Docker reports no exit code for a command whose output has ended');
}

/** Docker knows that a command runs, and passes on its output, a moment before it knows its process. */
async function runningPid({ clock }: ExecHost, exec: Exec): Promise<number | undefined> {
  for (const wait of NEWS_WAITS_MS) {
    const { Running: running, Pid: pid } = await exec.inspect();
    if (!running) return undefined;
    if (pid) return pid;
    await clock.sleep(wait);
  }
  return undefined;
}

/**
 * Docker has no way to end a command started with exec. Where it runs on this machine its process can be killed; that
 * it is the container's is checked, since on a remote Docker the number would mean something else here.
 */
async function killExec(host: ExecHost, exec: Exec, containerId: string): Promise<void> {
  const { log } = host;
  try {
    const pid = await runningPid(host, exec);
    if (pid === undefined) return;
    const cgroups = await readFile(`/proc/${pid}/cgroup`, 'utf8');
    if (cgroups.includes(containerId)) kill(pid, 'SIGKILL');
  } catch (error) {
    log.debug({ error: messageOf(error), container: containerId }, 'Could not kill a command in a container');
  }
}
