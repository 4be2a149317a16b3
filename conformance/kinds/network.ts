/** Kinds of networking.k8s.io and discovery.k8s.io. */
import { type KindCase, label, put, spec } from './shape.ts';

const networking = { apiVersion: 'networking.k8s.io/v1' };

export const networkKinds: KindCase[] = [
  {
    ...networking,
    kind: 'Ingress',
    resource: 'ingresses',
    namespaced: true,
    shortNames: ['ing'],
    subresources: ['status'],
    sample: (name) => ({
      metadata: { name },
      spec: {
        rules: [
          {
            host: 'web.example.com',
            http: {
              paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'web', port: { number: 80 } } } }],
            },
          },
        ],
      },
    }),
    ...spec({ tls: [{ hosts: ['web.example.com'], secretName: 'web-tls' }] }),
    columns: 'Name Class Hosts Address Ports Age',
  },
  {
    ...networking,
    kind: 'IngressClass',
    resource: 'ingressclasses',
    namespaced: false,
    sample: (name) => ({ metadata: { name }, spec: { controller: 'example.com/conformance' } }),
    ...label(),
    columns: 'Name Controller Parameters Age',
  },
  {
    ...networking,
    kind: 'NetworkPolicy',
    resource: 'networkpolicies',
    namespaced: true,
    shortNames: ['netpol'],
    sample: (name) => ({
      metadata: { name },
      spec: { podSelector: { matchLabels: { app: name } }, policyTypes: ['Ingress'] },
    }),
    ...spec({ policyTypes: ['Ingress', 'Egress'] }),
    columns: 'Name Pod-Selector Age',
  },
  {
    ...networking,
    kind: 'IPAddress',
    since: 33,
    resource: 'ipaddresses',
    namespaced: false,
    shortNames: ['ip'],
    nameFor: addressFor,
    sample: (name) => ({
      metadata: { name },
      spec: { parentRef: { resource: 'services', namespace: 'default', name: 'conformance' } },
    }),
    ...label(),
    columns: 'Name ParentRef',
  },
  {
    ...networking,
    kind: 'ServiceCIDR',
    since: 33,
    resource: 'servicecidrs',
    namespaced: false,
    subresources: ['status'],
    sample: (name) => ({ metadata: { name }, spec: { cidrs: ['10.254.0.0/24'] } }),
    ...label(),
    columns: 'Name CIDRs Age',
  },
  {
    kind: 'EndpointSlice',
    apiVersion: 'discovery.k8s.io/v1',
    since: 21,
    older: 'discovery.k8s.io/v1beta1',
    resource: 'endpointslices',
    namespaced: true,
    sample: (name) => ({
      metadata: { name },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['10.1.2.3'] }],
      ports: [{ name: 'http', port: 80, protocol: 'TCP' }],
    }),
    ...put({ endpoints: [{ addresses: ['10.1.2.4'] }] }),
    columns: 'Name AddressType Ports Endpoints Age',
  },
];

/** An address out of 198.18.0.0/15, which is for benchmarks; different for different names, as good as always. */
function addressFor(unique: string): string {
  let hash = 0;
  for (const character of unique) hash = (hash * 31 + character.charCodeAt(0)) % 131_072;
  return `198.${18 + (hash >> 16)}.${(hash >> 8) & 255}.${hash & 255}`;
}
