/** networking.k8s.io and discovery.k8s.io. */
import { type KindProbe, themeOf } from './lifecycle.ts';

const networking = { apiVersion: 'networking.k8s.io/v1' };

const backend = { service: { name: 'web', port: { number: 80 } } };
const rule = (path: object, host: string | undefined = 'web.example.com') => ({
  spec: {
    rules: [{ ...(host ? { host } : {}), http: { paths: [{ path: '/', pathType: 'Prefix', backend, ...path }] } }],
  },
});
const ingressRule = (from: object) => ({ spec: { ingress: [from] } });

const probes: KindProbe[] = [
  {
    ...networking,
    resource: 'ingresses',
    full: {
      spec: {
        ingressClassName: 'none',
        defaultBackend: { service: { name: 'fallback', port: { name: 'http' } } },
        tls: [{ hosts: ['*.example.com'], secretName: 'tls' }],
        rules: [
          {
            host: '*.example.com',
            http: {
              paths: [
                { path: '/a', pathType: 'Exact', backend },
                {
                  path: '/b',
                  pathType: 'ImplementationSpecific',
                  backend: { resource: { apiGroup: 'example.com', kind: 'Bucket', name: 'b' } },
                },
              ],
            },
          },
        ],
      },
    },
    invalid: [
      ['nothing', { spec: null }],
      ['no path type', rule({ pathType: null })],
      ['a path type', rule({ pathType: 'Regex' })],
      ['a relative path', rule({ path: 'a' })],
      ['a path that climbs', rule({ path: '/a/../b' })],
      ['no backend', rule({ backend: {} })],
      ['two backends', rule({ backend: { ...backend, resource: { kind: 'Bucket', name: 'b' } } })],
      ['a backend without a port', rule({ backend: { service: { name: 'web' } } })],
      [
        'a backend with both ports',
        rule({ backend: { service: { name: 'web', port: { number: 80, name: 'http' } } } }),
      ],
      ['a backend port out of range', rule({ backend: { service: { name: 'web', port: { number: 70_000 } } } })],
      ['a backend with a bad name', rule({ backend: { service: { name: 'Not_Valid', port: { number: 80 } } } })],
      ['a host that is an address', rule({}, '10.1.2.3')],
      ['a host with a port', rule({}, 'web.example.com:80')],
      ['a wildcard within', rule({}, 'a.*.example.com')],
      ['a tls host', { spec: { tls: [{ hosts: ['a_b'] }] } }],
      ['a class name', { spec: { ingressClassName: 'Not_Valid' } }],
      ['rules that are an object', { spec: { rules: {} } }],
    ],
    immutable: [
      ['class', { spec: { ingressClassName: 'other' } }],
      ['a bad rule', rule({ path: 'x' })],
    ],
    status: [
      { status: { loadBalancer: { ingress: [{ ip: '198.51.100.7' }, { hostname: 'lb.example.com' }] } } },
      { status: { loadBalancer: { ingress: [{ ip: 'here' }] } } },
    ],
  },
  {
    ...networking,
    resource: 'ingressclasses',
    full: {
      spec: {
        controller: 'example.com/some/thing',
        parameters: { apiGroup: 'example.com', kind: 'Config', name: 'c' },
      },
    },
    invalid: [
      ['no controller', { spec: { controller: null } }],
      ['a controller without a domain', { spec: { controller: 'nginx' } }],
      ['a controller with a bad domain', { spec: { controller: 'a_b/c' } }],
      ['a long controller', { spec: { controller: `example.com/${'x'.repeat(260)}` } }],
      ['parameters without a kind', { spec: { parameters: { name: 'c' } } }],
      ['parameters without a name', { spec: { parameters: { kind: 'C' } } }],
      ['parameters of a bad group', { spec: { parameters: { apiGroup: 'a_b', kind: 'C', name: 'c' } } }],
    ],
    immutable: [['controller', { spec: { controller: 'example.com/other' } }]],
  },
  {
    ...networking,
    resource: 'networkpolicies',
    full: {
      spec: {
        podSelector: { matchLabels: { app: 'web' } },
        policyTypes: ['Ingress', 'Egress'],
        ingress: [
          {
            from: [
              { podSelector: { matchLabels: { a: 'b' } }, namespaceSelector: {} },
              { ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } },
            ],
            ports: [{ protocol: 'TCP', port: 80 }, { port: 'http' }],
          },
        ],
        egress: [{}],
      },
    },
    invalid: [
      ['a policy type', { spec: { policyTypes: ['Sideways'] } }],
      ['three policy types', { spec: { policyTypes: ['Ingress', 'Egress', 'Ingress'] } }],
      ['a CIDR that is none', ingressRule({ from: [{ ipBlock: { cidr: 'here' } }] })],
      ['an exception outside', ingressRule({ from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['192.0.2.0/24'] } }] })],
      ['a peer of nothing', ingressRule({ from: [{}] })],
      ['a peer of two', ingressRule({ from: [{ ipBlock: { cidr: '10.0.0.0/8' }, podSelector: {} }] })],
      ['a protocol', ingressRule({ ports: [{ protocol: 'ICMP', port: 80 }] })],
      ['a port out of range', ingressRule({ ports: [{ port: 70_000 }] })],
      ['a port name', ingressRule({ ports: [{ port: 'not valid' }] })],
      ['a selector', { spec: { podSelector: { matchExpressions: [{ key: 'a', operator: 'Like' }] } } }],
    ],
    immutable: [['podSelector', { spec: { podSelector: { matchLabels: { app: 'other' } } } }]],
    more: [],
  },
  {
    apiVersion: 'discovery.k8s.io/v1',
    resource: 'endpointslices',
    full: {
      endpoints: [
        {
          addresses: ['10.1.2.3'],
          conditions: { ready: true },
          hostname: 'web',
          targetRef: { kind: 'Pod', name: 'a', namespace: '{ns}' },
        },
        { addresses: ['10.1.2.4'], conditions: { ready: false } },
      ],
      ports: [
        { name: 'http', port: 80, protocol: 'TCP', appProtocol: 'http' },
        { name: 'dns', port: 53, protocol: 'UDP' },
      ],
    },
    invalid: [
      ['no address type', { addressType: null }],
      ['an address type', { addressType: 'IPv5' }],
      ['an address of another type', { endpoints: [{ addresses: ['::1'] }] }],
      ['an address that is none', { endpoints: [{ addresses: ['here'] }] }],
      ['no addresses', { endpoints: [{ addresses: [] }] }],
      ['a hostname', { endpoints: [{ addresses: ['10.1.2.3'], hostname: 'a_b' }] }],
      ['two ports of one name', { ports: [{ port: 80 }, { port: 81 }] }],
      ['a protocol', { ports: [{ port: 80, protocol: 'ICMP' }] }],
      ['a loopback address', { endpoints: [{ addresses: ['127.0.0.1'] }] }],
      ['a port name', { ports: [{ name: 'Not_Valid', port: 80 }] }],
      ['ready as text', { endpoints: [{ addresses: ['10.1.2.3'], conditions: { ready: 'yes' } }] }],
    ],
    immutable: [['addressType', { addressType: 'IPv6', endpoints: [{ addresses: ['2001:db8::1'] }] }]],
  },
];

export const networkThemes = probes.map(themeOf);
