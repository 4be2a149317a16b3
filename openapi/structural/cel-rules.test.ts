import assert from 'node:assert/strict';
import { validateRules } from './cel-rule-declarations.ts';
import { ruleValidator } from './cel-rules.ts';
import type { Schema } from './schema.ts';

type Rules = NonNullable<Schema['x-kubernetes-validations']>;

function inSpec(properties: Record<string, Schema>, rules: Rules = []): Schema {
  return { type: 'object', properties: { spec: { type: 'object', properties, 'x-kubernetes-validations': rules } } };
}

function errorsOf(schema: Schema, spec: unknown, old?: unknown): string[] {
  const validate = ruleValidator(schema);
  assert.ok(validate);
  const errors = validate({ spec }, old === undefined ? undefined : { spec: old });
  return errors.map(({ field, message }) => `${field}: ${message}`);
}

describe('rules', () => {
  it('are absent where none is declared', () => assert.equal(ruleValidator(inSpec({})), undefined));

  it('tell the message of the one that fails, or the rule', () => {
    const schema = inSpec({ a: { type: 'integer' } }, [
      { rule: 'self.a > 0', message: 'too small' },
      { rule: 'self.a > 1' },
    ]);
    assert.deepEqual(errorsOf(schema, { a: 0 }), [
      'spec: Invalid value: "object": too small',
      'spec: Invalid value: "object": failed rule: self.a > 1',
    ]);
    assert.deepEqual(errorsOf(schema, { a: 2 }), []);
  });

  it('make messages, and fall back on fixed ones where that fails', () => {
    const schema = inSpec({ a: { type: 'integer' }, b: { type: 'array', items: { type: 'string' } } }, [
      { rule: 'self.a > 0', message: 'fixed', messageExpression: '"a is " + string(self.a)' },
      { rule: 'self.a > 0', message: 'fixed', messageExpression: 'self.b[0]' },
    ]);
    assert.deepEqual(errorsOf(schema, { a: 0, b: [] }), [
      'spec: Invalid value: "object": a is 0',
      'spec: Invalid value: "object": fixed',
    ]);
  });

  it('point at fields and give reasons', () => {
    const schema = inSpec({ a: { type: 'integer' } }, [
      { rule: 'false', message: 'm', fieldPath: '.a', reason: 'FieldValueRequired' },
    ]);
    assert.deepEqual(errorsOf(schema, { a: 0 }), ['spec.a: Required value: m']);
  });

  it('tell an error of evaluation', () => {
    const schema = inSpec({ a: { type: 'array', items: { type: 'integer' } } }, [{ rule: 'self.a[0] > 0' }]);
    assert.match(
      errorsOf(schema, { a: [] })[0] ?? '',
      /^spec: Invalid value: "object": .*index out of bounds.* evaluating rule: self\.a\[0\] > 0$/,
    );
  });

  it('about changes need something to compare with', () => {
    const schema = inSpec({
      a: { type: 'integer', 'x-kubernetes-validations': [{ rule: 'self >= oldSelf', message: 'shrinks' }] },
    });
    assert.deepEqual(errorsOf(schema, { a: 1 }), []);
    assert.deepEqual(errorsOf(schema, { a: 1 }, {}), []);
    assert.deepEqual(errorsOf(schema, { a: 1 }, { a: 2 }), ['spec.a: Invalid value: "integer": shrinks']);
  });

  it('may be about new objects, too', () => {
    const rule = { rule: 'oldSelf.hasValue() || self.a == 1', optionalOldSelf: true, message: 'begins at 1' };
    const schema = inSpec({ a: { type: 'integer' } }, [rule]);
    assert.deepEqual(errorsOf(schema, { a: 2 }), ['spec: Invalid value: "object": begins at 1']);
    assert.deepEqual(errorsOf(schema, { a: 2 }, { a: 1 }), []);
  });

  it('find old items of map lists by their keys', () => {
    const items: Schema = {
      type: 'object',
      properties: { k: { type: 'string' }, v: { type: 'integer' } },
      'x-kubernetes-validations': [{ rule: 'self.v == oldSelf.v', message: 'changed' }],
    };
    const schema = inSpec({
      l: { type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['k'], items },
    });
    const old = {
      l: [
        { k: 'a', v: 1 },
        { k: 'b', v: 2 },
      ],
    };
    assert.deepEqual(
      errorsOf(
        schema,
        {
          l: [
            { k: 'b', v: 2 },
            { k: 'a', v: 3 },
            { k: 'c', v: 9 },
          ],
        },
        old,
      ),
      ['spec.l[1]: Invalid value: "object": changed'],
    );
  });

  it('let pass what an update leaves as it was', () => {
    const schema = inSpec({
      a: { type: 'integer', 'x-kubernetes-validations': [{ rule: 'self > 5', message: 'small' }] },
      b: { type: 'string' },
    });
    assert.deepEqual(errorsOf(schema, { a: 1, b: 'y' }, { a: 1, b: 'x' }), []);
    assert.deepEqual(errorsOf(schema, { a: 2 }, { a: 1 }), ['spec.a: Invalid value: "integer": small']);
  });

  it('see the type and the names of the object, and no more of its metadata', () => {
    const schema: Schema = {
      type: 'object',
      'x-kubernetes-validations': [{ rule: 'self.metadata.name == "x" && self.kind == "K"', message: 'm' }],
    };
    assert.deepEqual(ruleValidator(schema)?.({ kind: 'K', metadata: { name: 'x' } }), []);
    const more: Schema = { type: 'object', 'x-kubernetes-validations': [{ rule: 'self.metadata.labels.a == "x"' }] };
    assert.match(validateRules(more, 'root')[0]?.message ?? '', /undefined field 'labels'/);
  });

  it('see maps by key, and name them so', () => {
    const schema = inSpec({
      m: {
        type: 'object',
        additionalProperties: {
          type: 'string',
          'x-kubernetes-validations': [{ rule: 'self != ""', message: 'empty' }],
        },
      },
    });
    assert.deepEqual(errorsOf(schema, { m: { a: 'x', b: '' } }), ['spec.m[b]: Invalid value: "string": empty']);
  });

  it('end when they cost too much, all of them', () => {
    const big = 'self.l.all(a, self.l.all(b, self.l.all(c, c >= 0)))';
    const schema = inSpec({ l: { type: 'array', items: { type: 'integer' } } }, [{ rule: big }, { rule: 'false' }]);
    const errors = errorsOf(schema, { l: Array.from({ length: 1000 }, (_, i) => i) });
    assert.equal(errors.length, 1);
    assert.match(errors[0] ?? '', /no further validation rules will be run due to call cost exceeds limit/);
  });
});

