import assert from 'node:assert/strict';
import {
  canonicalQuantity,
  parseQuantity,
  QUANTITY_ERROR,
  quantityError,
  quantityMillis,
  quantityUnits,
} from './quantity.ts';

describe('quantity', () => {
  describe('canonicalQuantity', () => {
    const cases: [string | number, string][] = [
      ['1000m', '1'],
      ['0.5', '500m'],
      [0.5, '500m'],
      [1, '1'],
      ['1024Mi', '1Gi'],
      ['1536Mi', '1536Mi'],
      ['100Mi', '100Mi'],
      ['64Mi', '64Mi'],
      ['0.5Gi', '512Mi'],
      ['0.5Ki', '512'],
      ['0.1Ki', '102400m'],
      ['1.1Gi', '1181116006400m'],
      ['1000', '1k'],
      ['1000000', '1M'],
      ['1500', '1500'],
      ['1.5', '1500m'],
      ['1.500', '1.500'],
      ['0', '0'],
      ['0Mi', '0'],
      ['0.0', '0'],
      ['-1000m', '-1'],
      ['+1', '+1'],
      ['1e3', '1e3'],
      ['12e2', '1200'],
      ['1000e3', '1e6'],
      ['1E', '1E'],
      ['1000000000000000000000', '1000E'],
      ['0.0000000001', '1n'],
      ['1.0000000001', '1000000001n'],
      ['10Ei', '9223372036854775807'],
      [' 5 ', '5'],
    ];
    for (const [text, expected] of cases) {
      it(`writes ${JSON.stringify(text)} as ${expected}`, () => assert.equal(canonicalQuantity(text), expected));
    }

    it('leaves its own results alone', () => {
      for (const [text] of cases) {
        const once = canonicalQuantity(text) ?? '';
        assert.equal(canonicalQuantity(once), once);
      }
    });

    it('keeps the value', () => {
      for (const text of ['1000m', '1.25', '1024Mi', '3.5Ti', '17k', '-250m', '9e2']) {
        assert.equal(parseQuantity(canonicalQuantity(text) ?? ''), parseQuantity(text), text);
      }
    });
  });

  describe('quantityError', () => {
    const cases: [string, string | undefined][] = [
      ['1', undefined],
      ['', QUANTITY_ERROR],
      ['x', QUANTITY_ERROR],
      ['1 Gi', QUANTITY_ERROR],
      ['1.2.3', QUANTITY_ERROR],
      ['1Gb', QUANTITY_ERROR],
      ['1mi', "unable to parse quantity's suffix"],
      ['1K', "unable to parse quantity's suffix"],
      ['1kk', "unable to parse quantity's suffix"],
      ['1e', "unable to parse quantity's suffix"],
    ];
    for (const [text, expected] of cases) {
      it(`says ${expected ?? 'nothing'} of ${JSON.stringify(text)}`, () => assert.equal(quantityError(text), expected));
    }

    it('refuses exponents that would cost their reader dearly', () => {
      assert.equal(parseQuantity('1e999999999'), undefined);
      assert.equal(parseQuantity('1'.repeat(100_000)), undefined);
    });
  });

  it('gives whole units rounded up', () => {
    assert.equal(quantityUnits('1Gi'), 1073741824);
    assert.equal(quantityUnits('1500m'), 2);
    assert.equal(quantityUnits(undefined), 0);
    assert.equal(quantityUnits('nonsense'), 0);
  });

  it('gives thousandths rounded up', () => {
    assert.equal(quantityMillis('0.1'), 100);
    assert.equal(quantityMillis('1u'), 1);
    assert.equal(quantityMillis('-1500u'), -1);
    assert.equal(quantityMillis(2), 2000);
  });
});
