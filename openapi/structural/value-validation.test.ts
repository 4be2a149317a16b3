import assert from 'node:assert/strict';
import { formatCheck } from './formats.ts';
import { validateListTypes } from './list-types.ts';
import type { Schema } from './schema.ts';
import { valueValidator } from './value-validation.ts';

function errorsOf(schema: Schema, value: unknown): string[] {
  return valueValidator({ type: 'object', properties: { spec: schema } })({ spec: value }).map(
    ({ error }) => `${error.field}: ${error.message}`,
  );
}

const AB: Record<string, Schema> = { a: { type: 'string' }, b: { type: 'string' } };

describe('valueValidator', () => {
  const cases: [title: string, schema: Schema, value: unknown, errors: string[]][] = [
    ['takes what fits', { type: 'integer', maximum: 3 }, 3, []],
    [
      'tells types',
      { type: 'string' },
      1.5,
      ['spec: Invalid value: "number": spec in body must be of type string: "number"'],
    ],
    [
      'tells nulls',
      { type: 'string' },
      null,
      ['spec: Invalid value: "null": spec in body must be of type string: "null"'],
    ],
    ['takes nulls that are allowed', { type: 'string', nullable: true }, null, []],
    ['takes whole numbers for any', { type: 'number' }, 1, []],
    [
      'tells exclusive bounds',
      { type: 'integer', minimum: 1, exclusiveMinimum: true },
      1,
      ['spec: Invalid value: 1: spec in body should be greater than 1'],
    ],
    [
      'writes large numbers as Go does',
      { type: 'number', maximum: 1e6 },
      1000000.5,
      ['spec: Invalid value: 1.0000005e+06: spec in body should be less than or equal to 1e+06'],
    ],
    [
      'tells multiples',
      { type: 'integer', multipleOf: 2 },
      3,
      ['spec: Invalid value: 3: spec in body should be a multiple of 2'],
    ],
    [
      'tells lengths of characters, not of bytes',
      { type: 'string', maxLength: 2 },
      'äöü',
      ['spec: Too long: may not be more than 2 bytes'],
    ],
    [
      'tells the first thing wrong with a string',
      { type: 'string', minLength: 3, pattern: '^a' },
      'b',
      ['spec: Invalid value: "b": spec in body should be at least 3 chars long'],
    ],
    ['reads patterns as Go does', { type: 'string', pattern: '(?i)^[[:alpha:]]+\\z' }, 'Abc', []],
    [
      'counts items',
      { type: 'array', items: { type: 'string' }, maxItems: 1 },
      ['a', 'b'],
      ['spec: Too many: 2: must have at most 1 item'],
    ],
    [
      'counts too few items',
      { type: 'array', items: { type: 'string' }, minItems: 1 },
      [],
      ['spec: Invalid value: 0: spec in body should have at least 1 items'],
    ],
    [
      'counts properties',
      { type: 'object', maxProperties: 1, additionalProperties: { type: 'string' } },
      { a: '', b: '' },
      ['spec: Too many: 2: must have at most 1 item'],
    ],
    [
      'counts too few properties',
      { type: 'object', minProperties: 1 },
      {},
      ['spec: Invalid value: 1: spec in body should have at least 1 properties'],
    ],
    [
      'names items by index',
      { type: 'array', items: { type: 'object', required: ['a'], properties: AB } },
      [{ a: '' }, {}],
      ['spec[1].a: Required value'],
    ],
    [
      'shows values of enums that are no strings',
      { type: 'integer', enum: [1, 2] },
      3,
      ['spec: Unsupported value: 3: supported values: "1", "2"'],
    ],
    [
      'checks formats it knows',
      { type: 'string', format: 'date-time' },
      'now',
      ['spec: Invalid value: "now": spec in body must be of type date-time: "now"'],
    ],
    ['ignores formats it does not know', { type: 'string', format: 'verse' }, 'x', []],
    [
      'tells the best of alternatives',
      { type: 'object', properties: AB, anyOf: [{ required: ['a', 'b'] }, { required: ['b'] }] },
      {},
      ['spec.b: Required value', '<nil>: Invalid value: "": "spec" must validate at least one schema (anyOf)'],
    ],
    [
      'tells that no alternative fits',
      { type: 'object', properties: AB, oneOf: [{ required: ['a'] }, { required: ['b'] }] },
      {},
      [
        'spec.a: Required value',
        '<nil>: Invalid value: "": "spec" must validate one and only one schema (oneOf). Found none valid',
      ],
    ],
    [
      'tells that too many fit',
      { type: 'object', properties: AB, oneOf: [{ required: ['a'] }, { required: ['b'] }] },
      { a: '', b: '' },
      ['<nil>: Invalid value: "": "spec" must validate one and only one schema (oneOf). Found 2 valid alternatives'],
    ],
    [
      'tells what must not be',
      { type: 'object', properties: AB, not: { required: ['a'] } },
      { a: '' },
      ['<nil>: Invalid value: "": "spec" must not validate the schema (not)'],
    ],
    [
      'tells that all must fit',
      { type: 'object', properties: AB, allOf: [{ required: ['a'] }, { properties: { b: { minLength: 2 } } }] },
      { a: '', b: 'x' },
      [
        'spec.b: Invalid value: "x": spec.b in body should be at least 2 chars long',
        '<nil>: Invalid value: "": "spec" must validate all the schemas (allOf)',
      ],
    ],
    [
      'tells that none does',
      { type: 'object', properties: AB, allOf: [{ required: ['a'] }] },
      {},
      [
        'spec.a: Required value',
        '<nil>: Invalid value: "": "spec" must validate all the schemas (allOf). None validated',
      ],
    ],
    ['takes integers and strings where both may be', { 'x-kubernetes-int-or-string': true }, '5%', []],
  ];
  for (const [title, schema, value, errors] of cases) {
    it(title, () => assert.deepEqual(errorsOf(schema, value), errors));
  }

  it('says where, as keys', () => {
    const list: Schema = { type: 'array', items: { type: 'integer' } };
    const problems = valueValidator({ type: 'object', properties: { '0': list } })({ '0': [1, 'x'] });
    assert.deepEqual(
      problems.map(({ at }) => at),
      [['0', 1]],
    );
  });

  it('stays quick, and brief, with a hundred thousand mistakes', () => {
    const list: Schema = { type: 'array', items: { type: 'integer' } };
    assert.ok(
      errorsOf(
        list,
        Array.from({ length: 100_000 }, () => 'x'),
      ).length <= 250,
    );
  });

  it('is not led astray by a pattern that would take for ever to backtrack', () => {
    assert.equal(errorsOf({ type: 'string', pattern: '^(a+)+$' }, `${'a'.repeat(5000)}b`).length, 1);
  });
});

