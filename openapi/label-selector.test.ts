import assert from 'node:assert/strict';
import type { V1LabelSelector } from './generated/types.ts';
import { selectorRequirements } from './label-selector.ts';
import { matchesLabels } from './selectors.ts';

describe('selectorRequirements', () => {
  const expression = (operator: string, values?: string[]): V1LabelSelector => ({
    matchExpressions: [{ key: 'tier', operator, ...(values ? { values } : {}) }],
  });
  const cases: [string, V1LabelSelector, Record<string, string>, boolean][] = [
    ['an empty selector selects all', {}, {}, true],
    ['a label', { matchLabels: { app: 'web' } }, { app: 'web', more: 'x' }, true],
    ['another value', { matchLabels: { app: 'web' } }, { app: 'db' }, false],
    ['a label and an expression', { matchLabels: { app: 'web' }, ...expression('Exists') }, { app: 'web' }, false],
    ['In, one of them', expression('In', ['a', 'b']), { tier: 'b' }, true],
    ['In, absent', expression('In', ['a', 'b']), {}, false],
    ['NotIn, absent', expression('NotIn', ['a']), {}, true],
    ['NotIn, one of them', expression('NotIn', ['a']), { tier: 'a' }, false],
    ['Exists', expression('Exists'), { tier: '' }, true],
    ['DoesNotExist', expression('DoesNotExist'), { tier: 'a' }, false],
  ];
  for (const [title, selector, labels, expected] of cases) {
    it(`${title}: ${expected}`, () => {
      const requirements = selectorRequirements(selector);
      assert.ok(requirements);
      assert.equal(matchesLabels(requirements, labels), expected);
    });
  }

  it('selects nothing when it is absent or makes no sense', () => {
    assert.equal(selectorRequirements(undefined), undefined);
    assert.equal(selectorRequirements(expression('In', [])), undefined);
    assert.equal(selectorRequirements(expression('NotIn')), undefined);
    assert.equal(selectorRequirements(expression('Like', ['a'])), undefined);
  });
});
