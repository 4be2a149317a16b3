/** What must be there before the first sandbox, and what the daemon's own host allows. */
import { readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { codeOf } from '../../../base/errors.ts';
import { spoken } from './errors.ts';
import { imageStatus } from './images.ts';
import { type Architecture, PAUSE_IMAGE, pauseProgram, tarOf } from './pause.ts';

const PID_FILES = ['/var/run/docker.pid', '/run/docker.pid'];
const CAP_SYS_RESOURCE = 24n;

/** Loads the sandbox's image into Docker, unless it is there. Needs no network. */
export async function ensurePauseImage(docker: Docker, architecture: string): Promise<void> {
  if (await imageStatus(docker, PAUSE_IMAGE)) return;
  const archive = tarOf('pause', pauseProgram(dockerArchitecture(architecture)));
  const [repo, tag] = PAUSE_IMAGE.split(':');
  const options = { repo, tag, changes: 'ENTRYPOINT ["/pause"]' };
  // dockerode's types know a file's name or a stream, its code a buffer too.
  const stream = (await spoken(docker.importImage(archive as unknown as string, options))) as Readable;
  for await (const _ of stream);
  if (!(await imageStatus(docker, PAUSE_IMAGE))) throw new Error(`Docker did not take the image ${PAUSE_IMAGE}`);
}

/** From what `docker info` calls it. */
function dockerArchitecture(machine: string): Architecture {
  if (machine === 'x86_64' || machine === 'amd64') return 'amd64';
  if (machine === 'aarch64' || machine === 'arm64') return 'arm64';
  throw new Error(`Cannot make the sandbox image: there is no pause program for ${machine}; use x86_64 or aarch64`);
}

/**
 * Whether the daemon may lower OOM scores below zero, which takes CAP_SYS_RESOURCE. True when it cannot be told, for
 * then a refused start tells.
 */
export async function mayLowerOomScores(): Promise<boolean> {
  for (const file of PID_FILES) {
    try {
      const pid = (await readFile(file, 'utf8')).trim();
      const capabilities = /^CapEff:\s*([0-9a-f]+)$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1];
      if (capabilities) return ((BigInt(`0x${capabilities}`) >> CAP_SYS_RESOURCE) & 1n) === 1n;
    } catch (error) {
      if (codeOf(error) === undefined) throw error;
    }
  }
  return true;
}
