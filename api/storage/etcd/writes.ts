/**
 * The three writes as transactions of etcd, and what becomes of one whose answer got lost.
 *
 * An update or deletion names the revision it replaces, so it is simply made again: of all attempts at most one can
 * take effect. When it is refused then, the history of the key says at which revision it was replaced, and the receipt,
 * a key of our own that each write puts its number into, whether that was this write or the like of another server. A
 * creation names no revision, and made again it could bring back what somebody has deleted meanwhile. So every creation
 * is made on condition that another key of our own, the fence, has not been written since. Writing that ends all
 * creations that may still be on their way; only then history tells what became of them. Where even that cannot be had
 * in time, the answer is `Timeout`: it says that the outcome is unknown.
 */
import type { IRangeResponse, IResponseOp, ITxnRequest, ITxnResponse } from 'etcd3';
import type { Random } from '../../../base/random.ts';
import { StorageError, type StorageEvent } from '../interface.ts';
import { Batched } from './batched.ts';
import { asStorageError, outcomeUnknown } from './errors.ts';
import { type EtcdFailure, failureOf } from './failure.ts';
import type { Members } from './members.ts';
import { type KeyNames, RECEIPT } from './names.ts';

export type EtcdWrite =
  | { type: 'create'; key: string; value: Buffer }
  | { type: 'update'; key: string; value: Buffer; expected: number }
  | { type: 'delete'; key: string; expected: number };

export interface WriterOptions {
  members: Members;
  names: KeyNames;
  random: Random;
  /** The last revision that is known to have been reached. */
  seen(): number;
  /** Notes a revision that etcd named. */
  saw(revision: string): number;
  /** The events of one key after one revision and up to another. Throws when they cannot be had. */
  history(key: string, after: number, until: number): Promise<StorageEvent[]>;
}

/** A write as it is sent, once or several times. */
interface Numbered {
  write: EtcdWrite;
  /** What it leaves in the receipt: of no other write, of whichever server. */
  number: Buffer;
  /** A revision from before it was first sent. */
  after: number;
}

/** Outside of every prefix: other programs that read the same etcd must not see it as an object. */
export const FENCE = Buffer.from('kubets/fence');
const EQUAL = 0;
const CREATE_REVISION = 1;
const MOD_REVISION = 2;

export class Writer {
  readonly #options: WriterOptions;
  readonly #id: string;
  #writes = 0;
  /** The revision of the fence's last write, as far as we know. */
  #fence = 0;
  readonly #raise = new Batched(() => this.#raiseFence());

  constructor(options: WriterOptions) {
    this.#options = options;
    this.#id = options.random.bytes(9).toString('base64url');
  }

  /** Tells where the fence is, for the next creations not to run into it. */
  fenceAt(revision: number): void {
    if (revision > this.#fence) this.#fence = revision;
  }

  /** Resolves with the revision. Throws as `Storage`'s writes do. */
  async commit(write: EtcdWrite): Promise<number> {
    const number = Buffer.from(`${this.#id} ${++this.#writes}`);
    const numbered = { write, number, after: this.#options.seen() };
    const patience = this.#options.members.patience();
    let isDoubtful = false;
    for (;;) {
      let failure: EtcdFailure;
      try {
        const revision = await this.#attempt(numbered, isDoubtful);
        if (revision !== undefined) return revision;
        continue;
      } catch (error) {
        if (error instanceof StorageError) throw error;
        failure = failureOf(error);
      }
      isDoubtful ||= failure.kind === 'unknown';
      if (isFinal(failure) || !(await patience())) {
        throw isDoubtful ? outcomeUnknown(write.key, failure) : asStorageError(failure, write.key);
      }
      if (!isDoubtful || write.type !== 'create') continue;
      const made = await this.#settleCreation(numbered);
      if (made !== undefined) return made;
      isDoubtful = false;
    }
  }

  /** The write's revision; `undefined` when only the fence was in its way. Throws the refusal, or `EtcdFailure`. */
  async #attempt(numbered: Numbered, isDoubtful: boolean): Promise<number | undefined> {
    const { members, names, saw } = this.#options;
    const { write } = numbered;
    const request = transaction(numbered, names.toEtcd(write.key), this.#fence);
    const response = await members.once<ITxnResponse>('txn', request);
    const revision = saw(response.header.revision);
    if (response.succeeded) return revision;
    const made = isDoubtful ? await this.#revisionOf(numbered, revision) : undefined;
    if (made === undefined) this.#refuse(write, response);
    return made;
  }

  /** What became of a creation; when it is `undefined`, nothing did, and nothing will. */
  async #settleCreation(numbered: Numbered): Promise<number | undefined> {
    let raised: number;
    try {
      raised = await this.#raise.ask();
    } catch (error) {
      throw outcomeUnknown(numbered.write.key, error);
    }
    return this.#revisionOf(numbered, raised);
  }

  async #raiseFence(): Promise<number> {
    const { members, saw } = this.#options;
    const response = await members.call<IRangeResponse>('put', { key: FENCE, value: Buffer.alloc(0) });
    const revision = saw(response.header.revision);
    this.fenceAt(revision);
    return revision;
  }

