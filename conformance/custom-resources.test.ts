/** Custom resources: what their schemas do to them, and what they have of all other kinds. */
import assert from 'node:assert/strict';
import { customKind, specOf } from './custom-kinds.ts';
import {
  applyPatch,
  at,
  behaves,
  behaviour,
  eventually,
  fetchApi,
  includes,
  JSON_PATCH,
  listOf,
  MERGE_PATCH,
  mutate,
  objectOf,
  STRATEGIC_PATCH,
  statusOf,
  suite,
  watch,
} from './harness.ts';

const TABLE = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };

suite('custom resources and their schema', () => {
  const kind = customKind({
    schema: {
      ...specOf(
        {
          name: { type: 'string', minLength: 2, pattern: '^[a-z]+$' },
          replicas: { type: 'integer', minimum: 0, maximum: 10 },
          color: { type: 'string', enum: ['red', 'blue'] },
          mode: { type: 'string', default: 'auto' },
          note: { type: 'string', nullable: true },
          port: { 'x-kubernetes-int-or-string': true },
          ip: { type: 'string', format: 'ipv4' },
          set: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
          list: {
            type: 'array',
            'x-kubernetes-list-type': 'map',
            'x-kubernetes-list-map-keys': ['name'],
            items: {
              type: 'object',
              required: ['name'],
              properties: { name: { type: 'string' }, weight: { type: 'integer', default: 1 } },
            },
          },
          open: {
            type: 'object',
            'x-kubernetes-preserve-unknown-fields': true,
            properties: { known: { type: 'object', properties: { a: { type: 'string' } } } },
          },
          template: {
            type: 'object',
            'x-kubernetes-embedded-resource': true,
            'x-kubernetes-preserve-unknown-fields': true,
          },
          either: {
            type: 'object',
            properties: { a: { type: 'string' }, b: { type: 'string' } },
            oneOf: [{ required: ['a'] }, { required: ['b'] }],
          },
        },
        { required: ['name'] },
      ),
      required: ['spec'],
    },
  });
  const post = (spec: unknown, name = 'try', query = '?dryRun=All') =>
    fetchApi('POST', `${kind.path()}${query}`, {
      body: { ...kind.object(name), ...(spec === undefined ? {} : { spec }) },
    });

  behaves('what the schema does not know is not kept, but where it says so', async () => {
    const spec = {
      name: 'ab',
      unknown: 1,
      list: [{ name: 'x', other: 1 }],
      open: { free: { a: [1] }, known: { a: 'x', b: 'y' } },
      template: { apiVersion: 'v1', kind: 'Thing', metadata: { name: 'x', foo: 1 }, data: 1 },
    };
    const created = objectOf(await post(spec), 201);
    assert.deepEqual(created.spec, {
      name: 'ab',
      mode: 'auto',
      list: [{ name: 'x', weight: 1 }],
      open: { free: { a: [1] }, known: { a: 'x' } },
      template: { apiVersion: 'v1', kind: 'Thing', metadata: { name: 'x' }, data: 1 },
    });
  });

  behaves('nulls are left out, take the default, or stay where they are allowed', async () => {
    const created = objectOf(await post({ name: 'ab', mode: null, note: null, color: null }), 201);
    assert.deepEqual(created.spec, { name: 'ab', mode: 'auto', note: null });
  });

  behaves('numbers and strings are both taken where the schema says so', async () => {
    for (const port of [80, '80%']) includes(objectOf(await post({ name: 'ab', port }), 201), { spec: { port } });
  });

  const invalid: [title: string, spec: unknown, field: string, message: string][] = [
    ['nothing where something is required', undefined, 'spec', 'Required value'],
    ['a missing field', {}, 'spec.name', 'Required value'],
    [
      'a number that is too large',
      { name: 'ab', replicas: 11 },
      'spec.replicas',
      'Invalid value: 11: spec.replicas in body should be less than or equal to 10',
    ],
    [
      'a number that is too small',
      { name: 'ab', replicas: -1 },
      'spec.replicas',
      'Invalid value: -1: spec.replicas in body should be greater than or equal to 0',
    ],
    [
      'a fraction for an integer',
      { name: 'ab', replicas: 1.5 },
      'spec.replicas',
      'Invalid value: "number": spec.replicas in body must be of type integer: "number"',
    ],
    [
      'a value of another type',
      { name: 5 },
      'spec.name',
      'Invalid value: "integer": spec.name in body must be of type string: "integer"',
    ],
    [
      'a value out of the list',
      { name: 'ab', color: 'green' },
      'spec.color',
      'Unsupported value: "green": supported values: "red", "blue"',
    ],
    [
      'a text that is too short',
      { name: 'a' },
      'spec.name',
      'Invalid value: "a": spec.name in body should be at least 2 chars long',
    ],
    [
      'a text of another form',
      { name: 'AB' },
      'spec.name',
      'Invalid value: "AB": spec.name in body should match \'^[a-z]+$\'',
    ],
    [
      'a text of another format',
      { name: 'ab', ip: '1.2.3' },
      'spec.ip',
      'Invalid value: "1.2.3": spec.ip in body must be of type ipv4: "1.2.3"',
    ],
    [
      'neither integer nor string',
      { name: 'ab', port: true },
      'spec.port',
      'Invalid value: "boolean": spec.port in body must be of type integer,string: "boolean"',
    ],
    ['an item that is in a set twice', { name: 'ab', set: ['a', 'b', 'a'] }, 'spec.set[2]', 'Duplicate value: "a"'],
    [
      'two alternatives at once',
      { name: 'ab', either: { a: 'x', b: 'y' } },
      '<nil>',
      'Invalid value: "": "spec.either" must validate one and only one schema (oneOf). Found 2 valid alternatives',
    ],
    ['no alternative', { name: 'ab', either: {} }, 'spec.either.a', 'Required value'],
    [
      'an embedded resource without a kind',
      { name: 'ab', template: { apiVersion: 'v1' } },
      'spec.template.kind',
      'Required value: must not be empty',
    ],
    [
      'an embedded resource with a bad label',
      { name: 'ab', template: { apiVersion: 'v1', kind: 'A', metadata: { name: 'a/b' } } },
      'spec.template.metadata.name',
      'Invalid value: "a/b": may not contain \'/\'',
    ],
  ];
  for (const [title, spec, field, message] of invalid) {
    behaves(`${title} is refused`, async () => {
      const status = statusOf(await post(spec), { code: 422, reason: 'Invalid' });
      includes(status.details, { name: 'try', group: kind.group, kind: kind.kind });
      assert.ok(
        status.details?.causes?.some((cause) => cause.field === field && cause.message === message),
        JSON.stringify(status.details?.causes, null, 1),
      );
    });
  }

  behaves('two items of one key are refused', async () => {
    const status = statusOf(await post({ name: 'ab', list: [{ name: 'x' }, { name: 'x' }] }), { code: 422 });
    includes(status.details?.causes, [{ reason: 'FieldValueDuplicate', field: 'spec.list[1]' }]);
  });

  behaves('kind and version in the body must be those of the path', async () => {
    const body = { ...kind.object('try'), spec: { name: 'ab' } };
    statusOf(await fetchApi('POST', kind.path(), { body: { ...body, kind: 'Other' } }), {
      code: 422,
      message: `Other.${kind.group} "try" is invalid: kind: Invalid value: "Other": must be ${kind.kind}`,
    });
    statusOf(await fetchApi('POST', kind.path(), { body: { ...body, apiVersion: `${kind.group}/v9` } }), {
      code: 400,
      message: `the API version in the data (${kind.group}/v9) does not match the expected API version (${kind.group}/v1)`,
    });
  });

  behaves('metadata is that of any object', async () => {
    const metadata = { name: 'A B', labels: { 'a b': 'c' }, finalizers: ['plain'] };
    const status = statusOf(
      await fetchApi('POST', kind.path(), { body: { ...kind.object('x'), metadata, spec: { name: 'ab' } } }),
      { code: 422 },
    );
    assert.deepEqual(status.details?.causes?.map(({ field }) => field).sort(), ['metadata.labels', 'metadata.name']);
    const wrong = { ...kind.object('x'), metadata: { name: 'x', labels: { a: 1 } }, spec: { name: 'ab' } };
    statusOf(await fetchApi('POST', kind.path(), { body: wrong }), {
      code: 400,
      message: new RegExp(`^${kind.kind} in version "v1" cannot be handled as a ${kind.kind}: `),
    });
  });

  behaves('patches are JSON patches, merge patches and configurations, never strategic ones', async () => {
    await kind.create('patched', { spec: { name: 'ab', replicas: 1, set: ['a'] } });
    const path = kind.path('patched');
    includes(objectOf(await applyPatch(path, MERGE_PATCH, { spec: { replicas: 2, set: ['b'] } })), {
      spec: { replicas: 2, set: ['b'] },
    });
    includes(objectOf(await applyPatch(path, JSON_PATCH, [{ op: 'add', path: '/spec/set/-', value: 'c' }])), {
      spec: { set: ['b', 'c'] },
    });
    statusOf(await applyPatch(path, STRATEGIC_PATCH, { spec: { replicas: 3 } }), {
      code: 415,
      reason: 'UnsupportedMediaType',
      message:
        /^the body of the request was in an unknown format - accepted media types include: application\/json-patch\+json, application\/merge-patch\+json, application\/apply-patch\+yaml/,
    });
    const apply = { ...kind.object('patched'), spec: { list: [{ name: 'mine' }] } };
    const applied = await applyPatch(path, 'application/apply-patch+yaml', apply, '?fieldManager=one');
    includes(objectOf(applied), { spec: { replicas: 2, list: [{ name: 'mine', weight: 1 }] } });
  });

  behaves('items of a map list belong to whoever applies them', { since: 22 }, async () => {
    await kind.create('shared', { spec: { name: 'ab' } });
    const apply = (manager: string, item: object) =>
      applyPatch(
        kind.path('shared'),
        'application/apply-patch+yaml',
        { ...kind.object('shared'), spec: { list: [item] } },
        `?fieldManager=${manager}`,
      );
    objectOf(await apply('one', { name: 'mine', weight: 3 }));
    const both = objectOf(await apply('two', { name: 'theirs', weight: 5 }));
    assert.deepEqual(at(both, 'spec.list'), [
      { name: 'mine', weight: 3 },
      { name: 'theirs', weight: 5 },
    ]);
    statusOf(await apply('two', { name: 'mine', weight: 2 }), { code: 409, reason: 'Conflict' });
  });

  behaves('every change but that of metadata is a new generation', async () => {
    await kind.create('counted', { spec: { name: 'ab' } });
    const path = kind.path('counted');
    const after = async (body: object) => objectOf(await applyPatch(path, MERGE_PATCH, body)).metadata.generation;
    assert.equal(await after({ metadata: { labels: { a: 'b' } } }), 1);
    assert.equal(await after({ spec: { replicas: 3 } }), 2);
    assert.equal(await after({ spec: { replicas: 3 } }), 2);
  });
});

