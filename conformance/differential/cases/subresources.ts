/** scale, eviction, binding, token, finalize, approval, log; reviews; and what only some kinds have. */
import { type DifferentialCase, get, METADATA, patch, post, put, remove, TABLE, type Theme } from '../case.ts';

const core = '/api/v1/namespaces/{ns}';
const apps = '/apis/apps/v1/namespaces/{ns}';
const podSpec = {
  schedulerName: 'conformance-nobody',
  containers: [{ name: 'main', image: 'example.invalid/main:1' }],
};
const pod = (name: string, more: object = {}) => ({
  metadata: { name, labels: { app: name } },
  spec: { ...podSpec, ...more },
});
const workload = (name: string, more: object = {}) => ({
  metadata: { name },
  spec: {
    replicas: 0,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: podSpec },
    ...more,
  },
});
const controller = {
  metadata: { name: 'x' },
  spec: { replicas: 0, selector: { app: 'x' }, template: { metadata: { labels: { app: 'x' } }, spec: podSpec } },
};

/** No request asks for pods: a complete cluster would make them. */
const scale = (title: string, path: string, object: object): DifferentialCase => ({
  title,
  controlled: true,
  requests: [
    post(path, object),
    get(`${path}/x/scale`),
    get(`${path}/x/scale`, { accept: 'application/yaml' }),
    put(`${path}/x/scale`, { metadata: { name: 'x', namespace: '{ns}' }, spec: { replicas: 0 } }),
    put(`${path}/x/scale`, { metadata: { name: 'x', namespace: '{ns}' }, spec: { replicas: -1 } }),
    put(`${path}/x/scale`, { metadata: { name: 'y', namespace: '{ns}' }, spec: { replicas: 0 } }),
    put(`${path}/x/scale`, {
      kind: 'Scale',
      apiVersion: 'autoscaling/v1',
      metadata: { name: 'x', namespace: '{ns}', resourceVersion: '1' },
      spec: {},
    }),
    put(`${path}/x/scale`, { kind: 'Deployment', apiVersion: 'apps/v1', metadata: { name: 'x' } }),
    patch('merge', `${path}/x/scale`, { spec: { replicas: 0 } }),
    patch('merge', `${path}/x/scale`, { spec: { replicas: 'x' } }),
    patch('strategic', `${path}/x/scale`, { spec: { replicas: -3 } }),
    patch('json', `${path}/x/scale`, [{ op: 'replace', path: '/spec/replicas', value: 0 }]),
    get(`${path}/absent/scale`),
    put(`${path}/absent/scale`, { metadata: { name: 'absent' }, spec: { replicas: 0 } }),
    post(`${path}/x/scale`, {}),
    remove(`${path}/x/scale`),
  ],
});

const scales: Theme = {
  name: 'subresources-scale',
  cases: [
    scale('replicationcontrollers', `${core}/replicationcontrollers`, controller),
    scale('deployments', `${apps}/deployments`, workload('x')),
    scale('replicasets', `${apps}/replicasets`, workload('x')),
    scale('statefulsets', `${apps}/statefulsets`, workload('x', { serviceName: 'none' })),
  ],
};

