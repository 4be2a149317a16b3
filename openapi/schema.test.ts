import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { validators } from './generated/validators.ts';
import { packageRoot } from './generated-file.ts';
import { decode } from './schema.ts';

const CORE = 'io.k8s.api.core.v1';

function pod(spec: object, metadata: object = {}): object {
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec };
}

function container(fields: object): object {
  return pod({ containers: [fields] });
}

function messageFor(kind: string, value: unknown): string | undefined {
  return decode(`${CORE}.${kind}`, value).errors[0]?.message;
}

/** A service's only port. */
function port(fields: object): object {
  return { spec: { ports: [fields] } };
}

const FULL_POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: 'web',
    labels: { app: 'web' },
    creationTimestamp: '2026-01-02T03:04:05Z',
    managedFields: [{ manager: 'kubectl', fieldsV1: { 'f:spec': {} } }],
  },
  spec: {
    containers: [
      {
        name: 'web',
        image: 'nginx',
        ports: [{ containerPort: 80, protocol: 'TCP' }],
        resources: { limits: { cpu: '1500m', memory: '64Mi' } },
        livenessProbe: { httpGet: { path: '/', port: 'http' }, periodSeconds: 10 },
        readinessProbe: { tcpSocket: { port: 80 } },
      },
    ],
    volumes: [{ name: 'data', configMap: { name: 'x', items: [{ key: 'a', path: 'b', mode: 420 }] } }],
    hostNetwork: true,
  },
};

