import assert from 'node:assert/strict';
import { seededRandom } from '../../base/random.ts';
import { check } from './checker.ts';
import { broken } from './fault.ts';
import { reading } from './faults-of-reads.ts';
import { watching } from './faults-of-watches.ts';
import { writing } from './faults-of-writes.ts';
import type { Call, History, Operation, Outcome, State } from './history.ts';
import { generateHistory } from './model.ts';

const HISTORIES = 100;
const STEPS = 300;

describe('the history checker', function () {
  this.timeout(30_000);

  it('accepts whatever a correct store may show', () => {
    for (let seed = 1; seed <= HISTORIES; seed++) {
      assert.deepEqual(check(generateHistory(seededRandom(seed), STEPS)), [], `seed ${seed}`);
    }
  });

  for (const fault of [...watching, ...writing, ...reading]) {
    it(`refuses ${fault.name}`, () => {
      let done = 0;
      for (let seed = 1; seed <= HISTORIES; seed++) {
        const random = seededRandom(seed);
        const history = broken(generateHistory(random, STEPS), fault, random);
        if (!history) continue;
        done += 1;
        assert.match(check(history).join('\n'), fault.says, `seed ${seed}`);
      }
      assert.ok(done > HISTORIES / 4, `only ${done} of ${HISTORIES} histories could be broken so`);
    });
  }
});

interface Case {
  title: string;
  operations: Operation[];
  /** What stands there in the end. */
  final?: State[];
  /** Its events; those of the acknowledged writes when absent. */
  events?: History['watchers'][number]['sessions'][number]['entries'];
  /** What is said; nothing when absent. */
  says?: RegExp;
}

let ids = 0;
const operation = (invoked: number, answered: number, call: Call, outcome: Outcome, id = ++ids): Operation => ({
  ...{ id, client: `c${id}`, key: 'a', call, invoked, answered, outcome },
});
const state = (revision: number, op: number, more: Record<string, string> = {}): State => ({
  ...{ key: 'a', uid: 'u', revision, data: { op: String(op), ...more } },
});
const unknown: Outcome = { kind: 'unknown' };
const is = (what: State): Outcome => ({ kind: 'object', state: what });
const refused = (reason: 'Conflict' | 'NotFound' | 'AlreadyExists'): Outcome => ({ kind: 'refused', reason });
const never = Number.POSITIVE_INFINITY;
const made = () => operation(1, 2, { type: 'create', data: { op: '1' } }, is(state(5, 1)), 1);
const update = (expected: number): Call => ({ type: 'update', data: { op: '2' }, expected });

