/** Kinds of the core group. */
import { type KindProbe, themeOf } from './lifecycle.ts';

const core = { apiVersion: 'v1' };

/** A container with nearly every field of 1.20. */
export const fullContainer = {
  name: 'main',
  image: 'example.invalid/main',
  command: ['/bin/main'],
  args: ['--verbose', '$(WHO)'],
  workingDir: '/tmp',
  ports: [
    { name: 'http', containerPort: 8080 },
    { containerPort: 53, protocol: 'UDP', hostPort: 5353 },
  ],
  envFrom: [{ prefix: 'P_', configMapRef: { name: 'config', optional: true } }, { secretRef: { name: 'secret' } }],
  env: [
    { name: 'WHO', value: 'me' },
    { name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    { name: 'CPU', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } },
    { name: 'KEY', valueFrom: { secretKeyRef: { name: 'secret', key: 'key' } } },
    { name: 'MAP', valueFrom: { configMapKeyRef: { name: 'config', key: 'key', optional: true } } },
  ],
  resources: { limits: { cpu: '1500m', memory: '1.5Gi' }, requests: { cpu: 0.5, memory: '1000000k' } },
  volumeMounts: [
    { name: 'empty', mountPath: '/empty' },
    { name: 'config', mountPath: '/config', readOnly: true, subPath: 'key' },
  ],
  livenessProbe: { httpGet: { path: '/live', port: 'http', httpHeaders: [{ name: 'X-A', value: 'b' }] } },
  readinessProbe: { exec: { command: ['ready'] }, initialDelaySeconds: 1, periodSeconds: 2, successThreshold: 3 },
  startupProbe: { tcpSocket: { port: 8080 }, failureThreshold: 30 },
  lifecycle: { postStart: { exec: { command: ['start'] } }, preStop: { httpGet: { port: 8080 } } },
  securityContext: {
    runAsUser: 1000,
    runAsNonRoot: true,
    readOnlyRootFilesystem: true,
    allowPrivilegeEscalation: false,
    capabilities: { add: ['NET_ADMIN'], drop: ['ALL'] },
    seccompProfile: { type: 'RuntimeDefault' },
  },
  stdin: true,
  tty: true,
};

/** A pod's spec with nearly every field of 1.20. */
export const fullPodSpec = {
  schedulerName: 'conformance-nobody',
  serviceAccountName: 'default',
  automountServiceAccountToken: false,
  initContainers: [{ name: 'init', image: 'example.invalid/init:1' }],
  containers: [fullContainer, { name: 'side', image: 'example.invalid/side@sha256:0123', imagePullPolicy: 'Never' }],
  volumes: [
    { name: 'empty', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } },
    { name: 'config', configMap: { name: 'config', items: [{ key: 'key', path: 'key' }] } },
    { name: 'secret', secret: { secretName: 'secret', defaultMode: 256 } },
    { name: 'host', hostPath: { path: '/var/log' } },
    { name: 'down', downwardAPI: { items: [{ path: 'name', fieldRef: { fieldPath: 'metadata.name' } }] } },
    {
      name: 'all',
      projected: {
        sources: [
          { serviceAccountToken: { path: 'token', audience: 'me' } },
          { secret: { name: 'secret' } },
          { configMap: { name: 'config' } },
        ],
      },
    },
    { name: 'claim', persistentVolumeClaim: { claimName: 'claim' } },
    { name: 'nfs', nfs: { server: 'nfs.example.com', path: '/' } },
    { name: 'iscsi', iscsi: { targetPortal: '10.1.2.3', iqn: 'iqn.2001-01.com.example:x', lun: 0 } },
    { name: 'csi', csi: { driver: 'driver.example.com', readOnly: true } },
  ],
  restartPolicy: 'OnFailure',
  terminationGracePeriodSeconds: 5,
  activeDeadlineSeconds: 600,
  dnsPolicy: 'None',
  dnsConfig: { nameservers: ['10.1.2.3'], searches: ['example.com'], options: [{ name: 'ndots', value: '2' }] },
  nodeSelector: { 'example.com/disk': 'ssd' },
  hostname: 'host',
  subdomain: 'sub',
  securityContext: {
    fsGroup: 2000,
    supplementalGroups: [1, 2],
    sysctls: [{ name: 'kernel.shm_rmid_forced', value: '1' }],
  },
  imagePullSecrets: [{ name: 'pull' }],
  tolerations: [{ key: 'a', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 30 }, { operator: 'Exists' }],
  hostAliases: [{ ip: '10.1.2.3', hostnames: ['a.example.com'] }],
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'In', values: ['b'] }] }],
      },
    },
    podAntiAffinity: {
      preferredDuringSchedulingIgnoredDuringExecution: [
        { weight: 1, podAffinityTerm: { labelSelector: { matchLabels: { a: 'b' } }, topologyKey: 'zone' } },
      ],
    },
  },
  topologySpreadConstraints: [
    { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchLabels: { a: 'b' } } },
  ],
  readinessGates: [{ conditionType: 'example.com/gate' }],
  enableServiceLinks: false,
  shareProcessNamespace: true,
};

