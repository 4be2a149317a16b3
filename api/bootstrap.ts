/** The objects that every cluster has from its first moment. */
import { networkInterfaces } from 'node:os';
import { rfc3339 } from '../base/clock.ts';
import type { V1EndpointSlice, V1Endpoints, V1ServiceCIDR } from '../openapi/generated/types.ts';
import type { KubeObject } from '../openapi/object.ts';
import { isStatus } from '../openapi/status.ts';
import type { Registry } from './registry/registry.ts';
import type { ResourceStore } from './registry/store/store.ts';
import { ipAt, parseCidr } from './registry/validation/ip.ts';

/** What bears the server's own name: its service with all that belongs to it, and the range of services. */
const KUBERNETES = 'kubernetes';
const NAMESPACES = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];
/** Longer than an address stays with a server that died before it wrote what was to have it. */
const OTHER_SERVER_MS = 70_000;
const OTHER_SERVER_PAUSE_MS = 50;
const WRITE = { user: 'system:apiserver', dryRun: false };

/** Makes what is missing; what is there is left as it is. */
export async function bootstrapObjects(registry: Registry, serviceClusterIpRange: string): Promise<void> {
  const namespaces = registry.store('', 'v1', 'namespaces');
  await Promise.all([
    ...NAMESPACES.map((name) => ensure(namespaces, '', { metadata: { name } })),
    ensureServiceCidr(registry, serviceClusterIpRange),
  ]);
  const service = kubernetesService(kubernetesServiceAddress(serviceClusterIpRange));
  await ensure(registry.store('', 'v1', 'services'), 'default', service);
}

/** The range that services get addresses from. Upstream declares it ready and says nothing of the reason. */
async function ensureServiceCidr(registry: Registry, range: string): Promise<void> {
  const store = registry.store('networking.k8s.io', 'v1', 'servicecidrs');
  const made = await ensure(store, '', { metadata: { name: KUBERNETES }, spec: { cidrs: [range] } } as V1ServiceCIDR);
  const { status: strategy } = store.declaration;
  if (!made || !strategy) return;
  const condition = {
    type: 'Ready',
    status: 'True',
    lastTransitionTime: rfc3339(store.clock.now()),
    reason: '',
    message: 'Kubernetes default Service CIDR is ready',
  };
  const ready = (old?: KubeObject) => ({ ...structuredClone(old), status: { conditions: [condition] } }) as KubeObject;
  await store.update('', KUBERNETES, ready, WRITE, { strategy });
}

/**
 * Says where the `kubernetes` service leads: to this server, at an address that others could reach it at. Upstream
 * forbids loopback addresses in Endpoints; a host that has no other gets none.
 */
export async function advertise(registry: Registry, address: string | undefined, port: number): Promise<void> {
  if (address === undefined) return;
  const ports = [{ name: 'https', port, protocol: 'TCP' }];
  const endpoints = (): V1Endpoints => ({
    metadata: { name: KUBERNETES, labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
    subsets: [{ addresses: [{ ip: address }], ports }],
  });
  const slice = (): V1EndpointSlice => ({
    metadata: { name: KUBERNETES, labels: { 'kubernetes.io/service-name': KUBERNETES } },
    addressType: 'IPv4',
    endpoints: [{ addresses: [address], conditions: { ready: true } }],
    ports,
  });
  const options = { createOnUpdate: true };
  await Promise.all([
    registry.store('', 'v1', 'endpoints').update('default', KUBERNETES, endpoints, WRITE, options),
    registry.store('discovery.k8s.io', 'v1', 'endpointslices').update('default', KUBERNETES, slice, WRITE, options),
  ]);
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
    metadata: { name: KUBERNETES, labels: { component: 'apiserver', provider: 'kubernetes' } },
    spec: {
      clusterIP,
      ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: 6443 }],
      sessionAffinity: 'None',
      type: 'ClusterIP',
    },
  };
  return service;
}

/** Whether the object had to be made. */
async function ensure(store: ResourceStore, namespace: string, object: KubeObject): Promise<boolean> {
  try {
    store.get(namespace, object.metadata?.name ?? '');
    return false;
  } catch (error) {
    if (!isStatus(error, 'NotFound')) throw error;
  }
  return create(store, namespace, object);
}

/** Whether it was made here. Where storage is shared another server may be about to, and hold the address meanwhile. */
async function create(store: ResourceStore, namespace: string, object: KubeObject): Promise<boolean> {
  const { clock, storage, cache } = store;
  const until = clock.monotonic() + OTHER_SERVER_MS;
  for (;;) {
    try {
      await store.create(namespace, structuredClone(object), WRITE);
      return true;
    } catch (error) {
      if (isStatus(error, 'AlreadyExists')) return false;
      if (!storage.shared || !isStatus(error) || clock.monotonic() >= until) throw error;
    }
    await clock.sleep(OTHER_SERVER_PAUSE_MS);
    if (cache.get(store.key(namespace, object.metadata?.name ?? ''))) return false;
  }
}
