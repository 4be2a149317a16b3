/** `kubets store`: looks after the store on this machine's disk. */
import type { Inspection } from '../api/storage/lmdb/inspect.ts';
import { backupStore, checkStore, restoreStore } from '../api/storage/lmdb/maintenance.ts';
import { homeAt } from './home.ts';

/** Reads and verifies all of it, also while a cluster runs. Rejects, which ends the process with 1, when it is not sound. */
export async function check(): Promise<void> {
  const { store } = homeAt();
  const found = await checkStore(store);
  say(`${store} is sound: ${contentOf(found)}`);
  say(`${size(found.fileBytes)} on disk, of which ${size(found.freeBytes)} are free; format ${found.version}`);
}

/** Writes a copy to `file`, also while a cluster runs. */
export async function backup(file: string): Promise<void> {
  const found = await backupStore(homeAt().store, file);
  say(`${file} is a backup of ${homeAt().store}: ${contentOf(found)}`);
  say('certificates, keys and volumes are not in it: they are files below the state folder');
}

/** Puts a backup in the place of the store, which nobody may have open. */
export async function restore(file: string, { force }: { force: boolean }): Promise<void> {
  const found = await restoreStore(file, homeAt().store, force);
  say(`${homeAt().store} is restored from ${file}: ${contentOf(found)}`);
}

function contentOf({ summary, changes, revision, compacted }: Inspection): string {
  const history = changes === 0 ? 'no history' : `${changes} records of history, from revision ${compacted + 1} on`;
  return `${summary.count} objects at revision ${revision}, ${history}`;
}

function size(bytes: number): string {
  return `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
