/** What was measured of stores of several sizes, as a table: a row a measure, a column a store. */

/** What ought to become of a figure in a store of ten times as many pods. */
export type Growth = 'constant' | 'linear';

export interface Row {
  label: string;
  growth: Growth;
}

/** In the order of the table. */
export const ROWS = {
  start: { label: 'process start to ready, ms', growth: 'linear' },
  peakAtStart: { label: 'peak memory of the start, MB', growth: 'linear' },
  podBytes: { label: 'memory per pod, bytes', growth: 'constant' },
  get: { label: 'get, ms', growth: 'constant' },
  page: { label: 'list of a page of 500, ms', growth: 'constant' },
  listNamespace: { label: 'list of a namespace of 100, ms', growth: 'constant' },
  listLabel: { label: 'list of 100 by label among all, ms', growth: 'linear' },
  create: { label: 'create, ms', growth: 'constant' },
  patch: { label: 'patch, ms', growth: 'constant' },
  delete: { label: 'delete, ms', growth: 'constant' },
  watchEvent: { label: 'watch event per watcher, 100 of all pods, ms', growth: 'constant' },
  crowdEvent: { label: 'watch event per watcher, 1,000 of one namespace, ms', growth: 'constant' },
  apartPatch: { label: 'patch beside 1,000 watchers, each of its own namespace, ms', growth: 'constant' },
  nodePatch: { label: 'patch beside 1,000 watchers, each of the pods of its own node, ms', growth: 'constant' },
  watcherBytes: { label: 'memory per watcher, bytes', growth: 'constant' },
  connectionBytes: { label: 'memory per idle connection, of 5,000, bytes', growth: 'constant' },
  latency: { label: 'get, median as the client waits, ms', growth: 'constant' },
  latencyBesideIdle: { label: 'get, median beside 5,000 idle connections, ms', growth: 'constant' },
} as const satisfies Record<string, Row>;

export type Measure = keyof typeof ROWS;
export type Measured = Partial<Record<Measure, number>>;

/** `stores`: what a store is, for the head → what was measured of it. */
export function growthTable(stores: ReadonlyMap<string, Measured>): string {
  const head = ['server CPU, where it says nothing else', ...stores.keys(), 'ought to be'];
  const lines = Object.entries(ROWS).map(([measure, { label, growth }]) => {
    const cells = [...stores.values()].map((measured) => shown(measured[measure as Measure]));
    return [label, ...cells, growth];
  });
  return [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function shown(value: number | undefined): string {
  if (value === undefined) return '';
  return Math.abs(value) < 10 ? value.toFixed(3) : value.toFixed(0);
}
