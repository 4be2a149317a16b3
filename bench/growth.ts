/**
 * What becomes of a server as its store grows: `node dist/bench/growth.js [--only 10000x1000]`, PODSxNAMESPACES of one
 * of the stores below; what is left out stands in the table as it was measured last. Each store is on disk. Where
 * nothing else is said it is the server's CPU time for one operation, after a warm-up of the same.
 */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { parseArgs } from 'node:util';
import { systemClock } from '../base/clock.ts';
import { Client } from './client.ts';
import { freePort, newHome } from './cluster.ts';
import { collectGarbage } from './garbage.ts';
import { growthTable, type Measured } from './growth-table.ts';
import {
  CONSTANT,
  CROWD,
  namespaceName,
  newPod,
  type Population,
  podName,
  podPath,
  populate,
  templatesOf,
} from './population.ts';
import { cpuMs, memoryBytes } from './process.ts';
import { keep, treeRoot } from './report.ts';
import { median } from './stats.ts';
import { removeState, type Subject, startKubets } from './subjects.ts';

const POPULATIONS: readonly Population[] = [
  { pods: 10_000, namespaces: 10 },
  { pods: 10_000, namespaces: 1_000 },
  { pods: 50_000, namespaces: 1_000 },
  { pods: 200_000, namespaces: 1_000 },
];
const SAMPLES = join(treeRoot(), 'bench', 'results', 'growth.samples');
const STARTS = 3;
const WRITES = 1_500;
const WATCHERS = 1_000;
const IDLE = 5_000;
/** For what a server does after it has started or has been left: collecting garbage, for one. */
const REST_MS = 2_000;

const nameOf = ({ pods, namespaces }: Population) => `${pods}x${namespaces}`;

async function main(): Promise<void> {
  // Not strict: other measurements' flags come along.
  const { values } = parseArgs({ options: { only: { type: 'string' } }, strict: false });
  const kept = existsSync(SAMPLES) ? (JSON.parse(await readFile(SAMPLES, 'utf8')) as Record<string, Measured>) : {};
  for (const population of POPULATIONS) {
    if (values.only !== undefined && values.only !== nameOf(population)) continue;
    process.stderr.write(`bench: ${nameOf(population)}\n`);
    kept[nameOf(population)] = await measure(population);
    await writeFile(SAMPLES, `${JSON.stringify(kept, undefined, 1)}\n`);
  }
  const stores = POPULATIONS.filter((population) => kept[nameOf(population)]).map((population) => {
    const { pods, namespaces } = population;
    const head = `${pods.toLocaleString('en')} pods in ${namespaces.toLocaleString('en')} namespaces`;
    return [head, kept[nameOf(population)]!] as const;
  });
  await keep('growth', `# A store that grows, on disk\n\n${growthTable(new Map(stores))}\n`);
}

async function measure(population: Population): Promise<Measured> {
  const home = await newHome();
  try {
    const emptyBytes = await fill(home, population);
    const started: Measured = { start: median(await starts(home)) };
    const subject = await startInspectable(home);
    const client = new Client(subject);
    try {
      started.peakAtStart = (await memoryBytes(subject.pids[0]!, 'VmHWM')) / 2 ** 20;
      started.podBytes = ((await memoryOf(subject)) - emptyBytes) / population.pods;
      const bench = new Bench(subject, client, population);
      const requests = await bench.requests();
      return { ...started, ...requests, ...(await bench.watches(requests.patch)), ...(await bench.idle()) };
    } finally {
      client.close();
      await subject.stop();
    }
  } finally {
    await removeState(home);
  }
}

/** Makes the store; returns the memory of a server without it. */
async function fill(home: string, population: Population): Promise<number> {
  const subject = await startInspectable(home);
  const client = new Client(subject);
  try {
    const bytes = await memoryOf(subject);
    const templates = await templatesOf(client);
    await subject.stop();
    await populate(home, templates, population);
    return bytes;
  } finally {
    client.close();
    await subject.stop();
  }
}

