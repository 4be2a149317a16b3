/** Images of the local Docker. */
import type { Readable } from 'node:stream';
import type Docker from 'dockerode';
import type { ImageInspectInfo } from 'dockerode';
import type { Clock } from '../../../base/clock.ts';
import { ImageError, type ImageRecord } from '../runtime.ts';
import { daemonError, daemonMessage, statusOf } from './errors.ts';
import { jsonLines } from './events.ts';

/** A registry that says nothing for so long is taken for unreachable; Docker itself would try for a minute and more. */
const FIRST_ANSWER_MS = 20_000;

/** `[host[:port]/]path[:tag][@digest]`, as Docker's reference grammar has it. */
const HOST = String.raw`(?:[a-zA-Z0-9][a-zA-Z0-9.-]*(?::\d+)?\/)?`;
const COMPONENT = String.raw`[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*`;
const NAME = new RegExp(
  `^${HOST}${COMPONENT}(?:/${COMPONENT})*(?::\\w[\\w.-]{0,127})?(?:@[\\w+.-]+:[0-9a-fA-F]{32,})?$`,
);

export async function imageStatus(docker: Docker, image: string): Promise<ImageRecord | undefined> {
  assertName(image);
  try {
    return imageRecord(await docker.getImage(image).inspect());
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw imageError('ImageInspectError', image, error);
  }
}

function imageRecord(info: Pick<ImageInspectInfo, 'Id' | 'RepoTags' | 'RepoDigests' | 'Size'>): ImageRecord {
  return { id: info.Id, names: namesOf(info.RepoTags, info.RepoDigests), sizeBytes: info.Size };
}

function namesOf(tags: string[] | undefined | null, digests: string[] | undefined | null): string[] {
  return [...(digests ?? []), ...(tags ?? [])].filter((name) => !name.startsWith('<none>'));
}

export async function listImages(docker: Docker): Promise<ImageRecord[]> {
  const images = await docker.listImages();
  return images.map((info) => ({ id: info.Id, names: namesOf(info.RepoTags, info.RepoDigests), sizeBytes: info.Size }));
}

/** Resolves when the image is here. Rejects with an `ImageError`, or the signal's reason when it aborts. */
export async function pullImage(docker: Docker, clock: Clock, image: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  assertName(image);
  const stop = new AbortController();
  const abort = () => stop.abort();
  let silent = false;
  signal.addEventListener('abort', abort, { once: true });
  const timer = clock.after(FIRST_ANSWER_MS, () => {
    silent = true;
    abort();
  });
  try {
    const stream = (await docker.pull(image, { abortSignal: stop.signal })) as Readable;
    const end = () => stream.destroy();
    stop.signal.addEventListener('abort', end, { once: true });
    if (stop.signal.aborted) end();
    for await (const line of jsonLines(stream)) {
      timer.cancel();
      const { error } = line as { error?: string };
      if (error) throw new ImageError('ErrImagePull', `Error response from daemon: ${error}`);
    }
    stop.signal.throwIfAborted();
  } catch (error) {
    signal.throwIfAborted();
    if (silent) throw silence(image);
    throw error instanceof ImageError ? error : imageError('ErrImagePull', image, error);
  } finally {
    timer.cancel();
    signal.removeEventListener('abort', abort);
    stop.abort();
  }
}

function silence(image: string): ImageError {
  return new ImageError(
    'ErrImagePull',
    `the registry of image "${image}" did not answer in ${FIRST_ANSWER_MS / 1000}s`,
  );
}

function imageError(reason: ImageError['reason'], image: string, error: unknown): ImageError {
  const message = daemonMessage(error);
  const malformed = /invalid reference format.*/.exec(message)?.[0];
  return malformed ? invalidName(image, malformed) : new ImageError(reason, daemonError(error).message);
}

function invalidName(image: string, why: string): ImageError {
  const words = `Failed to apply default image tag "${image}": couldn't parse image name "${image}": ${why}`;
  return new ImageError('InvalidImageName', words);
}

/** Names become paths and parameters of Docker's API, so what could never be one does not get that far. */
function assertName(image: string): void {
  if (NAME.test(image)) return;
  const why = NAME.test(image.toLowerCase()) ? ': repository name must be lowercase' : '';
  throw invalidName(image, `invalid reference format${why}`);
}
