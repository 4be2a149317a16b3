import assert from 'node:assert/strict';
import type { V1NodeSelectorTerm } from '../../openapi/generated/types.ts';
import { matchesNodeSelectorTerms } from './node-selector.ts';

const NODE = { metadata: { name: 'n1', labels: { disk: 'ssd', cores: '8', huge: '9007199254740993' } } };
const label = (key: string, operator: string, ...values: string[]): V1NodeSelectorTerm => ({
  matchExpressions: [{ key, operator, values }],
});
const field = (key: string, operator: string, ...values: string[]): V1NodeSelectorTerm => ({
  matchFields: [{ key, operator, values }],
});

describe('matchesNodeSelectorTerms', () => {
  for (const [terms, matches] of [
    [[], false],
    [[{}], false],
    [[label('disk', 'In', 'hdd', 'ssd')], true],
    [[label('disk', 'In', 'hdd')], false],
    [[label('none', 'In', 'x')], false],
    [[label('disk', 'NotIn', 'hdd')], true],
    [[label('disk', 'NotIn', 'ssd')], false],
    [[label('none', 'NotIn', 'x')], true],
    [[label('disk', 'Exists')], true],
    [[label('none', 'Exists')], false],
    [[label('none', 'DoesNotExist')], true],
    [[label('disk', 'DoesNotExist')], false],
    [[label('cores', 'Gt', '7')], true],
    [[label('cores', 'Gt', '8')], false],
    [[label('cores', 'Lt', '9')], true],
    [[label('cores', 'Lt', '8')], false],
    [[label('huge', 'Gt', '9007199254740992')], true],
    [[label('disk', 'Gt', '1')], false],
    [[label('cores', 'Gt', '1', '2')], false],
    [[label('cores', 'Else', '8')], false],
    [[label('disk', 'In', 'hdd'), label('cores', 'Exists')], true],
    [[{ ...label('disk', 'Exists'), ...field('metadata.name', 'In', 'n2') }], false],
    [[field('metadata.name', 'In', 'n1')], true],
    [[field('metadata.namespace', 'In', 'n1')], false],
  ] as [V1NodeSelectorTerm[], boolean][]) {
    it(`${matches ? 'takes' : 'refuses'} ${JSON.stringify(terms)}`, () => {
      assert.equal(matchesNodeSelectorTerms(terms, NODE), matches);
    });
  }
});
