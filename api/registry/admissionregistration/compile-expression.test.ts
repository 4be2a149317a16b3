import assert from 'node:assert/strict';
import { compileExpression } from './compile-expression.ts';
import { AUTHORIZER_VARIABLES, REQUEST_VARIABLES } from './expressions.ts';

const variables = [...REQUEST_VARIABLES, ...AUTHORIZER_VARIABLES, 'params'];

describe('compileExpression', () => {
  for (const expression of [
    "object.metadata.namespace == 'production'",
    'object.spec.replicas <= params.maxReplicas',
    "authorizer.group('').resource('pods').check('create').allowed()",
    "authorizer.requestResource.check('create').allowed()",
    'Object{spec: Object.spec{replicas: 100}}',
    '[JSONPatch{op: "add", path: "/spec/replicas", value: 3}]',
  ]) {
    it(`takes ${expression}`, () => assert.equal(compileExpression(expression, variables), undefined));
  }

  for (const [expression, why] of [
    ['... [] bad expression', /^compilation failed: ERROR: <input>:1:1: /],
    ['object.metadata.name ==', /^compilation failed: ERROR: <input>:1:24: /],
    ['nothing.metadata', /^compilation failed: ERROR: <input>:1:1: .*nothing/],
  ] as const) {
    it(`refuses ${expression}`, () => assert.match(compileExpression(expression, variables) ?? '', why));
  }

  it('knows only the variables it is told', () => {
    assert.equal(compileExpression('device.driver', ['device']), undefined);
    assert.match(compileExpression('params.x', ['device']) ?? '', /compilation failed/);
  });
});
