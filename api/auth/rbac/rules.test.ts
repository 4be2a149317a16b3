import assert from 'node:assert/strict';
import type { V1PolicyRule } from '../../../openapi/generated/types.ts';
import { attributesOf } from '../attributes.ts';
import { describeRules, ruleAllows, uncovered } from './rules.ts';

const core = (verbs: string[], resources: string[], resourceNames?: string[]): V1PolicyRule => ({
  verbs,
  apiGroups: [''],
  resources,
  ...(resourceNames ? { resourceNames } : {}),
});

describe('ruleAllows', () => {
  const get = { verb: 'get', resource: 'pods', namespace: 'a', name: 'p' };
  const cases: [string, V1PolicyRule, Parameters<typeof attributesOf>[0], boolean][] = [
    ['what it names', core(['get'], ['pods']), get, true],
    ['no other verb', core(['list'], ['pods']), get, false],
    ['no other group', core(['get'], ['pods']), { ...get, group: 'apps' }, false],
    ['no subresource', core(['get'], ['pods']), { ...get, subresource: 'log' }, false],
    ['a subresource it names', core(['get'], ['pods/log']), { ...get, subresource: 'log' }, true],
    ['not the resource of a subresource', core(['get'], ['pods/log']), get, false],
    ['the subresource of all', core(['get'], ['*/scale']), { ...get, subresource: 'scale' }, true],
    ['all, subresources too', core(['*'], ['*']), { ...get, subresource: 'log' }, true],
    ['one by name', core(['get'], ['pods'], ['p']), get, true],
    ['no other by name', core(['get'], ['pods'], ['q']), get, false],
    ['no list by name', core(['list'], ['pods'], ['p']), { ...get, verb: 'list', name: '' }, false],
    ['no resource by path', { verbs: ['get'], nonResourceURLs: ['*'] }, get, false],
  ];
  for (const [title, rule, wanted, expected] of cases) {
    it(`allows ${title}`, () => assert.equal(ruleAllows(rule, attributesOf(wanted)), expected));
  }

  const paths: [string, string, boolean][] = [
    ['/api', '/api', true],
    ['/api', '/api/v1', false],
    ['/api/*', '/api/v1', true],
    ['/api/*', '/apis', false],
    ['*', '/metrics', true],
  ];
  for (const [url, path, expected] of paths) {
    it(`${expected ? 'lets' : 'does not let'} ${url} cover ${path}`, () => {
      assert.equal(ruleAllows({ verbs: ['get'], nonResourceURLs: [url] }, { verb: 'get', path }), expected);
    });
  }
});

describe('uncovered', () => {
  it('finds nothing missing where each part is held by some rule', () => {
    const owned = [core(['get'], ['pods']), core(['list'], ['*']), { verbs: ['*'], nonResourceURLs: ['/a/*'] }];
    const wanted = [core(['get', 'list'], ['pods']), { verbs: ['get'], nonResourceURLs: ['/a/b'] }];
    assert.deepEqual(uncovered(owned, wanted), []);
  });

  it('does not take a right to some names for one to all', () => {
    assert.equal(uncovered([core(['get'], ['pods'], ['a'])], [core(['get'], ['pods'])]).length, 1);
    assert.equal(uncovered([core(['get'], ['pods'])], [core(['get'], ['pods'], ['a'])]).length, 0);
  });

  it('does not take all resources that there are for the wildcard', () => {
    assert.equal(uncovered([core(['get'], ['pods'])], [core(['get'], ['*'])]).length, 1);
  });

  it('names what is missing as upstream does, verbs together and rules sorted', () => {
    const missing = uncovered(
      [],
      [core(['get', 'list'], ['pods', 'nodes'], ['x']), { verbs: ['get'], nonResourceURLs: ['/x'] }],
    );
    assert.equal(
      describeRules(missing),
      '{APIGroups:[""], Resources:["nodes"], ResourceNames:["x"], Verbs:["get" "list"]}\n' +
        '{APIGroups:[""], Resources:["pods"], ResourceNames:["x"], Verbs:["get" "list"]}\n' +
        '{NonResourceURLs:["/x"], Verbs:["get"]}',
    );
  });
});
