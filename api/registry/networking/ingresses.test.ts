import assert from 'node:assert/strict';
import type { V1Ingress, V1IngressClass } from '../../../openapi/generated/types.ts';
import { SUBDOMAIN } from '../core/test-messages.ts';
import { created, declarationOf, errorsOf, type Loose, updated } from '../test-support.ts';

const WILDCARD =
  "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for validation is '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const IMMUTABLE = 'field is immutable';

const backend = { service: { name: 'web', port: { number: 80 } } };
const ingress = (spec: object = {}, metadata: object = {}): Loose => ({
  metadata: { name: 'a', ...metadata },
  spec: { defaultBackend: backend, ...spec },
});
const path = (rest: object) =>
  ingress({ rules: [{ http: { paths: [{ pathType: 'Prefix', path: '/', backend, ...rest }] } }] });
const cells = (kind: string, object: object): unknown[] =>
  declarationOf(kind)
    .columns.filter(({ name }) => name !== 'Name' && name !== 'Age')
    .map((column) => column.value(object, 0));

describe('ingresses', () => {
  it('begin without a status, counted from one', () => {
    const { metadata, status } = created<V1Ingress>('Ingress', {
      ...ingress(),
      status: { loadBalancer: { ingress: [{}] } },
    });
    assert.deepEqual(status, { loadBalancer: {} });
    assert.equal(metadata?.generation, 1);
  });

  it('show what Go writes for backends though nobody said it', () => {
    const { spec } = created<V1Ingress>(
      'Ingress',
      ingress({
        rules: [{ http: { paths: [{ pathType: 'Exact', backend: { resource: { kind: 'K', name: 'n' } } }] } }],
      }),
    );
    assert.deepEqual(spec?.rules?.[0]?.http?.paths[0]?.backend, { resource: { apiGroup: null, kind: 'K', name: 'n' } });
  });

  it('count changes of the spec, and keep status and spec apart', () => {
    const old = created<V1Ingress>('Ingress', ingress());
    const changed = updated('Ingress', old, (object) => {
      object.spec = { ...object.spec, ingressClassName: 'c' };
      object.status = { loadBalancer: { ingress: [{ ip: '1.2.3.4' }] } };
    }).object;
    assert.equal(changed.metadata?.generation, 2);
    assert.deepEqual(changed.status, { loadBalancer: {} });
    const status = updated(
      'Ingress',
      old,
      (object) => {
        object.spec = {};
        object.status = { loadBalancer: { ingress: [{ ip: '1.2.3.4' }] } };
      },
      'status',
    );
    assert.deepEqual(status.errors, []);
    assert.deepEqual(status.object.spec, old.spec);
    assert.equal(status.object.metadata?.generation, 1);
  });

  it('are shown with their class, hosts, addresses and ports', () => {
    const hosts = ['a.b', 'c.d', '', 'e.f', 'g.h'].map((host) => ({ host }));
    const points = [{ ip: '10.0.0.2' }, { ip: '10.0.0.1' }, { hostname: 'h' }];
    assert.deepEqual(
      cells('Ingress', { spec: { rules: hosts, tls: [{}] }, status: { loadBalancer: { ingress: points } } }),
      ['<none>', 'a.b,c.d,e.f + 2 more...', '10.0.0.1,10.0...', '80, 443'],
    );
    assert.deepEqual(cells('Ingress', { spec: { ingressClassName: 'c', rules: [{}] } }), ['c', '*', '', '80']);
    assert.deepEqual(
      declarationOf('Ingress').columns.map(({ name }) => name),
      ['Name', 'Class', 'Hosts', 'Address', 'Ports', 'Age'],
    );
  });

  const refused: { title: string; object: Loose; errors: string[] }[] = [
    {
      title: 'without backend and rules',
      object: { metadata: { name: 'a' } },
      errors: ['spec: Invalid value: null: either `defaultBackend` or `rules` must be specified'],
    },
    {
      title: 'with two backends in one',
      object: ingress({ defaultBackend: { ...backend, resource: { kind: 'K', name: 'n' } } }),
      errors: ['spec.defaultBackend: Invalid value: "": cannot set both resource and service backends'],
    },
    {
      title: 'with an empty backend',
      object: ingress({ defaultBackend: {} }),
      errors: ['spec.defaultBackend: Invalid value: "": resource or service backend is required'],
    },
    {
      title: 'with a service that has no name and no port',
      object: ingress({ defaultBackend: { service: {} } }),
      errors: [
        'spec.defaultBackend.service.name: Required value',
        'spec.defaultBackend: Required value: port name or number is required',
      ],
    },
    {
      title: 'with a port that has both name and number',
      object: ingress({ defaultBackend: { service: { name: 'web', port: { name: 'http', number: 80 } } } }),
      errors: ['spec.defaultBackend: Invalid value: "": cannot set both port name & port number'],
    },
    {
      title: 'with hosts that are none',
      object: ingress({ rules: [{ host: '1.2.3.4' }, { host: '*' }, { host: 'A' }] }),
      errors: [
        'spec.rules[0].host: Invalid value: "1.2.3.4": must be a DNS name, not an IP address',
        `spec.rules[1].host: Invalid value: "*": ${WILDCARD}`,
        `spec.rules[2].host: Invalid value: "A": ${SUBDOMAIN}`,
      ],
    },
    {
      title: 'with a rule without paths',
      object: ingress({ rules: [{ http: { paths: [] } }] }),
      errors: ['spec.rules[0].http.paths: Required value'],
    },
    {
      title: 'with a path without type',
      object: path({ pathType: undefined }),
      errors: ['spec.rules[0].http.paths[0].pathType: Required value: pathType must be specified'],
    },
    {
      title: 'with a type of path that is none',
      object: path({ pathType: 'Other' }),
      errors: [
        'spec.rules[0].http.paths[0].pathType: Unsupported value: "Other": supported values: "Exact", "ImplementationSpecific", "Prefix"',
      ],
    },
    {
      title: 'with a path that leads elsewhere',
      object: path({ path: 'a//b/..' }),
      errors: ['must be an absolute path', "must not contain '//'", "cannot end with '/..'"].map(
        (detail) => `spec.rules[0].http.paths[0].path: Invalid value: "a//b/..": ${detail}`,
      ),
    },
    {
      title: 'with TLS of bad names',
      object: ingress({ tls: [{ hosts: ['*'], secretName: 'A' }] }),
      errors: [
        `spec.tls[0].hosts[0]: Invalid value: "*": ${WILDCARD}`,
        `spec.tls[0].secretName: Invalid value: "A": ${SUBDOMAIN}`,
      ],
    },
    {
      title: 'with an annotation that contradicts the class',
      object: ingress({ ingressClassName: 'a' }, { annotations: { 'kubernetes.io/ingress.class': 'b' } }),
      errors: [
        'annotations.kubernetes.io/ingress.class: Invalid value: "b": must match `ingressClassName` when both are specified',
      ],
    },
  ];
  for (const { title, object, errors } of refused) {
    it(`are refused ${title}`, () => assert.deepEqual(errorsOf('Ingress', object), errors));
  }

  it('may come to contradict their annotation later', () => {
    const old = created<V1Ingress>('Ingress', ingress({ ingressClassName: 'a' }));
    const { errors } = updated('Ingress', old, ({ metadata }) => {
      Object.assign(metadata ?? {}, { annotations: { 'kubernetes.io/ingress.class': 'b' } });
    });
    assert.deepEqual(errors, []);
  });

  it('refuse points of load balancers that are neither', () => {
    const old = created<V1Ingress>('Ingress', ingress());
    const points = [{ ip: '010.0.0.1' }, { hostname: '1.2.3.4' }];
    const { errors } = updated(
      'Ingress',
      old,
      (object) => Object.assign(object, { status: { loadBalancer: { ingress: points } } }),
      'status',
    );
    assert.deepEqual(errors, [
      'status.loadBalancer.ingress[0].ip: Invalid value: "010.0.0.1": must not have leading 0s',
      'status.loadBalancer.ingress[1].hostname: Invalid value: "1.2.3.4": must be a DNS name, not an IP address',
    ]);
  });
});

