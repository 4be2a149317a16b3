/** Kinds that govern the cluster itself: who may do what, what else there is, who is asked first. */
import { type KindCase, label, put, spec } from './shape.ts';

/** A request for CN=somebody, O=conformance: PEM in base64. */
const CERTIFICATE_REQUEST =
  'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlJQmFEQ0IwZ0lCQURBcE1SUXdFZ1lEVlFRS0RBdGpiMjVtYjNKdFlXNWpaVE' +
  'VSTUE4R0ExVUVBd3dJYzI5dApaV0p2Wkhrd2daOHdEUVlKS29aSWh2Y05BUUVCQlFBRGdZMEFNSUdKQW9HQkFMK2o0aHJyeGhldTZ0aFhja1JZ' +
  'CnZQejBKanJraER0d3NSckw5cVpONml0Zkl5aVA0WHZIeFh3TnVITUdjL08veUNxcU13OGFnQitvQUpudy9LOXEKbUd3bzZWYXdxRzYrMzlpQ3' +
  'RkcG9hOCtMQzNrUU1XNmlaSFNsK0E5VU5aUm5rdkovcjVpUnhpdUpnL0ZzYVczRgovcTJlWlIyVFZCdnJzaU9wRTc0d2ticTVBZ01CQUFHZ0FE' +
  'QU5CZ2txaGtpRzl3MEJBUXNGQUFPQmdRQlBCcEF3CmdsZE92QTVVWUpDOTcwTlBqSjJ6UU9OdEtMWUhodDZyRWN3NHVnV2w5ZEQ5YmJVazVXMF' +
  'FON2NxT0RCb3hYUHgKaXpiRHBoMmpESzlJc2Zld01XWkROcWdkZ0RjaXJPeXhvZVY5d0pVVENDQ01MNDFNajhialNWRGE4SExEaXJLdAp3RVBm' +
  'U1ZUbStpN1dGeDY0M3UvYzJ2YytwTFVxVEFlMEtFTnE3Zz09Ci0tLS0tRU5EIENFUlRJRklDQVRFIFJFUVVFU1QtLS0tLQo=';

const rbac = { apiVersion: 'rbac.authorization.k8s.io/v1' };
const admission = { apiVersion: 'admissionregistration.k8s.io/v1', namespaced: false };
const flow = {
  apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
  since: 29,
  older: 'flowcontrol.apiserver.k8s.io/v1beta1',
  namespaced: false,
  subresources: ['status'],
};

/** Rules that no request ever matches. */
const NOTHING = {
  apiGroups: ['nothing.example.com'],
  apiVersions: ['v1'],
  resources: ['nothings'],
  operations: ['CREATE'],
};

const webhook = (name: string): object => ({
  name: `${name}.example.com`,
  clientConfig: { url: 'https://127.0.0.1:1/none' },
  rules: [NOTHING],
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
});

const constraints = { resourceRules: [{ ...NOTHING }] };

