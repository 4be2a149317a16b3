/** One attack, looked at from outside: what it costs the server, and what others notice of it. */
import { systemClock } from '../../base/clock.ts';
import { eventually } from '../harness.ts';
import type { AttackKind } from './attacks.ts';
import type { PoliteClient } from './polite-client.ts';
import type { RudeServer } from './server.ts';

export interface Latency {
  /** Wall clock, in ms. */
  p50: number;
  p99: number;
  /** Processor time of the server for each request, in ms, whatever else it did meanwhile. */
  cpu: number;
}

export interface Trial {
  kind: AttackKind;
  count: number;
  before: { memory: number; descriptors: number };
  peakMemory: number;
  /** While rude clients are there. */
  held: { memory: number; descriptors: number };
  quiet: Latency;
  disturbed: Latency;
}

/** To know how it is without rude clients, and at least with them. */
const ROUNDS = 3;
/** With them: what else goes on here may disturb more than they do, but not all the time. */
const ROUNDS_MAX = 20;
const REQUESTS = 100;
const BUSY_ROUND_MS = 1_500;
const PATH = '/api/v1/namespaces/large/configmaps/one';

/** The better of each: what else happens on the machine makes requests only slower. */
function better(a: Latency, b: Latency): Latency {
  return { p50: Math.min(a.p50, b.p50), p99: Math.min(a.p99, b.p99), cpu: Math.min(a.cpu, b.cpu) };
}

async function latencyOf(
  server: RudeServer,
  client: PoliteClient,
  isEnough: (best: Latency) => boolean = () => true,
  isBusy = false,
): Promise<Latency> {
  // A short round could fall between two things that the server has to do meanwhile.
  const [rounds, roundMs] = isBusy ? [1, BUSY_ROUND_MS] : [ROUNDS, 0];
  let best = await roundOf(server, client, roundMs);
  for (let round = 1; round < rounds || (round < ROUNDS_MAX && !isEnough(best)); round++)
    best = better(best, await roundOf(server, client, roundMs));
  return best;
}

/** At most half as much again; below these there is only noise. `isBusy`: the server has other work meanwhile. */
export function isUndisturbed(quiet: Latency, disturbed: Latency, isBusy: boolean): boolean {
  const within = (name: keyof Latency, noise: number) => disturbed[name] <= quiet[name] * 1.5 + noise;
  if (!within('p50', 0.15)) return false;
  // Of hundred requests the worst but one shows above all what else runs on the machine.
  return isBusy ? disturbed.p99 < 20 : within('p99', 3) && within('cpu', 0.05);
}

/** At least so many requests, for at least so long. */
async function roundOf(server: RudeServer, client: PoliteClient, leastMs: number): Promise<Latency> {
  const times: number[] = [];
  const cpu = server.cpuMs;
  const end = performance.now() + leastMs;
  while (times.length < REQUESTS || performance.now() < end) {
    const began = performance.now();
    const { code } = await client.get(PATH);
    if (code !== 200) throw new Error(`GET ${PATH}: ${code}`);
    times.push(performance.now() - began);
  }
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.floor(times.length * share)] ?? 0;
  return { p50: at(0.5), p99: at(0.99), cpu: (server.cpuMs - cpu) / times.length };
}

/** Begins an attack, and leaves it to the caller to end it. */
export async function trial(
  server: RudeServer,
  client: PoliteClient,
  { kind, count, isBusy = false }: { kind: AttackKind; count: number; isBusy?: boolean },
): Promise<Trial> {
  const before = { memory: server.memory, descriptors: server.descriptors };
  const quiet = await latencyOf(server, client);
  server.forgetPeak();
  await server.begin(kind, count);
  if (!isBusy) await untilResting(server);
  const disturbed = await latencyOf(server, client, (best) => isUndisturbed(quiet, best, isBusy), isBusy);
  const held = { memory: server.memory, descriptors: server.descriptors };
  return { kind, count, before, quiet, disturbed, held, peakMemory: server.peakMemory };
}

/** Waits until the server has done what it was asked for and only holds what it cannot get rid of. */
function untilResting(server: RudeServer): Promise<boolean> {
  let last = server.cpuMs;
  const isResting = async () => {
    await systemClock.sleep(RESTING.periodMs);
    const now = server.cpuMs;
    const used = now - last;
    last = now;
    return used < RESTING.cpuMs;
  };
  return eventually('the server rests', isResting, 300);
}

const RESTING = { periodMs: 100, cpuMs: 20 };

const MB = 1024 * 1024;
const mb = (bytes: number) => `${Math.round(bytes / MB)}`;
const ms = ({ p50, p99, cpu }: Latency) => `${p50.toFixed(2)}/${p99.toFixed(2)}/${cpu.toFixed(2)}`;

/** A line of figures for people: memory in MB, latency as p50/p99/CPU in ms. */
export function lineOf({ kind, count, before, held, quiet, disturbed, peakMemory }: Trial): string {
  const memory = `${mb(before.memory)} → ${mb(peakMemory)} MB`;
  const descriptors = `${before.descriptors} → ${held.descriptors} fds`;
  return `${kind} × ${count}: ${memory}, ${descriptors}, GET ${ms(quiet)} → ${ms(disturbed)} ms`;
}
