import assert from 'node:assert/strict';
import type { Schema } from './schema.ts';
import { validateStructural } from './structural-rules.ts';

function errorsOf(schema: Schema): string[] {
  return validateStructural(schema, 'root').map(({ field, message }) => `${field}: ${message}`);
}

const inField = (a: Schema): Schema => ({ type: 'object', properties: { a } });

describe('validateStructural', () => {
  const cases: [title: string, schema: Schema, errors: string[]][] = [
    ['takes a schema with types', inField({ type: 'array', items: { type: 'string' } }), []],
    ['asks for a type at the root', {}, ['root.type: Required value: must not be empty at the root']],
    [
      'asks for an object at the root',
      { type: 'string' },
      ['root.type: Invalid value: "string": must be object at the root'],
    ],
    [
      'asks for a type of fields',
      inField({}),
      ['root.properties[a].type: Required value: must not be empty for specified object fields'],
    ],
    [
      'asks for a type of items',
      inField({ type: 'array', items: {} }),
      ['root.properties[a].items.type: Required value: must not be empty for specified array items'],
    ],
    [
      'asks for items of lists',
      inField({ type: 'array' }),
      ['root.properties[a].items: Required value: must be specified'],
    ],
    ['asks for no type where anything goes', inField({ 'x-kubernetes-preserve-unknown-fields': true }), []],
    [
      'takes an int-or-string that says so twice',
      inField({ 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] }),
      [],
    ],
    [
      'takes one that has more conditions',
      inField({
        'x-kubernetes-int-or-string': true,
        allOf: [{ anyOf: [{ type: 'integer' }, { type: 'string' }] }, { maxLength: 3 }],
      }),
      [],
    ],
    [
      'takes no types in conditions',
      inField({ type: 'string', allOf: [{ type: 'string' }] }),
      ['root.properties[a].allOf[0].type: Forbidden: must be empty to be structural'],
    ],
    [
      'takes no defaults in conditions, however deep',
      inField({ type: 'object', properties: { b: { type: 'string' } }, not: { properties: { b: { default: 'x' } } } }),
      ['root.properties[a].not.properties[b].default: Forbidden: must be undefined to be structural'],
    ],
    [
      'asks for what conditions speak of',
      { type: 'object', oneOf: [{ properties: { x: {} } }] },
      ['root.properties[x]: Required value: because it is defined in root.oneOf[0].properties[x]'],
    ],
    [
      'takes no maps at the root',
      { type: 'object', additionalProperties: { type: 'string' } },
      ['root.additionalProperties: Forbidden: must not be used at the root'],
    ],
    [
      'asks embedded resources for properties',
      inField({ type: 'object', 'x-kubernetes-embedded-resource': true }),
      [
        'root.properties[a].properties: Required value: must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields',
      ],
    ],
    [
      'takes restrictions of names only',
      {
        type: 'object',
        properties: { metadata: { type: 'object', properties: { name: { type: 'string', maxLength: 3 } } } },
      },
      [],
    ],
    [
      'takes no other restrictions of metadata',
      { type: 'object', properties: { metadata: { type: 'object', required: ['labels'] } } },
      [
        'root.properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified',
      ],
    ],
    [
      'reads patterns as Go does',
      inField({ type: 'string', pattern: '(?=a)' }),
      [
        'root.properties[a].pattern: Invalid value: "(?=a)": must be a valid regular expression, but isn\'t: error parsing regexp: invalid or unsupported Perl syntax: `(?=`',
      ],
    ],
  ];
  for (const [title, schema, errors] of cases) it(title, () => assert.deepEqual(errorsOf(schema), errors));
});
