/** Has a Node process collect its garbage, so that what it holds then is what it needs. */
import { once } from 'node:events';
import { systemClock } from '../base/clock.ts';

const DEADLINE_MS = 10_000;
const LOOK_MS = 50;

/** The process must have been started with `--inspect-port` and this port; it opens its inspector only for this. */
export async function collectGarbage(pid: number, inspectPort: number): Promise<void> {
  process.kill(pid, 'SIGUSR1');
  const { WebSocket } = await import('ws');
  const socket = new WebSocket(await inspectorUrl(inspectPort));
  await once(socket, 'open');
  const done = once(socket, 'message');
  socket.send(JSON.stringify({ id: 1, method: 'HeapProfiler.collectGarbage' }));
  await done;
  const closed = once(socket, 'close');
  socket.close();
  await closed;
}

async function inspectorUrl(port: number): Promise<string> {
  const deadline = systemClock.monotonic() + DEADLINE_MS;
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${port}/json/list`).catch(() => undefined);
    const [target] = answer ? ((await answer.json()) as { webSocketDebuggerUrl: string }[]) : [];
    if (target) return target.webSocketDebuggerUrl;
    if (systemClock.monotonic() > deadline) throw new Error(`bench: no inspector on port ${port}`);
    await systemClock.sleep(LOOK_MS);
  }
}
