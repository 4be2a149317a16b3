import assert from 'node:assert/strict';
import { errorsOf, type Loose } from '../test-support.ts';
import { LABEL, LABEL_VALUE, QUALIFIED, SUBDOMAIN } from './test-messages.ts';

/** Checked against a real server; where 1.36 words it differently from the one at hand, 1.36 is right. */
const REFUSED: { title: string; kind: string; object: Loose; errors: string[] }[] = [
  {
    title: 'a service name with capitals',
    kind: 'Service',
    object: { metadata: { name: '1A' }, spec: { ports: [{ port: 80 }] } },
    errors: [`metadata.name: Invalid value: "1A": ${LABEL}`],
  },
  {
    title: 'a service without ports',
    kind: 'Service',
    object: { metadata: { name: 's' }, spec: { ports: [] } },
    errors: ['spec.ports: Required value'],
  },
  {
    title: 'ports of services',
    kind: 'Service',
    object: {
      metadata: { name: 's' },
      spec: {
        ports: [
          { port: 0 },
          { port: 80, name: 'A' },
          { port: 80, name: 'b' },
          { port: 81, name: 'b', protocol: 'X', targetPort: 'a--' },
        ],
      },
    },
    errors: [
      'spec.ports[0].name: Required value',
      'spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive',
      'spec.ports[0].targetPort: Invalid value: 0: must be between 1 and 65535, inclusive',
      `spec.ports[1].name: Invalid value: "A": ${LABEL}`,
      'spec.ports[3].name: Duplicate value: "b"',
      'spec.ports[3].protocol: Unsupported value: "X": supported values: "SCTP", "TCP", "UDP"',
      'spec.ports[3].targetPort: Invalid value: "a--": must not contain consecutive hyphens',
      'spec.ports[3].targetPort: Invalid value: "a--": must not begin or end with a hyphen',
      'spec.ports[2]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":80,"TargetPort":0,"NodePort":0}',
    ],
  },
  {
    title: 'node ports of a ClusterIP service',
    kind: 'Service',
    object: { metadata: { name: 's' }, spec: { ports: [{ port: 80, nodePort: 30001 }] } },
    errors: ["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"],
  },
  {
    title: 'an unknown type of service',
    kind: 'Service',
    object: { metadata: { name: 's' }, spec: { ports: [{ port: 80 }], type: 'X' } },
    errors: [
      'spec.type: Unsupported value: "X": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
    ],
  },
  {
    title: 'an ExternalName service without a name',
    kind: 'Service',
    object: { metadata: { name: 's' }, spec: { ports: [{ port: 80 }], type: 'ExternalName' } },
    errors: ['spec.externalName: Required value'],
  },
  {
    title: 'an ExternalName service with an address',
    kind: 'Service',
    object: {
      metadata: { name: 's' },
      spec: { ports: [{ port: 80 }], type: 'ExternalName', externalName: 'A_', clusterIP: '1.2.3.4' },
    },
    errors: [
      'spec.clusterIPs: Forbidden: may not be set for ExternalName services',
      `spec.externalName: Invalid value: "A_": ${SUBDOMAIN}`,
    ],
  },
  {
    title: 'an unknown session affinity',
    kind: 'Service',
    object: { metadata: { name: 's' }, spec: { ports: [{ port: 80 }], sessionAffinity: 'X' } },
    errors: ['spec.sessionAffinity: Unsupported value: "X": supported values: "ClientIP", "None"'],
  },
  {
    title: 'session affinity that lasts no time',
    kind: 'Service',
    object: {
      metadata: { name: 's' },
      spec: {
        ports: [{ port: 80 }],
        sessionAffinity: 'ClientIP',
        sessionAffinityConfig: { clientIP: { timeoutSeconds: 0 } },
      },
    },
    errors: [
      'spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 0: must be greater than 0 and less than 86400',
    ],
  },
  {
    title: 'a cluster IP that is no address',
    kind: 'Service',
    object: { metadata: { name: 's' }, spec: { ports: [{ port: 80 }], clusterIP: 'x' } },
    errors: ['spec.clusterIPs[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'],
  },
  {
    title: 'a headless NodePort service',
    kind: 'Service',
    object: { metadata: { name: 's' }, spec: { ports: [{ port: 80 }], clusterIP: 'None', type: 'NodePort' } },
    errors: [`spec.clusterIPs[0]: Invalid value: "None": may not be set to 'None' for NodePort services`],
  },
  {
    title: 'a headless LoadBalancer service',
    kind: 'Service',
    object: { metadata: { name: 's' }, spec: { ports: [{ port: 80 }], clusterIP: 'None', type: 'LoadBalancer' } },
    errors: [`spec.clusterIPs[0]: Invalid value: "None": may not be set to 'None' for LoadBalancer services`],
  },
  {
    title: 'external IPs',
    kind: 'Service',
    object: {
      metadata: { name: 's' },
      spec: { ports: [{ port: 80 }], externalIPs: ['x', '127.0.0.1', '0.0.0.0', '169.254.1.1', '224.0.0.1'] },
    },
    errors: [
      'spec.externalIPs[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
      'spec.externalIPs[1]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
      'spec.externalIPs[2]: Invalid value: "0.0.0.0": may not be unspecified (0.0.0.0 or ::)',
      'spec.externalIPs[3]: Invalid value: "169.254.1.1": may not be in the link-local range (169.254.0.0/16, fe80::/10)',
      'spec.externalIPs[4]: Invalid value: "224.0.0.1": may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)',
    ],
  },
  {
    title: 'selectors of services',
    kind: 'Service',
    object: { metadata: { name: 's' }, spec: { ports: [{ port: 80 }], selector: { 'a b': 'c d' } } },
    errors: [
      `spec.selector: Invalid value: "a b": name part ${QUALIFIED}`,
      `spec.selector: Invalid value: "c d": ${LABEL_VALUE}`,
    ],
  },
  {
    title: 'source ranges without a load balancer',
    kind: 'Service',
    object: { metadata: { name: 's' }, spec: { ports: [{ port: 80 }], loadBalancerSourceRanges: ['x'] } },
    errors: [
      "spec.LoadBalancerSourceRanges: Forbidden: may only be used when `type` is 'LoadBalancer'",
      'spec.LoadBalancerSourceRanges[0]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
    ],
  },
  {
    title: "the kubelet's port on a load balancer",
    kind: 'Service',
    object: { metadata: { name: 's' }, spec: { ports: [{ port: 10250 }], type: 'LoadBalancer' } },
    errors: ['spec.ports[0]: Invalid value: 10250: may not expose port 10250 externally since it is used by kubelet'],
  },
  {
    title: 'an unknown external traffic policy',
    kind: 'Service',
    object: { metadata: { name: 's' }, spec: { ports: [{ port: 80 }], type: 'NodePort', externalTrafficPolicy: 'X' } },
    errors: ['spec.externalTrafficPolicy: Unsupported value: "X": supported values: "Cluster", "Local"'],
  },
  {
    title: 'an external traffic policy without external traffic',
    kind: 'Service',
    object: { metadata: { name: 's' }, spec: { ports: [{ port: 80 }], externalTrafficPolicy: 'Local' } },
    errors: ['spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services'],
  },
  {
    title: 'a health check port without a load balancer',
    kind: 'Service',
    object: { metadata: { name: 's' }, spec: { ports: [{ port: 80 }], healthCheckNodePort: -1 } },
    errors: [
      "spec.healthCheckNodePort: Invalid value: -1: may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
    ],
  },
  {
    title: 'one node port twice',
    kind: 'Service',
    object: {
      metadata: { name: 's' },
      spec: {
        ports: [
          { name: 'a', port: 1, nodePort: 30001 },
          { name: 'b', port: 2, nodePort: 30001 },
        ],
        type: 'NodePort',
      },
    },
    errors: ['spec.ports[1].nodePort: Duplicate value: 30001'],
  },
  {
    title: 'an unknown family policy',
    kind: 'Service',
    object: { metadata: { name: 's' }, spec: { ports: [{ port: 80 }], ipFamilyPolicy: 'X' } },
    errors: [
      'spec.ipFamilyPolicy: Unsupported value: "X": supported values: "PreferDualStack", "RequireDualStack", "SingleStack"',
    ],
  },
  {
    title: 'an unknown application protocol',
    kind: 'Service',
    object: { metadata: { name: 's' }, spec: { ports: [{ port: 80, name: 'a', appProtocol: 'a b' }] } },
    errors: [`spec.ports[0].appProtocol: Invalid value: "a b": name part ${QUALIFIED}`],
  },
];

describe('validation of services', () => {
  for (const { title, kind, object, errors } of REFUSED) {
    it(`refuses ${title}`, () => {
      assert.deepEqual(errorsOf(kind, object).sort(), [...errors].sort());
    });
  }
});
