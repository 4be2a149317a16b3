import assert from 'node:assert/strict';
import {
  matchesFields,
  matchesLabels,
  parseFieldSelector,
  parseLabelSelector,
  requirementsOf,
  SelectorError,
  selectorText,
} from './selectors.ts';

describe('label selectors', () => {
  const labels = { app: 'web', tier: 'front', size: '10' };
  const matches: [string, boolean][] = [
    ['', true],
    ['app=web', true],
    ['app==web', true],
    ['app=db', false],
    ['app!=db', true],
    ['missing!=x', true],
    ['missing=', false],
    ['app', true],
    ['missing', false],
    ['!missing', true],
    ['!app', false],
    ['app in (web,db)', true],
    ['app notin (web,db)', false],
    ['missing notin (a)', true],
    ['missing in ()', false],
    ['size>9', true],
    ['size>10', false],
    ['size<11', true],
    ['app>1', false],
    [' app = web , tier = front ', true],
    ['app=web,tier=back', false],
    ['constructor', false],
    ['!toString', true],
  ];
  for (const [selector, expected] of matches) {
    it(`${JSON.stringify(selector)} ${expected ? 'matches' : 'does not match'}`, () => {
      assert.equal(matchesLabels(parseLabelSelector(selector), labels), expected);
    });
  }

  it('treats absent labels as none', () => {
    assert.equal(matchesLabels(parseLabelSelector('a'), undefined), false);
    assert.equal(matchesLabels(parseLabelSelector('!a'), undefined), true);
  });

  it('reads operators as values where a value stands', () => {
    assert.deepEqual(parseLabelSelector('in in (in,notin)'), [{ key: 'in', operator: 'in', values: ['in', 'notin'] }]);
  });

  const refused: [string, string][] = [
    ['a=b=c', "found '=', expected: ',' or 'end of string'"],
    ['a=b c', "found 'c', expected: ',' or 'end of string'"],
    ['a,', "found '', expected: identifier after ','"],
    ['a,,b', "found ',', expected: identifier after ','"],
    ['=x', "found '=', expected: !, identifier, or 'end of string'"],
    ['!', "unable to parse requirement: found '', expected: identifier"],
    ['a b', "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
    ['a in', "unable to parse requirement: found '' expected: '('"],
    ['a in (', "unable to parse requirement: found '', expected: ',', ')' or identifier"],
    ['a in (x', "unable to parse requirement: found '', expected: ',' or ')'"],
    [
      'a>x',
      `unable to parse requirement: values[0]: Invalid value: "x": for 'Gt', 'Lt' operators, the value must be an integer`,
    ],
  ];
  for (const [selector, message] of refused) {
    it(`refuses ${JSON.stringify(selector)} in upstream's words`, () => {
      assert.throws(() => parseLabelSelector(selector), { message });
    });
  }

  it('refuses keys and values that no label can have', () => {
    assert.throws(() => parseLabelSelector('-a'), /<nil>: Invalid value: "-a": name part must consist of/);
    assert.throws(() => parseLabelSelector('x/y/z'), /a qualified name must consist of/);
    assert.throws(() => parseLabelSelector('/a'), /prefix part must be non-empty/);
    assert.throws(() => parseLabelSelector('A_/a'), /prefix part a lowercase RFC 1123 subdomain/);
    assert.throws(() => parseLabelSelector(`${'a'.repeat(64)}`), /name part must be no more than 63 bytes/);
    assert.throws(() => parseLabelSelector(`${'a'.repeat(254)}/a`), /prefix part must be no more than 253 bytes/);
    assert.throws(() => parseLabelSelector(`a=${'a'.repeat(64)}`), /: must be no more than 63 bytes$/);
    assert.throws(() => parseLabelSelector('a=$'), /values\[0\]\[a\]: Invalid value: "\$": a valid label must be/);
    assert.throws(() => parseLabelSelector('a in (b,c$)'), SelectorError);
  });

  it('turns a plain map into requirements and into text', () => {
    assert.equal(matchesLabels(requirementsOf({ app: 'web', tier: 'front' }), labels), true);
    assert.equal(matchesLabels(requirementsOf({ app: 'db' }), labels), false);
    assert.equal(selectorText({ tier: 'front', app: 'web' }), 'app=web,tier=front');
    assert.deepEqual(parseLabelSelector(selectorText({ a: '1', b: '' })), requirementsOf({ a: '1', b: '' }));
  });
});

describe('field selectors', () => {
  const fields = { 'metadata.name': 'web', 'spec.nodeName': '' };
  const matches: [string, boolean][] = [
    ['', true],
    ['metadata.name=web', true],
    ['metadata.name==web', true],
    ['metadata.name!=web', false],
    ['spec.nodeName=', true],
    ['spec.nodeName!=', false],
    ['unknown=', true],
    ['constructor=', true],
    ['metadata.name=web,,spec.nodeName=', true],
    ['metadata.name=web,spec.nodeName=x', false],
  ];
  for (const [selector, expected] of matches) {
    it(`${JSON.stringify(selector)} ${expected ? 'matches' : 'does not match'}`, () => {
      assert.equal(matchesFields(parseFieldSelector(selector), fields), expected);
    });
  }

  it('takes backslashes off what they protect', () => {
    assert.deepEqual(parseFieldSelector('a=x\\,y\\=z\\\\'), [{ field: 'a', value: 'x,y=z\\', equal: true }]);
  });

  const refused: [string, string][] = [
    ['a', "invalid selector: 'a'; can't understand 'a'"],
    ['a=b=c', 'invalid field selector: unescaped character in value: 61'],
    ['a=b\\q', 'invalid field selector: invalid escape sequence: \\q'],
    ['a=b\\', 'invalid field selector: invalid escape sequence: \\'],
  ];
  for (const [selector, message] of refused) {
    it(`refuses ${JSON.stringify(selector)} in upstream's words`, () => {
      assert.throws(() => parseFieldSelector(selector), { message });
    });
  }
});
