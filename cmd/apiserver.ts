/** `kubets apiserver`: the API server by itself. */
import { readFile } from 'node:fs/promises';
import { parseTokenFile } from '../api/http/authenticate.ts';
import type { UserInfo } from '../api/http/request.ts';
import { ApiServer } from '../api/server.ts';
import type { Storage } from '../api/storage/interface.ts';
import { MemoryStorage } from '../api/storage/memory.ts';
import { systemClock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { systemRandom } from '../base/random.ts';
import { Client } from '../client/client.ts';
import { type EtcdFlags, etcdSettings, openEtcdStorage } from './etcd.ts';
import { adminToken, type Home, homeAt, makeHome, writePrivate } from './home.ts';
import { kubeconfigText } from './kubeconfig.ts';
import { createLog } from './log.ts';
import { metricsPart, metricsSource } from './metrics.ts';
import { loadPki } from './pki.ts';
import { untilSignal } from './signals.ts';
import { openStore, type StoreFlags, storeSettings } from './store-flags.ts';

export interface ApiServerFlags extends EtcdFlags, StoreFlags {
  securePort: number;
  bindAddress: string;
  tokenAuthFile?: string;
  inMemory: boolean;
  serviceClusterIpRange: string;
  /** Seconds. */
  eventTtl: number;
  maxRequestsInflight: number;
  maxMutatingRequestsInflight: number;
  /** Seconds. */
  requestTimeout: number;
  logLevel: string;
}

/** Serves until SIGINT or SIGTERM. Writes the administrator's kubeconfig to the state folder. */
export async function apiserver(flags: ApiServerFlags): Promise<void> {
  const home = homeAt();
  await makeHome(home);
  const log = await createLog(flags.logLevel);
  const hosts = [...new Set([flags.bindAddress, '127.0.0.1', 'localhost'])];
  const pki = await loadPki({
    folder: home.pki,
    hosts,
    nodeHosts: ['127.0.0.1'],
    clock: systemClock,
    random: systemRandom,
  });
  const token = await adminToken(home, systemRandom);
  const tokens = new Map<string, UserInfo>([[token, { name: 'kubernetes-admin', groups: ['system:masters'] }]]);
  if (flags.tokenAuthFile) {
    for (const [text, user] of parseTokenFile(await readFile(flags.tokenAuthFile, 'utf8'))) tokens.set(text, user);
  }
  const metrics = metricsSource({ clock: systemClock, log });
  const server = await ApiServer.start({
    storage: await openStorage(flags, home, log),
    clock: systemClock,
    random: systemRandom,
    log,
    serving: {
      host: flags.bindAddress,
      port: flags.securePort,
      cert: pki.apiserver.cert,
      key: pki.apiserver.key,
      clientCa: pki.ca.cert,
    },
    tokens,
    serviceClusterIpRange: flags.serviceClusterIpRange,
    serviceNodePortRange: '30000-32767',
    eventTtlSeconds: flags.eventTtl,
    inFlightLimits: { readOnly: flags.maxRequestsInflight, mutating: flags.maxMutatingRequestsInflight },
    requestTimeoutMs: flags.requestTimeout * 1000,
    serviceAccounts: { keys: [pki.serviceAccountKey] },
    metrics,
    kubelet: { tls: () => ({ ...pki.apiserverKubeletClient, ca: pki.ca.cert }) },
  });
  const address = `https://${flags.bindAddress}:${server.port}`;
  await writePrivate(home.kubeconfig, kubeconfigText({ name: 'kubets', server: address, ca: pki.ca.cert, token }));
  log.info({ address, kubeconfig: home.kubeconfig }, 'apiserver: ready');
  const stopping = new AbortController();
  const clients = { client: (user: UserInfo) => new Client(server.direct(user)) };
  const context = { ...clients, clock: systemClock, random: systemRandom, log, signal: stopping.signal };
  const part = metricsPart(context, metrics);
  await untilSignal();
  stopping.abort();
  await part.stop();
  await server.stop();
}

async function openStorage(flags: ApiServerFlags, home: Home, log: Log): Promise<Storage> {
  const etcd = await etcdSettings(flags);
  if (etcd) return openEtcdStorage(etcd, systemClock, log);
  if (flags.inMemory) return new MemoryStorage();
  return openStore(home.store, storeSettings(flags), systemClock, log);
}
