/** Server-side apply, and who manages which fields after all other writes. */
import assert from 'node:assert/strict';
import {
  at,
  atLeast,
  behaves,
  fetchApi,
  includes,
  JSON_PATCH,
  MERGE_PATCH,
  objectOf,
  STRATEGIC_PATCH,
  statusOf,
  suite,
  testNamespace,
  type Wire,
} from './harness.ts';
import { APPLY_PATCH, applyAs, entriesOf, managersAt, managersOf, writeAs } from './managed-fields.ts';

/** 1.20 has 500 here; whose mistake it is should be said, and nobody who speaks 1.36 here is let off. */
const badlyTyped = () => (atLeast(36) ? 400 : 500);
const JSON_TYPE = 'application/json';

const configMap = (name: string, data?: Record<string, string>, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...metadata },
  ...(data ? { data } : {}),
});

const service = (name: string, ports: object[]) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: { ports },
});

const controller = (name: string, containers: object[], replicas?: number) => ({
  apiVersion: 'v1',
  kind: 'ReplicationController',
  metadata: { name },
  spec: {
    ...(replicas === undefined ? {} : { replicas }),
    template: { metadata: { labels: { app: name } }, spec: { containers } },
  },
});

const PORT = (port: number, ...fields: string[]) =>
  `"k:{\\"port\\":${port},\\"protocol\\":\\"TCP\\"}":{".":{},${['name', 'port', 'protocol', ...fields].map((field) => `"f:${field}":{}`).join(',')}}`;

