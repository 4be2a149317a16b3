/** Commands in containers the way clients before 1.31 run them: kubectl 1.20, which speaks SPDY/3.1 and nothing else. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { V1Pod } from '../openapi/generated/types.ts';
import { eventually, run, succeed, TestCluster } from './harness.ts';

const IMAGE = 'kubets/busybox:1';
const KUBECTL = join(process.env.KUBECTL_DIR ?? '/nowhere', 'kubectl-1.20');
const TEN_MB = 10 * 1024 * 1024;
const POD: V1Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'box' },
  spec: {
    terminationGracePeriodSeconds: 0,
    containers: [{ name: 'main', image: IMAGE, imagePullPolicy: 'Never', command: ['sleep', '100000'] }],
  },
};

describe('exec of kubectl 1.20, over SPDY', function () {
  this.timeout(60_000);
  let cluster: TestCluster;

  before(async () => {
    assert.ok(existsSync(KUBECTL), `KUBECTL_DIR must name a folder with kubectl-1.20; there is no ${KUBECTL}`);
    await succeed('scripts/busybox-image.sh', [IMAGE]);
    cluster = await TestCluster.create('--node', 'docker', '--pod-cidr', '10.244.20.0/24');
    await cluster.up();
    await succeed(KUBECTL, ['create', '-f', '-'], { env: cluster.env, input: JSON.stringify(POD) });
    await eventually('the pod runs', async () => (await cluster.get<V1Pod>('pod', 'box')).status?.phase === 'Running');
  });
  after(() => cluster?.destroy());

  const exec = (command: string[], { flags = [] as string[], input = '' } = {}) =>
    run(KUBECTL, ['exec', ...flags, 'box', '--', ...command], { env: cluster.env, input, timeoutMs: 30_000 });
  /** Through a shell of this machine, for pipes and terminals; `$K` is kubectl. */
  const shell = (script: string, env: NodeJS.ProcessEnv = {}) =>
    run('bash', ['-c', script], { env: { ...cluster.env, ...env, K: KUBECTL }, timeoutMs: 30_000 });
  const processes = async () => (await exec(['ps', '-o', 'args'])).stdout;

  it('is kubectl 1.20', async () => {
    assert.match(await succeed(KUBECTL, ['version', '--client'], { env: cluster.env }), /GitVersion:"v1\.20/);
  });

  it('shows what a command says on both streams', async () => {
    const result = await exec(['sh', '-c', 'echo to stdout; echo to stderr >&2']);
    assert.deepEqual(result, { stdout: 'to stdout\n', stderr: 'to stderr\n', code: 0 });
  });

  it('ends with the exit code of the command', async () => {
    const result = await exec(['sh', '-c', 'echo last words; exit 3']);
    assert.deepEqual(result, {
      stdout: 'last words\n',
      stderr: 'command terminated with exit code 3\n',
      code: 3,
    });
  });

  it('passes what comes through a pipe, and its end', async () => {
    const result = await exec(['cat'], { flags: ['-i'], input: 'hi\n' });
    assert.deepEqual(result, { stdout: 'hi\n', stderr: '', code: 0 });
  });

  it('loses not a byte of much output', async () => {
    const result = await exec(['sh', '-c', `yes 0123456789 | head -c ${TEN_MB}`]);
    assert.equal(result.stdout.length, TEN_MB);
    assert.ok(result.stdout.startsWith('0123456789\n0123456789\n'));
    assert.equal(result.code, 0);
  });

  it('loses not a byte of much input, though the command takes its time', async () => {
    const input = '0123456789abcde\n'.repeat(TEN_MB / 16);
    const result = await exec(['sh', '-c', 'echo wait; sleep 1; sha256sum'], { flags: ['-i'], input });
    assert.equal(result.stdout, `wait\n${createHash('sha256').update(input).digest('hex')}  -\n`);
  });

  it('ends though there is input that the command did not want', async () => {
    const pipe = `head -c ${TEN_MB} /dev/zero | $K exec -i box -- head -c 5 | wc -c`;
    const result = await shell(`${pipe}; exit "\${PIPESTATUS[1]}"`);
    assert.deepEqual([result.stdout.trim(), result.code], ['5', 0]);
  });

  it('says that there is no such command', async () => {
    const result = await exec(['no-such-command']);
    assert.notEqual(result.code, 0);
    assert.match(result.stdout + result.stderr, /"no-such-command": executable file not found/);
  });

  it('says that there is no such container', async () => {
    const result = await exec(['true'], { flags: ['-c', 'nobody'] });
    assert.equal(result.code, 1);
    assert.match(result.stderr, /container nobody is not valid for pod box/);
  });

  it('has a terminal of the size of that of the user', async () => {
    const command = 'while [ "$(stty size)" != "40 100" ]; do sleep 0.1; done; tty; stty size; exit 5';
    const session = 'stty rows 40 cols 100; "$K" exec -it box -- sh -c "$COMMAND"';
    const result = await shell(`script -qec '${session}' /dev/null`, { COMMAND: command });
    assert.match(result.stdout, /\/dev\/pts\/0\r\n40 100\r\n/);
    assert.equal(result.code, 5, result.stdout);
  });

  it('runs many commands at once', async () => {
    const codes = [1, 2, 3, 4, 5, 6];
    const results = await Promise.all(codes.map((code) => exec(['sh', '-c', `yes | head -c 1000000; exit ${code}`])));
    assert.deepEqual(
      results.map(({ stdout, code }) => [stdout.length, code]),
      codes.map((code) => [1_000_000, code]),
    );
  });

  for (const [title, flags, seconds] of [
    ['a client that is killed', [], 7001],
    ['a client that is killed while it waits to send more', ['-i'], 7002],
  ] as const) {
    it(`leaves nothing behind of ${title}`, async () => {
      const child = spawn(KUBECTL, ['exec', ...flags, 'box', '--', 'sleep', String(seconds)], {
        env: cluster.env,
        stdio: ['pipe', 'ignore', 'ignore'],
      });
      child.stdin.on('error', () => undefined);
      child.stdin.write(Buffer.alloc(2 * TEN_MB));
      await eventually('the command runs', async () => (await processes()).includes(`sleep ${seconds}`));
      child.kill('SIGKILL');
      await eventually('the command has gone', async () => !(await processes()).includes(`sleep ${seconds}`));
    });
  }
});
