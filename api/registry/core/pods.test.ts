import assert from 'node:assert/strict';
import type { V1Container, V1Pod, V1PodSpec } from '../../../openapi/generated/types.ts';
import { qosClassOf } from '../../../openapi/quota/qos.ts';
import { created, declarationOf, updated } from '../test-support.ts';
import { defaultPod, defaultPodTemplate, pullPolicyOf } from './pod-defaults.ts';
import { gracePeriodOf } from './pods.ts';

const newPod = (spec: Partial<V1PodSpec> = {}) =>
  created<V1Pod>('Pod', { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }], ...spec } });
const withDefaults = (spec: V1PodSpec) => {
  const pod = { spec };
  defaultPod(pod);
  return pod.spec;
};
const container = (rest: Partial<V1Container>): V1Container => ({ name: 'c', image: 'i', ...rest });

describe('defaults of pods', () => {
  it('are those of a real server', () => {
    const spec = withDefaults({
      containers: [container({ ports: [{ containerPort: 80 }], livenessProbe: { httpGet: { port: 80 } } })],
    });
    assert.deepEqual(spec, {
      containers: [
        {
          name: 'c',
          image: 'i',
          ports: [{ containerPort: 80, protocol: 'TCP' }],
          livenessProbe: {
            httpGet: { port: 80, path: '/', scheme: 'HTTP' },
            timeoutSeconds: 1,
            periodSeconds: 10,
            successThreshold: 1,
            failureThreshold: 3,
          },
          resources: {},
          terminationMessagePath: '/dev/termination-log',
          terminationMessagePolicy: 'File',
          imagePullPolicy: 'Always',
        },
      ],
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      dnsPolicy: 'ClusterFirst',
      securityContext: {},
      schedulerName: 'default-scheduler',
      enableServiceLinks: true,
    });
  });

  it('are the same when they are filled in twice', () => {
    const spec = {
      containers: [container({ resources: { limits: { cpu: '0.5' } } })],
      hostNetwork: true,
      volumes: [{ name: 'v' }],
    };
    const once = structuredClone(withDefaults(structuredClone(spec)));
    assert.deepEqual(withDefaults(structuredClone(once)), once);
  });

  it('take requests from limits, in pods but not in templates', () => {
    const resources = () => ({ limits: { cpu: '0.5', memory: '1024Mi' }, requests: { cpu: '100m' } });
    const spec = withDefaults({ containers: [container({ resources: resources() })] });
    assert.deepEqual(spec.containers[0]?.resources, {
      limits: { cpu: '500m', memory: '1Gi' },
      requests: { cpu: '100m', memory: '1Gi' },
    });
    const template = { spec: { containers: [container({ resources: resources() })] } };
    defaultPodTemplate(template);
    assert.deepEqual(template.spec.containers[0]?.resources?.requests, { cpu: '100m' });
  });

  it('take host ports from container ports in the host network', () => {
    const spec = withDefaults({ hostNetwork: true, containers: [container({ ports: [{ containerPort: 80 }] })] });
    assert.equal(spec.containers[0]?.ports?.[0]?.hostPort, 80);
  });

  it('know every volume', () => {
    const { volumes } = withDefaults({
      containers: [],
      volumes: [
        { name: 'a' },
        { name: 'b', secret: { secretName: 's' } },
        { name: 'c', configMap: { name: 's' } },
        { name: 'd', hostPath: { path: '/' } },
        { name: 'e', downwardAPI: { items: [{ path: 'p', resourceFieldRef: { resource: 'limits.cpu' } }] } },
        { name: 'f', projected: { sources: [{ serviceAccountToken: { path: 't' } }] } },
      ],
    });
    assert.deepEqual(volumes, [
      { name: 'a', emptyDir: {} },
      { name: 'b', secret: { secretName: 's', defaultMode: 420 } },
      { name: 'c', configMap: { name: 's', defaultMode: 420 } },
      { name: 'd', hostPath: { path: '/', type: '' } },
      {
        name: 'e',
        downwardAPI: {
          defaultMode: 420,
          items: [{ path: 'p', resourceFieldRef: { resource: 'limits.cpu', divisor: '0' } }],
        },
      },
      {
        name: 'f',
        projected: { defaultMode: 420, sources: [{ serviceAccountToken: { path: 't', expirationSeconds: 3600 } }] },
      },
    ]);
  });

  const policies: Record<string, string> = {
    nginx: 'Always',
    'nginx:latest': 'Always',
    'nginx:1.25': 'IfNotPresent',
    'registry:5000/nginx': 'Always',
    'registry:5000/nginx:1': 'IfNotPresent',
    'nginx@sha256:0': 'IfNotPresent',
    'nginx:latest@sha256:0': 'Always',
  };
  for (const [image, policy] of Object.entries(policies)) {
    it(`pull ${image} ${policy}`, () => assert.equal(pullPolicyOf(image), policy));
  }
});