/** Of several starts, the time from the process to ready. */
async function starts(home: string): Promise<number[]> {
  const samples: number[] = [];
  for (let i = 0; i < STARTS; i++) {
    const subject = await startKubets(home, []);
    await subject.stop();
    samples.push(subject.readyMs);
  }
  return samples;
}

interface Inspectable extends Subject {
  inspectPort: number;
}

async function startInspectable(home: string): Promise<Inspectable> {
  const inspectPort = await freePort();
  return {
    ...(await startKubets(home, [], { NODE_OPTIONS: `--inspect-port=${inspectPort} --inspect-publish-uid=http` })),
    inspectPort,
  };
}

/** In bytes: what the server needs when it has come to rest, but for files it has mapped. */
async function memoryOf({ pids: [pid = 0], inspectPort }: Inspectable): Promise<number> {
  await systemClock.sleep(REST_MS);
  // What is held weakly goes with the second one.
  for (let i = 0; i < 2; i++) await collectGarbage(pid, inspectPort);
  return memoryBytes(pid, 'RssAnon');
}

class Bench {
  readonly #subject: Inspectable;
  readonly #client: Client;
  readonly #population: Population;
  /** Of those that are not in the namespace of `CROWD`. */
  readonly #pods: number;
  #patches = 0;

  constructor(subject: Inspectable, client: Client, population: Population) {
    this.#subject = subject;
    this.#client = client;
    this.#population = population;
    this.#pods = population.pods - CONSTANT;
  }

  async requests() {
    const client = this.#client;
    const list = (query: string) => () => client.call('GET', `/api/v1/pods?${query}`);
    const made = (i: number) => `/api/v1/namespaces/${namespaceName(i % this.#population.namespaces)}/pods`;
    return {
      get: await this.#cost(6_000, (i) => client.call('GET', this.#somewhere(i))),
      page: await this.#cost(100, list('limit=500')),
      listNamespace: await this.#cost(300, () => client.call('GET', `/api/v1/namespaces/${CROWD}/pods`)),
      listLabel: await this.#cost(50, list('labelSelector=group%3Dfew')),
      create: await this.#cost(WRITES, (i, round) => client.call('POST', made(i), newPod(`new-${round}-${i}`))),
      patch: await this.#cost(WRITES, (i) => this.#patch(this.#somewhere(i))),
      delete: await this.#cost(WRITES, (i, round) => client.call('DELETE', `${made(i)}/new-${round}-${i}`, NOW)),
    };
  }

