/** A process of rude clients: `attacker.js PORT TOKEN`. Does what it is sent, one attack after the other. */
import { setPriority } from 'node:os';
import { ATTACKS, type Attack, type AttackKind } from './attacks.ts';

export type Order = { begin: AttackKind; count: number } | { end: AttackKind };
export type Report = { connections: number } | { failed: string };

// The server is measured while this runs: it should get the processor it would get from clients elsewhere.
setPriority(19);
const [port = '', token = ''] = process.argv.slice(2);
const running = new Map<AttackKind, Attack & { timer?: NodeJS.Timeout }>();

async function obey(order: Order): Promise<Report> {
  if ('begin' in order) {
    const attack = await ATTACKS[order.begin]({ port: Number(port), token }, order.count);
    const { every } = attack;
    running.set(order.begin, { ...attack, ...(every ? { timer: setInterval(() => void every.act(), every.ms) } : {}) });
    return { connections: [...attack.sockets].length };
  }
  const attack = running.get(order.end);
  running.delete(order.end);
  clearInterval(attack?.timer);
  for (const socket of attack?.sockets ?? []) socket.destroy();
  return { connections: 0 };
}

process.on('message', (order: Order) => {
  obey(order)
    .catch((error: unknown) => ({ failed: error instanceof Error ? (error.stack ?? error.message) : String(error) }))
    .then((report) => process.send?.(report));
});
process.on('disconnect', () => process.exit(0));