  /** The revision under which the write was made, by the history of its key and the receipt. */
  async #revisionOf({ write, number, after }: Numbered, until: number): Promise<number | undefined> {
    try {
      const events = await this.#options.history(write.key, after, until);
      for (const { revision } of events.filter((event) => isLike(write, event))) {
        if (await this.#isReceipt(number, revision)) return revision;
      }
      return undefined;
    } catch (error) {
      throw outcomeUnknown(write.key, error);
    }
  }

  async #isReceipt(number: Buffer, revision: number): Promise<boolean> {
    const asked = { key: RECEIPT, revision: String(revision) };
    const { kvs } = await this.#options.members.call<IRangeResponse>('range', asked);
    const receipt = kvs[0];
    // A real API server leaves none: then the last one stands there still.
    return receipt !== undefined && Number(receipt.mod_revision) === revision && receipt.value.equals(number);
  }

  /** Throws why the condition did not hold; returns when only the fence has been written meanwhile. */
  #refuse(write: EtcdWrite, response: ITxnResponse): void {
    const [there, fence] = response.responses.map((each: IResponseOp) => each.response_range.kvs[0]);
    const { key } = write;
    if (write.type === 'create') {
      if (there) throw new StorageError('Exists', key, `${key} exists already`, Number(there.mod_revision));
      this.#fence = Number(fence?.mod_revision ?? 0);
      return;
    }
    if (!there) throw new StorageError('NotFound', key, `${key} is not there`);
    const revision = Number(there.mod_revision);
    const message = `${key} is at revision ${revision}, not ${write.expected}`;
    throw new StorageError('Conflict', key, message, revision);
  }
}

/** Whether another attempt is no use. */
function isFinal({ kind }: EtcdFailure): boolean {
  return kind !== 'unsent' && kind !== 'unknown';
}

function transaction({ write, number }: Numbered, key: Buffer, fence: number): ITxnRequest {
  const there = { request_range: { key, keys_only: true } };
  const receipt = { request_put: { key: RECEIPT, value: number } };
  if (write.type === 'create') {
    return {
      compare: [
        { key, target: CREATE_REVISION, result: EQUAL, create_revision: '0' },
        { key: FENCE, target: MOD_REVISION, result: EQUAL, mod_revision: String(fence) },
      ],
      success: [{ request_put: { key, value: write.value } }, receipt],
      failure: [there, { request_range: { key: FENCE, keys_only: true } }],
    };
  }
  return {
    compare: [{ key, target: MOD_REVISION, result: EQUAL, mod_revision: String(write.expected) }],
    success: [
      write.type === 'delete' ? { request_delete_range: { key } } : { request_put: { key, value: write.value } },
      receipt,
    ],
    failure: [there],
  };
}

/** Whether an event does what the write does, in the place of the same revision. */
function isLike(write: EtcdWrite, { type, previous }: StorageEvent): boolean {
  if ((type === 'delete') !== (write.type === 'delete')) return false;
  return previous?.modRevision === (write.type === 'create' ? undefined : write.expected);
}
