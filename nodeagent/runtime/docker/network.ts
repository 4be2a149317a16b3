/**
 * The network pods live in: a bridge of our own with a fixed name, which the proxy's rules can name, and a subnet we
 * choose, so that a pod's address says whose it is.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import type Docker from 'dockerode';
import type { NetworkInspectInfo } from 'dockerode';
import { codeOf } from '../../../base/errors.ts';
import { gatewayOf } from '../cidr.ts';
import { daemonError, daemonMessage, statusOf, unless } from './errors.ts';
import { LABEL } from './labels.ts';

export const DEFAULT_NETWORK = 'kubets';

export interface PodNetwork {
  name: string;
  clusterId: string;
  /** IPv4, for example 10.244.0.0/24. */
  podCidr: string;
}

/** The interface's name on the host: at most 15 characters. */
export function bridgeName(networkName: string): string {
  if (networkName === DEFAULT_NETWORK) return 'kubets0';
  return `kts-${createHash('sha256').update(networkName).digest('hex').slice(0, 8)}`;
}

/** Makes the network unless it is there. One of the same name that fits nobody any more is replaced. */
export async function ensureNetwork(docker: Docker, network: PodNetwork): Promise<void> {
  const found = await unless<NetworkInspectInfo>([404], docker.getNetwork(network.name).inspect());
  if (found && fits(found, network)) return;
  if (found) await replaceable(docker, found, network);
  try {
    await docker.createNetwork({
      Name: network.name,
      CheckDuplicate: true,
      Driver: 'bridge',
      Labels: { [LABEL.cluster]: network.clusterId },
      IPAM: { Driver: 'default', Config: [{ Subnet: network.podCidr, Gateway: gatewayOf(network.podCidr) }] },
      Options: {
        'com.docker.network.bridge.name': bridgeName(network.name),
        'com.docker.network.bridge.enable_icc': 'true',
        'com.docker.network.bridge.enable_ip_masquerade': 'true',
      },
    });
  } catch (error) {
    if (statusOf(error) === 409) return; // another call was faster
    if (!/overlaps|in use|conflicts/.test(daemonMessage(error))) throw daemonError(error);
    throw new Error(
      `Cannot make the pod network ${network.name} with ${network.podCidr}: another network has this range or bridge ` +
        `("docker network ls"); remove it or choose another pod CIDR`,
      { cause: daemonError(error) },
    );
  }
}

function fits(found: NetworkInspectInfo, { clusterId, podCidr, name }: PodNetwork): boolean {
  return (
    found.Labels?.[LABEL.cluster] === clusterId &&
    found.IPAM?.Config?.[0]?.Subnet === podCidr &&
    found.Options?.['com.docker.network.bridge.name'] === bridgeName(name)
  );
}

async function replaceable(docker: Docker, found: NetworkInspectInfo, network: PodNetwork): Promise<void> {
  const users = Object.values(found.Containers ?? {}).map((container) => container.Name);
  if (users.length > 0) {
    const owner = found.Labels?.[LABEL.cluster];
    throw new Error(
      `Cannot use Docker network ${network.name}: it belongs to ${owner ? `cluster ${owner}` : 'somebody else'} and ` +
        `${users.length} containers use it; run "down" there, or choose another network name and pod CIDR`,
    );
  }
  await unless([404], docker.getNetwork(found.Id).remove());
}

/**
 * Lets the bridge send a packet out where it came in, without which a pod cannot reach itself through a Service.
 * Docker does so only without its userland proxy. Where we may not, or Docker runs elsewhere, it stays as it is.
 */
export async function enableHairpin(networkName: string): Promise<void> {
  const ports = `/sys/class/net/${bridgeName(networkName)}/brif`;
  for (const port of await readdir(ports).catch(() => [])) {
    const mode = `${ports}/${port}/hairpin_mode`;
    const set = async () => {
      if ((await readFile(mode, 'utf8')).trim() !== '1') await writeFile(mode, '1');
    };
    await set().catch((error: unknown) => {
      if (codeOf(error) === undefined) throw error; // the port has gone, or we may not
    });
  }
}

/** Removes every network of the cluster. */
export async function removeNetworks(docker: Docker, clusterId: string): Promise<void> {
  const filters = { label: [`${LABEL.cluster}=${clusterId}`] };
  const networks = await docker.listNetworks({ filters });
  await Promise.all(networks.map((network) => unless([404], docker.getNetwork(network.Id).remove())));
}
