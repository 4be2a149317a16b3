/** What the kubelet writes for a pod's name resolution: /etc/hosts, its host name, its DNS settings. */
import type { V1Pod } from '../../openapi/generated/types.ts';
import type { SandboxSpec } from '../runtime/runtime.ts';
import { identityOf } from './names.ts';

const LOOPBACK = [
  '127.0.0.1\tlocalhost',
  '::1\tlocalhost ip6-localhost ip6-loopback',
  'fe00::0\tip6-localnet',
  'fe00::0\tip6-mcastprefix',
  'fe00::1\tip6-allnodes',
  'fe00::2\tip6-allrouters',
];

/** The pod's own host name: `spec.hostname` or its name, at most 63 characters. */
export function hostnameOf(pod: V1Pod): string {
  const name = pod.spec?.hostname || identityOf(pod).name;
  return name.slice(0, 63).replace(/[-.]+$/, '');
}

/** The content of /etc/hosts. */
export function hostsFile(pod: V1Pod, podIP: string, clusterDomain: string): string {
  const hostname = hostnameOf(pod);
  const { subdomain, hostAliases = [] } = pod.spec ?? {};
  const domain = subdomain ? `${subdomain}.${identityOf(pod).namespace}.svc.${clusterDomain}` : '';
  const own = domain ? `${podIP}\t${hostname}.${domain}\t${hostname}` : `${podIP}\t${hostname}`;
  return `# Kubernetes-managed hosts file.\n${[...LOOPBACK, own].join('\n')}\n${aliases(hostAliases)}`;
}

/** The node's own file with the pod's aliases, for pods on the host's network. */
export function hostNetworkHostsFile(pod: V1Pod, nodeHosts: string): string {
  return `# Kubernetes-managed hosts file (host network).\n${nodeHosts}${aliases(pod.spec?.hostAliases ?? [])}`;
}

function aliases(list: { ip: string; hostnames?: string[] }[]): string {
  if (list.length === 0) return '';
  const lines = list.map(({ ip, hostnames = [] }) => `${ip}\t${hostnames.join('\t')}\n`);
  return `\n# Entries added by HostAliases.\n${lines.join('')}`;
}

/** DNS settings by the pod's policy; `undefined` leaves them to the runtime. */
export function dnsOf(pod: V1Pod, servers: readonly string[], clusterDomain: string): SandboxSpec['dns'] {
  const { dnsPolicy = 'ClusterFirst', hostNetwork, dnsConfig } = pod.spec ?? {};
  const { namespace } = identityOf(pod);
  const cluster =
    servers.length > 0 &&
    (dnsPolicy === 'ClusterFirstWithHostNet' || (dnsPolicy === 'ClusterFirst' && hostNetwork !== true));
  if (!cluster && dnsPolicy !== 'None' && !dnsConfig) return undefined;
  const domains = [`${namespace}.svc.${clusterDomain}`, `svc.${clusterDomain}`, clusterDomain];
  const options = (dnsConfig?.options ?? []).map(({ name = '', value }) => (value ? `${name}:${value}` : name));
  const ndots = cluster && !options.some((option) => option.startsWith('ndots:')) ? ['ndots:5'] : [];
  return {
    servers: unique([...(cluster ? servers : []), ...(dnsConfig?.nameservers ?? [])]),
    searches: unique([...(cluster ? domains : []), ...(dnsConfig?.searches ?? [])]),
    options: [...ndots, ...options],
  };
}

function unique(list: string[]): string[] {
  return [...new Set(list)];
}
