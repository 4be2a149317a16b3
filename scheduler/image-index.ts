/** Which images are on which nodes: how large they are, and how widely spread. */
import type { V1Node } from '../openapi/generated/types.ts';

interface ImageState {
  /** Bytes by node name. */
  sizes: Map<string, number>;
}

export class ImageIndex {
  readonly #images = new Map<string, ImageState>();
  /** What was entered for a node: the very list, so that heartbeats cost nothing. */
  readonly #entered = new Map<string, V1Node['status']>();

  /** The images of a node as it now stands; `undefined` when it is gone. */
  set(name: string, node: V1Node | undefined): void {
    const before = this.#entered.get(name);
    const status = node?.status;
    if (sameImages(before, status)) return;
    for (const image of imageNames(before)) this.#leave(image, name);
    if (!status?.images?.length) {
      this.#entered.delete(name);
      return;
    }
    this.#entered.set(name, status);
    for (const { names, sizeBytes = 0 } of status.images)
      for (const image of names ?? []) this.#enter(image, name, sizeBytes);
  }

  /** Bytes of the image by node name; `undefined` when no node has it. */
  find(image: string): ReadonlyMap<string, number> | undefined {
    return this.#images.get(image)?.sizes;
  }

  #enter(image: string, node: string, bytes: number): void {
    const state = this.#images.get(image);
    if (state) state.sizes.set(node, bytes);
    else this.#images.set(image, { sizes: new Map([[node, bytes]]) });
  }

  #leave(image: string, node: string): void {
    const state = this.#images.get(image);
    state?.sizes.delete(node);
    if (state?.sizes.size === 0) this.#images.delete(image);
  }
}

function imageNames(status: V1Node['status']): string[] {
  return (status?.images ?? []).flatMap(({ names }) => names ?? []);
}

function sameImages(a: V1Node['status'], b: V1Node['status']): boolean {
  if (a?.images === b?.images) return true;
  const before = a?.images ?? [];
  const after = b?.images ?? [];
  if (before.length !== after.length) return false;
  return JSON.stringify(before) === JSON.stringify(after);
}
