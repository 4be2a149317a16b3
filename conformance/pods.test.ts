/** Pods: what the server fills in, what it refuses. */
import assert from 'node:assert/strict';
import { at, atLeast, behaves, fetchApi, includes, objectOf, statusOf, suite, testNamespace } from './harness.ts';
import { samplePodSpec } from './kinds.ts';

const NOBODY = { schedulerName: 'conformance-nobody', automountServiceAccountToken: false };

suite('pods: defaults', () => {
  const namespace = testNamespace();
  let made = 0;
  const create = async (spec: object) => {
    const body = { metadata: { name: `default-${made++}` }, spec: { ...NOBODY, ...spec } };
    return objectOf(await fetchApi('POST', namespace.path('pods'), { body }), 201);
  };
  const container = async (fields: object, path = '') => {
    const pod = await create({ containers: [{ name: 'main', image: 'example.invalid/main:1', ...fields }] });
    return at(pod, `spec.containers.0${path}`);
  };

  behaves('a pod gets policies, grace, service account, tolerations and priority', async () => {
    const pod = await create({ containers: [{ name: 'main', image: 'x' }] });
    includes(pod.spec, {
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      dnsPolicy: 'ClusterFirst',
      serviceAccountName: 'default',
      serviceAccount: 'default',
      securityContext: {},
      enableServiceLinks: true,
      priority: 0,
      preemptionPolicy: 'PreemptLowerPriority',
      tolerations: [
        { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 },
        { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 },
      ],
    });
    includes(pod.status, { phase: 'Pending', qosClass: 'BestEffort' });
  });

  behaves('schedulerName is default-scheduler where none is named', async () => {
    const body = { metadata: { name: 'scheduler' }, spec: { ...samplePodSpec(), schedulerName: undefined } };
    const pod = objectOf(await fetchApi('POST', `${namespace.path('pods')}?dryRun=All`, { body }), 201);
    assert.equal(at(pod, 'spec.schedulerName'), 'default-scheduler');
  });

  behaves('a container gets its termination message, resources and pull policy', async () => {
    includes(await container({}), {
      imagePullPolicy: 'IfNotPresent',
      terminationMessagePath: '/dev/termination-log',
      terminationMessagePolicy: 'File',
      resources: {},
    });
  });

  const pulls: [image: string, policy: string][] = [
    ['x', 'Always'],
    ['x:latest', 'Always'],
    ['x:1', 'IfNotPresent'],
    ['example.com:5000/x', 'Always'],
    ['example.com:5000/x:2', 'IfNotPresent'],
    [`x@sha256:${'a'.repeat(64)}`, 'IfNotPresent'],
  ];
  for (const [image, policy] of pulls) {
    behaves(`the pull policy of ${image.slice(0, 30)} is ${policy}`, async () => {
      assert.equal(await container({ image }, '.imagePullPolicy'), policy);
    });
  }

  behaves('ports are TCP, probes get their periods, requests follow limits', async () => {
    includes(
      await container({
        ports: [{ containerPort: 80 }],
        livenessProbe: { httpGet: { port: 80 } },
        readinessProbe: { tcpSocket: { port: 'http' }, periodSeconds: 3 },
        resources: { limits: { cpu: '1', memory: '1Gi' } },
        env: [{ name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
      }),
      {
        ports: [{ containerPort: 80, protocol: 'TCP' }],
        livenessProbe: {
          httpGet: { path: '/', port: 80, scheme: 'HTTP' },
          timeoutSeconds: 1,
          periodSeconds: 10,
          successThreshold: 1,
          failureThreshold: 3,
        },
        readinessProbe: {
          tcpSocket: { port: 'http' },
          timeoutSeconds: 1,
          periodSeconds: 3,
          successThreshold: 1,
          failureThreshold: 3,
        },
        resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '1', memory: '1Gi' } },
        env: [{ name: 'NAME', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } } }],
      },
    );
  });

  behaves('volumes get their modes and types', async () => {
    const pod = await create({
      containers: [{ name: 'main', image: 'x' }],
      volumes: [
        { name: 'a' },
        { name: 'b', configMap: { name: 'x' } },
        { name: 'c', secret: { secretName: 'x' } },
        { name: 'd', hostPath: { path: '/x' } },
        { name: 'e', projected: { sources: [{ serviceAccountToken: { path: 't' } }] } },
        { name: 'f', downwardAPI: { items: [{ path: 'p', fieldRef: { fieldPath: 'metadata.name' } }] } },
      ],
    });
    includes(at(pod, 'spec.volumes'), [
      { emptyDir: {} },
      { configMap: { name: 'x', defaultMode: 420 } },
      { secret: { secretName: 'x', defaultMode: 420 } },
      { hostPath: { path: '/x', type: '' } },
      { projected: { defaultMode: 420, sources: [{ serviceAccountToken: { path: 't', expirationSeconds: 3600 } }] } },
      { downwardAPI: { defaultMode: 420, items: [{ fieldRef: { apiVersion: 'v1' } }] } },
    ]);
  });

  behaves('host ports follow container ports on the host network', async () => {
    const pod = await create({
      hostNetwork: true,
      containers: [{ name: 'main', image: 'x', ports: [{ containerPort: 8099 }] }],
    });
    includes(at(pod, 'spec.containers.0.ports'), [{ containerPort: 8099, hostPort: 8099 }]);
  });

  const classes: [title: string, resources: object, qosClass: string][] = [
    ['nothing asked for', {}, 'BestEffort'],
    ['a request', { requests: { cpu: '1' } }, 'Burstable'],
    ['limits of both', { limits: { cpu: '1', memory: '1Gi' } }, 'Guaranteed'],
    [
      'requests below limits',
      { requests: { cpu: '1', memory: '1Gi' }, limits: { cpu: '2', memory: '1Gi' } },
      'Burstable',
    ],
  ];
  for (const [title, resources, qosClass] of classes) {
    behaves(
      `${title} makes it ${qosClass}`,
      {
        covers:
          'Pods Extended Pods Set QOS Class should be set on Pods with matching resource requests and limits for memory and cpu',
      },
      async () => {
        const pod = await create({ containers: [{ name: 'main', image: 'x', resources }] });
        assert.equal(at(pod, 'status.qosClass'), qosClass);
      },
    );
  }

  behaves('quantities come back in their canonical form', async () => {
    const requests = { cpu: '0.5', memory: '1024Mi' };
    includes(await container({ resources: { requests } }), { resources: { requests: { cpu: '500m', memory: '1Gi' } } });
  });
});

