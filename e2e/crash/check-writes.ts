/** Each key's versions follow from one another by operations that somebody asked for. */
import type { Data, History, Operation } from './history.ts';
import { named, sameData, type Timeline, told, type Version } from './timeline.ts';

/** `earliest` tells, for an operation's id, the revision that was known before it was invoked. */
export function checkWrites(history: History, timeline: Timeline, earliest: ReadonlyMap<number, number>): string[] {
  const writers = new Writers(history, earliest);
  for (const key of timeline.keys) {
    const versions = timeline.versions(key);
    versions.forEach((version, index) => {
      writers.follow(version, versions[index - 1]);
    });
    writers.attributeDeletions(key);
  }
  writers.checkDeletions();
  return writers.problems;
}

interface Deletion {
  version: Version;
  before: Version;
}

class Writers {
  readonly problems: string[] = [];
  readonly #earliest: ReadonlyMap<number, number>;
  readonly #operations: Map<number, Operation>;
  /** Deletions that were acknowledged, by the uid in the answer. */
  readonly #deletions = new Map<string, Operation>();
  /** Revision at which an operation took place. */
  readonly #took = new Map<number, number>();
  /** Key and revision at which a uid was made. */
  readonly #made = new Map<string, string>();
  readonly #deleted = new Set<string>();
  /** Deletions, of the key at hand, that nobody was told of in an answer. */
  #anonymous: Deletion[] = [];
  readonly #unknownDeletes = new Map<string, Operation[]>();

  constructor({ operations }: History, earliest: ReadonlyMap<number, number>) {
    this.#earliest = earliest;
    this.#operations = new Map(operations.map((operation) => [operation.id, operation]));
    for (const operation of operations) {
      const { key, call, outcome } = operation;
      if (outcome.kind === 'deleted') this.#addDeletion(outcome.uid, operation);
      if (call.type !== 'delete' || outcome.kind !== 'unknown') continue;
      this.#unknownDeletes.set(key, [...(this.#unknownDeletes.get(key) ?? []), operation]);
    }
  }

  follow(version: Version, before: Version | undefined): void {
    if (version.state) this.#followWrite(version, before);
    else this.#followDeletion(version, before);
  }

  /** Every deletion that nobody was told of needs an unanswered request of its own: a matching, by augmenting paths. */
  attributeDeletions(key: string): void {
    const events = this.#anonymous;
    this.#anonymous = [];
    const requests = this.#unknownDeletes.get(key) ?? [];
    const takenBy = new Map<Operation, Deletion>();
    const assign = (event: Deletion, tried: Set<Operation>): boolean =>
      requests.some((request) => {
        if (tried.has(request) || !this.#mayHaveDeleted(request, event)) return false;
        tried.add(request);
        const holder = takenBy.get(request);
        if (holder && !assign(holder, tried)) return false;
        takenBy.set(request, event);
        return true;
      });
    for (const event of events) {
      if (!assign(event, new Set())) this.problems.push(`${told(event.version)} was asked for by no operation`);
    }
  }

  /** An acknowledged deletion has an event. */
  checkDeletions(): void {
    for (const [uid, operation] of this.#deletions) {
      if (!this.#deleted.has(uid)) {
        this.problems.push(`${named(operation)} was acknowledged, but nobody saw ${uid} go: the deletion is lost`);
      }
    }
  }

  #addDeletion(uid: string, operation: Operation): void {
    const other = this.#deletions.get(uid);
    if (other) this.problems.push(`${uid} is deleted twice: by ${named(other)} and ${named(operation)}`);
    this.#deletions.set(uid, operation);
  }

  #mayHaveDeleted({ id, call }: Operation, { version, before }: Deletion): boolean {
    if (call.type !== 'delete' || (this.#earliest.get(id) ?? 0) >= version.revision) return false;
    if (call.uid !== undefined && call.uid !== before.state?.uid) return false;
    return call.expected === undefined || call.expected === before.revision;
  }

  #followWrite(version: Version, before: Version | undefined): void {
    const { state, revision, key } = version;
    if (!state) return;
    const id = Number(state.data.op);
    const operation = this.#operations.get(id);
    if (!operation || operation.key !== key || !isWrite(operation)) {
      this.problems.push(`${told(version)} was asked for by nobody (${version.witness})`);
      return;
    }
    const took = this.#took.get(id);
    if (took !== undefined) this.problems.push(`${named(operation)} took place twice: at ${took} and ${revision}`);
    this.#took.set(id, revision);
    this.#checkAnswer(operation, version);
    if ((this.#earliest.get(id) ?? 0) >= revision) {
      const known = `revision ${this.#earliest.get(id)} was known before it was invoked`;
      this.problems.push(`${named(operation)} took revision ${revision}, but ${known}`);
    }
    const wrong = wrongStep(operation, version, before);
    if (wrong) this.problems.push(`${named(operation)} took place at ${revision}, ${wrong}`);
    if (operation.call.type === 'create') this.#make(state.uid, version);
  }

  #checkAnswer(operation: Operation, { revision, state }: Version): void {
    const { outcome } = operation;
    if (outcome.kind === 'refused') {
      this.problems.push(`${named(operation)} was refused (${outcome.reason}), yet took place at ${revision}`);
    }
    if (outcome.kind === 'object' && outcome.state.revision !== revision) {
      const answer = `its answer says ${outcome.state.revision}, others saw it at ${revision}`;
      this.problems.push(`${named(operation)}: ${answer} as ${state?.uid}`);
    }
  }

  #make(uid: string, version: Version): void {
    const known = this.#made.get(uid);
    if (known) this.problems.push(`uid ${uid} is used twice: ${known} and ${told(version)}`);
    this.#made.set(uid, told(version));
  }

  #followDeletion(version: Version, before: Version | undefined): void {
    const { last } = version;
    if (!before?.state) {
      this.problems.push(`${told(version)} removes what is not there (${version.witness})`);
      return;
    }
    const { uid, data } = before.state;
    if (last && (last.uid !== uid || !sameData(last.data, data))) {
      this.problems.push(`${told(version)} removes another object than the one of ${told(before)}`);
    }
    this.#deleted.add(uid);
    const operation = this.#deletions.get(uid);
    if (!operation) {
      this.#anonymous.push({ version, before });
    } else if (!this.#mayHaveDeleted(operation, { version, before })) {
      this.problems.push(`${named(operation)} cannot have been ${told(version)}: too early, or not what it expected`);
    }
  }
}

function isWrite({ call }: Operation): boolean {
  return call.type === 'create' || call.type === 'update' || call.type === 'patch';
}

function wrongStep({ call }: Operation, { state }: Version, before: Version | undefined): string | undefined {
  const old = before?.state;
  if (!state) return undefined;
  switch (call.type) {
    case 'create':
      if (old) return `though ${told(before)} had made it already`;
      return sameData(state.data, call.data) ? undefined : 'with other data than it was given';
    case 'update':
    case 'patch': {
      if (!old) return before ? `though it had gone with ${told(before)}` : 'though there was nothing yet';
      if (call.expected !== undefined && call.expected !== before.revision) {
        return `expecting revision ${call.expected}, though ${told(before)} came before: a write is overwritten unseen`;
      }
      if (old.uid !== state.uid) return `and changed the uid from ${old.uid} to ${state.uid}`;
      const data: Data = call.type === 'patch' ? { ...old.data, ...call.data } : call.data;
      return sameData(state.data, data) ? undefined : `with data that do not follow from ${told(before)}`;
    }
    default:
      return undefined;
  }
}
