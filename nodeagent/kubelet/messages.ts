/** Termination messages: what a container left in its file, or its last lines. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import type { ContainerRecord, ContainerRuntime, PodRecord } from '../runtime/runtime.ts';
import { exitCodeOf, hasExited, MESSAGE_POLICY_LABEL, restartCountOf } from './names.ts';
import { podDirectory } from './volumes.ts';

const FILE_BYTES_MAX = 4096;
const LOG_BYTES_MAX = 2048;
const LOG_LINES_MAX = 80;

/** The host's file behind a container's termination message path. */
export function messageFile(rootDir: string, uid: string, name: string, restartCount: number): string {
  return join(podDirectory(rootDir, uid), 'containers', name, String(restartCount));
}

/** Reads the messages of all ended containers into `known`, by id; each is read once. */
export async function readMessages(
  record: PodRecord,
  known: Map<string, string>,
  options: { rootDir: string; runtime: ContainerRuntime },
): Promise<void> {
  const ids = new Set(record.containers.map(({ id }) => id));
  for (const id of known.keys()) if (!ids.has(id)) known.delete(id);
  for (const container of record.containers) {
    if (!hasExited(container) || known.has(container.id)) continue;
    known.set(container.id, await messageOfContainer(container, options));
  }
}

async function messageOfContainer(
  container: ContainerRecord,
  { rootDir, runtime }: { rootDir: string; runtime: ContainerRuntime },
): Promise<string> {
  const file = messageFile(rootDir, container.pod.uid, container.name, restartCountOf(container));
  const text = await readHead(file);
  const fallsBack = container.labels[MESSAGE_POLICY_LABEL] === 'FallbackToLogsOnError';
  if (text !== '' || !fallsBack || exitCodeOf(container) === 0) return text;
  return lastLines(container.id, runtime);
}

async function readHead(path: string): Promise<string> {
  try {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(FILE_BYTES_MAX), 0, FILE_BYTES_MAX, 0);
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch {
    // No file, no message: the container was made before us, or somebody cleaned up.
    return '';
  }
}

async function lastLines(id: string, runtime: ContainerRuntime): Promise<string> {
  const output = collector(LOG_BYTES_MAX);
  const { signal } = new AbortController();
  try {
    await runtime.logs(
      id,
      { follow: false, tailLines: LOG_LINES_MAX, timestamps: false, signal },
      output.stream,
      output.stream,
    );
  } catch {
    return '';
  }
  return output.text();
}

/** A sink that keeps the last `bytesMax` bytes. */
export function collector(bytesMax: number): { stream: Writable; text(): string } {
  let kept = Buffer.alloc(0);
  const stream = new Writable({
    write(chunk: Buffer, _encoding, callback) {
      kept = Buffer.concat([kept, chunk]);
      if (kept.length > bytesMax) kept = kept.subarray(kept.length - bytesMax);
      callback();
    },
  });
  return { stream, text: () => kept.toString() };
}
