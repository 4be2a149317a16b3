import assert from 'node:assert/strict';
import { bytes, collectUntil, describeEvent, failsWith, fill, type OpenStorage } from './suite-support.ts';

export function describeReopening(open: OpenStorage): void {
  it('keeps items, the revision counter and history when it is opened again', async () => {
    const { storage, reopen, cleanup } = await open();
    try {
      assert.ok(reopen, 'an engine that keeps its data says how it is opened again');
      await fill(storage, ['/a', '/b', '/c']);
      await storage.update('/a', bytes('2'), 1);
      await storage.delete('/c', 3);
      await storage.compact(2);
      const before = await storage.list('/');
      await storage.close();

      const again = await reopen();
      assert.deepEqual(await again.list('/'), before);
      assert.equal(await again.revision(), 5);
      assert.equal((await failsWith('Compacted', again.list('/', { revision: 1 }))).revision, 2);
      assert.equal((await again.list('/', { revision: 3 })).items.length, 3);
      assert.deepEqual((await collectUntil(again, '/', 3, 5)).map(describeEvent), [
        'put /a@4=2</a@1',
        'delete /c@5</c@3',
      ]);
      assert.equal(await again.create('/d', bytes('1')), 6);
    } finally {
      await cleanup();
    }
  });

  it('counts on when every key is gone and history is compacted', async () => {
    const { storage, reopen, cleanup } = await open();
    try {
      assert.ok(reopen, 'an engine that keeps its data says how it is opened again');
      await storage.create('/a', bytes('1'));
      await storage.delete('/a', 1);
      await storage.compact(2);
      await storage.close();
      const again = await reopen();
      assert.equal(await again.revision(), 2);
      assert.equal(await again.create('/a', bytes('1')), 3);
    } finally {
      await cleanup();
    }
  });
}
