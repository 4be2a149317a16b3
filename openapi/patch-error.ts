/** What the three kinds of patch have in common. */
import { cloneJson, isDeeperThan } from './json.ts';

/** Why a patch cannot be applied; `message` is upstream's. */
export class PatchError extends Error {
  /**
   * 400 when the patch itself is malformed, 413 when it is too long, 422 when it does not fit the object. Where upstream lets an error of the
   * client out as 500, it is 422 here.
   */
  readonly code: 400 | 413 | 422;
  /** Whether upstream keeps the message to itself, and tells clients only that something is wrong with their request. */
  readonly withheld: boolean;

  constructor(message: string, code: 400 | 413 | 422, withheld = false) {
    super(message);
    this.name = 'PatchError';
    this.code = code;
    this.withheld = withheld;
  }
}

/** A copy of a patch that may be taken apart. Throws `PatchError` when it is nested too deeply. */
export function clonePatch<T>(patch: T): T {
  if (isDeeperThan(patch)) throw new PatchError('exceeded max depth', 400);
  return cloneJson(patch);
}
