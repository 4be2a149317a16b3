import assert from 'node:assert/strict';
import type { V1Container, V1Pod, V1PodSpec } from '../../../openapi/generated/types.ts';
import { contextOf, created, declarationOf } from '../test-support.ts';

const MIRROR = { 'kubernetes.io/config.mirror': 'x' };
const container = (rest: Partial<V1Container> = {}): V1Container => ({ name: 'c', image: 'i', ...rest });
const asking = (cpu: string, memory: string) => ({ requests: { cpu, memory } });
const burstable = { containers: [container({ resources: asking('100m', '64Mi') })] };
const newPod = (spec: Partial<V1PodSpec> = burstable, metadata: object = {}) =>
  created<V1Pod>('Pod', { metadata: { name: 'p', ...metadata }, spec: { nodeName: 'n', ...burstable, ...spec } });

/** The pod after `change` of it through one of its parts, and what is wrong with it. */
function through(part: 'ephemeralcontainers' | 'resize', old: V1Pod, change: (pod: V1Pod, spec: V1PodSpec) => void) {
  const { strategy, parts } = declarationOf('Pod');
  const pod = structuredClone(old);
  change(pod, pod.spec ?? { containers: [] });
  strategy.default?.(pod);
  parts?.[part]?.prepareForUpdate(pod, old, contextOf());
  const errors = parts?.[part]?.validateUpdate?.(pod, old) ?? [];
  return { pod, errors: errors.map(({ field, message }) => `${field}: ${message}`) };
}

describe('pods/ephemeralcontainers', () => {
  const debug = (name: string, rest: object = {}) => ({ name, image: 'i', ...rest });

  it('adds containers, with defaults, and counts that', () => {
    const { pod, errors } = through('ephemeralcontainers', newPod(), (_, spec) => {
      spec.ephemeralContainers = [debug('d', { targetContainerName: 'c' })];
    });
    assert.deepEqual(errors, []);
    assert.equal(pod.metadata?.generation, 2);
    assert.equal(pod.spec?.ephemeralContainers?.[0]?.terminationMessagePolicy, 'File');
  });

  it('changes nothing else', () => {
    const old = newPod();
    const { pod, errors } = through('ephemeralcontainers', old, (changed, spec) => {
      spec.containers = [container({ image: 'other' })];
      changed.status = { phase: 'Failed' };
      changed.metadata = { ...changed.metadata, labels: { a: 'b' } };
    });
    assert.deepEqual(errors, []);
    assert.deepEqual(pod, old);
  });

  it('keeps those that are there', () => {
    const old = newPod();
    Object.assign(old.spec ?? {}, { ephemeralContainers: [debug('d'), debug('e')] });
    old.metadata = { ...old.metadata, generation: 2 };
    const { errors } = through('ephemeralcontainers', old, (_, spec) => {
      spec.ephemeralContainers = [debug('e', { image: 'other' })];
    });
    assert.deepEqual(errors, [
      'spec.ephemeralContainers: Forbidden: existing ephemeral containers "d" may not be removed\n',
      'spec.ephemeralContainers: Forbidden: existing ephemeral containers "e" may not be changed\n',
    ]);
  });

  it('checks what is added', () => {
    const { errors } = through('ephemeralcontainers', newPod(), (_, spec) => {
      spec.ephemeralContainers = [debug('c', { ports: [{ containerPort: 1 }] })];
    });
    assert.deepEqual(errors, [
      'spec.ephemeralContainers[0].name: Duplicate value: "c"',
      'spec.ephemeralContainers[0].ports: Forbidden: cannot be set for an Ephemeral Container',
    ]);
  });

  it('is not for static pods', () => {
    const { errors } = through('ephemeralcontainers', newPod({}, { annotations: MIRROR }), () => undefined);
    assert.deepEqual(errors, ['[]: Forbidden: static pods do not support ephemeral containers']);
  });
});