describe('ingress classes', () => {
  const fresh = (parameters?: object, controller = 'acme.io/foo') =>
    created<V1IngressClass>('IngressClass', {
      metadata: { name: 'a' },
      spec: { controller, ...(parameters ? { parameters } : {}) },
    });

  it('have parameters of the whole cluster unless told otherwise', () => {
    assert.deepEqual(fresh({ kind: 'K', name: 'n' }).spec?.parameters, { kind: 'K', name: 'n', scope: 'Cluster' });
  });

  it('keep their controller', () => {
    const { errors } = updated('IngressClass', fresh(), ({ spec }) =>
      Object.assign(spec ?? {}, { controller: 'b.c/d' }),
    );
    assert.deepEqual(errors, [`spec.controller: Invalid value: "b.c/d": ${IMMUTABLE}`]);
  });

  it('are shown with their parameters, and which is the default', () => {
    assert.deepEqual(cells('IngressClass', fresh({ apiGroup: 'g', kind: 'K', name: 'n' })), ['acme.io/foo', 'K.g/n']);
    const annotations = { 'ingressclass.kubernetes.io/is-default-class': 'true' };
    const [name] = declarationOf('IngressClass').columns;
    assert.equal(name?.value({ metadata: { name: 'a', annotations } }, 0), 'a (default)');
  });

  const refused: [title: string, spec: object, ...errors: string[]][] = [
    ['without a controller', {}, 'spec.controller: Required value'],
    [
      'with a controller that has no domain',
      { controller: 'foo' },
      'spec.controller: Invalid value: "foo": must be a domain-prefixed path (such as "acme.io/foo")',
    ],
    [
      'with a long controller',
      { controller: `a.b/${'c'.repeat(250)}` },
      'spec.controller: Too long: may not be more than 250 bytes',
    ],
    [
      'with empty parameters',
      { controller: 'a.b/c', parameters: {} },
      'spec.parameters.kind: Required value: kind is required',
      'spec.parameters.name: Required value: name is required',
    ],
    [
      'with an unknown scope',
      { controller: 'a.b/c', parameters: { kind: 'K', name: 'n', scope: 'X' } },
      'spec.parameters.scope: Unsupported value: "X": supported values: "Cluster", "Namespace"',
    ],
    [
      'with a namespace for the whole cluster',
      { controller: 'a.b/c', parameters: { kind: 'K', name: 'n', namespace: 'x' } },
      "spec.parameters.namespace: Forbidden: `parameters.scope` is set to 'Cluster'",
    ],
    [
      'without the namespace that the scope asks for',
      { controller: 'a.b/c', parameters: { kind: 'K', name: 'n', scope: 'Namespace' } },
      "spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'",
    ],
  ];
  for (const [title, spec, ...errors] of refused) {
    it(`are refused ${title}`, () => {
      assert.deepEqual(errorsOf('IngressClass', { metadata: { name: 'a' }, spec }), errors);
    });
  }
});
