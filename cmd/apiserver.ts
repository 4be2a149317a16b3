/** `kubets apiserver`: the API server by itself. */
import { readFile } from 'node:fs/promises';
import { parseTokenFile } from '../api/http/authenticate.ts';
import type { UserInfo } from '../api/http/request.ts';
import { ApiServer } from '../api/server.ts';
import { MemoryStorage } from '../api/storage/memory.ts';
import { systemClock } from '../base/clock.ts';
import { systemRandom } from '../base/random.ts';
import { adminToken, homeAt, makeHome, writePrivate } from './home.ts';
import { kubeconfigText } from './kubeconfig.ts';
import { createLog } from './log.ts';
import { loadPki } from './pki.ts';
import { untilSignal } from './signals.ts';

export interface ApiServerFlags {
  securePort: number;
  bindAddress: string;
  tokenAuthFile?: string;
  inMemory: boolean;
  serviceClusterIpRange: string;
  /** Seconds. */
  eventTtl: number;
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
  const server = await ApiServer.start({
    storage: flags.inMemory
      ? new MemoryStorage()
      : await (await import('../api/storage/lmdb/lmdb.ts')).openLmdb(home.store),
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
    serviceAccounts: { keys: [pki.serviceAccountKey] },
    kubelet: { tls: () => ({ ...pki.apiserverKubeletClient, ca: pki.ca.cert }) },
  });
  const address = `https://${flags.bindAddress}:${server.port}`;
  await writePrivate(home.kubeconfig, kubeconfigText({ name: 'kubets', server: address, ca: pki.ca.cert, token }));
  log.info({ address, kubeconfig: home.kubeconfig }, 'apiserver: ready');
  await untilSignal();
  await server.stop();
}
