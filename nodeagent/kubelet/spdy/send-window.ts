/**
 * How much may still be sent. SPDY/3.1 lets a sender no further than its peer has granted, but the clients of Kubernetes
 * (docker/spdystream and its heirs) grant nothing, ever, and take what comes. So a window binds only once the peer has
 * shown that it counts.
 */
export class SendWindow {
  #left: number;
  #binding: boolean;

  constructor(bytes: number, binding = false) {
    this.#left = bytes;
    this.#binding = binding;
  }

  /** Bytes; infinite for a peer that does not count. */
  get available(): number {
    return this.#binding ? Math.max(0, this.#left) : Number.POSITIVE_INFINITY;
  }

  take(bytes: number): void {
    this.#left -= bytes;
  }

  /** The peer grants more, or less if negative. False when that is more than the protocol knows. */
  grant(bytes: number): boolean {
    this.#binding = true;
    this.#left += bytes;
    return this.#left <= 0x7fff_ffff;
  }
}