const container = (fields: object) => ({
  spec: { containers: [{ name: 'main', image: 'example.invalid/main:1', ...fields }] },
});
const volume = (fields: object) => ({ spec: { volumes: [{ name: 'v', ...fields }] } });

const pods: KindProbe = {
  ...core,
  resource: 'pods',
  full: { spec: fullPodSpec },
  invalid: [
    ['no containers', { spec: { containers: null } }],
    ['no spec', { spec: null }],
    ['containers of another type', { spec: { containers: 'main' } }],
    ['a container without name and image', { spec: { containers: [{}] } }],
    [
      'two containers of one name',
      {
        spec: {
          containers: [
            { name: 'a', image: 'a' },
            { name: 'a', image: 'a' },
          ],
        },
      },
    ],
    ['a container with a bad name', container({ name: 'Main_1' })],
    ['restartPolicy', { spec: { restartPolicy: 'Sometimes' } }],
    ['dnsPolicy', { spec: { dnsPolicy: 'Guess' } }],
    ['dnsPolicy None without servers', { spec: { dnsPolicy: 'None' } }],
    ['imagePullPolicy', container({ imagePullPolicy: 'Maybe' })],
    ['a port out of range', container({ ports: [{ containerPort: 70_000 }] })],
    ['a port of another protocol', container({ ports: [{ containerPort: 80, protocol: 'ICMP' }] })],
    [
      'a port twice',
      container({
        ports: [
          { containerPort: 80, hostPort: 80 },
          { containerPort: 81, hostPort: 80 },
        ],
      }),
    ],
    ['a port name', container({ ports: [{ containerPort: 80, name: 'HTTP_of_the_web' }] })],
    ['env without name', container({ env: [{ value: 'x' }] })],
    ['env with = in its name', container({ env: [{ name: 'a=b', value: 'x' }] })],
    [
      'env with value and valueFrom',
      container({ env: [{ name: 'A', value: 'x', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }] }),
    ],
    [
      'env from an unknown field',
      container({ env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'spec.nothing' } } }] }),
    ],
    ['env from nothing', container({ env: [{ name: 'A', valueFrom: {} }] })],
    ['a request above the limit', container({ resources: { limits: { cpu: '1' }, requests: { cpu: '2' } } })],
    ['a negative request', container({ resources: { requests: { memory: '-1' } } })],
    ['a quantity that is none', container({ resources: { requests: { cpu: 'much' } } })],
    ['an unknown resource', container({ resources: { limits: { 'what ever': '1' } } })],
    ['an extended resource in parts', container({ resources: { limits: { 'example.com/gpu': '500m' } } })],
    ['a mount of nothing', container({ volumeMounts: [{ name: 'none', mountPath: '/x' }] })],
    [
      'a mount without a path',
      {
        spec: {
          volumes: [{ name: 'v', emptyDir: {} }],
          containers: [{ name: 'm', image: 'i', volumeMounts: [{ name: 'v', mountPath: '' }] }],
        },
      },
    ],
    [
      'a subPath that climbs',
      {
        spec: {
          volumes: [{ name: 'v', emptyDir: {} }],
          containers: [{ name: 'm', image: 'i', volumeMounts: [{ name: 'v', mountPath: '/a', subPath: '../b' }] }],
        },
      },
    ],
    ['a probe of nothing', container({ livenessProbe: {} })],
    ['a probe of two', container({ livenessProbe: { exec: { command: ['a'] }, tcpSocket: { port: 1 } } })],
    ['a probe with a negative period', container({ livenessProbe: { exec: { command: ['a'] }, periodSeconds: -1 } })],
    [
      'a liveness probe with successThreshold',
      container({ livenessProbe: { exec: { command: ['a'] }, successThreshold: 2 } }),
    ],
    ['a probe of an unnamed port', container({ readinessProbe: { httpGet: { port: 'Not valid' } } })],
    ['a hook of nothing', container({ lifecycle: { preStop: {} } })],
    ['a user below zero', container({ securityContext: { runAsUser: -1 } })],
    [
      'privileged without escalation',
      container({ securityContext: { privileged: true, allowPrivilegeEscalation: false } }),
    ],
    ['a volume of nothing', volume({})],
    ['a volume of two', volume({ emptyDir: {}, hostPath: { path: '/x' } })],
    ['a volume with a bad name', { spec: { volumes: [{ name: 'Not_Valid', emptyDir: {} }] } }],
    ['a hostPath that climbs', volume({ hostPath: { path: '/a/../b' } })],
    ['a hostPath type', volume({ hostPath: { path: '/a', type: 'Thing' } })],
    ['a configMap volume without name', volume({ configMap: {} })],
    ['a secret mode out of range', volume({ secret: { secretName: 'x', defaultMode: 1000 } })],
    [
      'a projected path twice',
      volume({
        projected: {
          sources: [
            {
              downwardAPI: {
                items: [
                  { path: 'a', fieldRef: { fieldPath: 'metadata.name' } },
                  { path: '../a', fieldRef: { fieldPath: 'metadata.name' } },
                ],
              },
            },
          ],
        },
      }),
    ],
    ['a toleration without effect but seconds', { spec: { tolerations: [{ key: 'a', tolerationSeconds: 5 }] } }],
    ['a toleration operator', { spec: { tolerations: [{ key: 'a', operator: 'Like' }] } }],
    ['a toleration of everything with a value', { spec: { tolerations: [{ operator: 'Exists', value: 'x' }] } }],
    ['a node selector with a bad key', { spec: { nodeSelector: { 'a b': 'c' } } }],
    [
      'affinity without terms',
      {
        spec: {
          affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } } },
        },
      },
    ],
    [
      'affinity with an operator',
      {
        spec: {
          affinity: {
            nodeAffinity: {
              requiredDuringSchedulingIgnoredDuringExecution: {
                nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'Like' }] }],
              },
            },
          },
        },
      },
    ],
    [
      'anti-affinity without topology',
      {
        spec: {
          affinity: {
            podAntiAffinity: {
              requiredDuringSchedulingIgnoredDuringExecution: [{ labelSelector: {}, topologyKey: '' }],
            },
          },
        },
      },
    ],
    [
      'spread of zero',
      { spec: { topologySpreadConstraints: [{ maxSkew: 0, topologyKey: '', whenUnsatisfiable: 'Never' }] } },
    ],
    ['a host alias without an address', { spec: { hostAliases: [{ ip: 'none', hostnames: ['a b'] }] } }],
    ['a hostname', { spec: { hostname: 'a.b', subdomain: 'C' } }],
    ['a deadline of zero', { spec: { activeDeadlineSeconds: 0 } }],
    ['a negative grace period', { spec: { terminationGracePeriodSeconds: -5 } }],
    ['a grace period as text', { spec: { terminationGracePeriodSeconds: '5' } }],
    [
      'hostNetwork with other ports',
      {
        spec: {
          hostNetwork: true,
          containers: [{ name: 'm', image: 'i', ports: [{ containerPort: 80, hostPort: 81 }] }],
        },
      },
    ],
    ['a sysctl', { spec: { securityContext: { sysctls: [{ name: 'A b', value: '1' }] } } }],
    ['a readiness gate', { spec: { readinessGates: [{ conditionType: 'a b' }] } }],
    ['a service account that is not there', { spec: { serviceAccountName: 'nobody' } }],
    ['a service account name', { spec: { serviceAccountName: 'No_Body' } }],
    ['a priority class that is not there', { spec: { priorityClassName: 'nothing' } }],
    ['a priority without a class', { spec: { priority: 5 } }],
    ['a runtime class that is not there', { spec: { runtimeClassName: 'nothing' } }],
    ['an ephemeral container at creation', { spec: { ephemeralContainers: [{ name: 'e', image: 'i' }] } }],
    ['an init container of the same name', { spec: { initContainers: [{ name: 'main', image: 'i' }] } }],
    [
      'an init container with a probe',
      { spec: { initContainers: [{ name: 'i', image: 'i', readinessProbe: { exec: { command: ['a'] } } }] } },
    ],
    [
      'an annotation without sense',
      { metadata: { annotations: { 'seccomp.security.alpha.kubernetes.io/pod': 'guess' } } },
    ],
  ],
  immutable: [
    ['image', { spec: { containers: [{ name: 'main', image: 'example.invalid/main:2' }] } }],
    ['an empty image', { spec: { containers: [{ name: 'main', image: '' }] } }],
    ['another container', { spec: { containers: [{ name: 'other', image: 'example.invalid/main:2' }] } }],
    ['command', { spec: { containers: [{ name: 'main', image: 'example.invalid/main:1', command: ['x'] }] } }],
    ['restartPolicy', { spec: { restartPolicy: 'Never' } }],
    ['nodeName', { spec: { nodeName: 'somewhere' } }],
    ['a toleration more', { spec: { tolerations: [{ key: 'more', operator: 'Exists' }] } }],
    ['deadline down', { spec: { activeDeadlineSeconds: 100 } }],
    ['deadline up', { spec: { activeDeadlineSeconds: 200 } }],
    ['deadline away', { spec: { activeDeadlineSeconds: null } }],
  ],
  status: [
    { status: { phase: 'Running', podIP: '10.1.2.3', conditions: [{ type: 'Ready', status: 'True' }] } },
    { status: { phase: 'Dreaming' } },
    {
      status: {
        containerStatuses: [
          {
            name: 'main',
            image: 'i',
            imageID: 'id',
            ready: true,
            restartCount: 3,
            state: { running: { startedAt: '2001-01-02T03:04:05Z' } },
          },
        ],
      },
    },
    { status: { phase: 5 } },
    { status: { nominatedNodeName: 'Not_Valid' } },
  ],
};

