/** What newer servers do with custom resources: rules, selectable fields, validation of fields, ratcheting. */
import assert from 'node:assert/strict';
import { CRDS, CustomKind, customKind, OPEN, specOf } from './custom-kinds.ts';
import {
  applyPatch,
  behaves,
  behaviour,
  describeEvents,
  eventually,
  fetchApi,
  includes,
  listOf,
  MERGE_PATCH,
  namesOf,
  objectOf,
  statusOf,
  suite,
  watch,
} from './harness.ts';

const SINCE_RULES = { since: 29 };
const APPLY = 'application/apply-patch+yaml';

/** Defines kinds that an old server would refuse only in the tests that need them. */
function laterKind(definition: ConstructorParameters<typeof CustomKind>[0]): () => Promise<CustomKind> {
  const kind = new CustomKind(definition);
  let defined: Promise<unknown> | undefined;
  after(() => defined && kind.remove());
  return async () => {
    defined ??= kind.define();
    await defined;
    return kind;
  };
}

suite('rules of custom resources', () => {
  const ruled = laterKind({
    schema: specOf(
      {
        min: { type: 'integer' },
        max: { type: 'integer' },
        fixed: {
          type: 'string',
          'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: 'fixed is immutable' }],
        },
        'dashed-name': { type: 'string' },
        port: { 'x-kubernetes-int-or-string': true },
        when: { type: 'string', format: 'date-time' },
        items: {
          type: 'array',
          maxItems: 10,
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['name'],
          items: {
            type: 'object',
            required: ['name'],
            properties: { name: { type: 'string', maxLength: 10 }, size: { type: 'string', maxLength: 10 } },
            'x-kubernetes-validations': [
              { rule: '!has(self.size) || !has(oldSelf.size) || self.size == oldSelf.size', message: 'size stays' },
            ],
          },
        },
        labels: { type: 'object', maxProperties: 5, additionalProperties: { type: 'string', maxLength: 20 } },
        ip: {
          type: 'string',
          maxLength: 30,
          'x-kubernetes-validations': [{ rule: 'isIP(self)', reason: 'FieldValueInvalid' }],
        },
        memory: {
          type: 'string',
          maxLength: 20,
          'x-kubernetes-validations': [
            {
              rule: 'quantity(self).isLessThan(quantity("1Gi"))',
              messageExpression: '"not " + self + ", less than 1Gi"',
            },
          ],
        },
      },
      {
        'x-kubernetes-validations': [
          { rule: '!has(self.min) || !has(self.max) || self.min <= self.max', message: 'min must not be above max' },
          {
            rule: '!has(self.min) || self.min >= 0',
            fieldPath: '.min',
            reason: 'FieldValueForbidden',
            message: 'no negative min',
          },
          { rule: "!has(self.dashed__dash__name) || self.dashed__dash__name.matches('^[a-z]+$')" },
          {
            rule: "!has(self.port) || (type(self.port) == int ? self.port > 0 : self.port.endsWith('%'))",
            message: 'bad port',
          },
          { rule: "!has(self.when) || self.when > timestamp('2020-01-01T00:00:00Z')", message: 'too early' },
          {
            rule: "!has(self.labels) || self.labels.all(key, key.startsWith('x') && self.labels[key] != '')",
            message: 'bad labels',
          },
          { rule: '!has(self.items) || self.items.filter(i, has(i.size)).size() <= 1', message: 'one size only' },
        ],
      },
    ),
  });

  const refused: [spec: object, field: string, message: string][] = [
    [{ min: 2, max: 1 }, 'spec', 'Invalid value: "object": min must not be above max'],
    [{ min: -1 }, 'spec.min', 'Forbidden: no negative min'],
    [
      { 'dashed-name': 'A1' },
      'spec',
      'Invalid value: "object": failed rule: !has(self.dashed__dash__name) || self.dashed__dash__name.matches(\'^[a-z]+$\')',
    ],
    [{ port: 0 }, 'spec', 'Invalid value: "object": bad port'],
    [{ port: '10' }, 'spec', 'Invalid value: "object": bad port'],
    [{ when: '2019-12-31T00:00:00Z' }, 'spec', 'Invalid value: "object": too early'],
    [{ labels: { xa: '' } }, 'spec', 'Invalid value: "object": bad labels'],
    [
      {
        items: [
          { name: 'a', size: '1' },
          { name: 'b', size: '2' },
        ],
      },
      'spec',
      'Invalid value: "object": one size only',
    ],
    [{ ip: '1.2.3' }, 'spec.ip', 'Invalid value: "string": failed rule: isIP(self)'],
    [{ memory: '2Gi' }, 'spec.memory', 'Invalid value: "string": not 2Gi, less than 1Gi'],
  ];
  for (const [spec, field, message] of refused) {
    behaves(`${JSON.stringify(spec)} breaks a rule`, SINCE_RULES, async () => {
      const kind = await ruled();
      const answer = await fetchApi('POST', `${kind.path()}?dryRun=All`, { body: kind.object('try', { spec }) });
      const status = statusOf(answer, { code: 422, reason: 'Invalid' });
      assert.deepEqual(
        status.details?.causes?.map((cause) => [cause.field, cause.message]),
        [[field, message]],
      );
    });
  }

  behaves('what keeps all rules is taken', SINCE_RULES, async () => {
    const kind = await ruled();
    const spec = {
      min: 1,
      max: 1,
      fixed: 'a',
      'dashed-name': 'ok',
      port: '5%',
      when: '2024-01-01T00:00:00Z',
      labels: { x: 'y' },
      ip: '::1',
      memory: '1M',
    };
    objectOf(await fetchApi('POST', kind.path(), { body: kind.object('good', { spec }) }), 201);
  });

  behaves('rules about changes compare with what was there', SINCE_RULES, async () => {
    const kind = await ruled();
    await kind.create('changed', { spec: { fixed: 'a', items: [{ name: 'a', size: '1' }, { name: 'b' }] } });
    const patch = (spec: object) => applyPatch(kind.path('changed'), MERGE_PATCH, { spec });
    statusOf(await patch({ fixed: 'b' }), {
      code: 422,
      message: /spec\.fixed: Invalid value: "string": fixed is immutable$/,
    });
    objectOf(await patch({ items: [{ name: 'b' }, { name: 'a', size: '1' }] }));
    statusOf(await patch({ items: [{ name: 'b' }, { name: 'a', size: '2' }] }), {
      code: 422,
      message: /spec\.items\[1\]: Invalid value: "object": size stays$/,
    });
    objectOf(await patch({ fixed: null }));
    objectOf(await patch({ fixed: 'c' }));
  });

  behaves('rules are not run on an object that is wrong anyway', SINCE_RULES, async () => {
    const kind = await ruled();
    const body = kind.object('wrong', { spec: { min: 'x', ip: 'x' } });
    const status = statusOf(await fetchApi('POST', kind.path(), { body }), { code: 422 });
    const messages = status.details?.causes?.map(({ message }) => message) ?? [];
    assert.ok(
      messages.some((message) =>
        message?.endsWith(
          'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
        ),
      ),
      JSON.stringify(messages),
    );
    assert.ok(!messages.some((message) => message?.includes('isIP')));
  });

  const bad: [title: string, rules: object[], field: RegExp, message: RegExp][] = [
    ['that cannot be parsed', [{ rule: 'self.a ==' }], /\[0\]\.rule$/, /compilation failed: ERROR: <input>:1:/],
    [
      'about a field that is not there',
      [{ rule: 'self.nothing == 1' }],
      /\[0\]\.rule$/,
      /compilation failed: ERROR: <input>:1:\d+: undefined field 'nothing'/,
    ],
    [
      'about a variable that is not there',
      [{ rule: 'other == 1' }],
      /\[0\]\.rule$/,
      /compilation failed: ERROR: <input>:1:1: undeclared reference to 'other'/,
    ],
    [
      'that compares what cannot be compared',
      [{ rule: 'self.a == 1' }],
      /\[0\]\.rule$/,
      /compilation failed: ERROR: <input>:1:\d+: found no matching overload for '_==_' applied to '\(string, int\)'/,
    ],
    ['that is no condition', [{ rule: 'self.a' }], /\[0\]\.rule$/, /cel expression must evaluate to a bool/],
    ['that is empty', [{ rule: ' ' }], /\[0\]\.rule$/, /^Required value/],
    [
      'with an empty message',
      [{ rule: 'true', message: ' ' }],
      /\[0\]\.message$/,
      /message must be non-empty if specified/,
    ],
    [
      'with a message that is no text',
      [{ rule: 'true', messageExpression: '1' }],
      /\[0\]\.messageExpression$/,
      /must evaluate to a string/,
    ],
    [
      'with a reason that is none',
      [{ rule: 'true', reason: 'Because' }],
      /\[0\]\.reason$/,
      /Unsupported value: "Because"/,
    ],
    [
      'with a path that leads nowhere',
      [{ rule: 'true', fieldPath: '.nothing' }],
      /\[0\]\.fieldPath$/,
      /does not refer to a valid field/,
    ],
  ];
  for (const [title, rules, field, message] of bad) {
    behaves(`a rule ${title} is refused`, SINCE_RULES, async () => {
      const { crd } = new CustomKind({
        schema: specOf({ a: { type: 'string' } }, { 'x-kubernetes-validations': rules }),
      });
      const status = statusOf(await fetchApi('POST', `${CRDS}?dryRun=All`, { body: crd }), { code: 422 });
      const cause = status.details?.causes?.find((one) => field.test(one.field ?? ''));
      assert.match(cause?.message ?? '', message, JSON.stringify(status.details?.causes));
    });
  }

  behaves('a rule cannot compare items that cannot be told apart', SINCE_RULES, async () => {
    const items = { type: 'string', 'x-kubernetes-validations': [{ rule: 'self == oldSelf' }] };
    const { crd } = new CustomKind({ schema: specOf({ a: { type: 'array', items } }) });
    statusOf(await fetchApi('POST', `${CRDS}?dryRun=All`, { body: crd }), {
      code: 422,
      message:
        /oldSelf cannot be used on the uncorrelatable portion of the schema within spec\.validation\.openAPIV3Schema\.properties\[spec\]\.properties\[a\]/,
    });
  });
});