describe('a new pod', () => {
  it('is pending, of generation 1, whatever its maker says', () => {
    const pod = created<V1Pod>('Pod', {
      metadata: { name: 'p', generation: 7 },
      spec: { containers: [{ name: 'c', image: 'i' }] },
      status: { phase: 'Running', podIP: '1.1.1.1' },
    });
    assert.deepEqual(pod.status, { phase: 'Pending', qosClass: 'BestEffort' });
    assert.equal(pod.metadata?.generation, 1);
  });

  it('waits at its gates', () => {
    assert.equal(newPod({ schedulingGates: [{ name: 'a' }] }).status?.conditions?.[0]?.reason, 'SchedulingGated');
  });

  it('mirrors the older name of its service account', () => {
    assert.equal(newPod({ serviceAccount: 'old' }).spec?.serviceAccountName, 'old');
  });
});

describe('qosClassOf()', () => {
  const full = { cpu: '1', memory: '1Gi' };
  const cases: [title: string, containers: V1Container['resources'][], expected: string][] = [
    ['nothing asked', [{}, {}], 'BestEffort'],
    ['zero asked', [{ requests: { cpu: '0' } }], 'BestEffort'],
    ['something asked', [{ requests: { cpu: '1' } }], 'Burstable'],
    ['all limits met by requests', [{ limits: full, requests: { cpu: '1000m', memory: '1024Mi' } }], 'Guaranteed'],
    ['requests below limits', [{ limits: full, requests: { cpu: '1', memory: '1Mi' } }], 'Burstable'],
    ['one container without limits', [{ limits: full, requests: full }, {}], 'Burstable'],
    ['limits on cpu alone', [{ limits: { cpu: '1' }, requests: { cpu: '1' } }], 'Burstable'],
  ];
  for (const [title, containers, expected] of cases) {
    it(`is ${expected} with ${title}`, () => {
      const spec = {
        containers: containers.map((resources, i) => ({ name: `c${i}`, ...(resources ? { resources } : {}) })),
      };
      assert.equal(qosClassOf({ spec }), expected);
    });
  }
});

describe('gracePeriodOf()', () => {
  const pod = (spec: Partial<V1PodSpec>, phase = 'Running'): V1Pod => ({
    spec: { containers: [], nodeName: 'n', terminationGracePeriodSeconds: 30, ...spec },
    status: { phase },
  });
  it('is what was asked for, else what the pod says', () => {
    assert.equal(gracePeriodOf(pod({}), 5), 5);
    assert.equal(gracePeriodOf(pod({}), 0), 0);
    assert.equal(gracePeriodOf(pod({}), undefined), 30);
    assert.equal(gracePeriodOf(pod({}), -1), 1);
  });
  it('is nothing for pods that no kubelet has, or that have ended', () => {
    assert.equal(gracePeriodOf(pod({ nodeName: '' }), undefined), 0);
    assert.equal(gracePeriodOf(pod({}, 'Succeeded'), 5), 0);
    assert.equal(gracePeriodOf(pod({}, 'Failed'), 5), 0);
  });
});

describe('selectable fields of pods', () => {
  it('are those that upstream selects by', () => {
    const pod: V1Pod = {
      spec: {
        containers: [],
        nodeName: 'n',
        restartPolicy: 'Never',
        schedulerName: 's',
        serviceAccountName: 'a',
        hostNetwork: true,
      },
      status: { phase: 'Running', podIPs: [{ ip: '1.1.1.1' }], nominatedNodeName: 'm' },
    };
    assert.deepEqual(declarationOf('Pod').fields?.(pod), {
      'spec.nodeName': 'n',
      'spec.restartPolicy': 'Never',
      'spec.schedulerName': 's',
      'spec.serviceAccountName': 'a',
      'spec.hostNetwork': 'true',
      'status.phase': 'Running',
      'status.podIP': '1.1.1.1',
      'status.podIPs': '1.1.1.1',
      'status.nominatedNodeName': 'm',
    });
  });
});

const FORBIDDEN =
  'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

