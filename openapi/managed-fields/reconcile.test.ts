import assert from 'node:assert/strict';
import { DEDUCED } from './apply-schema.ts';
import { parseFieldSet } from './field-set.ts';
import { reconcile } from './reconcile.ts';
import { OBJECT } from './schemas.fixture.ts';

const LIVE = {
  args: ['a'],
  selector: { a: '1' },
  labels: { a: '1', b: '2' },
  tags: ['t'],
  inner: { a: '1' },
  items: [{ name: 'x', value: 'v' }],
  text: 'x',
};
const X = 'k:{"name":"x"}';

const CASES: [what: string, set: object, now: object][] = [
  ['parts of a list that is atomic now', { 'f:args': { 'v:"a"': {} } }, { 'f:args': {} }],
  [
    'parts of a map that is atomic now',
    { 'f:selector': { 'f:a': {} }, 'f:text': {} },
    { 'f:selector': {}, 'f:text': {} },
  ],
  ['a map that is not atomic any more', { 'f:labels': {} }, { 'f:labels': { '.': {}, 'f:a': {}, 'f:b': {} } }],
  ['a set that was an atomic list', { 'f:tags': {} }, { 'f:tags': { '.': {}, 'v:"t"': {} } }],
  ['a struct that was atomic', { 'f:inner': {} }, { 'f:inner': { '.': {}, 'f:a': {} } }],
  [
    'an item that was atomic',
    { 'f:items': { [X]: {} } },
    { 'f:items': { [X]: { '.': {}, 'f:name': {}, 'f:value': {} } } },
  ],
];

describe('reconcile()', () => {
  for (const [what, set, now] of CASES) {
    it(`brings up to date ${what}`, () => assert.deepEqual(reconcile(parseFieldSet(set), LIVE, OBJECT), now));
  }

  it('gives back the same set where nothing is to be done, once and again', () => {
    const settled = parseFieldSet({
      'f:labels': { 'f:a': {} },
      'f:unknown': { 'f:x': {} },
      'f:items': { [X]: { '.': {}, 'f:name': {} } },
    });
    for (const live of [LIVE, LIVE, {}]) assert.equal(reconcile(settled, live, OBJECT), settled);
    const bare = parseFieldSet({ 'f:labels': {}, 'f:text': {} });
    assert.equal(reconcile(bare, { labels: {} }, OBJECT), bare);
    assert.equal(reconcile(bare, {}, OBJECT), bare);
    assert.deepEqual(
      reconcile(bare, LIVE, OBJECT)['f:labels'],
      { '.': {}, 'f:a': {}, 'f:b': {} },
      'the live object is looked at each time',
    );
  });

  it('leaves alone what has no schema', () => {
    const set = parseFieldSet({ 'f:labels': {}, 'f:args': { 'f:x': {} } });
    assert.equal(reconcile(set, LIVE, DEDUCED), set);
  });
});
