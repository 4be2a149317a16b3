/** Sees to it that a container's image is here, by its pull policy. */
import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { EventRecorder } from '../../client/events.ts';
import type { V1Container, V1Pod } from '../../openapi/generated/types.ts';
import { type ContainerRuntime, ImageError } from '../runtime/runtime.ts';
import { Backoff } from './backoff.ts';
import { fieldPathOf, goDuration, identityOf, referenceTo } from './names.ts';

/** Why a container could not be started; `reason` becomes its waiting reason. */
export class StartError extends Error {
  readonly reason: string;
  /** When to try again at the earliest; absent: as the caller sees fit. */
  readonly retryMs: number | undefined;

  constructor(reason: string, message: string, retryMs?: number) {
    super(message);
    this.name = 'StartError';
    this.reason = reason;
    this.retryMs = retryMs;
  }
}

const REFERENCE =
  /^(?:[a-zA-Z0-9][a-zA-Z0-9.-]*(?::\d+)?\/)?[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*)*(?::[\w][\w.-]{0,127})?(?:@[A-Za-z][A-Za-z0-9+.-]*:[0-9a-fA-F]{32,})?$/;

/** Adds `:latest` to a reference that has neither tag nor digest. `undefined` when it is no reference. */
export function withDefaultTag(image: string): string | undefined {
  if (!REFERENCE.test(image)) return undefined;
  const last = image.slice(image.lastIndexOf('/') + 1);
  return last.includes(':') || last.includes('@') ? image : `${image}:latest`;
}

export class Images {
  readonly #runtime: ContainerRuntime;
  readonly #recorder: EventRecorder;
  readonly #clock: Clock;
  readonly #backoff: Backoff;
  /** Why the last pull failed, by back-off key. */
  readonly #failures = new Map<string, string>();
  /** Whether an image is here, by reference, as `warm` found it. */
  readonly #warmed = new Map<string, Promise<boolean>>();

  constructor(options: { runtime: ContainerRuntime; recorder: EventRecorder; clock: Clock }) {
    this.#runtime = options.runtime;
    this.#recorder = options.recorder;
    this.#clock = options.clock;
    this.#backoff = new Backoff({ clock: options.clock });
  }

  /**
   * Looks for the images while the sandbox is being made. What is found counts for the next `ensure` only; a failure is
   * left for it to find again.
   */
  warm(containers: readonly V1Container[]): void {
    for (const { image = '', imagePullPolicy } of containers) {
      const reference = withDefaultTag(image);
      if (reference === undefined || imagePullPolicy === 'Always' || this.#warmed.has(reference)) continue;
      const found = this.#runtime.imageStatus(reference).then(
        (record) => record !== undefined,
        () => false,
      );
      this.#warmed.set(reference, found);
    }
  }

  /** Resolves with the reference to start from; rejects with `StartError`. Events as upstream's. */
  async ensure(pod: V1Pod, container: V1Container, signal: AbortSignal): Promise<string> {
    const wanted = container.image ?? '';
    const image = withDefaultTag(wanted);
    if (image === undefined) {
      const message = `Failed to apply default image tag "${wanted}": couldn't parse image name "${wanted}": invalid reference format`;
      this.#event(pod, container, 'Warning', 'InspectFailed', message);
      throw new StartError('InvalidImageName', message);
    }
    const policy = container.imagePullPolicy ?? (image.endsWith(':latest') ? 'Always' : 'IfNotPresent');
    if (policy !== 'Always' && (await this.#present(pod, container, image, policy))) return image;
    await this.#pull(pod, container, image, signal);
    return image;
  }

  forget(uid: string): void {
    this.#backoff.forget(`${uid}_`);
    for (const key of this.#failures.keys()) if (key.startsWith(`${uid}_`)) this.#failures.delete(key);
  }

  async #present(pod: V1Pod, container: V1Container, image: string, policy: string): Promise<boolean> {
    const wanted = container.image ?? '';
    let found: boolean;
    try {
      const warmed = this.#warmed.get(image);
      this.#warmed.delete(image);
      found = (await warmed) || (await this.#runtime.imageStatus(image)) !== undefined;
    } catch (error) {
      const message = `Failed to inspect image "${wanted}": ${messageOf(error)}`;
      this.#event(pod, container, 'Warning', 'InspectFailed', message);
      throw new StartError('ImageInspectError', message);
    }
    if (found) {
      const message = `Container image "${wanted}" already present on machine and can be accessed by the pod`;
      this.#event(pod, container, 'Normal', 'Pulled', message);
      return true;
    }
    if (policy !== 'Never') return false;
    const message = `Container image "${wanted}" is not present with pull policy of Never`;
    this.#event(pod, container, 'Warning', 'ErrImageNeverPull', message);
    throw new StartError('ErrImageNeverPull', message);
  }

  async #pull(pod: V1Pod, container: V1Container, image: string, signal: AbortSignal): Promise<void> {
    const wanted = container.image ?? '';
    const key = `${identityOf(pod).uid}_${wanted}`;
    const remaining = this.#backoff.remainingSinceUpdateMs(key);
    if (remaining > 0) {
      const message = `Back-off pulling image "${wanted}"`;
      this.#event(pod, container, 'Normal', 'BackOff', message);
      const why = this.#failures.get(key);
      throw new StartError('ImagePullBackOff', why ? `${message}: ErrImagePull: ${why}` : message, remaining);
    }
    this.#event(pod, container, 'Normal', 'Pulling', `Pulling image "${wanted}"`);
    const start = this.#clock.monotonic();
    try {
      await this.#runtime.pullImage(image, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      const why = messageOf(error);
      this.#event(pod, container, 'Warning', 'Failed', `Failed to pull image "${wanted}": ${why}`);
      this.#backoff.next(key, this.#clock.now());
      this.#failures.set(key, why);
      throw new StartError(
        error instanceof ImageError ? error.reason : 'ErrImagePull',
        why,
        this.#backoff.delayMs(key),
      );
    }
    this.#failures.delete(key);
    const took = goDuration(this.#clock.monotonic() - start);
    const size = (await this.#runtime.imageStatus(image))?.sizeBytes ?? 0;
    const message = `Successfully pulled image "${wanted}" in ${took} (${took} including waiting). Image size: ${size} bytes.`;
    this.#event(pod, container, 'Normal', 'Pulled', message);
  }

  #event(pod: V1Pod, container: V1Container, type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.#recorder.event(referenceTo(pod), type, reason, message, fieldPathOf(pod, container.name));
  }
}
