/**
 * Puts a set of files into a directory so that a reader sees all of the old or all of the new: the files live in a
 * directory of their own, which `..data` points to, and the visible names point through `..data`. As upstream's
 * AtomicWriter.
 */
import {
  chmod,
  chown,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf } from '../../base/errors.ts';
import type { Random } from '../../base/random.ts';

export interface VolumeFile {
  content: Buffer;
  /** Permission bits. */
  mode: number;
  /** Who is to own it; the kubelet's own user unless told otherwise. */
  uid?: number;
}

const DATA = '..data';

/** Writes `files` (relative path to content) into `directory` if they differ from what is there. */
export async function writeVolumeFiles(
  directory: string,
  files: ReadonlyMap<string, VolumeFile>,
  random: Random,
): Promise<void> {
  for (const path of files.keys()) assertInside(path);
  await mkdir(directory, { recursive: true });
  await chmod(directory, 0o755);
  const old = await currentVersion(directory);
  if (old !== undefined && (await holds(join(directory, old), files))) return;
  const version = `..${random.uuid().slice(0, 8)}`;
  await writeVersion(join(directory, version), files);
  await symlink(version, join(directory, `${DATA}_tmp`));
  await rename(join(directory, `${DATA}_tmp`), join(directory, DATA));
  await linkNames(directory, new Set([...files.keys()].map(firstPart)));
  if (old !== undefined) await rm(join(directory, old), { recursive: true, force: true });
}

function assertInside(path: string): void {
  if (path === '' || path.startsWith('/') || path.split('/').includes('..') || path.startsWith('..')) {
    throw new Error(`invalid path: must not contain '..' or begin with it: ${JSON.stringify(path)}`);
  }
}

function firstPart(path: string): string {
  return path.split('/')[0] ?? path;
}

async function currentVersion(directory: string): Promise<string | undefined> {
  await rm(join(directory, `${DATA}_tmp`), { force: true });
  try {
    return await readlink(join(directory, DATA));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function holds(version: string, files: ReadonlyMap<string, VolumeFile>): Promise<boolean> {
  const present = await readdir(version, { recursive: true, withFileTypes: true }).catch(() => []);
  if (present.filter((entry) => entry.isFile()).length !== files.size) return false;
  for (const [path, { content, mode, uid }] of files) {
    try {
      const found = await stat(join(version, path));
      if (uid !== undefined && found.uid !== uid) return false;
      if ((found.mode & 0o777) !== mode || !content.equals(await readFile(join(version, path)))) return false;
    } catch {
      return false;
    }
  }
  return true;
}

async function writeVersion(version: string, files: ReadonlyMap<string, VolumeFile>): Promise<void> {
  await mkdir(version, { mode: 0o755 });
  await chmod(version, 0o755);
  for (const [path, { content, mode, uid }] of files) {
    if (path.includes('/')) await mkdir(dirname(join(version, path)), { recursive: true, mode: 0o755 });
    await writeFile(join(version, path), content, { mode });
    // The process's umask has no say in it.
    await chmod(join(version, path), mode);
    if (uid !== undefined) await chown(join(version, path), uid, -1);
  }
}

async function linkNames(directory: string, names: ReadonlySet<string>): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!name.startsWith('..') && !names.has(name)) await rm(join(directory, name), { recursive: true, force: true });
  }
  for (const name of names) {
    await symlink(join(DATA, name), join(directory, name)).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error;
    });
  }
}