describe('an update of a pod', () => {
  const spec = (pod: V1Pod): V1PodSpec => pod.spec ?? { containers: [] };
  const cases: [title: string, change: (spec: V1PodSpec) => void, errors: string[]][] = [
    ['may change an image', (s) => Object.assign(s.containers[0] ?? {}, { image: 'new' }), []],
    ['may add a toleration', (s) => s.tolerations?.push({ key: 'a', operator: 'Exists' }), []],
    ['may change how long it tolerates', (s) => Object.assign(s.tolerations?.[0] ?? {}, { tolerationSeconds: 1 }), []],
    ['may set a deadline', (s) => Object.assign(s, { activeDeadlineSeconds: 5 }), []],
    ['may leave out what admission wrote', (s) => Object.assign(s, { tolerations: [], priority: undefined }), []],
    ['may not rename a container', (s) => Object.assign(s.containers[0] ?? {}, { name: 'x' }), [FORBIDDEN]],
    ['may not move to another node', (s) => Object.assign(s, { nodeName: 'x' }), [FORBIDDEN]],
    [
      'may not change how long it takes to end',
      (s) => Object.assign(s, { terminationGracePeriodSeconds: 5 }),
      [FORBIDDEN],
    ],
    [
      'may not add a container',
      (s) => s.containers.push({ name: 'x', image: 'i' }),
      ['spec.containers: Forbidden: pod updates may not add or remove containers'],
    ],
    [
      'may not add a gate',
      (s) => Object.assign(s, { schedulingGates: [{ name: 'x' }] }),
      ["spec.schedulingGates[0]: Forbidden: only deletion is allowed, but found new scheduling gate 'x'"],
    ],
  ];
  for (const [title, change, errors] of cases) {
    it(title, () => assert.deepEqual(updated('Pod', newPod(), (pod) => change(spec(pod))).errors, errors));
  }

  it('may not change a toleration', () => {
    const old = newPod({ tolerations: [{ key: 'a', operator: 'Exists' }] });
    assert.deepEqual(updated('Pod', old, (pod) => Object.assign(spec(pod), { tolerations: [] })).errors, [
      'spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds',
    ]);
  });

  it('may shorten a deadline, but not lengthen or remove it', () => {
    const old = newPod({ activeDeadlineSeconds: 10 });
    const set = (seconds: number | undefined) =>
      updated('Pod', old, (pod) => Object.assign(spec(pod), { activeDeadlineSeconds: seconds })).errors;
    assert.deepEqual(set(5), []);
    assert.deepEqual(set(11), [
      'spec.activeDeadlineSeconds: Invalid value: 11: must be less than or equal to previous value',
    ]);
    assert.deepEqual(set(undefined), [
      'spec.activeDeadlineSeconds: Invalid value: "null": must not update from a positive integer to nil value',
    ]);
  });

  it('bumps the generation when the spec changes, and keeps the status', () => {
    const image = updated('Pod', newPod(), (pod) => {
      Object.assign(spec(pod).containers[0] ?? {}, { image: 'new' });
      pod.status = { phase: 'Running' };
    }).object;
    assert.equal(image.metadata?.generation, 2);
    assert.equal(image.status?.phase, 'Pending');
    const label = updated('Pod', newPod(), (pod) => Object.assign(pod.metadata ?? {}, { labels: { a: 'b' } })).object;
    assert.equal(label.metadata?.generation, 1);
  });

  it('of the status changes nothing else', () => {
    const old = newPod();
    const { object, errors } = updated(
      'Pod',
      old,
      (pod) => {
        spec(pod).nodeName = 'x';
        Object.assign(pod.metadata ?? {}, {
          ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'n', uid: 'u' }],
        });
        pod.status = { phase: 'Running', podIP: '1.1.1.1' };
      },
      'status',
    );
    assert.deepEqual(errors, []);
    assert.deepEqual(object.spec, old.spec);
    assert.equal(object.metadata?.ownerReferences, undefined);
    assert.deepEqual(object.status, {
      phase: 'Running',
      podIP: '1.1.1.1',
      podIPs: [{ ip: '1.1.1.1' }],
      qosClass: 'BestEffort',
    });
  });

  it('of the status does not start again what has ended for good', () => {
    const status = (state: object) => ({
      containerStatuses: [{ name: 'c', image: '', imageID: '', ready: false, restartCount: 0, state }],
    });
    const restart = (restartPolicy: string, exitCode: number) => {
      const old = { ...newPod({ restartPolicy }), status: status({ terminated: { exitCode } }) };
      return updated<V1Pod>('Pod', old, (pod) => Object.assign(pod, { status: status({ running: {} }) }), 'status')
        .errors;
    };
    const refused = ['status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state'];
    assert.deepEqual(restart('Always', 0), []);
    assert.deepEqual(restart('OnFailure', 1), []);
    assert.deepEqual(restart('OnFailure', 0), refused);
    assert.deepEqual(restart('Never', 1), refused);
  });
});