describe('decode', () => {
  it('returns a value in the server form itself, untouched', () => {
    const value = structuredClone(FULL_POD);
    const decoded = decode(`${CORE}.Pod`, value);
    assert.equal(decoded.value, value);
    assert.deepEqual(decoded, { value: FULL_POD, errors: [], unknown: [] });
    assert.equal(validators[`${CORE}.Pod`]?.(value), true);
  });

  it('agrees with the compiled validators on what the interpreter returns', () => {
    const value = { ...FULL_POD, status: null };
    const decoded = decode(`${CORE}.Pod`, value);
    assert.notEqual(decoded.value, value);
    assert.deepEqual(decoded.value, FULL_POD);
    assert.equal(validators[`${CORE}.Pod`]?.(decoded.value), true);
  });

  it('drops what Go leaves out where it is zero, and only that', () => {
    const value = pod({ hostNetwork: false, nodeName: '', priority: 0, containers: [{ name: '', tty: false }] });
    const { value: decoded } = decode(`${CORE}.Pod`, value);
    assert.deepEqual((decoded as { spec: object }).spec, { priority: 0, containers: [{ name: '' }] });
  });

  it('keeps empty lists of policies, which are not absent ones', () => {
    const behavior = { scaleUp: { policies: [] }, scaleDown: { selectPolicy: 'Max' } };
    const { value } = decode('io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler', { spec: { behavior, metrics: [] } });
    assert.deepEqual(value, { spec: { behavior } });
  });

  it('decodes definitions without a compiled validator alike', () => {
    const id = 'io.k8s.api.apps.v1.Deployment';
    const decoded = decode(id, { spec: { replicas: 'x' } });
    assert.equal(
      decoded.errors[0]?.message,
      'json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32',
    );
    assert.throws(() => decode('io.k8s.api.core.v1.Nothing', {}), /no definition/);
  });

  describe('type mismatches, in upstream words', () => {
    const cases: [string, object | unknown[] | string, string][] = [
      ['Pod', 'x', 'json: cannot unmarshal string into Go value of type v1.Pod'],
      ['Pod', [], 'json: cannot unmarshal array into Go value of type v1.Pod'],
      [
        'Pod',
        pod({}, { name: 1 }),
        'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.name of type string',
      ],
      [
        'Pod',
        pod({}, { uid: {} }),
        'json: cannot unmarshal object into Go struct field ObjectMeta.metadata.uid of type types.UID',
      ],
      [
        'Pod',
        pod({}, { labels: [] }),
        'json: cannot unmarshal array into Go struct field ObjectMeta.metadata.labels of type map[string]string',
      ],
      [
        'Pod',
        pod({}, { labels: { a: true } }),
        'json: cannot unmarshal bool into Go struct field ObjectMeta.metadata.labels of type string',
      ],
      ['Pod', { kind: 5 }, 'json: cannot unmarshal number into Go struct field Pod.kind of type string'],
      ['Pod', { spec: 'x' }, 'json: cannot unmarshal string into Go struct field Pod.spec of type v1.PodSpec'],
      [
        'Pod',
        pod({ containers: {} }),
        'json: cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container',
      ],
      [
        'Pod',
        pod({ containers: [7] }),
        'json: cannot unmarshal number into Go struct field PodSpec.spec.containers of type v1.Container',
      ],
      [
        'Pod',
        container({ name: 1 }),
        'json: cannot unmarshal number into Go struct field Container.spec.containers.name of type string',
      ],
      [
        'Pod',
        container({ imagePullPolicy: 1 }),
        'json: cannot unmarshal number into Go struct field Container.spec.containers.imagePullPolicy of type v1.PullPolicy',
      ],
      [
        'Pod',
        container({ command: 'x' }),
        'json: cannot unmarshal string into Go struct field Container.spec.containers.command of type []string',
      ],
      [
        'Pod',
        container({ resources: { limits: [] } }),
        'json: cannot unmarshal array into Go struct field ResourceRequirements.spec.containers.resources.limits of type v1.ResourceList',
      ],
      [
        'Pod',
        pod({ hostNetwork: 'true' }),
        'json: cannot unmarshal string into Go struct field PodSpec.spec.hostNetwork of type bool',
      ],
      [
        'Pod',
        pod({ priority: 1.5 }),
        'json: cannot unmarshal number 1.5 into Go struct field PodSpec.spec.priority of type int32',
      ],
      [
        'Pod',
        pod({ priority: 3000000000 }),
        'json: cannot unmarshal number 3000000000 into Go struct field PodSpec.spec.priority of type int32',
      ],
      [
        'Pod',
        pod({ activeDeadlineSeconds: '5' }),
        'json: cannot unmarshal string into Go struct field PodSpec.spec.activeDeadlineSeconds of type int64',
      ],
      ['Secret', { data: { a: 1 } }, 'json: cannot unmarshal number into Go struct field Secret.data of type []uint8'],
      [
        'Secret',
        { data: 5 },
        'json: cannot unmarshal number into Go struct field Secret.data of type map[string][]uint8',
      ],
      ['Secret', { data: { a: '!!!' } }, 'illegal base64 data at input byte 0'],
      [
        'Service',
        port({ targetPort: true }),
        'json: cannot unmarshal bool into Go struct field ServicePort.spec.ports.targetPort of type int32',
      ],
      [
        'Service',
        port({ targetPort: 1.5 }),
        'json: cannot unmarshal number 1.5 into Go struct field ServicePort.spec.ports.targetPort of type int32',
      ],
      [
        'Pod',
        container({ resources: { limits: { cpu: 'x' } } }),
        "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
      ],
      [
        'Pod',
        pod({}, { creationTimestamp: 'abc' }),
        'parsing time "abc" as "2006-01-02T15:04:05Z07:00": cannot parse "abc" as "2006"',
      ],
      [
        'Pod',
        pod({}, { creationTimestamp: 5 }),
        'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.creationTimestamp of type string',
      ],
    ];
    for (const [kind, value, message] of cases) {
      it(message, () => assert.equal(messageFor(kind, value), message));
    }

    it('reports the first of several, with its path', () => {
      const { errors } = decode(`${CORE}.Pod`, pod({ containers: [{ name: 'a' }, { name: 1 }], hostPID: 'x' }));
      assert.equal(errors.length, 1);
      assert.equal(errors[0]?.path, 'spec.containers[1].name');
    });
  });

  it('collects unknown fields with their indices and drops them', () => {
    const value = pod({ containers: [{ name: 'a', foo: 1 }], bar: {} }, { labels: { anything: 'goes' } });
    const decoded = decode(`${CORE}.Pod`, value);
    assert.deepEqual(decoded.unknown, ['unknown field "spec.containers[0].foo"', 'unknown field "spec.bar"']);
    assert.deepEqual(decoded.value, pod({ containers: [{ name: 'a' }] }, { labels: { anything: 'goes' } }));
    assert.deepEqual(decoded.errors, []);
  });

  it('is exact about the case of field names', () => {
    assert.deepEqual(decode(`${CORE}.Pod`, { Spec: {} }).unknown, ['unknown field "Spec"']);
  });

  it('stops collecting at a hundred unknown fields', () => {
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`x${i}`, 1]));
    assert.equal(decode(`${CORE}.Pod`, many).unknown.length, 100);
  });

  it('takes null for absent, and for the zero value in lists and maps', () => {
    const value = {
      metadata: { name: null, labels: { a: null }, finalizers: [null] },
      spec: null,
      status: { containerStatuses: [null] },
    };
    assert.deepEqual(decode(`${CORE}.Pod`, value).value, {
      metadata: { labels: { a: '' }, finalizers: [''] },
      status: { containerStatuses: [{}] },
    });
  });

  it('canonicalises quantities, times and base64, and mutates nothing', () => {
    const value = {
      metadata: { creationTimestamp: '2026-01-02T04:04:05.678+01:00' },
      spec: { containers: [{ name: 'a', resources: { requests: { cpu: 1, memory: '1024Mi' } } }] },
    };
    const copy = structuredClone(value);
    assert.deepEqual(decode(`${CORE}.Pod`, value).value, {
      metadata: { creationTimestamp: '2026-01-02T03:04:05Z' },
      spec: { containers: [{ name: 'a', resources: { requests: { cpu: '1', memory: '1Gi' } } }] },
    });
    assert.deepEqual(value, copy);
    assert.deepEqual(decode(`${CORE}.Secret`, { data: { a: 'Y\nQ==' } }).value, { data: { a: 'YQ==' } });
    const lease = 'io.k8s.api.coordination.v1.Lease';
    assert.deepEqual(decode(lease, { spec: { renewTime: '2026-01-02T04:04:05.123456+01:00' } }).value, {
      spec: { renewTime: '2026-01-02T03:04:05.123456Z' },
    });
  });

  it('keeps what raw fields hold, nulls too', () => {
    const fieldsV1 = { 'f:a': null, 'f:b': [1, { x: null }] };
    const value = { metadata: { managedFields: [{ fieldsV1 }] }, spec: null };
    assert.deepEqual(decode(`${CORE}.Pod`, value).value, { metadata: { managedFields: [{ fieldsV1 }] } });
  });

  describe('hostile input', () => {
    it('is refused when nested too deeply, whatever the place', () => {
      const deep = JSON.parse(`${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`);
      for (const value of [deep, { spec: deep }, { metadata: { managedFields: [{ fieldsV1: deep }] } }]) {
        assert.equal(messageFor('Pod', value), 'exceeded max depth');
      }
    });

    it('cannot reach prototypes', () => {
      const value = JSON.parse(
        '{"__proto__":{"spec":{}},"constructor":{},"metadata":{"labels":{"__proto__":"x"}},"spec":null}',
      );
      const decoded = decode(`${CORE}.Pod`, value);
      assert.deepEqual(decoded.unknown, ['unknown field "__proto__"', 'unknown field "constructor"']);
      const labels = (decoded.value as { metadata: { labels: object } }).metadata.labels;
      assert.deepEqual(Object.entries(labels), [['__proto__', 'x']]);
      assert.equal(Object.getPrototypeOf(labels), Object.prototype);
    });

    it('never throws, whatever the JSON', () => {
      const bits = [null, true, 1, -1.5, 1e300, '', 'x', [], {}, [null], { '': null }, [[[]]], { metadata: [] }];
      const names = [
        'metadata',
        'spec',
        'status',
        'containers',
        'labels',
        '__proto__',
        'ports',
        'data',
        'volumes',
        'x',
      ];
      let seed = 7;
      const next = (limit: number) => {
        seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
        return (seed >>> 8) % limit;
      };
      const random = (depth: number): unknown => {
        if (depth === 0 || next(4) === 0) return bits[next(bits.length)];
        if (next(3) === 0) return Array.from({ length: next(3) }, () => random(depth - 1));
        return Object.fromEntries(
          Array.from({ length: next(4) }, () => [names[next(names.length)], random(depth - 1)]),
        );
      };
      for (let i = 0; i < 3000; i++) {
        const value = JSON.parse(JSON.stringify(random(6)) ?? 'null');
        for (const kind of ['Pod', 'Service', 'Secret']) decode(`${CORE}.${kind}`, value);
      }
    });
  });

  it('has a validator for every kind of the core group that is served', () => {
    const facts = join(packageRoot(), 'openapi', 'facts', 'kinds.json');
    const kinds = Object.keys(JSON.parse(readFileSync(facts, 'utf8'))).filter((id) => id.startsWith(`${CORE}.`));
    assert.ok(kinds.length > 10);
    for (const id of kinds) assert.equal(typeof validators[id], 'function', id);
  });
});