  /** `patch`: what one costs that nobody watches. */
  async watches(patch: number): Promise<Measured> {
    const [crowd, all] = [`/api/v1/namespaces/${CROWD}/pods`, '/api/v1/pods'];
    const few = await this.#watched({
      ...{ watchers: 100, watched: () => all, eventsPerPatch: 100 },
      ...{ patches: 400, patched: (i) => this.#somewhere(i) },
    });
    const many = await this.#watched({
      ...{ watchers: WATCHERS, watched: () => crowd, eventsPerPatch: WATCHERS },
      ...{ patches: CONSTANT, patched: (i) => `${crowd}/${podName(i)}` },
    });
    const { namespaces } = this.#population;
    const apart =
      namespaces >= WATCHERS &&
      (await this.#watched({
        ...{ watchers: WATCHERS, watched: (i) => `/api/v1/namespaces/${namespaceName(i % namespaces)}/pods` },
        ...{ patches: WRITES, patched: (i) => this.#somewhere(i), eventsPerPatch: WATCHERS / namespaces },
      }));
    const ofNodes = await this.#watched({
      ...{ watchers: WATCHERS, watched: (i) => `${all}?fieldSelector=spec.nodeName%3Dnode-${i}`, eventsPerPatch: 0 },
      ...{ patches: WRITES, patched: (i) => this.#somewhere(i) },
    });
    return {
      watchEvent: (few.ms - patch) / 100,
      crowdEvent: (many.ms - patch) / WATCHERS,
      ...(apart && { apartPatch: apart.ms }),
      nodePatch: ofNodes.ms,
      watcherBytes: many.bytes,
    };
  }

  /** Of the server's time a patch that is watched, of its memory a watcher. */
  async #watched({ watchers, watched, patches, patched, eventsPerPatch }: Watched) {
    let events = 0;
    const before = await memoryOf(this.#subject);
    // Without a resourceVersion a watch begins with what is there, which is not to be counted.
    const { metadata } = (await this.#client.json('GET', '/api/v1/pods?limit=1')) as ListHead;
    const query = `watch=true&resourceVersion=${metadata.resourceVersion}`;
    const streams = await inTurn(watchers, (i) =>
      this.#client.watch(withQuery(watched(i), query), (count) => {
        events += count;
      }),
    );
    try {
      const bytes = ((await memoryOf(this.#subject)) - before) / watchers;
      const arrived = async (round: number) => {
        while (events < (round + 1) * patches * eventsPerPatch) await systemClock.sleep(5);
      };
      return { ms: await this.#cost(patches, (i) => this.#patch(patched(i)), arrived), bytes };
    } finally {
      for (const stream of streams) stream.destroy();
      await systemClock.sleep(REST_MS);
    }
  }

  async idle(): Promise<Measured> {
    const latency = await this.#latency();
    const before = await memoryOf(this.#subject);
    const sockets = await inTurn(IDLE, () => idleConnection(this.#subject));
    try {
      const after = await memoryOf(this.#subject);
      const closed = sockets.filter((socket) => socket.destroyed || socket.readableEnded).length;
      if (closed > 0) throw new Error(`bench: the server has closed ${closed} idle connections`);
      return { connectionBytes: (after - before) / IDLE, latency, latencyBesideIdle: await this.#latency() };
    } finally {
      for (const socket of sockets) socket.destroy();
    }
  }

  /** One request after the other. */
  async #latency(): Promise<number> {
    const samples: number[] = [];
    for (let i = 0; i < 2_000; i++) {
      const start = systemClock.monotonic();
      await this.#client.call('GET', this.#somewhere(i));
      samples.push(systemClock.monotonic() - start);
    }
    return median(samples);
  }

  /** The server's time for one of `count`, done twice, the first time as a warm-up. */
  async #cost(
    count: number,
    work: (i: number, round: number) => Promise<unknown>,
    settled: (round: number) => Promise<void> = async () => undefined,
  ): Promise<number> {
    const pid = this.#subject.pids[0]!;
    let before = 0;
    for (const round of [0, 1]) {
      before = await cpuMs(pid);
      await this.#client.each(count, (i) => work(i, round));
      await settled(round);
    }
    return ((await cpuMs(pid)) - before) / count;
  }

  #patch(path: string): Promise<number> {
    return this.#client.call('PATCH', path, { metadata: { annotations: { 'bench/patch': String(this.#patches++) } } });
  }

  /** The path of some pod: not of the next one in the store each time. */
  #somewhere(i: number): string {
    return podPath((i * 7_919) % this.#pods, this.#population);
  }
}

interface Watched {
  watchers: number;
  /** What watcher `i` watches. */
  watched(i: number): string;
  patches: number;
  patched(i: number): string;
  /** How many watchers see one patch. */
  eventsPerPatch: number;
}

interface ListHead {
  metadata: { resourceVersion: string };
}

const NOW = { kind: 'DeleteOptions', apiVersion: 'v1', gracePeriodSeconds: 0 };

function withQuery(path: string, query: string): string {
  return `${path}${path.includes('?') ? '&' : '?'}${query}`;
}

/** Some at a time, so that nobody's queue of connections overflows. */
async function inTurn<T>(count: number, make: (i: number) => Promise<T>): Promise<T[]> {
  const made: T[] = [];
  while (made.length < count) {
    const some = Array.from({ length: Math.min(50, count - made.length) }, (_, i) => make(made.length + i));
    made.push(...(await Promise.all(some)));
  }
  return made;
}

/** A connection that has asked once, and keeps quiet since. */
async function idleConnection({ server, token }: Subject): Promise<TLSSocket> {
  const { hostname, port } = new URL(server);
  const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  socket.write(
    `GET /api/v1/namespaces/${CROWD} HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer ${token}\r\n\r\n`,
  );
  await once(socket, 'data');
  socket.resume();
  return socket;
}

await main();
