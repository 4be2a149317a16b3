import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { arch, platform } from 'node:process';
import { pauseProgram, tarOf } from './pause.ts';

describe('The pause program', () => {
  const native = platform !== 'linux' ? undefined : arch === 'x64' ? 'amd64' : arch === 'arm64' ? 'arm64' : undefined;
  let folder: string;
  let child: ChildProcess | undefined;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kubets-pause-'));
  });
  after(async () => {
    child?.kill('SIGKILL');
    await rm(folder, { recursive: true });
  });

  // The program speaks to the Linux kernel: elsewhere there is nothing to run it.
  for (const signal of native ? (['SIGTERM', 'SIGINT'] as const) : []) {
    it(`sleeps until ${signal} and exits with 0`, async () => {
      const path = join(folder, `pause-${signal}`);
      await writeFile(path, pauseProgram(native ?? 'amd64'), { mode: 0o755 });
      child = spawn(path);
      await once(child, 'spawn');
      await asleep(child.pid ?? 0);
      child.kill(signal);
      assert.deepEqual(await once(child, 'exit'), [0, null]);
    });
  }

  it('is an ELF executable of each architecture', () => {
    for (const [architecture, machine] of [
      ['amd64', 62],
      ['arm64', 183],
    ] as const) {
      const program = pauseProgram(architecture);
      assert.equal(program.subarray(1, 4).toString(), 'ELF');
      assert.equal(program.readUInt16LE(18), machine);
      assert.equal(Number(program.readBigUInt64LE(96)), program.length);
    }
  });

  it('is packed as tar reads it', async () => {
    const path = join(folder, 'image.tar');
    await writeFile(path, tarOf('pause', pauseProgram('amd64')));
    const tar = spawn('tar', ['tvf', path], { stdio: ['ignore', 'pipe', 'inherit'] });
    let listing = '';
    tar.stdout.on('data', (chunk: Buffer) => {
      listing += chunk.toString();
    });
    assert.deepEqual(await once(tar, 'close'), [0, null]);
    assert.match(listing, /^-rwxr-xr-x 0\/0 +\d+ .* pause\n$/);
  });
});

/** Waits until the process has installed its handlers and sleeps in the kernel. */
async function asleep(pid: number): Promise<void> {
  const { readFile } = await import('node:fs/promises');
  for (;;) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    const caught = BigInt(`0x${/^SigCgt:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
    if (caught === 0x4002n && /^State:\s*S/m.test(status)) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