suite('what an update leaves as it was', () => {
  const strict = laterKind({ schema: specOf({ a: { type: 'string' }, b: { type: 'string' } }) });

  behaves('is not held against it, though the schema has become stricter', { since: 33 }, async () => {
    const kind = await strict();
    await kind.create('old', { spec: { a: 'long enough', b: 'x' } });
    await kind.redefine((crd) => {
      for (const version of crd.spec.versions)
        version.schema = { openAPIV3Schema: specOf({ a: { type: 'string', maxLength: 3 }, b: { type: 'string' } }) };
    });
    await eventually(async () => {
      statusOf(await fetchApi('POST', kind.path(), { body: kind.object('new', { spec: { a: 'long' } }) }), {
        code: 422,
      });
    });
    objectOf(await applyPatch(kind.path('old'), MERGE_PATCH, { spec: { b: 'y' } }));
    statusOf(await applyPatch(kind.path('old'), MERGE_PATCH, { spec: { a: 'also long' } }), {
      code: 422,
      message: /spec\.a: Too long: may not be more than 3 bytes$/,
    });
  });
});

suite('selectable fields of custom resources', () => {
  const colored = laterKind({
    versions: [
      {
        name: 'v1',
        storage: true,
        schema: specOf({ color: { type: 'string' }, size: { type: 'integer' }, on: { type: 'boolean' } }),
        selectableFields: [{ jsonPath: '.spec.color' }, { jsonPath: '.spec.size' }, { jsonPath: '.spec.on' }],
      },
      { name: 'v2', schema: specOf({ color: { type: 'string' } }), selectableFields: [{ jsonPath: '.spec.color' }] },
    ],
  });

  behaviour(
    'CustomResourceFieldSelectors [Privileged:ClusterAdmin] CustomResourceFieldSelectors MUST list and watch custom resources matching the field selector',
    { since: 32 },
    async () => {
      const kind = await colored();
      for (const version of ['v1', 'v2']) await kind.ready(version);
      const watches = await Promise.all(
        ['v1', 'v2'].map((version) =>
          watch(kind.path(undefined, undefined, version), 'fieldSelector=spec.color%3Dblue'),
        ),
      );
      await kind.create('one', { spec: { color: 'blue', size: 1, on: true } });
      await kind.create('two', { spec: { color: 'red', size: 2 } });
      await kind.create('three', { spec: { color: 'blue', size: 2 } }, 'v2');
      const found = async (selector: string, version = 'v1') =>
        namesOf(
          listOf(
            await fetchApi(
              'GET',
              `${kind.path(undefined, undefined, version)}?fieldSelector=${encodeURIComponent(selector)}`,
            ),
          ),
        );
      assert.deepEqual(await found('spec.color=blue'), ['one', 'three']);
      assert.deepEqual(await found('spec.color=blue', 'v2'), ['one', 'three']);
      assert.deepEqual(await found('spec.color!=blue'), ['two']);
      assert.deepEqual(await found('spec.size=2'), ['two']);
      assert.deepEqual(await found('spec.on=true'), ['one']);
      assert.deepEqual(await found('spec.color=blue,metadata.name=one'), ['one']);
      objectOf(await applyPatch(kind.path('two'), MERGE_PATCH, { spec: { color: 'blue' } }));
      objectOf(await applyPatch(kind.path('one'), MERGE_PATCH, { spec: { color: 'red' } }));
      await fetchApi('DELETE', kind.path('three'));
      for (const [i, open] of watches.entries()) {
        const events = await open.until((seen) => seen.length >= 5);
        open.stop();
        assert.equal(describeEvents(events), 'ADDED one, ADDED three, ADDED two, DELETED one, DELETED three');
        assert.equal(events[0]?.object.apiVersion, `${kind.group}/v${i + 1}`);
      }
      statusOf(await fetchApi('GET', `${kind.path(undefined, undefined, 'v2')}?fieldSelector=spec.size%3D1`), {
        code: 400,
        message: 'field label not supported: spec.size',
      });
    },
  );

  behaves('must be scalars that the schema has', { since: 32 }, async () => {
    const { crd } = new CustomKind({
      schema: specOf({ list: { type: 'array', items: { type: 'string' } } }),
      version: {
        selectableFields: [{ jsonPath: '.spec.list' }, { jsonPath: '.spec.none' }, { jsonPath: '.metadata.labels' }],
      },
    });
    const status = statusOf(await fetchApi('POST', `${CRDS}?dryRun=All`, { body: crd }), { code: 422 });
    assert.deepEqual(
      status.details?.causes?.map(({ field }) => field?.replace(/^.*(?=selectableFields)/, '')),
      ['selectableFields[0].jsonPath', 'selectableFields[1].jsonPath', 'selectableFields[2].jsonPath'],
    );
  });
});

