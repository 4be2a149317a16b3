/** The objects that every cluster has from its first moment. */
import { networkInterfaces } from 'node:os';
import type { V1Endpoints } from '../openapi/generated/types.ts';
import type { KubeObject } from '../openapi/object.ts';
import { isStatus } from '../openapi/status.ts';
import type { Registry } from './registry/registry.ts';
import { ipAt, parseCidr } from './registry/validation/ip.ts';

const NAMESPACES = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];
const WRITE = { user: 'system:apiserver', dryRun: false };

/** Makes what is missing; what is there is left as it is. */
export async function bootstrapObjects(registry: Registry, serviceClusterIpRange: string): Promise<void> {
  await Promise.all(NAMESPACES.map((name) => ensure(registry, 'namespaces', '', { metadata: { name } })));
  await ensure(registry, 'services', 'default', kubernetesService(kubernetesServiceAddress(serviceClusterIpRange)));
}

/**
 * Says where the `kubernetes` service leads: to this server, at an address that others could reach it at. Upstream
 * forbids loopback addresses in Endpoints; a host that has no other gets none.
 */
export async function advertise(registry: Registry, address: string | undefined, port: number): Promise<void> {
  if (address === undefined) return;
  const store = registry.store('', 'v1', 'endpoints');
  const endpoints = (): V1Endpoints => ({
    metadata: { name: 'kubernetes', labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
    subsets: [{ addresses: [{ ip: address }], ports: [{ name: 'https', port, protocol: 'TCP' }] }],
  });
  await store.update('default', 'kubernetes', endpoints, WRITE, { createOnUpdate: true });
}

/** The first address of this host that is not its loopback. */
export function hostAddress(): string | undefined {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
}

/** Upstream gives the API server's own service the first address of the range. */
export function kubernetesServiceAddress(cidr: string): string {
  const range = parseCidr(cidr);
  if (!range) throw new Error(`invalid CIDR address: ${cidr}`);
  return ipAt(range, 1);
}

function kubernetesService(clusterIP: string): KubeObject {
  const service = {
    metadata: { name: 'kubernetes', labels: { component: 'apiserver', provider: 'kubernetes' } },
    spec: {
      clusterIP,
      ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: 6443 }],
      sessionAffinity: 'None',
      type: 'ClusterIP',
    },
  };
  return service;
}

async function ensure(registry: Registry, plural: string, namespace: string, object: KubeObject): Promise<void> {
  const store = registry.store('', 'v1', plural);
  try {
    store.get(namespace, object.metadata?.name ?? '');
  } catch (error) {
    if (!isStatus(error, 'NotFound')) throw error;
    await store.create(namespace, object, WRITE);
  }
}
