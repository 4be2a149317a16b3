/** What may be read, and when it may not. */
import { acknowledged, type Fault, olderThan } from './fault.ts';

export const reading: readonly Fault[] = [
  {
    name: 'a revision lower than one that was known before',
    says: /was known before it was invoked/,
    inflict(draft, pick) {
      const end = draft.final.answered;
      const operation = pick(acknowledged(draft).filter(({ outcome }) => olderThan(draft, outcome)));
      if (operation) Object.assign(operation, { invoked: end + 1, answered: end + 2 });
      return operation !== undefined;
    },
  },
  {
    name: 'a read of what had been overwritten or deleted before',
    says: /is lost, or the read is stale|a deleted object is back/,
    inflict(draft, pick) {
      const end = draft.final.answered;
      const current = new Set(draft.final.items.map(({ revision }) => revision));
      const read = pick(
        draft.operations.filter(
          ({ call, outcome }) =>
            call.type === 'get' && outcome.kind === 'object' && !current.has(outcome.state.revision),
        ),
      );
      if (read) Object.assign(read, { invoked: end + 1, answered: end + 2 });
      return read !== undefined;
    },
  },
  {
    name: 'a read of what is written only later',
    says: /no order of the operations allows that|was told of revision|was known before/,
    inflict(draft, pick) {
      const read = pick(
        draft.operations.filter(({ call, outcome }) => call.type === 'get' && outcome.kind === 'object'),
      );
      if (read) Object.assign(read, { invoked: 0.1, answered: 0.2 });
      return read !== undefined;
    },
  },
  {
    name: 'a list of an old state',
    says: /it is stale/,
    inflict(draft, pick) {
      const end = draft.final.answered;
      const lists = draft.operations.filter(({ outcome }) => outcome.kind === 'items');
      const old = pick(lists.filter(({ outcome }) => olderThan(draft, outcome)));
      if (old) Object.assign(old, { invoked: end + 1, answered: end + 2 });
      return old !== undefined;
    },
  },
  {
    name: 'a list that lacks an object',
    says: /list .* lacks .* is lost/,
    inflict(draft, pick) {
      const list = pick(draft.operations.filter(({ outcome }) => outcome.kind === 'items' && outcome.items.length > 0));
      return list?.outcome.kind === 'items' && list.outcome.items.pop() !== undefined;
    },
  },
  {
    name: 'a refusal without a reason',
    says: /says (Conflict|NotFound|AlreadyExists), .*no order of the operations allows that/,
    inflict(draft, pick) {
      // Alone at the end, so that there is one state only that it can have seen.
      const item = pick(draft.final.items);
      if (!item) return false;
      const end = draft.final.answered;
      const outcome = { kind: 'refused', reason: 'NotFound' } as const;
      const id = draft.operations.length + 1;
      const call = { type: 'get' } as const;
      draft.operations.push({ id, client: 'c1', key: item.key, call, invoked: end + 1, answered: end + 2, outcome });
      return true;
    },
  },
  {
    name: 'a final list that lacks an object',
    says: /final list .* lacks/,
    inflict: (draft) => draft.final.items.pop() !== undefined,
  },
  {
    name: 'a watcher that believes something else than the final list says',
    says: /believes .* the final list says/,
    inflict(draft, pick) {
      const item = pick(draft.final.items);
      if (item) item.data.op = '999999';
      return item !== undefined;
    },
  },
];
