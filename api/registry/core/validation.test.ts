import assert from 'node:assert/strict';
import { errorsOf, type Loose } from '../test-support.ts';
import { CONFIG_KEY, LABEL, LABEL_VALUE, QUALIFIED, SUBDOMAIN } from './test-messages.ts';

/** Checked against a real server; where 1.36 words it differently from the one at hand, 1.36 is right. */
const REFUSED: { title: string; kind: string; object: Loose; errors: string[] }[] = [
  {
    title: 'endpoints',
    kind: 'Endpoints',
    object: {
      metadata: { name: 'e' },
      subsets: [
        {},
        {
          addresses: [
            { ip: 'x' },
            { ip: '127.0.0.1' },
            { ip: '169.254.0.1' },
            { ip: '224.0.0.1' },
            { ip: '0.0.0.0' },
            { ip: '1.2.3.4', hostname: 'A', nodeName: 'B ' },
          ],
          ports: [{ port: 0 }, { port: 70000, name: 'A', protocol: 'X' }],
        },
      ],
    },
    errors: [
      'subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`',
      'subsets[1].addresses[0].ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
      'subsets[1].addresses[0].ip: Invalid value: "x": must be a valid IP address',
      'subsets[1].addresses[1].ip: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
      'subsets[1].addresses[2].ip: Invalid value: "169.254.0.1": may not be in the link-local range (169.254.0.0/16, fe80::/10)',
      'subsets[1].addresses[3].ip: Invalid value: "224.0.0.1": may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)',
      'subsets[1].addresses[4].ip: Invalid value: "0.0.0.0": may not be unspecified (0.0.0.0 or ::)',
      `subsets[1].addresses[5].hostname: Invalid value: "A": ${LABEL}`,
      `subsets[1].addresses[5].nodeName: Invalid value: "B ": ${SUBDOMAIN}`,
      'subsets[1].ports[0].name: Required value',
      'subsets[1].ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive',
      `subsets[1].ports[1].name: Invalid value: "A": ${LABEL}`,
      'subsets[1].ports[1].port: Invalid value: 70000: must be between 1 and 65535, inclusive',
      'subsets[1].ports[1].protocol: Unsupported value: "X": supported values: "SCTP", "TCP", "UDP"',
    ],
  },
  {
    title: 'negative replicas',
    kind: 'ReplicationController',
    object: {
      metadata: { name: 'r' },
      spec: {
        selector: { a: 'b' },
        template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
        replicas: -1,
        minReadySeconds: -1,
      },
    },
    errors: [
      'spec.minReadySeconds: Invalid value: -1: must be greater than or equal to 0',
      'spec.replicas: Invalid value: -1: must be greater than or equal to 0',
    ],
  },
  {
    title: 'a selector that does not match the template',
    kind: 'ReplicationController',
    object: {
      metadata: { name: 'r' },
      spec: {
        selector: { a: 'c' },
        template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
      },
    },
    errors: ['spec.template.metadata.labels: Invalid value: {"a":"b"}: `selector` does not match template `labels`'],
  },
  {
    title: 'a controller without a template',
    kind: 'ReplicationController',
    object: { metadata: { name: 'r' }, spec: {} },
    errors: ['spec.selector: Required value', 'spec.template: Required value'],
  },
  {
    title: 'a template without labels',
    kind: 'ReplicationController',
    object: { metadata: { name: 'r' }, spec: { template: { spec: { containers: [{ name: 'c', image: 'i' }] } } } },
    errors: ['spec.selector: Required value'],
  },
  {
    title: 'a template that ends',
    kind: 'ReplicationController',
    object: {
      metadata: { name: 'r' },
      spec: {
        template: {
          metadata: { labels: { a: 'b' } },
          spec: { restartPolicy: 'Never', activeDeadlineSeconds: 5, containers: [{ name: 'c', image: 'i' }] },
        },
      },
    },
    errors: [
      'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
      'spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicationController is not Supported',
    ],
  },
  {
    title: 'a template that is wrong in itself',
    kind: 'ReplicationController',
    object: {
      metadata: { name: 'r' },
      spec: {
        template: {
          metadata: { labels: { 'a b': 'b' }, annotations: { 'x y': 'z' } },
          spec: { containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 0 }] }] },
        },
      },
    },
    errors: [
      `metadata.labels: Invalid value: "a b": name part ${QUALIFIED}`,
      `spec.template.labels: Invalid value: "a b": name part ${QUALIFIED}`,
      `spec.template.annotations: Invalid value: "x y": name part ${QUALIFIED}`,
      'spec.template.spec.containers[0].ports[0].containerPort: Required value',
    ],
  },
  {
    title: 'keys of config maps',
    kind: 'ConfigMap',
    object: {
      metadata: { name: 'c' },
      data: { 'a b': 'x', '..': 'y', '..z': 'w', '.': 'v', ok: '1' },
      binaryData: { ok: 'eA==', 'a/b': 'eA==' },
    },
    errors: [
      `data[a b]: Invalid value: "a b": ${CONFIG_KEY}`,
      `data[..]: Invalid value: "..": must not be '..'`,
      `data[..z]: Invalid value: "..z": must not start with '..'`,
      `data[.]: Invalid value: ".": must not be '.'`,
      'data[ok]: Invalid value: "ok": duplicate of key present in binaryData',
      `binaryData[a/b]: Invalid value: "a/b": ${CONFIG_KEY}`,
    ],
  },
  {
    title: 'config maps that are too large',
    kind: 'ConfigMap',
    object: { metadata: { name: 'c' }, data: { a: 'x'.repeat(1024 * 1024 + 1) } },
    errors: ['[]: Too long: may not be more than 1048576 bytes'],
  },
  {
    title: 'keys of secrets',
    kind: 'Secret',
    object: { metadata: { name: 'c' }, data: { 'a b': 'eA==' } },
    errors: [`data[a b]: Invalid value: "a b": ${CONFIG_KEY}`],
  },
  {
    title: 'secrets that are too large',
    kind: 'Secret',
    object: { metadata: { name: 'c' }, stringData: { a: 'x'.repeat(1024 * 1024 + 1) } },
    errors: ['data: Too long: may not be more than 1048576 bytes'],
  },
  {
    title: 'TLS secrets without certificate',
    kind: 'Secret',
    object: { metadata: { name: 'c' }, type: 'kubernetes.io/tls' },
    errors: ['data[tls.crt]: Required value', 'data[tls.key]: Required value'],
  },
  {
    title: 'basic-auth secrets without user',
    kind: 'Secret',
    object: { metadata: { name: 'c' }, type: 'kubernetes.io/basic-auth' },
    errors: ['data[%s][username]: Required value', 'data[%s][password]: Required value'],
  },
  {
    title: 'ssh-auth secrets without key',
    kind: 'Secret',
    object: { metadata: { name: 'c' }, type: 'kubernetes.io/ssh-auth' },
    errors: ['data[%s][ssh-privatekey]: Required value'],
  },
  {
    title: 'dockercfg secrets without content',
    kind: 'Secret',
    object: { metadata: { name: 'c' }, type: 'kubernetes.io/dockercfg' },
    errors: ['data[.dockercfg]: Required value'],
  },
  {
    title: 'dockercfg secrets that are no JSON',
    kind: 'Secret',
    object: { metadata: { name: 'c' }, type: 'kubernetes.io/dockercfg', stringData: { '.dockercfg': 'x' } },
    errors: [
      `data[.dockercfg]: Invalid value: "<secret contents redacted>": invalid character 'x' looking for beginning of value`,
    ],
  },
  {
    title: 'docker config secrets that are no object',
    kind: 'Secret',
    object: {
      metadata: { name: 'c' },
      type: 'kubernetes.io/dockerconfigjson',
      stringData: { '.dockerconfigjson': '[]' },
    },
    errors: [
      'data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": json: cannot unmarshal array into Go value of type map[string]interface {}',
    ],
  },
  {
    title: 'docker config secrets that are empty',
    kind: 'Secret',
    object: {
      metadata: { name: 'c' },
      type: 'kubernetes.io/dockerconfigjson',
      stringData: { '.dockerconfigjson': '' },
    },
    errors: ['data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": unexpected end of JSON input'],
  },
  {
    title: 'tokens without a service account',
    kind: 'Secret',
    object: { metadata: { name: 'c' }, type: 'kubernetes.io/service-account-token' },
    errors: ['metadata.annotations[kubernetes.io/service-account.name]: Required value'],
  },
  {
    title: 'names of nodes',
    kind: 'Node',
    object: { metadata: { name: 'N_' } },
    errors: [`metadata.name: Invalid value: "N_": ${SUBDOMAIN}`],
  },
  {
    title: 'taints, resources and pod ranges of nodes',
    kind: 'Node',
    object: {
      metadata: { name: 'n' },
      spec: {
        taints: [
          { key: 'a b', value: 'c d', effect: '' },
          { key: 'a', effect: 'X' },
          { key: 'b', effect: 'NoSchedule' },
          { key: 'b', effect: 'NoSchedule' },
        ],
        podCIDRs: ['x'],
      },
      status: { capacity: { pods: '1.5', cpu: '-1' } },
    },
    errors: [
      `metadata.taints[0].key: Invalid value: "a b": name part ${QUALIFIED}`,
      `metadata.taints[0].value: Invalid value: "c d": ${LABEL_VALUE}`,
      'metadata.taints[0].effect: Required value',
      'metadata.taints[1].effect: Unsupported value: "X": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
      'metadata.taints[3]: Duplicate value: {"Key":"b","Value":"","Effect":"NoSchedule","TimeAdded":null}: taints must be unique by key and effect pair',
      'status.capacity.pods: Invalid value: "1500m": must be an integer',
      'status.capacity.cpu: Invalid value: "-1": must be greater than or equal to 0',
      'status.allocatable.pods: Invalid value: "1500m": must be an integer',
      'status.allocatable.cpu: Invalid value: "-1": must be greater than or equal to 0',
      'spec.podCIDRs[0]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
    ],
  },
  {
    title: 'two pod ranges of one family',
    kind: 'Node',
    object: { metadata: { name: 'n' }, spec: { podCIDRs: ['10.0.0.0/24', '10.1.0.0/24'] } },
    errors: [
      'spec.podCIDRs: Invalid value: ["10.0.0.0/24","10.1.0.0/24"]: may specify no more than one CIDR for each IP family',
    ],
  },
  {
    title: 'namespaces with a dot',
    kind: 'Namespace',
    object: { metadata: { name: 'a.b' } },
    errors: ['metadata.name: Invalid value: "a.b": must not contain dots'],
  },
  {
    title: 'finalizers of namespaces',
    kind: 'Namespace',
    object: { metadata: { name: 'ab' }, spec: { finalizers: ['foo', 'a b', 'x/y'] } },
    errors: [
      'spec.finalizers: Invalid value: "foo": name is neither a standard finalizer name nor is it fully qualified',
      `spec.finalizers: Invalid value: "a b": name part ${QUALIFIED}`,
      'spec.finalizers: Invalid value: "a b": name is neither a standard finalizer name nor is it fully qualified',
    ],
  },
  {
    title: 'events about another namespace',
    kind: 'Event',
    object: { metadata: { name: 'e' }, involvedObject: { namespace: 'other' } },
    errors: ['involvedObject.namespace: Invalid value: "other": does not match event.namespace'],
  },
  {
    title: 'events about cluster-scoped objects outside default',
    kind: 'Event',
    object: { metadata: { name: 'e' }, involvedObject: {} },
    errors: ['involvedObject.namespace: Invalid value: "": does not match event.namespace'],
  },
  {
    title: 'new-style events without their fields',
    kind: 'Event',
    object: {
      metadata: { name: 'e' },
      involvedObject: { namespace: 'test' },
      eventTime: '2026-01-01T00:00:00.000000Z',
    },
    errors: [
      'reportingController: Required value',
      'reportingController: Invalid value: "": name part must be non-empty',
      `reportingController: Invalid value: "": name part ${QUALIFIED}`,
      'reportingInstance: Required value',
      'action: Required value',
      'reason: Required value',
    ],
  },
  {
    title: 'names of events with a slash',
    kind: 'Event',
    object: { metadata: { name: 'e/x' }, involvedObject: { namespace: 'test' } },
    errors: [`metadata.name: Invalid value: "e/x": may not contain '/'`],
  },
  {
    title: 'new-style events with bad fields',
    kind: 'Event',
    object: {
      metadata: { name: 'e' },
      involvedObject: { namespace: 'test' },
      eventTime: '2026-01-01T00:00:00.000000Z',
      reportingComponent: 'a b',
      reportingInstance: 'i',
      action: 'a',
      reason: 'r'.repeat(129),
      message: 'm'.repeat(1025),
    },
    errors: [
      `reportingController: Invalid value: "a b": name part ${QUALIFIED}`,
      'reason: Invalid value: "": can have at most 128 characters',
      'message: Invalid value: "": can have at most 1024 characters',
    ],
  },
  {
    title: 'names of service accounts',
    kind: 'ServiceAccount',
    object: { metadata: { name: 'S_' } },
    errors: [`metadata.name: Invalid value: "S_": ${SUBDOMAIN}`],
  },
  {
    title: 'durations and transitions of leases',
    kind: 'Lease',
    object: { metadata: { name: 'l' }, spec: { leaseDurationSeconds: 0, leaseTransitions: -1 } },
    errors: [
      'spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0',
      'spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0',
    ],
  },
];

describe('validation of the other core kinds', () => {
  for (const { title, kind, object, errors } of REFUSED) {
    it(`refuses ${title}`, () => {
      assert.deepEqual(errorsOf(kind, object).sort(), [...errors].sort());
    });
  }
});