const pods: Theme = {
  name: 'subresources-pods',
  cases: [
    {
      title: 'binding',
      requests: [
        post(`${core}/pods`, pod('x')),
        post(`${core}/pods/x/binding`, { metadata: { name: 'x' }, target: { kind: 'Node' } }),
        post(`${core}/pods/x/binding`, { metadata: { name: 'x' }, target: { kind: 'Pod', name: 'nowhere' } }),
        post(`${core}/pods/x/binding`, { metadata: { name: 'y' }, target: { kind: 'Node', name: 'nowhere' } }),
        post(`${core}/pods/x/binding?dryRun=All`, {
          metadata: { name: 'x' },
          target: { kind: 'Node', name: 'nowhere' },
        }),
        post(`${core}/pods/x/binding`, {
          metadata: { name: 'x', annotations: { a: 'b' } },
          target: { kind: 'Node', name: 'nowhere' },
        }),
        post(`${core}/pods/x/binding`, { metadata: { name: 'x' }, target: { kind: 'Node', name: 'elsewhere' } }),
        post(`${core}/bindings`, { metadata: { name: 'x' }, target: { kind: 'Node', name: 'elsewhere' } }),
        post(`${core}/bindings`, { metadata: { name: 'absent' }, target: { kind: 'Node', name: 'elsewhere' } }),
        get(`${core}/pods/x/log`),
        get(`${core}/pods/x/log?container=none`),
        get(`${core}/pods/x/log?tailLines=x`),
        get(`${core}/pods/x/log?tailLines=-1`),
        get(`${core}/pods/x/log?limitBytes=0`),
        remove(`${core}/pods/x?gracePeriodSeconds=0`),
      ],
    },
    {
      title: 'eviction',
      requests: [
        post(`${core}/pods`, pod('x')),
        post(`${core}/pods/x/eviction`, { metadata: { name: 'y' } }),
        post(`${core}/pods/x/eviction`, {
          apiVersion: 'policy/v1beta1',
          kind: 'Eviction',
          metadata: { name: 'x' },
          deleteOptions: { preconditions: { uid: '00000000-0000-0000-0000-000000000000' } },
        }),
        post(`${core}/pods/x/eviction`, {
          apiVersion: 'policy/v1beta1',
          kind: 'Eviction',
          metadata: { name: 'x' },
          deleteOptions: { dryRun: ['All'] },
        }),
        post(`${core}/pods/x/eviction`, { apiVersion: 'policy/v1beta1', kind: 'Eviction', metadata: { name: 'x' } }),
        get(`${core}/pods/x`),
        post(`${core}/pods/x/eviction`, { metadata: { name: 'x' } }),
      ],
    },
    {
      title: 'log, exec and others without a node',
      requests: [
        post(
          `${core}/pods`,
          pod('x', {
            containers: [
              { name: 'a', image: 'i' },
              { name: 'b', image: 'i' },
            ],
          }),
        ),
        get(`${core}/pods/x/log`),
        get(`${core}/pods/x/log?container=a`),
        get(`${core}/pods/x/exec?command=x`),
        get(`${core}/pods/x/exec?container=a&command=x&stdout=true`),
        get(`${core}/pods/x/exec?container=c&command=x&stdout=true`),
        get(`${core}/pods/x/attach?container=a&stdout=true`),
        get(`${core}/pods/x/portforward?ports=80`),
        get(`${core}/pods/x/proxy/`),
        get(`${core}/pods/x/nothing`),
        get(`${core}/services/absent/proxy/`),
      ],
    },
    {
      title: 'tables of pods in all states',
      requests: [
        ...Object.entries({
          waiting: [{ state: { waiting: { reason: 'CrashLoopBackOff' } }, restartCount: 4 }],
          done: [{ state: { terminated: { exitCode: 0, reason: 'Completed' } } }],
          code: [{ state: { terminated: { exitCode: 3 } } }],
          signal: [{ state: { terminated: { exitCode: 0, signal: 9 } } }],
          running: [{ ready: true, state: { running: { startedAt: '2001-01-02T03:04:05Z' } } }],
        }).flatMap(([name, statuses]) => [
          post(`${core}/pods`, pod(name)),
          patch('merge', `${core}/pods/${name}/status`, {
            status: {
              phase: 'Running',
              podIP: '10.1.2.3',
              containerStatuses: statuses.map((one) => ({
                name: 'main',
                image: 'i',
                imageID: '',
                ready: false,
                restartCount: 0,
                ...one,
              })),
            },
          }),
        ]),
        get(`${core}/pods`, TABLE),
        get(`${core}/pods?fieldSelector=status.phase%3DRunning%2Cspec.restartPolicy%3DAlways`, METADATA),
        get(`${core}/pods?fieldSelector=spec.nodeName%3D%2Cstatus.podIP%3D10.1.2.3&limit=1`, TABLE),
        get(`${core}/pods?fieldSelector=spec.nothing%3Dx`),
      ],
    },
    {
      title: 'quality of service',
      requests: [
        post(
          `${core}/pods`,
          pod('a', {
            containers: [{ name: 'm', image: 'i:latest', resources: { limits: { cpu: '1', memory: '1Gi' } } }],
          }),
        ),
        post(
          `${core}/pods`,
          pod('b', { containers: [{ name: 'm', image: 'i', resources: { requests: { cpu: '100m' } } }] }),
        ),
        post(
          `${core}/pods`,
          pod('c', {
            containers: [
              {
                name: 'm',
                image: 'r:5000/i',
                resources: { requests: { cpu: 1, memory: '1e3' }, limits: { cpu: '1000m', memory: 1000 } },
              },
            ],
          }),
        ),
        post(
          `${core}/pods`,
          pod('d', {
            priority: 0,
            tolerations: [{ key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' }],
          }),
        ),
        post(
          `${core}/pods`,
          pod('e', {
            hostNetwork: true,
            hostPID: true,
            hostIPC: true,
            containers: [{ name: 'm', image: 'i', ports: [{ containerPort: 80 }] }],
          }),
        ),
        post(`${core}/pods`, pod('f', { nodeName: 'nowhere', terminationGracePeriodSeconds: 0 })),
        remove(`${core}/pods/f`),
        remove(`${core}/pods/f?gracePeriodSeconds=0`),
      ],
    },
  ],
};

const others: Theme = {
  name: 'subresources-others',
  cases: [
    {
      title: 'tokens of service accounts',
      requests: [
        post(`${core}/serviceaccounts`, { metadata: { name: 'x' } }),
        post(`${core}/serviceaccounts/x/token`, { spec: { audiences: ['me'], expirationSeconds: 600 } }),
        post(`${core}/serviceaccounts/x/token`, { spec: { audiences: ['me'], expirationSeconds: 5 } }),
        post(`${core}/serviceaccounts/x/token`, {
          spec: {
            audiences: [],
            expirationSeconds: 600,
            boundObjectRef: { kind: 'Thing', apiVersion: 'v1', name: 'x' },
          },
        }),
        post(`${core}/serviceaccounts/x/token`, {
          spec: { expirationSeconds: 600, boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'absent' } },
        }),
        post(`${core}/serviceaccounts/absent/token`, { spec: { audiences: ['me'] } }),
        get(`${core}/serviceaccounts/x/token`),
      ],
    },
    {
      title: 'finalizing namespaces',
      controlled: true,
      requests: [
        post('/api/v1/namespaces', { metadata: { name: '{ns}-x', finalizers: ['example.com/hold'] } }),
        put('/api/v1/namespaces/{ns}-x/finalize', { metadata: { name: 'other' }, spec: {} }),
        put('/api/v1/namespaces/{ns}-x/finalize', { metadata: { name: '{ns}-x' }, spec: { finalizers: ['nodomain'] } }),
        put('/api/v1/namespaces/{ns}-x/finalize', {
          metadata: { name: '{ns}-x', finalizers: ['example.com/hold'] },
          spec: { finalizers: ['kubernetes', 'example.com/a'] },
        }),
        remove('/api/v1/namespaces/{ns}-x'),
        post('/api/v1/namespaces/{ns}-x/configmaps', { metadata: { name: 'late' } }),
        put('/api/v1/namespaces/absent/finalize', { metadata: { name: 'absent' }, spec: {} }),
        remove('/api/v1/namespaces/kube-system'),
        remove('/api/v1/namespaces/default'),
      ],
    },
    {
      title: 'reviews of access',
      requests: [
        post('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
          spec: { resourceAttributes: { verb: 'get', resource: 'pods', namespace: '{ns}' } },
        }),
        post('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
          spec: { nonResourceAttributes: { verb: 'get', path: '/healthz' } },
        }),
        post('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', { spec: {} }),
        post('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
          spec: { resourceAttributes: {}, nonResourceAttributes: {} },
        }),
        post('/apis/authorization.k8s.io/v1/subjectaccessreviews', {
          spec: { user: 'nobody', resourceAttributes: { verb: 'get', resource: 'secrets' } },
        }),
        post('/apis/authorization.k8s.io/v1/subjectaccessreviews', {
          spec: { user: 'x', groups: ['system:masters'], resourceAttributes: { verb: '*', resource: '*' } },
        }),
        post('/apis/authorization.k8s.io/v1/subjectaccessreviews', { spec: { resourceAttributes: { verb: 'get' } } }),
        post('/apis/authorization.k8s.io/v1/subjectaccessreviews', {
          metadata: { name: 'x' },
          spec: { user: 'nobody', resourceAttributes: { verb: 'get' } },
        }),
        post('/apis/authorization.k8s.io/v1/namespaces/{ns}/localsubjectaccessreviews', {
          metadata: { namespace: '{ns}' },
          spec: { user: 'nobody', resourceAttributes: { namespace: '{ns}', verb: 'get', resource: 'pods' } },
        }),
        post('/apis/authorization.k8s.io/v1/namespaces/{ns}/localsubjectaccessreviews', {
          metadata: { namespace: '{ns}' },
          spec: { user: 'nobody', resourceAttributes: { namespace: 'other', verb: 'get', resource: 'pods' } },
        }),
        post('/apis/authorization.k8s.io/v1/selfsubjectrulesreviews', { spec: {} }),
        post('/apis/authentication.k8s.io/v1/tokenreviews', { spec: { token: 'wrong' } }),
        post('/apis/authentication.k8s.io/v1/tokenreviews', { spec: {} }),
        post('/apis/authentication.k8s.io/v1/tokenreviews', { metadata: { namespace: 'x' }, spec: { token: 'wrong' } }),
        get('/apis/authentication.k8s.io/v1/tokenreviews'),
        get('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews/x'),
      ],
    },
    {
      title: 'who nobody is',
      requests: [
        get(`${core}/pods`, { authorization: 'Bearer wrong' }),
        get(`${core}/pods`, { authorization: 'Basic eDp5' }),
        get(`${core}/pods`, { 'impersonate-user': 'nobody' }),
        post(`${core}/configmaps`, { metadata: { name: 'x' } }, { 'impersonate-user': 'nobody' }),
        get('/api/v1/nodes/x', { 'impersonate-user': 'nobody', 'impersonate-group': 'some' }),
        remove(`${core}/pods/x`),
        get('/apis/apps/v1/deployments', { 'impersonate-user': 'nobody' }),
        get('/metrics', { 'impersonate-user': 'nobody' }),
        get(`${core}/pods/x/log`, { 'impersonate-user': 'system:serviceaccount:{ns}:default' }),
        get(`${core}/pods`, { 'impersonate-group': 'some' }),
      ],
    },
    {
      title: 'events are one thing in two groups',
      requests: [
        post('/apis/events.k8s.io/v1/namespaces/{ns}/events', {
          metadata: { name: 'x' },
          eventTime: '2001-01-02T03:04:05.000006Z',
          regarding: { kind: 'Pod', name: 'p', namespace: '{ns}' },
          reportingController: 'example.com/c',
          reportingInstance: 'i',
          action: 'Do',
          reason: 'Why',
          note: 'n',
          type: 'Normal',
        }),
        get(`${core}/events/x`),
        get(`${core}/events?fieldSelector=involvedObject.name%3Dp%2Creason%3DWhy%2Ctype%3DNormal`),
        get('/apis/events.k8s.io/v1/namespaces/{ns}/events?fieldSelector=regarding.name%3Dp%2Creason%3DWhy'),
        patch('merge', `${core}/events/x`, { count: 7, message: 'm' }),
        get('/apis/events.k8s.io/v1/namespaces/{ns}/events/x'),
        get('/apis/events.k8s.io/v1/namespaces/{ns}/events/x', TABLE),
      ],
    },
  ],
};

export const subresourceThemes = [scales, pods, others];
