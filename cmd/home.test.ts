import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '../base/random.ts';
import {
  adminToken,
  clusterId,
  type Home,
  homeAt,
  makeHome,
  removePid,
  runningProcess,
  writePid,
  writePrivate,
} from './home.ts';

describe('the state folder', () => {
  let home: Home;
  beforeEach(async () => {
    home = homeAt(await mkdtemp(join(tmpdir(), 'kubets-home-')));
    await makeHome(home);
  });
  afterEach(() => rm(home.root, { recursive: true }));

  it('keeps secrets to its owner', async () => {
    await adminToken(home, seededRandom(1));
    assert.equal((await stat(home.token)).mode & 0o777, 0o600);
    assert.equal((await stat(home.pki)).mode & 0o777, 0o700);
  });

  it('gives the same token and id again', async () => {
    const [token, id] = [await adminToken(home, seededRandom(1)), await clusterId(home, seededRandom(2))];
    assert.deepEqual([await adminToken(home, seededRandom(3)), await clusterId(home, seededRandom(4))], [token, id]);
    assert.notEqual(token, id);
  });

  it('replaces a file that is there, with a mode of 0600 whatever it had', async () => {
    await writeFile(home.kubeconfig, 'old', { mode: 0o644 });
    await writePrivate(home.kubeconfig, 'new');
    assert.equal(await readFile(home.kubeconfig, 'utf8'), 'new');
    assert.equal((await stat(home.kubeconfig)).mode & 0o777, 0o600);
  });

  it('knows the process that runs, and is not deceived by a pid that passed on to another', async () => {
    assert.equal(await runningProcess(home), undefined);
    await writePid(home);
    assert.equal((await runningProcess(home))?.pid, process.pid);
    await writeFile(home.pidFile, `${process.pid} 1\n`);
    assert.equal(await runningProcess(home), undefined, 'same pid, another start');
    await writeFile(home.pidFile, '4194303 77\n');
    assert.equal(await runningProcess(home), undefined, 'nobody');
    await removePid(home);
    assert.equal(await runningProcess(home), undefined);
  });
});
