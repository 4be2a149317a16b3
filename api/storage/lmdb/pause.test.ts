import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withFolder } from './lmdb.fixture.ts';
import { openLmdb } from './lmdb.ts';
import { pauseWrites } from './pause.ts';

describe('a pause', () => {
  it(
    'keeps writes waiting until it is over, and no read',
    withFolder(async (folder) => {
      const storage = await openLmdb(folder);
      await storage.create('/a', Buffer.from('1'));
      const pause = await pauseWrites(folder);
      let isWritten = false;
      const written = storage.create('/b', Buffer.from('1')).then(() => {
        isWritten = true;
      });
      for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
      assert.equal((await storage.list('/')).items.length, 1);
      assert.equal(isWritten, false);
      await pause.resume();
      await written;
      await storage.close();
    }),
  );

  it(
    'ends with the process that asked for it',
    withFolder(async (folder) => {
      const storage = await openLmdb(folder);
      await writeFile(join(folder, 'pause'), String(2 ** 22 + 1));
      assert.equal(await storage.create('/a', Buffer.from('1')), 1);
      assert.equal(existsSync(join(folder, 'pause')), false);
      await storage.close();
    }),
  );
});
