/** What went wrong with a call to etcd, and what that says about whether it was carried out. */
import { messageOf } from '../../../base/errors.ts';

export type FailureKind =
  /** Not carried out, nor would it be another time. */
  | 'refused'
  /** Not carried out; another time or another member may do. */
  | 'unsent'
  /** Nobody knows whether it was, or still will be, carried out. */
  | 'unknown'
  /** History no longer reaches there. */
  | 'compacted'
  /** The revision is still to come. */
  | 'future';

export class EtcdFailure extends Error {
  readonly kind: FailureKind;

  constructor(kind: FailureKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'EtcdFailure';
    this.kind = kind;
  }
}

/** By message, before codes. */
const MESSAGES: readonly [RegExp, FailureKind][] = [
  [/required revision has been compacted/, 'compacted'],
  [/required revision is a future revision/, 'future'],
  [
    /too many requests|No connection established|ECONNREFUSED|Name resolution failed|client was already closed/,
    'unsent',
  ],
  [/database space exceeded|permission denied|authentication failed|auth token|user name is empty/, 'refused'],
];

/** gRPC's INVALID_ARGUMENT, NOT_FOUND, PERMISSION_DENIED, RESOURCE_EXHAUSTED, FAILED_PRECONDITION, UNIMPLEMENTED, … */
const REFUSALS = new Set([3, 5, 7, 8, 9, 11, 12, 16]);

/** gRPC's errors begin with their code: `14 UNAVAILABLE: etcdserver: request timed out`. */
export function failureOf(error: unknown): EtcdFailure {
  if (error instanceof EtcdFailure) return error;
  const message = messageOf(error);
  const known = MESSAGES.find(([pattern]) => pattern.test(message));
  const kind = known?.[1] ?? (REFUSALS.has(Number.parseInt(message, 10)) ? 'refused' : 'unknown');
  return new EtcdFailure(kind, message.replace(/^\d+ [A-Z_]+: /, ''));
}