interface Refusal {
  title: string;
  /** Merged into a valid pod: the spec, and its container. */
  spec?: object;
  container?: object;
  /** `field: message` of every cause, in order. */
  causes: string[];
}

const LABEL = `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')`;
const PORT = 'must be between 1 and 65535, inclusive';

const refusals: Refusal[] = [
  { title: 'no containers', spec: { containers: [] }, causes: ['spec.containers: Required value'] },
  {
    title: 'a container without image',
    container: { image: '' },
    causes: ['spec.containers[0].image: Required value'],
  },
  { title: 'a container without name', container: { name: '' }, causes: ['spec.containers[0].name: Required value'] },
  {
    title: 'a container name with a blank',
    container: { name: 'a b' },
    causes: [`spec.containers[0].name: Invalid value: "a b": ${LABEL}`],
  },
  {
    title: 'two containers of one name',
    spec: {
      containers: [
        { name: 'a', image: 'x' },
        { name: 'a', image: 'x' },
      ],
    },
    causes: ['spec.containers[1].name: Duplicate value: "a"'],
  },
  {
    title: 'a port of 70000',
    container: { ports: [{ containerPort: 70000 }] },
    causes: [`spec.containers[0].ports[0].containerPort: Invalid value: 70000: ${PORT}`],
  },
  {
    title: 'no port number',
    container: { ports: [{}] },
    causes: ['spec.containers[0].ports[0].containerPort: Required value'],
  },
  {
    title: 'a protocol nobody speaks',
    container: { ports: [{ containerPort: 1, protocol: 'X' }] },
    causes: ['spec.containers[0].ports[0].protocol: Unsupported value: "X": supported values: "SCTP", "TCP", "UDP"'],
  },
  {
    title: 'an unknown pull policy',
    container: { imagePullPolicy: 'Sometimes' },
    causes: [
      'spec.containers[0].imagePullPolicy: Unsupported value: "Sometimes": supported values: "Always", "IfNotPresent", "Never"',
    ],
  },
  {
    title: 'a mount of no volume',
    container: { volumeMounts: [{ name: 'v', mountPath: '/v' }] },
    causes: ['spec.containers[0].volumeMounts[0].name: Not found: "v"'],
  },
  {
    title: 'a mount without a path',
    spec: { volumes: [{ name: 'v', emptyDir: {} }] },
    container: { volumeMounts: [{ name: 'v', mountPath: '' }] },
    causes: ['spec.containers[0].volumeMounts[0].mountPath: Required value'],
  },
  {
    title: 'an active deadline of 0',
    spec: { activeDeadlineSeconds: 0 },
    causes: ['spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive'],
  },
  {
    title: 'an environment variable without name',
    container: { env: [{ value: 'x' }] },
    causes: ['spec.containers[0].env[0].name: Required value'],
  },
  {
    title: 'a probe without a handler',
    container: { livenessProbe: {} },
    causes: ['spec.containers[0].livenessProbe: Required value: must specify a handler type'],
  },
  {
    title: 'two volumes of one name',
    spec: { volumes: [{ name: 'v' }, { name: 'v' }] },
    causes: ['spec.volumes[1].name: Duplicate value: "v"'],
  },
];

