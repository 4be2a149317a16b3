/**
 * How a process that copies a store's file asks the one that writes to it to wait. lmdb would let several processes use
 * a store, but with the build that the package brings a reader in another process makes the writer fail.
 */
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../../base/clock.ts';
import { codeOf } from '../../../base/errors.ts';

const LOOK_EVERY_MS = 2;
/** Whoever takes longer is not waited for: the copy is then found out to be none, and made again. */
const PAUSE_MS_MAX = 10_000;

export interface Pause {
  resume(): Promise<void>;
}

/** The next commit to the store in `directory` waits until `resume`, or until this process has ended. */
export async function pauseWrites(directory: string): Promise<Pause> {
  const path = join(directory, 'pause');
  await writeFile(path, String(process.pid), { mode: 0o600 });
  return { resume: () => rm(path, { force: true }) };
}

/** Resolves at once where nobody has paused the store. */
export async function untilResumed(directory: string): Promise<void> {
  const path = join(directory, 'pause');
  const began = systemClock.monotonic();
  while (existsSync(path)) {
    if (systemClock.monotonic() - began > PAUSE_MS_MAX || !(await isAlive(path))) await rm(path, { force: true });
    else await systemClock.sleep(LOOK_EVERY_MS);
  }
}

async function isAlive(path: string): Promise<boolean> {
  // It may just have been made, and be empty, or just have gone.
  const pid = Number(await readFile(path, 'utf8').catch(() => ''));
  try {
    if (pid > 0) process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}