describe('pods/resize', () => {
  const set =
    (resources: object, rest: Partial<V1Container> = {}) =>
    (_: V1Pod, spec: V1PodSpec) => {
      spec.containers = [container({ resources, ...rest })];
    };

  it('changes what containers ask for, and counts that', () => {
    const old = newPod();
    const { pod, errors } = through('resize', old, set(asking('200m', '32Mi')));
    assert.deepEqual(errors, []);
    assert.deepEqual(pod.spec?.containers[0]?.resources, asking('200m', '32Mi'));
    assert.equal(pod.metadata?.generation, 2);
  });

  it('changes nothing else', () => {
    const old = newPod();
    const { pod, errors } = through('resize', old, (changed, spec) => {
      set(asking('100m', '64Mi'), { image: 'other' })(changed, spec);
      spec.nodeName = 'other';
      changed.status = { phase: 'Failed' };
      changed.metadata = { ...changed.metadata, labels: { a: 'b' } };
    });
    assert.deepEqual(errors, []);
    assert.deepEqual(pod, old);
  });

  it('may give memory back, whatever the policy of restarts', () => {
    const old = newPod({
      containers: [container({ resources: { ...asking('100m', '64Mi'), limits: { memory: '128Mi' } } })],
    });
    assert.deepEqual(through('resize', old, set({ ...asking('100m', '64Mi'), limits: { memory: '96Mi' } })).errors, []);
  });

  it('takes sidecars and resources of the pod, too', () => {
    const sidecar = (cpu: string) => [container({ name: 's', restartPolicy: 'Always', resources: asking(cpu, '1Mi') })];
    const old = newPod({ initContainers: sidecar('1'), resources: asking('4', '1Gi') });
    const { pod, errors } = through('resize', old, (_, spec) => {
      spec.initContainers = sidecar('2');
      spec.resources = asking('5', '1Gi');
    });
    assert.deepEqual(errors, []);
    assert.equal(pod.spec?.initContainers?.[0]?.resources?.requests?.cpu, '2');
    assert.equal(pod.spec?.resources?.requests?.cpu, '5');
  });

  const refused: { title: string; old?: V1Pod; change: (pod: V1Pod, spec: V1PodSpec) => void; errors: string[] }[] = [
    {
      title: 'another quality of service',
      change: set({ limits: { cpu: '100m', memory: '64Mi' } }),
      errors: ['spec: Invalid value: "Burstable": Pod QOS Class may not change as a result of resizing'],
    },
    {
      title: 'the loss of a request',
      change: set({ requests: { cpu: '100m' } }),
      errors: ['spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed'],
    },
    {
      title: 'other resources',
      change: set({ requests: { ...asking('100m', '64Mi').requests, 'ephemeral-storage': '1Gi' } }),
      errors: ['spec: Forbidden: only cpu and memory resources are mutable'],
    },
    {
      title: 'another policy of resizing',
      change: set(asking('1', '64Mi'), { resizePolicy: [{ resourceName: 'cpu', restartPolicy: 'NotRequired' }] }),
      errors: ['spec: Forbidden: only cpu and memory resources are mutable'],
    },
    {
      title: 'more containers',
      change: (_, spec) => spec.containers.push(container({ name: 'd' })),
      errors: ['spec.containers: Forbidden: containers may not be added or removed on resize'],
    },
    {
      title: 'other containers',
      change: (_, spec) => {
        spec.containers = [container({ name: 'd', resources: asking('100m', '64Mi') })];
      },
      errors: ['spec.containers[0].name: Forbidden: containers may not be renamed or reordered on resize'],
    },
    {
      title: 'requests beyond limits',
      old: newPod({ containers: [container({ resources: { ...asking('100m', '64Mi'), limits: { cpu: '200m' } } })] }),
      change: set({ ...asking('300m', '64Mi'), limits: { cpu: '200m' } }),
      errors: [
        'spec.containers[0].resources.requests: Invalid value: "300m": must be less than or equal to cpu limit of 200m',
      ],
    },
    {
      title: 'the loss of resources of the pod',
      old: newPod({ resources: asking('4', '1Gi') }),
      change: (_, spec) => {
        spec.resources = { requests: { cpu: '4' } };
      },
      errors: ['spec.resources.requests: Forbidden: pod-level resource requests cannot be removed'],
    },
    {
      title: 'static pods',
      old: newPod({}, { annotations: MIRROR }),
      change: set(asking('1', '64Mi')),
      errors: ['[]: Forbidden: static pods cannot be resized'],
    },
    {
      title: 'pods of Windows',
      old: newPod({ os: { name: 'windows' } }),
      change: set(asking('1', '64Mi')),
      errors: ['[]: Forbidden: windows pods cannot be resized'],
    },
    {
      title: 'init containers that a resize would start anew',
      old: newPod({
        initContainers: [
          container({
            name: 's',
            resources: asking('1', '1Mi'),
            resizePolicy: [{ resourceName: 'cpu', restartPolicy: 'RestartContainer' }],
          }),
        ],
      }),
      change: (_, spec) => Object.assign(spec.initContainers?.[0] ?? {}, { resources: asking('2', '1Mi') }),
      errors: [
        'spec.initContainers[0]: Forbidden: non-sidecar init containers with a resize policy of RestartContainer cannot be resized',
      ],
    },
  ];
  for (const { title, old = newPod(), change, errors } of refused) {
    it(`refuses ${title}`, () => assert.deepEqual(through('resize', old, change).errors, errors));
  }

  it('refuses pods on nodes that do not report what containers have', () => {
    const old = newPod();
    const running = { name: 'c', image: 'i', imageID: '', ready: true, restartCount: 0, state: { running: {} } };
    old.status = { ...old.status, containerStatuses: [running] };
    const message = 'spec: Forbidden: Pod running on node without support for resize';
    assert.deepEqual(through('resize', old, set(asking('1', '64Mi'))).errors, [message]);
    old.status.containerStatuses = [{ ...running, resources: {} }];
    assert.deepEqual(through('resize', old, set(asking('1', '64Mi'))).errors, []);
  });
});