describe('validateListTypes', () => {
  const map: Schema = {
    type: 'array',
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['a', 'b'],
    items: { type: 'object' },
  };
  const set: Schema = { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } };
  const cases: [title: string, schema: Schema, value: unknown, errors: string[]][] = [
    ['tells of each value of a set once', set, ['x', 'x', 'x', 'y'], ['l[1]: Duplicate value: "x"']],
    ['takes values of different types for different', set, ['1', 1], []],
    [
      'compares all keys of a map list',
      map,
      [
        { a: 1, b: 1 },
        { a: 1, b: 2 },
        { a: 1, b: 1, c: 3 },
      ],
      ['l[2]: Duplicate value: {"a":1,"b":1}'],
    ],
    ['takes absent keys for equal', map, [{ a: 1 }, { a: 1 }], ['l[1]: Duplicate value: {"a":1}']],
    [
      'refuses what is no object',
      map,
      ['x'],
      ['l[0]: Invalid value: "x": must be an object for an array of list-type map'],
    ],
  ];
  for (const [title, schema, value, errors] of cases) {
    it(title, () => {
      const found = validateListTypes({ l: value }, { type: 'object', properties: { l: schema } });
      assert.deepEqual(
        found.map(({ field, message }) => `${field}: ${message}`),
        errors,
      );
    });
  }
});

describe('formats', () => {
  const cases: [format: string, good: string[], bad: string[]][] = [
    ['uuid', ['6BA7B810-9dad-11d1-80b4-00c04fd430c8'], ['6ba7b810']],
    ['date', ['2024-02-29'], ['2023-02-29', '2024-2-1']],
    ['date-time', ['2024-01-01T00:00:00Z', '2024-01-01T23:59:59.5+02:00'], ['2024-01-01', '2024-01-01T24:00:00Z']],
    ['duration', ['1h30m', '22 ns', '3 days'], ['', 'soon']],
    ['ipv4', ['1.2.3.4'], ['1.2.3', '::1']],
    ['ipv6', ['::1'], ['1.2.3.4']],
    ['cidr', ['10.0.0.0/8', '::/0'], ['10.0.0.0', '10.0.0.0/33']],
    ['mac', ['01:23:45:67:89:ab', '0123.4567.89ab'], ['01:23']],
    ['hostname', ['a.example.com'], ['a b']],
    ['email', ['a@example.com', 'A <a@example.com>'], ['a']],
    ['uri', ['https://example.com/x', '/x'], ['x', 'a b:c']],
    ['byte', ['YQ==', ''], ['YQ=', '?']],
    ['isbn', ['978-0321751041', '0321751043'], ['0321751044']],
    ['creditcard', ['4111 1111 1111 1111'], ['4111111111111112']],
    ['k8s-short-name', ['a-b'], ['A', 'a.b']],
    ['k8s-long-name', ['a.b'], ['A']],
  ];
  for (const [format, good, bad] of cases) {
    it(`${format} takes ${good.join(', ')}, not ${bad.join(', ')}`, () => {
      const check = formatCheck(format);
      assert.ok(check);
      for (const text of good) assert.ok(check(text), text);
      for (const text of bad) assert.ok(!check(text), text);
    });
  }
});