suite('server-side apply', () => {
  const namespace = testNamespace('apply');
  const maps = (name: string) => namespace.path('configmaps', name);
  const map = async (name: string) => objectOf(await fetchApi('GET', maps(name)));

  behaves('creates what is not there, and answers 201', async () => {
    const created = objectOf(await applyAs('m1', maps('made'), configMap('made', { a: '1' })), 201);
    assert.deepEqual(managersOf(created), { 'm1 Apply': '{"f:data":{"f:a":{}}}' });
    const [entry] = entriesOf(created);
    assert.deepEqual(Object.keys(entry ?? {}).sort(), [
      'apiVersion',
      'fieldsType',
      'fieldsV1',
      'manager',
      'operation',
      'time',
    ]);
    assert.match(String(entry?.time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  });

  behaves('takes YAML', async () => {
    const yaml = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: written\ndata:\n  text: |\n    one\n    two\n';
    const created = objectOf(await applyAs('m1', maps('written'), yaml), 201);
    assert.deepEqual(created.data, { text: 'one\ntwo\n' });
  });

  behaves('changes nothing the second time', async () => {
    const configuration = configMap('twice', { a: '1' }, { labels: { l: '1' } });
    const first = objectOf(await applyAs('m1', maps('twice'), configuration), 201);
    assert.deepEqual(objectOf(await applyAs('m1', maps('twice'), configuration)), first);
    const put = objectOf(await fetchApi('PUT', maps('twice'), { body: first }));
    assert.deepEqual(put, first);
  });

  behaves('in a dry run stores nothing', async () => {
    const dry = await applyAs('m1', maps('dry'), configMap('dry', { a: '1' }), '&dryRun=All');
    assert.deepEqual(managersOf(objectOf(dry, 201)), { 'm1 Apply': '{"f:data":{"f:a":{}}}' });
    assert.equal((await fetchApi('GET', maps('dry'))).status, 404);
    await applyAs('m1', maps('dry'), configMap('dry', { a: '1' }));
    const again = await applyAs('m1', maps('dry'), configMap('dry', { a: '2' }), '&dryRun=All');
    assert.deepEqual(objectOf(again).data, { a: '2' });
    assert.deepEqual((await map('dry')).data, { a: '1' });
  });

  behaves('removes what its manager applies no more', async () => {
    const path = maps('less');
    await applyAs('m1', path, configMap('less', { a: '1', b: '1' }, { labels: { l: '1', m: '1' } }));
    const less = objectOf(await applyAs('m1', path, configMap('less', { b: '1' }, { labels: { m: '1' } })));
    includes(less, { data: { a: undefined, b: '1' }, metadata: { labels: { l: undefined, m: '1' } } });
    const none = objectOf(await applyAs('m1', path, configMap('less')));
    assert.deepEqual([none.data, none.metadata.labels, managersOf(none)], [undefined, undefined, {}]);
  });

  behaves('lets managers share a field, which stays until the last applies it no more', async () => {
    const path = maps('shared');
    await applyAs('m1', path, configMap('shared', { a: '1', b: '1' }));
    const shared = objectOf(await applyAs('m2', path, configMap('shared', { a: '1' })));
    assert.deepEqual(managersOf(shared), {
      'm1 Apply': '{"f:data":{"f:a":{},"f:b":{}}}',
      'm2 Apply': '{"f:data":{"f:a":{}}}',
    });
    const left = objectOf(await applyAs('m1', path, configMap('shared')));
    assert.deepEqual([left.data, managersOf(left)], [{ a: '1' }, { 'm2 Apply': '{"f:data":{"f:a":{}}}' }]);
    assert.equal(objectOf(await applyAs('m2', path, configMap('shared'))).data, undefined);
  });

  behaves('refuses to change what others manage, unless forced', async () => {
    const path = maps('contended');
    await applyAs('m1', path, configMap('contended', { a: '1', b: '1' }));
    await writeAs('other', 'PATCH', path, MERGE_PATCH, { data: { c: '1' } });
    const wanted = configMap('contended', { a: '2' });
    statusOf(await applyAs('m2', path, wanted), {
      code: 409,
      reason: 'Conflict',
      message: 'Apply failed with 1 conflict: conflict with "m1": .data.a',
      details: { causes: [{ reason: 'FieldManagerConflict', message: 'conflict with "m1"', field: '.data.a' }] },
    });
    const { details } = statusOf(await applyAs('m2', path, configMap('contended', { a: '2', b: '2', c: '2' })), {
      code: 409,
      reason: 'Conflict',
      message:
        'Apply failed with 3 conflicts: conflicts with "m1":\n- .data.a\n- .data.b\nconflicts with "other" using v1:\n- .data.c',
    });
    assert.deepEqual(details?.causes?.map(({ field }) => field).sort(), ['.data.a', '.data.b', '.data.c']);
    const forced = objectOf(await applyAs('m2', path, wanted, '&force=true'));
    assert.deepEqual(managersOf(forced), {
      'm1 Apply': '{"f:data":{"f:b":{}}}',
      'm2 Apply': '{"f:data":{"f:a":{}}}',
      'other Update': '{"f:data":{"f:c":{}}}',
    });
  });

  behaves('has a conflict with each of who share a field', async () => {
    const path = maps('both');
    for (const manager of ['m1', 'm2']) await applyAs(manager, path, configMap('both', { a: '1' }));
    statusOf(await applyAs('m3', path, configMap('both', { a: '2' })), {
      code: 409,
      message: 'Apply failed with 2 conflicts: conflicts with "m1":\n- .data.a\nconflicts with "m2":\n- .data.a',
    });
  });

  behaves('merges lists by their keys, and tells ports apart by port and protocol', async () => {
    const path = namespace.path('services', 'ports');
    const one = { port: 80, protocol: 'TCP', name: 'one' };
    const two = { port: 81, protocol: 'TCP', name: 'two' };
    await applyAs('m1', path, service('ports', [one]));
    const both = objectOf(await applyAs('m2', path, service('ports', [two])));
    assert.deepEqual(managersOf(both), {
      'm1 Apply': `{"f:spec":{"f:ports":{${PORT(80)}}}}`,
      'm2 Apply': `{"f:spec":{"f:ports":{${PORT(81)}}}}`,
    });
    statusOf(await applyAs('m2', path, service('ports', [two, { ...one, name: 'else' }])), {
      code: 409,
      message: 'Apply failed with 1 conflict: conflict with "m1": .spec.ports[port=80,protocol="TCP"].name',
    });
    const left = objectOf(await applyAs('m1', path, service('ports', [])));
    assert.deepEqual(at(left, 'spec.ports.0.name'), 'two');
    assert.equal(at(left, 'spec.ports.1'), undefined);
  });

  behaves('knows the protocol of a port that names none', { since: 21 }, async () => {
    const path = namespace.path('services', 'plain');
    const created = objectOf(await applyAs('m1', path, service('plain', [{ port: 80 }])), 201);
    const key = '"k:{\\"port\\":80,\\"protocol\\":\\"TCP\\"}"';
    assert.deepEqual(managersOf(created), { 'm1 Apply': `{"f:spec":{"f:ports":{${key}:{".":{},"f:port":{}}}}}` });
    statusOf(await applyAs('m1', path, service('plain', [{ port: 80 }, { port: 80, protocol: 'TCP' }])), {
      code: badlyTyped(),
      message: /\.spec\.ports: duplicate entries for key \[port=80,protocol="TCP"\]$/,
    });
  });

  behaves('puts items in the order of the configuration', { since: 27 }, async () => {
    const path = namespace.path('services', 'ordered');
    const port = (port: number) => ({ port, protocol: 'TCP', name: `p${port}` });
    const order = (object: Wire) => (at(object, 'spec.ports') as { port: number }[]).map((each) => each.port);
    await applyAs('m1', path, service('ordered', [port(1), port(2)]));
    assert.deepEqual(
      order(objectOf(await applyAs('m1', path, service('ordered', [port(3), port(2), port(1)])))),
      [3, 2, 1],
    );
    await applyAs('m2', path, service('ordered', [port(4), port(2)]));
    assert.deepEqual(order(objectOf(await fetchApi('GET', path))), [3, 4, 2, 1]);
  });

  behaves('owns the containers of a template item by item, arguments as a whole', async () => {
    const path = namespace.path('replicationcontrollers', 'template');
    const container = (name: string, more: object = {}) => ({ name, image: 'none', ...more });
    const env = (name: string, value: string) => ({ name, value });
    const first = container('c', { args: ['a'], env: [env('A', '1'), env('B', '1')] });
    await applyAs('m1', path, controller('template', [first], 0));
    await applyAs('m2', path, controller('template', [container('c', { env: [env('C', '1')] }), container('d')]));
    const found = managersOf(objectOf(await fetchApi('GET', path)));
    const labels = '"f:metadata":{"f:labels":{"f:app":{}}}';
    const item = (name: string) => `"k:{\\"name\\":\\"${name}\\"}":{".":{},"f:name":{},"f:value":{}}`;
    const c = (rest: string) => `"k:{\\"name\\":\\"c\\"}":{".":{},${rest}"f:image":{},"f:name":{}}`;
    const ofBoth = (containers: string) => `"f:template":{${labels},"f:spec":{"f:containers":{${containers}}}}`;
    includes(found, {
      'm1 Apply': `{"f:spec":{"f:replicas":{},${ofBoth(c(`"f:args":{},"f:env":{${item('A')},${item('B')}},`))}}}`,
      'm2 Apply': `{"f:spec":{${ofBoth(`${c(`"f:env":{${item('C')}},`)},"k:{\\"name\\":\\"d\\"}":{".":{},"f:image":{},"f:name":{}}`)}}}`,
    });
    statusOf(await applyAs('m2', path, controller('template', [container('c', { args: ['b'] })])), {
      code: 409,
      message: 'Apply failed with 1 conflict: conflict with "m1": .spec.template.spec.containers[name="c"].args',
    });
    await writeAs('other', 'PATCH', path, STRATEGIC_PATCH, {
      spec: { template: { spec: { containers: [{ name: 'd', env: [env('E', '1')] }] } } },
    });
    const gone = objectOf(await applyAs('m2', path, controller('template', [container('c')])));
    const containers = at(gone, 'spec.template.spec.containers') as { name: string; env: object[] }[];
    assert.deepEqual(
      containers.map(({ name, env }) => [name, env]),
      [['c', [env('A', '1'), env('B', '1')]]],
      'an item goes with all that others added to it',
    );
    assert.equal(managersOf(gone)['other Update'], undefined);
  });

  behaves('owns selectors, references and what is empty as a whole', { since: 27 }, async () => {
    const path = namespace.path('replicationcontrollers', 'whole');
    const pod = {
      containers: [
        { name: 'c', image: 'none', env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }] },
      ],
    };
    const spec = {
      replicas: 0,
      selector: { app: 'w' },
      template: { metadata: { labels: { app: 'w' } }, spec: { ...pod, volumes: [{ name: 'v', emptyDir: {} }] } },
    };
    const body = { apiVersion: 'v1', kind: 'ReplicationController', metadata: { name: 'whole' }, spec };
    const found = managersOf(objectOf(await applyAs('m1', path, body), 201))['m1 Apply'] ?? '';
    for (const part of ['"f:selector":{}', '"f:secretKeyRef":{}', '"f:emptyDir":{}'])
      assert.ok(found.includes(part), found);
  });

  suite('to a status', () => {
    const status = (name: string, conditions: string[]) => ({
      apiVersion: 'v1',
      kind: 'ReplicationController',
      metadata: { name },
      status: { replicas: 0, conditions: conditions.map((type) => ({ type, status: 'True' })) },
    });
    const path = namespace.path('replicationcontrollers', 'part');
    before(async () => {
      objectOf(await applyAs('m1', path, controller('part', [{ name: 'c', image: 'none' }], 0)), 201);
    });

    behaves('manages nothing else, whatever it says', async () => {
      const configuration = { ...status('part', ['X']), spec: { replicas: 7 } };
      const applied = objectOf(await applyAs('ms', `${path}/status`, configuration, '&force=true'));
      assert.equal(at(applied, 'spec.replicas') ?? 0, 0);
      assert.equal(at(applied, 'status.conditions.0.type'), 'X');
      const key = Object.keys(managersOf(applied)).find((name) => name.startsWith('ms ')) ?? '';
      if (atLeast(22)) {
        assert.equal(key, 'ms Apply /status');
        assert.equal(
          managersOf(applied)[key],
          '{"f:status":{"f:conditions":{"k:{\\"type\\":\\"X\\"}":{".":{},"f:status":{},"f:type":{}}},"f:replicas":{}}}',
        );
        includes(managersOf(applied), { 'm1 Apply': /"f:replicas":\{\}/ });
      }
    });

    behaves('removes what is applied no more', async () => {
      objectOf(await applyAs('mt', `${path}/status`, status('part', ['Y', 'Z']), '&force=true'));
      const less = objectOf(await applyAs('mt', `${path}/status`, status('part', ['Z']), '&force=true'));
      const types = (at(less, 'status.conditions') as { type: string }[]).map(({ type }) => type);
      assert.deepEqual([types.includes('Y'), types.includes('Z')], [false, true]);
    });

    behaves('creates nothing', async () => {
      const none = namespace.path('replicationcontrollers', 'none');
      statusOf(await applyAs('ms', `${none}/status`, status('none', [])), { code: 404, reason: 'NotFound' });
    });

    behaves('has its own entry for each manager, with the subresource', { since: 22 }, async () => {
      const updated = objectOf(
        await writeAs('kubelet', 'PATCH', `${path}/status`, MERGE_PATCH, { status: { observedGeneration: 77 } }),
      );
      includes(managersOf(updated), { 'kubelet Update /status': '{"f:status":{"f:observedGeneration":{}}}' });
      await writeAs('scaler', 'PATCH', `${path}/scale`, MERGE_PATCH, { spec: { replicas: 1 } });
      const scaled = await managersAt(path);
      includes(scaled, { 'scaler Update /scale': '{"f:spec":{"f:replicas":{}}}' });
      assert.ok(!scaled['m1 Apply']?.includes('f:replicas'), scaled['m1 Apply']);
      statusOf(await applyAs('m1', path, controller('part', [{ name: 'c', image: 'none' }], 0)), {
        code: 409,
        message:
          'Apply failed with 1 conflict: conflict with "scaler" with subresource "scale" using v1: .spec.replicas',
      });
    });
  });

  suite('of what was written otherwise', () => {
    behaves('finds the fields of an object that nobody kept account of with before-first-apply', async () => {
      const path = maps('before');
      objectOf(
        await fetchApi('POST', namespace.path('configmaps'), { body: configMap('before', { a: '1', b: '1' }) }),
        201,
      );
      const bare = objectOf(await writeAs('any', 'PATCH', path, MERGE_PATCH, { metadata: { managedFields: [{}] } }));
      assert.equal(bare.metadata.managedFields, undefined);
      const still = objectOf(await writeAs('any', 'PATCH', path, MERGE_PATCH, { data: { c: '1' } }));
      assert.equal(still.metadata.managedFields, undefined, 'a write does not begin to keep account');
      statusOf(await applyAs('m1', path, configMap('before', { a: '2' })), {
        code: 409,
        message: 'Apply failed with 1 conflict: conflict with "before-first-apply" using v1: .data.a',
      });
      const forced = objectOf(await applyAs('m1', path, configMap('before', { a: '2' }), '&force=true'));
      assert.deepEqual(managersOf(forced), {
        'before-first-apply Update': '{"f:data":{".":{},"f:b":{},"f:c":{}}}',
        'm1 Apply': '{"f:data":{"f:a":{}}}',
      });
    });

    const LAST = 'kubectl.kubernetes.io/last-applied-configuration';
    const written = (name: string, data: Record<string, string>) =>
      `{"apiVersion":"v1","data":${JSON.stringify(data)},"kind":"ConfigMap","metadata":{"annotations":{},"name":"${name}","namespace":"${namespace.name}"}}\n`;
    const byKubectl = (name: string, data: Record<string, string>) =>
      writeAs(
        'kubectl-client-side-apply',
        'POST',
        namespace.path('configmaps'),
        JSON_TYPE,
        configMap(name, data, { annotations: { [LAST]: written(name, data) } }),
      );

    behaves('lets kubectl take over what it applied by itself, and keeps what it remembers of that', async () => {
      objectOf(await byKubectl('upgraded', { a: '1', b: '1' }), 201);
      const applied = objectOf(await applyAs('kubectl', maps('upgraded'), configMap('upgraded', { a: '2', b: '1' })));
      assert.deepEqual(applied.data, { a: '2', b: '1' });
      assert.equal(
        applied.metadata.annotations?.[LAST],
        '{"apiVersion":"v1","data":{"a":"2","b":"1"},"kind":"ConfigMap","metadata":{"name":"upgraded"}}\n',
      );
      includes(managersOf(applied), { 'kubectl Apply': '{"f:data":{"f:a":{},"f:b":{}}}' });
    });

    behaves('but not what somebody else changed since', async () => {
      objectOf(await byKubectl('changed', { a: '1', b: '1' }), 201);
      await writeAs('other', 'PATCH', maps('changed'), MERGE_PATCH, { data: { a: '9' } });
      statusOf(await applyAs('kubectl', maps('changed'), configMap('changed', { a: '2', b: '2' })), {
        code: 409,
        message: 'Apply failed with 1 conflict: conflict with "other" using v1: .data.a',
      });
    });

    behaves('nor lets any other manager', async () => {
      objectOf(await byKubectl('foreign', { a: '1' }), 201);
      statusOf(await applyAs('m1', maps('foreign'), configMap('foreign', { a: '2' })), {
        code: 409,
        message: 'Apply failed with 1 conflict: conflict with "kubectl-client-side-apply" using v1: .data.a',
      });
    });
  });

  suite('refuses', () => {
    const path = maps('refused');
    before(async () => {
      objectOf(await applyAs('m1', path, configMap('refused', { a: '1' })), 201);
    });

    const invalidOptions = (message: string) => ({
      code: 422,
      reason: 'Invalid',
      message: `PatchOptions.meta.k8s.io "" is invalid: ${message}`,
    });

    behaves('to go without a manager', async () => {
      const answer = await fetchApi('PATCH', path, {
        headers: { 'content-type': APPLY_PATCH },
        body: configMap('refused'),
      });
      statusOf(answer, {
        ...invalidOptions('fieldManager: Required value: is required for apply patch'),
        details: {
          group: 'meta.k8s.io',
          kind: 'PatchOptions',
          causes: [
            {
              reason: 'FieldValueRequired',
              message: 'Required value: is required for apply patch',
              field: 'fieldManager',
            },
          ],
        },
      });
    });

    behaves('managers that cannot be printed, or are too long', async () => {
      statusOf(
        await applyAs('m\u0001', path, configMap('refused')),
        invalidOptions('fieldManager: Invalid value: "m\\x01": invalid character U+0001 (at position 1)'),
      );
      const max = atLeast(31) ? 'may not be more than' : 'must have at most';
      statusOf(
        await applyAs('m'.repeat(129), path, configMap('refused')),
        invalidOptions(`fieldManager: Too long: ${max} 128 bytes`),
      );
      objectOf(await applyAs('é'.repeat(64), path, configMap('refused')));
      for (const [method, options] of [
        ['POST', 'CreateOptions'],
        ['PUT', 'UpdateOptions'],
      ] as const) {
        const target = method === 'POST' ? namespace.path('configmaps') : path;
        statusOf(await fetchApi(method, `${target}?fieldManager=%07`, { body: configMap('refused') }), {
          code: 422,
          message: new RegExp(`^${options}\\.meta\\.k8s\\.io "" is invalid: fieldManager: Invalid value: "\\\\[ax]`),
        });
      }
    });

    behaves('to force any other patch', async () => {
      const answer = await fetchApi('PATCH', `${path}?force=true`, {
        headers: { 'content-type': MERGE_PATCH },
        body: {},
      });
      statusOf(answer, invalidOptions('force: Forbidden: may not be specified for non-apply patch'));
    });

    behaves('a configuration that says who manages what', async () => {
      const body = configMap('refused', {}, { managedFields: [] });
      statusOf(await applyAs('m1', path, body), {
        code: 400,
        reason: 'BadRequest',
        message: 'metadata.managedFields must be nil',
      });
    });

    behaves('another name and another namespace', async () => {
      statusOf(await applyAs('m1', path, configMap('other')), {
        code: 400,
        message: 'the name of the object (other) does not match the name on the URL (refused)',
      });
      statusOf(await applyAs('m1', path, configMap('refused', {}, { namespace: 'elsewhere' })), {
        code: 400,
        message: /^the namespace of the .*object/,
      });
      statusOf(await applyAs('m1', maps('nameless'), { apiVersion: 'v1', kind: 'ConfigMap', metadata: {} }), {
        code: 400,
      });
    });

    behaves('another kind or version', { since: 28 }, async () => {
      for (const [apiVersion, kind, what] of [
        ['v2', 'ConfigMap', '/v2, Kind=ConfigMap'],
        ['v1', 'Secret', '/v1, Kind=Secret'],
        ['apps/v1', 'ConfigMap', 'apps/v1, Kind=ConfigMap'],
        [undefined, undefined, '/, Kind='],
      ]) {
        statusOf(await applyAs('m1', path, { apiVersion, kind, metadata: { name: 'refused' } }), {
          code: 400,
          reason: 'BadRequest',
          message: `invalid object type: ${what}`,
        });
      }
    });

    behaves('fields that the kind does not have, and values of other types', async () => {
      const what = atLeast(22) ? ' (/refused; /v1, Kind=ConfigMap)' : '';
      for (const [body, message] of [
        [{ ...configMap('refused'), spec: {} }, '.spec: field not declared in schema'],
        [
          { ...configMap('refused'), data: { a: 1 } },
          '.data.a: expected string, got &value.valueUnstructured{Value:1}',
        ],
        [{ ...configMap('refused'), data: 'x' }, '.data: expected map, got &{x}'],
        [{ ...configMap('refused'), immutable: 'yes' }, '.immutable: expected boolean, got &{yes}'],
        [configMap('refused', {}, { finalizers: 'x' }), '.metadata.finalizers: expected list, got &{x}'],
        [
          configMap('refused', {}, { finalizers: ['a/b', 'a/b'] }),
          '.metadata.finalizers: duplicate entries for key [="a/b"]',
        ],
      ] as const) {
        statusOf(await applyAs('m1', path, body), {
          code: badlyTyped(),
          message: `failed to create typed patch object${what}: ${message}`,
        });
      }
    });

    behaves('a body that is none', async () => {
      statusOf(await applyAs('m1', path, '{"apiVersion":'), { code: 400, message: /^error decoding YAML: / });
      statusOf(await applyAs('m1', path, '[1]'), {
        code: 400,
        message:
          'error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go value of type map[string]interface {}',
      });
      statusOf(await applyAs('m1', path, ''), { code: 400 });
    });

    behaves('CBOR', async () => {
      const answer = await fetchApi('PATCH', `${path}?fieldManager=m1`, {
        headers: { 'content-type': 'application/apply-patch+cbor' },
        body: Buffer.from([0xa0]),
      });
      statusOf(answer, { code: 415, reason: 'UnsupportedMediaType', message: '415: Unsupported Media Type' });
    });

    behaves('another version of the object, and another object', async () => {
      statusOf(await applyAs('m1', path, configMap('refused', { a: '2' }, { resourceVersion: '1' })), {
        code: 409,
        reason: 'Conflict',
      });
      const { resourceVersion, uid } = (await map('refused')).metadata;
      objectOf(await applyAs('m1', path, configMap('refused', { a: '3' }, { resourceVersion, uid })));
      statusOf(await applyAs('m1', path, configMap('refused', {}, { uid: 'other' })), {
        code: 422,
        message: 'ConfigMap "refused" is invalid: metadata.uid: Invalid value: "other": field is immutable',
      });
      statusOf(await applyAs('m1', maps('fresh'), configMap('fresh', {}, { uid: 'other' })), {
        code: 409,
        message:
          'Operation cannot be fulfilled on configmaps "fresh": uid mismatch: the provided object specified uid other, and no existing object was found',
      });
    });

    behaves('with fieldValidation Strict a key that is there twice', { since: 25 }, async () => {
      const yaml = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: doubled\ndata:\n  a: "1"\n  a: "2"\n';
      statusOf(await applyAs('m1', maps('doubled'), yaml, '&fieldValidation=Strict'), {
        code: 400,
        message:
          'error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n  line 7: key "a" already set in map',
      });
      const ignored = await applyAs('m1', maps('doubled'), yaml, '&fieldValidation=Ignore');
      assert.deepEqual([objectOf(ignored, 201).data, ignored.headers.warning], [{ a: '2' }, undefined]);
      const warned = await applyAs('m1', maps('doubled'), yaml);
      assert.match(String(warned.headers.warning), /key \\"a\\" already set in map/);
    });
  });
});

