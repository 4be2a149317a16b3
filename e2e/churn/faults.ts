/** Which faults a request meets on its way to the API server. Pure, but for the draws. */
import type { Random } from '../../base/random.ts';
import {
  conflict,
  expired,
  internalError,
  OBJECT_MODIFIED,
  type Status,
  tooManyRequests,
} from '../../openapi/status.ts';

export interface Asked {
  method: string;
  isWatch: boolean;
}

/** What happens to a request. */
export type Fault =
  | { kind: 'refused'; status: Status }
  /** It is carried out, and the answer never arrives. */
  | { kind: 'lost' }
  | { kind: 'late'; ms: number }
  /** A watch that is told nothing from `stallAfterMs` for `stallMs`, and cut without a word after `dropAfterMs`. */
  | { kind: 'watch'; stallAfterMs: number; stallMs: number; dropAfterMs: number };

/** What may go wrong, in words: each is to be met in a run. */
export const FAULTS = ['409', '429', '500', '410', 'lost', 'late', 'stalled', 'dropped'] as const;
export type FaultName = (typeof FAULTS)[number];

const RATES = { refused: 0.06, lost: 0.02, late: 0.05, expired: 0.03 };
const LATE_MS_MAX = 400;
const WATCH_MS_MAX = 12_000;
const STALL_MS_MAX = 2_000;

/** The fault that this request meets, if any. */
export function faultOf(asked: Asked, random: Random): Fault | undefined {
  const draw = random.next();
  if (asked.isWatch) {
    if (draw < RATES.expired) return { kind: 'refused', status: EXPIRED };
    const dropAfterMs = 500 + random.next() * WATCH_MS_MAX;
    return {
      kind: 'watch',
      dropAfterMs,
      stallAfterMs: random.next() * dropAfterMs,
      stallMs: random.next() * STALL_MS_MAX,
    };
  }
  if (draw < RATES.refused) return { kind: 'refused', status: refusalOf(asked.method, random) };
  if (draw < RATES.refused + RATES.lost) return { kind: 'lost' };
  if (draw < RATES.refused + RATES.lost + RATES.late) return { kind: 'late', ms: random.next() * LATE_MS_MAX };
  return undefined;
}

const EXPIRED = expired('too old resource version: 1 (2)').status;
const CONFLICT = conflict({ group: '', resource: 'objects' }, 'any', OBJECT_MODIFIED).status;

function refusalOf(method: string, random: Random): Status {
  const draw = random.next();
  // Nobody else's change stands in the way of what reads or creates.
  if (draw < 0.4 && method !== 'GET' && method !== 'POST') return CONFLICT;
  return draw < 0.7 ? tooManyRequests('the server is busy, for a test', 1).status : internalError('a fault').status;
}
