/** What may become of writes. */
import { acknowledged, everywhere, type Fault, sessions, shownLast, untold } from './fault.ts';

export const writing: readonly Fault[] = [
  {
    name: 'an acknowledged write that is lost with all its traces',
    says: /lost|no order|missed/,
    inflict(draft, pick) {
      const last = pick(acknowledged(draft).filter(({ outcome }) => shownLast(draft, outcome)));
      if (last?.outcome.kind !== 'object') return false;
      const { revision, key } = last.outcome.state;
      untold(draft, revision);
      draft.final.items = draft.final.items.filter((item) => item.key !== key);
      return true;
    },
  },
  {
    name: 'a deleted object that is back in the end',
    says: /a deleted object is back/,
    inflict(draft, pick) {
      const present = new Set(draft.final.items.map(({ key }) => key));
      const gone = sessions(draft)
        .flatMap(({ entries }) => entries)
        .flatMap((entry) => (entry.type === 'MODIFIED' || entry.type === 'ADDED' ? entry.state : []));
      const back = pick(gone.filter(({ key }) => !present.has(key)));
      if (back) draft.final.items.push(structuredClone(back));
      return back !== undefined;
    },
  },
  {
    name: 'a deletion that is acknowledged and does not happen',
    says: /the deletion is lost/,
    inflict(draft, pick) {
      const operation = pick(draft.operations.filter(({ outcome }) => outcome.kind === 'deleted'));
      if (operation?.outcome.kind === 'deleted') operation.outcome.uid = 'another';
      return operation !== undefined;
    },
  },
  {
    name: 'a revision that is used twice',
    says: /is used twice/,
    inflict(draft, pick) {
      const [one, other] = [pick(acknowledged(draft)), pick(acknowledged(draft))];
      if (one?.outcome.kind !== 'object' || other?.outcome.kind !== 'object' || one === other) return false;
      other.outcome.state.revision = one.outcome.state.revision;
      return true;
    },
  },
  {
    name: 'a write that overwrites another unseen',
    says: /overwritten unseen/,
    inflict(draft, pick) {
      const updates = acknowledged(draft).filter(({ call }) => call.type === 'update');
      const update = pick(updates);
      if (update?.call.type === 'update') update.call.expected -= 1;
      return update !== undefined;
    },
  },
  {
    name: 'a write that nobody asked for',
    says: /asked for by nobody/,
    inflict(draft, pick) {
      const operation = pick(acknowledged(draft));
      if (!operation) return false;
      for (const state of everywhere(draft)) if (state.data.op === String(operation.id)) state.data.op = '999999';
      return true;
    },
  },
  {
    name: 'a deletion that nobody asked for',
    says: /asked for by no operation/,
    inflict(draft, pick) {
      const operation = pick(draft.operations.filter(({ outcome }) => outcome.kind === 'deleted'));
      if (!operation) return false;
      draft.operations = draft.operations.filter(
        (other) => other !== operation && (other.call.type !== 'delete' || other.outcome.kind !== 'unknown'),
      );
      return true;
    },
  },
  {
    name: 'a refused write that happened',
    says: /was refused .* yet took place/,
    inflict(draft, pick) {
      const operation = pick(acknowledged(draft));
      if (operation) operation.outcome = { kind: 'refused', reason: 'Conflict' };
      return operation !== undefined;
    },
  },
  {
    name: 'a patch on top of something older',
    says: /data that do not follow/,
    inflict(draft, pick) {
      const patch = pick(
        acknowledged(draft).filter(
          ({ call, outcome }) =>
            call.type === 'patch' && outcome.kind === 'object' && Object.keys(outcome.state.data).length > 2,
        ),
      );
      if (patch?.outcome.kind !== 'object') return false;
      const { revision } = patch.outcome.state;
      for (const state of everywhere(draft)) {
        if (state.revision === revision) state.data = { op: state.data.op!, [patch.client]: state.data.op! };
      }
      return true;
    },
  },
  {
    name: 'a uid that is used twice',
    says: /uid .* is used twice/,
    inflict(draft, pick) {
      const creates = acknowledged(draft).filter(({ call }) => call.type === 'create');
      const [one, other] = [pick(creates), pick(creates)];
      if (one?.outcome.kind !== 'object' || other?.outcome.kind !== 'object' || one === other) return false;
      const [from, to] = [other.outcome.state.uid, one.outcome.state.uid];
      for (const state of everywhere(draft)) if (state.uid === from) state.uid = to;
      return true;
    },
  },
  {
    name: 'a write that takes place twice',
    says: /took place twice/,
    inflict(draft, pick) {
      const writes = acknowledged(draft);
      const one = pick(writes);
      const other = pick(writes.filter(({ key, id }) => key === one?.key && id !== one.id));
      if (!one || !other) return false;
      for (const state of everywhere(draft)) if (state.data.op === String(other.id)) state.data.op = String(one.id);
      return true;
    },
  },
];