const cases: Case[] = [
  {
    title: 'accepts an unanswered write that happened',
    operations: [
      made(),
      operation(3, never, update(5), unknown, 2),
      operation(4, 9, { type: 'get' }, is(state(6, 2)), 3),
    ],
    events: [
      { type: 'ADDED', state: state(5, 1), at: 10 },
      { type: 'MODIFIED', state: state(6, 2), at: 11 },
    ],
    final: [state(6, 2)],
  },
  {
    title: 'accepts an unanswered write that did not happen',
    operations: [
      made(),
      operation(3, never, update(5), unknown, 2),
      operation(4, 9, { type: 'get' }, is(state(5, 1)), 3),
    ],
    final: [state(5, 1)],
  },
  {
    title: 'refuses an unanswered write that one read sees and a later one does not',
    operations: [
      made(),
      operation(3, never, update(5), unknown, 2),
      operation(4, 5, { type: 'get' }, is(state(6, 2)), 3),
      operation(6, 7, { type: 'get' }, is(state(5, 1)), 4),
    ],
    final: [state(5, 1)],
    says: /get 4 of a by c4 shows revision 5, from revision 6 on, when operation 2 on a at 6 stood there already/,
  },
  {
    title: 'refuses that something is found after it was not, with no creation in between',
    operations: [
      made(),
      operation(3, never, { type: 'delete' }, unknown, 2),
      operation(4, 5, { type: 'get' }, refused('NotFound'), 3),
      operation(6, 7, { type: 'get' }, is(state(5, 1)), 4),
    ],
    events: [
      { type: 'ADDED', state: state(5, 1), at: 10 },
      { type: 'DELETED', state: state(8, 1), at: 11 },
    ],
    final: [],
    says: /get 4 of a by c4 shows revision 5, .* when the deletion of a at 8 stood there: a deleted object is back/,
  },
  {
    title: 'refuses a deleted object that is read after the answer to the deletion',
    operations: [
      made(),
      operation(3, 4, { type: 'delete' }, { kind: 'deleted', uid: 'u' }, 2),
      operation(6, 7, { type: 'get' }, is(state(5, 1)), 3),
    ],
    events: [
      { type: 'ADDED', state: state(5, 1), at: 10 },
      { type: 'DELETED', state: state(8, 1), at: 11 },
    ],
    final: [],
    says: /get 3 of a by c3 shows revision 5, .* a deleted object is back/,
  },
  {
    title: 'refuses one unanswered deletion for two that happened',
    operations: [
      made(),
      operation(3, never, { type: 'delete' }, unknown, 2),
      operation(4, 5, { type: 'create', data: { op: '3' } }, is({ ...state(7, 3), uid: 'v' }), 3),
    ],
    events: [
      { type: 'ADDED', state: state(5, 1), at: 10 },
      { type: 'DELETED', state: state(6, 1), at: 11 },
      { type: 'ADDED', state: { ...state(7, 3), uid: 'v' }, at: 12 },
      { type: 'DELETED', state: { ...state(8, 3), uid: 'v' }, at: 13 },
    ],
    final: [],
    says: /the deletion of a at 8 was asked for by no operation/,
  },
  {
    title: 'refuses two answers to one deletion',
    operations: [
      made(),
      operation(3, 6, { type: 'delete' }, { kind: 'deleted', uid: 'u' }, 2),
      operation(4, 7, { type: 'delete' }, { kind: 'deleted', uid: 'u' }, 3),
    ],
    events: [
      { type: 'ADDED', state: state(5, 1), at: 10 },
      { type: 'DELETED', state: state(8, 1), at: 11 },
    ],
    final: [],
    says: /u is deleted twice: by delete 2 of a by c2 and delete 3 of a by c3/,
  },
  {
    title: 'accepts a conflict while another write is under way',
    operations: [
      made(),
      operation(3, 8, update(5), is(state(6, 2)), 2),
      operation(4, 7, { type: 'update', data: { op: '3' }, expected: 5 }, refused('Conflict'), 3),
    ],
    events: [
      { type: 'ADDED', state: state(5, 1), at: 10 },
      { type: 'MODIFIED', state: state(6, 2), at: 11 },
    ],
    final: [state(6, 2)],
  },
  {
    title: 'refuses a conflict while what was expected stood there all the time',
    operations: [made(), operation(3, 4, update(5), refused('Conflict'), 2)],
    final: [state(5, 1)],
    says: /update 2 of a by c2 says Conflict, from revision 5 on, when operation 1 on a at 5 stood there: no order/,
  },
  {
    title: 'refuses a write whose answer names another revision than its event',
    operations: [made()],
    events: [{ type: 'ADDED', state: state(6, 1), at: 10 }],
    final: [state(6, 1)],
    says: /create 1 of a by c1 took place twice: at 5 and 6/,
  },
  {
    title: 'refuses an event that comes before its write is asked for',
    operations: [made()],
    events: [{ type: 'ADDED', state: state(5, 1), at: 0.5 }],
    final: [state(5, 1)],
    says: /watcher w was told of revision 5 \(ADDED\) before revision 5 was invoked/,
  },
];

describe('the history checker, on a history written by hand,', () => {
  for (const { title, operations, final = [], events, says } of cases) {
    it(title, () => {
      const written = operations.flatMap(({ call, outcome }) =>
        outcome.kind === 'object' && call.type === 'create' ? outcome.state : [],
      );
      const entries = events ?? written.map((made) => ({ type: 'ADDED' as const, state: made, at: 20 }));
      const revision = 100;
      const session = {
        after: 1,
        base: { items: [], invoked: 0, at: 0 },
        entries: [...entries, { type: 'BOOKMARK' as const, revision, at: 30 }],
      };
      const watchers = [{ name: 'w', sessions: [session] }];
      const problems = check({ operations, watchers, final: { revision, items: final, invoked: 31, answered: 32 } });
      if (says) assert.match(problems.join('\n'), says);
      else assert.deepEqual(problems, []);
    });
  }
});
