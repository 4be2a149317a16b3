import assert from 'node:assert/strict';
import type { V1LimitRange, V1PodTemplate, V1ResourceQuota } from '../../../openapi/generated/types.ts';
import { created, declarationOf, errorsOf, type Loose, updated } from '../test-support.ts';

const range = (...limits: object[]) => ({ metadata: { name: 'a' }, spec: { limits } });

describe('limit ranges', () => {
  const defaults: [what: object, expected: object][] = [
    [
      { type: 'Container', max: { cpu: '2' }, min: { memory: '1024Ki' } },
      { default: { cpu: '2' }, defaultRequest: { cpu: '2', memory: '1Mi' } },
    ],
    [
      { type: 'Container', default: { cpu: '1000m' }, max: { cpu: '2' }, defaultRequest: { cpu: '0.5' } },
      { default: { cpu: '1' }, defaultRequest: { cpu: '500m' } },
    ],
    [{ type: 'Pod', max: { cpu: '2' } }, {}],
  ];
  for (const [limit, expected] of defaults) {
    it(`derive ${JSON.stringify(expected)} from ${JSON.stringify(limit)}`, () => {
      const made = created<V1LimitRange>('LimitRange', range(limit));
      const { default: limits, defaultRequest } = made.spec?.limits[0] ?? {};
      const found = { ...(limits ? { default: limits } : {}), ...(defaultRequest ? { defaultRequest } : {}) };
      assert.deepEqual(found, expected);
      const again = structuredClone(made);
      declarationOf('LimitRange').strategy.default?.(again);
      assert.deepEqual(again, made);
    });
  }

  const container = (fields: object) => ({ type: 'Container', ...fields });
  const cases: [limits: object[], errors: string[]][] = [
    [[], []],
    [[{ type: 'X' }], ['spec.limits[0].type: Invalid value: "X": must be a standard limit type or fully qualified']],
    [[container({}), container({})], ['spec.limits[1].type: Duplicate value: "Container"']],
    [
      [{ type: 'Pod', default: { cpu: '1' } }],
      ["spec.limits[0].default: Forbidden: may not be specified when `type` is 'Pod'"],
    ],
    [
      [{ type: 'PersistentVolumeClaim', max: { cpu: '1' } }],
      [
        'spec.limits[0].limits: Required value: either minimum or maximum storage value is required, but neither was provided',
      ],
    ],
    [
      [container({ min: { storage: '1' } })],
      [
        'spec.limits[0].min[storage]: Invalid value: "storage": must be a standard resource for containers',
        'spec.limits[0].defaultRequest[storage]: Invalid value: "storage": must be a standard resource for containers',
      ],
    ],
    [
      [
        container({
          max: { cpu: '1' },
          min: { cpu: '2' },
          default: { cpu: '3' },
          defaultRequest: { cpu: '4' },
          maxLimitRequestRatio: { cpu: '500m' },
        }),
      ],
      [
        'spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1',
        'spec.limits[0].defaultRequest[cpu]: Invalid value: "4": default request value 4 is greater than max value 1',
        'spec.limits[0].defaultRequest[cpu]: Invalid value: "4": default request value 4 is greater than default limit value 3',
        'spec.limits[0].default[cpu]: Invalid value: "1": default value 3 is greater than max value 1',
        'spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "500m": ratio 500m is less than 1',
      ],
    ],
    [
      [container({ max: { cpu: '4' }, min: { cpu: '2' }, maxLimitRequestRatio: { cpu: '3' } })],
      ['spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "3": ratio 3 is greater than max/min = 2.000000'],
    ],
    [
      [container({ default: { 'example.com/a': '2' }, defaultRequest: { 'example.com/a': '1' } })],
      [
        'spec.limits[0].defaultRequest[example.com/a]: Invalid value: "1": default value 2 must equal to defaultRequest value 1 in example.com/a',
      ],
    ],
  ];
  for (const [limits, errors] of cases) {
    it(`find ${errors.length} errors in ${JSON.stringify(limits)}`, () =>
      assert.deepEqual(errorsOf('LimitRange', range(...limits)), errors));
  }

  it('are named by the server when nobody names them, and made by a PUT', () => {
    assert.match(created('LimitRange', { spec: { limits: [] } }).metadata?.name ?? '', /^[0-9a-f-]{36}$/);
    assert.equal(declarationOf('LimitRange').strategy.createOnUpdate, true);
  });
});

