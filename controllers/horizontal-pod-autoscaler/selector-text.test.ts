import assert from 'node:assert/strict';
import { goSelector, selectorQuery } from './selector-text.ts';

const SELECTOR = {
  matchLabels: { b: '2', a: '1' },
  matchExpressions: [
    { key: 'c', operator: 'In', values: ['y', 'x'] },
    { key: 'd', operator: 'DoesNotExist' },
  ],
};

describe('selectorQuery', () => {
  it('writes a selector as queries have it', () => {
    assert.equal(selectorQuery(SELECTOR), '!d,a=1,b=2,c in (x,y)');
    assert.equal(selectorQuery(undefined), '');
  });
});

describe('goSelector', () => {
  it('writes a selector as Go prints it', () => {
    assert.equal(
      goSelector(SELECTOR),
      '&LabelSelector{MatchLabels:map[string]string{a: 1,b: 2,},MatchExpressions:[]LabelSelectorRequirement{' +
        'LabelSelectorRequirement{Key:c,Operator:In,Values:[y x],},LabelSelectorRequirement{Key:d,Operator:DoesNotExist,Values:[],},},}',
    );
    assert.equal(goSelector(undefined), 'nil');
  });
});
