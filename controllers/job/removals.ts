/** Pods whose tracking finalizer the controller has removed, until its copy shows it: they must not count again. */
export class FinalizerRemovals {
  readonly #expected = new Map<string, Set<string>>();

  expect(job: string, uids: Iterable<string>): void {
    const expected = this.#expected.get(job) ?? new Set<string>();
    for (const uid of uids) expected.add(uid);
    if (expected.size > 0) this.#expected.set(job, expected);
  }

  /** The removal shows, or failed. */
  observed(job: string, uid: string): void {
    const expected = this.#expected.get(job);
    expected?.delete(uid);
    if (expected?.size === 0) this.#expected.delete(job);
  }

  /** Uids of the job's pods that are still to show it, as of now. */
  of(job: string): ReadonlySet<string> {
    return new Set(this.#expected.get(job));
  }

  forget(job: string): void {
    this.#expected.delete(job);
  }
}