const services: KindProbe = {
  ...core,
  resource: 'services',
  full: {
    spec: {
      type: 'NodePort',
      selector: { app: 'web' },
      ports: [
        { name: 'http', port: 80, targetPort: 'http', appProtocol: 'http' },
        { name: 'dns', port: 53, protocol: 'UDP' },
      ],
      externalIPs: ['198.51.100.7'],
      sessionAffinity: 'ClientIP',
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } },
      externalTrafficPolicy: 'Local',
      publishNotReadyAddresses: true,
    },
  },
  invalid: [
    ['no ports', { spec: { ports: null } }],
    ['a port of zero', { spec: { ports: [{ port: 0 }] } }],
    ['a port as text', { spec: { ports: [{ port: '80' }] } }],
    ['two ports without names', { spec: { ports: [{ port: 80 }, { port: 81 }] } }],
    [
      'two ports of one name',
      {
        spec: {
          ports: [
            { name: 'a', port: 80 },
            { name: 'a', port: 81 },
          ],
        },
      },
    ],
    [
      'a port twice',
      {
        spec: {
          ports: [
            { name: 'a', port: 80 },
            { name: 'b', port: 80 },
          ],
        },
      },
    ],
    ['a port name', { spec: { ports: [{ name: 'Not_Valid', port: 80 }] } }],
    ['a protocol', { spec: { ports: [{ port: 80, protocol: 'ICMP' }] } }],
    ['a target port', { spec: { ports: [{ port: 80, targetPort: 'not valid' }] } }],
    ['a type', { spec: { type: 'Something' } }],
    ['an external name without a name', { spec: { type: 'ExternalName', ports: null } }],
    ['an external name that is none', { spec: { type: 'ExternalName', externalName: 'a_b', ports: null } }],
    ['a cluster address that is none', { spec: { clusterIP: 'here' } }],
    ['a cluster address out of range', { spec: { clusterIP: '192.0.2.1' } }],
    ['headless with a node port', { spec: { clusterIP: 'None', type: 'NodePort' } }],
    ['a node port out of range', { spec: { type: 'NodePort', ports: [{ port: 80, nodePort: 80 }] } }],
    ['a node port without the type', { spec: { ports: [{ port: 80, nodePort: 30123 }] } }],
    ['an affinity', { spec: { sessionAffinity: 'Sticky' } }],
    [
      'an affinity timeout',
      { spec: { sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 0 } } } },
    ],
    ['a selector', { spec: { selector: { 'a b': 'c' } } }],
    ['an external address', { spec: { externalIPs: ['127.0.0.1', 'x'] } }],
    ['a traffic policy on a ClusterIP', { spec: { externalTrafficPolicy: 'Local' } }],
    ['source ranges', { spec: { type: 'LoadBalancer', loadBalancerSourceRanges: ['10.0.0.0'] } }],
    ['a name that begins with a digit', { metadata: { name: '1web' } }],
    ['a dotted name', { metadata: { name: 'web.front' } }],
  ],
  immutable: [
    ['clusterIP', { spec: { clusterIP: '10.96.200.200' } }],
    ['to a node port', { spec: { type: 'NodePort' } }],
    [
      'to an external name',
      { spec: { type: 'ExternalName', externalName: 'example.com', clusterIP: '', clusterIPs: null } },
    ],
    ['and back', { spec: { type: 'ClusterIP', externalName: null } }],
    [
      'a port more',
      {
        spec: {
          ports: [
            { name: 'a', port: 80 },
            { name: 'b', port: 81 },
          ],
        },
      },
    ],
  ],
  status: [
    { status: { loadBalancer: { ingress: [{ ip: '198.51.100.7' }] } } },
    { status: { loadBalancer: { ingress: [{ ip: 'here', hostname: '10.0.0.1' }] } } },
    { spec: { type: 'NodePort' } },
  ],
};