suite('who manages fields', () => {
  const namespace = testNamespace('managers');
  const maps = (name: string) => namespace.path('configmaps', name);

  behaves('is who creates them, by the name of its program or the one it gives', async () => {
    const body = configMap(
      'made',
      { a: '1' },
      { labels: { l: '1' }, finalizers: ['example.com/f'], annotations: { n: '1' } },
    );
    const created = objectOf(await writeAs('program', 'POST', namespace.path('configmaps'), JSON_TYPE, body), 201);
    assert.deepEqual(managersOf(created), {
      'program Update':
        '{"f:data":{".":{},"f:a":{}},"f:metadata":{"f:annotations":{".":{},"f:n":{}},"f:finalizers":{".":{},"v:\\"example.com/f\\"":{}},"f:labels":{".":{},"f:l":{}}}}',
    });
    const named = `${namespace.path('configmaps')}?fieldManager=given`;
    const given = objectOf(await writeAs('program', 'POST', named, JSON_TYPE, configMap('given', { a: '1' })), 201);
    assert.deepEqual(Object.keys(managersOf(given)), ['given Update']);
    await writeAs('program', 'PATCH', maps('made'), JSON_PATCH, [{ op: 'remove', path: '/metadata/finalizers' }]);
  });

  behaves(
    'of a controller does not include what the server fills in for structs that were there anyway',
    { until: 22 },
    async () => {
      const body = service('plain', [{ port: 80 }]);
      const created = objectOf(await writeAs('program', 'POST', namespace.path('services'), JSON_TYPE, body), 201);
      assert.deepEqual(managersOf(created), {
        'program Update': `{"f:spec":{"f:ports":{".":{},"k:{\\"port\\":80,\\"protocol\\":\\"TCP\\"}":{".":{},"f:port":{},"f:protocol":{},"f:targetPort":{}}},"f:sessionAffinity":{},"f:type":{}}}`,
      });
    },
  );

  behaves('includes defaults, but neither what is allocated nor a status', { since: 26 }, async () => {
    const body = { ...service('plain', [{ port: 80 }]), status: { loadBalancer: { ingress: [{ ip: '1.2.3.4' }] } } };
    const created = objectOf(await writeAs('program', 'POST', namespace.path('services'), JSON_TYPE, body), 201);
    assert.deepEqual(managersOf(created), {
      'program Update': `{"f:spec":{"f:internalTrafficPolicy":{},"f:ports":{".":{},"k:{\\"port\\":80,\\"protocol\\":\\"TCP\\"}":{".":{},"f:port":{},"f:protocol":{},"f:targetPort":{}}},"f:sessionAffinity":{},"f:type":{}}}`,
    });
  });

  behaves('of a pod is all that was sent and defaulted', async () => {
    const body = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'pod' },
      spec: {
        nodeName: 'no-such-node',
        automountServiceAccountToken: false,
        containers: [
          {
            name: 'c',
            image: 'none:1',
            args: ['x'],
            ports: [{ containerPort: 80 }],
            volumeMounts: [{ name: 'v', mountPath: '/v' }],
          },
        ],
        volumes: [{ name: 'v', emptyDir: {} }],
      },
    };
    const created = objectOf(await writeAs('program', 'POST', namespace.path('pods'), JSON_TYPE, body), 201);
    const container =
      '".":{},"f:args":{},"f:image":{},"f:imagePullPolicy":{},"f:name":{},"f:ports":{".":{},"k:{\\"containerPort\\":80,\\"protocol\\":\\"TCP\\"}":{".":{},"f:containerPort":{},"f:protocol":{}}},"f:resources":{},"f:terminationMessagePath":{},"f:terminationMessagePolicy":{},"f:volumeMounts":{".":{},"k:{\\"mountPath\\":\\"/v\\"}":{".":{},"f:mountPath":{},"f:name":{}}}';
    assert.deepEqual(managersOf(created), {
      'program Update': `{"f:spec":{"f:automountServiceAccountToken":{},"f:containers":{"k:{\\"name\\":\\"c\\"}":{${container}}},"f:dnsPolicy":{},"f:enableServiceLinks":{},"f:nodeName":{},"f:restartPolicy":{},"f:schedulerName":{},"f:securityContext":{},"f:terminationGracePeriodSeconds":{},"f:volumes":{".":{},"k:{\\"name\\":\\"v\\"}":{".":{},"f:emptyDir":{},"f:name":{}}}}}`,
    });
    await fetchApi('DELETE', `${namespace.path('pods', 'pod')}?gracePeriodSeconds=0`);
  });

  behaves('changes with every kind of write that changes fields', async () => {
    const path = maps('passed');
    objectOf(
      await writeAs(
        'w0',
        'POST',
        namespace.path('configmaps'),
        JSON_TYPE,
        configMap('passed', { a: '1', b: '1', c: '1', d: '1' }),
      ),
      201,
    );
    await writeAs('w1', 'PATCH', path, MERGE_PATCH, { data: { a: '2' } });
    await writeAs('w2', 'PATCH', path, STRATEGIC_PATCH, { data: { b: '2' } });
    await writeAs('w3', 'PATCH', path, JSON_PATCH, [{ op: 'replace', path: '/data/c', value: '2' }]);
    const now = objectOf(await fetchApi('GET', path));
    await writeAs('w4', 'PUT', path, JSON_TYPE, { ...now, data: { ...(now.data as object), e: '1', d: undefined } });
    assert.deepEqual(await managersAt(path), {
      'w0 Update': '{"f:data":{}}',
      'w1 Update': '{"f:data":{"f:a":{}}}',
      'w2 Update': '{"f:data":{"f:b":{}}}',
      'w3 Update': '{"f:data":{"f:c":{}}}',
      'w4 Update': '{"f:data":{"f:e":{}}}',
    });
  });

  behaves('is not who changes nothing, and such a write does not count', async () => {
    const path = maps('same');
    const created = objectOf(
      await writeAs('w0', 'POST', namespace.path('configmaps'), JSON_TYPE, configMap('same', { a: '1' })),
      201,
    );
    for (const [method, type, body] of [
      ['PUT', JSON_TYPE, created],
      ['PUT', JSON_TYPE, configMap('same', { a: '1' })],
      ['PATCH', MERGE_PATCH, { data: { a: '1' } }],
    ] as const) {
      assert.deepEqual(objectOf(await writeAs('w1', method, path, type, body)), created);
    }
  });

  behaves('are ten by updates at most: the oldest are joined', async () => {
    const path = maps('ancient');
    await writeAs('w00', 'POST', namespace.path('configmaps'), JSON_TYPE, configMap('ancient', { k00: '1' }));
    for (let i = 1; i < 13; i++) {
      const number = String(i).padStart(2, '0');
      await writeAs(`w${number}`, 'PATCH', path, MERGE_PATCH, { data: { [`k${number}`]: '1' } });
    }
    const found = await managersAt(path);
    assert.equal(Object.keys(found).length, 10);
    assert.equal(found['ancient-changes Update'], '{"f:data":{".":{},"f:k00":{},"f:k01":{},"f:k02":{},"f:k03":{}}}');
    assert.equal(found['w12 Update'], '{"f:data":{"f:k12":{}}}');
  });

  behaves('is what a client says, where it can be read', async () => {
    const path = maps('said');
    await writeAs('w0', 'POST', namespace.path('configmaps'), JSON_TYPE, configMap('said', { a: '1', b: '1' }));
    const before = await managersAt(path);
    const said = (entry: object) => ({
      metadata: {
        managedFields: [
          {
            manager: 'q',
            operation: 'Update',
            apiVersion: 'v1',
            fieldsType: 'FieldsV1',
            fieldsV1: { 'f:data': { 'f:b': {}, 'f:a': {} } },
            ...entry,
          },
        ],
      },
    });
    for (const wrong of [
      { operation: 'Other' },
      { fieldsType: 'FieldsV2' },
      { fieldsType: '' },
      { fieldsV1: { data: {} } },
    ]) {
      const answer = await writeAs('w1', 'PATCH', path, MERGE_PATCH, said(wrong));
      if (!atLeast(21) && 'operation' in wrong) continue;
      assert.deepEqual(managersOf(objectOf(answer)), before, JSON.stringify(wrong));
    }
    const set = objectOf(await writeAs('w1', 'PATCH', path, MERGE_PATCH, said({})));
    assert.deepEqual(managersOf(set), { 'q Update': '{"f:data":{"f:a":{},"f:b":{}}}' });
    statusOf(await writeAs('w1', 'PATCH', path, MERGE_PATCH, said({ manager: 'q'.repeat(129) })), {
      code: 422,
      message: /^ConfigMap "said" is invalid: metadata\.\S+: Too long: /,
    });
    const gone = objectOf(await writeAs('w1', 'PATCH', path, MERGE_PATCH, said({ apiVersion: 'v0' })));
    assert.deepEqual(managersOf(gone), {}, 'nobody manages fields of a version that is not served');
  });

  behaves('can be reset with an empty list, and with an empty entry', async () => {
    for (const [name, managedFields] of [
      ['cleared', []],
      ['emptied', [{}]],
    ] as const) {
      objectOf(await writeAs('w0', 'POST', namespace.path('configmaps'), JSON_TYPE, configMap(name, { a: '1' })), 201);
      const patched = objectOf(await writeAs('w1', 'PATCH', maps(name), MERGE_PATCH, { metadata: { managedFields } }));
      assert.equal(patched.metadata.managedFields, undefined, name);
      const put = objectOf(
        await writeAs('w1', 'PUT', maps(name), JSON_TYPE, configMap(name, { a: '2' }, { managedFields })),
      );
      assert.equal(put.metadata.managedFields, undefined, name);
    }
  });

  behaves('of a pod that is bound stays as it was', async () => {
    const spec = {
      automountServiceAccountToken: false,
      schedulerName: 'nobody',
      containers: [{ name: 'c', image: 'none' }],
    };
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'bound' }, spec };
    const created = objectOf(await writeAs('program', 'POST', namespace.path('pods'), JSON_TYPE, pod), 201);
    const binding = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name: 'bound' },
      target: { kind: 'Node', name: 'no-such-node' },
    };
    const answer = await writeAs('scheduler', 'POST', namespace.path('pods', 'bound', 'binding'), JSON_TYPE, binding);
    assert.equal(answer.status, 201, answer.text);
    const { 'program Update': now } = await managersAt(namespace.path('pods', 'bound'));
    assert.equal(now, managersOf(created)['program Update']);
    assert.equal((await managersAt(namespace.path('pods', 'bound')))['scheduler Update'], undefined);
    await fetchApi('DELETE', `${namespace.path('pods', 'bound')}?gracePeriodSeconds=0`);
  });
});
