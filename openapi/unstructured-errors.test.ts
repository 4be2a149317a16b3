import assert from 'node:assert/strict';
import { converterMessage } from './unstructured-errors.ts';

describe('converterMessage()', () => {
  const cases: [found: string, type: string, message: string][] = [
    ['string', '[]v1.Container', 'cannot restore slice from string'],
    ['object', '[]v1.Container', 'cannot restore slice from map'],
    ['array', 'map[string]string', 'cannot restore map from slice'],
    ['number', 'v1.PodSpec', 'cannot restore struct from: int64'],
    ['number', 'string', 'cannot convert int64 to string'],
    ['number 1.5', 'int32', 'cannot convert float64 to int32'],
    ['string', 'int32', 'unrecognized type: int32'],
    ['bool', 'string', 'unrecognized type: string'],
  ];
  for (const [found, type, message] of cases) {
    it(`says of ${found} for ${type}: ${message}`, () =>
      assert.equal(
        converterMessage(`json: cannot unmarshal ${found} into Go struct field X.spec.y of type ${type}`),
        message,
      ));
  }

  it('leaves other messages alone', () => {
    assert.equal(converterMessage('strict decoding error: x'), 'strict decoding error: x');
  });
});
