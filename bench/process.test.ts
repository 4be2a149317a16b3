import assert from 'node:assert/strict';
import { cpuMs, memoryBytes, proportionalBytes } from './process.ts';

describe('What Linux says of a process', () => {
  it('is how long it has worked', async () => {
    const before = await cpuMs(process.pid);
    const { user, system } = process.cpuUsage();
    while (process.cpuUsage({ user, system }).user < 30_000);
    const ms = (await cpuMs(process.pid)) - before;
    assert.ok(ms >= 25 && ms < 1_000, `${ms} ms`);
  });

  it('is how much memory it has', async () => {
    const resident = await memoryBytes(process.pid, 'VmRSS');
    assert.ok(resident > 10e6 && resident < 10e9);
    assert.ok((await proportionalBytes(process.pid)) <= resident * 1.1);
    await assert.rejects(memoryBytes(process.pid, 'VmNothing'), /tells no VmNothing/);
  });
});