export const clusterKinds: KindCase[] = [
  {
    ...rbac,
    kind: 'Role',
    resource: 'roles',
    namespaced: true,
    sample: (name) => ({ metadata: { name }, rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] }),
    ...put({ rules: [{ apiGroups: ['apps'], resources: ['deployments'], verbs: ['list'] }] }),
    columns: 'Name Created_At',
  },
  {
    ...rbac,
    kind: 'ClusterRole',
    resource: 'clusterroles',
    namespaced: false,
    sample: (name) => ({ metadata: { name }, rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] }),
    ...put({ rules: [{ nonResourceURLs: ['/nothing'], verbs: ['get'] }] }),
    columns: 'Name Created_At',
  },
  {
    ...rbac,
    kind: 'RoleBinding',
    resource: 'rolebindings',
    namespaced: true,
    sample: (name) => ({
      metadata: { name },
      subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'somebody' }],
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'nothing' },
    }),
    ...put({ subjects: [{ kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name: 'some' }] }),
    columns: 'Name Role Age | Users Groups ServiceAccounts',
  },
  {
    ...rbac,
    kind: 'ClusterRoleBinding',
    resource: 'clusterrolebindings',
    namespaced: false,
    sample: (name) => ({
      metadata: { name },
      subjects: [{ kind: 'ServiceAccount', namespace: 'default', name: 'somebody' }],
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'conformance-nothing' },
    }),
    ...put({ subjects: [{ kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name: 'some' }] }),
    columns: 'Name Role Age | Users Groups ServiceAccounts',
  },
  {
    kind: 'CertificateSigningRequest',
    apiVersion: 'certificates.k8s.io/v1',
    resource: 'certificatesigningrequests',
    namespaced: false,
    shortNames: ['csr'],
    subresources: ['status', 'approval'],
    sample: (name) => ({
      metadata: { name },
      spec: { request: CERTIFICATE_REQUEST, signerName: 'example.com/conformance', usages: ['client auth'] },
    }),
    ...label(),
    columns: 'Name Age SignerName Requestor RequestedDuration Condition',
    olderColumns: { until: 22, columns: 'Name Age SignerName Requestor Condition' },
  },
  {
    kind: 'CustomResourceDefinition',
    apiVersion: 'apiextensions.k8s.io/v1',
    resource: 'customresourcedefinitions',
    namespaced: false,
    shortNames: ['crd', 'crds'],
    categories: ['api-extensions'],
    subresources: ['status'],
    nameFor: (unique) => `widgets.${unique}.example.com`,
    sample: (name) => ({
      metadata: { name },
      spec: {
        group: name.slice('widgets.'.length),
        scope: 'Namespaced',
        names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
          },
        ],
      },
    }),
    ...label(),
    columns: 'Name Created_At',
  },
  {
    kind: 'APIService',
    apiVersion: 'apiregistration.k8s.io/v1',
    resource: 'apiservices',
    namespaced: false,
    categories: ['api-extensions'],
    subresources: ['status'],
    nameFor: (unique) => `v1.${unique}.example.com`,
    sample: (name) => ({
      metadata: { name },
      spec: {
        group: name.slice('v1.'.length),
        version: 'v1',
        service: { namespace: 'default', name: 'conformance-nothing' },
        insecureSkipTLSVerify: true,
        groupPriorityMinimum: 100,
        versionPriority: 10,
      },
    }),
    ...spec({ versionPriority: 11 }),
    columns: 'Name Service Available Age',
  },
  {
    ...admission,
    kind: 'ValidatingWebhookConfiguration',
    resource: 'validatingwebhookconfigurations',
    categories: ['api-extensions'],
    sample: (name) => ({ metadata: { name }, webhooks: [webhook(name)] }),
    ...put({ webhooks: [webhook('other')] }),
    columns: 'Name Webhooks Age',
  },
  {
    ...admission,
    kind: 'MutatingWebhookConfiguration',
    resource: 'mutatingwebhookconfigurations',
    categories: ['api-extensions'],
    sample: (name) => ({ metadata: { name }, webhooks: [webhook(name)] }),
    ...put({ webhooks: [webhook('other')] }),
    columns: 'Name Webhooks Age',
  },
  {
    ...admission,
    kind: 'ValidatingAdmissionPolicy',
    since: 30,
    resource: 'validatingadmissionpolicies',
    categories: ['api-extensions'],
    subresources: ['status'],
    sample: (name) => ({
      metadata: { name },
      spec: { matchConstraints: constraints, validations: [{ expression: 'true' }] },
    }),
    ...spec({ failurePolicy: 'Ignore' }),
    columns: 'Name Validations ParamKind Age',
  },
  {
    ...admission,
    kind: 'ValidatingAdmissionPolicyBinding',
    since: 30,
    resource: 'validatingadmissionpolicybindings',
    categories: ['api-extensions'],
    sample: (name) => ({
      metadata: { name },
      spec: { policyName: 'conformance-nothing', validationActions: ['Deny'] },
    }),
    ...spec({ validationActions: ['Warn'] }),
    columns: 'Name PolicyName ParamRef Age',
  },
  {
    ...admission,
    kind: 'MutatingAdmissionPolicy',
    since: 36,
    resource: 'mutatingadmissionpolicies',
    categories: ['api-extensions'],
    sample: (name) => ({
      metadata: { name },
      spec: {
        matchConstraints: constraints,
        reinvocationPolicy: 'Never',
        mutations: [{ patchType: 'ApplyConfiguration', applyConfiguration: { expression: 'Object{}' } }],
      },
    }),
    ...spec({ failurePolicy: 'Ignore' }),
    columns: 'Name Mutations ParamKind Age',
  },
  {
    ...admission,
    kind: 'MutatingAdmissionPolicyBinding',
    since: 36,
    resource: 'mutatingadmissionpolicybindings',
    categories: ['api-extensions'],
    sample: (name) => ({ metadata: { name }, spec: { policyName: 'conformance-nothing' } }),
    ...spec({ policyName: 'conformance-other' }),
    columns: 'Name PolicyName ParamRef Age',
  },
  {
    ...flow,
    kind: 'FlowSchema',
    resource: 'flowschemas',
    sample: (name) => ({
      metadata: { name },
      spec: { priorityLevelConfiguration: { name: 'exempt' }, matchingPrecedence: 9000 },
    }),
    ...spec({ matchingPrecedence: 9001 }),
    columns: 'Name PriorityLevel MatchingPrecedence DistinguisherMethod Age MissingPL',
  },
  {
    ...flow,
    kind: 'PriorityLevelConfiguration',
    resource: 'prioritylevelconfigurations',
    sample: (name) => ({
      metadata: { name },
      spec: { type: 'Limited', limited: { limitResponse: { type: 'Reject' } } },
    }),
    ...label(),
    columns: 'Name Type NominalConcurrencyShares Queues HandSize QueueLengthLimit Age',
    olderColumns: { until: 26, columns: 'Name Type AssuredConcurrencyShares Queues HandSize QueueLengthLimit Age' },
  },
];
