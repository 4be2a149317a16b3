/**
 * A lock that belongs to one process and dies with it. It is a file that names its owner by process id and start time,
 * because ids are used again; the owner's death, even by SIGKILL, is seen in /proc.
 */
import { link, mkdtemp, readFile, readlink, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../../base/errors.ts';
import { StorageError } from '../interface.ts';

export interface Lock {
  release(): Promise<void>;
}

interface Owner {
  pid: number;
  /** Changes whenever the id is given to another process. */
  started: string;
}

/** Takes the lock at `path`. `Unavailable` when a living process has it; `what` names the thing in the message. */
export async function acquireLock(path: string, what: string): Promise<Lock> {
  const text = JSON.stringify({ pid: process.pid, started: (await startOf(process.pid)) ?? '' } satisfies Owner);
  // Made elsewhere and linked into place, so that nobody ever reads half a lock.
  const workshop = await mkdtemp(`${path}.new-`);
  try {
    const draft = join(workshop, 'lock');
    await writeFile(draft, text, { mode: 0o600 });
    for (;;) {
      if (await placed(draft, path)) return { release: () => unlink(path) };
      const held = await contentOf(path);
      if (held === undefined) continue;
      await requireDead(held, what, path);
      if (await replaced(draft, path, held, what)) return { release: () => unlink(path) };
    }
  } finally {
    await rm(workshop, { recursive: true, force: true });
  }
}

async function placed(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Puts our lock where a dead process left its own. A lock on that makes sure that only one of several does it. */
async function replaced(draft: string, path: string, dead: string, what: string): Promise<boolean> {
  const guard = await acquireLock(`${path}.takeover`, what);
  try {
    if ((await contentOf(path)) !== dead) return false;
    await rename(draft, path);
    return true;
  } finally {
    await guard.release();
  }
}

async function contentOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function requireDead(held: string, what: string, path: string): Promise<void> {
  const owner = readOwner(held);
  if (!owner) {
    throw new StorageError('Unavailable', '', `${what} has a lock nobody can read: delete ${path} if it is not in use`);
  }
  const started = await startOf(owner.pid);
  if (started === undefined || started !== owner.started) return;
  const who = owner.pid === process.pid ? `this process (${owner.pid})` : `process ${owner.pid}`;
  throw new StorageError(
    'Unavailable',
    '',
    `${what} is in use by ${who}${await commandOf(owner.pid)}: stop that one first, or choose another directory`,
  );
}

function readOwner(text: string): Owner | undefined {
  try {
    const { pid, started } = JSON.parse(text) as Partial<Owner>;
    return typeof pid === 'number' && typeof started === 'string' ? { pid, started } : undefined;
  } catch {
    return undefined;
  }
}

async function commandOf(pid: number): Promise<string> {
  const target = await readlink(`/proc/${pid}/exe`).catch(() => undefined);
  return target === undefined ? '' : `, ${target}`;
}

/** When the process started, as an opaque text; `undefined` when there is none, or only its zombie. */
async function startOf(pid: number): Promise<string | undefined> {
  const stat = await contentOf(`/proc/${pid}/stat`).catch((error) => {
    // The process may end while its file is open.
    if (codeOf(error) === 'ESRCH') return undefined;
    throw error;
  });
  if (stat === undefined) return process.platform === 'linux' ? undefined : startWithoutProc(pid);
  // The command's name comes first, in brackets, and may contain anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, start] = [fields[0], fields[19]];
  if (state === 'Z' || state === 'X') return undefined;
  const boot = await contentOf('/proc/sys/kernel/random/boot_id');
  return `${boot?.trim()} ${start}`;
}

function startWithoutProc(pid: number): string | undefined {
  try {
    process.kill(pid, 0);
    return 'unknown';
  } catch (error) {
    return codeOf(error) === 'EPERM' ? 'unknown' : undefined;
  }
}
