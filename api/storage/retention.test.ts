import assert from 'node:assert/strict';
import type { StorageEvent } from './interface.ts';
import { type HistoryLimits, Retention } from './retention.ts';

const WIDE: HistoryLimits = { entries: 1e9, bytes: 1e9, ageMs: 1e9 };

/** A history that is written to, an event a commit, at a time of the test's choosing. */
class Written {
  now = 0;
  revision: number;
  compacted = 0;
  readonly #retention: Retention;

  constructor(limits: Partial<HistoryLimits>, revision = 0, bytes = 0) {
    this.revision = revision;
    this.#retention = new Retention({ ...WIDE, ...limits }, { monotonic: () => this.now }, revision, bytes);
  }

  get kept(): number {
    return this.revision - this.compacted;
  }

  write(size = 0): void {
    const key = '/a';
    const previous = { key, value: Buffer.alloc(size), modRevision: this.revision };
    const events: StorageEvent[] = [{ type: 'put', key, revision: ++this.revision, value: Buffer.alloc(0), previous }];
    this.compacted = this.#retention.compactedAfter(events, this.revision, this.compacted);
    this.#retention.committed(events, this.revision, this.compacted);
  }
}

describe('Retention', () => {
  it('keeps everything that is within its limits', () => {
    const history = new Written({});
    for (let i = 0; i < 100; i++) history.write(1_000);
    assert.equal(history.kept, 100);
  });

  it('keeps a number of events', () => {
    const history = new Written({ entries: 20 });
    for (let i = 1; i <= 100; i++) {
      history.write();
      assert.ok(history.kept <= 20 && history.kept >= Math.min(i, 18), `${history.kept} kept`);
    }
  });

  it('keeps a number of bytes', () => {
    const history = new Written({ bytes: 20_000 });
    for (let i = 1; i <= 100; i++) {
      history.write(1_000 - 34);
      assert.ok(history.kept <= 20 && history.kept >= Math.min(i, 18), `${history.kept} kept`);
    }
  });

  it('keeps the last commit, whatever its size', () => {
    const history = new Written({ bytes: 20_000 });
    for (let i = 0; i < 3; i++) history.write(50_000);
    assert.equal(history.kept, 1);
  });

  it('forgets what is too old, a little late, when something is written', () => {
    const history = new Written({ ageMs: 1_000 });
    for (let i = 1; i <= 100; i++) {
      history.now = i * 100;
      history.write();
      assert.ok(history.kept <= 12 && history.kept >= Math.min(i, 10), `${history.kept} kept`);
    }
    history.now += 5_000;
    history.write();
    assert.equal(history.kept, 1);
  });

  it('counts what was there at the start', () => {
    const bytes = new Written({ bytes: 20_000 }, 7, 19_999);
    bytes.write();
    assert.equal(bytes.compacted, 7);
    const age = new Written({ ageMs: 1_000 }, 7, 1);
    age.now = 1_000;
    age.write();
    assert.equal(age.compacted, 0);
    age.now = 1_101;
    age.write();
    assert.equal(age.compacted, 7);
  });
});
