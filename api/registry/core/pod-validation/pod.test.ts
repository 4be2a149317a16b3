import assert from 'node:assert/strict';
import { errorsOf, type Loose } from '../../test-support.ts';
import { LABEL, LABEL_VALUE, QUALIFIED, SUBDOMAIN } from '../test-messages.ts';

/** Checked against a real server; where 1.36 words it differently from the one at hand, 1.36 is right. */
const REFUSED: { title: string; kind: string; object: Loose; errors: string[] }[] = [
  {
    title: 'init containers that repeat names',
    kind: 'Pod',
    object: {
      metadata: { name: 'p' },
      spec: {
        containers: [{ name: 'c', image: 'i' }],
        initContainers: [
          { name: 'c', image: 'i' },
          { name: 'd', image: 'i' },
          { name: 'd', image: '' },
        ],
      },
    },
    errors: [
      'spec.initContainers[0].name: Duplicate value: "c"',
      'spec.initContainers[2].image: Required value',
      'spec.initContainers[2].name: Duplicate value: "d"',
    ],
  },
  {
    title: 'tolerations',
    kind: 'Pod',
    object: {
      metadata: { name: 'p' },
      spec: {
        containers: [{ name: 'c', image: 'i' }],
        tolerations: [
          { operator: 'X', key: 'a' },
          { key: '', operator: 'Equal' },
          { key: 'a b', operator: 'Exists', value: 'x' },
          { key: 'a', operator: 'Exists', effect: 'NoSchedule', tolerationSeconds: 1 },
          { key: 'a', effect: 'Bad' },
          { key: 'a', value: 'b c' },
        ],
      },
    },
    errors: [
      'spec.tolerations[0].operator: Unsupported value: "X": supported values: "Equal", "Exists"',
      'spec.tolerations[1].operator: Invalid value: "Equal": operator must be Exists when `key` is empty, which means "match all values and all keys"',
      `spec.tolerations[2].key: Invalid value: "a b": name part ${QUALIFIED}`,
      'spec.tolerations[2].operator: Invalid value: {"Key":"a b","Operator":"Exists","Value":"x","Effect":"","TolerationSeconds":null}: value must be empty when `operator` is \'Exists\'',
      'spec.tolerations[3].effect: Invalid value: "NoSchedule": effect must be \'NoExecute\' when `tolerationSeconds` is set',
      'spec.tolerations[4].effect: Unsupported value: "Bad": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
      `spec.tolerations[5].operator: Invalid value: "b c": ${LABEL_VALUE}`,
    ],
  },
  {
    title: 'node selectors',
    kind: 'Pod',
    object: {
      metadata: { name: 'p' },
      spec: { containers: [{ name: 'c', image: 'i' }], nodeSelector: { 'a b': 'c d' } },
    },
    errors: [
      `spec.nodeSelector: Invalid value: "a b": name part ${QUALIFIED}`,
      `spec.nodeSelector: Invalid value: "c d": ${LABEL_VALUE}`,
    ],
  },
  {
    title: 'node affinity without terms',
    kind: 'Pod',
    object: {
      metadata: { name: 'p' },
      spec: {
        containers: [{ name: 'c', image: 'i' }],
        affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } } },
      },
    },
    errors: [
      'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: Required value: must have at least one node selector term',
    ],
  },
  {
    title: 'affinity',
    kind: 'Pod',
    object: {
      metadata: { name: 'p' },
      spec: {
        containers: [{ name: 'c', image: 'i' }],
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: [
                {
                  matchExpressions: [
                    { key: 'a', operator: 'In' },
                    { key: 'a', operator: 'Exists', values: ['x'] },
                    { key: 'a', operator: 'Gt', values: ['1', '2'] },
                    { key: 'a b', operator: 'Foo' },
                  ],
                  matchFields: [
                    { key: 'x', operator: 'In', values: ['a'] },
                    { key: 'metadata.name', operator: 'Exists' },
                  ],
                },
              ],
            },
            preferredDuringSchedulingIgnoredDuringExecution: [
              { weight: 0, preference: {} },
              { weight: 101, preference: {} },
            ],
          },
          podAntiAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: '' }],
            preferredDuringSchedulingIgnoredDuringExecution: [
              { weight: 0, podAffinityTerm: { topologyKey: 'a b', namespaces: ['A'] } },
            ],
          },
        },
      },
    },
    errors: [
      "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
      "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[1].values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
      "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[2].values: Required value: must be specified single value when `operator` is 'Lt' or 'Gt'",
      'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[3].operator: Invalid value: "Foo": not a valid selector operator',
      `spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[3].key: Invalid value: "a b": name part ${QUALIFIED}`,
      'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchFields[0].key: Invalid value: "x": not a valid field selector key',
      'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchFields[1].operator: Invalid value: "Exists": not a valid selector operator',
      'spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight: Invalid value: 0: must be in the range 1-100',
      'spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[1].weight: Invalid value: 101: must be in the range 1-100',
      'spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey: Required value: can not be empty',
      'spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey: Invalid value: "": name part must be non-empty',
      `spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey: Invalid value: "": name part ${QUALIFIED}`,
      'spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight: Invalid value: 0: must be in the range 1-100',
      `spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].podAffinityTerm.namespace: Invalid value: "A": ${LABEL}`,
      `spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].podAffinityTerm.topologyKey: Invalid value: "a b": name part ${QUALIFIED}`,
    ],
  },
  {
    title: 'host ports that differ in the host network',
    kind: 'Pod',
    object: {
      metadata: { name: 'p' },
      spec: {
        containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 80, hostPort: 81 }] }],
        hostNetwork: true,
      },
    },
    errors: [
      'spec.containers[0].ports[0].containerPort: Invalid value: 80: must match `hostPort` when `hostNetwork` is true',
    ],
  },
  {
    title: 'names and times',
    kind: 'Pod',
    object: {
      metadata: { name: 'p' },
      spec: {
        containers: [{ name: 'c', image: 'i' }],
        serviceAccountName: 'default',
        nodeName: 'B A',
        hostname: 'x.y',
        subdomain: 'A',
        activeDeadlineSeconds: 0,
        hostAliases: [{ ip: 'x', hostnames: ['A_'] }],
      },
    },
    errors: [
      `spec.nodeName: Invalid value: "B A": ${SUBDOMAIN}`,
      `spec.hostname: Invalid value: "x.y": must not contain dots`,
      `spec.subdomain: Invalid value: "A": ${LABEL}`,
      'spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive',
      'spec.hostAliases[0].ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
      `spec.hostAliases[0].hostnames[0]: Invalid value: "A_": ${SUBDOMAIN}`,
    ],
  },
  {
    title: 'identities and sysctls',
    kind: 'Pod',
    object: {
      metadata: { name: 'p' },
      spec: {
        containers: [{ name: 'c', image: 'i' }],
        securityContext: {
          runAsUser: -1,
          runAsGroup: -1,
          fsGroup: -1,
          supplementalGroups: [-1],
          sysctls: [
            { name: '', value: '' },
            { name: 'A', value: '' },
            { name: 'a.b', value: '1' },
            { name: 'a.b', value: '1' },
          ],
          seccompProfile: { type: 'X' },
          fsGroupChangePolicy: 'X',
        },
        shareProcessNamespace: true,
        hostPID: true,
      },
    },
    errors: [
      'spec.securityContext.shareProcessNamespace: Invalid value: true: ShareProcessNamespace and HostPID cannot both be enabled',
      'spec.securityContext.fsGroup: Invalid value: -1: must be between 0 and 2147483647, inclusive',
      'spec.securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive',
      'spec.securityContext.runAsGroup: Invalid value: -1: must be between 0 and 2147483647, inclusive',
      'spec.securityContext.supplementalGroups[0]: Invalid value: -1: must be between 0 and 2147483647, inclusive',
      'spec.securityContext.sysctls[0].name: Required value',
      'spec.securityContext.sysctls[1].name: Invalid value: "A": must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$',
      'spec.securityContext.sysctls[3].name: Duplicate value: "a.b"',
      'spec.securityContext.fsGroupChangePolicy: Unsupported value: "X": supported values: "Always", "OnRootMismatch"',
      'spec.securityContext.seccompProfile.type: Unsupported value: "X": supported values: "Localhost", "RuntimeDefault", "Unconfined"',
    ],
  },
  {
    title: 'seccomp profiles',
    kind: 'Pod',
    object: {
      metadata: { name: 'p' },
      spec: {
        containers: [
          {
            name: 'c',
            image: 'i',
            securityContext: { runAsUser: -5, seccompProfile: { type: 'Localhost', localhostProfile: '/x' } },
          },
        ],
        securityContext: { seccompProfile: { type: 'Localhost' } },
      },
    },
    errors: [
      'spec.containers[0].securityContext.runAsUser: Invalid value: -5: must be between 0 and 2147483647, inclusive',
      'spec.containers[0].securityContext.seccompProfile.localhostProfile: Invalid value: "/x": must be a relative path',
      'spec.securityContext.seccompProfile.localhostProfile: Required value: must be set when seccomp type is Localhost',
    ],
  },
  {
    title: 'topology spread constraints',
    kind: 'Pod',
    object: {
      metadata: { name: 'p' },
      spec: {
        containers: [{ name: 'c', image: 'i' }],
        topologySpreadConstraints: [
          { maxSkew: 0, topologyKey: '', whenUnsatisfiable: 'X', labelSelector: {} },
          { maxSkew: 1, topologyKey: 'a', whenUnsatisfiable: 'DoNotSchedule' },
          { maxSkew: 1, topologyKey: 'a', whenUnsatisfiable: 'DoNotSchedule' },
        ],
      },
    },
    errors: [
      'spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero',
      'spec.topologySpreadConstraints[0].topologyKey: Required value: can not be empty',
      'spec.topologySpreadConstraints[0].whenUnsatisfiable: Unsupported value: "X": supported values: "DoNotSchedule", "ScheduleAnyway"',
      'spec.topologySpreadConstraints[1].{topologyKey, whenUnsatisfiable}: Duplicate value: "{a, DoNotSchedule}"',
    ],
  },
  {
    title: 'DNS configuration',
    kind: 'Pod',
    object: {
      metadata: { name: 'p' },
      spec: {
        containers: [{ name: 'c', image: 'i' }],
        dnsConfig: { nameservers: ['x', '1.1.1.1', '2.2.2.2', '3.3.3.3'], searches: ['A_'], options: [{}] },
      },
    },
    errors: [
      'spec.dnsConfig.nameservers: Invalid value: ["x","1.1.1.1","2.2.2.2","3.3.3.3"]: must not have more than 3 nameservers',
      'spec.dnsConfig.nameservers[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
      `spec.dnsConfig.searches[0]: Invalid value: "A_": ${SUBDOMAIN}`,
      'spec.dnsConfig.options[0]: Required value: must not be empty',
    ],
  },
  {
    title: 'readiness gates',
    kind: 'Pod',
    object: {
      metadata: { name: 'p' },
      spec: { containers: [{ name: 'c', image: 'i' }], readinessGates: [{ conditionType: 'a b' }] },
    },
    errors: [`spec.readinessGates[0].conditionType: Invalid value: "a b": name part ${QUALIFIED}`],
  },
  {
    title: 'ephemeral containers in a new pod',
    kind: 'Pod',
    object: {
      metadata: { name: 'p' },
      spec: { containers: [{ name: 'c', image: 'i' }], ephemeralContainers: [{ name: 'e', image: 'i' }] },
    },
    errors: ['spec.ephemeralContainers: Forbidden: cannot be set on create'],
  },
  {
    title: 'an unknown termination message policy',
    kind: 'Pod',
    object: {
      metadata: { name: 'p' },
      spec: { containers: [{ name: 'c', image: 'i', terminationMessagePolicy: 'X' }] },
    },
    errors: [
      'spec.containers[0].terminationMessagePolicy: Unsupported value: "X": supported values: "File", "FallbackToLogsOnError"',
    ],
  },
];

describe('validation of pods: the pod as a whole', () => {
  for (const { title, kind, object, errors } of REFUSED) {
    it(`refuses ${title}`, () => {
      assert.deepEqual(errorsOf(kind, object).sort(), [...errors].sort());
    });
  }
});
