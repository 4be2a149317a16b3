/** The state folder of a cluster on this machine: `$KUBETS_HOME`, by default `~/.kubets`. */
import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { codeOf } from '../base/errors.ts';
import type { Random } from '../base/random.ts';

export interface Home {
  root: string;
  kubeconfig: string;
  pki: string;
  store: string;
  /** What the kubelet keeps of its pods: volumes, hosts files. */
  kubelet: string;
  /** Of the process that runs the cluster. */
  pidFile: string;
  token: string;
}

/** Paths below the state folder. */
export function homeAt(root: string = process.env.KUBETS_HOME || join(homedir(), '.kubets')): Home {
  return {
    root,
    kubeconfig: join(root, 'kubeconfig'),
    pki: join(root, 'pki'),
    store: join(root, 'store'),
    kubelet: join(root, 'kubelet'),
    pidFile: join(root, 'kubets.pid'),
    token: join(root, 'pki', 'admin.token'),
  };
}

export async function makeHome(home: Home): Promise<void> {
  for (const folder of [home.root, home.pki]) await mkdir(folder, { recursive: true, mode: 0o700 });
}

/** The administrator's token: the one kept, or a new one. */
export function adminToken(home: Home, random: Random): Promise<string> {
  return keepSecret(home.token, () => random.bytes(24).toString('base64url'));
}

/** What tells this home's containers from those of another on the same Docker. */
export function clusterId(home: Home, random: Random): Promise<string> {
  return keepSecret(join(home.root, 'cluster-id'), () => random.uuid());
}

async function keepSecret(path: string, make: () => string): Promise<string> {
  try {
    const kept = (await readFile(path, 'utf8')).trim();
    if (kept.length >= 32) return kept;
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw new Error(`read ${path}`, { cause: error });
  }
  const made = make();
  await writePrivate(path, made);
  return made;
}

/** Writes a file of mode 0600, whole or not at all. */
export async function writePrivate(path: string, text: string): Promise<void> {
  // Several servers may share a folder, and write at once.
  const draft = `${path}.${process.pid}.new`;
  await rm(draft, { force: true });
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
}

/** A process that runs, and is still the same one: a pid alone may have been given to another since. */
export interface RunningProcess {
  pid: number;
  /** In the kernel's own ticks since boot; empty where there is no /proc. */
  started: string;
}

/** The process that runs this home's cluster, if one does. */
export async function runningProcess(home: Home): Promise<RunningProcess | undefined> {
  let text: string;
  try {
    text = await readFile(home.pidFile, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw new Error(`read ${home.pidFile}`, { cause: error });
  }
  const [pid = 0, started = ''] = text
    .trim()
    .split(' ')
    .map((part, index) => (index === 0 ? Number(part) : part)) as [number, string];
  return pid > 0 && (await startTime(pid)) === started ? { pid, started } : undefined;
}

export async function writePid(home: Home): Promise<void> {
  await writeFile(home.pidFile, `${process.pid} ${await startTime(process.pid)}\n`, { mode: 0o600 });
}

export async function removePid(home: Home): Promise<void> {
  await rm(home.pidFile, { force: true });
}

/** When a process began; `undefined` when there is none. */
async function startTime(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold spaces; field 22 counts from after it.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ESRCH') return undefined;
    throw error;
  }
}
