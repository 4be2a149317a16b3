import assert from 'node:assert/strict';
import {
  canonicalElement,
  compareElements,
  compareStrings,
  keyElement,
  parseElement,
  printElement,
  valueElement,
} from './path-elements.ts';

describe('path elements', () => {
  it('name keys in order, as Go writes JSON', () => {
    const values: Record<string, unknown> = { protocol: 'TCP', port: 80, name: 'a<b>&"c\u2028' };
    assert.equal(
      keyElement(['protocol', 'port'], (name) => values[name]),
      'k:{"port":80,"protocol":"TCP"}',
    );
    assert.equal(
      keyElement(['name'], (name) => values[name]),
      'k:{"name":"a\\u003cb\\u003e\\u0026\\"c\\u2028"}',
    );
    assert.deepEqual([valueElement('a/b'), valueElement(1.5), valueElement(true)], ['v:"a/b"', 'v:1.5', 'v:true']);
  });

  it('stand in upstream order', () => {
    const ordered = [
      '.',
      'f:',
      'f:Z',
      'f:a',
      'f:a-b',
      'f:a.b',
      'f:b',
      'f:\uffff',
      'f:😀',
      'k:{"a":9}',
      'k:{"a":10}',
      'k:{"a":"x"}',
      'k:{"a":"x!"}',
      'k:{"a":"x-y"}',
      'k:{"a":true}',
      'k:{"b":1}',
      'v:2',
      'v:10',
      'v:"a"',
      'v:"a!"',
      'v:"a-b"',
      'v:false',
      'v:true',
      'i:2',
      'i:10',
    ];
    for (const [index, element] of ordered.entries()) {
      for (const [other, second] of ordered.entries()) {
        assert.equal(Math.sign(compareElements(element, second)), Math.sign(index - other), `${element} and ${second}`);
      }
    }
  });

  it('compare strings as their bytes in UTF-8', () => {
    const texts = ['', 'a', 'aa', 'ä', '\ud7ff', '\ue000', '\uffee', '😀', '😁'];
    for (const a of texts) {
      for (const b of texts) {
        assert.equal(Math.sign(compareStrings(a, b)), Buffer.compare(Buffer.from(a), Buffer.from(b)), `${a} and ${b}`);
      }
    }
  });

  for (const [element, canonical] of [
    ['f:a"b', 'f:a"b'],
    ['k:{"protocol":"TCP", "port":80}', 'k:{"port":80,"protocol":"TCP"}'],
    ['v: 1', 'v:1'],
    ['i:+07', 'i:7'],
    ['.', '.'],
    ['x:from the future', undefined],
  ]) {
    it(`${element} is spelled ${canonical}`, () => assert.equal(canonicalElement(element ?? ''), canonical));
  }

  for (const element of ['', 'f', 'spec', 'k:[1]', 'k:1', 'v:', 'v:{', 'i:x']) {
    it(`${JSON.stringify(element)} is none`, () => assert.throws(() => parseElement(element), Error));
  }

  for (const [element, printed] of [
    ['f:spec', '.spec'],
    ['k:{"port":80,"protocol":"TCP"}', '[port=80,protocol="TCP"]'],
    ['v:"a"', '[="a"]'],
    ['i:3', '[3]'],
  ] as const) {
    it(`${element} is shown as ${printed}`, () => assert.equal(printElement(element), printed));
  }
});
