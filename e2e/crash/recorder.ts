/** Takes down what clients and watchers see, under one counter of ticks. */
import type { Call, Entry, History, Operation, Outcome, Session, State } from './history.ts';

export interface RecordedWatcher {
  name: string;
  keys?: readonly string[];
  sessions: { after: number; base?: NonNullable<Session['base']>; entries: Entry[] }[];
}

export class Recorder {
  readonly operations: Operation[] = [];
  readonly watchers: RecordedWatcher[] = [];
  /** Answers that tell neither success nor a reason to refuse, and how often they came. */
  readonly oddities = new Map<string, number>();
  #ticks = 0;
  #ids = 0;
  #acknowledged = 0;

  tick(): number {
    return ++this.#ticks;
  }

  nextId(): number {
    return ++this.#ids;
  }

  /** Writes that were answered with success. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** An operation that has been sent, with what came of it; call it at the moment of the answer. */
  add(sent: { id: number; client: string; key: string; call: Call; invoked: number }, outcome: Outcome): void {
    const answered = outcome.kind === 'unknown' ? Number.POSITIVE_INFINITY : this.tick();
    this.operations.push({ ...sent, answered, outcome });
    if (sent.call.type === 'get' || sent.call.type === 'list') return;
    if (outcome.kind === 'object' || outcome.kind === 'deleted') this.#acknowledged += 1;
  }

  addOddity(what: string): void {
    this.oddities.set(what, (this.oddities.get(what) ?? 0) + 1);
  }

  history(final: { revision: number; items: readonly State[]; invoked: number; answered: number }): History {
    return { operations: this.operations, watchers: this.watchers, final };
  }

  /** What was seen, in figures. */
  summary(): string {
    const outcomes = new Map<string, number>();
    for (const { outcome } of this.operations) outcomes.set(outcome.kind, (outcomes.get(outcome.kind) ?? 0) + 1);
    const events = this.watchers.map(({ name, sessions }) => {
      const count = sessions.reduce((sum, { entries }) => sum + entries.length, 0);
      const anew = sessions.filter(({ base }) => base).length - 1;
      return `${name}: ${count} events in ${sessions.length} sessions, ${anew} lists anew`;
    });
    const counts = [...outcomes].map(([kind, count]) => `${count} ${kind}`);
    const odd = [...this.oddities].map(([what, count]) => `${count} × ${what}`);
    return [`${this.operations.length} operations: ${counts.join(', ')}`, ...events, ...odd].join('\n');
  }
}
