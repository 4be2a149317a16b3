import assert from 'node:assert/strict';
import { semanticEqual } from './equality.ts';
import { duplicate, invalidValue, notSupported, shown } from './errors.ts';
import { ipAt, ipToNumber, numberToIp, parseCidr, validateNonSpecialIp } from './ip.ts';
import { canonicalizeResources, canonicalQuantity, compareQuantities } from './quantities.ts';

describe('field errors', () => {
  it('show values as upstream does', () => {
    const cases: [unknown, string][] = [
      ['a"b\n', '"a\\"b\\n"'],
      ['\u0001', '"\\x01"'],
      [3, '3'],
      [true, 'true'],
      [undefined, '"null"'],
      [['a', 'b'], '["a","b"]'],
      [{ a: '<b>' }, '{"a":"\\u003cb\\u003e"}'],
    ];
    for (const [value, text] of cases) assert.equal(shown(value), text);
  });

  it('carry the type that clients match on', () => {
    assert.deepEqual(invalidValue('a', 1, 'x'), {
      type: 'FieldValueInvalid',
      field: 'a',
      message: 'Invalid value: 1: x',
    });
    assert.deepEqual(duplicate('a', 'b'), { type: 'FieldValueDuplicate', field: 'a', message: 'Duplicate value: "b"' });
    assert.equal(notSupported('a', 'b', ['c', 'd']).message, 'Unsupported value: "b": supported values: "c", "d"');
  });
});

describe('semanticEqual()', () => {
  const cases: [a: unknown, b: unknown, equal: boolean][] = [
    [{ a: 1 }, { a: 1, b: undefined }, true],
    [{ a: [] }, {}, true],
    [{ a: '' }, {}, true],
    [{ a: false }, {}, true],
    [{ a: {} }, {}, false],
    [{ a: [1, 2] }, { a: [2, 1] }, false],
    [{ a: { b: 1 } }, { a: { b: 2 } }, false],
    [{ a: [1] }, { a: { 0: 1 } }, false],
    [null, undefined, true],
  ];
  for (const [a, b, equal] of cases) {
    it(`finds ${JSON.stringify(a)} and ${JSON.stringify(b)} ${equal ? 'equal' : 'different'}`, () => {
      assert.equal(semanticEqual(a, b), equal);
      assert.equal(semanticEqual(b, a), equal);
    });
  }
});

describe('quantities', () => {
  const canonical: Record<string, string | undefined> = {
    '0.5': '500m',
    '1000m': '1',
    '1024Mi': '1Gi',
    '1.5Gi': '1536Mi',
    '1000': '1k',
    '1500': '1500',
    '0': '0',
    '0Mi': '0',
    '-1': '-1',
    '123e6': '123e6',
    '1e3': '1e3',
    '1Ki': '1Ki',
    '100n': '100n',
    '2000Ki': '2000Ki',
    abc: undefined,
  };
  for (const [text, expected] of Object.entries(canonical)) {
    it(`write ${text} as ${expected}`, () => {
      assert.equal(canonicalQuantity(text), expected);
    });
  }

  it('are rounded up to thousandths where they are stored', () => {
    const list = { cpu: '0.0001', memory: '1.5Gi', bad: 'x' };
    canonicalizeResources(list);
    assert.deepEqual(list, { cpu: '1m', memory: '1536Mi', bad: 'x' });
  });

  it('are compared by what they say', () => {
    assert.equal(compareQuantities('1', '1000m'), 0);
    assert.equal(compareQuantities('1Gi', '1G'), 1);
    assert.equal(compareQuantities(undefined, '1m'), -1);
  });
});

describe('addresses', () => {
  for (const ip of ['0.0.0.0', '10.96.0.1', '255.255.255.255', '::', '::1', 'fd00::1:0:0:1', '2001:db8::ffff']) {
    it(`go from ${ip} to a number and back`, () => {
      assert.equal(numberToIp(ipToNumber(ip) ?? 0n, ip.includes(':') ? 'IPv6' : 'IPv4'), ip);
    });
  }

  it('are counted from the start of their range', () => {
    const range = parseCidr('10.96.0.7/24');
    assert.ok(range);
    assert.equal(ipAt(range, 1), '10.96.0.1');
    assert.equal(range.size, 256n);
  });

  it('have no range when the text is none', () => {
    for (const text of ['', '10.0.0.0', '10.0.0.0/33', 'x/8', '::/129']) assert.equal(parseCidr(text), undefined, text);
  });

  it('that never leave the machine are refused in both families', () => {
    for (const ip of ['127.1.2.3', '::1', '0.0.0.0', '::', '169.254.9.9', 'fe80::1', '224.0.0.5', 'ff02::1']) {
      assert.equal(validateNonSpecialIp(ip, 'ip').length, 1, ip);
    }
    for (const ip of ['10.0.0.1', 'fd00::1', '224.0.1.1']) assert.deepEqual(validateNonSpecialIp(ip, 'ip'), []);
  });
});
