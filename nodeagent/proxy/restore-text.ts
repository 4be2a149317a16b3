/** Text for `iptables-restore --noflush`, and the reading of what `iptables-save` prints. Pure. */
import { isOwnChain, JUMPS, type Jump, type TableName } from './chains.ts';
import type { ProxyRules, Table } from './rules.ts';

/** What is in the kernel's tables now. */
export interface SavedTable {
  chains: ReadonlySet<string>;
  /** Each as `-A CHAIN …`. */
  rules: readonly string[];
}

export type Saved = Readonly<Record<TableName, SavedTable>>;

export const TABLES: readonly TableName[] = ['filter', 'nat'];

/** Reads `iptables-save`; tables that are absent are empty. */
export function parseSaved(text: string): Saved {
  const saved = {
    filter: { chains: new Set<string>(), rules: [] as string[] },
    nat: { chains: new Set<string>(), rules: [] as string[] },
  };
  let table: { chains: Set<string>; rules: string[] } | undefined;
  for (const line of text.split('\n')) {
    if (line.startsWith('*')) table = saved[line.slice(1).trim() as TableName];
    else if (line.startsWith(':')) table?.chains.add(line.slice(1).split(' ')[0] ?? '');
    else if (line.startsWith('-A ')) table?.rules.push(line);
  }
  return saved;
}

/** Jumps that are not there. */
export function missingJumps(saved: Saved): Jump[] {
  return JUMPS.filter((jump) => jumpRules(saved, jump).length === 0);
}

function jumpRules(saved: Saved, { table, from, to }: Jump): string[] {
  return saved[table].rules.filter((rule) => rule.startsWith(`-A ${from} `) && rule.endsWith(` -j ${to}`));
}

/** Whether all that never changes is still there: somebody may have flushed the tables. */
export function isIntact(saved: Saved, rules: ProxyRules): boolean {
  const complete = TABLES.every((table) => rules[table].chains.every((chain) => saved[table].chains.has(chain)));
  return complete && missingJumps(saved).length === 0;
}

/** Only the chains that are new or whose rules differ: writing ten thousand rules takes most of a second. */
export function changedPart(before: ProxyRules, after: ProxyRules): ProxyRules {
  return { filter: changedTable(before.filter, after.filter), nat: changedTable(before.nat, after.nat) };
}

function changedTable(before: Table, after: Table): Table {
  const then = rulesByChain(before);
  const changed = [...rulesByChain(after)].filter(([chain, rules]) => then.get(chain)?.join('\n') !== rules.join('\n'));
  return { chains: changed.map(([chain]) => chain), rules: changed.flatMap(([, rules]) => rules) };
}

function rulesByChain({ chains, rules }: Table): Map<string, string[]> {
  const out = new Map(chains.map((chain): [string, string[]] => [chain, []]));
  for (const rule of rules) out.get(rule.split(' ', 2)[1] ?? '')?.push(rule);
  return out;
}

/** Replaces chains as a whole, leaving others alone, adds jumps, and drops chains that are no longer used: one transaction a table. */
export function restoreText(rules: ProxyRules, stale: readonly string[], jumps: readonly Jump[]): string {
  const lines: string[] = [];
  for (const table of TABLES) {
    const gone = table === 'nat' ? stale : [];
    const added = jumps.filter((jump) => jump.table === table);
    if (rules[table].chains.length + gone.length + added.length === 0) continue;
    lines.push(`*${table}`);
    for (const chain of [...rules[table].chains, ...gone]) lines.push(`:${chain} - [0:0]`);
    lines.push(...rules[table].rules);
    for (const { from, to, match } of added) {
      lines.push(`-I ${from} 1 ${match}-j ${to}`);
    }
    for (const chain of gone) lines.push(`-X ${chain}`);
    lines.push('COMMIT');
  }
  return `${lines.join('\n')}\n`;
}

/** Takes away all our chains and everything that leads to them; `undefined` when nothing of ours is there. */
export function removalText(saved: Saved): string | undefined {
  const lines: string[] = [];
  for (const table of TABLES) {
    const chains = [...saved[table].chains].filter((chain) => isOwnChain(table, chain));
    if (chains.length === 0) continue;
    const own = new Set(chains);
    lines.push(`*${table}`);
    for (const chain of chains) lines.push(`:${chain} - [0:0]`);
    for (const rule of saved[table].rules) {
      const [, from = ''] = rule.split(' ', 2);
      const to = / -[jg] (\S+)$/.exec(rule)?.[1] ?? '';
      if (own.has(to) && !own.has(from)) lines.push(rule.replace('-A', '-D'));
    }
    for (const chain of chains) lines.push(`-X ${chain}`);
    lines.push('COMMIT');
  }
  return lines.length === 0 ? undefined : `${lines.join('\n')}\n`;
}
