/** How long failed pods of a node are left in place, so that set and kubelet do not fight at full speed. */

/** After the first failure, doubled with each further one. */
const FIRST_MS = 1000;
const MAX_MS = 15 * 60_000;
/** After this long without a failure the next counts as the first. */
const FORGOTTEN_MS = 2 * MAX_MS;

export class BackOff {
  readonly #entries = new Map<string, { ms: number; atMs: number }>();

  /** A pod failed on the node and is deleted. */
  next(node: string, nowMs: number): void {
    const entry = this.#entries.get(node);
    const ms = entry && nowMs - entry.atMs <= FORGOTTEN_MS ? Math.min(entry.ms * 2, MAX_MS) : FIRST_MS;
    this.#entries.set(node, { ms, atMs: nowMs });
  }

  /** Milliseconds until the next failed pod of the node may be deleted; 0 when it may be now. */
  remainingMs(node: string, nowMs: number): number {
    const entry = this.#entries.get(node);
    return entry ? Math.max(0, entry.atMs + entry.ms - nowMs) : 0;
  }

  clear(): void {
    this.#entries.clear();
  }
}
