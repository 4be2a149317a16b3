/** Docker's streams of container output: requests that answer with one, and their framing. */
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import type { DialOptions } from 'docker-modem';
import type Docker from 'dockerode';
import { daemonError } from './errors.ts';

/** Each frame begins with the stream's number (1 stdout, 2 stderr), three zeros and the length, big-endian. */
const HEADER_BYTES = 8;
const STDERR = 2;

/** Asks Docker for something that answers with a stream, which dockerode would gather into one buffer. */
export function openStream(docker: Docker, path: string, options: object, signal?: AbortSignal): Promise<Readable> {
  const request: DialOptions = {
    path: `${path}?`,
    method: 'GET',
    isStream: true,
    statusCodes: { 200: true, 404: 'no such container', 409: 'conflict', 500: 'server error' },
    options: { ...options },
    ...(signal ? { abortSignal: signal } : {}),
  };
  const modem = docker.modem as { dial(options: DialOptions, done: (error: unknown, result: unknown) => void): void };
  return new Promise((resolve, reject) => {
    modem.dial(request, (error, result) => (error ? reject(daemonError(error)) : resolve(result as Readable)));
  });
}

/**
 * Copies a stream of Docker's to `stdout` and `stderr` until it ends or `signal` aborts; resolves in both cases. `raw`
 * streams, those of a terminal, carry no frames. Waits for slow readers. A reader that went away ends the copy.
 */
export async function copyOutput(
  source: Readable,
  raw: boolean,
  stdout: Writable | undefined,
  stderr: Writable | undefined,
  signal: AbortSignal,
): Promise<void> {
  const stop = () => source.destroy();
  const gone = [stdout, stderr].filter((sink) => sink !== undefined);
  signal.addEventListener('abort', stop, { once: true });
  for (const sink of gone) sink.once('close', stop);
  if (signal.aborted || gone.some((sink) => sink.destroyed)) stop();
  const demux = new Demux();
  try {
    for await (const chunk of source as AsyncIterable<Buffer>) {
      if (raw) await write(stdout, chunk, signal);
      else
        for (const { stream, bytes } of demux.feed(chunk))
          await write(stream === STDERR ? stderr : stdout, bytes, signal);
    }
  } catch (error) {
    if (!signal.aborted && !gone.some((sink) => sink.destroyed)) throw error;
  } finally {
    signal.removeEventListener('abort', stop);
    for (const sink of gone) sink.off('close', stop);
    source.destroy();
  }
}

async function write(sink: Writable | undefined, bytes: Buffer, signal: AbortSignal): Promise<void> {
  if (!sink || sink.destroyed || bytes.length === 0 || sink.write(bytes)) return;
  const settled = new AbortController();
  try {
    const either = AbortSignal.any([signal, settled.signal]);
    await Promise.race([once(sink, 'drain', { signal: either }), once(sink, 'close', { signal: either })]);
  } finally {
    settled.abort();
  }
}

/** Cuts a framed stream into the pieces of its two streams; frames may be split anywhere. */
export class Demux {
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #headerFilled = 0;
  #left = 0;

  *feed(chunk: Buffer): Generator<{ stream: number; bytes: Buffer }> {
    let at = 0;
    while (at < chunk.length) {
      if (this.#left === 0) {
        const taken = chunk.copy(this.#header, this.#headerFilled, at, at + HEADER_BYTES - this.#headerFilled);
        at += taken;
        this.#headerFilled += taken;
        if (this.#headerFilled < HEADER_BYTES) return;
        this.#headerFilled = 0;
        this.#left = this.#header.readUInt32BE(4);
        continue;
      }
      const bytes = chunk.subarray(at, at + this.#left);
      at += bytes.length;
      this.#left -= bytes.length;
      yield { stream: this.#header.readUInt8(0), bytes };
    }
  }
}
