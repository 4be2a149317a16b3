import assert from 'node:assert/strict';
import { jsonPath } from './json-path.ts';

const OBJECT = {
  spec: {
    replicas: 3,
    list: [
      { name: 'a', size: 1, tags: ['x'] },
      { name: 'b', size: 2 },
    ],
  },
  metadata: { annotations: { 'example.com/a': 'yes' } },
};

describe('jsonPath', () => {
  const cases: [path: string, found: unknown[]][] = [
    ['.spec.replicas', [3]],
    ['.spec.none.more', []],
    ['.spec.list[0].name', ['a']],
    ['.spec.list[-1].name', ['b']],
    ['.spec.list[5]', []],
    ['.spec.list[*].name', ['a', 'b']],
    ['.spec.list[0:1].name', ['a']],
    ['.spec.list[?(@.name=="b")].size', [2]],
    ['.spec.list[?(@.size>1)].name', ['b']],
    ['.spec.list[?(@.tags)].name', ['a']],
    ["['spec']['replicas']", [3]],
    ['.metadata.annotations.example\\.com/a', ['yes']],
    ["['spec'].replicas", [3]],
    ['..size', [1, 2]],
    ['.', [OBJECT]],
  ];
  for (const [path, found] of cases)
    it(`${path} finds ${JSON.stringify(found).slice(0, 40)}`, () =>
      assert.deepEqual(jsonPath(path).find(OBJECT), found));

  for (const path of ['.a[', '.a[b]', 'a b', '.a[?(b)]']) {
    it(`${path} is no path`, () => assert.throws(() => jsonPath(path), /invalid JSONPath/));
  }
});
