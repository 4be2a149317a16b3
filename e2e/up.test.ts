/** The command line where things are not as they should be. */
import assert from 'node:assert/strict';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { TestCluster } from './harness.ts';

describe('kubets up', function () {
  this.timeout(60_000);
  let cluster: TestCluster;

  beforeEach(async () => {
    cluster = await TestCluster.create('--node', 'simulated');
  });
  afterEach(() => cluster.destroy());

  it('writes a kubeconfig that only its owner can read', async () => {
    await cluster.up();
    assert.equal((await stat(join(cluster.home, 'kubeconfig'))).mode & 0o777, 0o600);
    assert.match(await cluster.kubectl('get', 'nodes'), / Ready /);
  });

  it('starts once a state folder, and says where the other is', async () => {
    await cluster.up();
    const second = await cluster.kubets('up', '--node', 'simulated');
    assert.equal(second.code, 1);
    assert.match(
      second.stderr,
      new RegExp(`runs already \\(pid ${cluster.pid}\\); stop it with Ctrl-C there, or with: kubets down`),
    );
  });

  it('says what to do when the port is taken, and ends', async () => {
    const holder = createServer().listen(cluster.port, '127.0.0.1');
    const result = await cluster.kubets('up', '--node', 'simulated', '--secure-port', String(cluster.port));
    await new Promise((resolve) => holder.close(resolve));
    assert.equal(result.code, 1);
    assert.match(
      result.stderr,
      /^kubets: listen on 127\.0\.0\.1:\d+ \(something else does: choose another with --secure-port/,
    );
  });

  it('comes up loudly with a simulated node where Docker does not answer', async () => {
    const lonely = await TestCluster.create();
    try {
      // A PATH without Docker changes nothing: what counts is who answers at the socket.
      await lonely.up({ DOCKER_HOST: 'unix:///nonexistent/docker.sock' });
      assert.match(lonely.output, /WARNING: Docker does not answer at \/nonexistent\/docker\.sock: pods are SIMULATED/);
      assert.match(lonely.output, /WARNING: To mend it: /);
      assert.match(lonely.output, /kubelet ready: node \S+, simulated/);
    } finally {
      await lonely.destroy();
    }
  });

  it('refuses a store that another format wrote, in one clear line', async () => {
    await mkdir(join(cluster.home, 'store'), { recursive: true });
    await writeFile(join(cluster.home, 'store', 'data.mdb'), Buffer.alloc(16_384, 'x'));
    const result = await cluster.kubets('up', '--node', 'simulated', '--secure-port', String(cluster.port));
    assert.equal(result.code, 1);
    assert.match(result.stderr, /^kubets: .*store/m);
  });

  it('prints its versions and helps with what it does not know', async () => {
    assert.match(
      (await cluster.kubets('version')).stdout,
      /^kubets \d+\.\d+\.\d+\nKubernetes API v1\.36\.0\nNode\.js v/,
    );
    const unknown = await cluster.kubets('dance');
    assert.equal(unknown.code, 1);
    assert.match(unknown.stderr, /unknown command 'dance'[\s\S]*Usage: kubets/);
  });
});
