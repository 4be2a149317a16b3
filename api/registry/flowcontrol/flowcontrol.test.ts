import assert from 'node:assert/strict';
import type { V1FlowSchema, V1PriorityLevelConfiguration } from '../../../openapi/generated/types.ts';
import { created, declarationOf, errorsOf, type Loose } from '../test-support.ts';
import { flowSchemas, priorityLevels } from './bootstrap.ts';

const metadata = { name: 'x' };
const subjects = [{ kind: 'User', user: { name: 'u' } }];
const resourceRules = [{ verbs: ['get'], apiGroups: [''], resources: ['pods'], namespaces: ['a'] }];
const schema = (change: object = {}) => ({
  priorityLevelConfiguration: { name: 'l' },
  rules: [{ subjects, resourceRules }],
  ...change,
});

describe('flow control', () => {
  it('begins with objects that are valid, each with a level that is there', () => {
    const levels = new Set(priorityLevels().map((level) => level.metadata?.name));
    for (const level of priorityLevels()) assert.deepEqual(errorsOf('PriorityLevelConfiguration', level as Loose), []);
    for (const flow of flowSchemas()) {
      assert.deepEqual(errorsOf('FlowSchema', flow as Loose), []);
      assert.ok(levels.has(flow.spec?.priorityLevelConfiguration.name));
    }
  });

  it('is filled in', () => {
    assert.equal(created<V1FlowSchema>('FlowSchema', { metadata, spec: schema() }).spec?.matchingPrecedence, 1000);
    const spec = { type: 'Limited', limited: { limitResponse: { type: 'Queue', queuing: {} } } };
    assert.deepEqual(
      created<V1PriorityLevelConfiguration>('PriorityLevelConfiguration', { metadata, spec }).spec?.limited,
      {
        nominalConcurrencyShares: 30,
        lendablePercent: 0,
        limitResponse: { type: 'Queue', queuing: { handSize: 8, queues: 64, queueLengthLimit: 50 } },
      },
    );
  });

  const limited = (limitResponse: object, more: object = {}) => ({
    type: 'Limited',
    limited: { limitResponse, ...more },
  });
  const cases: [string, string, Loose, string[]][] = [
    ['a schema', 'FlowSchema', schema(), []],
    [
      'precedence 1 is exempt',
      'FlowSchema',
      schema({ matchingPrecedence: 1 }),
      [`spec.matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1`],
    ],
    [
      'a level is named',
      'FlowSchema',
      schema({ priorityLevelConfiguration: { name: '' } }),
      ['spec.priorityLevelConfiguration.name: Required value: must reference a priority level'],
    ],
    [
      'subjects are of one kind',
      'FlowSchema',
      schema({ rules: [{ subjects: [{ kind: 'User', group: { name: 'g' } }, { kind: 'X' }], resourceRules }] }),
      [
        `spec.rules[0].subjects[0].user: Required value: user is required when subject kind is 'User'`,
        `spec.rules[0].subjects[0].group: Forbidden: group is forbidden when subject kind is not 'Group'`,
        'spec.rules[0].subjects[1].kind: Unsupported value: "X": supported values: "Group", "ServiceAccount", "User"',
      ],
    ],
    [
      'paths end in wildcards at most',
      'FlowSchema',
      schema({ rules: [{ subjects, nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/a*', 'b', '/c/*'] }] }] }),
      [
        'spec.rules[0].nonResourceRules[0].nonResourceURLs[0]: Invalid value: "/a*": wildcard can only do suffix matching',
        'spec.rules[0].nonResourceRules[0].nonResourceURLs[1]: Invalid value: "b": must start with slash',
      ],
    ],
    [
      'only one level is exempt',
      'PriorityLevelConfiguration',
      { type: 'Exempt' },
      [`spec.type: Invalid value: "Exempt": type must be 'Exempt' if and only if name is 'exempt'`],
    ],
    [
      'hands that fit in the deck',
      'PriorityLevelConfiguration',
      limited({ type: 'Queue', queuing: { queues: 4, handSize: 5, queueLengthLimit: 1 } }),
      ['spec.limited.limitResponse.queuing.handSize: Invalid value: 5: should not be greater than queues (4)'],
    ],
    [
      'percent',
      'PriorityLevelConfiguration',
      limited({ type: 'Reject' }, { lendablePercent: 101 }),
      ['spec.limited.lendablePercent: Invalid value: 101: must be between 0 and 100, inclusive'],
    ],
  ];
  for (const [title, kind, spec, expected] of cases) {
    it(`is checked: ${title}`, () => assert.deepEqual(errorsOf(kind, { metadata, spec }), expected));
  }

  it('keeps what is mandatory as it is, but for what exempt requests count', () => {
    const [exempt] = priorityLevels();
    const lending = { ...exempt?.spec, exempt: { lendablePercent: 50 } };
    assert.deepEqual(errorsOf('PriorityLevelConfiguration', { metadata: { name: 'exempt' }, spec: lending }), []);
    const spec = { ...flowSchemas()[1]?.spec, matchingPrecedence: 9 };
    const [error] = errorsOf('FlowSchema', { metadata: { name: 'catch-all' }, spec });
    assert.match(error ?? '', /spec of 'catch-all' must equal the fixed value$/);
  });

  it('shows levels and schemas', () => {
    const columns = (kind: string) => declarationOf(kind).columns.map(({ name }) => name);
    assert.deepEqual(columns('FlowSchema'), [
      'Name',
      'PriorityLevel',
      'MatchingPrecedence',
      'DistinguisherMethod',
      'Age',
      'MissingPL',
    ]);
    assert.deepEqual(columns('PriorityLevelConfiguration'), [
      'Name',
      'Type',
      'NominalConcurrencyShares',
      'Queues',
      'HandSize',
      'QueueLengthLimit',
      'Age',
    ]);
  });
});