describe('validateRules', () => {
  const cases: [title: string, schema: Schema, field: string, message: RegExp][] = [
    [
      'refuses transitions of items that cannot be told apart',
      inSpec({
        l: { type: 'array', items: { type: 'string', 'x-kubernetes-validations': [{ rule: 'self == oldSelf' }] } },
      }),
      'root.properties[spec].properties[l].items.x-kubernetes-validations[0].rule',
      /uncorrelatable portion of the schema within root\.properties\[spec\]\.properties\[l\]$/,
    ],
    [
      'refuses optionalOldSelf without oldSelf',
      inSpec({}, [{ rule: 'true', optionalOldSelf: true }]),
      'root.properties[spec].x-kubernetes-validations[0].optionalOldSelf',
      /may not be set if oldSelf is not used in rule/,
    ],
    [
      'asks for a message of a rule of several lines',
      inSpec({}, [{ rule: 'true\n&& true' }]),
      'root.properties[spec].x-kubernetes-validations[0].message',
      /^Required value: message must be specified if rule contains line breaks$/,
    ],
    [
      'refuses rules where there is no type',
      {
        type: 'object',
        properties: {
          a: { 'x-kubernetes-preserve-unknown-fields': true, 'x-kubernetes-validations': [{ rule: 'true' }] },
        },
      },
      'root.properties[a].x-kubernetes-validations',
      /^Forbidden/,
    ],
  ];
  for (const [title, schema, field, message] of cases) {
    it(title, () => {
      const [error] = validateRules(schema, 'root');
      assert.equal(error?.field, field);
      assert.match(error?.message ?? '', message);
    });
  }

  it('takes names that must be escaped', () => {
    const schema = inSpec(
      {
        'a-b': { type: 'string' },
        'c.d/e': { type: 'string' },
        namespace: { type: 'string' },
        a__b: { type: 'string' },
      },
      [{ rule: 'self.a__dash__b + self.c__dot__d__slash__e + self.__namespace__ + self.a__underscores__b == ""' }],
    );
    assert.deepEqual(validateRules(schema, 'root'), []);
  });
});