suite('pods: validation', () => {
  const namespace = testNamespace();
  const refuse = (spec: object, container: object) => {
    const containers = [{ name: 'main', image: 'x', ...container }];
    const body = { metadata: { name: 'refused' }, spec: { ...NOBODY, containers, ...spec } };
    return fetchApi('POST', namespace.path('pods'), { body });
  };

  for (const { title, spec = {}, container = {}, causes } of refusals) {
    behaves(`${title}: ${causes.map((cause) => cause.split(':')[0]).join(', ')}`, async () => {
      const status = statusOf(await refuse(spec, container), {
        code: 422,
        reason: 'Invalid',
        message: `Pod "refused" is invalid: ${causes.length > 1 ? `[${causes.join(', ')}]` : causes[0]}`,
        details: { name: 'refused', kind: 'Pod' },
      });
      assert.deepEqual(
        status.details?.causes?.map(({ field, message }) => `${field}: ${message}`),
        causes,
      );
    });
  }

  behaves('unknown policies are refused with what there is to choose from', async () => {
    const status = statusOf(await refuse({ restartPolicy: 'Maybe', dnsPolicy: 'None of these' }, {}), {
      code: 422,
      reason: 'Invalid',
    });
    assert.deepEqual(
      status.details?.causes?.map(({ field, reason }) => `${field} ${reason}`),
      ['spec.restartPolicy FieldValueNotSupported', 'spec.dnsPolicy FieldValueNotSupported'],
    );
    assert.match(status.message ?? '', /supported values: "Always", "(OnFailure", "Never|Never", "OnFailure)"/);
  });

  behaves('a request above its limit is refused', async () => {
    const resources = { requests: { cpu: '2' }, limits: { cpu: '1' } };
    const status = statusOf(await refuse({}, { resources }), { code: 422, reason: 'Invalid' });
    includes(status.details?.causes, [
      {
        field: 'spec.containers[0].resources.requests',
        message: atLeast(28)
          ? /^Invalid value: "2": must be less than or equal to cpu limit of 1$/
          : 'Invalid value: "2": must be less than or equal to cpu limit',
      },
    ]);
  });

  behaves('a quantity that is none, a number for a string: 400 before validation', async () => {
    statusOf(await refuse({}, { resources: { limits: { cpu: 'much' } } }), {
      code: 400,
      reason: 'BadRequest',
      message:
        /quantities must match the regular expression '\^\(\[\+-\]\?\[0-9\.\]\+\)\(\[eEinumkKMGTP\]\*\[-\+\]\?\[0-9\]\*\)\$'/,
    });
    statusOf(await refuse({}, { image: 5 }), {
      code: 400,
      reason: 'BadRequest',
      message: /cannot be handled as a Pod/,
    });
  });

  behaves('a service account that is not there forbids the pod', async () => {
    statusOf(await refuse({ serviceAccountName: 'nobody' }, {}), {
      code: 403,
      reason: 'Forbidden',
      message:
        /^pods "refused" is forbidden: error looking up service account \S+\/nobody: serviceaccount "nobody" not found$/,
    });
  });
});
