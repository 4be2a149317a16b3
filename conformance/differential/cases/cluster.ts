/** rbac, storage, certificates, admission, flow control, extensions of the API. */
import { type KindProbe, themeOf } from './lifecycle.ts';

const rbac = { apiVersion: 'rbac.authorization.k8s.io/v1' };
const storage = { apiVersion: 'storage.k8s.io/v1' };
const admission = { apiVersion: 'admissionregistration.k8s.io/v1' };
const flow = { apiVersion: 'flowcontrol.apiserver.k8s.io/v1' };

const badRules: [string, object][] = [
  ['a rule without verbs', { rules: [{ apiGroups: [''], resources: ['pods'] }] }],
  ['a rule without groups', { rules: [{ resources: ['pods'], verbs: ['get'] }] }],
  ['a rule without resources', { rules: [{ apiGroups: [''], verbs: ['get'] }] }],
  [
    'a rule with URLs and resources',
    { rules: [{ apiGroups: [''], resources: ['pods'], nonResourceURLs: ['/x'], verbs: ['get'] }] },
  ],
  ['verbs as text', { rules: [{ apiGroups: [''], resources: ['pods'], verbs: 'get' }] }],
  ['rules that are an object', { rules: {} }],
];

const badBindings: [string, object][] = [
  ['no role', { roleRef: null }],
  ['a role without a name', { roleRef: { name: null } }],
  ['a role of another group', { roleRef: { apiGroup: 'example.com' } }],
  ['a role of another kind', { roleRef: { kind: 'Thing' } }],
  ['a subject without a name', { subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io' }] }],
  ['a subject of another kind', { subjects: [{ kind: 'Robot', name: 'x' }] }],
  ['a user of another group', { subjects: [{ kind: 'User', apiGroup: 'example.com', name: 'x' }] }],
  ['a service account without a namespace', { subjects: [{ kind: 'ServiceAccount', name: 'x' }] }],
  ['subjects as text', { subjects: 'somebody' }],
];

const hook = {
  name: 'hook.example.com',
  clientConfig: { url: 'https://127.0.0.1:1/none' },
  rules: [{ apiGroups: ['nothing.example.com'], apiVersions: ['v1'], resources: ['nothings'], operations: ['CREATE'] }],
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
};
const hooks = (...overrides: object[]) => ({ webhooks: overrides.map((override) => ({ ...hook, ...override })) });

const badHooks: [string, object][] = [
  ['a name without dots', hooks({ name: 'hook' })],
  ['two of one name', hooks({}, {})],
  ['no side effects said', hooks({ sideEffects: undefined })],
  ['side effects', hooks({ sideEffects: 'Some' })],
  ['no review versions', hooks({ admissionReviewVersions: [] })],
  ['unknown review versions', hooks({ admissionReviewVersions: ['v9'] })],
  ['no client', hooks({ clientConfig: {} })],
  ['two clients', hooks({ clientConfig: { url: 'https://a.example.com', service: { namespace: 'a', name: 'b' } } })],
  ['a URL without TLS', hooks({ clientConfig: { url: 'http://a.example.com' } })],
  ['a URL with a query', hooks({ clientConfig: { url: 'https://u:p@a.example.com/?x#y' } })],
  ['a service with a relative path', hooks({ clientConfig: { service: { namespace: 'a', name: 'b', path: 'c' } } })],
  ['an operation', hooks({ rules: [{ ...hook.rules[0], operations: ['READ'] }] })],
  ['no groups', hooks({ rules: [{ ...hook.rules[0], apiGroups: [] }] })],
  ['all resources and one', hooks({ rules: [{ ...hook.rules[0], resources: ['*', 'pods'] }] })],
  ['a scope', hooks({ rules: [{ ...hook.rules[0], scope: 'World' }] })],
  ['a failure policy', hooks({ failurePolicy: 'Shrug' })],
  ['a match policy', hooks({ matchPolicy: 'Vague' })],
  ['a long timeout', hooks({ timeoutSeconds: 31 })],
  ['a selector', hooks({ namespaceSelector: { matchExpressions: [{ key: 'a', operator: 'Like' }] } })],
];

const fullHook = {
  webhooks: [
    {
      ...hook,
      clientConfig: { service: { namespace: 'a', name: 'b', path: '/c', port: 8443 }, caBundle: 'Q0E=' },
      failurePolicy: 'Ignore',
      matchPolicy: 'Exact',
      namespaceSelector: { matchLabels: { a: 'b' } },
      objectSelector: { matchExpressions: [{ key: 'a', operator: 'Exists' }] },
      sideEffects: 'NoneOnDryRun',
      timeoutSeconds: 5,
    },
    { ...hook, name: 'other.example.com' },
  ],
};

const version = { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } };
const schema = (openAPIV3Schema: object) => ({ spec: { versions: [{ ...version, schema: { openAPIV3Schema } }] } });

const probes: KindProbe[] = [
  {
    ...rbac,
    resource: 'roles',
    full: { rules: [{ apiGroups: ['', 'apps'], resources: ['pods', 'pods/log'], resourceNames: ['a'], verbs: ['*'] }] },
    invalid: [
      ...badRules,
      ['URLs', { rules: [{ nonResourceURLs: ['/x'], verbs: ['get'] }] }],
      ['a name with a slash', { metadata: { name: 'a/b' } }],
    ],
  },
  {
    ...rbac,
    resource: 'clusterroles',
    full: {
      rules: [
        { nonResourceURLs: ['/healthz', '/metrics/*'], verbs: ['get'] },
        { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
      ],
    },
    invalid: [
      ...badRules,
      ['an aggregation of nothing', { aggregationRule: {} }],
      [
        'an aggregation with a bad selector',
        { aggregationRule: { clusterRoleSelectors: [{ matchExpressions: [{ key: 'a', operator: 'Like' }] }] } },
      ],
    ],
  },
  {
    ...rbac,
    resource: 'rolebindings',
    full: {
      subjects: [
        { kind: 'ServiceAccount', name: 'default', namespace: '{ns}' },
        { kind: 'Group', name: 'g', apiGroup: 'rbac.authorization.k8s.io' },
        { kind: 'User', name: 'u' },
      ],
    },
    invalid: badBindings,
    immutable: [
      ['roleRef', { roleRef: { name: 'other' } }],
      ['no subjects', { subjects: null }],
    ],
  },
  {
    ...rbac,
    resource: 'clusterrolebindings',
    full: { subjects: [{ kind: 'Group', name: 'g', apiGroup: 'rbac.authorization.k8s.io' }] },
    invalid: [...badBindings, ['a namespaced role', { roleRef: { kind: 'Role' } }]],
    immutable: [['roleRef', { roleRef: { name: 'other' } }]],
  },
  {
    ...storage,
    resource: 'storageclasses',
    full: {
      parameters: { type: 'fast' },
      reclaimPolicy: 'Retain',
      mountOptions: ['hard'],
      allowVolumeExpansion: false,
      volumeBindingMode: 'WaitForFirstConsumer',
      allowedTopologies: [{ matchLabelExpressions: [{ key: 'zone', values: ['a', 'b'] }] }],
    },
    invalid: [
      ['no provisioner', { provisioner: null }],
      ['a provisioner that is none', { provisioner: 'not valid' }],
      ['a reclaim policy', { reclaimPolicy: 'Burn' }],
      ['a binding mode', { volumeBindingMode: 'Sometimes' }],
      ['an empty parameter', { parameters: { '': 'x' } }],
      ['a topology without values', { allowedTopologies: [{ matchLabelExpressions: [{ key: 'zone', values: [] }] }] }],
      ['a topology twice', { allowedTopologies: [{ matchLabelExpressions: [{ key: 'zone', values: ['a', 'a'] }] }] }],
      ['expansion as text', { allowVolumeExpansion: 'yes' }],
      ['parameters of numbers', { parameters: { iops: 5 } }],
    ],
    immutable: [
      ['parameters', { parameters: { a: 'b' } }],
      ['provisioner', { provisioner: 'other' }],
      ['reclaimPolicy', { reclaimPolicy: 'Retain' }],
      ['mode', { volumeBindingMode: 'WaitForFirstConsumer' }],
    ],
  },
  {
    ...storage,
    resource: 'volumeattachments',
    controlled: true,
    full: { spec: { source: { persistentVolumeName: 'pv' } } },
    invalid: [
      ['no attacher', { spec: { attacher: null } }],
      ['an attacher that is none', { spec: { attacher: 'not valid' } }],
      ['no source', { spec: { source: null } }],
      ['no node', { spec: { nodeName: null } }],
      ['a node name', { spec: { nodeName: 'not valid' } }],
      ['a source that is text', { spec: { source: 'pv' } }],
    ],
    immutable: [
      ['node', { spec: { nodeName: 'other' } }],
      ['attacher', { spec: { attacher: 'other.example.com' } }],
    ],
    status: [
      { status: { attached: true, attachmentMetadata: { a: 'b' } } },
      { status: { attachError: { message: 'x'.repeat(1100) } } },
      { status: { attached: 'yes' } },
    ],
  },
  {
    ...storage,
    resource: 'csidrivers',
    full: { spec: { attachRequired: true, podInfoOnMount: true, volumeLifecycleModes: ['Persistent', 'Ephemeral'] } },
    invalid: [
      ['a lifecycle mode', { spec: { volumeLifecycleModes: ['Sometimes'] } }],
      ['a name with an underscore', { metadata: { name: 'a_b' } }],
      ['a long name', { metadata: { name: 'n'.repeat(64) } }],
      ['attachRequired as text', { spec: { attachRequired: 'yes' } }],
      ['modes that are text', { spec: { volumeLifecycleModes: 'Persistent' } }],
    ],
    immutable: [
      ['attachRequired', { spec: { attachRequired: true } }],
      ['podInfoOnMount', { spec: { podInfoOnMount: true } }],
    ],
  },
  {
    ...storage,
    resource: 'csinodes',
    full: {
      spec: { drivers: [{ name: 'a.example.com', nodeID: 'one', topologyKeys: ['zone'], allocatable: { count: 5 } }] },
    },
    invalid: [
      ['a driver without a name', { spec: { drivers: [{ nodeID: 'one' }] } }],
      ['a driver without an id', { spec: { drivers: [{ name: 'a.example.com', nodeID: '' }] } }],
      [
        'a driver twice',
        {
          spec: {
            drivers: [
              { name: 'a.example.com', nodeID: 'a' },
              { name: 'a.example.com', nodeID: 'b' },
            ],
          },
        },
      ],
      ['a topology key', { spec: { drivers: [{ name: 'a.example.com', nodeID: 'a', topologyKeys: ['a b'] }] } }],
      ['a negative count', { spec: { drivers: [{ name: 'a.example.com', nodeID: 'a', allocatable: { count: -1 } }] } }],
      ['no spec', { spec: null }],
      ['drivers that are an object', { spec: { drivers: {} } }],
    ],
    immutable: [
      ['node id', { spec: { drivers: [{ name: 'driver.example.com', nodeID: 'two' }] } }],
      [
        'a driver more',
        {
          spec: {
            drivers: [
              { name: 'driver.example.com', nodeID: 'one' },
              { name: 'b.example.com', nodeID: 'b' },
            ],
          },
        },
      ],
    ],
  },
  {
    apiVersion: 'certificates.k8s.io/v1',
    resource: 'certificatesigningrequests',
    full: {
      spec: {
        usages: ['digital signature', 'key encipherment', 'server auth'],
        username: 'somebody else',
        groups: ['x'],
      },
    },
    invalid: [
      ['no request', { spec: { request: null } }],
      ['a request that is none', { spec: { request: 'eA==' } }],
      ['no signer', { spec: { signerName: null } }],
      ['a signer without a path', { spec: { signerName: 'example.com' } }],
      ['a signer with a bad domain', { spec: { signerName: 'a_b/c' } }],
      ['no usages', { spec: { usages: null } }],
      ['a usage', { spec: { usages: ['world domination'] } }],
      ['a usage twice', { spec: { usages: ['client auth', 'client auth'] } }],
      ['no base64', { spec: { request: '***' } }],
    ],
    immutable: [
      ['signerName', { spec: { signerName: 'example.com/other' } }],
      ['usages', { spec: { usages: ['server auth'] } }],
    ],
    status: [
      { status: { certificate: 'eA==' } },
      { status: { conditions: [{ type: 'Approved', status: 'True', reason: 'Test' }] } },
      { status: { conditions: [{ type: 'Failed', status: 'True', reason: 'Test' }] } },
      { status: { conditions: [{ type: 'Failed', status: 'False' }] } },
    ],
  },
  {
    ...admission,
    resource: 'validatingwebhookconfigurations',
    full: fullHook,
    invalid: badHooks,
  },
  {
    ...admission,
    resource: 'mutatingwebhookconfigurations',
    full: { webhooks: fullHook.webhooks.map((one) => ({ ...one, reinvocationPolicy: 'IfNeeded' })) },
    invalid: [...badHooks, ['a reinvocation policy', hooks({ reinvocationPolicy: 'Always' })]],
  },
  {
    apiVersion: 'apiextensions.k8s.io/v1',
    resource: 'customresourcedefinitions',
    controlled: 'always',
    lingers: true,
    full: {
      spec: {
        scope: 'Cluster',
        names: {
          plural: 'widgets',
          singular: 'widget',
          shortNames: ['wdg'],
          kind: 'Widget',
          listKind: 'WidgetList',
          categories: ['all'],
        },
        versions: [
          {
            ...version,
            schema: {
              openAPIV3Schema: {
                type: 'object',
                properties: {
                  spec: {
                    type: 'object',
                    required: ['size'],
                    properties: {
                      size: { type: 'integer', minimum: 1, maximum: 10, default: 3 },
                      name: { type: 'string', pattern: '^[a-z]+$' },
                    },
                  },
                  status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
                },
              },
            },
            subresources: { status: {}, scale: { specReplicasPath: '.spec.size', statusReplicasPath: '.status.size' } },
            additionalPrinterColumns: [{ name: 'Size', type: 'integer', jsonPath: '.spec.size', priority: 1 }],
          },
          { ...version, name: 'v2', storage: false, served: false, deprecated: true, deprecationWarning: 'use v1' },
        ],
      },
    },
    invalid: [
      ['no versions', { spec: { versions: null } }],
      ['no storage version', { spec: { versions: [{ ...version, storage: false }] } }],
      ['two storage versions', { spec: { versions: [version, { ...version, name: 'v2' }] } }],
      ['a version twice', { spec: { versions: [version, { ...version, storage: false }] } }],
      ['a version name', { spec: { versions: [{ ...version, name: 'V_1' }] } }],
      ['no schema', { spec: { versions: [{ ...version, schema: undefined }] } }],
      ['a name that does not fit', { metadata: { name: 'gadgets.{ns}.example.com' } }],
      ['no group', { spec: { group: null } }],
      ['a scope', { spec: { scope: 'World' } }],
      ['no scope', { spec: { scope: null } }],
      ['no kind', { spec: { names: { kind: null } } }],
      ['kind and listKind the same', { spec: { names: { listKind: 'Widget' } } }],
      ['a plural in capitals', { spec: { names: { plural: 'Widgets' } } }],
      ['a short name', { spec: { names: { shortNames: ['W_1'] } } }],
      ['a schema without a type', schema({ properties: { spec: { properties: {} } } })],
      ['a schema of another type', schema({ type: 'string' })],
      ['a schema with a reference', schema({ type: 'object', $ref: '#/x' })],
      [
        'a schema with uniqueItems',
        schema({ type: 'object', properties: { a: { type: 'array', uniqueItems: true, items: { type: 'string' } } } }),
      ],
      ['an array without items', schema({ type: 'object', properties: { a: { type: 'array' } } })],
      [
        'properties and additionalProperties',
        schema({
          type: 'object',
          properties: {
            a: { type: 'object', properties: { b: { type: 'string' } }, additionalProperties: { type: 'string' } },
          },
        }),
      ],
      ['a default that is not valid', schema({ type: 'object', properties: { a: { type: 'integer', default: 'x' } } })],
      ['a pattern that is none', schema({ type: 'object', properties: { a: { type: 'string', pattern: '(' } } })],
      [
        'metadata with rules',
        schema({
          type: 'object',
          properties: { metadata: { type: 'object', properties: { labels: { type: 'object' } } } },
        }),
      ],
      ['nullable of a type in anyOf', schema({ type: 'object', properties: { a: { anyOf: [{ type: 'string' }] } } })],
      [
        'a column without a path',
        {
          spec: {
            versions: [{ ...version, additionalPrinterColumns: [{ name: 'A', type: 'string', jsonPath: 'spec' }] }],
          },
        },
      ],
      [
        'a column type',
        {
          spec: {
            versions: [{ ...version, additionalPrinterColumns: [{ name: 'A', type: 'thing', jsonPath: '.spec' }] }],
          },
        },
      ],
      [
        'a scale without paths',
        {
          spec: {
            versions: [{ ...version, subresources: { scale: { specReplicasPath: 'x', statusReplicasPath: '' } } }],
          },
        },
      ],
      ['webhook conversion without a webhook', { spec: { conversion: { strategy: 'Webhook' } } }],
      ['a conversion', { spec: { conversion: { strategy: 'Magic' } } }],
      ['preserveUnknownFields', { spec: { preserveUnknownFields: true } }],
      ['a group without approval', { metadata: { name: 'widgets.some.k8s.io' }, spec: { group: 'some.k8s.io' } }],
    ],
    immutable: [
      ['scope', { spec: { scope: 'Cluster' } }],
      ['group', { spec: { group: 'other.example.com' } }],
      ['plural', { spec: { names: { plural: 'gadgets' } } }],
    ],
    status: [{ status: { storedVersions: ['v1', 'v0'] } }, { status: { storedVersions: [] } }],
  },
  {
    apiVersion: 'apiregistration.k8s.io/v1',
    resource: 'apiservices',
    controlled: 'always',
    full: {
      spec: {
        service: { port: 8443 },
        insecureSkipTLSVerify: null,
        caBundle: 'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCi0tLS0tRU5EIENFUlRJRklDQVRFLS0tLS0K',
      },
    },
    invalid: [
      ['a name that does not fit', { metadata: { name: 'v2.{ns}.example.com' } }],
      ['no version', { spec: { version: null } }],
      ['no priority', { spec: { groupPriorityMinimum: null, versionPriority: null } }],
      ['priorities out of range', { spec: { groupPriorityMinimum: 20_001, versionPriority: 1001 } }],
      ['a service without a name', { spec: { service: { name: null, namespace: null } } }],
      ['a bundle and no verification', { spec: { caBundle: 'Q0E=' } }],
      ['no service, no verification', { spec: { service: null } }],
      ['a service port', { spec: { service: { port: 70_000 } } }],
      ['a group', { metadata: { name: 'v1.a_b' }, spec: { group: 'a_b' } }],
      ['a version that is none', { metadata: { name: 'V_1.{ns}.example.com' }, spec: { version: 'V_1' } }],
    ],
    status: [{ status: { conditions: [{ type: 'Available', status: 'Maybe' }] } }],
  },
  {
    ...flow,
    resource: 'flowschemas',
    controlled: 'always',
    full: {
      spec: {
        distinguisherMethod: { type: 'ByUser' },
        rules: [
          {
            subjects: [
              { kind: 'User', user: { name: 'u' } },
              { kind: 'ServiceAccount', serviceAccount: { name: '*', namespace: '{ns}' } },
            ],
            resourceRules: [
              { verbs: ['get'], apiGroups: [''], resources: ['pods'], namespaces: ['*'], clusterScope: true },
            ],
            nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['/healthz'] }],
          },
        ],
      },
    },
    invalid: [
      ['no priority level', { spec: { priorityLevelConfiguration: null } }],
      ['a negative precedence', { spec: { matchingPrecedence: -1 } }],
      ['a precedence above the highest', { spec: { matchingPrecedence: 10_001 } }],
      ['a distinguisher', { spec: { distinguisherMethod: { type: 'ByMood' } } }],
      [
        'a rule without subjects',
        { spec: { rules: [{ nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['/x'] }] }] } },
      ],
      ['a rule without rules', { spec: { rules: [{ subjects: [{ kind: 'User', user: { name: 'u' } }] }] } }],
      [
        'a subject of another kind',
        {
          spec: {
            rules: [{ subjects: [{ kind: 'Robot' }], nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['/x'] }] }],
          },
        },
      ],
      [
        'a resource rule without scope',
        {
          spec: {
            rules: [
              {
                subjects: [{ kind: 'User', user: { name: 'u' } }],
                resourceRules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }],
              },
            ],
          },
        },
      ],
      [
        'a URL',
        {
          spec: {
            rules: [
              {
                subjects: [{ kind: 'User', user: { name: 'u' } }],
                nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['x'] }],
              },
            ],
          },
        },
      ],
    ],
    status: [{ status: { conditions: [{ type: 'Dangling', status: 'True', reason: 'Test' }] } }],
  },
  {
    ...flow,
    resource: 'prioritylevelconfigurations',
    controlled: 'always',
    full: {
      spec: {
        limited: { limitResponse: { type: 'Queue', queuing: { queues: 16, handSize: 4, queueLengthLimit: 5 } } },
      },
    },
    invalid: [
      ['no type', { spec: { type: null } }],
      ['a type', { spec: { type: 'Unlimited' } }],
      ['limited by nothing', { spec: { limited: null } }],
      ['exempt and limited', { spec: { type: 'Exempt' } }],
      ['a response', { spec: { limited: { limitResponse: { type: 'Shrug' } } } }],
      ['rejecting with a queue', { spec: { limited: { limitResponse: { queuing: { queues: 1 } } } } }],
      [
        'a hand larger than the queues',
        {
          spec: {
            limited: { limitResponse: { type: 'Queue', queuing: { queues: 4, handSize: 8, queueLengthLimit: 1 } } },
          },
        },
      ],
      [
        'no queue length',
        {
          spec: {
            limited: { limitResponse: { type: 'Queue', queuing: { queues: 4, handSize: 2, queueLengthLimit: -1 } } },
          },
        },
      ],
    ],
    status: [{ status: { conditions: [{ type: 'Some', status: 'True' }] } }],
  },
];

export const clusterThemes = probes.map(themeOf);
