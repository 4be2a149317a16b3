/** A file that one living process holds: two proxies on one host would undo each other's work. */
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { codeOf } from '../../base/errors.ts';

/** Thrown when somebody else holds the lock. */
export class LockedError extends Error {
  readonly pid: number;

  constructor(path: string, pid: number) {
    super(
      `Cannot start the proxy: process ${pid} already runs one on this host (${path}); ` +
        'iptables has room for one cluster a host, stop that one first',
    );
    this.name = 'LockedError';
    this.pid = pid;
  }
}

export interface Lock {
  /** Idempotent. */
  release(): void;
}

/** Takes the lock at once or throws `LockedError`. A lock whose holder has died is taken over. */
export function acquireLock(path: string): Lock {
  const own = identityOf(process.pid);
  const draft = `${path}.${process.pid}`;
  if (own === undefined) throw new Error('Cannot read /proc: it is needed to lock the proxy');
  writeFileSync(draft, own, { mode: 0o600 });
  try {
    claim(path, draft);
  } finally {
    rmSync(draft, { force: true });
  }
  let held = true;
  return {
    release() {
      if (held && readIfThere(path) === own) rmSync(path, { force: true });
      held = false;
    },
  };
}

/** The process that holds the lock and lives, if any. */
export function lockHolder(path: string): number | undefined {
  const text = readIfThere(path);
  const pid = Number(text?.split(' ')[0]);
  return text !== undefined && Number.isInteger(pid) && pid > 0 && identityOf(pid) === text ? pid : undefined;
}

/** Links the finished file into place: at no time is there a lock without a holder's name in it. */
function claim(path: string, draft: string): void {
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      linkSync(draft, path);
      return;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
    const holder = lockHolder(path);
    if (holder !== undefined) throw new LockedError(path, holder);
    rmSync(path, { force: true });
  }
  throw new LockedError(path, lockHolder(path) ?? 0);
}

/** `pid start`: a number that was given to another process since does not count. */
function identityOf(pid: number): string | undefined {
  const stat = readIfThere(`/proc/${pid}/stat`);
  // The second field is the command in parentheses and may hold anything; the start time is the 22nd.
  const start = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  return start === undefined ? undefined : `${pid} ${start}`;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ESRCH') return undefined;
    throw error;
  }
}
