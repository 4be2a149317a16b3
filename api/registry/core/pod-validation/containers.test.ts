import assert from 'node:assert/strict';
import { errorsOf, type Loose } from '../../test-support.ts';
import { CONFIG_KEY, LABEL, QUALIFIED, SUBDOMAIN } from '../test-messages.ts';

/** Checked against a real server; where 1.36 words it differently from the one at hand, 1.36 is right. */
const REFUSED: { title: string; kind: string; object: Loose; errors: string[] }[] = [
  {
    title: 'a pod without containers',
    kind: 'Pod',
    object: { metadata: { name: 'p' }, spec: { containers: [] } },
    errors: ['spec.containers: Required value'],
  },
  {
    title: 'bad and repeated names of containers',
    kind: 'Pod',
    object: {
      metadata: { name: 'p' },
      spec: {
        containers: [
          { name: 'A', image: 'i' },
          { name: 'b', image: 'i' },
          { name: 'b', image: 'i' },
        ],
      },
    },
    errors: [`spec.containers[0].name: Invalid value: "A": ${LABEL}`, 'spec.containers[2].name: Duplicate value: "b"'],
  },
  {
    title: 'containers without name and image',
    kind: 'Pod',
    object: { metadata: { name: 'p' }, spec: { containers: [{ name: '' }] } },
    errors: ['spec.containers[0].name: Required value', 'spec.containers[0].image: Required value'],
  },
  {
    title: 'space around an image',
    kind: 'Pod',
    object: { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: ' x ' }] } },
    errors: ['spec.containers[0].image: Invalid value: " x ": must not have leading or trailing whitespace'],
  },
  {
    title: 'an unknown pull policy',
    kind: 'Pod',
    object: {
      metadata: { name: 'p' },
      spec: { containers: [{ name: 'c', image: 'i', imagePullPolicy: 'Sometimes' }] },
    },
    errors: [
      'spec.containers[0].imagePullPolicy: Unsupported value: "Sometimes": supported values: "Always", "IfNotPresent", "Never"',
    ],
  },
  {
    title: 'an unknown restart policy',
    kind: 'Pod',
    object: { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }], restartPolicy: 'Maybe' } },
    errors: ['spec.restartPolicy: Unsupported value: "Maybe": supported values: "Always", "OnFailure", "Never"'],
  },
  {
    title: 'an unknown DNS policy',
    kind: 'Pod',
    object: { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }], dnsPolicy: 'X' } },
    errors: [
      'spec.dnsPolicy: Unsupported value: "X": supported values: "ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"',
    ],
  },
  {
    title: 'DNS policy None without a configuration',
    kind: 'Pod',
    object: { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }], dnsPolicy: 'None' } },
    errors: ['spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None'],
  },
  {
    title: 'ports of containers',
    kind: 'Pod',
    object: {
      metadata: { name: 'p' },
      spec: {
        containers: [
          {
            name: 'c',
            image: 'i',
            ports: [
              { containerPort: 0 },
              { containerPort: 70000 },
              { name: 'a--b', containerPort: 1 },
              { name: 'thisnameistoolong', containerPort: 2 },
              { name: 'x', containerPort: 3 },
              { name: 'x', containerPort: 4 },
              { containerPort: 5, protocol: 'X' },
              { containerPort: 6, hostPort: 7 },
              { containerPort: 8, hostPort: 7 },
              { containerPort: 9, hostPort: 99999 },
            ],
          },
        ],
      },
    },
    errors: [
      'spec.containers[0].ports[0].containerPort: Required value',
      'spec.containers[0].ports[1].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive',
      'spec.containers[0].ports[2].name: Invalid value: "a--b": must not contain consecutive hyphens',
      'spec.containers[0].ports[3].name: Invalid value: "thisnameistoolong": must be no more than 15 characters',
      'spec.containers[0].ports[5].name: Duplicate value: "x"',
      'spec.containers[0].ports[6].protocol: Unsupported value: "X": supported values: "SCTP", "TCP", "UDP"',
      'spec.containers[0].ports[9].hostPort: Invalid value: 99999: must be between 1 and 65535, inclusive',
      'spec.containers[0].ports[8].hostPort: Duplicate value: "TCP//7"',
    ],
  },
  {
    title: 'environment variables',
    kind: 'Pod',
    object: {
      metadata: { name: 'p' },
      spec: {
        containers: [
          {
            name: 'c',
            image: 'i',
            env: [
              { name: '' },
              { name: 'A=B' },
              { name: 'a', valueFrom: {} },
              { name: 'b', value: 'x', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
              {
                name: 'c',
                valueFrom: { fieldRef: { fieldPath: 'metadata.name' }, secretKeyRef: { name: 'x', key: 'y' } },
              },
              { name: 'd', valueFrom: { fieldRef: { fieldPath: 'nope' } } },
              { name: 'e', valueFrom: { fieldRef: { fieldPath: 'status.phase' } } },
              { name: 'f', valueFrom: { secretKeyRef: { name: '', key: '' } } },
              { name: 'g', valueFrom: { configMapKeyRef: { name: 'X', key: 'a b' } } },
              { name: 'h', valueFrom: { resourceFieldRef: { resource: 'foo' } } },
              { name: 'i', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '2' } } },
              { name: 'j', valueFrom: { fieldRef: { fieldPath: "metadata.labels['a b']" } } },
              { name: 'k', valueFrom: { fieldRef: { fieldPath: "spec.x['a']" } } },
            ],
          },
        ],
      },
    },
    errors: [
      'spec.containers[0].env[0].name: Required value',
      `spec.containers[0].env[1].name: Invalid value: "A=B": a valid environment variable name must consist only of printable ASCII characters other than '='`,
      'spec.containers[0].env[2].valueFrom: Invalid value: "": must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`',
      'spec.containers[0].env[3].valueFrom: Invalid value: "": may not be specified when `value` is not empty',
      'spec.containers[0].env[4].valueFrom: Invalid value: "": may not have more than one field specified at a time',
      'spec.containers[0].env[5].valueFrom.fieldRef.fieldPath: Invalid value: "nope": error converting fieldPath: field label not supported: nope',
      'spec.containers[0].env[6].valueFrom.fieldRef.fieldPath: Unsupported value: "status.phase": supported values: "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"',
      `spec.containers[0].env[7].valueFrom.secretKeyRef.name: Invalid value: "": ${SUBDOMAIN}`,
      'spec.containers[0].env[7].valueFrom.secretKeyRef.key: Required value',
      `spec.containers[0].env[8].valueFrom.configMapKeyRef.name: Invalid value: "X": ${SUBDOMAIN}`,
      `spec.containers[0].env[8].valueFrom.configMapKeyRef.key: Invalid value: "a b": ${CONFIG_KEY}`,
      'spec.containers[0].env[9].valueFrom.resourceFieldRef.resource: Unsupported value: "foo": supported values: "limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage", "requests.memory"',
      `spec.containers[0].env[10].valueFrom.resourceFieldRef.divisor: Invalid value: "limits.cpu": only divisor's values 1m and 1 are supported with the cpu resource`,
      `spec.containers[0].env[11].valueFrom.fieldRef: Invalid value: "a b": name part ${QUALIFIED}`,
      `spec.containers[0].env[12].valueFrom.fieldRef.fieldPath: Invalid value: "spec.x['a']": error converting fieldPath: field label does not support subscript: spec.x['a']`,
    ],
  },
  {
    title: 'envFrom',
    kind: 'Pod',
    object: {
      metadata: { name: 'p' },
      spec: {
        containers: [
          {
            name: 'c',
            image: 'i',
            envFrom: [{}, { configMapRef: { name: 'X' } }, { secretRef: { name: 'a' }, configMapRef: { name: 'b' } }],
          },
        ],
      },
    },
    errors: [
      'spec.containers[0].envFrom: Invalid value: "": must specify one of: `configMapRef` or `secretRef`',
      `spec.containers[0].envFrom[1].configMapRef.name: Invalid value: "X": ${SUBDOMAIN}`,
      'spec.containers[0].envFrom: Invalid value: "": may not have more than one field specified at a time',
    ],
  },
  {
    title: 'resources beyond their limits and unknown ones',
    kind: 'Pod',
    object: {
      metadata: { name: 'p' },
      spec: {
        containers: [
          {
            name: 'c',
            image: 'i',
            resources: {
              limits: { cpu: '-1', memory: '1Gi', foo: '1', 'x y': '1', 'example.com/gpu': '1.5' },
              requests: { memory: '2Gi' },
            },
          },
        ],
      },
    },
    errors: [
      'spec.containers[0].resources.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0',
      'spec.containers[0].resources.limits[foo]: Invalid value: "foo": must be a standard resource type or fully qualified',
      'spec.containers[0].resources.limits[foo]: Invalid value: "foo": must be a standard resource for containers',
      `spec.containers[0].resources.limits[x y]: Invalid value: "x y": name part ${QUALIFIED}`,
      'spec.containers[0].resources.limits[x y]: Invalid value: "x y": must be a standard resource for containers',
      'spec.containers[0].resources.limits[example.com/gpu]: Invalid value: "1500m": must be an integer',
      'spec.containers[0].resources.requests[cpu]: Invalid value: "-1": must be greater than or equal to 0',
      'spec.containers[0].resources.requests: Invalid value: "2Gi": must be less than or equal to memory limit of 1Gi',
      'spec.containers[0].resources.requests[foo]: Invalid value: "foo": must be a standard resource type or fully qualified',
      'spec.containers[0].resources.requests[foo]: Invalid value: "foo": must be a standard resource for containers',
      `spec.containers[0].resources.requests[x y]: Invalid value: "x y": name part ${QUALIFIED}`,
      'spec.containers[0].resources.requests[x y]: Invalid value: "x y": must be a standard resource for containers',
      'spec.containers[0].resources.requests[example.com/gpu]: Invalid value: "1500m": must be an integer',
    ],
  },
];

describe('validation of pods: containers', () => {
  for (const { title, kind, object, errors } of REFUSED) {
    it(`refuses ${title}`, () => {
      assert.deepEqual(errorsOf(kind, object).sort(), [...errors].sort());
    });
  }
});
