import assert from 'node:assert/strict';
import { DEDUCED } from './apply-schema.ts';
import { parseFieldSet } from './field-set.ts';
import { reconcile } from './reconcile.ts';
import { OBJECT } from './schemas.fixture.ts';

const X = 'k:{"name":"x"}';

const CASES: [what: string, set: object, now: object][] = [
  ['parts of a list that is atomic now', { 'f:args': { 'v:"a"': {} } }, { 'f:args': {} }],
  [
    'parts of a map that is atomic now',
    { 'f:selector': { 'f:a': {} }, 'f:text': {} },
    { 'f:selector': {}, 'f:text': {} },
  ],
];

describe('reconcile()', () => {
  for (const [what, set, now] of CASES) {
    it(`brings up to date ${what}`, () => assert.deepEqual(reconcile(parseFieldSet(set), OBJECT), now));
  }

  it('gives back the same set where nothing is to be done, once and again', () => {
    const settled = parseFieldSet({
      'f:labels': { 'f:a': {} },
      'f:unknown': { 'f:x': {} },
      'f:items': { [X]: { '.': {}, 'f:name': {} } },
    });
    for (const time of ['once', 'again']) assert.equal(reconcile(settled, OBJECT), settled, time);
  });

  it('leaves alone what is owned in parts now, and perhaps was owned as a whole', () => {
    const whole = parseFieldSet({ 'f:labels': {}, 'f:tags': {}, 'f:inner': {}, 'f:items': { [X]: {} } });
    assert.equal(reconcile(whole, OBJECT), whole);
  });

  it('leaves alone what has no schema', () => {
    const set = parseFieldSet({ 'f:labels': {}, 'f:args': { 'f:x': {} } });
    assert.equal(reconcile(set, DEDUCED), set);
  });
});
