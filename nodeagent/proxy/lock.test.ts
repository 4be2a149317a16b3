import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { acquireLock, LockedError, lockHolder } from './lock.ts';

describe('the lock of a host', () => {
  let folder: string;
  let path: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kubets-lock-'));
    path = join(folder, 'proxy.lock');
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  it('is held by one, in the same process too, until it is released', () => {
    const first = acquireLock(path);
    assert.equal(lockHolder(path), process.pid);
    assert.throws(
      () => acquireLock(path),
      (error: unknown) => error instanceof LockedError && error.message.includes(`process ${process.pid}`),
    );
    first.release();
    assert.equal(existsSync(path), false);
    acquireLock(path).release();
    assert.deepEqual(readdirSync(folder), []);
  });

  it('is taken over from a process that died', async () => {
    const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], { stdio: ['pipe', 'ignore', 'ignore'] });
    await once(child, 'spawn');
    const start = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[19];
    writeFileSync(path, `${child.pid} ${start}`);
    assert.throws(() => acquireLock(path), LockedError);
    child.stdin?.end();
    await once(child, 'exit');
    acquireLock(path).release();
  });

  it('is taken over when the number of its holder belongs to another process now', () => {
    writeFileSync(path, `${process.pid} 1`);
    assert.equal(lockHolder(path), undefined);
    acquireLock(path).release();
  });

  it('is left alone by a holder that lost it', () => {
    const lost = acquireLock(path);
    writeFileSync(path, '1 1');
    lost.release();
    assert.equal(readFileSync(path, 'utf8'), '1 1');
  });
});
