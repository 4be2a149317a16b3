/** Upstream's flags for etcd, and the storage they ask for. */
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { EtcdOptions } from '../api/storage/etcd/etcd.ts';
import type { Storage } from '../api/storage/interface.ts';
import type { Clock } from '../base/clock.ts';
import { parseDuration } from '../base/duration.ts';
import { messageOf } from '../base/errors.ts';
import type { Log } from '../base/log.ts';

export interface EtcdFlags {
  etcdServers?: string;
  etcdPrefix: string;
  etcdCafile?: string;
  etcdCertfile?: string;
  etcdKeyfile?: string;
  /** Milliseconds. */
  etcdCompactionInterval: number;
}

/** Where objects are kept, if in etcd. */
export type EtcdSettings = Pick<EtcdOptions, 'servers' | 'prefix' | 'tls' | 'auth' | 'compactionMs'>;

/** Adds the flags to a command. */
export function withEtcdFlags(command: Command): Command {
  return command
    .option('--etcd-servers <urls>', 'keep objects in this etcd: scheme://host:port, separated by commas')
    .option('--etcd-prefix <prefix>', 'what the keys in etcd begin with', '/registry')
    .option('--etcd-cafile <file>', 'certificate authority of the etcd servers')
    .option('--etcd-certfile <file>', 'client certificate for etcd')
    .option('--etcd-keyfile <file>', 'key of the client certificate for etcd')
    .option('--etcd-compaction-interval <duration>', 'time between compactions of etcd; 0: never', interval, 300_000);
}

function interval(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms < 0) throw new Error(`--etcd-compaction-interval ${text}: write it as 5m or 90s`);
  return ms;
}

/** What the flags ask for; `undefined` when they name no etcd. Reads the files. Throws for what is no address. */
export async function etcdSettings(flags: EtcdFlags): Promise<EtcdSettings | undefined> {
  if (!flags.etcdServers) return undefined;
  const urls = flags.etcdServers.split(',').map(parseServer);
  const [ca, cert, key] = await Promise.all(
    [flags.etcdCafile, flags.etcdCertfile, flags.etcdKeyfile].map((file) => (file ? readFile(file) : undefined)),
  );
  const { username, password } = urls[0]!;
  const tls = { ...(ca ? { ca } : {}), ...(cert ? { cert } : {}), ...(key ? { key } : {}) };
  return {
    servers: urls.map(({ origin }) => origin),
    prefix: flags.etcdPrefix,
    ...(Object.keys(tls).length > 0 ? { tls } : {}),
    ...(username ? { auth: { username, password } } : {}),
    compactionMs: flags.etcdCompactionInterval,
  };
}

/** `https://user:password@host:port`; the user, which etcd needs only with its authentication on, may be left out. */
function parseServer(text: string): { origin: string; username: string; password: string } {
  const url = URL.canParse(text.trim()) ? new URL(text.trim()) : undefined;
  if (!url || !['http:', 'https:'].includes(url.protocol) || url.host === '')
    throw new Error(`--etcd-servers ${text}: an address is written as http://127.0.0.1:2379`);
  // A URL leaves out its scheme's own port, which is not etcd's.
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  const origin = `${url.protocol}//${url.hostname}:${port}`;
  return { origin, username: decodeURIComponent(url.username), password: decodeURIComponent(url.password) };
}

/** Connects to etcd; what is needed for that is loaded only now. */
export async function openEtcdStorage(settings: EtcdSettings, clock: Clock, log: Log): Promise<Storage> {
  const { openEtcd } = await import('../api/storage/etcd/etcd.ts');
  const { jsonOfProtobuf } = await import('../api/storage/etcd/protobuf.ts');
  const onWarning = (error: unknown, message: string) => log.warn({ error: messageOf(error) }, message);
  return openEtcd({ ...settings, clock, onWarning, decode: jsonOfProtobuf });
}
