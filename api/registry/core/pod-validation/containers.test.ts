import assert from 'node:assert/strict';
import { CONFIG_KEY, LABEL, LABEL_VALUE, QUALIFIED, SUBDOMAIN } from '../test-messages.ts';
import { errorsOf, type Loose } from '../test-support.ts';

/** Checked against a real server; where 1.36 words it differently from the one at hand, 1.36 is right. */
const REFUSED: { title: string; kind: string; object: Loose; errors: string[] }[] = [
  {
    title: 'names that are no DNS subdomain',
    kind: 'Pod',
    object: { metadata: { name: 'Bad_Name' }, spec: { containers: [{ name: 'c', image: 'i' }] } },
    errors: [`metadata.name: Invalid value: "Bad_Name": ${SUBDOMAIN}`],
  },
  {
    title: 'keys and values of labels',
    kind: 'Pod',
    object: {
      metadata: { name: 'p', labels: { 'bad key': 'x', ok: 'bad value!' } },
      spec: { containers: [{ name: 'c', image: 'i' }] },
    },
    errors: [
      `metadata.labels: Invalid value: "bad key": name part ${QUALIFIED}`,
      `metadata.labels: Invalid value: "bad value!": ${LABEL_VALUE}`,
    ],
  },
  {
    title: 'keys of annotations',
    kind: 'Pod',
    object: {
      metadata: { name: 'p', annotations: { 'bad key': 'x' } },
      spec: { containers: [{ name: 'c', image: 'i' }] },
    },
    errors: [`metadata.annotations: Invalid value: "bad key": name part ${QUALIFIED}`],
  },
  {
    title: 'finalizers without a prefix',
    kind: 'Pod',
    object: {
      metadata: { name: 'p', finalizers: ['bad', 'a b', 'x/y/z'] },
      spec: { containers: [{ name: 'c', image: 'i' }] },
    },
    errors: [
      `metadata.finalizers: Invalid value: "a b": name part ${QUALIFIED}`,
      `metadata.finalizers: Invalid value: "x/y/z": a qualified name ${QUALIFIED} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
      'metadata.finalizers[0]: Invalid value: "bad": name is neither a standard finalizer name nor is it fully qualified',
      'metadata.finalizers[1]: Invalid value: "a b": name is neither a standard finalizer name nor is it fully qualified',
    ],
  },
  {
    title: 'a missing name',
    kind: 'Pod',
    object: { metadata: {}, spec: { containers: [{ name: 'c', image: 'i' }] } },
    errors: ['metadata.name: Required value: name or generateName is required'],
  },
  {
    title: 'two controllers among the owners',
    kind: 'Pod',
    object: {
      metadata: {
        name: 'p',
        ownerReferences: [
          { apiVersion: 'v1', kind: 'Pod', name: 'a', uid: '1', controller: true },
          { apiVersion: 'v1', kind: 'Pod', name: 'b', uid: '2', controller: true },
        ],
      },
      spec: { containers: [{ name: 'c', image: 'i' }] },
    },
    errors: [
      'metadata.ownerReferences: Invalid value: [{"apiVersion":"v1","kind":"Pod","name":"a","uid":"1","controller":true},{"apiVersion":"v1","kind":"Pod","name":"b","uid":"2","controller":true}]: Only one reference can have Controller set to true. Found "true" in references for a and b',
    ],
  },
  {
    title: 'an event as the owner',
    kind: 'Pod',
    object: {
      metadata: { name: 'p', ownerReferences: [{ apiVersion: 'v1', kind: 'Event', name: 'a', uid: '1' }] },
      spec: { containers: [{ name: 'c', image: 'i' }] },
    },
    errors: [
      'metadata.ownerReferences: Invalid value: {"apiVersion":"v1","kind":"Event","name":"a","uid":"1"}: /v1, Kind=Event is disallowed from being an owner',
    ],
  },
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
      'spec.containers[0].ports[3].name: Invalid value: "thisnameistoolong": must be no more than 15 bytes',
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
  {
    title: 'requests without limits for what cannot be shared',
    kind: 'Pod',
    object: {
      metadata: { name: 'p' },
      spec: { containers: [{ name: 'c', image: 'i', resources: { requests: { 'example.com/gpu': '1' } } }] },
    },
    errors: ['spec.containers[0].resources.limits: Required value: Limit must be set for non overcommitable resources'],
  },
  {
    title: 'huge pages alone',
    kind: 'Pod',
    object: {
      metadata: { name: 'p' },
      spec: {
        containers: [
          {
            name: 'c',
            image: 'i',
            resources: { requests: { 'hugepages-2Mi': '1Mi' }, limits: { 'hugepages-2Mi': '1Mi' } },
          },
        ],
      },
    },
    errors: ['spec.containers[0].resources: Forbidden: HugePages require cpu or memory'],
  },
  {
    title: 'unknown resources of Kubernetes',
    kind: 'Pod',
    object: {
      metadata: { name: 'p' },
      spec: { containers: [{ name: 'c', image: 'i', resources: { requests: { 'kubernetes.io/foo': '1' } } }] },
    },
    errors: [],
  },
  {
    title: 'volumes',
    kind: 'Pod',
    object: {
      metadata: { name: 'p' },
      spec: {
        containers: [{ name: 'c', image: 'i' }],
        volumes: [
          { name: 'a' },
          { name: 'a' },
          { name: 'B', emptyDir: {} },
          { name: 'c', emptyDir: {}, hostPath: { path: '/x' } },
          { name: 'd', hostPath: { path: '/a/../b', type: 'X' } },
          { name: 'e', secret: {} },
          { name: 'f', configMap: {} },
          { name: '', emptyDir: {} },
          { name: 'g', persistentVolumeClaim: { claimName: '' } },
          {
            name: 'h',
            secret: {
              secretName: 'x',
              defaultMode: 4000,
              items: [
                { key: '', path: '' },
                { key: 'a', path: '/abs' },
                { key: 'a', path: '../x' },
                { key: 'a', path: '..x' },
              ],
            },
          },
          {
            name: 'i',
            downwardAPI: { items: [{ path: '' }, { path: 'a', fieldRef: { fieldPath: 'spec.nodeName' } }] },
          },
          {
            name: 'j',
            projected: {
              sources: [
                { secret: { name: '' } },
                { serviceAccountToken: { path: 't', expirationSeconds: 1 } },
                { secret: { name: 'a', items: [{ key: 'k', path: 'p' }] } },
                { configMap: { name: 'b', items: [{ key: 'k', path: 'p' }] } },
              ],
            },
          },
          { name: 'k', nfs: { server: '', path: 'x' } },
        ],
      },
    },
    errors: [
      'spec.volumes[1].name: Duplicate value: "a"',
      `spec.volumes[2].name: Invalid value: "B": ${LABEL}`,
      'spec.volumes[3].hostPath: Forbidden: may not specify more than 1 volume type',
      `spec.volumes[4].hostPath.path: Invalid value: "/a/../b": must not contain '..'`,
      'spec.volumes[4].hostPath.type: Unsupported value: "X": supported values: "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"',
      'spec.volumes[5].secret.secretName: Required value',
      'spec.volumes[6].configMap.name: Required value',
      'spec.volumes[7].name: Required value',
      'spec.volumes[8].persistentVolumeClaim.claimName: Required value',
      'spec.volumes[9].secret.defaultMode: Invalid value: 4000: must be a number between 0 and 0777 (octal), both inclusive',
      'spec.volumes[9].secret.items[0].key: Required value',
      'spec.volumes[9].secret.items[0].path: Required value',
      'spec.volumes[9].secret.items[1].path: Invalid value: "/abs": must be a relative path',
      `spec.volumes[9].secret.items[2].path: Invalid value: "../x": must not contain '..'`,
      `spec.volumes[9].secret.items[3].path: Invalid value: "..x": must not start with '..'`,
      'spec.volumes[10].downwardAPI.path: Required value',
      'spec.volumes[10].downwardAPI: Required value: one of fieldRef and resourceFieldRef is required',
      'spec.volumes[10].downwardAPI.fieldRef.fieldPath: Unsupported value: "spec.nodeName": supported values: "metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"',
      'spec.volumes[11].projected.sources[0].secret.name: Required value',
      'spec.volumes[11].projected.sources[1].serviceAccountToken.expirationSeconds: Invalid value: 1: may not specify a duration less than 10 minutes',
      'spec.volumes[11].projected: Invalid value: "b": conflicting duplicate paths',
      'spec.volumes[12].nfs.server: Required value',
      'spec.volumes[12].nfs.path: Invalid value: "x": must be an absolute path',
    ],
  },
  {
    title: 'mounts',
    kind: 'Pod',
    object: {
      metadata: { name: 'p' },
      spec: {
        containers: [
          {
            name: 'c',
            image: 'i',
            volumeMounts: [
              { name: 'v', mountPath: '/a' },
              { name: 'v', mountPath: '/a' },
              { name: 'x', mountPath: '/b' },
              { name: '', mountPath: '' },
              { name: 'v', mountPath: '/c', subPath: '/x' },
              { name: 'v', mountPath: '/d', subPath: '../x', subPathExpr: 'y' },
              { name: 'v', mountPath: '/e', mountPropagation: 'X' },
              { name: 'v', mountPath: '/f', mountPropagation: 'Bidirectional' },
            ],
          },
        ],
        volumes: [{ name: 'v', emptyDir: {} }],
      },
    },
    errors: [
      'spec.containers[0].volumeMounts[1].mountPath: Invalid value: "/a": must be unique',
      'spec.containers[0].volumeMounts[2].name: Not found: "x"',
      'spec.containers[0].volumeMounts[3].name: Required value',
      'spec.containers[0].volumeMounts[3].name: Not found: ""',
      'spec.containers[0].volumeMounts[3].mountPath: Required value',
      'spec.containers[0].volumeMounts.subPath: Invalid value: "/x": must be a relative path',
      `spec.containers[0].volumeMounts.subPath: Invalid value: "../x": must not contain '..'`,
      'spec.containers[0].volumeMounts[5].subPathExpr: Invalid value: "y": subPathExpr and subPath are mutually exclusive',
      'spec.containers[0].volumeMounts.mountPropagation: Unsupported value: "X": supported values: "Bidirectional", "HostToContainer", "None"',
      'spec.containers[0].volumeMounts.mountPropagation: Forbidden: Bidirectional mount propagation is available only to privileged containers',
    ],
  },
  {
    title: 'probes and hooks without handlers',
    kind: 'Pod',
    object: {
      metadata: { name: 'p' },
      spec: {
        containers: [
          {
            name: 'c',
            image: 'i',
            livenessProbe: {},
            readinessProbe: { exec: { command: [] }, timeoutSeconds: -1 },
            startupProbe: {
              httpGet: { port: 0, scheme: 'X', httpHeaders: [{ name: 'a b', value: 'x' }] },
              tcpSocket: { port: '--' },
              successThreshold: 2,
            },
            lifecycle: { preStop: {} },
          },
        ],
      },
    },
    errors: [
      'spec.containers[0].lifecycle.preStop: Required value: must specify a handler type',
      'spec.containers[0].livenessProbe: Required value: must specify a handler type',
      'spec.containers[0].readinessProbe.exec.command: Required value',
      'spec.containers[0].readinessProbe.timeoutSeconds: Invalid value: -1: must be greater than or equal to 0',
      'spec.containers[0].startupProbe.httpGet.port: Invalid value: 0: must be between 1 and 65535, inclusive',
      'spec.containers[0].startupProbe.httpGet.scheme: Unsupported value: "X": supported values: "HTTP", "HTTPS"',
      `spec.containers[0].startupProbe.httpGet.httpHeaders: Invalid value: "a b": a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')`,
      'spec.containers[0].startupProbe.tcpSocket: Forbidden: may not specify more than 1 handler type',
      'spec.containers[0].startupProbe.successThreshold: Invalid value: 2: must be 1',
    ],
  },
  {
    title: 'probes with bad numbers',
    kind: 'Pod',
    object: {
      metadata: { name: 'p' },
      spec: {
        containers: [
          {
            name: 'c',
            image: 'i',
            livenessProbe: { tcpSocket: { port: 70000 }, successThreshold: 3, initialDelaySeconds: -1 },
          },
        ],
      },
    },
    errors: [
      'spec.containers[0].livenessProbe.tcpSocket.port: Invalid value: 70000: must be between 1 and 65535, inclusive',
      'spec.containers[0].livenessProbe.initialDelaySeconds: Invalid value: -1: must be greater than or equal to 0',
      'spec.containers[0].livenessProbe.successThreshold: Invalid value: 3: must be 1',
    ],
  },
];

describe('validation of pods: metadata and containers', () => {
  for (const { title, kind, object, errors } of REFUSED) {
    it(`refuses ${title}`, () => {
      assert.deepEqual(errorsOf(kind, object).sort(), [...errors].sort());
    });
  }
});
