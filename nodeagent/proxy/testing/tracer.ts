/**
 * Follows the first packet of a connection through generated rules, as the kernel would, and says where it ends and
 * how probable that is. Knows the matches the proxy writes, and fails on any other.
 */
import { JUMPS } from '../chains.ts';
import type { ProxyRules } from '../rules.ts';

export interface Packet {
  source: string;
  destination: string;
  port: number;
  protocol?: string;
  /** Addresses of the node itself. */
  nodeAddresses?: readonly string[];
  /** `KUBE-SEP-…` chains whose `recent` list has the source. */
  remembered?: ReadonlySet<string>;
}

export interface Outcome {
  /** Probability of each end: `10.0.0.1:80`, `REJECT`, `DROP`, or `pass` when no rule took the packet. */
  ends: Record<string, number>;
  /** Probability that the source is replaced by the node's address, for each of those. */
  masqueraded: Record<string, number>;
}

interface State {
  probability: number;
  marked: boolean;
  end?: string;
}

export function trace(rules: ProxyRules, packet: Packet): Outcome {
  const origin = isLocal(packet.source, packet) ? 'OUTPUT' : 'PREROUTING';
  const nat = runBuiltIn(rules, 'nat', origin, packet, [{ probability: 1, marked: false }]);
  const outcome: Outcome = { ends: {}, masqueraded: {} };
  for (const state of nat) {
    const settled = state.end === undefined ? filterOnly(rules, packet, state) : [state];
    for (const { probability, marked, end = 'pass' } of settled) {
      outcome.ends[end] = (outcome.ends[end] ?? 0) + probability;
      if (marked) outcome.masqueraded[end] = (outcome.masqueraded[end] ?? 0) + probability;
    }
  }
  return outcome;
}

function filterOnly(rules: ProxyRules, packet: Packet, state: State): State[] {
  const hook = isLocal(packet.source, packet) ? 'OUTPUT' : isLocal(packet.destination, packet) ? 'INPUT' : 'FORWARD';
  return runBuiltIn(rules, 'filter', hook, packet, [state]);
}

function runBuiltIn(
  rules: ProxyRules,
  table: 'nat' | 'filter',
  hook: string,
  packet: Packet,
  states: State[],
): State[] {
  let current = states;
  for (const jump of JUMPS.filter((each) => each.table === table && each.from === hook)) {
    current = current.flatMap((state) => (state.end ? [state] : runChain(rules[table].rules, jump.to, packet, state)));
  }
  return current;
}

function runChain(rules: readonly string[], chain: string, packet: Packet, entry: State): State[] {
  const finished: State[] = [];
  let open: State[] = [entry];
  for (const rule of rules) {
    if (!rule.startsWith(`-A ${chain} `)) continue;
    const parsed = parseRule(rule);
    const chance = probabilityOf(parsed.matches, packet);
    if (chance === 0) continue;
    const next: State[] = [];
    for (const state of open) {
      const missed = state.probability * (1 - chance);
      if (missed > 1e-12) next.push({ ...state, probability: missed });
      const hit = { ...state, probability: state.probability * chance };
      for (const after of applyTarget(rules, parsed, packet, hit)) (after.end ? finished : next).push(after);
    }
    open = next;
  }
  return [...finished, ...open];
}

function applyTarget(rules: readonly string[], { target, rest }: Rule, packet: Packet, state: State): State[] {
  switch (target) {
    case '':
      return [state];
    case 'KUBE-MARK-MASQ':
      return [{ ...state, marked: true }];
    case 'DNAT':
      return [{ ...state, end: rest.replace('--to-destination ', '') }];
    case 'REJECT':
    case 'DROP':
    case 'ACCEPT':
      return [{ ...state, end: target }];
    default:
      return runChain(rules, target, packet, state);
  }
}

interface Rule {
  matches: string[];
  target: string;
  rest: string;
}

function parseRule(rule: string): Rule {
  const [, conditions = '', target = '', rest = ''] = /^-A \S+ ?(.*?)(?: ?-j (\S+) ?(.*))?$/.exec(rule) ?? [];
  const bare = conditions.replace(/-m comment --comment ("[^"]*"|\S+) ?/, '');
  const matches = bare.match(/(?:! )?--?[a-z-]+(?: ! --?[a-z-]+)?(?: (?!-|! -)\S+)*/g) ?? [];
  return { matches, target, rest };
}

/** 1 or 0, or what the statistic module says. */
function probabilityOf(matches: readonly string[], packet: Packet): number {
  let chance = 1;
  let recent = '';
  for (const match of matches) {
    const negated = match.startsWith('! ');
    const [option = '', value = ''] = match.replace(/^! /, '').split(' ');
    if (option === '--probability') chance *= Number(value);
    else if (option === '--name') recent = value;
    else if (option === '--rcheck') chance *= packet.remembered?.has(recent) ? 1 : 0;
    else if (holds(option, value, packet) === negated) return 0;
  }
  return chance;
}

function holds(option: string, value: string, packet: Packet): boolean {
  switch (option) {
    case '-p':
      return value === (packet.protocol ?? 'tcp');
    case '-s':
      return inRange(packet.source, value);
    case '-d':
      return inRange(packet.destination, value);
    case '--dport':
      return Number(value) === packet.port;
    case '--dst-type':
      return isLocal(packet.destination, packet);
    case '--src-type':
      return isLocal(packet.source, packet);
    case '--ctstate':
      return value.split(',').includes('NEW');
    case '--mark':
      return false;
    case '-m':
    case '--mode':
    case '--set':
    case '--seconds':
    case '--reap':
      return true;
    default:
      throw new Error(`the tracer does not know ${option} ${value}`);
  }
}

function isLocal(address: string, { nodeAddresses = ['192.168.0.1'] }: Packet): boolean {
  return nodeAddresses.includes(address) || address.startsWith('127.');
}

function inRange(address: string, range: string): boolean {
  const [base = '', bits = '32'] = range.split('/');
  const shift = 32n - BigInt(bits);
  return numberOf(address) >> shift === numberOf(base) >> shift;
}

function numberOf(address: string): bigint {
  return address.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n);
}
