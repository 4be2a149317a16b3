/** What the tests of the whole API server share: one in memory, with a listener and three people who know it. */
import { type Clock, systemClock } from '../base/clock.ts';
import { type Log, silentLog } from '../base/log.ts';
import { seededRandom } from '../base/random.ts';
import type { UserInfo } from './http/request.ts';
import type { Certificates } from './http/wire.fixture.ts';
import { ApiServer } from './server.ts';
import type { Storage } from './storage/interface.ts';
import { MemoryStorage } from './storage/memory.ts';

export const ADMIN: UserInfo = { name: 'admin', groups: ['system:masters'] };

/** Bearer tokens: of an administrator, of a component, and of somebody who may do nothing. */
export const TOKENS = new Map<string, UserInfo>([
  ['admin-token', ADMIN],
  ['scheduler-token', { name: 'system:kube-scheduler', groups: [] }],
  ['nobody-token', { name: 'nobody', groups: [] }],
]);

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
export const AS_ADMIN = bearer('admin-token');

export interface ServerOptions {
  clock?: Clock;
  log?: Log;
  storage?: Storage;
  certificates?: Certificates;
}

/** An API server, with a listener where there are certificates. Frozen, so that whoever changes what is cached fails. */
export function startServer(options: ServerOptions = {}): Promise<ApiServer> {
  const { certificates } = options;
  return ApiServer.start({
    storage: options.storage ?? new MemoryStorage(),
    clock: options.clock ?? systemClock,
    random: seededRandom(7),
    log: options.log ?? silentLog,
    ...(certificates
      ? { serving: { host: '127.0.0.1', port: 0, ...certificates.server, clientCa: certificates.ca } }
      : {}),
    tokens: TOKENS,
    serviceClusterIpRange: '10.96.0.0/24',
    serviceNodePortRange: '30000-30099',
    requireServiceAccounts: false,
    freeze: true,
  });
}