const others: KindProbe[] = [
  {
    ...core,
    resource: 'namespaces',
    lingers: true,
    controlled: true,
    full: { spec: { finalizers: ['kubernetes', 'example.com/more'] } },
    invalid: [
      ['a dotted name', { metadata: { name: '{ns}.x' } }],
      ['a long name', { metadata: { name: `{ns}${'x'.repeat(60)}` } }],
      ['a finalizer without a domain', { spec: { finalizers: ['nodomain'] } }],
      ['finalizers as text', { spec: { finalizers: 'kubernetes' } }],
      ['a spec that is a list', { spec: [] }],
      ['labels with bad values', { metadata: { labels: { a: '-' } } }],
    ],
    status: [
      { status: { phase: 'Terminating' } },
      { status: { conditions: [{ type: 'Some', status: 'True', reason: 'Because', message: 'so' }] } },
      { status: { phase: 5 } },
    ],
  },
  {
    ...core,
    resource: 'configmaps',
    full: { data: { key: 'value', 'a.b-c_d': '', text: 'ü\n' }, binaryData: { bin: 'AAECAw==' }, immutable: false },
    invalid: [
      ['a key with a slash', { data: { 'a/b': 'c' } }],
      ['an empty key', { data: { '': 'c' } }],
      ['the key ..', { data: { '..': 'c' } }],
      ['a key in both', { data: { a: 'b' }, binaryData: { a: 'YQ==' } }],
      ['a number', { data: { a: 5 } }],
      ['data that is a list', { data: ['a'] }],
      ['no base64', { binaryData: { a: '***' } }],
      ['a long key', { data: { ['k'.repeat(254)]: 'c' } }],
    ],
    immutable: [
      ['made immutable', { immutable: true }],
      ['data', { data: { key: 'other' } }],
      ['made mutable', { immutable: false }],
      ['a label', { metadata: { labels: { a: 'b' } } }],
    ],
  },
  {
    ...core,
    resource: 'secrets',
    full: {
      type: 'example.com/some',
      data: { key: 'dmFsdWU=' },
      stringData: { text: 'plain', key: 'wins' },
      immutable: false,
    },
    invalid: [
      ['a key with a blank', { data: { 'a b': 'Yw==' } }],
      ['an empty key', { data: { '': 'Yw==' } }],
      ['no base64', { data: { a: '***' } }],
      ['basic auth without anything', { type: 'kubernetes.io/basic-auth' }],
      ['ssh auth without a key', { type: 'kubernetes.io/ssh-auth' }],
      ['tls without files', { type: 'kubernetes.io/tls' }],
      ['dockercfg that is no JSON', { type: 'kubernetes.io/dockercfg', data: { '.dockercfg': 'eA==' } }],
      ['dockerconfigjson without its key', { type: 'kubernetes.io/dockerconfigjson' }],
      ['a token of nobody', { type: 'kubernetes.io/service-account-token' }],
      ['a type that is a number', { type: 5 }],
    ],
    immutable: [
      ['type', { type: 'example.com/other' }],
      ['made immutable', { immutable: true }],
      ['data', { data: { key: 'b3RoZXI=' } }],
      ['stringData', { stringData: { key: 'other' } }],
      ['made mutable', { immutable: null }],
    ],
  },
  {
    ...core,
    resource: 'serviceaccounts',
    full: { secrets: [{ name: 'token' }], imagePullSecrets: [{ name: 'pull' }], automountServiceAccountToken: false },
    invalid: [
      ['secrets that are text', { secrets: 'token' }],
      ['secrets of names only', { secrets: ['token'] }],
      ['automount as text', { automountServiceAccountToken: 'no' }],
      ['a name with a colon', { metadata: { name: 'a:b' } }],
      ['imagePullSecrets that are an object', { imagePullSecrets: { name: 'pull' } }],
    ],
  },
  {
    ...core,
    resource: 'endpoints',
    full: {
      subsets: [
        {
          addresses: [
            { ip: '10.1.2.4', nodeName: 'one', targetRef: { kind: 'Pod', name: 'a', namespace: '{ns}', uid: 'u' } },
            { ip: '10.1.2.3', hostname: 'web' },
          ],
          notReadyAddresses: [{ ip: '10.1.2.5' }],
          ports: [
            { name: 'b', port: 81 },
            { name: 'a', port: 80, protocol: 'UDP', appProtocol: 'http' },
          ],
        },
        { addresses: [{ ip: '10.1.2.3' }], ports: [{ name: 'b', port: 81 }] },
      ],
    },
    invalid: [
      ['a subset without addresses', { subsets: [{ ports: [{ port: 80 }] }] }],
      ['an address that is none', { subsets: [{ addresses: [{ ip: 'here' }], ports: [{ port: 80 }] }] }],
      ['a loopback address', { subsets: [{ addresses: [{ ip: '127.0.0.1' }], ports: [{ port: 80 }] }] }],
      ['a link-local address', { subsets: [{ addresses: [{ ip: '169.254.1.1' }], ports: [{ port: 80 }] }] }],
      [
        'two ports without names',
        { subsets: [{ addresses: [{ ip: '10.1.2.3' }], ports: [{ port: 80 }, { port: 81 }] }] },
      ],
      ['a protocol', { subsets: [{ addresses: [{ ip: '10.1.2.3' }], ports: [{ port: 80, protocol: 'ICMP' }] }] }],
      ['a hostname', { subsets: [{ addresses: [{ ip: '10.1.2.3', hostname: 'a_b' }], ports: [{ port: 80 }] }] }],
      ['a node name', { subsets: [{ addresses: [{ ip: '10.1.2.3', nodeName: 'a_b' }], ports: [{ port: 80 }] }] }],
      ['subsets that are an object', { subsets: {} }],
    ],
  },
  {
    ...core,
    resource: 'replicationcontrollers',
    controlled: true,
    lingers: true,
    full: {
      spec: {
        replicas: 0,
        minReadySeconds: 3,
        selector: { rc: 'x', app: 'web' },
        template: { metadata: { labels: { rc: 'x', app: 'web' }, annotations: { a: 'b' } } },
      },
    },
    invalid: [
      ['no template', { spec: { template: null } }],
      ['no selector and no labels', { spec: { selector: null, template: { metadata: { labels: null } } } }],
      ['another selector', { spec: { selector: { other: 'x' } } }],
      ['negative replicas', { spec: { replicas: -1 } }],
      ['replicas as text', { spec: { replicas: '1' } }],
      ['a template that ends', { spec: { template: { spec: { restartPolicy: 'Never' } } } }],
      ['a template without containers', { spec: { template: { spec: { containers: [] } } } }],
      ['negative minReadySeconds', { spec: { minReadySeconds: -1 } }],
    ],
    immutable: [
      ['selector', { spec: { selector: { rc: 'other' } } }],
      [
        'labels and selector',
        { spec: { selector: { rc: 'other' }, template: { metadata: { labels: { rc: 'other' } } } } },
      ],
      ['negative replicas', { spec: { replicas: -1 } }],
    ],
    status: [
      { status: { replicas: 0, fullyLabeledReplicas: 0, observedGeneration: 1 } },
      { status: { replicas: -1 } },
      { status: { replicas: 1, readyReplicas: 2, availableReplicas: 3, fullyLabeledReplicas: 4 } },
    ],
  },
  {
    ...core,
    resource: 'nodes',
    controlled: true,
    full: {
      spec: {
        podCIDR: '10.9.8.0/24',
        podCIDRs: ['10.9.8.0/24'],
        providerID: 'example://one',
        unschedulable: true,
        taints: [{ key: 'example.com/a', value: 'b', effect: 'NoSchedule' }],
      },
      status: {
        capacity: { cpu: '4', memory: '8Gi', 'example.com/gpu': '1' },
        addresses: [
          { type: 'InternalIP', address: '10.1.2.3' },
          { type: 'Hostname', address: 'one' },
        ],
        nodeInfo: { kubeletVersion: 'v1.20.2' },
      },
    },
    invalid: [
      ['a taint without effect', { spec: { taints: [{ key: 'a', effect: '' }] } }],
      ['a taint effect', { spec: { taints: [{ key: 'a', effect: 'Sometimes' }] } }],
      [
        'a taint twice',
        {
          spec: {
            taints: [
              { key: 'a', effect: 'NoExecute' },
              { key: 'a', value: 'b', effect: 'NoExecute' },
            ],
          },
        },
      ],
      ['a taint key', { spec: { taints: [{ key: 'a b', value: 'c d', effect: 'NoExecute' }] } }],
      ['a CIDR that is none', { spec: { podCIDRs: ['here'], podCIDR: 'here' } }],
      ['two CIDRs of one family', { spec: { podCIDRs: ['10.9.8.0/24', '10.9.9.0/24'], podCIDR: '10.9.8.0/24' } }],
      ['taints as text', { spec: { taints: 'a=b:NoExecute' } }],
      ['a negative capacity', { status: { capacity: { cpu: '-1' } } }],
    ],
    immutable: [
      ['podCIDR', { spec: { podCIDR: '10.9.8.0/24', podCIDRs: ['10.9.8.0/24'] } }],
      ['another podCIDR', { spec: { podCIDR: '10.9.9.0/24', podCIDRs: ['10.9.9.0/24'] } }],
      ['providerID', { spec: { providerID: 'example://one' } }],
      ['another providerID', { spec: { providerID: 'example://two' } }],
      ['a taint', { spec: { taints: [{ key: 'a', effect: 'NoSchedule' }] } }],
    ],
    status: [
      {
        status: {
          conditions: [{ type: 'Ready', status: 'True', reason: 'Up', message: 'up' }],
          allocatable: { cpu: '1' },
        },
      },
      { status: { addresses: [{ type: 'InternalIP', address: '10.1.2.3' }] } },
      { status: { capacity: { cpu: 'much' } } },
    ],
  },
  {
    ...core,
    resource: 'events',
    full: {
      source: { component: 'tester', host: 'one' },
      reportingComponent: 'example.com/tester',
      reportingInstance: 'tester-1',
      action: 'Testing',
      eventTime: '2001-01-02T03:04:05.000006Z',
      series: { count: 2, lastObservedTime: '2001-01-02T03:04:06.000006Z' },
      related: { kind: 'Node', name: 'one' },
    },
    invalid: [
      ['another namespace of what it is about', { involvedObject: { namespace: 'other' } }],
      ['no namespace of what it is about', { involvedObject: { namespace: null } }],
      ['a time that is none', { firstTimestamp: 'now' }],
      ['a count as text', { count: '1' }],
      ['a message as a number', { message: 5 }],
      ['nothing it is about', { involvedObject: null }],
      ['eventTime without reporter', { eventTime: '2001-01-02T03:04:05.000006Z' }],
    ],
  },
  {
    ...core,
    resource: 'podtemplates',
    full: { template: { metadata: { labels: { a: 'b' } }, spec: fullPodSpec } },
    invalid: [
      ['a template without containers', { template: { spec: { containers: [] } } }],
      ['a template with a bad container', { template: { spec: { containers: [{ name: 'A' }] } } }],
      ['a template with bad labels', { template: { metadata: { labels: { 'a b': 'c' } } } }],
      ['a template that is text', { template: 'x' }],
      ['no template', { template: null }],
      ['a restart policy', { template: { spec: { restartPolicy: 'Sometimes' } } }],
    ],
  },
  {
    ...core,
    resource: 'limitranges',
    full: {
      spec: {
        limits: [
          {
            type: 'Container',
            max: { cpu: '2', memory: '1Gi' },
            min: { cpu: '100m', memory: '1Mi' },
            default: { cpu: '1', memory: '512Mi' },
            defaultRequest: { cpu: '200m' },
            maxLimitRequestRatio: { cpu: '10' },
          },
          { type: 'PersistentVolumeClaim', max: { storage: '10Gi' } },
        ],
      },
    },
    invalid: [
      ['min above max', { spec: { limits: [{ type: 'Pod', min: { cpu: '2' }, max: { cpu: '1' } }] } }],
      ['default above max', { spec: { limits: [{ type: 'Container', default: { cpu: '2' }, max: { cpu: '1' } }] } }],
      ['a default for pods', { spec: { limits: [{ type: 'Pod', default: { cpu: '2' } }] } }],
      ['a type twice', { spec: { limits: [{ type: 'Pod' }, { type: 'Pod' }] } }],
      ['a type that is none', { spec: { limits: [{ type: 'Thing' }] } }],
      ['a claim without storage', { spec: { limits: [{ type: 'PersistentVolumeClaim' }] } }],
      ['a ratio below one', { spec: { limits: [{ type: 'Pod', maxLimitRequestRatio: { cpu: '500m' } }] } }],
      ['a quantity that is none', { spec: { limits: [{ type: 'Pod', max: { cpu: 'much' } }] } }],
      ['no limits', { spec: { limits: null } }],
    ],
  },
  {
    ...core,
    resource: 'resourcequotas',
    controlled: true,
    full: {
      spec: {
        hard: { 'count/widgets.example.com': '1', 'requests.storage': '1Ti' },
        scopes: null,
        scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values: ['none'] }] },
      },
    },
    invalid: [
      ['a negative limit', { spec: { hard: { pods: '-1' } } }],
      ['half a pod', { spec: { hard: { pods: '0.5' } } }],
      ['a resource that is none', { spec: { hard: { 'a b': '1' } } }],
      ['a standard resource that is none', { spec: { hard: { things: '1' } } }],
      ['scopes that exclude one another', { spec: { hard: { pods: '1' }, scopes: ['BestEffort', 'NotBestEffort'] } }],
      ['a scope that is none', { spec: { hard: { pods: '1' }, scopes: ['Some'] } }],
      ['a scope for another resource', { spec: { hard: { services: '1' }, scopes: ['BestEffort'] } }],
      [
        'a scope operator',
        {
          spec: {
            hard: { pods: '1' },
            scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'Like' }] },
          },
        },
      ],
      ['a quantity that is none', { spec: { hard: { pods: 'much' } } }],
    ],
    immutable: [
      ['scopes', { spec: { scopes: ['Terminating'] } }],
      ['more', { spec: { hard: { 'count/x.example.com': '2' } } }],
    ],
    status: [{ status: { hard: { pods: '5' }, used: { pods: '1' } } }, { status: { used: { pods: '-1' } } }],
  },
  {
    ...core,
    resource: 'persistentvolumes',
    lingers: true,
    controlled: true,
    full: {
      spec: {
        accessModes: ['ReadWriteOnce', 'ReadOnlyMany'],
        persistentVolumeReclaimPolicy: 'Recycle',
        mountOptions: ['hard'],
        volumeMode: 'Filesystem',
        claimRef: { kind: 'PersistentVolumeClaim', namespace: '{ns}', name: 'claim' },
        hostPath: { type: 'DirectoryOrCreate' },
        nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'Exists' }] }] } },
      },
    },
    invalid: [
      ['no capacity', { spec: { capacity: null } }],
      ['a capacity of zero', { spec: { capacity: { storage: '0' } } }],
      ['another capacity', { spec: { capacity: { storage: '1Gi', cpu: '1' } } }],
      ['no access modes', { spec: { accessModes: [] } }],
      ['an access mode that is none', { spec: { accessModes: ['Sometimes'] } }],
      ['no source', { spec: { hostPath: null } }],
      ['two sources', { spec: { nfs: { server: 'a', path: '/b' } } }],
      ['a path that climbs', { spec: { hostPath: { path: '/a/../b' } } }],
      ['a reclaim policy', { spec: { persistentVolumeReclaimPolicy: 'Burn' } }],
      ['a volume mode', { spec: { volumeMode: 'Sideways' } }],
      ['a class name', { spec: { storageClassName: 'Not_Valid' } }],
      ['recycling the root', { spec: { hostPath: { path: '/' }, persistentVolumeReclaimPolicy: 'Recycle' } }],
      ['local without affinity', { spec: { hostPath: null, local: { path: '/x' } } }],
    ],
    immutable: [
      ['source', { spec: { hostPath: { path: '/other' } } }],
      ['capacity', { spec: { capacity: { storage: '2Gi' } } }],
      ['volumeMode', { spec: { volumeMode: 'Block' } }],
    ],
    status: [{ status: { phase: 'Released', message: 'gone', reason: 'Test' } }, { status: { phase: 5 } }],
  },
  {
    ...core,
    resource: 'persistentvolumeclaims',
    lingers: true,
    controlled: true,
    full: {
      spec: {
        selector: { matchLabels: { a: 'b' }, matchExpressions: [{ key: 'c', operator: 'NotIn', values: ['d'] }] },
        volumeName: 'nothing',
        volumeMode: 'Block',
        resources: { limits: { storage: '2Gi' } },
        dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'snap' },
      },
    },
    invalid: [
      ['no access modes', { spec: { accessModes: null } }],
      ['an access mode that is none', { spec: { accessModes: ['Sometimes'] } }],
      ['no storage', { spec: { resources: null } }],
      ['negative storage', { spec: { resources: { requests: { storage: '-1Gi' } } } }],
      ['no storage at all', { spec: { resources: { requests: { storage: '0' } } } }],
      ['a class name', { spec: { storageClassName: 'Not_Valid' } }],
      ['a volume mode', { spec: { volumeMode: 'Sideways' } }],
      ['a selector operator', { spec: { selector: { matchExpressions: [{ key: 'c', operator: 'Like' }] } } }],
      ['a source without a kind', { spec: { dataSource: { apiGroup: 'a.example.com', kind: '', name: '' } } }],
      ['storage as a list', { spec: { resources: { requests: ['1Gi'] } } }],
    ],
    immutable: [
      ['accessModes', { spec: { accessModes: ['ReadWriteMany'] } }],
      ['more storage while unbound', { spec: { resources: { requests: { storage: '2Gi' } } } }],
      ['volumeName', { spec: { volumeName: 'some' } }],
    ],
    status: [
      { status: { phase: 'Bound', accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' } } },
      { status: { conditions: [{ type: 'Resizing', status: 'True' }] } },
      { status: { accessModes: ['Sometimes'], capacity: { storage: '-1' } } },
    ],
  },
  {
    apiVersion: 'coordination.k8s.io/v1',
    resource: 'leases',
    full: {
      spec: {
        acquireTime: '2001-01-02T03:04:05.000006Z',
        renewTime: '2001-01-02T03:04:05.000007Z',
        leaseTransitions: 3,
      },
    },
    invalid: [
      ['a duration of zero', { spec: { leaseDurationSeconds: 0 } }],
      ['a negative duration', { spec: { leaseDurationSeconds: -1 } }],
      ['negative transitions', { spec: { leaseTransitions: -1 } }],
      ['a time that is none', { spec: { renewTime: 'now' } }],
      ['a holder that is a number', { spec: { holderIdentity: 5 } }],
      ['a duration as text', { spec: { leaseDurationSeconds: '30' } }],
    ],
  },
  {
    apiVersion: 'events.k8s.io/v1',
    resource: 'events',
    full: {
      series: { count: 2, lastObservedTime: '2001-01-02T03:04:06.000006Z' },
      related: { kind: 'Node', name: 'one' },
      deprecatedSource: { component: 'tester' },
      metadata: { labels: { app: 'web' } },
    },
    invalid: [
      ['no time', { eventTime: null }],
      ['no controller', { reportingController: null }],
      ['a controller that is none', { reportingController: 'not valid' }],
      ['no instance', { reportingInstance: null }],
      ['no action', { action: null }],
      ['no reason', { reason: null }],
      ['a type', { type: 'Strange' }],
      ['a long note', { note: 'n'.repeat(1100) }],
      ['a long reason', { reason: 'r'.repeat(130) }],
      ['a series of one', { series: { count: 1, lastObservedTime: '2001-01-02T03:04:06.000006Z' } }],
      ['a deprecated count', { deprecatedCount: 3 }],
      ['another namespace', { regarding: { namespace: 'other' } }],
    ],
    immutable: [
      ['reason', { reason: 'Other' }],
      ['note', { note: 'other' }],
      ['a label', { metadata: { labels: { a: 'b' } } }],
    ],
  },
];

export const coreThemes = [pods, services, ...others].map(themeOf);
