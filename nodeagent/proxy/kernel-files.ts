/** Settings of the kernel's network, as files under /proc/sys and /sys. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { codeOf } from '../../base/errors.ts';

export interface KernelFiles {
  /** The trimmed text; `undefined` when the kernel has no such setting. */
  read(path: string): Promise<string | undefined>;
  write(path: string, value: string): Promise<void>;
  /** Names in a folder; none when it is not there. */
  list(path: string): Promise<string[]>;
}

/** Those of this host. */
export const hostKernelFiles: KernelFiles = {
  read: (path) => unlessMissing(async () => (await readFile(path, 'utf8')).trim(), undefined),
  write: (path, value) => writeFile(path, value),
  list: (path) => unlessMissing(() => readdir(path), []),
};

async function unlessMissing<T, U>(work: () => Promise<T>, otherwise: U): Promise<T | U> {
  try {
    return await work();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return otherwise;
    throw error;
  }
}

/** Whether packets between two ports of one bridge pass iptables (module br_netfilter). */
export async function bridgeTrafficIsFiltered(files: KernelFiles): Promise<boolean> {
  return (await files.read('/proc/sys/net/bridge/bridge-nf-call-iptables')) === '1';
}

/**
 * Lets the bridge send a packet back through the port it came from. A pod that calls its own Service may be answered by
 * itself; where bridge traffic passes iptables, the kernel then bridges the packet instead of routing it.
 */
export async function allowHairpin(files: KernelFiles, bridge: string): Promise<void> {
  const ports = `/sys/class/net/${bridge}/brif`;
  for (const port of await files.list(ports)) {
    const setting = `${ports}/${port}/hairpin_mode`;
    // A container may go, and its port with it, at any moment.
    if ((await files.read(setting)) === '0') await files.write(setting, '1').catch(ignoreMissing);
  }
}

function ignoreMissing(error: unknown): void {
  if (codeOf(error) !== 'ENOENT') throw error;
}
