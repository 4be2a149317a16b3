/** The chains kube-proxy keeps in iptables, by the names it gives them. */
import { createHash } from 'node:crypto';

export type TableName = 'filter' | 'nat';

export const SERVICES = 'KUBE-SERVICES';
export const EXTERNAL_SERVICES = 'KUBE-EXTERNAL-SERVICES';
export const NODE_PORTS = 'KUBE-NODEPORTS';
export const POSTROUTING = 'KUBE-POSTROUTING';
export const MARK_MASQ = 'KUBE-MARK-MASQ';
export const FORWARD = 'KUBE-FORWARD';
export const PROXY_FIREWALL = 'KUBE-PROXY-FIREWALL';
export const FIREWALL = 'KUBE-FIREWALL';

/** Chains that are always there, by table. */
export const STATIC_CHAINS: Readonly<Record<TableName, readonly string[]>> = {
  filter: [NODE_PORTS, SERVICES, EXTERNAL_SERVICES, FIREWALL, FORWARD, PROXY_FIREWALL],
  nat: [NODE_PORTS, SERVICES, MARK_MASQ, POSTROUTING],
};

const DYNAMIC = /^KUBE-(SVC|SVL|SEP|EXT|FW|XLB)-[A-Z2-7]{16}$/;

/** Whether a chain belongs to one service or endpoint; such a chain goes when they go. */
export function isDynamicChain(chain: string): boolean {
  return DYNAMIC.test(chain);
}

/** Whether a chain of the table is kube-proxy's at all. Docker's and other people's are not. */
export function isOwnChain(table: TableName, chain: string): boolean {
  return STATIC_CHAINS[table].includes(chain) || isDynamicChain(chain);
}

/** A rule in a built-in chain that leads to one of ours. Prepended, so that it comes before Docker's. */
export interface Jump {
  table: TableName;
  from: string;
  to: string;
  /** What stands before `-j`. */
  match: string;
}

const NEW = '-m conntrack --ctstate NEW ';
const comment = (text: string) => `-m comment --comment "${text}" `;
const jump = (table: TableName, from: string, to: string, match: string): Jump => ({ table, from, to, match });

/** All of them. */
export const JUMPS: readonly Jump[] = [
  ...['INPUT', 'FORWARD'].map((from) =>
    jump('filter', from, EXTERNAL_SERVICES, NEW + comment('kubernetes externally-visible service portals')),
  ),
  jump('filter', 'INPUT', NODE_PORTS, comment('kubernetes health check service ports')),
  ...['FORWARD', 'OUTPUT'].map((from) => jump('filter', from, SERVICES, NEW + comment('kubernetes service portals'))),
  jump('filter', 'FORWARD', FORWARD, comment('kubernetes forwarding rules')),
  ...['INPUT', 'OUTPUT', 'FORWARD'].map((from) =>
    jump('filter', from, PROXY_FIREWALL, NEW + comment('kubernetes load balancer firewall')),
  ),
  ...['INPUT', 'OUTPUT'].map((from) => jump('filter', from, FIREWALL, '')),
  ...['OUTPUT', 'PREROUTING'].map((from) => jump('nat', from, SERVICES, comment('kubernetes service portals'))),
  jump('nat', 'POSTROUTING', POSTROUTING, comment('kubernetes postrouting rules')),
];

/** `ns/name:port`, or `ns/name` for a port without a name. */
export function servicePortName(namespace: string, service: string, port: string): string {
  return `${namespace}/${service}${port === '' ? '' : `:${port}`}`;
}

/** The chain of one service port (`SVC`, `SVL`, `EXT`, `FW`). `protocol` in lower case. */
export function serviceChain(kind: 'SVC' | 'SVL' | 'EXT' | 'FW', portName: string, protocol: string): string {
  return `KUBE-${kind}-${hash(portName + protocol)}`;
}

/** The chain of one endpoint, `address:port`, of one service port. */
export function endpointChain(portName: string, protocol: string, endpoint: string): string {
  return `KUBE-SEP-${hash(portName + protocol + endpoint)}`;
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const HASH_LENGTH = 16;

/** The first 16 characters of the SHA-256 in base 32: chain names may have 28. */
function hash(text: string): string {
  const digest = createHash('sha256').update(text).digest();
  let out = '';
  for (let i = 0; i < HASH_LENGTH; i++) {
    const bit = i * 5;
    const pair = digest.readUInt16BE(bit >> 3);
    out += BASE32[(pair >> (11 - (bit & 7))) & 31];
  }
  return out;
}