suite('subresources of custom resources', () => {
  const kind = customKind({
    schema: {
      type: 'object',
      properties: {
        spec: { type: 'object', properties: { replicas: { type: 'integer', maximum: 10 }, a: { type: 'string' } } },
        status: { type: 'object', properties: { replicas: { type: 'integer' }, selector: { type: 'string' } } },
      },
    },
    version: {
      subresources: {
        status: {},
        scale: {
          specReplicasPath: '.spec.replicas',
          statusReplicasPath: '.status.replicas',
          labelSelectorPath: '.status.selector',
        },
      },
    },
  });

  behaves('status is left out of what is created and replaced, and is all that its subresource changes', async () => {
    const created = await kind.create('one', { spec: { a: 'x' }, status: { replicas: 3 } });
    assert.equal(created.status, undefined);
    const replaced = await mutate(kind.path('one'), (object) => Object.assign(object, { status: { replicas: 4 } }));
    assert.equal(replaced.status, undefined);
    const updated = await mutate(kind.path('one', 'status'), (object) => {
      Object.assign(object, { status: { replicas: 5, selector: 'a=b' }, spec: { a: 'y' } });
      object.metadata.labels = { not: 'kept' };
    });
    includes(updated, { spec: { a: 'x' }, status: { replicas: 5 } });
    assert.equal(updated.metadata.labels, undefined);
    assert.equal(updated.metadata.generation, 1);
    includes(objectOf(await fetchApi('GET', kind.path('one', 'status'))), { status: { replicas: 5 } });
  });

  behaves('a status must fit the schema, too', async () => {
    await kind.create('bad', { spec: {} });
    const answer = await applyPatch(kind.path('bad', 'status'), MERGE_PATCH, { status: { replicas: 'many' } });
    statusOf(answer, { code: 422, message: /status\.replicas in body must be of type integer: "string"/ });
  });

  behaves('scale reads and writes where the definition says', async () => {
    await kind.create('scaled', { spec: { replicas: 2 } });
    await applyPatch(kind.path('scaled', 'status'), MERGE_PATCH, { status: { replicas: 1, selector: 'app=x' } });
    const scale = objectOf(await fetchApi('GET', kind.path('scaled', 'scale')));
    includes(scale, {
      apiVersion: 'autoscaling/v1',
      kind: 'Scale',
      spec: { replicas: 2 },
      status: { replicas: 1, selector: 'app=x' },
    });
    includes(
      objectOf(await fetchApi('PUT', kind.path('scaled', 'scale'), { body: { ...scale, spec: { replicas: 4 } } })),
      {
        spec: { replicas: 4 },
      },
    );
    includes(objectOf(await applyPatch(kind.path('scaled', 'scale'), MERGE_PATCH, { spec: { replicas: 5 } })), {
      spec: { replicas: 5 },
    });
    const read = objectOf(await fetchApi('GET', kind.path('scaled')));
    includes(read, { spec: { replicas: 5 }, metadata: { generation: 3 } });
    statusOf(await applyPatch(kind.path('scaled', 'scale'), MERGE_PATCH, { spec: { replicas: 11 } }), {
      code: 422,
      message: `${kind.kind}.${kind.group} "scaled" is invalid: spec.replicas: Invalid value: 11: spec.replicas in body should be less than or equal to 10`,
    });
  });

  behaves('replicas that are no count are refused', async () => {
    const answer = await fetchApi('POST', kind.path(), { body: kind.object('less', { spec: { replicas: -1 } }) });
    statusOf(answer, {
      code: 422,
      message: `${kind.kind}.${kind.group} "less" is invalid: .spec.replicas: Invalid value: -1: should be a non-negative integer`,
    });
  });
});

