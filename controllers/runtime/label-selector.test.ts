import assert from 'node:assert/strict';
import type { V1LabelSelector } from '../../openapi/generated/types.ts';
import { matchesLabels } from '../../openapi/selectors.ts';
import { labelSelectorRequirements } from './label-selector.ts';

describe('labelSelectorRequirements', () => {
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
      const requirements = labelSelectorRequirements(selector);
      assert.ok(requirements);
      assert.equal(matchesLabels(requirements, labels), expected);
    });
  }

  it('selects nothing when it is absent or makes no sense', () => {
    assert.equal(labelSelectorRequirements(undefined), undefined);
    assert.equal(labelSelectorRequirements(expression('In', [])), undefined);
    assert.equal(labelSelectorRequirements(expression('NotIn')), undefined);
    assert.equal(labelSelectorRequirements(expression('Like', ['a'])), undefined);
  });
});