suite('fieldValidation of custom resources', () => {
  const kind = customKind({
    schema: specOf({
      known: { type: 'string' },
      list: { type: 'array', items: { type: 'object', properties: { a: { type: 'string' } } } },
      template: {
        type: 'object',
        'x-kubernetes-embedded-resource': true,
        properties: { apiVersion: { type: 'string' }, kind: { type: 'string' }, metadata: { type: 'object' } },
      },
    }),
  });
  const open = customKind({ schema: OPEN });
  const strict = (from: CustomKind, name: string, fields: object) => ({
    post: () =>
      fetchApi('POST', `${from.path()}?fieldValidation=Strict&dryRun=All`, { body: from.object(name, fields) }),
    apply: () =>
      applyPatch(
        from.path(name),
        APPLY,
        from.object(name, fields),
        '?fieldValidation=Strict&fieldManager=me&dryRun=All',
      ),
  });

  behaviour(
    'FieldValidation should create/apply a valid CR for CRD with validation schema',
    { since: 27 },
    async () => {
      const { post, apply } = strict(kind, 'valid', { spec: { known: 'x' } });
      objectOf(await post(), 201);
      objectOf(await apply(), 201);
    },
  );

  behaviour(
    'FieldValidation should create/apply a CR with unknown fields for CRD with no validation schema',
    { since: 27 },
    async () => {
      const { post, apply } = strict(open, 'any', { spec: { any: { thing: 1 } }, other: 1 });
      includes(objectOf(await post(), 201), { other: 1 });
      objectOf(await apply(), 201);
    },
  );

  behaviour(
    'FieldValidation should create/apply an invalid CR with extra properties for CRD with validation schema',
    { since: 27 },
    async () => {
      const { post, apply } = strict(kind, 'extra', { spec: { known: 'x', unknown: 1, list: [{ a: 'x', b: 'y' }] } });
      statusOf(await post(), {
        code: 400,
        message: `${kind.kind} in version "v1" cannot be handled as a ${kind.kind}: strict decoding error: unknown field "spec.list[0].b", unknown field "spec.unknown"`,
      });
      statusOf(await apply(), { code: [400, 500], message: /spec\.unknown/ });
    },
  );

  behaviour(
    'FieldValidation should detect unknown metadata fields in both the root and embedded object of a CR',
    { since: 27 },
    async () => {
      const template = { apiVersion: 'v1', kind: 'Thing', metadata: { name: 'x', unknownSub: 1 } };
      const fields = { metadata: { name: 'meta', unknownMeta: 1 }, spec: { template } };
      statusOf(await strict(kind, 'meta', fields).post(), {
        code: 400,
        message:
          /strict decoding error: unknown field "metadata\.unknownMeta", unknown field "spec\.template\.metadata\.unknownSub"$/,
      });
    },
  );

  behaviour(
    'FieldValidation should detect duplicates in a CR when preserving unknown fields',
    { since: 27 },
    async () => {
      const body = `{"apiVersion":"${open.group}/v1","kind":"${open.kind}","metadata":{"name":"twice"},"spec":{"a":1,"a":2}}`;
      statusOf(await fetchApi('POST', `${open.path()}?fieldValidation=Strict`, { body }), {
        code: 400,
        message: /strict decoding error: duplicate field "spec\.a"$/,
      });
    },
  );

  behaves('Warn, the default, names what is dropped', { since: 27 }, async () => {
    const answer = await fetchApi('POST', `${kind.path()}?dryRun=All`, {
      body: kind.object('warned', { spec: { unknown: 1 } }),
    });
    includes(objectOf(answer, 201), { spec: { unknown: undefined } });
    assert.equal(answer.headers.warning, '299 - "unknown field \\"spec.unknown\\""');
  });
});