suite('columns of custom resources', () => {
  const kind = customKind({
    version: {
      additionalPrinterColumns: [
        { name: 'Count', type: 'integer', jsonPath: '.spec.count' },
        { name: 'Ratio', type: 'number', jsonPath: '.spec.ratio' },
        { name: 'On', type: 'boolean', jsonPath: '.spec.on' },
        { name: 'First', type: 'string', jsonPath: '.spec.list[0].name', priority: 1, description: 'the first' },
        { name: 'All', type: 'string', jsonPath: '.spec.list' },
        { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
      ],
    },
  });
  const plain = customKind();

  behaves('a table has the name and the columns that are listed', async () => {
    await kind.create('one', { spec: { count: 3, ratio: 1.5, on: true, list: [{ name: 'x' }] } });
    await kind.create('two', { spec: { count: 'three', on: 1 } });
    const { columnDefinitions, rows } = (await fetchApi('GET', kind.path(), { headers: TABLE })).json<{
      columnDefinitions: { name: string; type: string; priority: number; description: string }[];
      rows: { cells: unknown[] }[];
    }>();
    assert.deepEqual(
      columnDefinitions.map(({ name, type, priority }) => [name, type, priority]),
      [
        ['Name', 'string', 0],
        ['Count', 'integer', 0],
        ['Ratio', 'number', 0],
        ['On', 'boolean', 0],
        ['First', 'string', 1],
        ['All', 'string', 0],
        ['Age', 'date', 0],
      ],
    );
    assert.equal(columnDefinitions[4]?.description, 'the first');
    assert.equal(
      columnDefinitions[1]?.description,
      'Custom resource definition column (in JSONPath format): .spec.count',
    );
    const cells = rows.map((row) => row.cells.slice(0, -1));
    assert.deepEqual(cells, [
      ['one', 3, 1.5, true, 'x', '[{"name":"x"}]'],
      ['two', null, null, null, null, null],
    ]);
    assert.match(String(rows[0]?.cells.at(-1)), /^\d+s$/);
  });

  behaves('where none is listed there is the age', async () => {
    await plain.create('one');
    const { columnDefinitions } = (await fetchApi('GET', plain.path(), { headers: TABLE })).json<{
      columnDefinitions: { name: string; type: string }[];
    }>();
    assert.deepEqual(
      columnDefinitions.map(({ name, type }) => [name, type]),
      [
        ['Name', 'string'],
        ['Age', 'date'],
      ],
    );
  });
});

suite('versions of custom resources', () => {
  const own = (name: string, type = 'string') => specOf({ shared: { type: 'string' }, [name]: { type } });
  const kind = customKind({
    versions: [
      { name: 'v1', storage: true, schema: own('one') },
      {
        name: 'v2',
        schema: specOf({ shared: { type: 'string', maxLength: 3 }, one: { type: 'string' } }),
        subresources: { status: {} },
      },
    ],
  });

  behaves('an object is read and written in each of them', async () => {
    await kind.create('both', { spec: { shared: 'abcd', one: 'x' } });
    const second = objectOf(await fetchApi('GET', kind.path('both', undefined, 'v2')));
    includes(second, { apiVersion: `${kind.group}/v2`, spec: { shared: 'abcd', one: 'x' } });
    const list = listOf(await fetchApi('GET', kind.path(undefined, undefined, 'v2')));
    includes(list, { apiVersion: `${kind.group}/v2`, kind: `${kind.kind}List` });
    includes(list.items, [{ apiVersion: `${kind.group}/v2`, kind: kind.kind }]);
    const body = { ...second, spec: { shared: 'abc', one: 'y' } };
    includes(objectOf(await fetchApi('PUT', kind.path('both', undefined, 'v2'), { body })), {
      apiVersion: `${kind.group}/v2`,
    });
    includes(objectOf(await fetchApi('GET', kind.path('both'))), {
      apiVersion: `${kind.group}/v1`,
      spec: { one: 'y' },
    });
  });

  behaves('the schema of the version that is asked counts', async () => {
    const spec = { shared: 'abcd' };
    const refused = await fetchApi('POST', kind.path(undefined, undefined, 'v2'), {
      body: kind.object('long', { spec }, 'v2'),
    });
    statusOf(refused, { code: 422, message: /spec\.shared: / });
    objectOf(await fetchApi('POST', kind.path(), { body: kind.object('long', { spec }) }), 201);
  });

  behaves('each has subresources of its own', async () => {
    await kind.create('parts', { spec: {} });
    assert.equal((await fetchApi('GET', kind.path('parts', 'status'))).status, 404);
    objectOf(await fetchApi('GET', kind.path('parts', 'status', 'v2')));
  });

  behaves('a watch shows its own version', async () => {
    const watched = await watch(kind.path(undefined, undefined, 'v2'), 'fieldSelector=metadata.name%3Dseen');
    await kind.create('seen', { spec: { shared: 'x' } });
    const [event] = await watched.until((events) => events.length > 0);
    watched.stop();
    assert.equal(event?.object.apiVersion, `${kind.group}/v2`);
  });
});

suite('changes of a custom resource definition', () => {
  const kind = customKind({ schema: specOf({ a: { type: 'string' } }) });
  const setSpec = (properties: object) =>
    kind.redefine((crd) => {
      for (const version of crd.spec.versions) version.schema = { openAPIV3Schema: specOf(properties) };
    });

  behaviour(
    'CustomResourceDefinition resources [Privileged:ClusterAdmin] custom resource defaulting for requests and from storage works',
    async () => {
      await kind.create('before', { spec: {} });
      await setSpec({ a: { type: 'string', default: 'A' }, b: { type: 'string', default: 'B' } });
      await eventually(async () => {
        const old = objectOf(await fetchApi('GET', kind.path('before')));
        assert.deepEqual(old.spec, { a: 'A', b: 'B' }, 'from storage');
      });
      assert.deepEqual((await kind.create('after', { spec: {} })).spec, { a: 'A', b: 'B' });
      includes(
        objectOf(await applyPatch(kind.path('before'), MERGE_PATCH, { metadata: { labels: { touched: 'yes' } } })),
        {
          spec: { a: 'A', b: 'B' },
        },
      );
      await setSpec({ a: { type: 'string' }, b: { type: 'string' }, c: { type: 'string', default: 'C' } });
      for (const name of ['before', 'after']) {
        await eventually(async () => {
          const kept = objectOf(await fetchApi('GET', kind.path(name)));
          assert.deepEqual(kept.spec, { a: 'A', b: 'B', c: 'C' }, 'what has been stored outlives its default');
        });
      }
    },
  );

  behaves('what a schema no longer knows is no longer shown', async () => {
    await setSpec({ a: { type: 'string' } });
    await eventually(async () => {
      for (const { spec } of listOf(await fetchApi('GET', kind.path())).items) assert.deepEqual(spec, { a: 'A' });
    });
  });

  behaves('a version that is served no more is gone, the others stay', async () => {
    await kind.redefine((crd) => {
      crd.spec.versions.push({ name: 'v2', served: true, storage: false, schema: { openAPIV3Schema: specOf({}) } });
    });
    await kind.ready('v2');
    await kind.redefine((crd) => {
      for (const version of crd.spec.versions) version.served = version.name === 'v2';
    });
    await eventually(async () => assert.equal((await fetchApi('GET', kind.path())).status, 404));
    assert.equal((await fetchApi('GET', kind.path(undefined, undefined, 'v2'))).status, 200);
    await kind.redefine((crd) => {
      for (const version of crd.spec.versions) version.served = true;
    });
    await kind.ready();
  });
});

suite('custom resources that a webhook would convert', () => {
  const kind = customKind({
    versions: [{ name: 'v1', storage: true }, { name: 'v2' }],
    conversion: {
      strategy: 'Webhook',
      webhook: {
        clientConfig: { service: { namespace: 'default', name: 'nowhere', path: '/convert' } },
        conversionReviewVersions: ['v1'],
      },
    },
  });

  behaves('are there in the version that is stored, and fail in the others while nobody converts', async () => {
    await kind.create('one', { spec: { a: 1 } });
    includes(objectOf(await fetchApi('GET', kind.path('one'))), { spec: { a: 1 } });
    const failed = await fetchApi('GET', kind.path('one', undefined, 'v2'));
    statusOf(failed, {
      code: 500,
      message: new RegExp(
        `^conversion webhook for ${kind.group}/v[12], Kind=${kind.kind} failed: Post "?https://nowhere\\.default\\.svc:443/convert\\?timeout=30s"?: service "nowhere" not found$`,
      ),
    });
  });
});
