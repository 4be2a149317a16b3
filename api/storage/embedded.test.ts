import assert from 'node:assert/strict';
import type { Commit } from './backend.ts';
import { EmbeddedStorage } from './embedded.ts';
import { MemoryBackend } from './memory.ts';
import { bytes, collectUntil, describeEvent, failsWith, fillAtOnce } from './suite-support.ts';

/** Counts commits, and fails those it is told to. */
class FlakyBackend extends MemoryBackend {
  commits = 0;
  full = false;
  fullFor: (commit: Commit) => boolean = () => this.full;

  override async commit(commit: Commit): Promise<void> {
    this.commits++;
    // Long enough for more writes to arrive.
    await new Promise((resolve) => setImmediate(resolve));
    if (this.fullFor(commit)) throw new Error('no space left');
    await super.commit(commit);
  }
}

describe('EmbeddedStorage', () => {
  it('commits together what arrives together, and what arrives during a commit', async () => {
    const backend = new FlakyBackend();
    const storage = new EmbeddedStorage(backend);
    const early = fillAtOnce(storage, ['/a', '/b', '/c']);
    while (backend.commits === 0) await new Promise((resolve) => setImmediate(resolve));
    const late = fillAtOnce(storage, ['/d', '/e']);
    assert.deepEqual(await early, [1, 2, 3]);
    assert.deepEqual(await late, [4, 5]);
    assert.equal(backend.commits, 2);
    await storage.close();
  });

  it('commits nothing when every write is refused', async () => {
    const backend = new FlakyBackend();
    const storage = new EmbeddedStorage(backend);
    await failsWith('NotFound', storage.update('/a', bytes('1'), 1));
    assert.equal(backend.commits, 0);
    await storage.close();
  });

  it('refuses all writes of a commit that fails, and goes on as if they had never been', async () => {
    const backend = new FlakyBackend();
    const storage = new EmbeddedStorage(backend);
    await storage.create('/a', bytes('1'));
    const events = collectUntil(storage, '/', 0, 2);
    backend.full = true;
    const writes = [storage.create('/b', bytes('lost')), storage.create('/b', bytes('2')), storage.delete('/a', 1)];
    const errors = await Promise.all(writes.map((write) => failsWith('Unavailable', write)));
    assert.match(String(errors[0]?.cause), /no space left/);
    assert.equal((await storage.list('/')).items.length, 1);
    backend.full = false;
    assert.equal(await storage.create('/b', bytes('kept')), 2);
    assert.deepEqual((await events).map(describeEvent), ['put /a@1=1', 'put /b@2=kept']);
    await storage.close();
  });

  it('tries deletions by themselves where a commit fails: they need the least room', async () => {
    const backend = new FlakyBackend();
    const storage = new EmbeddedStorage(backend);
    await storage.create('/a', bytes('1'));
    backend.fullFor = (commit) => commit.events.some((event) => event.type === 'put');
    const [created, deleted] = [storage.create('/b', bytes('1')), storage.delete('/a', 1)];
    await failsWith('Unavailable', created);
    assert.equal(await deleted, 2);
    assert.deepEqual((await storage.list('/')).items, []);
    await storage.close();
  });

  it('forgets the oldest events once there are more than the limit', async () => {
    const storage = new EmbeddedStorage(new MemoryBackend(), { history: { entries: 20 } });
    for (let i = 1; i <= 100; i++) {
      await storage.create(`/${i}`, bytes('1'));
      const { revision } = await failsWith('Compacted', storage.list('/', { revision: -1 }));
      assert.ok(i - revision <= 20, `${i - revision} events are kept`);
      if (i >= 18) assert.ok(i - revision >= 18, `only ${i - revision} events are kept`);
    }
    await storage.close();
  });

  it('serves nobody any more once all watches are over', async () => {
    const storage = new EmbeddedStorage(new MemoryBackend());
    await storage.create('/a', bytes('1'));
    await collectUntil(storage, '/', 0, 1);
    assert.equal(storage.watchers, 0);
    await storage.close();
  });
});
