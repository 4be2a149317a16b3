/** Short ways to write Services and Endpoints in tests. */
import type { V1Endpoints, V1Service, V1ServicePort, V1ServiceSpec } from '../../../openapi/generated/types.ts';
import { type ServicePort, servicePorts } from '../service-ports.ts';

export const NODE = 'this-node';

export function service(name: string, clusterIP: string, spec: Partial<V1ServiceSpec> = {}): V1Service {
  const ports: V1ServicePort[] = [{ name: 'p80', port: 80, protocol: 'TCP' }];
  const [namespace = '', own = ''] = name.split('/');
  return { metadata: { namespace, name: own }, spec: { clusterIP, type: 'ClusterIP', ports, ...spec } };
}

/** Addresses as `10.0.0.1`, or `10.0.0.1@node`; ports with their names. */
export function endpoints(name: string, addresses: string[], ports = [{ name: 'p80', port: 80 }]): V1Endpoints {
  const [namespace = '', own = ''] = name.split('/');
  const parsed = addresses.map((address) => {
    const [ip = '', nodeName = 'other-node'] = address.split('@');
    return { ip, nodeName };
  });
  return { metadata: { namespace, name: own }, subsets: [{ addresses: parsed, ports }] };
}

export function portsOf(services: V1Service[], all: V1Endpoints[]): ServicePort[] {
  const byKey = new Map(all.map((each) => [`${each.metadata?.namespace}/${each.metadata?.name}`, each]));
  return servicePorts(services, (key) => byKey.get(key), NODE);
}
