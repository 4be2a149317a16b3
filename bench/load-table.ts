/** What the load measured, as a table: a row a kind of request, a column a server. */
import { median } from './stats.ts';

export const PHASES = ['create', 'get', 'list', 'list-label', 'patch', 'status-update', 'watch-fanout', 'delete'];

/** What is wanted of kubets on its embedded engine: this many times less than the real server. */
const WANTED: Readonly<Record<string, number>> = {
  get: 5,
  list: 15,
  'list-label': 30,
  create: 4,
  patch: 4,
  'status-update': 4,
  delete: 4,
  'watch-fanout': 5,
  peak: 4,
};

const LABELS: Readonly<Record<string, string>> = {
  'list-label': 'list of 1 % by label, ms',
  list: 'list of all, ms',
  'watch-fanout': 'watch event per watcher, ms',
  'status-update': 'status update, ms',
  peak: 'peak memory, MB',
  start: 'process start to ready, ms',
};

/** A row's name → one sample a run. `etcd` holds what of `all` is etcd's, where the server has one. */
export interface Column {
  all: Record<string, number[]>;
  etcd: Record<string, number[]>;
}

/** A server's name → what was measured of it. */
export type Columns = Record<string, Column>;

/** The servers in the order of the table. */
export const SERVERS = ['kubets, lmdb', 'kubets, memory', 'kubets, etcd', 'bare Node', 'kube-apiserver, etcd'] as const;
export type Server = (typeof SERVERS)[number];

export function loadTable(columns: Columns): string {
  const value = (server: Server, row: string) => median(columns[server]?.all[row] ?? []);
  const names = SERVERS.filter((name) => columns[name]);
  const lines = [...PHASES, 'peak', 'start'].map((row) => {
    const cells = names.map((name) => cellOf(columns[name]!, row));
    const ratio = (own: Server) => shownRatio(value('kube-apiserver, etcd', row) / value(own, row));
    const wanted = WANTED[row] === undefined ? '' : `1/${WANTED[row]}`;
    return [LABELS[row] ?? `${row}, ms`, ...cells, ratio('kubets, lmdb'), wanted, ratio('kubets, etcd')];
  });
  const heads = names.map((name) => (Object.keys(columns[name]!.etcd).length > 0 ? `${name} (of it etcd)` : name));
  const head = ['per operation', ...heads, 'lmdb : real', 'wanted', 'etcd : real'];
  return [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function cellOf({ all, etcd }: Column, row: string): string {
  const [whole, part] = [median(all[row] ?? []), median(etcd[row] ?? [])];
  return Number.isNaN(part) ? shown(whole) : `${shown(whole)} (${shown(part)})`;
}

function shown(number: number): string {
  if (Number.isNaN(number)) return '';
  return number < 10 ? number.toFixed(3) : number.toFixed(0);
}

function shownRatio(times: number): string {
  return Number.isNaN(times) ? '' : `1/${times.toFixed(1)}`;
}