describe('policies of resizing', () => {
  it('are about cpu and memory, each once', () => {
    const resizePolicy = [
      { resourceName: 'cpu', restartPolicy: 'NotRequired' },
      { resourceName: 'cpu', restartPolicy: 'RestartContainer' },
      { resourceName: 'disk', restartPolicy: 'Maybe' },
    ];
    const { strategy } = declarationOf('Pod');
    const pod = newPod({ restartPolicy: 'Never', containers: [container({ resizePolicy })] });
    const path = 'spec.containers[0].resizePolicy';
    const never = "must be 'NotRequired' when `restartPolicy` is 'Never'";
    assert.deepEqual(
      strategy.validate?.(pod).map(({ field, message }) => `${field}: ${message}`),
      [
        `${path}[1]: Duplicate value: "cpu"`,
        `${path}: Invalid value: "RestartContainer": ${never}`,
        `${path}: Unsupported value: "disk": supported values: "cpu", "memory"`,
        `${path}: Unsupported value: "Maybe": supported values: "NotRequired", "RestartContainer"`,
        `${path}: Invalid value: "Maybe": ${never}`,
      ],
    );
  });
});

describe('the status of services', () => {
  const service = (type: string) =>
    created('Service', { metadata: { name: 's' }, spec: { type, ports: [{ port: 80 }], selector: { a: 'b' } } });
  const check = (type: string, ingress: object[]) => {
    const old = service(type);
    const changed = { ...old, status: { loadBalancer: { ingress } } };
    const errors = declarationOf('Service').status?.validateUpdate?.(changed, old) ?? [];
    return errors.map(({ field, message }) => `${field}: ${message}`);
  };
  const path = 'status.loadBalancer.ingress';

  it('says where a load balancer is, and only that', () => {
    assert.deepEqual(check('LoadBalancer', [{ ip: '10.0.0.1', ipMode: 'Proxy' }, { hostname: 'a.b' }]), []);
    assert.deepEqual(check('ClusterIP', []), []);
    assert.deepEqual(check('ClusterIP', [{ ip: '10.0.0.1', ipMode: 'VIP' }]), [
      `${path}: Forbidden: may only be used when \`spec.type\` is 'LoadBalancer'`,
    ]);
  });

  it('is checked', () => {
    const points = [{ ip: 'a', ipMode: 'X' }, { ip: '10.0.0.1' }, { ipMode: 'VIP', hostname: '1.2.3.4' }];
    assert.deepEqual(check('LoadBalancer', points), [
      `${path}[0].ip: Invalid value: "a": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)`,
      `${path}[0].ipMode: Unsupported value: "X": supported values: "Proxy", "VIP"`,
      `${path}[1].ipMode: Required value: must be specified when \`ip\` is set`,
      `${path}[2].ipMode: Forbidden: may not be specified when \`ip\` is not set`,
      `${path}[2].hostname: Invalid value: "1.2.3.4": must be a DNS name, not an IP address`,
    ]);
  });
});