describe('resource quotas', () => {
  const quota = (spec: object): Loose => ({ metadata: { name: 'a' }, spec });
  const requirement = (scopeName: string, operator: string, values?: string[]) => ({
    scopeName,
    operator,
    ...(values ? { values } : {}),
  });
  const cases: [spec: object, errors: string[]][] = [
    [{ hard: { cpu: '1', 'count/deployments.apps': '3', 'example.com/x': '1', 'requests.hugepages-2Mi': '1' } }, []],
    [
      { hard: { pods: '1.5', foo: '1', storage: '1', memory: '-1' } },
      [
        'spec.hard[pods]: Invalid value: "1500m": must be an integer',
        'spec.hard[foo]: Invalid value: "foo": must be a standard resource type or fully qualified',
        'spec.hard[foo]: Invalid value: "foo": must be a standard resource for quota',
        'spec.hard[storage]: Invalid value: "storage": must be a standard resource for quota',
        'spec.hard[memory]: Invalid value: "-1": must be greater than or equal to 0',
      ],
    ],
    [{ scopes: ['Foo'] }, ['spec.scopes: Invalid value: ["Foo"]: unsupported scope']],
    [
      { scopes: ['Terminating', 'NotTerminating'] },
      ['spec.scopes: Invalid value: ["Terminating","NotTerminating"]: conflicting scopes'],
    ],
    [
      { hard: { services: '1' }, scopes: ['BestEffort'] },
      ['spec.scopes: Invalid value: ["BestEffort"]: unsupported scope applied to resource'],
    ],
    [{ hard: { 'requests.storage': '1' }, scopes: ['VolumeAttributesClass'] }, []],
    [
      { scopeSelector: { matchExpressions: [requirement('PriorityClass', 'In')] } },
      [
        "spec.scopeSelector.matchExpressions.values: Required value: must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
      ],
    ],
    [
      { scopeSelector: { matchExpressions: [requirement('PriorityClass', 'Exists', ['x'])] } },
      [
        "spec.scopeSelector.matchExpressions.values: Invalid value: [\"x\"]: must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector",
      ],
    ],
    [
      { scopeSelector: { matchExpressions: [requirement('x', 'y')] } },
      [
        'spec.scopeSelector.matchExpressions.scopeName: Invalid value: "x": unsupported scope',
        'spec.scopeSelector.matchExpressions.operator: Invalid value: "y": not a valid selector operator',
      ],
    ],
  ];
  for (const [spec, errors] of cases) {
    it(`find ${errors.length} errors in ${JSON.stringify(spec)}`, () =>
      assert.deepEqual(errorsOf('ResourceQuota', quota(spec)), errors));
  }

  it('keep their scopes, and leave the status to its subresource', () => {
    const old = created<V1ResourceQuota>('ResourceQuota', { ...quota({ hard: { pods: '1' } }), status: { hard: {} } });
    assert.deepEqual(old.status, {});
    const { object, errors } = updated('ResourceQuota', old, (each) => {
      each.spec = { scopes: ['BestEffort'] };
      each.status = { used: { pods: '1' } };
    });
    assert.deepEqual(errors, ['spec.scopes: Invalid value: ["BestEffort"]: field is immutable']);
    assert.deepEqual(object.status, {});
    const status = updated(
      'ResourceQuota',
      old,
      (each) => {
        each.spec = {};
        each.status = { hard: { pods: '1' }, used: { pods: '0.5' } };
      },
      'status',
    );
    assert.deepEqual(status.object.spec, old.spec);
    assert.deepEqual(status.errors, ['status.used[pods]: Invalid value: "500m": must be an integer']);
  });

  it('show what is used of what, requests and limits apart', () => {
    const status = { hard: { pods: '4', 'limits.cpu': '2', 'requests.cpu': '1' }, used: { pods: '1' } };
    const cells = declarationOf('ResourceQuota').columns.map(({ value }) =>
      value({ ...quota({}), status } as object, 0),
    );
    assert.deepEqual(cells.slice(1, 3), ['pods: 1/4, requests.cpu: 0/1', 'limits.cpu: 0/2']);
  });
});

describe('pod templates', () => {
  it('have the defaults and the rules of templates, and count their generations', () => {
    const template = { spec: { containers: [{ name: 'a', image: 'b' }] } };
    const old = created<V1PodTemplate>('PodTemplate', { metadata: { name: 'a' }, template });
    assert.equal(old.template?.spec?.restartPolicy, 'Always');
    assert.equal(old.metadata?.generation, 1);
    const relabelled = updated('PodTemplate', old, ({ metadata }) =>
      Object.assign(metadata ?? {}, { labels: { a: 'b' } }),
    );
    assert.equal(relabelled.object.metadata?.generation, 1);
    const changed = updated('PodTemplate', old, (each) =>
      Object.assign(each.template ?? {}, { metadata: { labels: { a: 'b' } } }),
    );
    assert.equal(changed.object.metadata?.generation, 2);
    assert.deepEqual(errorsOf('PodTemplate', { metadata: { name: 'a' }, template: { spec: { containers: [] } } }), [
      'template.spec.containers: Required value',
    ]);
  });
});

describe('component statuses', () => {
  it('tell how the parts are, as they say or why they do not', async () => {
    const { componentStatuses } = await import('./componentstatuses.ts');
    const { virtual, columns } = componentStatuses(() => '', {
      scheduler: async () => 'ok',
      'controller-manager': () => Promise.reject(new Error('no answer')),
    });
    const rows = (await virtual?.list?.({ namespace: '', labels: [], stored: () => [] }))?.map((each) =>
      columns.map(({ value }) => value(each, 0)),
    );
    assert.deepEqual(rows, [
      ['scheduler', 'Healthy', 'ok', ''],
      ['controller-manager', 'Unhealthy', 'no answer', ''],
      ['etcd-0', 'Healthy', 'ok', ''],
    ]);
  });
});
